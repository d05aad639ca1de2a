# Libraries that Meridian uses. Each is found by CMake, or where the named variable says.

# meridian_missing(what hint): stops with one sentence.
function(meridian_missing what hint)
  message(FATAL_ERROR "${what} was not found: ${hint}, or let scripts/build get it (Debian).")
endfunction()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
find_program(MERIDIAN_CCACHE ccache)
mark_as_advanced(MERIDIAN_CCACHE)
if(MERIDIAN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${MERIDIAN_CCACHE}")
  # With precompiled headers ccache keeps nothing unless told that macros of the command line cannot change within them.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${MERIDIAN_CCACHE}")
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${MERIDIAN_CCACHE}")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(MPI_CXX_SKIP_MPICXX ON)  # no C++ bindings in mpi.h

# ---- MPI ----
find_package(MPI QUIET COMPONENTS C CXX)
if(NOT MPI_CXX_FOUND)
  meridian_missing("MPI" "install it or set MPI_HOME to its folder")
endif()

# ---- Kokkos ----
find_package(Kokkos CONFIG QUIET)
if(NOT Kokkos_FOUND)
  meridian_missing("Kokkos 4.7 or newer" "set Kokkos_ROOT to the folder of an installation")
endif()
if(Kokkos_VERSION VERSION_LESS 4.7)
  message(FATAL_ERROR "Kokkos ${Kokkos_VERSION} in ${Kokkos_DIR} is too old: "
                      "set Kokkos_ROOT to an installation of Kokkos 4.7 or newer.")
endif()
if(MERIDIAN_KOKKOS_ARCH AND NOT MERIDIAN_KOKKOS_ARCH IN_LIST Kokkos_ARCH)
  message(FATAL_ERROR "Kokkos in ${Kokkos_DIR} was built for ${Kokkos_ARCH}, and this preset is for "
                      "${MERIDIAN_KOKKOS_ARCH}: set Kokkos_ROOT to an installation with "
                      "-DKokkos_ARCH_${MERIDIAN_KOKKOS_ARCH}=ON, or use the preset of your device.")
endif()
if(NOT Kokkos_COMPILE_LANGUAGE)
  set(Kokkos_COMPILE_LANGUAGE CXX)
endif()
if(Kokkos_COMPILE_LANGUAGE STREQUAL "CUDA")
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES ${Kokkos_CUDA_ARCHITECTURES})
  endif()
  enable_language(CUDA)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # unknown to CMake 3.25.1
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    list(APPEND CMAKE_CUDA_COMPILE_FEATURES cuda_std_20)
  endif()
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
elseif(Kokkos_COMPILE_LANGUAGE STREQUAL "HIP")
  enable_language(HIP)
  set(CMAKE_HIP_STANDARD 20)
  set(CMAKE_HIP_STANDARD_REQUIRED ON)
  set(CMAKE_HIP_EXTENSIONS OFF)
endif()

# ---- NetCDF-C with parallel access: target meridian_netcdf ----
find_package(PkgConfig QUIET)
add_library(meridian_netcdf INTERFACE)
set(meridian_netcdf_hints "${NetCDF_ROOT}" "$ENV{NetCDF_ROOT}" "$ENV{NETCDF_ROOT}" "$ENV{NETCDF_DIR}")
list(JOIN meridian_netcdf_hints "" meridian_netcdf_given)
if(PKG_CONFIG_FOUND AND meridian_netcdf_given STREQUAL "")
  pkg_check_modules(NETCDF_MPI QUIET IMPORTED_TARGET netcdf-mpi hdf5-openmpi)  # Debian's names
endif()
if(NETCDF_MPI_FOUND)
  # Debian's netcdf-mpi.pc names /usr/include, where the header of the serial library lies.
  target_include_directories(meridian_netcdf SYSTEM INTERFACE "${NETCDF_MPI_netcdf-mpi_PREFIX}/include")
  target_link_libraries(meridian_netcdf INTERFACE PkgConfig::NETCDF_MPI MPI::MPI_C)
  set(meridian_netcdf_include "${NETCDF_MPI_netcdf-mpi_PREFIX}/include")
else()
  find_path(NetCDF_INCLUDE_DIR netcdf_par.h HINTS ${meridian_netcdf_hints} PATH_SUFFIXES include)
  find_library(NetCDF_LIBRARY netcdf HINTS ${meridian_netcdf_hints} PATH_SUFFIXES lib lib64)
  if(NOT NetCDF_INCLUDE_DIR OR NOT NetCDF_LIBRARY)
    meridian_missing("NetCDF-C built with parallel access" "set NetCDF_ROOT to the folder of an installation")
  endif()
  target_include_directories(meridian_netcdf SYSTEM INTERFACE "${NetCDF_INCLUDE_DIR}")
  target_link_libraries(meridian_netcdf INTERFACE "${NetCDF_LIBRARY}" MPI::MPI_C)
  set(meridian_netcdf_include "${NetCDF_INCLUDE_DIR}")
