#pragma once
// The Rossby-Haurwitz wave that the shallow-water and the three-dimensional case share.

#include <cmath>

#include "grid/planet.hpp"

namespace meridian {

/// Winds of a wave of zonal wavenumber n on a rotation, and the geopotential in balance with them (Phillips 1959, Mon.
/// Wea. Rev. 87; Williamson et al. 1992, equations 138 to 144). omega, K [s-1]: angular velocities of both.
struct RossbyWave {
  double a, rotation, omega, K;
  static constexpr int n = 4;

  RossbyWave(const Planet& planet, double omega, double K)
      : a(planet.radius_m), rotation(planet.rotation_rate_per_s), omega(omega), K(K) {}

  double eastward(double lon, double lat) const {
    const double c = std::cos(lat), s = std::sin(lat);
    return a * omega * c + a * K * c * c * c * (n * s * s - c * c) * std::cos(n * lon);
  }
  double northward(double lon, double lat) const {
    const double c = std::cos(lat);
    return -a * K * n * c * c * c * std::sin(lat) * std::sin(n * lon);
  }
  /// [m2 s-2], 0 at the poles.
  double geopotential(double lon, double lat) const {
    const double c2 = std::cos(lat) * std::cos(lat);
    const double cn = c2 * c2;  // cos^n
    // The last term of A is multiplied out, so it is regular at the poles.
    const double A = omega / 2 * (2 * rotation + omega) * c2 +
                     K * K / 4 * cn * c2 * ((n + 1) * c2 * c2 + (2 * n * n - n - 2) * c2 - 2 * n * n);
    const double B =
        2 * (rotation + omega) * K / ((n + 1) * (n + 2)) * cn * ((n * n + 2 * n + 2) - (n + 1) * (n + 1) * c2);
    const double C = K * K / 4 * cn * cn * ((n + 1) * c2 - (n + 2));
    return a * a * (A + B * std::cos(n * lon) + C * std::cos(2 * n * lon));
  }
};

}  // namespace meridian
