#pragma once
// The planet as settings: nothing else in the code carries these numbers.

#include <cmath>

#include "grid/base.hpp"
#include "grid/options.hpp"

namespace meridian {

/// Radius, rotation, gravity and the gas of the planet; defaults are those of the DCMIP documents
/// (Ullrich et al. 2012, DCMIP test case document, table 1). The axis of rotation may lie askew to that of the grid: its
/// north pole is then at longitude 180, latitude 90 - tilt. Small planets are those of Wedi and Smolarkiewicz (2009),
/// Q. J. R. Meteorol. Soc. 135.
struct Planet {
  double radius_m = 6371220;
  double rotation_rate_per_s = 7.292e-5;
  double gravity_m_per_s2 = 9.80616;
  double gas_constant_j_per_kg_k = 287.0;
  double heat_capacity_j_per_kg_k = 1004.5;
  double vapour_gas_constant_j_per_kg_k = 461.5;
  double latent_heat_j_per_kg = 2.5e6;
  double reference_pressure_pa = 1e5;
  double rotation_axis_tilt_degrees = 0;
  double small_planet_factor = 1;

  double kappa() const { return gas_constant_j_per_kg_k / heat_capacity_j_per_kg_k; }
  /// Speed of the fastest waves, those of sound along the ground, in dry air of 288 K [m s-1].
  double speed_of_sound() const { return std::sqrt(288 * gas_constant_j_per_kg_k / (1 - kappa())); }
  /// Tilt of the axis of rotation against the grid's [radians].
  double tilt() const { return rotation_axis_tilt_degrees * (pi / 180); }
  /// 1, or -1 where the planet turns westward: analytic flows are then mirrored, so that they stay what they are seen from
  /// the ground.
  double sense_of_rotation() const { return rotation_rate_per_s < 0 ? -1 : 1; }
  /// The planet that is simulated: the radius divided by the small-planet factor, the rotation times it.
  Planet reduced() const {
    Planet planet = *this;
    planet.radius_m /= small_planet_factor;
    planet.rotation_rate_per_s *= small_planet_factor;
    planet.small_planet_factor = 1;
    return planet;
  }

  void visit(OptionVisitor& option) {
    option.real("radius_m", radius_m, "m", {1e2, 1e9}, "mean radius");
    option.real("rotation_rate_per_s", rotation_rate_per_s, "s-1", {-1e-1, 1e-1},
                "angular velocity; negative turns westward");
    option.real("gravity_m_per_s2", gravity_m_per_s2, "m s-2", {1e-2, 1e3}, "gravitational acceleration");
    option.real("gas_constant_j_per_kg_k", gas_constant_j_per_kg_k, "J kg-1 K-1", {1, 1e4}, "gas constant of dry air");
    option.real("heat_capacity_j_per_kg_k", heat_capacity_j_per_kg_k, "J kg-1 K-1", {10, 1e5},
                "heat capacity of dry air at constant pressure");
    option.real("vapour_gas_constant_j_per_kg_k", vapour_gas_constant_j_per_kg_k, "J kg-1 K-1", {1, 1e4},
                "gas constant of water vapour");
    option.real("latent_heat_j_per_kg", latent_heat_j_per_kg, "J kg-1", {1e3, 1e8}, "latent heat of vaporization");
    option.real("reference_pressure_pa", reference_pressure_pa, "Pa", {1, 1e8},
                "pressure where potential temperature equals temperature");
    option.real("rotation_axis_tilt_degrees", rotation_axis_tilt_degrees, "degrees", {-180, 180},
                "angle from the grid's axis to that of rotation, towards longitude 180; analytic states tilt with it");
    option.real("small_planet_factor", small_planet_factor, "1", {1e-3, 1e6},
                "the radius is divided by it, the rotation rate multiplied; 'dycore.dt_s' is not changed");
    if (gas_constant_j_per_kg_k >= heat_capacity_j_per_kg_k) {
      const bool gas = option.given("gas_constant_j_per_kg_k");
      option.problem(
          gas ? "gas_constant_j_per_kg_k" : "heat_capacity_j_per_kg_k",
          "'planet.gas_constant_j_per_kg_k' must be less than 'planet.heat_capacity_j_per_kg_k': it is the difference "
          "from the heat capacity at constant volume");
    }
  }
};

inline constexpr double seconds_per_day = 86400;  // [s] SI day

}  // namespace meridian
