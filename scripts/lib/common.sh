# Shared by the programs in scripts/. Source it; it runs nothing by itself.

set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache_dir=${MERIDIAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/meridian}
download_dir=$cache_dir/downloads
log_dir=$cache_dir/logs
cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2>/dev/null || echo 1)
mkdir -p "$download_dir" "$log_dir"

say() { printf '%s\n' "$*" >&2; }

fail() {
  printf 'ERROR %s\n' "$*" >&2
  exit 1
}

# logged NAME COMMAND...: output goes to a log file; its tail is shown when the command fails.
logged() {
  local log=$log_dir/$1.log
  shift
  if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
  say "---- last lines of $log"
  tail -n 25 "$log" >&2
  say "----"
  return 1
}

# once STAMP FUNCTION [ARGS]: calls the function unless the stamp exists; two callers at a time do it once.
once() {
  local stamp=$1
  shift
  [[ -e $stamp ]] && return 0
  mkdir -p "$(dirname "$stamp")"
  local lock=$cache_dir/$(tr -c 'A-Za-z0-9._\n' '-' <<<"${stamp#"$cache_dir"/}").lock fd
  exec {fd}>"$lock"
  if ! flock -n "$fd"; then
    say "Waiting for another set-up that holds $lock"
    flock "$fd"
  fi
  if [[ ! -e $stamp ]]; then
    "$@"
    touch "$stamp"
  fi
  exec {fd}>&-
}

# Open MPI on one machine: containers, few cores, root. Values that the user has set are kept.
mpi_environment() {
  if [[ $(id -u) == 0 ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  export OMPI_MCA_orte_execute_quiet=${OMPI_MCA_orte_execute_quiet:-1}  # the model's own message is enough
  export OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe:-1}
  export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}
  export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
  export OMPI_MCA_btl=${OMPI_MCA_btl:-self,vader}
  export OMPI_MCA_pml=${OMPI_MCA_pml:-ob1}
  export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
  export OMP_PROC_BIND=${OMP_PROC_BIND:-false}
  export KOKKOS_DISABLE_WARNINGS=${KOKKOS_DISABLE_WARNINGS:-1}
}
