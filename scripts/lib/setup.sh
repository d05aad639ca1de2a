# Everything Meridian builds on, fetched and built once in the cache folder. Source common.sh first.

kokkos_archive=pygenten-0.1.5.tar.gz  # a source distribution that carries Kokkos 4.7.0
kokkos_archive_sha256=e620f05c742905e2db705d875f1cac92ef0ed453f9e6734e9beda26cc0f9cce7
kokkos_patch=$source_dir/scripts/patches/kokkos-4.7.0-cuda-13.patch
netcdf_cxx_archive=netcdf-cxx_4.3.1.orig.tar.gz
netcdf_cxx_archive_sha256=e3fe3d2ec06c1c2772555bf1208d220aab5fee186d04bd265219b0bc7a978edc
netcdf_cxx_debian_version=4.3.1-4

debian_packages=(
  build-essential cmake ninja-build ccache patch pkg-config git ca-certificates dpkg-dev
  python3 python3-pip python3-venv
  libopenmpi-dev openmpi-bin libnetcdf-mpi-dev libhdf5-openmpi-dev
  libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libxxhash-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  netcdf-bin cdo nco libudunits2-0
)

# ---- Debian packages ----

missing_packages() {
  local package
  local -A present=()
  while read -r package state; do
    [[ $state == installed ]] && present[$package]=1
  done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${debian_packages[@]}" 2>/dev/null || true)
  for package in "${debian_packages[@]}"; do
    [[ -n ${present[$package]:-} ]] || printf '%s\n' "$package"
  done
}

install_packages() {
  command -v dpkg-query >/dev/null || return 0  # not Debian: CMake says what is missing
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  if [[ $(id -u) != 0 ]]; then
    fail "${#missing[@]} Debian packages are missing, and installing them needs root. Run this, then try again:
  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
  fi
  local fd
  exec {fd}>"$cache_dir/packages.lock"
  flock "$fd"
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]})); then
    say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    logged apt-update apt-get -o DPkg::Lock::Timeout=600 update ||
      say "apt-get update failed; trying with the package lists that are here."
    logged apt-install env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
      install -y --no-install-recommends "${missing[@]}" ||
      fail "apt-get could not install: ${missing[*]}. Install them by hand, then try again."
  fi
  exec {fd}>&-
}

# The Python that makes the virtual environment: Debian's where it is new enough.
host_python() {
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$python"
      return
    fi
  done
  fail "Python 3.11 or newer with the modules 'venv' and 'ensurepip' is needed; none was found."
}

# ---- downloads ----

has_checksum() { [[ $(sha256sum "$1" | cut -d ' ' -f 1) == "$2" ]]; }

# fetch FILE SHA256 FUNCTION: the file in the download folder, verified; the function puts it into the folder $1.
fetch() {
  local file=$download_dir/$1 sha256=$2 incoming=$download_dir/incoming.$1
  if [[ -e $file ]]; then
    has_checksum "$file" "$sha256" && return 0
    say "$file has a wrong checksum; deleted, fetching it again."
    rm -f "$file"
  fi
  rm -rf "$incoming"
  mkdir -p "$incoming"
  if ! logged "fetch-$1" "$3" "$incoming" || [[ ! -e $incoming/$1 ]]; then
    fail "$1 could not be fetched (no network?). Put this file into $download_dir/ by hand and try again,
  or build with libraries of your own: see CONTRIBUTING.md, '-DKokkos_ROOT=' and '-DNetCDFCXX_ROOT='."
  fi
  has_checksum "$incoming/$1" "$sha256" || fail "$1 was fetched, but its sha256 is not $sha256; it is not used."
  mv "$incoming/$1" "$file"
  rm -rf "$incoming"
}

download_kokkos() {
  "$(host_python)" -m pip download --disable-pip-version-check --retries 2 --no-deps --no-binary pygenten \
    -d "$1" "pygenten==0.1.5"
}

# apt downloads the source package; its own settings say from where, and none of them is changed.
download_netcdf_cxx() {
  local work=$1/apt uri
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Origin: Debian' |
    sort -u | head -1)
  [[ -n $uri ]] || { apt-get update; uri=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Codename: bookworm' 'Origin: Debian' | sort -u | head -1); }
  [[ -n $uri ]] || { echo "apt knows no Debian bookworm archive."; return 1; }
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb-src $uri bookworm main" >"$work/sources.list"
  local options=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
  [[ $(id -u) == 0 ]] && options+=(-o APT::Sandbox::User=root)
  (cd "$1" && apt-get "${options[@]}" update &&
    apt-get "${options[@]}" source --download-only --tar-only "netcdf-cxx=$netcdf_cxx_debian_version")
}

