#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "grid/latlon_grid.hpp"
#include "tests/support/layouts.hpp"

namespace meridian {
namespace {

constexpr int h = halo_width;
const double round_off = sizeof(Real) == 8 ? 1e-15 : 1e-6;  // relative; a sine and four products

std::vector<double> on_host(const RowValues& values) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values.data);
  return {host.data(), host.data() + host.extent(0)};
}

Grid grid_of(int n_lon, int n_lat) { return Grid(test::whole_grid(n_lon, n_lat), Planet(), single_layer()); }

TEST(LatLonGrid, areas_add_up_to_the_sphere) {
  for (const auto& [n_lon, n_lat] : {std::pair{360, 180}, {8, 4}, {48, 31}, {192, 97}, {1440, 720}}) {
    const Grid grid = grid_of(n_lon, n_lat);
    const auto cells = on_host(grid.metrics.area_at_cell), corners = on_host(grid.metrics.area_at_corner);
    long double sum_of_cells = 0, sum_of_corners = 2 * static_cast<long double>(grid.metrics.area_of_pole),
                exact_cells = 0;
    for (int j = 0; j < n_lat; ++j) sum_of_cells += static_cast<long double>(cells[j + h]) * n_lon;
    for (int j = 1; j < n_lat; ++j) sum_of_corners += static_cast<long double>(corners[j + h]) * n_lon;
    for (int j = 0; j < n_lat; ++j) exact_cells += static_cast<long double>(grid.area_of_global_row(j)) * n_lon;
    const double sphere = 4 * pi * std::pow(grid.planet.radius_m, 2);
    EXPECT_NEAR(static_cast<double>(sum_of_cells / sphere), 1, round_off) << n_lat;
    EXPECT_NEAR(static_cast<double>(sum_of_corners / sphere), 1, round_off) << n_lat;
    EXPECT_NEAR(static_cast<double>(exact_cells / sphere), 1, 1e-15) << n_lat;
  }
}

TEST(LatLonGrid, rows_mirror_at_the_equator_and_change_sign_across_the_poles) {
  for (const int n_lat : {4, 31, 90}) {
    const Grid grid = grid_of(48, n_lat);
    const Metrics& m = grid.metrics;
    for (const RowValues* values : {&m.dx_at_cell, &m.area_at_cell, &m.cos_at_cell, &m.inverse_dx_at_cell}) {
      const auto f = on_host(*values);
      for (int j = -h; j < n_lat + h; ++j) ASSERT_EQ(f[j + h], f[n_lat - 1 - j + h]) << j;
      for (int n = 1; n <= h; ++n) ASSERT_EQ(f[-n + h], -f[n - 1 + h]) << n;
    }
    for (const RowValues* values : {&m.dx_at_yface, &m.area_at_corner, &m.cos_at_yface, &m.inverse_area_at_corner}) {
      const auto f = on_host(*values);
      for (int j = -h; j <= n_lat + h; ++j) ASSERT_EQ(f[j + h], f[n_lat - j + h]) << j;
      for (int n = 1; n <= h; ++n) ASSERT_EQ(f[-n + h], -f[n + h]) << n;
      EXPECT_EQ(f[h], 0);
      EXPECT_EQ(f[n_lat + h], 0);
    }
    const auto sine = on_host(m.sin_at_cell), sine_at_yface = on_host(m.sin_at_yface);
    for (int j = -h; j < n_lat + h; ++j) ASSERT_EQ(sine[j + h], -sine[n_lat - 1 - j + h]);
    for (int n = 1; n <= h; ++n) ASSERT_EQ(sine[-n + h], sine[n - 1 + h]);
    EXPECT_EQ(sine_at_yface[h], -1);
    EXPECT_EQ(sine_at_yface[n_lat + h], 1);
  }
}

TEST(LatLonGrid, metric_terms_are_those_of_the_formulas) {
  const int n_lat = 45;
  const Grid grid = grid_of(96, n_lat);
  const Metrics& m = grid.metrics;
  const double a = grid.planet.radius_m, dl = 2 * pi / 96, dp = pi / n_lat;
  const auto dx = on_host(m.dx_at_cell), dx_at_yface = on_host(m.dx_at_yface), area = on_host(m.area_at_cell),
             inverse = on_host(m.inverse_area_at_cell), sine = on_host(m.sin_at_cell), cosine = on_host(m.cos_at_cell),
             sine_at_yface = on_host(m.sin_at_yface), cosine_at_yface = on_host(m.cos_at_yface);
  EXPECT_NEAR(m.dy, a * dp, round_off * a);
  EXPECT_NEAR(m.area_of_pole, 2 * pi * a * a * (1 - std::cos(dp / 2)),
              std::max(1e-12 * a * a, round_off * m.area_of_pole));  // cancellation in 1 - cos
  for (int j = -h; j <= n_lat; ++j) {
    const double lat = grid.latitude_of_cell(j), face = grid.latitude_of_yface(j);
    const double tolerance = sizeof(Real) == 8 ? 1e-15 : 1e-6;
    EXPECT_NEAR(sine[j + h], std::sin(lat), tolerance);
    EXPECT_NEAR(cosine[j + h], std::cos(lat), tolerance);
    EXPECT_NEAR(sine_at_yface[j + h], std::sin(face), tolerance);
    EXPECT_NEAR(cosine_at_yface[j + h], std::cos(face), tolerance);
    EXPECT_NEAR(dx[j + h], a * std::cos(lat) * dl, tolerance * a);
    EXPECT_NEAR(dx_at_yface[j + h], a * std::cos(face) * dl, tolerance * a);
    EXPECT_NEAR(area[j + h], a * a * dl * (std::sin(lat + dp / 2) - std::sin(lat - dp / 2)), tolerance * a * a);
    EXPECT_NEAR(area[j + h] * inverse[j + h], 1, 4 * round_off);
  }
}

TEST(LatLonGrid, coordinates) {
  const Grid grid = grid_of(360, 180);
  EXPECT_DOUBLE_EQ(grid.latitude_of_yface(0), -pi / 2);
  EXPECT_DOUBLE_EQ(grid.latitude_of_yface(180), pi / 2);
  EXPECT_EQ(grid.latitude_of_yface(90), 0);
  EXPECT_DOUBLE_EQ(grid.latitude_of_cell(-1), -pi / 2 - pi / 360);
  EXPECT_EQ(grid.longitude_of_xface(0), 0);
  EXPECT_DOUBLE_EQ(grid.longitude_of_cell(0), pi / 360);
  for (int j = 0; j < 180; ++j) EXPECT_EQ(grid.latitude_of_cell(j), -grid.latitude_of_cell(179 - j));
}

}  // namespace
}  // namespace meridian
