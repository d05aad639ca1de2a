// Test cases 1, 2, 5 and 6 of Williamson et al. (1992), J. Comput. Phys. 102, 211-224.
#include <cmath>

#include "cases/rossby_wave.hpp"
#include "cases/states.hpp"

namespace meridian {

namespace {

constexpr double degree = pi / 180;  // [radians]

/// Solid-body rotation in geostrophic balance: u = u0 cos(lat), g h = g h0 - (a Omega u0 + u0^2 / 2) sin^2(lat).
ShallowWaterState balanced_rotation(const Planet& planet, double u0, double h0, double angle) {
  const double drop = (planet.radius_m * planet.rotation_rate_per_s * u0 + u0 * u0 / 2) / planet.gravity_m_per_s2;
  return {.free_surface = [=](double, double lat) { return h0 - drop * square(std::sin(lat)); },
          .eastward_wind = [=](double, double lat) { return u0 * std::cos(lat); },
          .angle = angle};
}

/// Wind [m s-1] at the equator that goes round the sphere in 12 days.
double once_round_in_12_days(const Planet& planet) { return 2 * pi * planet.radius_m / (12 * seconds_per_day); }

}  // namespace

ShallowWaterState Williamson1::state(const Planet& planet) const {
  constexpr double h0 = 1000;        // [m]
  constexpr double radius = 1. / 3;  // [radians]
  ShallowWaterState state = balanced_rotation(planet, once_round_in_12_days(planet), 0, angle_degrees * degree);
  // The centre lies on the axis of the tilt, so it is the same in both frames.
  state.free_surface = [](double lon, double lat) {
    const double r = great_circle_distance(lon, lat, 3 * pi / 2, 0);
    return r < radius ? h0 / 2 * (1 + std::cos(pi * r / radius)) : 0;
  };
  return state;
}

ShallowWaterState Williamson2::state(const Planet& planet) const {
  const double h0 = 2.94e4 / planet.gravity_m_per_s2;  // [m]
  const double u0 = planet.sense_of_rotation() * once_round_in_12_days(planet);
  return balanced_rotation(planet, u0, h0, angle_degrees * degree);
}

ShallowWaterState Williamson5::state(const Planet& planet) const {
  constexpr double height = 2000;    // [m] of the mountain
  constexpr double radius = pi / 9;  // [radians] of longitude and latitude, no great-circle distance
  ShallowWaterState state = balanced_rotation(planet, 20 * planet.sense_of_rotation(), 5960, angle_degrees * degree);
  state.ground = [](double lon, double lat) {
    const double r = std::hypot(centred_longitude(lon - 3 * pi / 2), lat - pi / 6);
    return r < radius ? height * (1 - r / radius) : 0;
  };
  return state;
}

ShallowWaterState Williamson6::state(const Planet& planet) const {
  constexpr double h0 = 8000;                                  // [m]
  const double speed = 7.848e-6 * planet.sense_of_rotation();  // [s-1]
  const RossbyWave wave(planet, speed, speed);
  const double g = planet.gravity_m_per_s2;
  return {.free_surface = [=](double lon, double lat) { return h0 + wave.geopotential(lon, lat) / g; },
          .eastward_wind = [=](double lon, double lat) { return wave.eastward(lon, lat); },
          .northward_wind = [=](double lon, double lat) { return wave.northward(lon, lat); },
          .angle = angle_degrees * degree};
}

}  // namespace meridian
