#include <gtest/gtest.h>

#include "dycore/tracer_parabola.hpp"
#include "tests/support/carried_tracers.hpp"

namespace meridian {
namespace {

using namespace test;

// Bars: the prototype of the scheme over the poles, 180x90, tracer step 1800 s (docs/numerics/transport.md).
TEST(Transport, bell_and_hill_go_round_the_sphere_at_any_angle) {
  for (const int angle : {0, 45, 90}) {
    Carried c("rotation", angle, 180, 900, 2,
              {tracer("bell", "cosine_bell"), tracer("hill", "gaussian_hill"), tracer("one", "uniform"),
               tracer("cylinder", "slotted_cylinder", "positive")});
    c.run_days(12);
    const Errors bell = c.errors_of("bell"), hill = c.errors_of("hill");
    EXPECT_LE(bell.l1, 4.8e-2) << angle;
    EXPECT_LE(bell.l2, 5.7e-2) << angle;
    EXPECT_LE(bell.linf, angle == 45 ? 9.8e-2 : 8.8e-2) << angle;  // 45: the peak is clipped along both directions
    EXPECT_LE(hill.l1, 5.6e-3) << angle;
    EXPECT_LE(hill.l2, 9.9e-3) << angle;
    EXPECT_LE(hill.linf, 3.0e-2) << angle;
    EXPECT_EQ(c.now("one").lowest(), 1) << angle;
    EXPECT_EQ(c.now("one").highest(), 1) << angle;
    EXPECT_GE(c.now("bell").lowest(), 0) << angle;
    EXPECT_LE(c.now("bell").highest(), c.start.at("bell").highest() * (1 + round_off)) << angle;
    EXPECT_GE(c.now("cylinder").lowest(), 0) << angle;
    for (const char* name : {"bell", "hill", "cylinder"})
      EXPECT_NEAR(c.mass_change(name), 0, round_off) << name << angle;
  }
}

TEST(Transport, unlimited_transport_leaves_the_range_and_shows_that_the_bounds_are_tested) {
  Carried c("rotation", 45, 96, 900, 2, {tracer("cylinder", "slotted_cylinder", "none")});
  c.run_days(2);
  EXPECT_LT(c.now("cylinder").lowest(), -0.01);
  EXPECT_GT(c.now("cylinder").highest(), 1.01);
  EXPECT_NEAR(c.mass_change("cylinder"), 0, round_off);
}

TEST(Transport, a_smooth_hill_converges_with_third_order_without_limiter) {
  double l2[2];
  for (int n = 0; n < 2; ++n) {
    Carried c("rotation", 30, n == 0 ? 60 : 120, n == 0 ? 1800 : 900, 2, {tracer("hill", "gaussian_hill", "none")});
    c.run_days(12);
    l2[n] = c.errors_of("hill").l2;
  }
  EXPECT_GE(std::log2(l2[0] / l2[1]), 2.5);
}

TEST(Transport, linear_relations_of_tracers_are_kept) {
  Carried c("rotation", 70, 96, 900, 2, {tracer("a", "slotted_cylinders"), tracer("b", "slotted_cylinders")});
  // b = 2 - 1.5 a
  const Array3<Real> a = c.run.fields.find("a")->data, b = c.run.fields.find("b")->data;
  const auto host_a = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), a);
  const auto host_b = Kokkos::create_mirror_view(b);
  for (std::size_t n = 0; n < host_a.size(); ++n) host_b.data()[n] = Real(2) - Real(1.5) * host_a.data()[n];
  Kokkos::deep_copy(b, host_b);
  c.run_days(6);
  const Snapshot end_a = c.now("a"), end_b = c.now("b");
  for (std::size_t n = 0; n < end_a.values.size(); ++n) {
    ASSERT_NEAR(end_b.values[n], 2 - 1.5 * end_a.values[n], sizeof(Real) == 8 ? 1e-11 : 1e-3);
  }
}

