// Tests 4 and 5 of the NCAR colloquium on dynamical cores (Jablonowski, Lauritzen, Nair and Taylor 2008, "Idealized test
// cases for the dynamical cores of atmospheric general circulation models").
#include <cmath>

#include "cases/rossby_wave.hpp"
#include "cases/states.hpp"

namespace meridian {

// Geopotential of the wave plus that of a column whose temperature falls linearly with height: T depends on p alone.
AtmosphereState RossbyHaurwitz::state(const Planet& planet) const {
  constexpr double T0 = 288;        // [K]
  constexpr double lapse = 0.0065;  // [K m-1]
  constexpr double u0 = 50;         // [m s-1]
  const double p_ref = 0.955 * planet.reference_pressure_pa;
  const double speed = planet.sense_of_rotation() * u0 / (RossbyWave::n * planet.radius_m);  // [s-1]
  const RossbyWave wave(planet, speed, speed);
  const double g = planet.gravity_m_per_s2;
  const double power = planet.gas_constant_j_per_kg_k * lapse / g;
  return {.geopotential =
              [=](double lon, double lat, double p) {
                return wave.geopotential(lon, lat) + g * T0 / lapse * (1 - std::pow(p / p_ref, power));
              },
          .temperature = [=](double, double, double p) { return T0 * std::pow(p / p_ref, power); },
          .eastward_wind = [=](double lon, double lat, double) { return wave.eastward(lon, lat); },
          .northward_wind = [=](double lon, double lat, double) { return wave.northward(lon, lat); },
          .angle = angle_degrees * pi / 180,
          .ground = [](double, double) { return 0.0; }};
}

// An isothermal atmosphere in solid-body rotation. With N^2 = g^2 / (cp T0), the source's surface pressure is
// ps = p_pole exp(-(u0 / (2 R T0)) (u0 + 2 Omega a) (sin^2(lat) - 1) - ground / (R T0)).
AtmosphereState MountainRossbyWave::state(const Planet& planet) const {
  constexpr double T0 = 288;        // [K]
  constexpr double radius = 1.5e6;  // [m] of the mountain on a planet of the Earth's size
  constexpr double earth = 6.371229e6;
  const double u0 = 20 * planet.sense_of_rotation();  // [m s-1]
  const double p_pole = 0.93 * planet.reference_pressure_pa;
  const double scale = planet.gas_constant_j_per_kg_k * T0;
  const double rise = u0 / 2 * (u0 + 2 * planet.rotation_rate_per_s * planet.radius_m);  // [m2 s-2] pole to equator
  const double height = planet.gravity_m_per_s2 * mountain_m;
  return {.geopotential = [=](double, double lat,
                              double p) { return scale * std::log(p_pole / p) + rise * std::cos(lat) * std::cos(lat); },
          .temperature = [](double, double, double) { return T0; },
          .eastward_wind = [=](double, double lat, double) { return u0 * std::cos(lat); },
          .angle = angle_degrees * pi / 180,
          .ground =
              [=](double lon, double lat) {
                const double r = great_circle_distance(lon, lat, pi / 2, pi / 6) * earth / radius;
                return height * std::exp(-r * r);
              }};
}

}  // namespace meridian
