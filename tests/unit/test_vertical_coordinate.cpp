#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "grid/error.hpp"
#include "grid/vertical_coordinate.hpp"

namespace meridian {
namespace {

constexpr double p0 = 1e5;

/// Exit code and sentence of the refusal of a level set; code 'done' when it is accepted.
std::pair<ExitCode, std::string> refusal(const std::string& name) {
  try {
    read_levels(name, p0);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ExitCode::done, ""};
}

std::string written(const std::string& text) {
  const std::string path = testing::TempDir() + "meridian_test_levels.txt";
  std::ofstream(path) << text;
  return path;
}

TEST(VerticalCoordinate, shipped_tables_have_the_published_pressures) {
  struct Published {
    const char* name;
    int layers;
    double top, ps, lowest_full;  // [Pa]
  };
  for (const Published& set :
       {Published{"L26", 26, 219.4067, 1e5, 99255.6}, Published{"L30", 30, 225.523952, 1e5, 99255.6},
        Published{"L60", 60, 0, 101325, 101204.94}, Published{"L91", 91, 0, 101325, 101204.94},
        Published{"L137", 137, 0, 101325, 101204.94}}) {
    const VerticalCoordinate levels = read_levels(set.name, p0);
    EXPECT_EQ(levels.n_layers(), set.layers);
    EXPECT_NEAR(levels.top_pressure(), set.top, 1e-6) << set.name;
    const int n = set.layers;
    EXPECT_NEAR((levels.pressure(n - 1, set.ps) + levels.pressure(n, set.ps)) / 2, set.lowest_full, 0.01) << set.name;
    EXPECT_EQ(levels.pressure(n, 87654.0), 87654.0);
  }
}

TEST(VerticalCoordinate, the_device_holds_the_same_coefficients) {
  const VerticalCoordinate levels = read_levels("L30", 0.9e5);
  const auto a = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), levels.a_p0());
  const auto b = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), levels.b());
  ASSERT_EQ(a.extent(0), 31u);
  for (int k = 0; k <= 30; ++k) {
    EXPECT_EQ(a(k), levels.a(k) * 0.9e5);
    EXPECT_EQ(b(k), levels.b(k));
  }
}

TEST(VerticalCoordinate, sigma_levels_are_equal_fractions_of_the_surface_pressure) {
  const VerticalCoordinate levels = read_levels("sigma:20", p0);
  ASSERT_EQ(levels.n_layers(), 20);
  for (int k = 0; k <= 20; ++k) EXPECT_DOUBLE_EQ(levels.pressure(k, 98765), 98765 * k / 20.0);
}

TEST(VerticalCoordinate, equal_heights_have_the_top_pressures_of_dcmip) {
  EXPECT_NEAR(read_levels("equal_height:60,12000", p0).top_pressure(), 25494.379, 1e-3);
  EXPECT_NEAR(read_levels("equal_height:30,12000,lapse_rate", p0).top_pressure(), 20540.233, 1e-3);
  EXPECT_NEAR(read_levels("equal_height:60,30000", p0).top_pressure(), 3281.792, 1e-3);
  EXPECT_NEAR(read_levels("equal_height:10,10000,constant_stability", p0).top_pressure(), 27375.924, 1e-3);
}

TEST(VerticalCoordinate, equal_heights_are_equal) {
  const VerticalCoordinate levels = read_levels("equal_height:12,12000", p0);
  const double scale_height = 287.0 * 300 / 9.80616;
  for (int k = 0; k <= 12; ++k) {
    EXPECT_NEAR(-scale_height * std::log(levels.pressure(k, p0) / p0), 1000.0 * (12 - k),
                1e-7);  // 1e-11 of the top
  }
}

TEST(VerticalCoordinate, stretched_levels_begin_at_the_ground_with_the_layer_asked_for) {
  const VerticalCoordinate levels = read_levels("stretched:40,200,1.4,60", p0);
  const double scale_height = 287.0 * 300 / 9.80616;
  EXPECT_NEAR(levels.top_pressure(), 200, 1e-9);
  double above = 1e9;
  for (int k = 0; k < 40; ++k) {
    const double dz = scale_height * std::log(levels.pressure(k + 1, p0) / levels.pressure(k, p0));
    EXPECT_LT(dz, above) << "layers become thinner downwards, layer " << k;
    above = dz;
  }
  EXPECT_NEAR(above, 60, 1e-6);
  EXPECT_NEAR(std::log(levels.b(20)) / std::log(read_levels("stretched:40,200,1,60", p0).b(20)), 1.4, 1e-12);
}

