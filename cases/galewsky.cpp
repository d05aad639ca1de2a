// The barotropic jet of Galewsky, Scott and Polvani (2004), Tellus 56A, 429-440.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cases/states.hpp"

namespace meridian {

namespace {

constexpr double south = pi / 7, north = pi / 2 - pi / 7;  // [radians] edges of the jet
constexpr double largest_wind = 80;                        // [m s-1]

/// u = u_max / e_n exp(1 / ((lat - south) (lat - north))) between the edges, else 0 (equation 2).
double jet(double lat) {
  if (lat <= south || lat >= north) return 0;
  const double width = north - south;
  return largest_wind * std::exp(1 / ((lat - south) * (lat - north)) + 4 / (width * width));
}

/// Integral of f over [from, to] by Gauss-Legendre quadrature with five points: exact for degree 9.
template <class Function>
double gauss(const Function& f, double from, double to) {
  constexpr double x1 = 0.53846931010568309104, x2 = 0.90617984593866399280;
  constexpr double w0 = 0.56888888888888888889, w1 = 0.47862867049936646804, w2 = 0.23692688505618908751;
  const double middle = (from + to) / 2;
  const double half = (to - from) / 2;
  const auto pair = [&](double x) { return f(middle - half * x) + f(middle + half * x); };
  return half * (w0 * f(middle) + w1 * pair(x1) + w2 * pair(x2));
}

}  // namespace

ShallowWaterState Galewsky::state(const Planet& planet) const {
  constexpr double mean_depth = 10000;                       // [m]
  constexpr double lon_scale = 1. / 3, lat_scale = 1. / 15;  // [radians] the source's alpha and beta
  constexpr double bump_lat = pi / 4;                        // [radians]
  constexpr int n_strips = 500;                              // quadrature error below 1e-10 m, see the test
  constexpr double strip = (north - south) / n_strips;
  const double g = planet.gravity_m_per_s2;
  const double turn = planet.sense_of_rotation();
  const auto slope = [=](double lat) {  // [m] per radian: - dh/dlat, gradient wind balance (equation 3)
    const double u = turn * jet(lat);
    return u / g * (2 * planet.radius_m * planet.rotation_rate_per_s * std::sin(lat) + std::tan(lat) * u);
  };
  std::vector<double> drop(n_strips + 1,
                           0.0);  // [m] from the southern edge to the southern end of each strip
  double mean_drop = 0;           // [m] area mean: half the integral of slope (1 - sin(lat)), by parts
  for (int n = 0; n < n_strips; ++n) {
    const double from = south + n * strip;
    drop[n + 1] = drop[n] + gauss(slope, from, from + strip);
    mean_drop += gauss([&](double lat) { return slope(lat) * (1 - std::sin(lat)) / 2; }, from, from + strip);
  }
  const double h0 = mean_depth + mean_drop;  // [m] south of the jet
  const double bump = perturbation_m;
  const auto height = [=](double lon, double lat) {
    const double inside = std::clamp(lat, south, north);
    const int n = std::min(static_cast<int>((inside - south) / strip), n_strips);
    const double h = h0 - drop[n] - gauss(slope, south + n * strip, inside);
    const double x = centred_longitude(lon) / lon_scale;
    const double y = (bump_lat - lat) / lat_scale;
    return h + bump * std::cos(lat) * std::exp(-x * x - y * y);
  };
  return {.free_surface = height,
          .eastward_wind = [=](double, double lat) { return turn * jet(lat); },
          .angle = angle_degrees * pi / 180};
}

}  // namespace meridian
