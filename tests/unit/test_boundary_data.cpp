#include <gtest/gtest.h>
#include <netcdf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <random>

#include "io/boundary_data.hpp"
#include "io/netcdf.hpp"

namespace meridian {
namespace {

namespace fs = std::filesystem;

std::vector<double> random_values(std::size_t count, unsigned seed = 1) {
  std::mt19937 bits(seed);
  std::vector<double> values(count);
  for (double& value : values) value = bits() % 4000001 / 500.0 - 400;  // -400 to 7600 m
  return values;
}

std::vector<double> edges(double first, double length, int n) {
  std::vector<double> result;
  for (int m = 0; m <= n; ++m) result.push_back(first + length * m / n);
  return result;
}

GlobalMap random_map(int n_lon, int n_lat, double west) {
  return {edges(west, 360, n_lon), edges(-90, 180, n_lat), random_values(static_cast<std::size_t>(n_lon) * n_lat)};
}

double global_mean(const GlobalMap& map) {
  const std::size_t n_lon = map.longitude_edges.size() - 1;
  long double sum = 0;
  for (std::size_t n = 0; n < map.values.size(); ++n) {
    const std::size_t j = n / n_lon, i = n % n_lon;
    const long double south = map.latitude_edges[j] * (pi / 180), north = map.latitude_edges[j + 1] * (pi / 180);
    sum += map.values[n] * (std::sin(north) - std::sin(south)) * (map.longitude_edges[i + 1] - map.longitude_edges[i]);
  }
  return static_cast<double>(sum / 720);
}

double global_mean(const std::vector<double>& values, int n_lon, int n_lat) {
  return global_mean({edges(0, 360, n_lon), edges(-90, 180, n_lat), values});
}

TEST(Units, of_latitude_and_longitude_are_read_as_cf_spells_them) {
  for (const char* unit : {"degrees_north", "degree_north", "degrees_N", "degree_N", "degreesN", "degreeN"}) {
    EXPECT_TRUE(is_degrees(unit, "north")) << unit;
    EXPECT_FALSE(is_degrees(unit, "east")) << unit;
  }
  EXPECT_TRUE(is_degrees("degrees_east", "east"));
  for (const char* unit : {"", "m", "degrees", "radians_north", "degrees_true_north"}) {
    EXPECT_FALSE(is_degrees(unit, "north")) << unit;
  }
}

// ---- averaging ----

TEST(ConservativeAverage, keeps_the_mean_over_the_globe) {
  for (const auto& [n_lon, n_lat, west] :
       {std::tuple{360, 180, 0.0}, {360, 180, -180.0}, {37, 19, 12.3}, {8, 4, 350.0}}) {
    const GlobalMap map = random_map(n_lon, n_lat, west);
    for (const auto& [m_lon, m_lat] : {std::pair{180, 90}, {128, 64}, {96, 50}, {720, 361}, {8, 4}}) {
      const auto average = conservative_average(map, m_lon, m_lat);
      // Round-off of sums of up to 3e5 terms
      EXPECT_NEAR(global_mean(average, m_lon, m_lat) / global_mean(map), 1, 1e-13)
          << n_lon << " x " << n_lat << " to " << m_lon << " x " << m_lat;
    }
  }
}

TEST(ConservativeAverage, is_the_identity_on_the_same_grid) {
  const GlobalMap map = random_map(72, 36, 0);
  const auto average = conservative_average(map, 72, 36);
  for (std::size_t n = 0; n < average.size(); ++n) EXPECT_NEAR(average[n], map.values[n], 1e-11) << n;
}

TEST(ConservativeAverage, turns_with_the_longitude_of_origin) {
  const GlobalMap map = random_map(72, 36, 0);
  GlobalMap turned = map;
  const int shift = 31;  // the first column of 'turned' is column 31 of 'map', named by its western longitude
  turned.longitude_edges = edges(shift * 5.0 - 360, 360, 72);
  for (std::size_t n = 0; n < map.values.size(); ++n) {
    turned.values[n] = map.values[n / 72 * 72 + (n % 72 + shift) % 72];
  }
  const auto one = conservative_average(map, 40, 30), other = conservative_average(turned, 40, 30);
  for (std::size_t n = 0; n < one.size(); ++n) EXPECT_NEAR(one[n], other[n], 1e-10) << n;
}

TEST(ConservativeAverage, of_a_constant_is_that_constant_and_stays_between_the_extremes) {
  GlobalMap map = random_map(50, 31, -7);
  for (double value : conservative_average(map, 180, 90)) {
    EXPECT_GE(value, -400.0000001);
    EXPECT_LE(value, 7600.0000001);
  }
  std::ranges::fill(map.values, 123.456);
  for (double value : conservative_average(map, 180, 90)) EXPECT_NEAR(value, 123.456, 1e-12);
}

TEST(ConservativeAverage, agrees_with_sums_over_small_pieces) {
  const GlobalMap map = random_map(10, 6, 20);
  const auto average = conservative_average(map, 8, 4);  // all edges fall on multiples of 0.5 degrees
  std::vector<double> sum(32, 0.0), area(32, 0.0);
  for (int j = 0; j < 360; ++j) {
    const double weight = std::sin((j + 1) * pi / 360 - pi / 2) - std::sin(j * pi / 360 - pi / 2);
    for (int i = 0; i < 720; ++i) {
      const int source = j / 60 * 10 + (i + 720 - 40) % 720 / 72, target = j / 90 * 8 + i / 90;
      sum[target] += weight * map.values[source];
      area[target] += weight;
    }
  }
  for (int n = 0; n < 32; ++n) EXPECT_NEAR(average[n], sum[n] / area[n], 1e-9) << n;
}

// ---- smoothing ----

TEST(SmoothTerrain, keeps_the_area_mean_and_a_constant) {
  for (const auto& [n_lon, n_lat] : {std::pair{180, 90}, {360, 181}, {8, 4}, {8, 400}}) {
    auto altitude = random_values(static_cast<std::size_t>(n_lon) * n_lat);
    const double before = global_mean(altitude, n_lon, n_lat);
    smooth_terrain(altitude, n_lon, n_lat, 8);
    EXPECT_NEAR(global_mean(altitude, n_lon, n_lat) / before, 1, 1e-13) << n_lon << " x " << n_lat;
    std::ranges::fill(altitude, 321.0);
    smooth_terrain(altitude, n_lon, n_lat, 8);
    for (double value : altitude) ASSERT_NEAR(value, 321, 1e-9);  // two sweeps near rho = 1 at 8 x 400
  }
}

TEST(SmoothTerrain, divides_zonal_waves_by_the_factor_of_the_design) {
  const int n_lon = 48, n_lat = 24;
  for (int wave : {1, 2, 5, 13, 24}) {
    std::vector<double> altitude(n_lon * n_lat), factor(n_lat);
    // One row: meridional diffusion takes 1/8 (cos psi_j+1 + cos psi_j) / cos phi_j of it, the zonal one divides.
    const int row = wave % n_lat;
    for (int i = 0; i < n_lon; ++i) altitude[row * n_lon + i] = std::cos(2 * pi * wave * i / n_lon);
    smooth_terrain(altitude, n_lon, n_lat, 1);
    const double dp = pi / n_lat, phi = -pi / 2 + (row + 0.5) * dp;
    const double left = 1 - (std::cos(phi + dp / 2) + std::cos(phi - dp / 2)) / (8 * std::cos(phi));
    const double s = std::sin(pi * wave / n_lon);
    const double expected = left / (1 + s * s / (2 * std::cos(phi) * std::cos(phi)));
    EXPECT_NEAR(altitude[row * n_lon], expected, 1e-13) << "wave " << wave;
  }
}

TEST(SmoothTerrain, leaves_the_steep_real_mountains_gentler_and_in_their_range) {
  const auto raw = topography_from_file("earth_topography_1p0.nc", 180, 90, 0);
  const auto smooth = topography_from_file("earth_topography_1p0.nc", 180, 90, 8);
  const auto roughness = [](const std::vector<double>& altitude) {
    double largest = 0;
    for (int n = 0; n + 180 < 180 * 90; ++n) {
      largest = std::max({largest, std::abs(altitude[n + 180] - altitude[n]),
                          std::abs(altitude[n / 180 * 180 + (n + 1) % 180] - altitude[n])});
    }
    return largest;
  };
  EXPECT_LT(roughness(smooth), 0.5 * roughness(raw));
  EXPECT_NEAR(global_mean(smooth, 180, 90) / global_mean(raw, 180, 90), 1, 1e-13);
  EXPECT_GT(*std::ranges::min_element(smooth), *std::ranges::min_element(raw) - 1e-9);  // a maximum principle
  EXPECT_LT(*std::ranges::max_element(smooth), *std::ranges::max_element(raw));
}

// ---- files ----

/// A topography file, right by default.
struct TestFile {
  std::string name = "orog", standard_name = "surface_altitude", unit = "m";
  std::string lat_unit = "degrees_north", lon_unit = "degrees_east";
  std::vector<double> lat, lon, lat_bounds, lon_bounds, values;
  double fill = -9999, scale = 1, offset = 0;
  nc_type type = NC_FLOAT;
  int format = NC_NETCDF4;
  bool lon_first = false;
};

std::vector<double> centres(double first, double length, int n) {
  std::vector<double> result;
  for (int m = 0; m < n; ++m) result.push_back(first + length * (m + 0.5) / n);
  return result;
}

std::vector<double> pairs(const std::vector<double>& edges) {
  std::vector<double> result;
  for (std::size_t n = 0; n + 1 < edges.size(); ++n) result.insert(result.end(), {edges[n], edges[n + 1]});
  return result;
}

TestFile good_file() {
  TestFile file;
  file.lat = centres(-90, 180, 18);
  file.lon = centres(0, 360, 36);
  file.values = random_values(18 * 36);
  return file;
}

void check(int status) { ASSERT_EQ(status, NC_NOERR) << nc_strerror(status); }

class TopographyFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("meridian_boundary_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name = "topography.nc") const { return folder_ / name; }

  std::string write(const TestFile& file) const {
    int id = 0, lat_dim = 0, lon_dim = 0, two = 0, lat = 0, lon = 0, orog = 0, lat_bnds = 0, lon_bnds = 0;
    const auto text = [&](int variable, const char* attribute, const std::string& value) {
      if (!value.empty()) check(nc_put_att_text(id, variable, attribute, value.size(), value.data()));
    };
    check(nc_create(path().c_str(), file.format | NC_CLOBBER, &id));
    check(nc_def_dim(id, "lat", file.lat.size(), &lat_dim));
    check(nc_def_dim(id, "lon", file.lon.size(), &lon_dim));
    check(nc_def_dim(id, "bnds", 2, &two));
    check(nc_def_var(id, "lat", NC_DOUBLE, 1, &lat_dim, &lat));
    check(nc_def_var(id, "lon", NC_DOUBLE, 1, &lon_dim, &lon));
    text(lat, "units", file.lat_unit);
    text(lon, "units", file.lon_unit);
    const int lat_shape[] = {lat_dim, two}, lon_shape[] = {lon_dim, two}, shape[] = {lat_dim, lon_dim};
    const int turned[] = {lon_dim, lat_dim};
    if (!file.lat_bounds.empty()) check(nc_def_var(id, "lat_bnds", NC_DOUBLE, 2, lat_shape, &lat_bnds));
    if (!file.lon_bounds.empty()) check(nc_def_var(id, "lon_bnds", NC_DOUBLE, 2, lon_shape, &lon_bnds));
    check(nc_def_var(id, file.name.c_str(), file.type, 2, file.lon_first ? turned : shape, &orog));
    text(orog, "units", file.unit);
    text(orog, "standard_name", file.standard_name);
    check(nc_put_att_double(id, orog, "_FillValue", file.type, 1, &file.fill));
    if (file.scale != 1) check(nc_put_att_double(id, orog, "scale_factor", NC_DOUBLE, 1, &file.scale));
    if (file.offset != 0) check(nc_put_att_double(id, orog, "add_offset", NC_DOUBLE, 1, &file.offset));
    check(nc_enddef(id));
    check(nc_put_var_double(id, lat, file.lat.data()));
    check(nc_put_var_double(id, lon, file.lon.data()));
    if (!file.lat_bounds.empty()) check(nc_put_var_double(id, lat_bnds, file.lat_bounds.data()));
    if (!file.lon_bounds.empty()) check(nc_put_var_double(id, lon_bnds, file.lon_bounds.data()));
    check(nc_put_var_double(id, orog, file.values.data()));
    check(nc_close(id));
    return path();
  }

  void expect_refused(const std::string& file, ExitCode code, const std::vector<std::string>& words) const {
    try {
      topography_from_file(file, 36, 18, 0);
      ADD_FAILURE() << "accepted; expected words: " << words[0];
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      for (const auto& word : words) {
        EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what() << "\n  lacks: " << word;
      }
    }
  }
  void expect_bad(const TestFile& file, std::vector<std::string> words) const {
    words.push_back("topography.nc");
    expect_refused(write(file), ExitCode::bad_data, words);
  }
  void expect_values(const TestFile& file, const std::vector<double>& expected, double tolerance = 1e-3) const {
    const auto read = topography_from_file(write(file), 36, 18, 0);
    for (std::size_t n = 0; n < read.size(); ++n) ASSERT_NEAR(read[n], expected[n], tolerance) << n;
  }

  fs::path folder_;
};

TEST_F(TopographyFile, is_read_as_it_was_written_in_every_format) {
  TestFile file = good_file();  // float keeps 7600 m to 5e-4
  for (int format : {NC_NETCDF4, NC_NETCDF4 | NC_CLASSIC_MODEL, 0, NC_64BIT_OFFSET, NC_64BIT_DATA}) {
    file.format = format;
    expect_values(file, file.values);
  }
  file.type = NC_DOUBLE;
  file.name = "height_of_ground";
  expect_values(file, file.values, 1e-9);
}

TEST_F(TopographyFile, may_go_from_north_to_south) {
  const TestFile file = good_file();
  TestFile flipped = file;
  for (std::size_t n = 0; n < file.values.size(); ++n) flipped.values[n] = file.values[(17 - n / 36) * 36 + n % 36];
  std::ranges::reverse(flipped.lat);
  expect_values(flipped, file.values);
  flipped.lat_bounds = pairs(edges(90, -180, 18));
  expect_values(flipped, file.values);
}

TEST_F(TopographyFile, may_begin_at_any_longitude) {
  const TestFile file = good_file();
  TestFile turned = file;
  for (std::size_t n = 0; n < file.values.size(); ++n) turned.values[n] = file.values[n / 36 * 36 + (n % 36 + 18) % 36];
  turned.lon = centres(-180, 360, 36);
  expect_values(turned, file.values);
  turned.lon = centres(180, 360, 36);
  expect_values(turned, file.values);
  for (double& lon : turned.lon) lon = std::fmod(lon, 360);  // 185, ..., 355, 5, ..., 175
  expect_values(turned, file.values);
  turned.lon_bounds = pairs(edges(180, 360, 36));
  expect_values(turned, file.values);
}

TEST_F(TopographyFile, may_have_points_at_the_poles_and_at_whole_degrees) {
  TestFile file = good_file();
  file.lat = edges(-90, 180, 18);
  file.lon = edges(0, 360, 36);
  file.lon.pop_back();
  file.values.assign(19 * 36, 0.0);
  for (int i = 0; i < 36; ++i) file.values[i] = file.values[18 * 36 + i] = 1000;  // caps of 5 degrees
  const auto read = topography_from_file(write(file), 36, 18, 0);
  const double share = (1 - std::cos(5 * pi / 180)) / (1 - std::cos(10 * pi / 180));
  EXPECT_NEAR(read[0], 1000 * share, 1e-9);
  EXPECT_NEAR(read[17 * 36], 1000 * share, 1e-9);
  EXPECT_EQ(read[36], 0);
}

TEST_F(TopographyFile, may_have_cells_of_unequal_size_where_bounds_give_them) {
  TestFile file = good_file();
  const std::vector<double> lat_edges = {-90, -60, 0, 10, 90};
  file.lat = {-75, -30, 5, 50};
  file.lat_bounds = pairs(lat_edges);
  file.values.assign(4 * 36, 0.0);
  for (int i = 0; i < 36; ++i) file.values[2 * 36 + i] = 500;
  const auto read = topography_from_file(write(file), 36, 18, 0);
  for (int j = 0; j < 18; ++j) EXPECT_EQ(read[j * 36 + 7], j == 9 ? 500 : 0) << j;
}

TEST_F(TopographyFile, may_be_packed_in_short_integers) {
  TestFile file = good_file();
  file.type = NC_SHORT;
  file.scale = 0.25;
  file.offset = 3000;
  file.fill = -32768;
  TestFile packed = file;
  for (std::size_t n = 0; n < file.values.size(); ++n) {
    packed.values[n] = std::round((file.values[n] - 3000) * 4);
    file.values[n] = packed.values[n] / 4 + 3000;
  }
  expect_values(packed, file.values, 1e-9);
}

TEST_F(TopographyFile, with_wrong_values_is_refused_with_their_place) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (double value : {nan, -9999.0, infinite, -infinite, -501.0, 12001.0, 9.969e36}) {
    TestFile file = good_file();
    file.type = NC_DOUBLE;
    file.values[4 * 36 + 20] = value;
    expect_bad(file, {"'orog'", "latitude -45", "longitude 205"});
  }
}

TEST_F(TopographyFile, with_another_grid_is_refused) {
  const auto refused = [&](const std::function<void(TestFile&)>& change, std::vector<std::string> words) {
    TestFile file = good_file();
    change(file);
    file.values.resize(file.lat.size() * file.lon.size(), 1.0);
    expect_bad(file, std::move(words));
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refused([](TestFile& f) { f.lat[5] += 1; }, {"'lat'", "irregular", "-34"});
  refused([](TestFile& f) { f.lon[5] += 1; }, {"'lon'", "irregular", "56"});
  refused([](TestFile& f) { f.lat.pop_back(); }, {"'lat'", "does not cover the globe", "80"});
  refused([](TestFile& f) { f.lat.erase(f.lat.begin()); }, {"'lat'", "does not cover the globe", "-80"});
  refused([](TestFile& f) { f.lon.pop_back(); }, {"'lon'", "does not cover the globe", "350"});
  refused([](TestFile& f) { f.lon.push_back(365); }, {"'lon'", "does not cover the globe", "370"});
  refused([](TestFile& f) { f.lon = centres(0, 180, 36); }, {"'lon'", "does not cover"});
  refused([](TestFile& f) { std::ranges::reverse(f.lon); }, {"'lon'", "irregular"});
  refused([](TestFile& f) { f.lat = {0}; }, {"'lat'", "1 points"});
  refused([](TestFile& f) { std::ranges::fill(f.lat, 0); }, {"'lat'", "irregular"});
  refused([](TestFile& f) { std::ranges::fill(f.lon, 0); }, {"'lon'", "irregular"});
  refused([&](TestFile& f) { f.lat[3] = nan; }, {"'lat'", "nan"});
  refused([](TestFile& f) { f.lon[3] = -1e300; }, {"'lon'", "-1e+300"});
  refused([](TestFile& f) { f.lat[3] = 1e6; }, {"'lat'", "1e+06"});
  refused([](TestFile& f) { f.lat_unit = "m"; }, {"'lat'", "degrees_north"});
  refused([](TestFile& f) { f.lon_unit = ""; }, {"'lon'", "degrees_east"});
  refused([](TestFile& f) { f.lon_first = true; }, {"'lon'", "latitude, longitude"});
  refused([](TestFile& f) { f.unit = "km"; }, {"'km'", "'m'"});
  refused([](TestFile& f) { f.unit = ""; }, {"'orog'", "units"});
  refused([](TestFile& f) { f.name = "topo", f.standard_name = ""; }, {"'orog'", "surface_altitude"});
  refused(
      [](TestFile& f) {
        f.lat_bounds = pairs(edges(-90, 180, 18));
        f.lat_bounds[11] += 3;
      },
      {"'lat'", "irregular"});
  refused(
      [&](TestFile& f) {
        f.lon_bounds = pairs(edges(0, 360, 36));
        f.lon_bounds[7] = nan;
      },
      {"'lon_bnds'"});
}

TEST_F(TopographyFile, that_is_not_there_or_no_file_is_refused) {
  expect_refused(path("none.nc"), ExitCode::missing_input, {"none.nc"});
  expect_refused("none.nc", ExitCode::missing_input, {"none.nc", "data"});
  expect_refused("", ExitCode::bad_data, {"not a file"});
  expect_refused(folder_, ExitCode::bad_data, {"not a file"});
  fs::create_symlink(path("nowhere"), path("link.nc"));
  expect_refused(path("link.nc"), ExitCode::missing_input, {"link.nc"});
  ASSERT_EQ(mkfifo(path("pipe.nc").c_str(), 0600), 0);
  expect_refused(path("pipe.nc"), ExitCode::bad_data, {"pipe.nc", "not a file"});
  std::ofstream(path("empty.nc")).close();
  expect_refused(path("empty.nc"), ExitCode::bad_data, {"empty.nc", "empty"});
  std::ofstream(path("text.nc")) << "netcdf topography { dimensions: lat = 2; }\n";
  expect_refused(path("text.nc"), ExitCode::bad_data, {"text.nc", "not NetCDF"});
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(TopographyFile, that_was_cut_is_refused_in_every_format) {
  std::mt19937 bits(7);
  for (int format : {NC_NETCDF4, 0, NC_64BIT_OFFSET, NC_64BIT_DATA}) {
    TestFile file = good_file();
    file.format = format;
    const std::string whole = bytes_of(write(file));
    for (int n = 0; n < 10; ++n) {
      const std::size_t length = n == 0 ? whole.size() - 1 : bits() % whole.size();
      std::ofstream(path("cut.nc"), std::ios::binary).write(whole.data(), static_cast<std::streamsize>(length));
      expect_refused(path("cut.nc"), ExitCode::bad_data, {"cut.nc"});
    }
  }
}

TEST_F(TopographyFile, with_flipped_bits_is_read_or_refused_but_never_ends_the_program) {
  std::mt19937 bits(11);
  int refused = 0;
  for (int format : {NC_NETCDF4, NC_64BIT_DATA}) {
    TestFile file = good_file();
    file.format = format;
    const std::string whole = bytes_of(write(file));
    for (int n = 0; n < 100; ++n) {
      std::string damaged = whole;
      damaged[bits() % std::min<std::size_t>(whole.size(), 1024)] ^= static_cast<char>(1 << bits() % 8);
      std::ofstream(path("flipped.nc"), std::ios::binary) << damaged;
      try {
        topography_from_file(path("flipped.nc"), 36, 18, 0);
      } catch (const Error& error) {
        ++refused;
        EXPECT_EQ(error.code(), ExitCode::bad_data) << error.what();
        EXPECT_NE(std::string(error.what()).find("flipped.nc"), std::string::npos) << error.what();
      }
    }
  }
  EXPECT_GT(refused, 60);
}

TEST_F(TopographyFile, of_the_project_is_protected_by_the_checksums_of_its_compression) {
  const std::string whole = bytes_of(find_data_file("earth_topography_1p0.nc"));
  const auto expected = topography_from_file("earth_topography_1p0.nc", 180, 90, 0);
  std::mt19937 bits(3);
  int refused = 0;
  for (int n = 0; n < 30; ++n) {
    std::string damaged = whole;
    damaged[whole.size() / 4 + bits() % (whole.size() / 2)] ^= 16;
    std::ofstream(path("earth.nc"), std::ios::binary) << damaged;
    try {
      EXPECT_EQ(topography_from_file(path("earth.nc"), 180, 90, 0), expected);  // a byte that nobody needs
    } catch (const Error& error) {
      ++refused;
      EXPECT_EQ(error.code(), ExitCode::bad_data) << error.what();
    }
  }
  EXPECT_GE(refused, 25);
}

TEST_F(TopographyFile, is_found_in_the_folder_named_by_the_environment) {
  write(good_file());
  ASSERT_EQ(setenv("MERIDIAN_DATA_DIR", folder_.c_str(), 1), 0);
  EXPECT_EQ(find_data_file("topography.nc"), path());
  ASSERT_EQ(unsetenv("MERIDIAN_DATA_DIR"), 0);
  EXPECT_THROW(find_data_file("topography.nc"), Error);
}

TEST(EarthTopography, has_its_highest_cells_in_tibet_and_the_same_mean_at_both_resolutions) {
  const auto one = topography_from_file("earth_topography_1p0.nc", 360, 180, 0);
  const auto half = topography_from_file("earth_topography_0p5.nc", 720, 360, 0);
  const auto highest = std::ranges::max_element(one) - one.begin();
  EXPECT_NEAR(highest / 360 - 89.5, 34, 6);  // degrees north
  EXPECT_NEAR(highest % 360 + 0.5, 88, 15);  // degrees east
  EXPECT_NEAR(one[highest], 5407, 1);        // data/README.md
  EXPECT_NEAR(*std::ranges::max_element(half), 5713, 1);
  EXPECT_NEAR(global_mean(one, 360, 180) / global_mean(half, 720, 360), 1, 1e-6);  // stored as float
  const auto coarse = conservative_average({edges(0, 360, 720), edges(-90, 180, 360), half}, 360, 180);
  double largest = 0;
  for (std::size_t n = 0; n < one.size(); ++n) largest = std::max(largest, std::abs(one[n] - coarse[n]));
  EXPECT_NEAR(largest, 0.08698,
              1e-4);  // `cdo remapcon` finds 0.086980 m: the files' rounding over the ice sheets
}

}  // namespace
}  // namespace meridian
