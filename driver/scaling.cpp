#include "driver/scaling.hpp"

#include <algorithm>

namespace meridian {

namespace {

constexpr double share_of_copy = 0.85;     // that kernels reach
constexpr double share_of_network = 0.85;  // that messages reach
constexpr double exposed_computing = 0.1;  // boundary strips, packing: not overlapped with messages
constexpr double phases_of_exchange = 2;   // west and east, then south and north

double seconds(const LinkTraffic& traffic, const MachineModel& machine) {
  return traffic.node.bytes / (1e9 * machine.node_link_gb_per_s) +
         traffic.network.bytes / (1e9 * share_of_network * machine.network_gb_per_s);
}

/// Latency [s] of one message of this traffic, 0 without messages.
double latency(const LinkTraffic& traffic, const MachineModel& machine) {
  if (traffic.network.messages > 0) return 1e-6 * machine.latency_us;
  return traffic.node.messages > 0 ? 1e-6 * machine.node_latency_us : 0;
}

}  // namespace

double StepTime::total() const { return std::max(compute, halo) + exposed_computing * compute + filter + fixed; }

StepTime step_time(const MachineModel& machine, const RankCost& cost, double exchanges, double filter_exchanges) {
  StepTime time;
  time.compute = cost.words * sizeof(Real) / (1e9 * share_of_copy * machine.copy_gb_per_s);
  time.halo = exchanges * phases_of_exchange * latency(cost.halo, machine) + seconds(cost.halo, machine);
  time.filter = filter_exchanges * latency(cost.filter, machine) + seconds(cost.filter, machine);
  time.fixed = 1e-6 * machine.fixed_us;
  return time;
}

}  // namespace meridian
