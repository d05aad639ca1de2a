#include <gtest/gtest.h>

#include "dycore/polar_filter.hpp"
#include "tests/support/tendencies.hpp"

namespace meridian {
namespace {

using test::filtered;
using test::noise_field;
using test::OnHost;

constexpr int n_lon = 180, n_lat = 36;

Grid grid_of(const Layout& layout, MPI_Comm communicator) {
  return Grid(make_block(n_lon, n_lat, layout, communicator), Planet{}, VerticalCoordinate{});
}

std::vector<Layout> layouts() {
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

TEST(PolarFilterInParallel, has_the_same_bits_on_every_layout) {
  constexpr int n_k = 5;
  const Grid whole = grid_of({1, 1}, MPI_COMM_SELF);
  PolarFilter on_whole(whole);
  const auto expected = filtered(on_whole, whole.block, noise_field<XFace>(whole.block, n_k, 1),
                                 noise_field<YFace>(whole.block, n_k, 2), n_k);
  ASSERT_FALSE(layouts().empty());
  for (const Layout& layout : layouts()) {
    const Grid grid = grid_of(layout, MPI_COMM_WORLD);
    PolarFilter filter(grid);
    const auto result = filtered(filter, grid.block, noise_field<XFace>(grid.block, n_k, 1),
                                 noise_field<YFace>(grid.block, n_k, 2), n_k);
    const std::string where = std::to_string(layout.ranks_lon) + "x" + std::to_string(layout.ranks_lat);
    EXPECT_EQ(count_differences(grid.block, result.a, expected.a), 0) << where;
    EXPECT_EQ(count_differences(grid.block, result.b, expected.b), 0) << where;
  }
}

TEST(PolarFilterInParallel, sends_as_many_messages_for_many_levels_as_for_one) {
  for (const Layout& layout : layouts()) {
    const Grid grid = grid_of(layout, MPI_COMM_WORLD);
    PolarFilter filter(grid);
    filtered(filter, grid.block, noise_field<Cell>(grid.block, 1, 1), noise_field<Cell>(grid.block, 1, 2), 1);
    const long for_one = filter.gathers();
    filtered(filter, grid.block, noise_field<Cell>(grid.block, 9, 1), noise_field<Cell>(grid.block, 9, 2), 9);
    EXPECT_EQ(filter.gathers(), 2 * for_one);
    EXPECT_EQ(filter.ring().received().messages > 0, layout.ranks_lon > 1);
  }
}

}  // namespace
}  // namespace meridian
