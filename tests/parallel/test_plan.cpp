#include <gtest/gtest.h>

#include "driver/model.hpp"
#include "driver/plan.hpp"
#include "tests/support/layouts.hpp"

namespace meridian {
namespace {

/// A case of 240 x 48 cells, where each half circle has four filter blocks.
Case case_of(const std::string& more) {
  const std::string text =
      "title: Plan\ntime: {run_steps: 8}\ngrid: {n_lon: 240, n_lat: 48}\nlog: {format: none}\n" + more;
  return parse_case({"plan", "plan.yaml", text}, {});
}

const char* const hydrostatic = R"(dycore: {dt_s: 300, remap_every: 2, sponge: 0.5}
initial: {name: ullrich}
physics: {suite: [held_suarez]}
)";
const char* const shallow_water = R"(dycore: {equations: shallow_water, dt_s: 200}
initial: {name: williamson_6}
)";
const char* const carried = R"(dycore: {dt_s: 100, remap_every: 3}
initial: {name: ullrich}
tracers: [{name: a}, {name: b, limiter: none}]
)";

/// Relative bar of 2 %: what the project asks for.
void expect_near(const char* what, double announced, double counted) {
  EXPECT_NEAR(announced, counted, 0.02 * counted) << what;
}

/// Announced and counted messages and bytes of every rank, on each layout of the ranks of this test.
void expect_the_announced_messages(Case c) {
  const Plan plan(c);
  for (const Layout& layout : allowed_layouts(c.grid.n_lon, c.grid.n_lat, test::n_ranks())) {
    SCOPED_TRACE(std::to_string(layout.ranks_lon) + "x" + std::to_string(layout.ranks_lat));
    c.parallel.ranks_lon = layout.ranks_lon;
    c.parallel.ranks_lat = layout.ranks_lat;
    Model model(c, "output", "");
    model.start_without_output();
    const Dycore& dycore = model.dycore();
    const long steps = 4 * c.dycore.remap_every, exchanges = dycore.halo().exchanges();
    const Traffic before = dycore.halo().sent();
    const auto other_bytes = [&] {
      return dycore.poles().ring().received().bytes + dycore.transport().ring().received().bytes;
    };
    const double other_bytes_before = other_bytes();
    for (long n = 0; n < steps; ++n) model.advance();
    const double n = static_cast<double>(steps);
    const RankCost cost = plan.cost_of(layout, model.grid().block.rank, 1);
    expect_near("exchanges", n * plan.exchanges(), static_cast<double>(dycore.halo().exchanges() - exchanges));
    expect_near("messages of halos", n * cost.halo.all().messages, dycore.halo().sent().messages - before.messages);
    expect_near("bytes of halos", n * cost.halo.all().bytes, dycore.halo().sent().bytes - before.bytes);
    const Traffic& filter = dycore.filter().sums().received();
    double filter_exchanges = 0;
    for (const auto& [lines, times] : dycore.filter().exchanges_by_lines())
      filter_exchanges += static_cast<double>(times);
    expect_near("exchanges of the filter", n * plan.filter_exchanges(), filter_exchanges);
    expect_near("messages of the filter", n * cost.filter.all().messages, filter.messages);
    expect_near("bytes of the filter", n * cost.filter.all().bytes, filter.bytes);
    expect_near("bytes of other sums", n * cost.others.all().bytes, other_bytes() - other_bytes_before);
    EXPECT_EQ(cost.halo.all().bytes > 0, test::n_ranks() > 1);
    EXPECT_EQ(cost.filter.all().bytes > 0, layout.ranks_lon > 1);
  }
}

TEST(Plan, a_hydrostatic_run_sends_what_was_announced) { expect_the_announced_messages(case_of(hydrostatic)); }
TEST(Plan, a_shallow_water_run_sends_what_was_announced) { expect_the_announced_messages(case_of(shallow_water)); }
TEST(Plan, a_run_with_tracers_sends_what_was_announced) { expect_the_announced_messages(case_of(carried)); }

TEST(Plan, memory_is_that_of_the_arrays) {
  const Case c = case_of(hydrostatic);
  const Plan plan(c);
  const Model model(c, "output", "");
  const Block& block = model.grid().block;
  double bytes = 0;
  for (const FieldSet::Entry& entry : model.fields().entries()) {
    bytes += static_cast<double>(entry.data.size()) * sizeof(Real);
  }
  for (const auto& arrays : {model.dycore().work_arrays(), model.suite().work_arrays()}) {
    for (const auto& array : arrays) bytes += static_cast<double>(array.size()) * sizeof(Real);
  }
  const RankCost cost = plan.cost_of(block.layout, block.rank, 1);
  double announced = 0;
  for (const Share& share : cost.memory) {
    const bool other = share.name == "output streams" || share.name == "messages of halos" ||
                       share.name == "polar filter" || share.name == "copies while writing";
    if (!other) announced += share.amount;
  }
  EXPECT_DOUBLE_EQ(announced, bytes);
}

TEST(Plan, words_of_a_block_are_those_of_its_launches) {
  const Case c = case_of(hydrostatic);
  const Plan plan(c);
  Model model(c, "output", "");
  model.start_without_output();
  const long steps = 2 * c.dycore.remap_every;
  const LaunchLog log;
  for (long n = 0; n < steps; ++n) model.advance();
  double words = 0;
  for (const Launch& launch : log.launches()) {
    words +=
        (launch.kernel.read + launch.kernel.written) * launch.n_k * std::max(1, launch.n_j) * std::max(1, launch.n_i);
  }
  const Block& block = model.grid().block;
  const RankCost cost = plan.cost_of(block.layout, block.rank, 1);
  const double packed = 4 * (cost.halo.all().bytes + cost.filter.all().bytes) / sizeof(Real);
  EXPECT_NEAR(static_cast<double>(steps) * (cost.words - packed), words, 0.02 * words);
}

TEST(Plan, the_filter_of_a_fine_grid_is_counted_with_its_long_blocks) {
  Case c = case_of(shallow_water);
  c.grid.n_lon = 3600;
  c.grid.n_lat = 1800;
  c.dycore.dt_s = 20;
  const Plan plan(c);
  for (const Share& kernel : plan.words_per_cell()) {
    if (kernel.name != "dycore/polar_filter_sweep") continue;
    // Depth, u and v in three stages: each value read and written, four sums of each block written.
    EXPECT_NEAR(kernel.amount, 9 * (2 + 4.0 / 45 * words_of_double), 1e-3);
    return;
  }
  FAIL() << "no filter";
}

}  // namespace
}  // namespace meridian
