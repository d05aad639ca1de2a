#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

using test::DynamicsRun;

DycoreOptions shallow(double dt) {
  DycoreOptions options;
  options.equations = "shallow_water";
  options.divergence_damping = 0;
  options.dt_s = dt;
  return options;
}

/// Error of the depth of the steady flow after some days.
double error_of_steady_flow(const char* angle, int n_lon, double dt, double days, const char* scheme = "s5",
                            const char* time_scheme = "fb_rk3") {
  DycoreOptions options = shallow(dt);
  options.vorticity_flux = scheme;
  options.time_scheme = time_scheme;
  DynamicsRun run(options, {{"name", "williamson_2"}, {"angle_degrees", angle}}, test::alone(n_lon, n_lon / 2),
                  Planet(), single_layer());
  const auto start = Kokkos::create_mirror(Kokkos::HostSpace(), run.fields.get(field::depth).data());
  Kokkos::deep_copy(start, run.fields.get(field::depth).data());
  run.run_days(days);
  return test::relative_l2(run.grid, run.on_host(field::depth), start);
}

TEST(ShallowWater, steady_flow_converges_with_second_order_at_any_angle) {
  for (const char* angle : {"0", "45", "90"}) {
    const double coarse = error_of_steady_flow(angle, 48, 1440, 1), fine = error_of_steady_flow(angle, 96, 720, 1);
    EXPECT_GE(std::log2(coarse / fine), 1.9) << "angle " << angle;
  }
}

// Errors of an independent program with the same formulas, 96 x 48, five days (docs/numerics/dynamics.md).
TEST(ShallowWater, steady_flow_over_the_poles_has_the_known_errors) {
  EXPECT_NEAR(error_of_steady_flow("90", 96, 900, 5, "s5") / 5.67e-4, 1, 0.03);
  EXPECT_NEAR(error_of_steady_flow("90", 96, 900, 5, "sen") / 4.72e-4, 1, 0.03);
  EXPECT_NEAR(error_of_steady_flow("90", 96, 600, 5, "s5", "rk3") / 5.67e-4, 1, 0.03);
}

/// Relative change of energy of a Rossby-Haurwitz wave in a day, filter off.
double energy_change(const char* scheme, const char* time_scheme, double dt) {
  DycoreOptions options = shallow(dt);
  options.vorticity_flux = scheme;
  options.time_scheme = time_scheme;
  options.polar_filter = false;
  DynamicsRun run(options, {{"name", "williamson_6"}}, test::alone(32, 16), Planet(), single_layer());
  const double start = run.dycore.budgets().energy;
  run.run_days(1);
  return run.dycore.budgets().energy / start - 1;
}

TEST(ShallowWater, energy_errors_are_those_of_the_time_scheme_alone) {
  if (sizeof(Real) == 4) GTEST_SKIP() << "round-off of the energy, 6e-8, is larger than the changes to measure, 1e-10";
  for (const char* scheme : {"s5", "een", "sen"}) {
    const double order = std::log2(energy_change(scheme, "rk3", 80) / energy_change(scheme, "rk3", 40));
    EXPECT_GE(order, 2.8) << scheme;
    EXPECT_LT(std::abs(energy_change(scheme, "rk3", 40)), 2e-10) << scheme;  // 9e-11 for s5
    // The forward-backward weights are third order for linear waves, second order for the nonlinear energy.
    const double forward_backward =
        std::log2(energy_change(scheme, "fb_rk3", 80) / energy_change(scheme, "fb_rk3", 40));
    EXPECT_GE(forward_backward, 1.9) << scheme;
  }
}

TEST(ShallowWater, mass_is_kept_to_round_off) {
  DynamicsRun run(shallow(800), {{"name", "williamson_5"}}, test::alone(48, 24), Planet(), single_layer());
  const double start = run.dycore.budgets().mass;
  run.run_days(3);
  EXPECT_NEAR(run.dycore.budgets().mass / start, 1, sizeof(Real) == 8 ? 1e-14 : 1e-6);
}

TEST(ShallowWater, hemispheres_and_the_fourfold_wave_stay_symmetric) {
  const int n_lon = 64, n_lat = 32;
  DynamicsRun run(shallow(600), {{"name", "williamson_6"}}, test::alone(n_lon, n_lat), Planet(), single_layer());
  run.run_days(2);
  const auto h = run.on_host(field::depth);
  double mirror = 0, fourfold = 0;
  for (int j = 0; j < n_lat; ++j) {
    for (int i = 0; i < n_lon; ++i) {
      const double here = h(0, j + halo_width, i + halo_width);
      mirror = std::max(mirror, std::abs(here - h(0, n_lat - 1 - j + halo_width, i + halo_width)));
      fourfold = std::max(fourfold, std::abs(here - h(0, j + halo_width, (i + n_lon / 4) % n_lon + halo_width)));
    }
  }
  const double bound = sizeof(Real) == 8 ? 1e-9 : 1.0;  // m, of 10 000 m; round-off of 288 steps
  EXPECT_LT(mirror, bound);
  EXPECT_LT(fourfold, bound);
}

TEST(ShallowWater, a_zonal_flow_stays_zonal) {
  DynamicsRun run(shallow(720), {{"name", "galewsky"}, {"perturbation_m", "0"}}, test::alone(72, 36), Planet(),
                  single_layer());
  run.run_days(2);
  const auto h = run.on_host(field::depth);
  double largest = 0;
  for (int j = 0; j < 36; ++j) {
    for (int i = 1; i < 72; ++i) {
      largest =
          std::max(largest, std::abs(double(h(0, j + halo_width, i + halo_width)) - h(0, j + halo_width, halo_width)));
    }
  }
  EXPECT_LT(largest, sizeof(Real) == 8 ? 1e-8 : 5.0);
}

TEST(ShallowWater, viscosity_damps_the_jet_as_the_reference_does) {
  DycoreOptions options = shallow(400);
  options.viscosity_m2_per_s = 1e5;
  DynamicsRun run(options, {{"name", "galewsky"}, {"perturbation_m", "0"}}, test::alone(144, 72), Planet(),
                  single_layer());
  const auto start = run.dycore.budgets();
  run.run_days(1);
  // Spectral reference: the energy loses 1.21e-4 and the potential enstrophy 9.43e-3 on the first day.
  EXPECT_NEAR((run.dycore.budgets().energy / start.energy - 1) / -1.21e-4, 1, 0.05);
  EXPECT_NEAR((run.dycore.budgets().enstrophy / start.enstrophy - 1) / -9.43e-3, 1, 0.15);
}

TEST(ShallowWater, a_destroyed_sign_is_seen_by_the_steady_flow) {  // the test above can fail: a canary
  DycoreOptions options = shallow(1440);
  Planet backwards;
  backwards.rotation_rate_per_s *= -1;
  DynamicsRun run(options, {{"name", "williamson_2"}, {"angle_degrees", "0"}}, test::alone(48, 24), Planet(),
                  single_layer());
  const auto coriolis = run.fields.get(field::coriolis_parameter);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), coriolis.data());
  for (std::size_t n = 0; n < host.size(); ++n) host.data()[n] *= Real(0.99);
  Kokkos::deep_copy(coriolis.data(), host);
  const auto start = Kokkos::create_mirror(Kokkos::HostSpace(), run.fields.get(field::depth).data());
  Kokkos::deep_copy(start, run.fields.get(field::depth).data());
  run.run_days(1);
  EXPECT_GT(test::relative_l2(run.grid, run.on_host(field::depth), start), 1e-3);
}

}  // namespace
}  // namespace meridian
