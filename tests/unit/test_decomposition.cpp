#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "grid/decomposition.hpp"
#include "tests/support/layouts.hpp"

namespace meridian {
namespace {

std::string words(const std::vector<Layout>& layouts) {
  std::string text;
  for (const Layout& layout : layouts) {
    text += std::to_string(layout.ranks_lon) + "x" + std::to_string(layout.ranks_lat) + " ";
  }
  return text;
}

/// The sentence of a refusal with exit code 78, or "".
template <class Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() == ExitCode::configuration ? error.what() : "";
  }
  return "";
}

TEST(Decomposition, filter_blocks_divide_a_half_circle_and_are_near_30_columns) {
  EXPECT_EQ(filter_block_length(360), 30);
  EXPECT_EQ(filter_block_length(720), 30);
  EXPECT_EQ(filter_block_length(180), 30);
  EXPECT_EQ(filter_block_length(192), 32);
  EXPECT_EQ(filter_block_length(128), 32);
  EXPECT_EQ(filter_block_length(8), 4);
  EXPECT_EQ(filter_block_length(3600), 45);  // fine grids: 80 blocks
  EXPECT_EQ(filter_block_length(12000), 150);
  EXPECT_EQ(filter_block_length(40000), 160);
  EXPECT_EQ(filter_block_length(46), 23);  // a prime half
  EXPECT_EQ(filter_block_length(622), 311);
  for (int n_lon = 8; n_lon <= 2000; n_lon += 2) {
    const int length = filter_block_length(n_lon);
    ASSERT_GE(length, halo_width) << n_lon;
    ASSERT_EQ(n_lon / 2 % length, 0) << n_lon;
    for (int other = 4; other <= n_lon / 2; ++other) {
      if (n_lon / 2 % other != 0) continue;
      ASSERT_LE(std::abs(length - 30), std::abs(other - 30)) << n_lon;
    }
  }
}

TEST(Decomposition, allowed_layouts) {
  EXPECT_EQ(words(allowed_layouts(360, 180, 1)), "1x1 ");
  EXPECT_EQ(words(allowed_layouts(360, 180, 4)), "1x4 2x2 4x1 ");
  EXPECT_EQ(words(allowed_layouts(360, 180, 6)), "1x6 2x3 6x1 ");
  EXPECT_EQ(words(allowed_layouts(360, 180, 3)), "1x3 ");
  EXPECT_EQ(words(allowed_layouts(360, 180, 16)), "1x16 2x8 4x4 8x2 ") << "12 filter blocks";
  EXPECT_EQ(words(allowed_layouts(48, 24, 6)), "2x3 ") << "5 rows a rank, 2 filter blocks";
  EXPECT_EQ(words(allowed_layouts(48, 9, 2)), "2x1 ") << "9 rows are too few for two ranks";
  EXPECT_EQ(words(allowed_layouts(48, 10, 2)), "1x2 2x1 ");
  EXPECT_EQ(words(allowed_layouts(8, 4, 2)), "2x1 ");
  EXPECT_EQ(words(allowed_layouts(8, 4, 3)), "");
}

TEST(Decomposition, every_cell_has_one_owner_and_every_rank_enough_cells) {
  for (const auto& [n_lon, n_lat] :
       {std::pair{360, 180}, {300, 61}, {48, 31}, {192, 96}, {8, 4}, {46, 23}, {1440, 720}}) {
    for (int n_ranks = 1; n_ranks <= 48; ++n_ranks) {
      for (const Layout& layout : allowed_layouts(n_lon, n_lat, n_ranks)) {
        int next = 0;
        for (int px = 0; px < layout.ranks_lon; ++px) {
          const Extent columns = columns_of(n_lon, layout, px);
          ASSERT_EQ(columns.first, next);
          ASSERT_EQ(columns.count % filter_block_length(n_lon), 0);
          ASSERT_GE(columns.count, halo_width);
          next += columns.count;
          if (layout.ranks_lon == 1) continue;
          const Extent across = columns_of(n_lon, layout, (px + layout.ranks_lon / 2) % layout.ranks_lon);
          ASSERT_EQ((columns.first + n_lon / 2) % n_lon, across.first) << "the partner across the pole";
          ASSERT_EQ(columns.count, across.count);
        }
        ASSERT_EQ(next, n_lon);
        next = 0;
        for (int py = 0; py < layout.ranks_lat; ++py) {
          const Extent rows = rows_of(n_lon, n_lat, layout, py);
          ASSERT_EQ(rows.first, next);
          ASSERT_TRUE(layout.ranks_lat == 1 || rows.count >= halo_width + 1);
          next += rows.count;
        }
        ASSERT_EQ(next, n_lat);
      }
    }
  }
}

