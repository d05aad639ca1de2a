#include "grid/latlon_grid.hpp"

#include <cmath>
#include <functional>

namespace meridian {

double cosine_of_row(double x, int n_lat) {
  if (x < 0) return -cosine_of_row(-x, n_lat);
  if (x > n_lat) return -cosine_of_row(2.0 * n_lat - x, n_lat);
  if (x > 0.5 * n_lat) x = n_lat - x;
  return x == 0 ? 0.0 : std::sin(x * pi / n_lat);
}

namespace {

/// Sine of the latitude of cosine_of_row(), exactly antisymmetric about the equator and symmetric about both poles.
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

Grid::Grid(const Block& b, const Planet& p, const VerticalCoordinate& v, double column_latitude_degrees)
    : block(b), planet(p), levels(v), column_latitude_(column_latitude_degrees / 90 * (pi / 2)) {
  const double a = planet.radius_m;
  const double lon = dl();
  const double strip = 2 * a * a * lon * std::sin(dp() / 2);
  const int n = block.n_lat;
  const bool column = block.is_column;
  const double at = column_latitude_degrees / 180 + 0.5;  // of the column, as a share of the way from pole to pole
  // Of rows counted from the south pole. The sides of a column follow from its area and dy: 4 pi a^2 / (pi a).
  const auto cos_of = [=](double row) { return column ? cosine_of_row(at, 1) : cosine_of_row(row, n); };
  const auto sin_of = [=](double row) { return column ? sine(at, 1) : sine(row, n); };
  const auto dx_of = [=](double row) { return a * lon * (column ? 2 / pi : cosine_of_row(row, n)); };
  const auto area_of = [=](double row) { return strip * (column ? 1 : cosine_of_row(row, n)); };
  metrics.dy = static_cast<Real>(a * dp());
  metrics.area_of_pole = static_cast<Real>(4 * pi * a * a * std::pow(std::sin(dp() / 4), 2));
  metrics.dx_at_cell = rows("dx_at_cell", b, [=](double j) { return dx_of(j + 0.5); });
  metrics.dx_at_yface = rows("dx_at_yface", b, dx_of);
  metrics.area_at_cell = rows("area_at_cell", b, [=](double j) { return area_of(j + 0.5); });
  metrics.area_at_corner = rows("area_at_corner", b, area_of);
  metrics.inverse_dx_at_cell = rows("inverse_dx_at_cell", b, [=](double j) { return inverse(dx_of(j + 0.5)); });
  metrics.inverse_area_at_cell = rows("inverse_area_at_cell", b, [=](double j) { return inverse(area_of(j + 0.5)); });
  metrics.inverse_area_at_corner = rows("inverse_area_at_corner", b, [=](double j) { return inverse(area_of(j)); });
  metrics.cos_at_cell = rows("cos_at_cell", b, [=](double j) { return cos_of(j + 0.5); });
  metrics.cos_at_yface = rows("cos_at_yface", b, cos_of);
  metrics.sin_at_cell = rows("sin_at_cell", b, [=](double j) { return sin_of(j + 0.5); });
  metrics.sin_at_yface = rows("sin_at_yface", b, sin_of);
}

double Grid::area_of_global_row(int j) const {
  return 2 * planet.radius_m * planet.radius_m * dl() * std::sin(dp() / 2) * cosine_of_row(j + 0.5, block.n_lat);
}

}  // namespace meridian