endif()
set(meridian_netcdf_version unknown)
if(EXISTS "${meridian_netcdf_include}/netcdf_meta.h")
  file(STRINGS "${meridian_netcdf_include}/netcdf_meta.h" meta REGEX "NC_HAS_PARALLEL4|NC_VERSION ")
  if(meta MATCHES "NC_HAS_PARALLEL4 +0")
    message(FATAL_ERROR "NetCDF-C in ${meridian_netcdf_include} was built without parallel access: "
                        "set NetCDF_ROOT to an installation that has it (nc-config --has-parallel4).")
  endif()
  if(meta MATCHES "NC_VERSION +\"([^\"]*)\"")
    set(meridian_netcdf_version "${CMAKE_MATCH_1}")
  endif()
endif()

# ---- NetCDF C++: target netcdf_cxx4, from its sources or from an installation ----
set(NCXX_SOURCE_DIR "$ENV{NCXX_SOURCE_DIR}" CACHE PATH "Sources of netcdf-cxx4, compiled with Meridian")
if(NCXX_SOURCE_DIR)
  file(GLOB meridian_netcdf_cxx_sources "${NCXX_SOURCE_DIR}/cxx4/nc*.cpp")
  if(NOT meridian_netcdf_cxx_sources)
    message(FATAL_ERROR "NCXX_SOURCE_DIR=${NCXX_SOURCE_DIR} holds no cxx4/nc*.cpp: "
                        "set it to the sources of netcdf-cxx4 4.3, or set NetCDFCXX_ROOT.")
  endif()
  add_library(netcdf_cxx4 STATIC ${meridian_netcdf_cxx_sources})
  target_include_directories(netcdf_cxx4 SYSTEM PUBLIC "${NCXX_SOURCE_DIR}/cxx4")
  target_link_libraries(netcdf_cxx4 PUBLIC meridian_netcdf)
  target_compile_options(netcdf_cxx4 PRIVATE -w)
else()
  set(hints "${NetCDFCXX_ROOT}" "$ENV{NetCDFCXX_ROOT}")
  find_path(NetCDFCXX_INCLUDE_DIR ncFile.h HINTS ${hints} PATH_SUFFIXES include)
  find_library(NetCDFCXX_LIBRARY NAMES netcdf-cxx4 netcdf_c++4 HINTS ${hints} PATH_SUFFIXES lib lib64)
  if(NOT NetCDFCXX_INCLUDE_DIR OR NOT NetCDFCXX_LIBRARY)
    meridian_missing("NetCDF C++ 4.3 (on top of the parallel NetCDF-C)"
                     "set NetCDFCXX_ROOT to an installation or NCXX_SOURCE_DIR to its sources")
  endif()
  add_library(netcdf_cxx4 INTERFACE)
  # The headers of the parallel library come first: the two folders may both hold a netcdf.h.
  target_include_directories(netcdf_cxx4 SYSTEM INTERFACE "${meridian_netcdf_include}" "${NetCDFCXX_INCLUDE_DIR}")
  target_link_libraries(netcdf_cxx4 INTERFACE "${NetCDFCXX_LIBRARY}" meridian_netcdf)
endif()

# ---- yaml-cpp: target meridian_yaml ----
find_package(yaml-cpp CONFIG QUIET)
add_library(meridian_yaml INTERFACE)
if(TARGET yaml-cpp::yaml-cpp)
  target_link_libraries(meridian_yaml INTERFACE yaml-cpp::yaml-cpp)
elseif(TARGET yaml-cpp)
  target_link_libraries(meridian_yaml INTERFACE yaml-cpp)
else()
  meridian_missing("yaml-cpp 0.7 or newer" "set yaml-cpp_ROOT to the folder of an installation")
endif()

# ---- xxHash: target meridian_xxhash ----
find_path(xxHash_INCLUDE_DIR xxhash.h HINTS "${xxHash_ROOT}" "$ENV{xxHash_ROOT}" PATH_SUFFIXES include)
find_library(xxHash_LIBRARY xxhash HINTS "${xxHash_ROOT}" "$ENV{xxHash_ROOT}" PATH_SUFFIXES lib lib64)
if(NOT xxHash_INCLUDE_DIR OR NOT xxHash_LIBRARY)
  meridian_missing("xxHash 0.8 or newer" "set xxHash_ROOT to the folder of an installation")
endif()
add_library(meridian_xxhash INTERFACE)
target_include_directories(meridian_xxhash SYSTEM INTERFACE "${xxHash_INCLUDE_DIR}")
target_link_libraries(meridian_xxhash INTERFACE "${xxHash_LIBRARY}")

# ---- header-only helpers of driver/ ----
add_library(meridian_header_only INTERFACE)
find_package(CLI11 CONFIG QUIET)
find_package(nlohmann_json CONFIG QUIET)
find_package(fmt CONFIG QUIET)
foreach(target IN ITEMS CLI11::CLI11 nlohmann_json::nlohmann_json fmt::fmt-header-only)
  if(TARGET ${target})
    target_link_libraries(meridian_header_only INTERFACE ${target})
  endif()
endforeach()
if(Kokkos_COMPILE_LANGUAGE STREQUAL "CUDA")
  target_compile_definitions(meridian_header_only INTERFACE FMT_USE_CONSTEXPR=1)  # fmt 9 with nvcc and C++20
endif()