# ---- sources ----

# unpack FILE FOLDER TAR_OPTIONS...: extracted under a temporary name and renamed when complete.
unpack() {
  local file=$download_dir/$1 folder=$2
  shift 2
  rm -rf "$folder" "$folder.part"
  mkdir -p "$folder.part"
  tar -xzf "$file" -C "$folder.part" --no-same-owner "$@"
  mv "$folder.part" "$folder"
}

netcdf_cxx_source=$cache_dir/netcdf-cxx4-4.3.1

get_netcdf_cxx() {
  fetch "$netcdf_cxx_archive" "$netcdf_cxx_archive_sha256" download_netcdf_cxx
  unpack "$netcdf_cxx_archive" "$netcdf_cxx_source" --strip-components=1
}

get_kokkos_source() {
  say "Fetching Kokkos 4.7.0"
  fetch "$kokkos_archive" "$kokkos_archive_sha256" download_kokkos
  unpack "$kokkos_archive" "$1" --strip-components=3 --wildcards '*/tpls/kokkos/*'
  logged patch-kokkos patch -d "$1" -p1 --no-backup-if-mismatch -i "$kokkos_patch" ||
    fail "The patch $kokkos_patch does not apply to $1."
}

# ---- Kokkos ----

find_nvcc() {
  local nvcc=${CUDACXX:-$(command -v nvcc || true)}
  [[ -n $nvcc ]] || { [[ -x /usr/local/cuda/bin/nvcc ]] && nvcc=/usr/local/cuda/bin/nvcc; } || true
  printf '%s\n' "$nvcc"
}

portable_cpu() { [[ $(uname -m) == x86_64 ]] && echo x86-64-v3 || true; }

# Builds for GPUs run on other hosts than the one that compiled them, so they do not use all that this processor can.
kokkos_options() {  # of a variant, one per line
  local cpu="-DKokkos_ARCH_NATIVE=ON" cuda_flags="-DCMAKE_CUDA_FLAGS=-std=c++20" common cuda
  if [[ $1 == portable || $1 == cuda* ]] && [[ -n $(portable_cpu) ]]; then
    cpu="-DCMAKE_CXX_FLAGS=-march=$(portable_cpu)" cuda_flags+=";-Xcompiler=-march=$(portable_cpu)"
  fi
  common="-DCMAKE_CXX_STANDARD=20 -DKokkos_ENABLE_SERIAL=ON $cpu
    -DKokkos_ENABLE_DEPRECATED_CODE_4=OFF"
  cuda="-DCMAKE_BUILD_TYPE=Release -DKokkos_ENABLE_OPENMP=ON -DKokkos_ENABLE_CUDA=ON $cuda_flags"
  case $1 in
    cpu | portable) echo $common -DCMAKE_BUILD_TYPE=Release -DKokkos_ENABLE_OPENMP=ON ;;
    debug) echo $common -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1\;-g -DKokkos_ENABLE_DEBUG=ON \
      -DKokkos_ENABLE_DEBUG_BOUNDS_CHECK=ON ;;
    cuda) echo $common $cuda -DKokkos_ARCH_HOPPER90=ON -DKokkos_ENABLE_COMPILE_AS_CMAKE_LANGUAGE=ON \
      -DCMAKE_CUDA_ARCHITECTURES=90 ;;
    cuda-a100) echo $common $cuda -DKokkos_ARCH_AMPERE80=ON -DKokkos_ENABLE_COMPILE_AS_CMAKE_LANGUAGE=ON \
      -DCMAKE_CUDA_ARCHITECTURES=80 ;;
    *) fail "There is no Kokkos variant '$1'; the variants are cpu, portable, debug, cuda and cuda-a100." ;;
  esac
}

