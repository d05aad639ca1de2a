// The worked example of docs/how_to/add_a_scheme.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "grid/loop.hpp"
#include "physics/columns.hpp"
#include "physics/suite.hpp"
#include "tests/support/column_model.hpp"

namespace meridian {
namespace {

/// Cooling towards one temperature: dT/dt = -(T - T0) / tau.
struct NewtonianCooling {
  static constexpr std::string_view name = "newtonian_cooling";
  static constexpr std::string_view meaning = "relaxation of temperature towards one value";
  static constexpr std::string_view source = "Newton (1701), Phil. Trans. R. Soc. 22, 824-829";
  static constexpr std::string_view equation = "dT/dt = -(T - T0) / tau";
  static constexpr FieldUse fields[] = {updates(field::air_temperature)};

  struct Options {
    double temperature_k = 250;
    double time_days = 15;

    void visit(OptionVisitor& option) {
      option.real("temperature_k", temperature_k, "K", {1, 1000}, "the state is drawn towards it");
      option.real("time_days", time_days, "days", {0.01, 1e6}, "relaxation time");
    }
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<NewtonianCooling>);

void add_cooling(const Box& cells, const ConstField<Cell>& T, Real target, Real rate, const Field<Cell>& dT_dt) {
  for_each(
      {"physics/newtonian_cooling", 2, 1}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
        dT_dt(k, j, i) -= rate * (T(k, j, i) - target);  // [K s-1]
      });
}

void NewtonianCooling::run(Columns& columns, double dt) const {
  const double decay = -std::expm1(-dt / (options.time_days * seconds_per_day));  // [1] 1 - exp(-dt / tau): exact in dt
  add_cooling(columns.cells(), columns.read(field::air_temperature), static_cast<Real>(options.temperature_k),
              static_cast<Real>(decay / dt), columns.tendency(field::air_temperature));
}

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(MERIDIAN_SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(AddAScheme, the_code_of_the_page_is_the_code_that_is_compiled_here) {
  const std::string page = text_of("docs/how_to/add_a_scheme.md");
  const std::string here = text_of("tests/unit/test_add_a_scheme.cpp");
  const std::string begin = "```cpp\n";
  int blocks = 0;
  for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
    const auto first = at + begin.size();
    EXPECT_THAT(here, testing::HasSubstr(page.substr(first, page.find("```", first) - first)));
    ++blocks;
  }
  EXPECT_EQ(blocks, 2);
}

TEST(AddAScheme, the_example_cools_as_its_formula_says) {
  test::ColumnModel model(20);
  Suite::Entries schemes;
  schemes.emplace_back(any_scheme(NewtonianCooling{}));
  Suite suite(std::move(schemes), Saturation::clausius, model.grid, model.fields, Watch::every_field);
  suite.run(0, 3600);
  const auto T = model.values(field::air_temperature);
  const auto found = model.values(field::temperature_tendency);
  const double rate = (1 - std::exp(-1.0 / 360)) / 3600;  // one hour of 15 days
  for (std::size_t n = 0; n < T.size(); ++n) {
    // Rounding of T, of the rate and of the product; 1 - exp loses 360 units, in double.
    EXPECT_NEAR(found[n], -rate * (T[n] - 250), rate * 100 * (4 * std::numeric_limits<Real>::epsilon() + 1e-13));
  }
}

/// The preset cpu-debug is configured with MERIDIAN_EXTRA_PHYSICS=tests/data/extra_physics.
TEST(AddAScheme, a_scheme_outside_the_tree_is_in_the_table) {
  const auto& table = scheme_table();
  const bool found = std::ranges::any_of(table, [](const auto& s) { return s->name == "constant_heating"; });
  EXPECT_EQ(found, MERIDIAN_HAS_EXAMPLE_OF_EXTRA_PHYSICS);
}

}  // namespace
}  // namespace meridian
