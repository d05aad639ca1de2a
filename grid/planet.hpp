#pragma once
// The planet as settings: nothing else in the code carries these numbers.

#include "grid/base.hpp"
#include "grid/options.hpp"

namespace meridian {

/// Radius, rotation, gravity and the gas of the planet; defaults are those of the DCMIP documents
/// (Ullrich et al. 2012, DCMIP test case document, table 1).
struct Planet {
  double radius_m = 6371220;
  double rotation_rate_per_s = 7.292e-5;
  double gravity_m_per_s2 = 9.80616;
  double gas_constant_j_per_kg_k = 287.0;
  double heat_capacity_j_per_kg_k = 1004.5;
  double reference_pressure_pa = 1e5;

  double kappa() const { return gas_constant_j_per_kg_k / heat_capacity_j_per_kg_k; }

  void visit(OptionVisitor& option) {
    option.real("radius_m", radius_m, "m", {1e2, 1e9}, "mean radius");
    option.real("rotation_rate_per_s", rotation_rate_per_s, "s-1", {-1e-1, 1e-1},
                "angular velocity; negative turns westward");
    option.real("gravity_m_per_s2", gravity_m_per_s2, "m s-2", {1e-2, 1e3}, "gravitational acceleration");
    option.real("gas_constant_j_per_kg_k", gas_constant_j_per_kg_k, "J kg-1 K-1", {1, 1e4}, "gas constant of dry air");
    option.real("heat_capacity_j_per_kg_k", heat_capacity_j_per_kg_k, "J kg-1 K-1", {10, 1e5},
                "heat capacity of dry air at constant pressure");
    option.real("reference_pressure_pa", reference_pressure_pa, "Pa", {1, 1e8},
                "pressure where potential temperature equals temperature");
  }
};

inline constexpr double seconds_per_day = 86400;  // [s] SI day

}  // namespace meridian
