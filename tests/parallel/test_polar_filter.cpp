#include <gtest/gtest.h>

#include "dycore/polar_filter.hpp"
#include "tests/support/tendencies.hpp"

namespace meridian {
namespace {

using test::filtered;
using test::noise_field;
using test::OnHost;

Grid grid_of(int n_lon, int n_lat, const Layout& layout, MPI_Comm communicator) {
  return Grid(make_block(n_lon, n_lat, layout, communicator), Planet{}, VerticalCoordinate{});
}

std::vector<Layout> layouts(int n_lon, int n_lat) {
  int n_ranks = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  return allowed_layouts(n_lon, n_lat, n_ranks);
}

template <class P>
long count_differences(const Block& block, const Field<P>& part, const Field<P>& whole) {
  const OnHost<P> here(part), there(whole);
  long differences = 0;
  for (int k = 0; k < part.n_levels(); ++k) {
    for (int j = 0; j < block.ny; ++j) {
      for (int i = 0; i < block.nx; ++i) {
        differences += here(k, j, i) != there(k, block.j_first + j, block.i_first + i);
      }
    }
  }
  return differences;
}

void expect_the_same_bits(int n_lon, int n_lat, int n_k) {
  const Grid whole = grid_of(n_lon, n_lat, {1, 1}, MPI_COMM_SELF);
  PolarFilter on_whole(whole);
  const auto expected = filtered(on_whole, whole.block, noise_field<XFace>(whole.block, n_k, 1),
                                 noise_field<YFace>(whole.block, n_k, 2), n_k);
  ASSERT_FALSE(layouts(n_lon, n_lat).empty());
  for (const Layout& layout : layouts(n_lon, n_lat)) {
    const Grid grid = grid_of(n_lon, n_lat, layout, MPI_COMM_WORLD);
    PolarFilter filter(grid);
    const auto result = filtered(filter, grid.block, noise_field<XFace>(grid.block, n_k, 1),
                                 noise_field<YFace>(grid.block, n_k, 2), n_k);
    const std::string where = std::to_string(layout.ranks_lon) + "x" + std::to_string(layout.ranks_lat);
    EXPECT_EQ(count_differences(grid.block, result.a, expected.a), 0) << where;
    EXPECT_EQ(count_differences(grid.block, result.b, expected.b), 0) << where;
  }
}

TEST(PolarFilterInParallel, has_the_same_bits_on_every_layout) { expect_the_same_bits(180, 36, 5); }
// The reach of the rows is 1 to 24 blocks here, of 30 columns: less than a rank has, some ranks, the whole circle.
TEST(PolarFilterInParallel, has_the_same_bits_where_rows_reach_different_ranks) { expect_the_same_bits(720, 90, 2); }

TEST(PolarFilterInParallel, receives_the_blocks_in_reach_and_no_others) {
  for (const Layout& layout : layouts(720, 90)) {
    const Grid grid = grid_of(720, 90, layout, MPI_COMM_WORLD);
    const Block& block = grid.block;
    PolarFilter filter(grid);
    filtered(filter, block, noise_field<Cell>(block, 3, 1), noise_field<Cell>(block, 3, 2), 3);
    long sums = 0;  // f of the blocks in the west and g of those in the east, of other ranks
    for (const int reach : PolarFilter::reach_of_rows(block)) {
      sums += 2 * std::min(reach, block.blocks_per_row() - block.nx / block.filter_block);
    }
    if (layout.ranks_lon == 1) sums = 0;
    EXPECT_EQ(filter.sums().received().bytes, static_cast<double>(sums * 2 * 6) * sizeof(double));
  }
}

TEST(PolarFilterInParallel, sends_as_many_messages_for_many_levels_as_for_one) {
  for (const Layout& layout : layouts(180, 36)) {
    const Grid grid = grid_of(180, 36, layout, MPI_COMM_WORLD);
    PolarFilter filter(grid);
    filtered(filter, grid.block, noise_field<Cell>(grid.block, 1, 1), noise_field<Cell>(grid.block, 1, 2), 1);
    const double for_one = filter.sums().received().messages;
    filtered(filter, grid.block, noise_field<Cell>(grid.block, 9, 1), noise_field<Cell>(grid.block, 9, 2), 9);
    EXPECT_EQ(filter.sums().received().messages, 2 * for_one);
    EXPECT_EQ(for_one > 0, layout.ranks_lon > 1);
  }
}

}  // namespace
}  // namespace meridian
