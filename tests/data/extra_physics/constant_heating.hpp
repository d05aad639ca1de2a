#pragma once
// A scheme outside the tree, as a user adds one with -DMERIDIAN_EXTRA_PHYSICS=DIR.

#include "physics/columns.hpp"

namespace meridian {

/// Heats.
struct ConstantHeating {
  static constexpr std::string_view name = "constant_heating";
  static constexpr std::string_view meaning = "the same heating everywhere";
  static constexpr std::string_view source = "none";
  static constexpr std::string_view equation = "dT/dt = rate";
  static constexpr FieldUse fields[] = {updates(field::air_temperature)};

  struct Options {
    double rate_k_per_day = 1;
    void visit(OptionVisitor& option) {
      option.real("rate_k_per_day", rate_k_per_day, "K day-1", {-1000, 1000}, "heating");
    }
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<ConstantHeating>);

}  // namespace meridian