# kokkos_prefix VARIANT: the folder named by CPU, compilers, options and patch, since each changes the library.
kokkos_prefix() {
  local key
  key=$({
    # MPI-like portability: an install made for one CPU must not be taken on another.
    grep -m 1 -E '^(model name|CPU part)' /proc/cpuinfo || uname -m
    grep -m 1 -E '^(flags|Features)' /proc/cpuinfo || true
    "${CXX:-c++}" --version | head -1
    kokkos_options "$1"
    if [[ $1 == cuda* ]]; then "$(find_nvcc)" --version | tail -2; fi
    cat "$kokkos_patch"
    echo "$kokkos_archive_sha256"
  } | sha256sum | cut -c 1-12)
  printf '%s/kokkos-4.7.0/%s-%s\n' "$cache_dir" "$1" "$key"
}

install_kokkos() {  # PREFIX VARIANT
  local prefix=$1 variant=$2 build=$1.build options option
  local source
  source=$cache_dir/kokkos-4.7.0/source-$(cat "$kokkos_patch" <(echo "$kokkos_archive_sha256") | sha256sum | cut -c 1-12)
  once "$source.stamp" get_kokkos_source "$source"
  read -r -a options <<<"$(kokkos_options "$variant" | tr '\n' ' ')"
  for option in "${!options[@]}"; do options[option]=${options[option]//;/ }; done
  if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  if [[ $variant == cuda* ]]; then
    options+=("-DCMAKE_CUDA_COMPILER=$(find_nvcc)")
    if command -v ccache >/dev/null; then options+=(-DCMAKE_CUDA_COMPILER_LAUNCHER=ccache); fi
  fi
  command -v ninja >/dev/null && options+=(-G Ninja)
  say "Building Kokkos 4.7.0, variant $variant, in $prefix"
  rm -rf "$build" "$prefix"
  {
    logged "kokkos-$variant-configure" cmake -S "$source" -B "$build" "-DCMAKE_INSTALL_PREFIX=$prefix" \
      -DCMAKE_INSTALL_LIBDIR=lib "${options[@]}" &&
      logged "kokkos-$variant-build" cmake --build "$build" -j "$cores" &&
      logged "kokkos-$variant-install" cmake --install "$build"
  } || fail "Kokkos ($variant) could not be built. With an installation of your own: export Kokkos_ROOT=<its folder>."
  rm -rf "$build"
}

# ---- Python ----

requirements=$source_dir/scripts/requirements.txt

venv_dir() {
  printf '%s/python/%s\n' "$cache_dir" "$({ "$(host_python)" --version; cat "$requirements"; } | sha256sum | cut -c 1-12)"
}

install_venv() {
  say "Installing Python packages for plots and checks in $1"
  rm -rf "$1"
  logged python-venv "$(host_python)" -m venv "$1" || fail "'python3 -m venv' failed."
  logged python-packages "$1/bin/python" -m pip install --disable-pip-version-check --retries 2 \
    --prefer-binary -r "$requirements" ||
    fail "The packages of $requirements could not be installed (no network?). pip's message is above;
  wheels in a folder of yours are found with: export PIP_FIND_LINKS=<folder>."
}

# ---- what the other programs call ----

setup_libraries() {  # VARIANT: leaves kokkos_root and netcdf_cxx_options for CMake
  install_packages
  if [[ -n ${Kokkos_ROOT:-} ]]; then
    kokkos_root=$Kokkos_ROOT
  else
    if [[ $1 == cuda* && -z $(find_nvcc) ]]; then
      fail "No nvcc was found. Install the CUDA toolkit (12.2 or newer) or set CUDACXX=<path of nvcc>."
    fi
    kokkos_root=$(kokkos_prefix "$1")
    once "$kokkos_root.stamp" install_kokkos "$kokkos_root" "$1"
  fi
  if [[ -n ${NetCDFCXX_ROOT:-} ]]; then
    netcdf_cxx_option=-DNetCDFCXX_ROOT=$NetCDFCXX_ROOT
  elif [[ -n ${NCXX_SOURCE_DIR:-} ]]; then
    netcdf_cxx_option=-DNCXX_SOURCE_DIR=$NCXX_SOURCE_DIR
  else
    once "$netcdf_cxx_source.stamp" get_netcdf_cxx
    netcdf_cxx_option=-DNCXX_SOURCE_DIR=$netcdf_cxx_source
  fi
}

setup_python() {  # leaves the path of the interpreter in venv_python
  local venv
  venv=$(venv_dir)
  once "$venv.stamp" install_venv "$venv"
  venv_python=$venv/bin/python
}
