#include <gtest/gtest.h>

#include <cstring>

#include "io/boundary_data.hpp"

namespace meridian {
namespace {

TEST(Topography, is_the_same_on_every_rank) {
  const auto altitude = topography_from_file("earth_topography_1p0.nc", 90, 46, 4, MPI_COMM_WORLD);
  const auto alone = topography_from_file("earth_topography_1p0.nc", 90, 46, 4);  // all ranks at once
  ASSERT_EQ(altitude.size(), 90u * 46u);
  EXPECT_EQ(altitude, alone);
  auto first = altitude;
  MPI_Bcast(first.data(), static_cast<int>(first.size()), MPI_DOUBLE, 0, MPI_COMM_WORLD);
  EXPECT_EQ(std::memcmp(first.data(), altitude.data(), first.size() * sizeof(double)), 0);
}

TEST(Topography, that_is_missing_fails_on_every_rank) {
  try {
    topography_from_file("no_such_file.nc", 90, 46, 4, MPI_COMM_WORLD);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::missing_input);
    EXPECT_NE(std::string(error.what()).find("no_such_file.nc"), std::string::npos);
  }
}

}  // namespace
}  // namespace meridian
