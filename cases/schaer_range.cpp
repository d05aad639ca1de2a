// A range of steep ridges round 270 E on the equator, after Schaer et al. (2002), Mon. Wea. Rev. 130: Ullrich et al. (2012),
// DCMIP test case document, tests 1-3 and 2-0-0.
#include <cmath>

#include "cases/states.hpp"

namespace meridian {

namespace {

/// Geopotential [m2 s-2] of the ground for a highest ridge of this geopotential.
AtmosphereState::SurfaceFunction schaer_range(double height) {
  constexpr double radius = 3 * pi / 4, spacing = pi / 16;  // [radians]
  return [=](double lon, double lat) {
    const double r = great_circle_distance(lon, lat, 3 * pi / 2, 0);
    const double ridge = std::cos(pi * r / spacing);
    return r < radius ? height / 2 * (1 + std::cos(pi * r / radius)) * ridge * ridge : 0;
  };
}

}  // namespace

AtmosphereState SchaerRest::state(const Planet& planet) const {
  constexpr double T0 = 300;        // [K]
  constexpr double lapse = 0.0065;  // [K m-1]
  const double p0 = planet.reference_pressure_pa;
  const double g = planet.gravity_m_per_s2;
  const double power = planet.gas_constant_j_per_kg_k * lapse / g;
  return {.geopotential = [=](double, double, double p) { return g * T0 / lapse * (1 - std::pow(p / p0, power)); },
          .temperature = [=](double, double, double p) { return T0 * std::pow(p / p0, power); },
          .angle = angle_degrees * pi / 180,
          .ground = schaer_range(g * mountain_m)};
}

// The centre lies on the axis of the tilt, so the range is the same in both frames.
AtmosphereState Dcmip13::state(const Planet& planet) const {
  AtmosphereState state = IsothermalAir{{angle_degrees}}.state(planet);
  state.ground = schaer_range(planet.gravity_m_per_s2 * 2000);
  return state;
}

}  // namespace meridian
