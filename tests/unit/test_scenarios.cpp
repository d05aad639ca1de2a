// Sun, seasons, carbon dioxide, ice and monthly temperatures of the sea.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "io/boundary_data.hpp"
#include "physics/grey_radiation.hpp"
#include "physics/insolation.hpp"
#include "physics/monthly_sst.hpp"
#include "physics/suite.hpp"
#include "tests/support/column_model.hpp"

namespace meridian {
namespace {

using test::ColumnModel;
constexpr double degree = pi / 180;
constexpr double march_equinox = 79.5 / 365;
constexpr double rounding = sizeof(Real) == 8 ? 1e-12 : 1e-5;

Insolation orbit() {
  Insolation options;
  options.insolation = "orbit";
  return options;
}

Instant at_part_of_year(double part_of_year, double part_of_day = 0) { return {0, part_of_year, part_of_day}; }

double sunlight(const Insolation& options, double lat, const Instant& begin, double dt = 3600, double lon = 0) {
  return sunlight_at(sun_during(options, begin, dt), std::sin(lat), std::cos(lat), lon);
}

TEST(Clock, an_instant_knows_its_part_of_the_year_and_of_the_day) {
  const Clock noleap(Calendar::noleap, parse_date(Calendar::noleap, "2001-03-01"), 1800 * microseconds_per_second);
  const Instant noon = noleap.instant_at(microseconds_per_day / 2);
  EXPECT_DOUBLE_EQ(noon.elapsed_s, 43200);
  EXPECT_DOUBLE_EQ(noon.part_of_year, 59.5 / 365);
  EXPECT_DOUBLE_EQ(noon.part_of_day, 0.5);
  const Clock gregorian(Calendar::proleptic_gregorian, {2000, 1, 1, 0}, 1);
  EXPECT_DOUBLE_EQ(gregorian.instant_at(365 * microseconds_per_day).part_of_year, 365. / 366);
  EXPECT_DOUBLE_EQ(gregorian.instant_at(366 * microseconds_per_day).part_of_year, 0);
  const Clock even(Calendar::day_360, {2000, 7, 1, 0}, 1);
  EXPECT_DOUBLE_EQ(even.instant_at(0).part_of_year, 0.5);
}

TEST(Insolation, an_orbit_obeys_the_equation_of_kepler) {
  for (const double e : {0.0, 0.0167, 0.3, 0.85}) {
    const double perihelion = 282.9 * degree;
    EXPECT_NEAR(std::remainder(place_on_orbit(e, perihelion, march_equinox).longitude, 2 * pi), 0, 1e-9) << e;
    double nearest = 0, farthest = 1e300, swept = 0;
    const int n = 20000;
    for (int m = 0; m < n; ++m) {
      const OrbitPlace here = place_on_orbit(e, perihelion, (m + 0.0) / n);
      const OrbitPlace next = place_on_orbit(e, perihelion, (m + 1.0) / n);
      nearest = std::max(nearest, here.inverse_square_distance);
      farthest = std::min(farthest, here.inverse_square_distance);
      const double turn = std::remainder(next.longitude - here.longitude, 2 * pi);
      const double area = turn / std::sqrt(here.inverse_square_distance * next.inverse_square_distance) / 2;
      EXPECT_GT(turn, 0);
      swept += area;
      // Equal areas in equal times: each is a share of the ellipse, pi sqrt(1 - e^2).
      if (e < 0.5) {
        EXPECT_NEAR(area * n / (pi * std::sqrt(1 - e * e)), 1, 1e-4) << e << ' ' << m;
      }
    }
    EXPECT_NEAR(swept / (pi * std::sqrt(1 - e * e)), 1, 1e-4) << e;
    EXPECT_NEAR(nearest, 1 / ((1 - e) * (1 - e)), 1e-3 * nearest) << e;
    EXPECT_NEAR(farthest, 1 / ((1 + e) * (1 + e)), 1e-3 * farthest) << e;
  }
}

TEST(Insolation, means_of_the_day_are_those_of_the_formula) {
  Insolation options = orbit();
  options.eccentricity = 0;
  options.diurnal_cycle = false;
  const double S0 = options.solar_constant_w_per_m2, sine = std::sin(23.44 * degree);
  EXPECT_NEAR(sunlight(options, 0, at_part_of_year(march_equinox)), S0 / pi, 1e-9);
  EXPECT_NEAR(sunlight(options, 40 * degree, at_part_of_year(march_equinox)), S0 / pi * std::cos(40 * degree), 1e-9);
  EXPECT_NEAR(sunlight(options, 90 * degree, at_part_of_year(march_equinox + 0.25)), S0 * sine, 1e-9);
  EXPECT_EQ(sunlight(options, -90 * degree, at_part_of_year(march_equinox + 0.25)), 0);
  EXPECT_NEAR(sunlight(options, 80 * degree, at_part_of_year(march_equinox + 0.25)), S0 * sine * std::sin(80 * degree),
              1e-9);
  options.seasonal_cycle = false;
  EXPECT_NEAR(sunlight(options, 0, at_part_of_year(0.7)), S0 / pi, 1e-9);
}

/// Mean over globe and year: S0 / (4 sqrt(1 - e^2)), whatever the tilt.
TEST(Insolation, the_mean_over_globe_and_year_is_a_quarter) {
  for (const double obliquity : {0.0, 23.44, 54.0, 90.0}) {
    Insolation options = orbit();
    options.obliquity_degrees = obliquity;
    options.eccentricity = 0.2;
    options.diurnal_cycle = false;
    double sum = 0;
    const int n_days = 400, n_rows = 400;
    for (int day = 0; day < n_days; ++day) {
      for (int j = 0; j < n_rows; ++j) {
        sum += sunlight(options, std::asin(-1 + 2 * (j + 0.5) / n_rows), at_part_of_year((day + 0.5) / n_days));
      }
    }
    EXPECT_NEAR(sum / (n_days * n_rows) / (options.solar_constant_w_per_m2 / (4 * std::sqrt(1 - 0.04))), 1, 2e-4)
        << obliquity;
  }
}

TEST(Insolation, the_hours_of_a_day_add_up_to_its_mean) {
  Insolation hourly = orbit(), daily = orbit();
  daily.diurnal_cycle = false;
  for (const double lat : {-89.0, -66.0, -30.0, 0.0, 45.0, 70.0, 89.0}) {
    for (const double season : {0.0, 0.2, 0.46, 0.8}) {
      const double mean = sunlight(daily, lat * degree, at_part_of_year(season));
      for (const int n : {1, 7, 48}) {
        double sum = 0;
        for (int m = 0; m < n; ++m) {
          const double light = sunlight(hourly, lat * degree, at_part_of_year(season, (m + 0.0) / n), 86400. / n, 1.3);
          EXPECT_GE(light, 0);
          sum += light / n;
        }
        EXPECT_NEAR(sum, mean, 1e-9) << lat << ' ' << season << ' ' << n;
      }
      EXPECT_NEAR(sunlight(hourly, lat * degree, at_part_of_year(season, 0.3), 3 * 86400.), mean, 1e-9);
    }
  }
  // The sun stands highest at noon: longitude 0 at half the day, 90 E a quarter of a day earlier.
  hourly.eccentricity = 0;
  const Instant noon = at_part_of_year(march_equinox, 0.5);
  EXPECT_NEAR(sunlight(hourly, 0, noon, 1), hourly.solar_constant_w_per_m2, 1e-3);
  EXPECT_NEAR(sunlight(hourly, 0, at_part_of_year(march_equinox, 0.25), 1, pi / 2), hourly.solar_constant_w_per_m2,
              1e-3);
  EXPECT_EQ(sunlight(hourly, 0, noon, 1, pi), 0);
}

/// A suite of the radiation alone over columns with a surface.
struct Radiation {
  ColumnModel model{64, 8, 2, 8};
  explicit Radiation(double surface) {
    model.fields.add(field::surface_temperature, 1, Role::diagnostic);
    model.set(field::surface_temperature, [=](int, int, int) { return surface; });
  }
  void run(const GreyRadiation& scheme, const Instant& begin, double dt = 1800) {
    Suite::Entries entries;
    entries.emplace_back(any_scheme(scheme));
    Suite suite(std::move(entries), Saturation::clausius, model.grid, model.fields, Watch::every_field);
    suite.run(0, dt, begin);
  }
};

TEST(GreyRadiation, sees_the_sun_of_the_hour) {
  GreyRadiation scheme;
  scheme.options.sun = orbit();
  Radiation noon(280);
  const Instant begin = at_part_of_year(march_equinox, 0.5);
  noon.run(scheme, begin);
  const auto light = noon.model.values(field::incoming_shortwave);
  const Grid& grid = noon.model.grid;
  for (int i = 0; i < 64; ++i) {
    const double expected =
        sunlight(scheme.options.sun, grid.latitude_of_cell(1), begin, 1800, grid.longitude_of_cell(i));
    EXPECT_NEAR(light[64 + i], expected, 2000 * rounding) << i;
  }
  EXPECT_GT(light[0], light[63]);
}

TEST(GreyRadiation, ice_reflects) {
  const auto reflected = [](const GreyRadiation& scheme, double surface) {
    Radiation columns(surface);
    columns.run(scheme, {});
    return double(columns.model.values(field::surface_shortwave_up)[0]) /
           columns.model.values(field::surface_shortwave_down)[0];
  };
  GreyRadiation scheme;
  EXPECT_NEAR(reflected(scheme, 250), 0.31, rounding);
  scheme.options.ice = true;
  EXPECT_NEAR(reflected(scheme, 250), 0.6, rounding);
  EXPECT_NEAR(reflected(scheme, 271.4), 0.31, rounding);
  scheme.options.ice_range_k = 10;
  EXPECT_NEAR(reflected(scheme, 266.35), 0.455, 10 * rounding);
  EXPECT_NEAR(reflected(scheme, 261), 0.6, rounding);
}

TEST(GreyRadiation, carbon_dioxide_grows_by_a_share_each_year) {
  GreyRadiation::Options options;
  EXPECT_EQ(options.co2_at(1e10), 360);
  options.co2_percent_per_year = 1;
  EXPECT_NEAR(options.co2_at(365 * 86400. * 70), 360 * std::pow(1.01, 70), 1e-9);
  // More of it in the air closes the window: less thermal radiation leaves.
  GreyRadiation scheme;
  scheme.options.preset = "byrne13";
  scheme.options.co2_percent_per_year = 1;
  const double year = 365 * 86400.;
  scheme.require_length(565 * year);  // 99513 ppm
  EXPECT_THROW(scheme.require_length(566 * year), Error);
  scheme.options.co2_percent_per_year = -1;
  scheme.require_length(356 * year);  // 10.06 ppm
  EXPECT_THROW(scheme.require_length(357 * year), Error);
  scheme.options.co2_percent_per_year = 1;
  Radiation now(280), later(280);
  for (Radiation* columns : {&now, &later}) {
    columns->model.set(field::air_temperature, [](int, int, int) { return 250; });
  }
  now.run(scheme, {});
  later.run(scheme, {365 * 86400. * 70, 0, 0});
  EXPECT_LT(later.model.values(field::outgoing_longwave)[0], now.model.values(field::outgoing_longwave)[0]);
  EXPECT_GT(later.model.values(field::surface_longwave_down)[0], now.model.values(field::surface_longwave_down)[0]);
}

TEST(MonthlySst, interpolation_keeps_the_means_of_the_months) {
  const std::array<double, 12> means = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};
  const auto at = [&](double part_of_year) {
    const auto weights = weights_of_months(part_of_year);
    return std::inner_product(weights.begin(), weights.end(), means.begin(), 0.0);
  };
  for (int m = 0; m < 12; ++m) {
    double sum = 0;
    const int n = 1000;
    for (int s = 0; s < n; ++s) sum += at((m + (s + 0.5) / n) / 12) / n;
    EXPECT_NEAR(sum, means[m], 1e-9) << m;
  }
  for (const double place : {0.0, 0.03, 0.5, 0.97, 1.0}) {
    const auto weights = weights_of_months(place);
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12) << place;
  }
  EXPECT_NEAR(at(0), at(1), 1e-12);
}

