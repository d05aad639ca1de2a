#pragma once
// What the loops run on.

#include <string>

namespace meridian {

/// The device of this process, "" and 0 where it cannot be told; on host back ends the processor and its memory.
struct DeviceInfo {
  std::string name;
  std::string identity;     // of one GPU among all of a node: its PCI bus; "" on host back ends
  double memory_bytes = 0;  // in all
  double free_bytes = 0;    // now
};

/// Kokkos must be initialised.
DeviceInfo device_info();

}  // namespace meridian
