#include <gtest/gtest.h>

#include "grid/exact_sum.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

using test::DynamicsRun;

const std::map<std::string, std::string> wave = {{"name", "jablonowski_williamson"}};

DycoreOptions hydrostatic(int remap_every) {
  DycoreOptions options;
  options.dt_s = 1200;
  options.remap_every = remap_every;
  options.sponge = 0.5;
  options.viscosity_m2_per_s = 1e4;
  return options;
}

std::vector<double> mountains(int n_lon, int n_lat) {
  std::vector<double> altitude;
  for (int j = 0; j < n_lat; ++j) {
    for (int i = 0; i < n_lon; ++i) altitude.push_back(500 + 400 * std::sin(0.7 * i) * std::cos(0.9 * j));
  }
  return altitude;
}

std::uint64_t hash_after(const DycoreOptions& options, const std::map<std::string, std::string>& initial,
                         const Block& block, const VerticalCoordinate& levels, int steps,
                         const std::vector<double>& altitude, const std::vector<Tracer>& tracers) {
  DynamicsRun run(options, initial, block, Planet(), levels, altitude, tracers);
  for (const Tracer& tracer : tracers) test::fill_with_bumps(run.grid, run.fields.find(tracer.name)->data);
  run.dycore.start();
  for (int n = 0; n < steps; ++n) run.step();
  const DynamicsSummary summary = run.dycore.summary();
  EXPECT_TRUE(summary.finite);
  return state_hash(run.fields, steps);
}

void expect_the_same_bits(const DycoreOptions& options, const std::map<std::string, std::string>& initial, int n_lon,
                          int n_lat, const VerticalCoordinate& levels, int steps,
                          const std::vector<double>& altitude = {}, const std::vector<Tracer>& tracers = {}) {
  int ranks = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const auto alone = hash_after(options, initial, test::alone(n_lon, n_lat), levels, steps, altitude, tracers);
  for (const Layout& layout : allowed_layouts(n_lon, n_lat, ranks)) {
    const Block block = make_block(n_lon, n_lat, layout, MPI_COMM_WORLD);
    EXPECT_EQ(hash_after(options, initial, block, levels, steps, altitude, tracers), alone)
        << layout.ranks_lon << "x" << layout.ranks_lat;
  }
}

TEST(Dynamics, hydrostatic_steps_have_the_same_bits_on_any_layout) {
  DycoreOptions options = hydrostatic(2);
  options.dt_s = 600;
  expect_the_same_bits(options, wave, 120, 30, read_levels("L26", 1e5), 9);  // four filter blocks in each row
}

TEST(Dynamics, mountains_near_the_poles_and_uneven_rows_change_nothing) {
  DycoreOptions options = hydrostatic(3);
  options.remap_reference_k = 200;
  expect_the_same_bits(options, {{"name", "rest"}, {"profile", "isothermal"}}, 40, 31, read_levels("L26", 1e5), 7,
                       mountains(40, 31));
}

TEST(Dynamics, shallow_water_steps_have_the_same_bits_on_any_layout) {
  DycoreOptions options;
  options.equations = "shallow_water";
  options.dt_s = 900;
  options.viscosity_m2_per_s = 1e5;
  expect_the_same_bits(options, {{"name", "williamson_2"}, {"angle_degrees", "60"}}, 72, 36, single_layer(), 50);
}

const std::vector<Tracer> three_tracers = {{"a", Limiter::monotone}, {"b", Limiter::none}, {"c", Limiter::positive}};

TEST(Dynamics, tracers_have_the_same_bits_on_any_layout) {
  DycoreOptions options = hydrostatic(2);
  options.dt_s = 600;
  expect_the_same_bits(options, wave, 120, 30, read_levels("L26", 1e5), 5, {}, three_tracers);
}

// The wind crosses up to 100 cells beside the pole, more than the filter blocks, and the ranks, are wide.
TEST(Dynamics, tracers_carried_over_the_poles_have_the_same_bits_on_any_layout) {
  DycoreOptions options;
  options.equations = "shallow_water";
  options.frozen_winds = true;
  options.dt_s = 900;
  options.remap_every = 3;
  expect_the_same_bits(options, {{"name", "rotation"}, {"angle_degrees", "80"}}, 360, 60, single_layer(), 12, {},
                       three_tracers);
}

TEST(Dynamics, a_step_needs_at_most_seven_halo_exchanges) {
  DycoreOptions options = hydrostatic(2);
  int ranks = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const Block block = make_block(48, 30, default_layout(48, 30, ranks), MPI_COMM_WORLD);
  DynamicsRun run(options, wave, block, Planet(), read_levels("L26", 1e5));
  const long before = run.dycore.halo().exchanges();
  for (int n = 0; n < 4; ++n) run.step();
  EXPECT_LE(run.dycore.halo().exchanges() - before, 4 * 7);
  EXPECT_GE(run.dycore.halo().exchanges() - before, 4 * 6);  // it does count

  DynamicsRun moist(options, wave, block, Planet(), read_levels("L26", 1e5), {}, three_tracers);
  const long moist_before = moist.dycore.halo().exchanges();
  for (int n = 0; n < 4; ++n) moist.step();
  EXPECT_LE(moist.dycore.halo().exchanges() - moist_before, 4 * 7);  // any number of tracers
}

}  // namespace
}  // namespace meridian
