#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "io/restart.hpp"
#include "tests/support/restart_content.hpp"

namespace meridian {
namespace {

namespace fs = std::filesystem;
using test::clock_at;
using testing::ElementsAre;
using testing::HasSubstr;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put_bytes(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

template <class Work>
void expect_error(ExitCode code, const std::string& words, const Work& work) {
  try {
    work();
    ADD_FAILURE() << "accepted; expected: " << words;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

class Restart : public testing::Test {
 protected:
  void SetUp() override {
    run_ = fs::temp_directory_path() / ("meridian_restart_" + std::to_string(getpid()));
    fs::remove_all(run_);
    fs::create_directories(run_);
  }
  void TearDown() override {
    unsetenv("MERIDIAN_FAULTS");
    fs::remove_all(run_);
  }

  std::string write(long step, std::uint64_t hash = 7, int keep = 10) const {
    return write_restart_set(run_, test::filled_content(block_, step), block_, clock_at(step), hash, keep);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(run_ + "/restart")) result.push_back(entry.path().filename());
    std::ranges::sort(result);
    return result;
  }
  void expect_content(const RestartManifest& manifest, std::uint64_t seed) const {
    const RestartContent content = test::empty_content(block_);
    read_restart_set(manifest, content, block_);
    EXPECT_EQ(test::differing_points(content, test::filled_content(block_, seed), block_), 0);
  }
  RestartManifest newest(std::vector<std::string>& warnings) const {
    return newest_restart_set(run_, block_, warnings);
  }

  std::string run_;
  Block block_ = make_block(24, 10, {}, MPI_COMM_SELF);
};

TEST_F(Restart, gives_back_every_bit_and_what_the_manifest_says) {
  const std::string set = write(144, 0x0123456789abcdef);
  EXPECT_EQ(fs::path(set).filename(), "20000102T000000-144");
  const RestartManifest manifest = verified_restart_set(set, block_);
  EXPECT_EQ(manifest.step, 144);
  EXPECT_EQ(manifest.state_hash, 0x0123456789abcdef);
  EXPECT_EQ(manifest.facts.at("case"), "a test");
  EXPECT_EQ(manifest.facts.at("streams"), "{\"daily\": [1, 2]}\nand \\n a backslash");
  EXPECT_EQ(manifest.facts.at("date"), "2000-01-02T00:00:00");
  EXPECT_EQ(manifest.facts.at("calendar"), "noleap");
  EXPECT_EQ(manifest.facts.at("grid"), "24x10");
  EXPECT_TRUE(manifest.has_accumulator("daily.ta"));
  EXPECT_FALSE(manifest.has_accumulator("daily.ua"));
  expect_content(manifest, 144);
  EXPECT_THAT(names(), ElementsAre("20000102T000000-144"));
}

TEST_F(Restart, compares_values_and_not_only_their_number) {
  const RestartManifest manifest = verified_restart_set(write(3), block_);
  const RestartContent content = test::empty_content(block_);
  read_restart_set(manifest, content, block_);
  EXPECT_GT(test::differing_points(content, test::filled_content(block_, 4), block_), 1000);
}

TEST_F(Restart, of_the_same_state_has_the_same_bytes) {
  const std::string first = bytes_of(write(5) + "/state.nc");
  fs::remove_all(run_ + "/restart");
  EXPECT_TRUE(bytes_of(write(5) + "/state.nc") == first);
}

TEST_F(Restart, is_found_from_the_run_directory_and_the_newest_first) {
  std::vector<std::string> warnings;
  EXPECT_EQ(newest(warnings).directory, "");
  for (long step : {9, 10, 100}) write(step, step);
  EXPECT_EQ(newest(warnings).step, 100);
  EXPECT_EQ(verified_restart_set(run_, block_).step, 100);
  EXPECT_EQ(verified_restart_set(run_ + "/restart/20000101T013000-9", block_).step, 9);
  EXPECT_EQ(manifest_of(run_).state_hash, 100u);
  EXPECT_TRUE(warnings.empty());
  expect_error(ExitCode::missing_input, "nothing", [&] { verified_restart_set(run_ + "/nothing", block_); });
  expect_error(ExitCode::missing_input, "nothing", [&] { manifest_of(run_ + "/nothing"); });
  fs::create_directories(run_ + "/empty/restart");
  expect_error(ExitCode::missing_input, "holds no restart set", [&] { manifest_of(run_ + "/empty"); });
}

TEST_F(Restart, damaged_anywhere_is_refused_with_the_name_of_the_file) {
  const std::string set = write(6);
  std::mt19937 bits(5);
  int refused = 0;
  for (const std::string name : {"state.nc", "MANIFEST"}) {
    const std::string path = set + "/" + name, whole = bytes_of(path);
    for (int n = 0; n < 60; ++n) {
      std::string damaged = whole;
      if (n < 40) {
        damaged[bits() % whole.size()] ^= static_cast<char>(1 << bits() % 8);
      } else if (n < 55) {
        damaged.resize(bits() % whole.size());
      } else {
        damaged += std::string(n - 54, '\0');
      }
      put_bytes(path, damaged);
      expect_error(ExitCode::bad_data, path, [&] { verified_restart_set(set, block_); });
      ++refused;
    }
    fs::remove(path);
    expect_error(ExitCode::bad_data, name, [&] { verified_restart_set(set, block_); });
    put_bytes(path, whole);
  }
  EXPECT_EQ(refused, 120);
  EXPECT_EQ(verified_restart_set(set, block_).step, 6);
}

TEST_F(Restart, that_may_not_be_read_is_not_called_damaged) {
  const std::string set = write(3);
  fs::permissions(set + "/MANIFEST", fs::perms::none);
  const auto read_as_another = [&] {
    if (geteuid() == 0 && setuid(65534) != 0) std::_Exit(1);  // root may read everything
    try {
      manifest_of(set);
    } catch (const Error& error) {
      std::cerr << error.what();
      std::_Exit(static_cast<int>(error.code()));
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(read_as_another(), testing::ExitedWithCode(77), "MANIFEST' cannot be opened: Permission denied");
}

TEST_F(Restart, falls_back_to_the_newest_intact_set_and_says_so) {
  write(1);
  write(2);
  const std::string third = write(3);
  fs::create_directories(run_ + "/restart/20000101T004000-4.partial");
  fs::create_directories(run_ + "/restart/20000101T005000-5.bad");
  put_bytes(run_ + "/restart/20000101T006000-6", "not a directory");
  fs::resize_file(run_ + "/restart/20000101T002000-2/state.nc", 1000);
  fs::remove(third + "/MANIFEST");
  std::vector<std::string> warnings;
  const RestartManifest manifest = newest(warnings);
  EXPECT_EQ(manifest.step, 1);
  expect_content(manifest, 1);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("20000101T003000-3"), HasSubstr("20000101T002000-2")));
  expect_error(ExitCode::bad_data, "MANIFEST", [&] { verified_restart_set(run_, block_); });
}

TEST_F(Restart, keeps_as_many_sets_as_asked_and_always_the_last) {
  for (long step : {1, 2, 3, 4}) write(step, step, 2);
  EXPECT_THAT(names(), ElementsAre("20000101T003000-3", "20000101T004000-4"));
  write(5, 5, 0);
  EXPECT_THAT(names(), ElementsAre("20000101T005000-5"));
}

TEST_F(Restart, leaves_an_intact_set_of_the_same_state_and_renames_any_other) {
  const std::string set = write(2, 20);
  const auto when = fs::last_write_time(set + "/state.nc");
  EXPECT_EQ(write(2, 20), set);
  EXPECT_EQ(fs::last_write_time(set + "/state.nc"), when);
  EXPECT_EQ(write(2, 21), set);
  EXPECT_EQ(verified_restart_set(set, block_).state_hash, 21u);
  put_bytes(set + "/state.nc", "damaged");
  EXPECT_EQ(write(2, 21), set);
  expect_content(verified_restart_set(set, block_), 2);
  EXPECT_THAT(names(), ElementsAre("20000101T002000-2", "20000101T002000-2.bad", "20000101T002000-2.bad2"));
}

TEST_F(Restart, puts_aside_sets_of_later_steps_of_a_run_that_went_on_differently) {
  write(8);
  write(3);
  EXPECT_THAT(names(), ElementsAre("20000101T003000-3", "20000101T012000-8.superseded"));
  std::vector<std::string> warnings;
  EXPECT_EQ(newest(warnings).step, 3);
}

TEST_F(Restart, for_other_grids_levels_and_variables_is_refused) {
  const RestartManifest manifest = verified_restart_set(write(1), block_);
  const auto refused = [&](const Block& block, const RestartContent& content, const std::string& words) {
    expect_error(ExitCode::bad_data, words, [&] { read_restart_set(manifest, content, block); });
  };
  const Block other = make_block(48, 20, {}, MPI_COMM_SELF);
  refused(other, test::empty_content(other),
          "'dpi' has 24 x 10 points and 3 levels; the grid of this run has 48 x 20 points and 3 levels");
  refused(block_, test::empty_content(block_, 4), "'dpi' has 24 x 10 points and 3 levels");
  RestartContent more = test::empty_content(block_);
  more.accumulators.push_back(test::accumulator("daily.ua", Horizontal::cell, 3, block_));
  refused(block_, more, "accumulated.daily.ua");
  RestartContent moved = test::empty_content(block_);
  moved.accumulators[0].horizontal = Horizontal::yface;
  refused(block_, moved, "24 x 11 points");
}

TEST_F(Restart, with_values_that_are_not_finite_is_neither_written_nor_read) {
  RestartContent content = test::filled_content(block_, 1);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), content.fields[1].data);
  host(2, halo_width + 4, halo_width + 5) = std::numeric_limits<Real>::quiet_NaN();
  Kokkos::deep_copy(content.fields[1].data, host);
  expect_error(ExitCode::numerical, "'u' is NaN at level 2, row 4 from the south, column 5",
               [&] { write_restart_set(run_, content, block_, clock_at(1), 1, 2); });
  EXPECT_FALSE(fs::exists(run_ + "/restart"));

  // Infinity is allowed in accumulators; a field under the name of one must refuse it.
  const RestartManifest manifest = verified_restart_set(write(2), block_);
  RestartContent field = test::empty_content(block_);
  field.accumulators.clear();
  field.fields.resize(1);
  field.fields[0].info.short_name = "accumulated.daily.ta";
  if (std::is_same_v<Real, double>) {
    expect_error(ExitCode::bad_data, "infinite at level 0, row 0", [&] { read_restart_set(manifest, field, block_); });
  } else {
    expect_error(ExitCode::bad_data, "precision", [&] { read_restart_set(manifest, field, block_); });
  }
}

TEST_F(Restart, that_fails_on_the_way_leaves_older_sets_and_no_part) {
  write(1);
  for (const std::string point :
       {"restart_begin", "restart_write", "restart_written", "restart_manifest", "restart_rename"}) {
    setenv("MERIDIAN_FAULTS", (point + "=enospc").c_str(), 1);
    expect_error(ExitCode::input_output, "No space left", [&] { write(2); });
    EXPECT_THAT(names(), ElementsAre("20000101T001000-1")) << point;
    setenv("MERIDIAN_FAULTS", (point + "=throw").c_str(), 1);
    expect_error(ExitCode::internal, point, [&] { write(2); });
    unsetenv("MERIDIAN_FAULTS");
    std::vector<std::string> warnings;
    expect_content(newest(warnings), 1);
    EXPECT_TRUE(warnings.empty());
  }
  write(2);
  EXPECT_THAT(names(), ElementsAre("20000101T001000-1", "20000101T002000-2"));
}

// Run by the next test in a process of its own.
TEST(RestartChild, DISABLED_writes_three_sets) {
  const Block block = make_block(24, 10, {}, MPI_COMM_SELF);
  for (long step : {1, 2, 3}) {
    write_restart_set(std::getenv("MERIDIAN_TEST_RUN"), test::filled_content(block, step), block, clock_at(step), step,
                      1);
  }
}

TEST_F(Restart, killed_at_any_point_leaves_a_set_to_go_on_from) {
  const std::string program = fs::read_symlink("/proc/self/exe");
  std::string keep;  // without the variables by which a child would take itself for a rank of this run
  for (const char* name : {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "OMPI_ALLOW_RUN_AS_ROOT",
                           "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMPI_MCA_btl", "OMPI_MCA_pml"}) {
    if (const char* value = std::getenv(name)) keep += std::string(name) + "='" + value + "' ";
  }
  int killed = 0;
  for (const std::string point :
       {"restart_begin", "restart_write", "restart_written", "restart_manifest", "restart_rename", "restart_renamed"}) {
    for (int visit : {2, 3}) {
      fs::remove_all(run_ + "/restart");
      const int status = std::system(("env -i " + keep + "MERIDIAN_TEST_RUN='" + run_ + "' MERIDIAN_FAULTS=" + point +
                                      ":" + std::to_string(visit) + "=kill '" + program +
                                      "' --gtest_also_run_disabled_tests --gtest_filter=RestartChild.* "
                                      "> /dev/null 2>&1")
                                         .c_str());
      killed += WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL;
      std::vector<std::string> warnings;
      const RestartManifest manifest = newest(warnings);
      const long expected = point == "restart_renamed" ? visit : visit - 1;
      ASSERT_EQ(manifest.step, expected) << point << ":" << visit;
      EXPECT_TRUE(warnings.empty()) << warnings[0];
      expect_content(manifest, expected);
      write(4, 4, 1);
      EXPECT_THAT(names(), ElementsAre("20000101T004000-4"));
    }
  }
  EXPECT_EQ(killed, 12);
}

}  // namespace
}  // namespace meridian
