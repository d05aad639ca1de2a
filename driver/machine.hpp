#pragma once
// What a machine can do, and the time of a step on it by the scaling model of docs/scaling.md.

#include <string>

#include "driver/plan.hpp"

namespace meridian {

/// 'model:' of a machine file; of one rank, that is one device.
struct MachineModel {
  std::string name;          // of the file
  double copy_gb_per_s = 0;  // bandwidth of a copy in memory, read and written
  double memory_gb = 0;      // of the device
  double node_link_gb_per_s = 0, network_gb_per_s = 0;
  double latency_us = 0, node_latency_us = 0;  // of a message over the network, and within a node
  int ranks_per_node = 1;
  double price_per_hour = 0;
  double fixed_us = 40;  // of a step: what starting its kernels costs

  void visit(OptionVisitor& option);
};

/// Reads a machine file: a bare name in the project's machines/, anything with '/' or '.yaml' as a path. Throws
/// configuration, missing_input.
MachineModel read_machine(const std::string& name_or_path);

/// Parts of a mean step [s].
struct StepTime {
  double compute = 0, halo = 0, filter = 0, fixed = 0;
  /// max(compute, halo) + 0.1 compute + filter + fixed: a tenth of the computing cannot hide the exchange.
  double total() const;
};

/// Of the rank with these costs; exchanges and gathers: of a step.
StepTime step_time(const MachineModel& machine, const RankCost& cost, double exchanges, double gathers);

}  // namespace meridian
