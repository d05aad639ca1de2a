#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

using test::DynamicsRun;

/// Largest error of the winds at cell centres of the rows beside the poles, flow straight over both poles.
double error_of_polar_winds(int n_lon) {
  DycoreOptions options;
  options.equations = "shallow_water";
  DynamicsRun run(options, {{"name", "williamson_2"}, {"angle_degrees", "90"}}, test::alone(n_lon, n_lon / 2), Planet(),
                  single_layer());
  run.dycore.diagnose(false);
  const auto ua = run.on_host(field::eastward_wind), va = run.on_host(field::northward_wind);
  const double speed = 2 * pi * run.grid.planet.radius_m / (12 * 86400.0);
  double largest = 0;
  for (const int j : {0, n_lon / 2 - 1}) {
    for (int i = 0; i < n_lon; ++i) {
      const double lon = run.grid.longitude_of_cell(i), lat = run.grid.latitude_of_cell(j);
      const double u = speed * std::cos(lon) * std::sin(lat), v = -speed * std::sin(lon);
      largest = std::max({largest, std::abs(ua(0, j + halo_width, i + halo_width) - u),
                          std::abs(va(0, j + halo_width, i + halo_width) - v)});
    }
  }
  return largest;
}

TEST(Diagnostics, winds_beside_the_poles_are_the_true_ones) {
  const double coarse = error_of_polar_winds(48), fine = error_of_polar_winds(96);
  EXPECT_LT(fine, 0.1);  // of 38.6 m/s; half of it is missing where the zero at the pole edge is taken for a wind
  EXPECT_GE(std::log2(coarse / fine), 1.9);
}

DynamicsRun ullrich(int n_lon) {
  Planet planet;
  planet.radius_m = 6.37122e6;
  planet.rotation_rate_per_s = 7.29212e-5;
  DycoreOptions options;
  options.dt_s = 600;
  return DynamicsRun(options, {{"name", "ullrich"}, {"perturbation_m_per_s", "0"}}, test::alone(n_lon, n_lon / 2),
                     planet, read_levels("L26", 1e5));
}

TEST(Diagnostics, temperature_height_and_pressure_are_those_of_the_initial_state) {
  auto run = ullrich(24);
  run.dycore.diagnose(false);
  run.dycore.diagnose_for_output();
  const auto ta = run.on_host(field::air_temperature), zg = run.on_host(field::geopotential_height);
  const auto pressure = run.on_host(field::air_pressure), ps = run.on_host(field::surface_air_pressure);
  for (const int j : {0, 5, 9}) {
    EXPECT_NEAR(ps(0, j + halo_width, halo_width), 1e5, 1e-3 + 1e5 * (sizeof(Real) == 4 ? 1e-6 : 0));
    for (const int k : {8, 15, 22}) {
      const double lat = run.grid.latitude_of_cell(j), p = pressure(k, j + halo_width, halo_width);
      const double z = zg(k, j + halo_width, halo_width);
      // Closed form of Ullrich et al. (2014) at the height that the model gives for the middle of the layer.
      const double t0 = 275, tp = 240, te = 310, gamma = 0.005, h = 287 * t0 / 9.80616, s = z / (2 * h);
      const double it = std::pow(std::cos(lat), 3) - 0.6 * std::pow(std::cos(lat), 5);
      const double t1 = std::exp(gamma * z / t0) / t0 + (t0 - tp) / (t0 * tp) * (1 - 2 * s * s) * std::exp(-s * s);
      const double t2 = 2.5 * (te - tp) / (te * tp) * (1 - 2 * s * s) * std::exp(-s * s);
      EXPECT_NEAR(ta(k, j + halo_width, halo_width), 1 / (t1 - t2 * it), 0.5) << "level " << k;
      const double i1 = (std::exp(gamma * z / t0) - 1) / gamma + z * (t0 - tp) / (t0 * tp) * std::exp(-s * s);
      const double i2 = 2.5 * (te - tp) / (te * tp) * z * std::exp(-s * s);
      EXPECT_NEAR(p / (1e5 * std::exp(-9.80616 / 287 * (i1 - i2 * it))), 1, 0.01) << "level " << k;
    }
  }
}

DynamicsRun moist_rest(double surface_temperature) {
  return DynamicsRun(DycoreOptions(), {{"name", "rest"}, {"temperature_k", std::to_string(surface_temperature)}},
                     test::alone(16, 8), Planet(), read_levels("L26", 1e5), {},
                     {{"qv", Limiter::monotone}, {"qc", Limiter::monotone}});
}

void set_tracer(DynamicsRun& run, const FieldSpec<Cell>& spec,
                const std::function<double(int k, int j, int i)>& value) {
  const auto data = run.fields.get(spec).data();
  const auto host = Kokkos::create_mirror_view(data);
  for (int k = 0; k < 26; ++k) {
    for (int j = 0; j < 8; ++j) {
      for (int i = 0; i < 16; ++i) host(k, j + halo_width, i + halo_width) = static_cast<Real>(value(k, j, i));
    }
  }
  Kokkos::deep_copy(data, host);
}

