# Configures and builds a preset. Source common.sh and setup.sh first.

build_preset() {  # PRESET [TARGETS]
  local preset=$1 variant build=$source_dir/build/$1
  shift
  case $preset in
    cpu | cpu-count | fp32) variant=cpu ;;
    portable) variant=portable ;;
    cpu-debug) variant=debug ;;
    cuda-h100 | cuda-h100-fp32 | cuda-check) variant=cuda ;;
    cuda-a100) variant=cuda-a100 ;;
    hip-mi300a | hip-mi250x) variant=hip
      [[ -n ${Kokkos_ROOT:-} ]] || fail "The preset '$preset' needs a Kokkos of your own for that GPU, built with hipcc:
  export Kokkos_ROOT=<its folder>; see docs/how_to/port_to_a_machine.md." ;;
    *) fail "There is no preset '$preset'; the presets are cpu, cpu-debug, cpu-count, fp32, portable, cuda-h100, cuda-h100-fp32,
  cuda-check, cuda-a100, hip-mi300a and hip-mi250x." ;;
  esac
  setup_libraries "$variant"
  local options=("-DKokkos_ROOT=$kokkos_root" "$netcdf_cxx_option") lock
  if [[ $variant == cuda* ]]; then
    options+=("-DCMAKE_CUDA_COMPILER=$(find_nvcc)")
  fi
  [[ $variant != portable && $variant != cuda* ]] || options+=("-DMERIDIAN_CPU=$(portable_cpu)")
  if [[ -n ${MERIDIAN_CMAKE_OPTIONS:-} ]]; then
    local extra
    read -r -a extra <<<"$MERIDIAN_CMAKE_OPTIONS"
    options+=("${extra[@]}")
  fi
  mkdir -p "$build"
  exec {lock}>"$build/.lock"
  flock -n "$lock" || { say "Waiting for another build of $preset"; flock "$lock"; }
  # Configured again only when the libraries or options are others; ninja sees changed CMake files by itself.
  if [[ ! -e $build/build.ninja || $(cat "$build/.options" 2>/dev/null) != "${options[*]}" ]]; then
    say "Configuring build/$preset"
    rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
    (cd "$source_dir" && logged "configure-$preset" cmake --preset "$preset" "${options[@]}") ||
      fail "CMake could not configure build/$preset."
    printf '%s\n' "${options[*]}" >"$build/.options"
  fi
  say "Building build/$preset"
  local status=0
  logged_build "$build" "$@" || status=$?
  if [[ $preset == cuda-check ]]; then
    python3 "$source_dir/scripts/lib/kernel_resources.py" --record "$build"
  fi
  ((status == 0)) || fail "build/$preset could not be built; everything is in $build/build.log."
  exec {lock}>&-
}

# Shows the compilers' complaints rather than the last lines. The log is the build's own: checkouts may build at once.
logged_build() {
  local build=$1 log=$1/build.log
  shift
  if cmake --build "$build" -j "$cores" ${1:+--target "$@"} >"$log" 2>&1 </dev/null; then
    grep -E 'warning( #|:)' "$log" | sort -u | head -n 20 >&2 || true
    return 0
  fi
  say "---- from $log"
  grep -E -m 40 '(error|Error|FAILED|undefined reference|ninja:)' "$log" >&2 || tail -n 40 "$log" >&2
  say "----"
  return 1
}
