#include <gtest/gtest.h>

#include <cmath>

#include "dycore/vertical_remap.hpp"
#include "grid/loop.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

constexpr int n_lon = 8, n_lat = 4;
constexpr double ps = 1e5;

/// Columns of n layers with pressures p(s), s = level / n in [0, 1], all cells alike, and one value per layer.
struct Columns {
  Grid grid;
  Field<Cell> mass, y, y_new;
  RemapScratch scratch;
  int n;

  explicit Columns(int n_levels)
      : grid(test::alone(n_lon, n_lat), Planet(), read_levels("sigma:" + std::to_string(n_levels), 1e5)), n(n_levels) {
    const auto cells = [&](const char* label, int levels) { return make_field<Cell>(label, grid.block, levels); };
    mass = cells("mass", n);
    y = cells("y", n);
    y_new = cells("y_new", n);
    scratch = {make_field<CellInterface>("displacement", grid.block, n + 1), cells("thv", n), cells("slope", n),
               cells("left", n), cells("right", n)};
  }
  void set(const Field<Cell>& field, const std::vector<double>& of_layer) {
    const auto host = Kokkos::create_mirror_view(field.data());
    for (int k = 0; k < n; ++k) {
      for (std::size_t j = 0; j < host.extent(1); ++j) {
        for (std::size_t i = 0; i < host.extent(2); ++i) host(k, j, i) = static_cast<Real>(of_layer[k]);
      }
    }
    Kokkos::deep_copy(field.data(), host);
  }
  std::vector<double> get(const Field<Cell>& field) const {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), field.data());
    std::vector<double> values(n);
    for (int k = 0; k < n; ++k) values[k] = host(k, halo_width + 1, halo_width + 2);
    return values;
  }
  /// Half levels of the old layers: the reference shifted by 'shift' layers times a bump.
  std::vector<double> half_levels(double shift) const {
    std::vector<double> p(n + 1);
    for (int k = 0; k <= n; ++k) p[k] = ps / n * (k + shift * std::sin(pi * k / n));
    return p;
  }
  std::vector<double> remap(const std::vector<double>& half, const std::vector<double>& values) {
    std::vector<double> thickness(n);
    for (int k = 0; k < n; ++k) thickness[k] = half[k + 1] - half[k];
    set(mass, thickness);
    set(y, values);
    compute_displacement(grid, mass, 1, scratch.displacement);
    remap_cells(grid, mass, scratch.displacement, y, 0, scratch, y_new);
    return get(y_new);
  }
};

/// Mean of sin(pi p / ps) + 2 over a layer.
double mean_of_wave(double top, double bottom) {
  return 2 + ps / pi * (std::cos(pi * top / ps) - std::cos(pi * bottom / ps)) / (bottom - top);
}

std::vector<double> wave_on(const std::vector<double>& half) {
  std::vector<double> values;
  for (std::size_t k = 0; k + 1 < half.size(); ++k) values.push_back(mean_of_wave(half[k], half[k + 1]));
  return values;
}

TEST(VerticalRemap, layers_on_their_reference_levels_keep_every_bit) {
  Columns columns(20);
  const auto half = columns.half_levels(0);
  std::vector<double> values;
  for (int k = 0; k < 20; ++k) values.push_back(std::sin(1.7 * k) * 300);
  Field<CellInterface> displacement = columns.scratch.displacement;
  std::vector<double> thickness(20, ps / 20);
  columns.set(columns.mass, thickness);
  columns.set(columns.y, values);
  Kokkos::deep_copy(displacement.data(), Real(0));
  remap_cells(columns.grid, columns.mass, displacement, columns.y, 0, columns.scratch, columns.y_new);
  const auto before = columns.get(columns.y), after = columns.get(columns.y_new);
  for (int k = 0; k < 20; ++k) EXPECT_EQ(before[k], after[k]);
}

TEST(VerticalRemap, a_linear_profile_is_exact_away_from_the_end_layers) {
  Columns columns(24);
  const auto half = columns.half_levels(0.6);
  std::vector<double> values;
  for (int k = 0; k < 24; ++k) values.push_back(0.5 * (half[k] + half[k + 1]) / ps);
  const auto after = columns.remap(half, values);
  for (int k = 3; k < 21; ++k) EXPECT_NEAR(after[k], (k + 0.5) / 24, 1e-6 * sizeof(float) / sizeof(Real));
}

TEST(VerticalRemap, the_column_sum_is_kept_for_near_and_distant_levels) {
  for (const double shift : {0.4, -0.7, 1.8, -3.5}) {
    Columns columns(24);
    const auto half = columns.half_levels(shift);
    const auto values = wave_on(half);
    const auto after = columns.remap(half, values);
    double before_sum = 0, after_sum = 0;
    for (int k = 0; k < 24; ++k) {
      before_sum += values[k] * (half[k + 1] - half[k]);
      after_sum += after[k] * ps / 24;
    }
    EXPECT_NEAR(after_sum / before_sum, 1, sizeof(Real) == 8 ? 1e-14 : 1e-6) << "shift " << shift;
  }
}

TEST(VerticalRemap, distant_levels_get_the_profile_too) {
  Columns columns(24);
  const auto half = columns.half_levels(-3.5);
  const auto after = columns.remap(half, wave_on(half));
  for (int k = 2; k < 22; ++k) {
    EXPECT_NEAR(after[k], mean_of_wave(k * ps / 24, (k + 1) * ps / 24), 2e-3) << "level " << k;
  }
}

TEST(VerticalRemap, no_new_extrema_appear) {
  Columns columns(24);
  const auto half = columns.half_levels(0.9);
  std::vector<double> step;
  for (int k = 0; k < 24; ++k) step.push_back(k % 7 < 3 ? 250 : 310);
  for (const double value : columns.remap(half, step)) {
    EXPECT_GE(value, 250 * (1 - 1e-6));
    EXPECT_LE(value, 310 * (1 + 1e-6));
  }
}

/// Mean error over the layers away from the ends.
double error_of(int n) {
  Columns columns(n);
  const auto half = columns.half_levels(0.5);
  const auto after = columns.remap(half, wave_on(half));
  double sum = 0;
  for (int k = n / 6; k < n - n / 6; ++k) sum += std::abs(after[k] - mean_of_wave(k * ps / n, (k + 1) * ps / n));
  return sum / n;
}

TEST(VerticalRemap, the_order_is_at_least_two) {
  const double order = std::log2(error_of(24) / error_of(48));
  EXPECT_GE(order, 2.0);
}

}  // namespace
}  // namespace meridian
