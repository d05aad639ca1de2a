#pragma once
// Smooth fields on the unit sphere, given by Cartesian coordinates: nothing special happens at the poles. Beyond a pole
// (|latitude| > pi/2) the formulas continue as Halo fills its rows: components of vectors change sign.

#include "grid/latlon_grid.hpp"

namespace meridian::test {

struct Vector {
  double x, y, z;
};
KOKKOS_INLINE_FUNCTION double dot(const Vector& a, const Vector& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

/// A point of the unit sphere with the directions east and north.
struct Point {
  Vector up, east, north;
  KOKKOS_FUNCTION Point(double lon, double lat) {
    const double c = Kokkos::cos(lat), s = Kokkos::sin(lat), cl = Kokkos::cos(lon), sl = Kokkos::sin(lon);
    up = {c * cl, c * sl, s};
    east = {-sl, cl, 0};
    north = {-s * cl, -s * sl, c};
  }
};

/// A wind made of spherical harmonics, so that divergence and vorticity are known.
///   turning: solid-body rotation about (1, 0.5, 0.2): no divergence, vorticity 2 omega . r
///   mixed: grad chi + r x grad psi with psi = x (4 z^2 - x^2 - y^2) of degree 3, chi = y z of degree 2 plus x of degree 1
enum class Flow { turning, mixed };

struct Wind {
  double eastward, northward, vorticity, divergence;
};
KOKKOS_INLINE_FUNCTION Wind wind_of(Flow flow, const Point& p) {
  const double x = p.up.x, y = p.up.y, z = p.up.z;
  if (flow == Flow::turning) {
    const Vector omega{1, 0.5, 0.2};
    // omega x r along east is omega . (r x east) = omega . north; along north it is -omega . east
    return {dot(omega, p.north), -dot(omega, p.east), 2 * dot(omega, p.up), 0};
  }
  const Vector grad_psi{4 * z * z - 3 * x * x - y * y, -2 * x * y, 8 * x * z};
  const Vector grad_chi{1, z, y};
  const double psi = x * (4 * z * z - x * x - y * y);
  return {dot(grad_chi, p.east) - dot(grad_psi, p.north), dot(grad_chi, p.north) + dot(grad_psi, p.east), -12 * psi,
          -6 * y * z - 2 * x};
}

/// A scalar, and its derivatives to the east and north on the unit sphere.
struct Scalar {
  double value, eastward, northward;
};
KOKKOS_INLINE_FUNCTION Scalar scalar_at(const Point& p) {
  const double x = p.up.x, y = p.up.y, z = p.up.z;
  const Vector gradient{1 + 2 * x * z, z, y + x * x + 2 * z};
  return {x + y * z + x * x * z + z * z, dot(gradient, p.east), dot(gradient, p.north)};
}

/// Geometry of a block as plain numbers, for kernels.
struct Coordinates {
  double dl, dp;
  int i_first, j_first, n_lat;
  explicit Coordinates(const Grid& grid)
      : dl(grid.dl()),
        dp(grid.dp()),
        i_first(grid.block.i_first),
        j_first(grid.block.j_first),
        n_lat(grid.block.n_lat) {}
  template <Horizontal place>
  KOKKOS_FUNCTION Point at(int j, int i) const {
    constexpr bool on_xface = place == Horizontal::xface || place == Horizontal::corner;
    constexpr bool on_yface = place == Horizontal::yface || place == Horizontal::corner;
    return {(i_first + i + (on_xface ? 0 : 0.5)) * dl, (2 * (j_first + j) + (on_yface ? 0 : 1) - n_lat) * (dp / 2)};
  }
};

}  // namespace meridian::test
