// Shallow-water flows that change in time: an exact solution, and one that crosses the poles.
#include <cmath>

#include "cases/states.hpp"

namespace meridian {

// Laeuter et al. (2005), section 4.3: in space a steady rotation about an axis at an angle to the planet's. After each
// sidereal day, 2 pi / Omega, the start comes back.
ShallowWaterState UnsteadyRotation::state(const Planet& planet) const {
  constexpr double k1 = 133681;  // [m2 s-2]
  const double u0 = planet.sense_of_rotation() * 2 * pi * planet.radius_m / (12 * seconds_per_day);
  const double solid = planet.radius_m * planet.rotation_rate_per_s;  // [m s-1] of the ground at the equator
  const double g = planet.gravity_m_per_s2;
  const double s = std::sin(flow_angle_degrees * pi / 180), c = std::cos(flow_angle_degrees * pi / 180);
  const auto ground = [=](double, double lat) { return square(solid * std::sin(lat)) / (2 * g); };
  const auto free_surface = [=](double lon, double lat) {
    const double along = u0 * (c * std::sin(lat) - s * std::cos(lat) * std::cos(lon));
    return (k1 - square(along + solid * std::sin(lat)) / 2 + square(solid * std::sin(lat)) / 2) / g;
  };
  return {.free_surface = free_surface,
          .ground = ground,
          .eastward_wind = [=](double lon,
                               double lat) { return u0 * (s * std::sin(lat) * std::cos(lon) + c * std::cos(lat)); },
          .northward_wind = [=](double lon, double) { return -u0 * s * std::sin(lon); },
          .angle = angle_degrees * pi / 180};
}

// McDonald and Bates (1989), section 4.
ShallowWaterState CrossPolarFlow::state(const Planet& planet) const {
  constexpr double v0 = 20;          // [m s-1]
  constexpr double phi0 = 5.7684e4;  // [m2 s-2]
  const double solid = planet.radius_m * planet.rotation_rate_per_s;
  const double g = planet.gravity_m_per_s2;
  return {
      .free_surface =
          [=](double lon, double lat) {
            const double s = std::sin(lat);
            return (phi0 + 2 * solid * v0 * s * s * s * std::cos(lat) * std::sin(lon)) / g;
          },
      .eastward_wind =
          [=](double lon, double lat) { return -v0 * std::sin(lon) * std::sin(lat) * (4 * square(std::cos(lat)) - 1); },
      .northward_wind = [=](double lon, double lat) { return v0 * square(std::sin(lat)) * std::cos(lon); },
      .angle = angle_degrees * pi / 180};
}

}  // namespace meridian
