// Files written and read by all ranks together.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "grid/error.hpp"
#include "io/netcdf.hpp"

namespace meridian {
namespace {

std::string path_of(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("meridian_test_netcdf_" + name)).string();
}

int rank() {
  int value = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &value);
  return value;
}
int n_ranks() {
  int value = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &value);
  return value;
}

double value_at(int t, int j, int i) { return 1.0 / 3 + t + 10 * j + 1000 * i; }

/// Rows of this rank; the last rank has none when there are several.
std::vector<std::size_t> share(int n_rows) {
  const int sharing = std::max(1, n_ranks() - 1);
  if (rank() >= sharing) return {0, 0};
  const int begin = rank() * n_rows / sharing;
  return {static_cast<std::size_t>(begin), static_cast<std::size_t>((rank() + 1) * n_rows / sharing - begin)};
}

void write_file(const std::string& path, NumberType type, const NetcdfStorage& storage) {
  NetcdfWriter file(path, MPI_COMM_WORLD);
  file.add_dimension("time", NetcdfWriter::unlimited);
  file.add_dimension("lat", 7);
  file.add_dimension("lon", 5);
  file.add_variable("x", type, {"time", "lat", "lon"}, {{"units", "K"}}, storage);
  file.add_variable("lat", NumberType::float64, {"lat"}, {{"units", "degrees_north"}});
  file.add_variable("crs", NumberType::int32, {}, {{"earth_radius", 6371220.0}});
  file.add_global_attributes({{"title", "a test"}, {"empty", ""}});
  file.end_definitions();
  file.write_whole("lat", {-3, -2, -1, 0, 1, 2, 3});
  file.write_whole("crs", {4});
  const auto rows = share(7);
  for (int t = 0; t < 3; ++t) {
    std::vector<double> values;
    for (std::size_t j = rows[0]; j < rows[0] + rows[1]; ++j) {
      for (int i = 0; i < 5; ++i) values.push_back(value_at(t, static_cast<int>(j), i));
    }
    const auto record = static_cast<std::size_t>(t);
    file.write("x", {record, rows[0], 0}, {values.empty() ? 0u : 1u, rows[1], 5}, values);
  }
  EXPECT_TRUE(std::filesystem::exists(path + ".part"));
  file.close();
}

void expect_values(const NetcdfReader& file, bool single) {
  const auto rows = share(7);
  const auto mine = file.read("x", {0, rows[0], 0}, {3, rows[1], 5});
  std::size_t n = 0;
  for (int t = 0; t < 3; ++t) {
    for (std::size_t j = rows[0]; j < rows[0] + rows[1]; ++j) {
      for (int i = 0; i < 5; ++i) {
        const double value = value_at(t, static_cast<int>(j), i);
        EXPECT_EQ(mine[n++], single ? static_cast<float>(value) : value);
      }
    }
  }
}

TEST(Netcdf, WhatAllRanksWriteTheyReadBack) {
  for (const bool single : {false, true}) {
    for (const bool compressed : {false, true}) {
      const std::string path = path_of("all.nc");
      write_file(path, single ? NumberType::float32 : NumberType::float64,
                 compressed ? NetcdfStorage{{1, 7, 5}, 1} : NetcdfStorage{});
      MPI_Barrier(MPI_COMM_WORLD);
      EXPECT_FALSE(std::filesystem::exists(path + ".part"));
      expect_values(NetcdfReader(path, MPI_COMM_WORLD), single);
      const NetcdfReader file(path);
      EXPECT_EQ(file.read("x").size(), 105u);
      EXPECT_EQ(file.read("lat"), (std::vector<double>{-3, -2, -1, 0, 1, 2, 3}));
      EXPECT_EQ(file.read("crs"), std::vector<double>{4});
      EXPECT_EQ(file.type_of("x"), single ? NumberType::float32 : NumberType::float64);
      EXPECT_EQ(file.text_attribute("", "title"), "a test");
      EXPECT_EQ(file.text_attribute("x", "units"), "K");
      EXPECT_EQ(file.number_attribute("crs", "earth_radius"), 6371220.0);
      EXPECT_EQ(file.number_attribute("x", "scale_factor"), std::nullopt);
      EXPECT_EQ(file.dimensions_of("x")[1].name, "lat");
      EXPECT_EQ(file.dimensions_of("x")[0].length, 3u);
      EXPECT_TRUE(file.has_variable("crs"));
      EXPECT_FALSE(file.has_variable("y"));
      MPI_Barrier(MPI_COMM_WORLD);
    }
  }
}

/// Size limit of this process's files for as long as it lives, as if the disk were full. SIGXFSZ would kill.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_;
};

TEST(Netcdf, AWriteThatFailsIsAnErrorAndLeavesNoFileUnderItsName) {
  if (rank() != 0) return;  // ranks that do not fail would wait for the one that did: by itself, then
  const std::string path = path_of("limited.nc");
  std::filesystem::remove(path);
  std::string first, second;
  {
    const FileSizeLimit limit(100'000);
    NetcdfWriter file(path, MPI_COMM_SELF);
    file.add_dimension("x", 100'000);
    file.add_variable("y", NumberType::float64, {"x"});
    try {
      file.end_definitions();
      file.write_whole("y", std::vector<double>(100'000, 1.5));
      file.close();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::input_output);
      first = error.what();
    }
    try {
      file.close();
    } catch (const Error& error) {
      second = error.what();
    }
  }
  EXPECT_NE(first.find(path), std::string::npos) << first;
  EXPECT_EQ(first, second);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Netcdf, AFullDiskIsFoundOnEveryRankBeforeAnythingIsWritten) {
  const std::string path = path_of("space.nc");
  NetcdfWriter file(path, MPI_COMM_WORLD);
  file.add_dimension("x", 1);
  file.end_definitions();
  file.require_space(1);
  try {
    file.require_space(1e18);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input_output);
    EXPECT_NE(std::string(error.what()).find("the disk is full: 1000000000000"), std::string::npos) << error.what();
  }
}

TEST(Netcdf, AFileThatCannotBeCreatedIsAnErrorOnEveryRank) {
  try {
    NetcdfWriter file("/nowhere/x.nc", MPI_COMM_WORLD);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input_output);
    EXPECT_NE(std::string(error.what()).find("/nowhere/x.nc"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace meridian
