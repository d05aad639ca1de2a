#include "grid/latlon_grid.hpp"

#include <cmath>
#include <functional>

namespace meridian {

namespace {

/// Cosine of the latitude -pi/2 + x * dp, x counted in rows from the south pole: a sine, exactly antisymmetric about
/// both poles and symmetric about the equator.
double cosine(double x, int n_lat) {
  if (x < 0) return -cosine(-x, n_lat);
  if (x > n_lat) return -cosine(2.0 * n_lat - x, n_lat);
  if (x > 0.5 * n_lat) x = n_lat - x;
  return x == 0 ? 0.0 : std::sin(x * pi / n_lat);
}

/// Sine of the same latitude, exactly antisymmetric about the equator and symmetric about both poles.
double sine(double x, int n_lat) {
  if (x < 0) return sine(-x, n_lat);
  if (x > 0.5 * n_lat) return -sine(n_lat - x, n_lat);
  return 2 * x == n_lat ? 0.0 : -std::cos(x * pi / n_lat);
}

RowValues rows(const char* label, const Block& block, const std::function<double(double)>& of_global_row) {
  const int count = block.ny + 2 * halo_width + 1;
  RowValues values{Array1<Real>(label, count)};
  const auto host = Kokkos::create_mirror_view(values.data);
  for (int n = 0; n < count; ++n) {
    host(n) = static_cast<Real>(of_global_row(static_cast<double>(block.j_first + n - halo_width)));
  }
  Kokkos::deep_copy(values.data, host);
  return values;
}

double inverse(double x) { return x == 0 ? 0.0 : 1 / x; }

}  // namespace

Grid::Grid(const Block& b, const Planet& p, const VerticalCoordinate& v) : block(b), planet(p), levels(v) {
  const double a = planet.radius_m;
  const double lon = dl();
  const double strip = 2 * a * a * lon * std::sin(dp() / 2);
  const int n = block.n_lat;
  const auto cos_cell = [n](double j) { return cosine(j + 0.5, n); };
  const auto cos_face = [n](double j) { return cosine(j, n); };
  metrics.dy = static_cast<Real>(a * dp());
  metrics.area_of_pole = static_cast<Real>(4 * pi * a * a * std::pow(std::sin(dp() / 4), 2));
  metrics.dx_at_cell = rows("dx_at_cell", b, [=](double j) { return a * lon * cos_cell(j); });
  metrics.dx_at_yface = rows("dx_at_yface", b, [=](double j) { return a * lon * cos_face(j); });
  metrics.area_at_cell = rows("area_at_cell", b, [=](double j) { return strip * cos_cell(j); });
  metrics.area_at_corner = rows("area_at_corner", b, [=](double j) { return strip * cos_face(j); });
  metrics.inverse_dx_at_cell = rows("inverse_dx_at_cell", b, [=](double j) { return inverse(a * lon * cos_cell(j)); });
  metrics.inverse_area_at_cell =
      rows("inverse_area_at_cell", b, [=](double j) { return inverse(strip * cos_cell(j)); });
  metrics.inverse_area_at_corner =
      rows("inverse_area_at_corner", b, [=](double j) { return inverse(strip * cos_face(j)); });
  metrics.cos_at_cell = rows("cos_at_cell", b, cos_cell);
  metrics.cos_at_yface = rows("cos_at_yface", b, cos_face);
  metrics.sin_at_cell = rows("sin_at_cell", b, [n](double j) { return sine(j + 0.5, n); });
  metrics.sin_at_yface = rows("sin_at_yface", b, [n](double j) { return sine(j, n); });
}

double Grid::area_of_global_row(int j) const {
  return 2 * planet.radius_m * planet.radius_m * dl() * std::sin(dp() / 2) * cosine(j + 0.5, block.n_lat);
}

}  // namespace meridian