TEST(MonthlySst, the_scheme_follows_the_year_and_warms_by_what_is_asked) {
  ColumnModel model(5);
  model.fields.add(field::monthly_sea_surface_temperature, 12, Role::fixed);
  model.set(field::monthly_sea_surface_temperature,
            [](int m, int, int i) { return 290 + i + std::cos(2 * pi * m / 12); });
  MonthlySst scheme;
  scheme.options.warming_k = 4;
  Suite::Entries entries;
  entries.emplace_back(any_scheme(scheme));
  Suite suite(std::move(entries), Saturation::clausius, model.grid, model.fields, Watch::every_field);
  suite.start(at_part_of_year(0.5 / 12));
  const double amplitude = 1 / (0.75 + 0.25 * std::cos(2 * pi / 12));  // what a wave of one year is raised by
  EXPECT_NEAR(model.values(field::surface_temperature)[2], 296 + amplitude, 1e-3);
  suite.run(0, 1800, at_part_of_year(6.5 / 12));
  EXPECT_NEAR(model.values(field::surface_temperature)[2], 296 - amplitude, 1e-3);
}

TEST(SeaSurfaceTemperature, of_the_file_that_travels_along) {
  const auto sst = sea_surface_temperature_from_file("sea_surface_temperature_2p0.nc", 36, 18);
  ASSERT_EQ(sst.size(), 12u * 18 * 36);
  const auto at = [&](int month, double lat, double lon) {
    return sst[(month * 18 + static_cast<int>((lat + 90) / 10)) * 36 + static_cast<int>(lon / 10)];
  };
  EXPECT_NEAR(at(0, 5, 155), 302, 1);                // western Pacific
  EXPECT_NEAR(at(0, 5, 265), 300, 2);                // eastern Pacific
  EXPECT_GT(at(7, 45, 185) - at(1, 45, 185), 5);     // August less February in the north
  EXPECT_LT(at(7, -45, 185) - at(1, -45, 185), -2);  // and in the south
  try {
    sea_surface_temperature_from_file("earth_topography_1p0.nc", 36, 18);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_data);
    EXPECT_NE(std::string(error.what()).find("'sst'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace meridian
