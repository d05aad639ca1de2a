// Values of all ranks come to the ranks that write, whatever the layout and their number.
#include <gtest/gtest.h>

#include "io/writers.hpp"
#include "tests/support/layouts.hpp"

namespace meridian {
namespace {

constexpr int n_lon = 24, n_lat = 30;

double value(int k, int j, int i) { return 1e4 * k + 100 * j + i; }

/// The owned values of a block, (k, j, i).
std::vector<double> values_of(const Block& block, int n_k) {
  std::vector<double> values;
  for (int k = 0; k < n_k; ++k) {
    for (int j = 0; j < block.ny; ++j) {
      for (int i = 0; i < block.nx; ++i) values.push_back(value(k, block.j_first + j, block.i_first + i));
    }
  }
  return values;
}

TEST(Writers, EachHasItsShareOfWholeLevelsWithEveryValueInItsPlace) {
  test::for_each_layout(n_lon, n_lat, [](const Block& block) {
    for (int count = 1; count <= block.n_ranks; ++count) {
      const Writers writers(count, block);
      for (const auto& [n_k, chunk] : {std::pair(1, 1), std::pair(7, 1), std::pair(7, 3), std::pair(7, 7)}) {
        const Levels share = writers.share(n_k, chunk);
        const std::vector<double> whole = writers.gather(values_of(block, n_k).data(), n_k, chunk);
        ASSERT_EQ(whole.size(), static_cast<std::size_t>(share.count * n_lat * n_lon));
        std::size_t at = 0;
        for (int k = 0; k < share.count; ++k) {
          for (int j = 0; j < n_lat; ++j) {
            for (int i = 0; i < n_lon; ++i) ASSERT_EQ(whole[at++], value(share.first + k, j, i));
          }
        }
        EXPECT_TRUE(share.count == 0 || share.first % chunk == 0);
        int levels = 0;
        MPI_Allreduce(&share.count, &levels, 1, MPI_INT, MPI_SUM, block.world);
        EXPECT_EQ(levels, n_k);  // each level once: shares of all writers meet
      }
    }
  });
}

TEST(Writers, AreAsManyAsAskedForAndKnownByTheirRank) {
  const Block block = make_block(n_lon, n_lat, allowed_layouts(n_lon, n_lat, test::n_ranks()).front(), MPI_COMM_WORLD);
  for (int count = 1; count <= block.n_ranks; ++count) {
    const Writers writers(count, block);
    EXPECT_EQ(writers.writes(), Writers::is_writer(block.rank, count, block.n_ranks));
    int here = writers.writes() ? 1 : 0, all = 0;
    MPI_Allreduce(&here, &all, 1, MPI_INT, MPI_SUM, block.world);
    EXPECT_EQ(all, count);
    if (!writers.writes()) continue;
    int size = 0;
    MPI_Comm_size(writers.communicator(), &size);
    EXPECT_EQ(size, count);
    EXPECT_EQ(block.rank == 0, [&] {
      int index = -1;
      MPI_Comm_rank(writers.communicator(), &index);
      return index == 0;
    }());  // the first one makes directories and renames
  }
}

}  // namespace
}  // namespace meridian
