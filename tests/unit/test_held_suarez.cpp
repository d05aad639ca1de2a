#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "physics/columns.hpp"
#include "physics/held_suarez.hpp"
#include "physics/suite.hpp"
#include "tests/support/column_model.hpp"

namespace meridian {
namespace {

constexpr double kappa = 2.0 / 7;
constexpr double rounding = std::numeric_limits<Real>::epsilon();

/// Tendencies that the scheme alone gives.
struct Tendencies {
  std::vector<Real> T, u, v;
  bool operator==(const Tendencies&) const = default;
};

Tendencies run(test::ColumnModel& model, double dt, const HeldSuarez::Options& options = {}) {
  if (model.fields.has(field::temperature_tendency.name)) throw std::logic_error("one run for each model");
  Suite::Entries schemes;
  schemes.emplace_back(any_scheme(HeldSuarez{options}));
  Suite suite(std::move(schemes), Saturation::clausius, model.grid, model.fields, Watch::every_field);
  suite.run(0, dt);
  return {model.values(field::temperature_tendency), model.values(field::eastward_wind_tendency),
          model.values(field::northward_wind_tendency)};
}

Tendencies run_random(int n_columns, double dt, unsigned seed = 1) {
  test::ColumnModel model(n_columns);
  model.randomise(seed);
  return run(model, dt);
}

TEST(HeldSuarez, equilibrium_temperature_has_the_values_of_the_reference_sheet) {
  // Latitude, then 1000, 850, 500, 250, 100 hPa; printed to 3 digits after the point.
  struct Row {
    double latitude;
    double temperature[5];
  };
  constexpr Row rows[] = {{0, {315, 302.259, 264.092, 221.308, 200}},
                          {45, {285, 272.845, 236.639, 200, 200}},
                          {90, {255, 243.430, 209.186, 200, 200}}};
  constexpr double pressure[] = {1, 0.85, 0.5, 0.25, 0.1};
  for (const Row& row : rows) {
    for (int n = 0; n < 5; ++n) {
      const double sine = std::sin(row.latitude * pi / 180);
      EXPECT_NEAR(equilibrium_temperature({}, kappa, sine, pressure[n]), row.temperature[n], 0.5e-3)
          << row.latitude << " degrees, p/p0 = " << pressure[n];
    }
  }
}

TEST(HeldSuarez, tendencies_agree_with_the_formulas_written_with_library_functions) {
  const double dt = 1800;
  const int n_columns = 40;
  test::ColumnModel model(n_columns, 10, 16, 0);
  const Tendencies found = run(model, dt);
  const auto T = model.values(field::air_temperature);
  const auto u = model.values(field::eastward_wind);
  const auto v = model.values(field::northward_wind);
  const auto p = model.values(field::air_pressure);
  const auto ps = model.values(field::surface_air_pressure);
  const std::size_t n_surface = ps.size();
  for (std::size_t n = 0; n < T.size(); ++n) {
    const double latitude = model.grid.latitude_of_cell(static_cast<int>(n % n_surface) / n_columns);
    const double weight = std::max(0.0, (static_cast<double>(p[n]) / ps[n % n_surface] - 0.7) / 0.3);
    const double kT = (1 / 40.0 + (1 / 4.0 - 1 / 40.0) * weight * std::pow(std::cos(latitude), 4)) / 86400;
    const double kv = weight / 86400;
    const double x = p[n] / 1e5;
    const double T_eq = std::max(
        200.0, (315 - 60 * std::pow(std::sin(latitude), 2) - 10 * std::log(x) * std::pow(std::cos(latitude), 2)) *
                   std::pow(x, kappa));
    // Rounding of T, of sigma next to 0.7 and of 1 - exp, which loses 1 / (k dt) = 2000 units.
    const double of_T = 350 / dt * 8 * rounding + 1e-12 * 350 / 86400;
    const double of_wind = 100 / 86400.0 * 40 * rounding + 1e-12 * 100 / 86400;
    ASSERT_NEAR(found.T[n], (T_eq - T[n]) * -std::expm1(-kT * dt) / dt, of_T);
    ASSERT_NEAR(found.u[n], u[n] * std::expm1(-kv * dt) / dt, of_wind);
    ASSERT_NEAR(found.v[n], v[n] * std::expm1(-kv * dt) / dt, of_wind);
  }
}

TEST(HeldSuarez, there_is_no_drag_above_sigma_0_7) {
  test::ColumnModel model(20, 10);  // sigma 0.05, 0.15, ... 0.65 above; 0.75, 0.85, 0.95 within
  const Tendencies found = run(model, 600);
  for (std::size_t n = 0; n < found.u.size(); ++n) {
    EXPECT_EQ(found.u[n] == 0 && found.v[n] == 0, n / 20 < 7) << "level " << n / 20;
  }
}

TEST(HeldSuarez, the_exponential_form_differs_from_the_explicit_one_in_proportion_to_dt) {
  // (1 - exp(-k dt)) / dt = k (1 - k dt / 2 + ...): the limit of the drag at sigma = 0.95 is k = 0.25 / 0.3 d.
  const auto difference = [](double dt) {
    test::ColumnModel model(1, 10);
    const Tendencies found = run(model, dt);
    const double u = model.values(field::eastward_wind)[9];
    const double k = (0.95 - 0.7) / 0.3 / 86400;
    return std::abs(found.u[9] + k * u) / std::abs(k * u);
  };
  const double k_dt = (0.95 - 0.7) / 0.3 / 86400 * 7200;
  EXPECT_NEAR(difference(7200), k_dt / 2, k_dt * k_dt / 6);      // the next term of the series
  EXPECT_NEAR(difference(14400) / difference(7200), 2.0, k_dt);  // likewise: 2 k dt / 3
}

TEST(HeldSuarez, one_step_of_a_thousand_years_ends_in_equilibrium) {
  const double dt = 365000 * 86400.0;
  test::ColumnModel model(8, 10);
  const Tendencies found = run(model, dt);
  const auto T = model.values(field::air_temperature);
  const auto p = model.values(field::air_pressure);
  const double sine = std::sin(model.grid.latitude_of_cell(0));
  for (std::size_t n = 0; n < T.size(); ++n) {
    const double T_eq = equilibrium_temperature({}, kappa, sine, p[n] / 1e5);
    EXPECT_NEAR(T[n] + dt * found.T[n], T_eq, 2000 * rounding);  // 350 K in a few roundings
  }
}

TEST(HeldSuarez, any_number_of_columns_gives_finite_tendencies_that_do_not_depend_on_the_others) {
  const int most = 257;
  const int n_levels = 6;
  const Tendencies all = run_random(most, 1200);
  for (int n = 1; n <= most; ++n) {
    const Tendencies some = run_random(n, 1200);
    for (int k = 0; k < n_levels; ++k) {
      for (int i = 0; i < n; ++i) {
        ASSERT_TRUE(std::isfinite(some.T[k * n + i]));
        ASSERT_EQ(some.T[k * n + i], all.T[k * most + i]);
        ASSERT_EQ(some.u[k * n + i], all.u[k * most + i]);
        ASSERT_EQ(some.v[k * n + i], all.v[k * most + i]);
      }
    }
  }
}

TEST(HeldSuarez, columns_in_another_order_give_the_same_bits) {
  const int n = 97;
  const int n_levels = 6;
  const auto place = [](int i) { return i * 31 % n; };  // a permutation, for 97 is prime
  test::ColumnModel straight(n), shuffled(n);
  shuffled.randomise(1, [&](int, int i) { return place(i); });
  const Tendencies a = run(straight, 900);
  const Tendencies b = run(shuffled, 900);
  for (int k = 0; k < n_levels; ++k) {
    for (int i = 0; i < n; ++i) {
      ASSERT_EQ(b.T[k * n + i], a.T[k * n + place(i)]);
      ASSERT_EQ(b.u[k * n + i], a.u[k * n + place(i)]);
      ASSERT_EQ(b.v[k * n + i], a.v[k * n + place(i)]);
    }
  }
}

TEST(HeldSuarez, equal_columns_get_the_same_bits_at_any_longitude_and_on_both_hemispheres) {
  const int n = 37;
  test::ColumnModel model(n, 6, 16, 0);
  model.randomise(3, [](int, int) { return 5; });
  const Tendencies found = run(model, 900);
  for (int k = 0; k < 6; ++k) {
    for (int j = 0; j < 16; ++j) {
      for (int i = 0; i < n; ++i) {
        ASSERT_EQ(found.T[(k * 16 + j) * n + i], found.T[(k * 16 + 15 - j) * n]);
        ASSERT_EQ(found.u[(k * 16 + j) * n + i], found.u[k * 16 * n]);
      }
    }
  }
}

TEST(HeldSuarez, the_unit_of_pressure_does_not_matter) {
  Planet planet;
  planet.reference_pressure_pa *= 4;
  test::ColumnModel scaled(30, 6, 1, 9, planet);  // random pressures are in proportion to the reference
  EXPECT_EQ(run(scaled, 600), run_random(30, 600));
}

TEST(HeldSuarez, nothing_but_the_tendencies_changes) {
  test::ColumnModel model(50), untouched(50);
  run(model, 600);
  const auto same = [&](const auto& spec) { return model.values(spec) == untouched.values(spec); };
  EXPECT_TRUE(same(field::air_temperature));
  EXPECT_TRUE(same(field::eastward_wind));
  EXPECT_TRUE(same(field::northward_wind));
  EXPECT_TRUE(same(field::air_pressure));
  EXPECT_TRUE(same(field::surface_air_pressure));
}

TEST(HeldSuarez, options_reach_the_kernel) {
  HeldSuarez::Options slow;
  slow.friction_time_days = 1e6;
  HeldSuarez::Options warm;
  warm.minimum_temperature_k = 400;
  test::ColumnModel a(10), b(10), c(10);
  const Tendencies usual = run(a, 600);
  const Tendencies slowed = run(b, 600, slow);
  const Tendencies warmed = run(c, 600, warm);
  for (int i = 0; i < 10; ++i) {
    const int lowest = 5 * 10 + i;
    EXPECT_LT(std::abs(slowed.u[lowest]), 1e-5 * std::abs(usual.u[lowest]));
    EXPECT_GT(warmed.T[lowest], usual.T[lowest]);
    EXPECT_GT(warmed.T[lowest], 0);  // all below 400 K
  }
  EXPECT_EQ(slowed.T, usual.T);
  EXPECT_EQ(warmed.u, usual.u);
}

TEST(Columns, uniform_heating_of_a_column_is_cp_over_g_times_its_weight) {
  test::ColumnModel model(5, 8);
  const auto rate = model.fields.add(field::temperature_tendency, 8, Role::diagnostic);
  model.set(field::temperature_tendency, [](int, int, int) { return 1e-4; });
  static constexpr FieldSpec<CellSurface> heating{"heating", "heating", "W m-2", {-1e9, 1e9}, "heating", false};
  const auto result = model.fields.add(heating, 1, Role::diagnostic);
  column_enthalpy_tendency(model.grid, rate, model.fields.get(field::surface_air_pressure), result);
  const auto ps = model.values(field::surface_air_pressure);
  const auto found = model.values(heating);
  for (int i = 0; i < 5; ++i) {
    EXPECT_NEAR(found[i] / (1004.5 / 9.80616 * static_cast<Real>(1e-4) * ps[i]), 1.0, 4 * rounding);
  }
}

}  // namespace
}  // namespace meridian
