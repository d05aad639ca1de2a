#include <gtest/gtest.h>

#include <cmath>

#include "cases/prescribed_flow.hpp"
#include "cases/tracers.hpp"
#include "physics/suite.hpp"
#include "physics/terminator.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

constexpr double total = 4e-6;

TEST(Terminator, reaches_the_published_balance) {
  for (const double k1 : {1.0, 0.3, 1e-3}) {
    double cl = 0, cl2 = total / 2;
    for (int n = 0; n < 2000; ++n) {
      const double change = chlorine_tendency(cl, cl2, k1, 1800) * 1800;
      cl += change;
      cl2 -= change / 2;
    }
    const double r = k1 / 4;
    EXPECT_NEAR(cl, std::sqrt(r * r + 2 * r * total) - r, 1e-12 * total) << k1;
    if (k1 == 1) {
      EXPECT_NEAR(cl, 3.999968e-6, 5e-13);  // Lauritzen et al. (2015): under the sun
      EXPECT_NEAR(cl2, 1.599976e-11, 1e-16);
    }
  }
}

TEST(Terminator, is_the_exact_solution_of_its_equations) {
  for (const double k1 : {0.0, 1e-6, 1e-3}) {
    const double dt = 50000;
    double cl = 3e-6, cl2 = (total - cl) / 2;
    const double exact = cl + dt * chlorine_tendency(cl, cl2, k1, dt);
    const int n = 200000;  // midpoint rule, error of order (k dt / n)^2
    for (int m = 0; m < n; ++m) {
      const double h = dt / n;
      const auto slope = [&](double c) { return k1 * (total - c) - 2 * c * c; };
      cl += h * slope(cl + 0.5 * h * slope(cl));
    }
    EXPECT_NEAR(exact, cl, 1e-9 * total) << k1;
  }
}

TEST(Terminator, knows_the_options_and_fields_of_its_page) {
  EXPECT_EQ(Terminator::fields[0].field->short_name, "cl");
  EXPECT_EQ(Terminator::fields[1].field->short_name, "cl2");
}

/// The largest | (cl + 2 cl2) / total - 1 | after some days of deformation and chemistry.
double worst_sum(const std::string& limiter, int days, double share_of_cl2 = 2) {
  std::vector<TracerOptions> tracers(2);
  tracers[0].name = "cl", tracers[0].initial = "terminator_cl", tracers[0].limiter = limiter;
  tracers[1].name = "cl2", tracers[1].initial = "terminator_cl2", tracers[1].limiter = limiter;
  DycoreOptions options;
  options.equations = "shallow_water";
  options.divergence_damping = 0;
  options.frozen_winds = true;
  options.dt_s = 1800;
  options.remap_every = 2;
  test::DynamicsRun run(options, {{"name", "deformation_4"}}, test::alone(80, 40), Planet(), single_layer(), {},
                        {tracers[0].tracer(), tracers[1].tracer()});
  fill_tracers(tracers, run.grid, run.fields, 0);
  Suite::Entries schemes;
  schemes.emplace_back(any_scheme(Terminator{}));
  Suite suite(std::move(schemes), Saturation::clausius, run.grid, run.fields);
  const auto flow = prescribed_flow("deformation_4", Planet(), 0);
  long n = 0;
  run.dycore.prescribe_wind([&](const State& state) {
    flow->set_winds(run.grid, state.mass, (static_cast<double>(n) + 0.5) * options.dt_s, state.u, state.v);
  });
  run.dycore.start();
  for (; n < days * 48; ++n) {
    run.dycore.step(n);
    if (!run.dycore.physics_after(n)) continue;
    suite.run(0, 2 * options.dt_s);
    run.dycore.add_physics(2 * options.dt_s);
    run.dycore.finish_step();
  }
  const auto cl = run.on_host(field::atomic_chlorine), cl2 = run.on_host(field::molecular_chlorine);
  double worst = 0;
  for (int j = halo_width; j < 40 + halo_width; ++j) {
    for (int i = halo_width; i < 80 + halo_width; ++i) {
      worst = std::max(worst, std::abs((cl(0, j, i) + share_of_cl2 * cl2(0, j, i)) / total - 1));
    }
  }
  return worst;
}

TEST(Terminator, transport_without_limiter_keeps_the_sum_to_round_off) {
  EXPECT_LE(worst_sum("none", 12), sizeof(Real) == 8 ? 1e-12 : 1e-4);
}

TEST(Terminator, a_limiter_keeps_the_sum_within_one_per_cent) { EXPECT_LE(worst_sum("monotone", 12), 1e-2); }

TEST(Terminator, a_wrong_sum_is_seen) { EXPECT_GT(worst_sum("none", 1, 1.99), 1e-3); }

}  // namespace
}  // namespace meridian