// Polar Courant numbers of 9, 18 and 36.
TEST(Transport, steps_of_any_polar_courant_number_have_about_the_same_errors) {
  double l2[3];
  for (int n = 0; n < 3; ++n) {
    Carried c("rotation", 90, 180, 450 << n, 2, {tracer("hill", "gaussian_hill")});
    c.run_days(12);
    l2[n] = c.errors_of("hill").l2;
    EXPECT_GE(c.run.dycore.transport().merged()[0] * c.run.dycore.transport().substeps(), 9 << n);
  }
  EXPECT_LE(l2[1], 1.5 * l2[0]);
  EXPECT_LE(l2[2], 1.5 * l2[0]);
}

TEST(Transport, a_strong_meridional_wind_takes_several_steps) {
  Carried c("rotation", 90, 96, 2400, 4, {tracer("hill", "gaussian_hill"), tracer("one", "uniform")});
  c.run_days(4. / 3);
  EXPECT_GT(c.run.dycore.transport().substeps(), 1);
  EXPECT_EQ(c.now("one").lowest(), 1);
  EXPECT_NEAR(c.mass_change("hill"), 0, round_off);
  EXPECT_GE(c.now("hill").lowest(), 0);
}

TEST(Transport, a_wave_with_polar_filter_and_remap_keeps_a_uniform_tracer_and_tracer_mass) {
  DycoreOptions options;
  options.dt_s = 1200;
  const std::vector<TracerOptions> tracers = {tracer("one", "uniform"), tracer("cylinders", "slotted_cylinders"),
                                              tracer("q1", "dcmip_11_q1", "positive")};
  DynamicsRun run(options, {{"name", "ullrich"}, {"angle_degrees", "45"}}, alone(96, 48), Planet(),
                  read_levels("L26", 1e5), {}, Carried::list(tracers));
  fill_tracers(tracers, run.grid, run.fields, 0);
  run.dycore.start();
  const Snapshot mass(run, "air_pressure_thickness"), cylinders(run, "cylinders"), q1(run, "q1");
  run.run_days(4);
  const Snapshot mass_end(run, "air_pressure_thickness");
  const Snapshot one(run, "one"), cylinders_end(run, "cylinders"), q1_end(run, "q1");
  EXPECT_EQ(one.lowest(), 1);
  EXPECT_EQ(one.highest(), 1);
  EXPECT_NEAR(cylinders_end.sum_with(mass_end) / cylinders.sum_with(mass), 1, round_off);
  EXPECT_NEAR(q1_end.sum_with(mass_end) / q1.sum_with(mass), 1, round_off);
  EXPECT_GE(cylinders_end.lowest(), 0.1 * (1 - round_off));
  EXPECT_LE(cylinders_end.highest(), 1 + round_off);
  EXPECT_GE(q1_end.lowest(), 0);
}

TEST(TracerParabola, is_exact_for_a_parabola_and_flat_where_limited) {
  const auto mean = [](double x) { return 3 + 2 * x + x * x + 1. / 12; };  // over a cell about x
  const auto p = tracer_parabola<Limiter::none>(mean(-2), mean(-1), mean(0), mean(1), mean(2));
  EXPECT_NEAR(mean(0) + p.low, 3 - 1 + 0.25, 1e-5);
  EXPECT_NEAR(mean(0) + p.high, 3 + 1 + 0.25, 1e-5);
  EXPECT_NEAR(p.mean_between(0, 1), 0, 1e-5);
  EXPECT_NEAR(p.mean_of_high_part(0.25), p.mean_between(0.75, 1), 1e-5);
  const auto peak = tracer_parabola<Limiter::monotone>(0, 1, 5, 2, 0);
  EXPECT_EQ(peak.low, 0);
  EXPECT_EQ(peak.high, 0);
  const auto edge = tracer_parabola<Limiter::positive>(9, 4, 0, 0, 0);
  for (double t = 0; t < 0.95; t += 0.05) EXPECT_GE(edge.mean_between(t, t + 0.05), -1e-5) << t;
}

}  // namespace
}  // namespace meridian