TEST(Decomposition, ranks_at_the_poles_have_fewer_rows_where_those_cost_more) {
  const auto rows = [](int n_lon, int n_lat, int ranks_lat) {
    std::vector<int> counts;
    for (int py = 0; py < ranks_lat; ++py) counts.push_back(rows_of(n_lon, n_lat, {1, ranks_lat}, py).count);
    return counts;
  };
  EXPECT_EQ(rows(180, 90, 2), (std::vector{45, 45}));
  EXPECT_EQ(rows(46, 20, 4), (std::vector{5, 5, 5, 5})) << "as few as can be";
  for (const auto& [n_lon, n_lat, ranks_lat] : {std::tuple{360, 180, 8}, {3600, 1800, 38}, {12000, 6000, 95}}) {
    const std::vector<int> counts = rows(n_lon, n_lat, ranks_lat);
    for (int py = 0; py < ranks_lat; ++py) {
      EXPECT_EQ(counts[py], counts[ranks_lat - 1 - py]) << "north as south";
      EXPECT_LE(counts[py] * ranks_lat, 1.05 * n_lat) << "others have hardly more";
    }
    EXPECT_LT(counts[0], n_lat / ranks_lat);
    EXPECT_GE(counts[0], 0.8 * n_lat / ranks_lat);
    EXPECT_EQ(*std::min_element(counts.begin(), counts.end()), counts[0]);
  }
}

TEST(Decomposition, the_default_has_the_fewest_halo_points) {
  const auto layout_of = [](int n_lon, int n_lat, int n_ranks) {
    return words({default_layout(n_lon, n_lat, n_ranks)});
  };
  EXPECT_EQ(layout_of(360, 180, 1), "1x1 ");
  EXPECT_EQ(layout_of(360, 180, 2), "1x2 ");  // 2 x 360 points, as many as 2x1: latitude is preferred
  EXPECT_EQ(layout_of(360, 180, 6), "2x3 ");
  EXPECT_EQ(layout_of(360, 180, 16), "4x4 ");
  EXPECT_EQ(layout_of(48, 24, 6), "2x3 ");
}

TEST(Decomposition, what_cannot_be_is_refused_with_what_can) {
  const auto make = [](int n_lon, int n_lat, Layout layout) {
    return refusal([&] { make_block(n_lon, n_lat, layout, MPI_COMM_SELF); });
  };
  EXPECT_NE(make(360, 180, {2, 1}).find("allowed: 1x1"), std::string::npos) << make(360, 180, {2, 1});
  EXPECT_NE(make(360, 180, {0, 0}).find("'parallel.ranks_lon'"), std::string::npos);
  EXPECT_NE(make(361, 180, {1, 1}).find("'grid.n_lon' is 361"), std::string::npos);
  EXPECT_NE(make(6, 180, {1, 1}).find("'grid.n_lon' is 6"), std::string::npos);
  EXPECT_NE(make(0, 0, {1, 1}).find("'grid.n_lon' is 0"), std::string::npos);
  EXPECT_NE(make(360, 3, {1, 1}).find("'grid.n_lat' is 3"), std::string::npos);
  const std::string sentence = refusal([] { default_layout(48, 24, 7); });
  EXPECT_NE(sentence.find("6 below and 8 above"), std::string::npos) << sentence;
  EXPECT_NE(refusal([] { default_layout(8, 4, 3); }).find("2, and none above"), std::string::npos);
  EXPECT_NE(refusal([] { default_layout(1, 4, 3); }).find("'grid.n_lon' is 1"), std::string::npos);
}

TEST(Decomposition, a_block_alone_is_its_own_neighbour) {
  const Block block = test::whole_grid(48, 24);
  EXPECT_TRUE(block.at_south_pole() && block.at_north_pole());
  EXPECT_EQ(block.west, 0);
  EXPECT_EQ(block.north, 0);
  EXPECT_EQ(block.blocks_per_row(), 2);
  const Box yfaces = block.yfaces(5);
  EXPECT_EQ(yfaces.j_begin, 1);
  EXPECT_EQ(yfaces.j_end, 24);
  const Field<Cell> field = make_field<Cell>("field", block, 5);
  EXPECT_EQ(field.data().extent(0), 5u);
  EXPECT_EQ(field.data().extent(1), 24u + 2 * halo_width + 1);
  EXPECT_EQ(field.data().extent(2), 48u + 2 * halo_width);
}

}  // namespace
}  // namespace meridian
