#include <gtest/gtest.h>

#include <cmath>

#include "grid/loop.hpp"
#include "grid/ring.hpp"
#include "grid/zonal_sum.hpp"
#include "tests/support/layouts.hpp"

namespace meridian {
namespace {

constexpr int n_lon = 300,
              n_lat = 60;  // 5 filter blocks in a half circle: 4 ranks own different numbers of them

KOKKOS_FUNCTION double value(int item, int block, int word) { return 1e6 * item + 100 * block + word + 0.25; }

void fill(const Array1<double>& mine, const Ring& ring, int n_items, int words) {
  const int my_blocks = ring.my_blocks(), first = ring.first_block();
  for_range(
      "test/fill", n_items * my_blocks * words,
      KOKKOS_LAMBDA(int n) { mine(n) = value(n / words / my_blocks, first + n / words % my_blocks, n % words); });
}

TEST(Ring, gathers_the_blocks_of_the_circle_in_order) {
  test::for_each_layout(n_lon, n_lat, [](const Block& block) {
    Ring ring(block);
    ASSERT_EQ(ring.blocks(), 10);
    for (const auto& [n_items, words] : {std::pair{1, 1}, {7, 3}, {2, 5}, {26, 4}, {3, 1}}) {
      fill(ring.mine(n_items, words), ring, n_items, words);
      const auto all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ring.gather(n_items, words));
      ASSERT_GE(all.extent(0), static_cast<std::size_t>(n_items * 10 * words));
      for (int n = 0; n < n_items * 10 * words; ++n) {
        ASSERT_EQ(all(n), value(n / words / 10, n / words % 10, n % words))
            << n << " of layout " << block.layout.ranks_lon;
      }
    }
    EXPECT_EQ(ring.gathers(), 5);
    EXPECT_EQ(ring.received().messages, 5 * (block.layout.ranks_lon - 1));
  });
}

TEST(Ring, allocates_for_larger_sizes_only) {
  test::for_each_layout(n_lon, n_lat, [](const Block& block) {
    Ring ring(block);
    ring.mine(9, 3);
    const double* mine = ring.mine(9, 3).data();
    const double* all = ring.gather(9, 3).data();
    EXPECT_EQ(ring.mine(5, 2).data(), mine);
    EXPECT_EQ(ring.gather(5, 2).data(), all);
    EXPECT_EQ(ring.mine(9, 3).data(), mine);
  });
}

KOKKOS_FUNCTION double term(int item, int i) {
  return Kokkos::sin(1.0 + 0.7 * i * (item + 1)) * (item % 2 ? 1e-9 : 1e6);
}

std::vector<double> sums_of(const Block& block, int n_items) {
  ZonalSum zonal_sum(block);
  const int i_first = block.i_first;
  const auto sums =
      zonal_sum("test/zonal_sum", n_items, KOKKOS_LAMBDA(int item, int i) { return term(item, i_first + i); });
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sums);
  return {host.data(), host.data() + n_items};
}

TEST(ZonalSum, has_the_same_bits_on_every_layout) {
  constexpr int n_items = 12;
  const std::vector<double> alone = sums_of(test::whole_grid(n_lon, n_lat), n_items);
  const int length = filter_block_length(n_lon);
  for (int item = 0; item < n_items; ++item) {
    double expected = 0;
    for (int first = 0; first < n_lon; first += length) {
      double partial = 0;
      for (int i = first; i < first + length; ++i) partial += term(item, i);
      expected += partial;
    }
    if constexpr (on_device) {
      EXPECT_NEAR(alone[item], expected, 1e-13 * n_lon * std::abs(term(item, 0)));  // another sine
    } else {
      EXPECT_EQ(alone[item], expected);
    }
  }
  test::for_each_layout(n_lon, n_lat, [&](const Block& block) { EXPECT_EQ(sums_of(block, n_items), alone); });
}

}  // namespace
}  // namespace meridian
