#pragma once
// `meridian doctor`: is this machine fit to run the model?

#include <string>

namespace meridian {

/// Looks at program, MPI, device, clock and disk; measures the copy bandwidth of the device and a write of all ranks into
/// one file below 'directory', which is read back and removed. Prints what was found, as text or JSON. Collective; needs
/// Kokkos. Returns done, or the code of the first part that cannot be used: system (device, clock), input_output (disk).
/// On several ranks a failure of the disk is thrown as input_output instead.
int doctor(const std::string& directory, bool json);

}  // namespace meridian