TEST(VerticalCoordinate, a_file_is_read_with_comments_and_refused_with_its_line) {
  const VerticalCoordinate levels = read_levels(written("# A B\n0.1 0  # top\n\n0.05 0.4\n0 1\n"), p0);
  ASSERT_EQ(levels.n_layers(), 2);
  EXPECT_EQ(levels.pressure(1, 9e4), 0.05 * p0 + 0.4 * 9e4);
  for (const char* text : {"0.1 0\n0 1 2\n", "0.1 0\n0\n", "0.1 0\n0 one\n"}) {
    const auto [code, sentence] = refusal(written(text));
    EXPECT_EQ(code, ExitCode::bad_data);
    EXPECT_NE(sentence.find(":2: "), std::string::npos) << sentence;
  }
}

TEST(VerticalCoordinate, coefficients_that_cannot_be_are_refused_with_the_reason) {
  const std::pair<const char*, const char*> bad[] = {{"0.1 0.1\n0 1\n", "B at the top"},
                                                     {"0.1 0\n0.1 1\n", "A at the ground"},
                                                     {"0.1 0\n0 0.9\n", "B at the ground"},
                                                     {"0.1 0\n0.05 0\n0 1\n", "does not increase"},
                                                     {"0 1\n", "at least 2"},
                                                     {"", "at least 2"},
                                                     {"-0.1 0\n0 1\n", "negative"},
                                                     {"0.3 0\n0 0.31\n0 1\n", "no thickness"},
                                                     {"nan 0\n0 1\n", "not two numbers"}};
  for (const auto& [text, reason] : bad) {
    const auto [code, sentence] = refusal(written(text));
    EXPECT_EQ(code, ExitCode::bad_data) << text;
    EXPECT_NE(sentence.find(reason), std::string::npos) << text << sentence;
  }
}

TEST(VerticalCoordinate, wrong_names_are_refused_with_what_is_allowed) {
  for (const char* name : {"L31",
                           "sigma",
                           "sigma:",
                           "sigma:0",
                           "sigma:2.5",
                           "sigma:20,3",
                           "sigma:x",
                           "equal_height:10",
                           "equal_height:10,-5",
                           "equal_height:10,60000,lapse_rate",
                           "equal_height:10,12000,moist",
                           "stretched:40,200,1.3",
                           "stretched:40,0,1.3,60",
                           "stretched:40,200,1.6,60",
                           "stretched:40,200,0.9,60",
                           "stretched:40,200,1.3,5000",
                           "stretched:40,200,1.3,0",
                           "sigma:nan",
                           "sigma:1e9",
                           ""}) {
    EXPECT_EQ(refusal(name).first, ExitCode::configuration) << name << ": " << refusal(name).second;
  }
  EXPECT_NE(refusal("L31").second.find("L137"), std::string::npos);
  EXPECT_EQ(refusal("no/such/file.txt").first, ExitCode::missing_input);
  EXPECT_EQ(refusal(testing::TempDir()).first, ExitCode::missing_input);
}

TEST(VerticalCoordinate, the_data_folder_goes_first) {
  const std::filesystem::path folder = testing::TempDir() + "meridian_test_data";
  std::filesystem::create_directories(folder / "levels");
  std::ofstream(folder / "levels" / "L26.txt") << "0.2 0\n0 1\n";
  setenv("MERIDIAN_DATA_DIR", folder.c_str(), 1);
  EXPECT_EQ(read_levels("L26", p0).n_layers(), 1);
  EXPECT_EQ(read_levels("L30", p0).n_layers(), 30);
  unsetenv("MERIDIAN_DATA_DIR");
  EXPECT_EQ(read_levels("L26", p0).n_layers(), 26);
}

TEST(VerticalCoordinate, a_single_layer_is_the_surface_pressure) {
  const VerticalCoordinate levels = single_layer();
  EXPECT_EQ(levels.n_layers(), 1);
  EXPECT_EQ(levels.pressure(1, 5e4) - levels.pressure(0, 5e4), 5e4);
}

}  // namespace
}  // namespace meridian
