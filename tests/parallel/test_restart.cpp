#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/restart_content.hpp"

namespace meridian {
namespace {

namespace fs = std::filesystem;
using test::clock_at;

constexpr int n_lon = 96, n_lat = 37;

class ParallelRestart : public testing::Test {
 protected:
  void SetUp() override {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks_);
    int owner = getpid();
    MPI_Bcast(&owner, 1, MPI_INT, 0, MPI_COMM_WORLD);
    run_ = fs::temp_directory_path() / ("meridian_parallel_restart_" + std::to_string(owner));
    if (rank_ == 0) fs::create_directories(run_);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  void TearDown() override {
    unsetenv("MERIDIAN_FAULTS");
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank_ == 0) fs::remove_all(run_);
  }

  std::string write(const Block& block, long step) const {
    return write_restart_set(run_, test::filled_content(block, step), block, clock_at(step), step, 9);
  }
  void expect_content(const std::string& set, const Block& block, long step) const {
    const RestartManifest manifest = verified_restart_set(set, block);
    const RestartContent content = test::empty_content(block);
    read_restart_set(manifest, content, block);
    EXPECT_EQ(manifest.step, step);
    EXPECT_EQ(test::differing_points(content, test::filled_content(block, step), block), 0)
        << block.layout.ranks_lon << " x " << block.layout.ranks_lat;
  }

  int rank_ = 0, n_ranks_ = 1;
  std::string run_;
};

TEST_F(ParallelRestart, written_on_any_layout_is_read_on_any_other) {
  const auto layouts = allowed_layouts(n_lon, n_lat, n_ranks_);
  ASSERT_FALSE(layouts.empty());
  long step = 0;
  for (const Layout& layout : layouts) {
    ++step;
    const std::string set = write(make_block(n_lon, n_lat, layout, MPI_COMM_WORLD), step);
    for (const Layout& other : layouts) expect_content(set, make_block(n_lon, n_lat, other, MPI_COMM_WORLD), step);
    expect_content(set, make_block(n_lon, n_lat, {}, MPI_COMM_SELF), step);
    MPI_Comm half;  // two groups with layouts of their own, at the same time
    MPI_Comm_split(MPI_COMM_WORLD, rank_ * 3 < n_ranks_, rank_, &half);
    int n_half = 0;
    MPI_Comm_size(half, &n_half);
    for (const Layout& other : allowed_layouts(n_lon, n_lat, n_half)) {
      expect_content(set, make_block(n_lon, n_lat, other, half), step);
    }
    MPI_Comm_free(&half);
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST_F(ParallelRestart, written_by_one_rank_is_read_by_all_and_has_the_same_values) {
  if (rank_ == 0) write(make_block(n_lon, n_lat, {}, MPI_COMM_SELF), 5);
  MPI_Barrier(MPI_COMM_WORLD);
  for (const Layout& layout : allowed_layouts(n_lon, n_lat, n_ranks_)) {
    expect_content(run_, make_block(n_lon, n_lat, layout, MPI_COMM_WORLD), 5);
  }
}

TEST_F(ParallelRestart, that_fails_on_one_rank_fails_on_all_and_leaves_the_older_set) {
  const Block block = make_block(n_lon, n_lat, default_layout(n_lon, n_lat, n_ranks_), MPI_COMM_WORLD);
  const std::string older = write(block, 1);
  const int last = n_ranks_ - 1;
  for (const std::string point : {"restart_begin", "restart_written"}) {
    setenv("MERIDIAN_FAULTS", (point + "@" + std::to_string(last) + "=enospc").c_str(), 1);
    try {
      write(block, 2);
      ADD_FAILURE() << point;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::input_output) << error.what();
    }
    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(run_ + "/restart/20000101T002000-2.partial"));
    std::vector<std::string> warnings;
    EXPECT_EQ(newest_restart_set(run_, block, warnings).step, 1);
    EXPECT_TRUE(warnings.empty());
    expect_content(older, block, 1);
  }
}

TEST_F(ParallelRestart, that_is_damaged_is_refused_on_all_ranks) {
  const Block block = make_block(n_lon, n_lat, default_layout(n_lon, n_lat, n_ranks_), MPI_COMM_WORLD);
  const std::string set = write(block, 3);
  if (rank_ == 0) {
    std::fstream file(set + "/state.nc", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20000);
    file.put('\x55');
    file.put('\xaa');
  }
  MPI_Barrier(MPI_COMM_WORLD);
  try {
    verified_restart_set(set, block);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_data);
    EXPECT_NE(std::string(error.what()).find("state.nc"), std::string::npos);
  }
  std::vector<std::string> warnings;
  EXPECT_EQ(newest_restart_set(run_, block, warnings).directory, "");
  EXPECT_EQ(warnings.size(), 1u);
}

}  // namespace
}  // namespace meridian
