#pragma once

#include "driver/case.hpp"
#include "driver/commands.hpp"

namespace meridian {

/// Runs a case to its end. Collective; MPI and Kokkos are running. Returns the exit code: done or stopped.
int run_case(const Case& c, const RunOptions& options);

/// Everything that a run would refuse, and what it costs: memory, output, CFL. Writes nothing.
CheckReport check_case(const Case& c);

}  // namespace meridian
