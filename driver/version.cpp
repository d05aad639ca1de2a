#include "driver/version.hpp"

#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <string>

#include "build_info.hpp"

namespace meridian {
namespace {

std::string kokkos_version() {
  return std::to_string(KOKKOS_VERSION / 10000) + "." + std::to_string(KOKKOS_VERSION / 100 % 100) + "." +
         std::to_string(KOKKOS_VERSION % 100);
}

std::string mpi_library() {  // allowed before MPI_Init
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string description(text);
  return description.substr(0, description.find_first_of(",\n"));
}

}  // namespace

const BuildInfo& build_info() {
  static const std::string kokkos = kokkos_version();
  static const std::string mpi = mpi_library();
  static const BuildInfo info{
      .version = MERIDIAN_BUILD_VERSION,
      .commit = MERIDIAN_BUILD_COMMIT,
      .compiler = MERIDIAN_BUILD_COMPILER,
      .kokkos = kokkos,
      .backend = Kokkos::DefaultExecutionSpace::name(),
#ifdef MERIDIAN_REAL_FLOAT
      .precision = "float",
#else
      .precision = "double",
#endif
      .netcdf = MERIDIAN_BUILD_NETCDF,
      .mpi = mpi,
  };
  return info;
}

}  // namespace meridian
