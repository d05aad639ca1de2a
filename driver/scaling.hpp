#pragma once
// The time of a step on a machine by the scaling model of docs/scaling.md.

#include "driver/machine.hpp"
#include "driver/plan.hpp"

namespace meridian {

/// Parts of a mean step [s].
struct StepTime {
  double compute = 0, halo = 0, filter = 0, fixed = 0;
  /// max(compute, halo) + 0.1 compute + filter + fixed: a tenth of the computing cannot hide the exchange.
  double total() const;
};

/// Of the rank with these costs; exchanges and filter_exchanges: of a step.
StepTime step_time(const MachineModel& machine, const RankCost& cost, double exchanges, double filter_exchanges);

}  // namespace meridian
