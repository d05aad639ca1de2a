#include "grid/device.hpp"

#include <fstream>

#include "grid/base.hpp"

namespace meridian {
namespace {

/// The rest of the first line of a file that begins with 'key', without the colon and spaces around it.
[[maybe_unused]] std::string line_of(const char* file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(key)) continue;
    const auto begin = line.find_first_not_of(" \t", line.find(':') + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

[[maybe_unused]] double bytes_of(const std::string& kib) { return kib.empty() ? 0 : 1024 * std::stod(kib); }

}  // namespace

DeviceInfo device_info() {
#if defined(KOKKOS_ENABLE_CUDA)
  const auto& device = Kokkos::Cuda().cuda_device_prop();
  std::size_t free = 0, all = 0;
  cudaMemGetInfo(&free, &all);
#elif defined(KOKKOS_ENABLE_HIP)
  const auto& device = Kokkos::HIP().hip_device_prop();
  std::size_t free = 0, all = 0;
  if (hipMemGetInfo(&free, &all) != hipSuccess) free = all = 0;
#endif
#if defined(KOKKOS_ENABLE_CUDA) || defined(KOKKOS_ENABLE_HIP)
  return {device.name, std::to_string(device.pciDomainID) + ":" + std::to_string(device.pciBusID),
          static_cast<double>(all), static_cast<double>(free)};
#else
  return {line_of("/proc/cpuinfo", "model name"), "", bytes_of(line_of("/proc/meminfo", "MemTotal")),
          bytes_of(line_of("/proc/meminfo", "MemAvailable"))};
#endif
}

}  // namespace meridian