TEST(Diagnostics, humidity_of_a_known_column) {
  auto run = moist_rest(300);
  const double qv = 0.01, qc = 0.002, tolerance = sizeof(Real) == 8 ? 1e-13 : 1e-6;
  set_tracer(run, field::water_vapour, [&](int, int, int) { return qv; });
  set_tracer(run, field::cloud_water, [&](int, int, int) { return qc; });
  run.dycore.diagnose(false);
  run.dycore.diagnose_for_output();
  const auto ps = run.on_host(field::surface_air_pressure), prw = run.on_host(field::water_vapour_path);
  const auto hus = run.on_host(field::specific_humidity);
  for (int k = 0; k < 26; ++k) EXPECT_NEAR(hus(k, 3 + halo_width, halo_width) / (qv / (1 + qv + qc)), 1, tolerance);
  const double weight = ps(0, 3 + halo_width, halo_width) - run.grid.levels.top_pressure();  // of all that there is
  EXPECT_NEAR(prw(0, 3 + halo_width, halo_width) / (qv * weight / (1 + qv + qc) / 9.80616), 1, 26 * tolerance);
}

TEST(Diagnostics, relative_humidity_is_100_percent_at_saturation_of_each_formula) {
  for (const Saturation formula : {Saturation::clausius, Saturation::tetens, Saturation::murphy_koop}) {
    auto run = moist_rest(230);
    const MoistAir air(run.grid.planet, formula);
    const auto everything = [](std::string_view) { return true; };
    for (int n = 0; n < 20; ++n) {  // temperature depends on vapour, a little
      run.dycore.diagnose(false);
      const auto T = run.on_host(field::air_temperature), p = run.on_host(field::air_pressure);
      set_tracer(run, field::water_vapour, [&](int k, int j, int i) {
        const int row = j + halo_width, column = i + halo_width;
        return (k < 10 ? 0 : k < 20 ? 0.25 : 1) * air.saturated(T(k, row, column), p(k, row, column)).q;
      });
    }
    run.dycore.diagnose(false);
    run.dycore.diagnose_for_output(everything, formula);
    const auto hur = run.on_host(field::relative_humidity);
    for (int k = 0; k < 26; ++k) {
      EXPECT_NEAR(hur(k, 3 + halo_width, 5 + halo_width),
                  k < 10   ? 0
                  : k < 20 ? 25
                           : 100,
                  sizeof(Real) == 8 ? 1e-9 : 1e-2)
          << k;
    }
  }
}

TEST(Diagnostics, floating_layers_are_shown_on_the_reference_levels_and_the_state_is_left_alone) {
  auto run = ullrich(24);
  run.step();  // the first of two steps to the next remap
  const auto before = run.on_host(field::layer_mass);
  run.dycore.diagnose(true);
  run.dycore.diagnose_for_output();
  const auto after = run.on_host(field::layer_mass);
  const auto pressure = run.on_host(field::air_pressure), ps = run.on_host(field::surface_air_pressure);
  for (std::size_t n = 0; n < before.size(); ++n) ASSERT_EQ(before.data()[n], after.data()[n]);
  const VerticalCoordinate& levels = run.grid.levels;
  for (int k = 0; k < 26; ++k) {
    const double surface = ps(0, 7 + halo_width, halo_width);
    EXPECT_NEAR(pressure(k, 7 + halo_width, halo_width),
                0.5 * (levels.pressure(k, surface) + levels.pressure(k + 1, surface)), 1e-2);
  }
}

TEST(Diagnostics, budgets_and_summary_of_a_known_state) {
  auto run = ullrich(24);
  const Budgets budgets = run.dycore.budgets();
  EXPECT_NEAR(budgets.mass * 9.80616 + run.grid.levels.top_pressure(), 1e5, 1e-7 + (sizeof(Real) == 4 ? 0.1 : 0));
  const DynamicsSummary summary = run.dycore.summary();
  EXPECT_TRUE(summary.finite);
  EXPECT_NEAR(summary.largest_wind, 27.9, 2);  // rows 15 degrees apart miss the crest of the jet
  EXPECT_NEAR(summary.thickest_layer, 1, 1e-5);
  EXPECT_TRUE(run.dycore.is_sound());
}

TEST(Diagnostics, a_value_that_is_not_finite_or_an_empty_layer_is_seen) {
  for (const double bad : {std::nan(""), -1.0}) {
    auto run = ullrich(24);
    const auto mass = run.fields.get(field::layer_mass);
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), mass.data());
    host(11, 3 + halo_width, 5 + halo_width) = static_cast<Real>(bad);
    Kokkos::deep_copy(mass.data(), host);
    EXPECT_FALSE(run.dycore.is_sound());
  }
  auto run = ullrich(24);
  const auto wind = run.fields.get(field::ywind);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), wind.data());
  host(25, 11 + halo_width, 23 + halo_width) = std::numeric_limits<Real>::infinity();
  Kokkos::deep_copy(wind.data(), host);
  EXPECT_FALSE(run.dycore.is_sound());
  EXPECT_FALSE(run.dycore.summary().finite);
}

}  // namespace
}  // namespace meridian
