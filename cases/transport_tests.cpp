// States of the tests of transport: what moves is prescribed, see prescribed_flow.hpp.
#include <cmath>

#include "cases/states.hpp"

namespace meridian {

ShallowWaterState UniformDepth::state(const Planet&) const {
  return {.free_surface = [](double, double) { return 1000.0; }, .angle = angle_degrees * pi / 180};
}

ShallowWaterState Rotation::state(const Planet& planet) const {
  ShallowWaterState state = UniformDepth::state(planet);
  const double u0 = 2 * pi * planet.radius_m / (12 * seconds_per_day);
  state.eastward_wind = [=](double, double lat) { return u0 * std::cos(lat); };
  return state;
}

AtmosphereState IsothermalAir::state(const Planet& planet) const {
  constexpr double temperature = 300;  // [K]
  const double scale = planet.gas_constant_j_per_kg_k * temperature;
  const double p0 = planet.reference_pressure_pa;
  return {.geopotential = [=](double, double, double p) { return scale * std::log(p0 / p); },
          .temperature = [](double, double, double) { return temperature; },
          .angle = angle_degrees * pi / 180};
}

}  // namespace meridian
