#pragma once

#include <string_view>

namespace meridian {

/// What this executable was built from and with.
struct BuildInfo {
  std::string_view version;    ///< of Meridian
  std::string_view commit;     ///< git hash, "-dirty" when files had changed, "unknown" outside a clone
  std::string_view compiler;   ///< name, version, build type
  std::string_view kokkos;     ///< version
  std::string_view backend;    ///< of the loops: Serial, OpenMP, Cuda, HIP
  std::string_view precision;  ///< of Real: double or float
  std::string_view netcdf;     ///< version of NetCDF-C
  std::string_view mpi;        ///< first line of the MPI library's own description
};

const BuildInfo& build_info();

}  // namespace meridian
