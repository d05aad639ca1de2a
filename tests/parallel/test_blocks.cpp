// Neighbours and extents of the blocks of all layouts, as the ranks see them.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/layouts.hpp"

namespace meridian {
namespace {

/// Every rank's value, in the order of ranks.
std::vector<int> of_all(const Block& block, int value) {
  std::vector<int> values(block.n_ranks);
  MPI_Allgather(&value, 1, MPI_INT, values.data(), 1, MPI_INT, block.world);
  return values;
}

TEST(Blocks, neighbours_know_each_other) {
  test::for_each_layout(300, 60, [](const Block& block) {
    const auto east = of_all(block, block.east), west = of_all(block, block.west);
    const auto north = of_all(block, block.north), south = of_all(block, block.south);
    const auto i_first = of_all(block, block.i_first), j_first = of_all(block, block.j_first);
    const auto nx = of_all(block, block.nx), ny = of_all(block, block.ny);
    const int r = block.rank;
    EXPECT_EQ(west[block.east], r);
    EXPECT_EQ(east[block.west], r);
    EXPECT_EQ((i_first[r] + nx[r]) % 300, i_first[block.east]);
    EXPECT_EQ(j_first[r], j_first[block.east]);
    if (block.at_north_pole()) {
      EXPECT_EQ(north[block.north], r);
      EXPECT_EQ(j_first[r], j_first[block.north]);
      EXPECT_EQ((i_first[r] + (block.layout.ranks_lon > 1 ? 150 : 0)) % 300, i_first[block.north]);
    } else {
      EXPECT_EQ(south[block.north], r);
      EXPECT_EQ(j_first[r] + ny[r], j_first[block.north]);
      EXPECT_EQ(i_first[r], i_first[block.north]);
    }
    int cells = block.nx * block.ny;
    MPI_Allreduce(MPI_IN_PLACE, &cells, 1, MPI_INT, MPI_SUM, block.world);
    EXPECT_EQ(cells, 300 * 60);
    int place = -1, size = 0;
    MPI_Comm_rank(block.ring, &place);
    MPI_Comm_size(block.ring, &size);
    EXPECT_EQ(place, block.px);
    EXPECT_EQ(size, block.layout.ranks_lon);
  });
}

TEST(Blocks, a_layout_for_another_number_of_ranks_is_refused) {
  try {
    make_block(300, 60, {1, test::n_ranks() + 1}, MPI_COMM_WORLD);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    EXPECT_NE(std::string(error.what()).find("allowed: 1x" + std::to_string(test::n_ranks())), std::string::npos);
  }
}

}  // namespace
}  // namespace meridian
