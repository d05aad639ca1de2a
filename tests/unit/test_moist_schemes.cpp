#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "physics/betts_miller.hpp"
#include "physics/frierson.hpp"
#include "physics/grey_radiation.hpp"
#include "physics/held_suarez.hpp"
#include "physics/kessler.hpp"
#include "physics/large_scale_condensation.hpp"
#include "physics/prescribed_sst.hpp"
#include "physics/rayleigh_sponge.hpp"
#include "physics/simple_physics.hpp"
#include "physics/slab_ocean.hpp"
#include "physics/suite.hpp"
#include "tests/support/column_model.hpp"
#include "tests/support/option_setter.hpp"

namespace meridian {
namespace {

using test::ColumnModel;

constexpr double degree = pi / 180;
constexpr double sigma_sb = 5.670374419e-8;

/// Runs one scheme for dt on a model that has all that it needs.
template <class Scheme>
void run_alone(const Scheme& scheme, ColumnModel& model, double dt, Saturation saturation = Saturation::clausius) {
  Suite::Entries entries;
  entries.emplace_back(any_scheme(scheme));
  Suite suite(std::move(entries), saturation, model.grid, model.fields, Watch::every_field);
  suite.start();
  suite.run(0, dt);
}

void add_surface(ColumnModel& model, const FieldSpec<CellSurface>& spec, double value) {
  model.fields.add(spec, 1, Role::diagnostic);
  model.set(spec, [=](int, int, int) { return value; });
}

double relative(double found, double expected) { return std::abs(found / expected - 1); }
constexpr double rounding = sizeof(Real) == 8 ? 1e-12 : 1e-5;

TEST(Thermodynamics, saturation_has_the_tabulated_values) {
  const Planet planet;
  const auto pressure_of = [&](Saturation formula, double T) {  // [Pa] from the mixing ratio
    const MoistAir air(planet, formula);
    const double p = 1e5, q = air.saturated(T, p).q;
    return formula == Saturation::murphy_koop ? q * p / (air.epsilon + q) : q * p / air.epsilon;
  };
  EXPECT_NEAR(pressure_of(Saturation::murphy_koop, 273.16), 611.66, 5e-3);
  EXPECT_NEAR(pressure_of(Saturation::murphy_koop, 250), 95.301, 5e-4);
  EXPECT_NEAR(pressure_of(Saturation::clausius, 273.16), 610.78, 1e-9);
  EXPECT_NEAR(MoistAir(planet, Saturation::tetens).saturated(273, 380).q, 1, 1e-12);
  for (const Saturation formula : {Saturation::clausius, Saturation::tetens, Saturation::murphy_koop}) {
    const MoistAir air(planet, formula);
    for (const double T : {180., 250., 300., 320.}) {
      const double slope = (air.saturated(T + 1e-3, 9e4).q - air.saturated(T - 1e-3, 9e4).q) / 2e-3;
      EXPECT_LT(relative(air.saturated(T, 9e4).slope, slope), 1e-7) << T;
    }
  }
}

TEST(PrescribedSst, profiles_have_the_published_values_and_means) {
  const auto at = [](const char* profile, double lat) {
    PrescribedSst::Options options;
    options.profile = profile;
    return sea_surface_temperature(options, lat * degree);
  };
  EXPECT_NEAR(at("control", 15) - 273.15, 23.046, 5e-4);
  EXPECT_NEAR(at("control", 30) - 273.15, 13.5, 5e-4);
  EXPECT_NEAR(at("control", 45) - 273.15, 3.954, 5e-4);
  EXPECT_NEAR(at("qobs", 15) - 273.15, 24.733, 5e-4);
  EXPECT_NEAR(at("qobs", 30) - 273.15, 16.875, 5e-4);
  EXPECT_NEAR(at("qobs", 45) - 273.15, 5.642, 5e-4);
  EXPECT_NEAR(at("control_5n", 5) - 273.15, 27, 1e-9);
  EXPECT_NEAR(at("control", 75), 273.15, 1e-9);
  EXPECT_NEAR(at("thatcher_jablonowski", 0), 300, 1e-9);
  EXPECT_NEAR(at("thatcher_jablonowski", 45), 277.485, 5e-4);
  const auto mean = [&](const char* profile) {
    double sum = 0;
    const int n = 20000;
    for (int j = 0; j < n; ++j) sum += at(profile, std::asin(-1 + 2 * (j + 0.5) / n) / degree);
    return sum / n;
  };
  EXPECT_NEAR(mean("control") - 273.15, 13.1528, 1e-4);
  EXPECT_NEAR(mean("peaked") - 273.15, 12.8916, 1e-4);
  EXPECT_NEAR(mean("flat") - 273.15, 16.1591, 1e-4);
  EXPECT_NEAR(mean("qobs") - 273.15, 14.6559, 1e-4);
  EXPECT_NEAR(mean("thatcher_jablonowski"), 285.88, 5e-3);
}

TEST(MoistHeldSuarez, equilibrium_temperatures_are_those_of_the_paper) {
  HeldSuarez::Options options;
  options.equator_temperature_k = 294;
  options.equator_pole_difference_k = 65;
  const double expected[3][4] = {
      {294, 282.212, 246.865, 207.176}, {261.5, 250.411, 217.361, 200}, {229, 218.610, 200, 200}};
  const double p[4] = {1, 0.85, 0.5, 0.25}, sine[3] = {0, std::sqrt(0.5), 1};
  for (int row = 0; row < 3; ++row) {
    for (int k = 0; k < 4; ++k) {
      EXPECT_NEAR(equilibrium_temperature(options, 2. / 7, sine[row], p[k]), expected[row][k], 6e-4) << row << ' ' << k;
    }
  }
}

TEST(LargeScaleCondensation, what_is_above_saturation_rains_and_enthalpy_of_each_layer_stays) {
  ColumnModel model(8);
  run_alone(LargeScaleCondensation{}, model, 1200);
  const MoistAir air(model.grid.planet, Saturation::clausius);
  const auto T = model.values(field::air_temperature), q = model.values(field::water_vapour);
  const auto p = model.values(field::air_pressure), dT = model.values(field::temperature_tendency);
  const auto dq = model.values(field::water_vapour_tendency), rain = model.values(field::large_scale_precipitation);
  std::vector<bool> condenses(8, false);
  for (std::size_t n = 0; n < T.size(); ++n) {
    EXPECT_LE(std::abs(air.cp * dT[n] + air.L * dq[n]), rounding * air.cp * 300 / 1200);
    const bool above = q[n] > air.saturated(T[n], p[n]).q;
    EXPECT_EQ(dq[n] < 0, above);
    condenses[n % 8] = condenses[n % 8] || above;
  }
  for (int n = 0; n < 8; ++n) EXPECT_EQ(rain[n] > 0, condenses[n]);
}

TEST(LargeScaleCondensation, rain_evaporates_below_until_the_air_is_saturated) {
  ColumnModel model(1, 3);
  const MoistAir air(model.grid.planet, Saturation::clausius);
  model.set(field::air_temperature, [](int k, int, int) { return 270 + 10 * k; });
  model.set(field::water_vapour, [&](int k, int, int) {
    const double p = model.values(field::air_pressure)[k];
    return air.saturated(270 + 10 * k, p).q * (k == 0 ? 1.5 : 0.999);
  });
  LargeScaleCondensation scheme;
  scheme.options.reevaporate = true;
  run_alone(scheme, model, 1200);
  const auto dq = model.values(field::water_vapour_tendency);
  EXPECT_LT(dq[0], 0);
  EXPECT_GT(dq[1], 0);
  EXPECT_GT(dq[2], 0);
  EXPECT_GT(model.values(field::large_scale_precipitation)[0], 0);
  const auto T = model.values(field::air_temperature), q = model.values(field::water_vapour);
  const auto p = model.values(field::air_pressure), dT = model.values(field::temperature_tendency);
  EXPECT_LT(relative(q[1] + 1200 * dq[1], air.saturated(T[1] + 1200 * dT[1], p[1]).q), 1e-5);
}

TEST(SimplePhysics, fluxes_vanish_where_the_lowest_layer_is_in_balance_with_the_sea) {
  ColumnModel model(8);
  add_surface(model, field::surface_temperature, 290);
  const MoistAir air(model.grid.planet, Saturation::clausius);
  const auto p = model.values(field::interface_pressure);
  model.set(field::air_temperature, [](int, int, int) { return 290; });
  model.set(field::water_vapour, [&](int, int, int i) { return air.saturated(290, p[6 * 8 + i]).q; });
  run_alone(BulkSurfaceFluxes{}, model, 1200);
  for (const Real flux : model.values(field::sensible_heat_flux)) EXPECT_EQ(flux, 0);
  for (const Real flux : model.values(field::latent_heat_flux)) EXPECT_LE(std::abs(flux), 1e5 * rounding);
  EXPECT_NEAR(drag_coefficient(10), 1.35e-3, 1e-15);
  EXPECT_EQ(drag_coefficient(20), 2e-3);
}

TEST(SimplePhysics, mixing_keeps_the_sum_of_potential_temperature_and_smooths_it) {
  for (const char* profile : {"pressure", "depth_1km"}) {
    ColumnModel model(16, 24);
    SimpleBoundaryLayer scheme;
    scheme.options.profile = profile;
    run_alone(scheme, model, 12000);
    const auto T = model.values(field::air_temperature), dT = model.values(field::temperature_tendency);
    const auto p = model.values(field::air_pressure), mass = model.values(field::layer_mass);
    std::vector<double> change(16), before(16), after(16);
    const auto theta = [&](std::size_t n, double t) {
      return t / std::pow(p[n] / model.grid.planet.reference_pressure_pa, model.grid.planet.kappa());
    };
    double mixed = 0;
    for (std::size_t n = 0; n < T.size(); ++n) {
      change[n % 16] += mass[n] * (theta(n, T[n] + 12000 * dT[n]) - theta(n, T[n])) / (1e5 * 300);
      before[n % 16] += mass[n] * std::pow(theta(n, T[n]) - 300, 2);
      after[n % 16] += mass[n] * std::pow(theta(n, T[n] + 12000 * dT[n]) - 300, 2);
      mixed = std::max(mixed, std::abs(double(dT[n])));
    }
    EXPECT_GT(mixed, 1e-5);
    for (int n = 0; n < 16; ++n) {
      EXPECT_LE(std::abs(change[n]), rounding) << profile;
      EXPECT_LE(after[n], before[n] * (1 + rounding)) << profile;
    }
  }
}

TEST(Kessler, saturated_cloud_without_rain_warms_by_the_heat_of_what_condenses) {
  ColumnModel model(1, 3);
  const MoistAir air(model.grid.planet, Saturation::tetens);
  model.set(field::air_temperature, [](int, int, int) { return 280; });
  model.set(field::rain_water, [](int, int, int) { return 0; });
  model.set(field::cloud_water, [](int, int, int) { return 5e-4; });  // below the threshold of collection, 1e-3
  model.set(field::water_vapour, [&](int k, int, int) {
    return air.saturated(280, model.values(field::air_pressure)[k]).q * (k == 1 ? 1.01 : 0.95);
  });
  run_alone(Kessler{}, model, 100, Saturation::tetens);
  const auto dT = model.values(field::temperature_tendency), dqv = model.values(field::water_vapour_tendency);
  const auto dqc = model.values(field::cloud_water_tendency), p = model.values(field::air_pressure);
  const auto q = model.values(field::water_vapour);
  EXPECT_GT(dqc[1], 0);
  EXPECT_LT(dqc[0], 0);
  for (int k = 0; k < 3; ++k) {
    EXPECT_LE(std::abs(dqv[k] + dqc[k]), rounding * 1e-5);
    EXPECT_LE(std::abs(air.cp * dT[k] + air.L * dqv[k]), rounding * air.cp * 3);
  }
  EXPECT_LT(relative(q[1] + 100 * dqv[1], air.saturated(280 + 100 * dT[1], p[1]).q), 1e-4);
  EXPECT_EQ(model.values(field::large_scale_precipitation)[0], 0);
}

TEST(Kessler, reference_mode_differs_little) {
  const auto rain_of = [](const char* mode) {
    ColumnModel model(64, 24);
    model.set(field::air_temperature, [&](int k, int, int) { return 220 + 70 * (k + 0.5) / 24; });
    Kessler scheme;
    scheme.options.mode = mode;
    run_alone(scheme, model, 600, Saturation::tetens);
    double sum = 0;
    for (const Real rain : model.values(field::large_scale_precipitation)) sum += rain;
    return sum;
  };
  EXPECT_GT(rain_of("conserving"), 0);
  EXPECT_LT(relative(rain_of("reference"), rain_of("conserving")), 0.2);
}

TEST(GreyRadiation, optical_depths_are_the_published_ones) {
  GreyRadiation::Options options;
  const GreyOptics frierson(options, 360);
  EXPECT_NEAR(frierson.depth(0.25, 0), 0.17109, 5e-6);
  EXPECT_NEAR(frierson.depth(0.5, 0), 0.6375, 5e-6);
  EXPECT_NEAR(frierson.depth(0.75, 0), 2.15859, 5e-6);
  EXPECT_NEAR(frierson.depth(1, 1), 1.5, 1e-12);
  options.preset = "ogorman08";
  const GreyOptics ogorman(options, 360);
  EXPECT_NEAR(ogorman.depth(0.25, 0), 0.3825, 5e-6);
  EXPECT_NEAR(ogorman.depth(0.5, 0), 1.08, 5e-6);
  EXPECT_NEAR(ogorman.depth(0.75, 0), 2.9025, 5e-6);
  options.preset = "byrne13";
  const double once = GreyOptics(options, options.co2_ppm).constant;
  options.co2_ppm *= 4;
  EXPECT_NEAR(GreyOptics(options, options.co2_ppm).constant - once, 0.23567, 5e-6);
  EXPECT_NEAR(once, 0.8678, 1e-12);
}

/// Radiative equilibrium: sigma T^4 = OLR (1 + tau) / 2, sigma Ts^4 = OLR (2 + tau_s) / 2.
TEST(GreyRadiation, radiative_equilibrium_neither_warms_nor_cools) {
  const double olr = 234.6;
  const auto temperature = [&](double tau) { return std::pow(olr * (1 + tau) / 2 / sigma_sb, 0.25); };
  EXPECT_NEAR(temperature(0), 213.27, 5e-3);
  EXPECT_NEAR(temperature(6), 346.89, 5e-3);
  EXPECT_NEAR(std::pow(olr * 8 / 2 / sigma_sb, 0.25), 358.67, 5e-3);
  double error[2];
  for (const int n_levels : {60, 120}) {
    ColumnModel model(1, n_levels, 1, 8);  // at 5.6 N
    const double sine2 = std::pow(std::sin(model.grid.latitude_of_cell(0)), 2);
    const GreyOptics optics(GreyRadiation::Options{}, 360);
    const double p0 = model.grid.planet.reference_pressure_pa;
    model.set(field::surface_air_pressure, [&](int, int, int) { return p0; });
    model.set(field::interface_pressure, [&](int k, int, int) { return p0 * k / n_levels; });
    model.set(field::air_pressure, [&](int k, int, int) { return p0 * (k + 0.5) / n_levels; });
    model.set(field::layer_mass, [&](int, int, int) { return p0 / n_levels; });
    model.set(field::air_temperature,
              [&](int k, int, int) { return temperature(optics.depth((k + 0.5) / n_levels, sine2)); });
    const double tau_s = optics.depth(1, sine2);
    add_surface(model, field::surface_temperature, std::pow(olr * (2 + tau_s) / 2 / sigma_sb, 0.25));
    run_alone(GreyRadiation{}, model, 1200);
    EXPECT_NEAR(model.values(field::outgoing_longwave)[0], olr, 1);
    EXPECT_NEAR(model.values(field::surface_longwave_up)[0] - model.values(field::surface_longwave_down)[0], olr, 2);
    const auto heating = model.values(field::temperature_tendency);
    double largest = 0;  // [K day-1]
    for (int k = 2; k < n_levels - 2; ++k) largest = std::max(largest, std::abs(heating[k] * 86400.));
    error[n_levels / 120] = largest;
  }
  EXPECT_LT(error[1], 0.05);
  EXPECT_GT(std::log2(error[0] / error[1]), 1.5);
}

TEST(GreyRadiation, a_preset_brings_its_own_defaults_and_keeps_what_is_set) {
  Setter setter;
  setter.values = {{"preset", "byrne13"}, {"insolation_contrast", "1"}};
  GreyRadiation::Options options;
  options.visit(setter);
  EXPECT_EQ(options.albedo, 0.38);
  EXPECT_EQ(options.sun.insolation_contrast, 1);
  options.visit(setter);
  EXPECT_EQ(options.albedo, 0.38);
}

/// A column over a warm moist lowest layer that is kept as it is: convection rains, and ends at a moist adiabat of the
/// relative humidity asked for.
TEST(BettsMiller, a_column_goes_to_the_adiabat_and_relative_humidity_asked_for) {
  const int n = 30;
  ColumnModel model(1, n);
  const MoistAir air(model.grid.planet, Saturation::clausius);
  const auto pressure = [](int k) { return 1e5 * (k + 0.5) / n; };
  model.set(field::air_pressure, [&](int k, int, int) { return pressure(k); });
  model.set(field::layer_mass, [](int, int, int) { return 1e5 / n; });
  std::vector<double> T(n), q(n);
  for (int k = 0; k < n; ++k) {
    T[k] = std::fmax(200, 302 * std::pow(pressure(k) / 1e5, 0.16));
    q[k] = 0.97 * air.saturated(T[k], pressure(k)).q;
  }
  BettsMiller scheme;
  Suite::Entries entries;
  entries.emplace_back(any_scheme(scheme));
  Suite suite(std::move(entries), Saturation::clausius, model.grid, model.fields, Watch::every_field);
  double first_rain = 0;
  for (int step = 0; step < 2000; ++step) {
    model.set(field::air_temperature, [&](int k, int, int) { return T[k]; });
    model.set(field::water_vapour, [&](int k, int, int) { return q[k]; });
    suite.run(step, 1800);
    if (step == 0) first_rain = model.values(field::convective_precipitation)[0];
    const auto dT = model.values(field::temperature_tendency), dq = model.values(field::water_vapour_tendency);
    for (int k = 0; k < n - 1; ++k) {
      T[k] += 1800 * dT[k];
      q[k] += 1800 * dq[k];
    }
  }
  EXPECT_GT(first_rain * 86400, 1);  // [mm day-1]
  for (int k = 12; k < n - 1; ++k) EXPECT_NEAR(q[k] / air.saturated(T[k], pressure(k)).q, 0.7, 0.02) << k;
  const double slope = (T[20] - T[18]) / std::log(pressure(20) / pressure(18)), at = (T[20] + T[18]) / 2;
  const double r = air.saturated(at, pressure(19)).q;
  EXPECT_NEAR(slope, (air.kappa * at + air.L / air.cp * r) / (1 + air.L * air.L * r / (air.cp * air.Rv * at * at)),
              0.3);
}

TEST(BettsMiller, a_dry_or_a_stable_column_is_left_alone) {
  ColumnModel model(2, 30);
  model.set(field::air_temperature, [](int k, int, int) { return 300 - 1.5 * k; });  // warmer above
  model.set(field::water_vapour, [](int, int, int i) { return i == 0 ? 0 : 1e-3; });
  run_alone(BettsMiller{}, model, 600);
  for (const Real rate : model.values(field::temperature_tendency)) EXPECT_EQ(rate, 0);
  for (const Real rate : model.values(field::convective_precipitation)) EXPECT_EQ(rate, 0);
}

TEST(SlabOcean, stores_the_sum_of_the_fluxes) {
  ColumnModel model(4);
  const std::pair<const FieldSpec<CellSurface>*, double> fluxes[] = {
      {&field::surface_shortwave_down, 240}, {&field::surface_shortwave_up, 40}, {&field::surface_longwave_down, 310},
      {&field::surface_longwave_up, 390},    {&field::sensible_heat_flux, 20},   {&field::latent_heat_flux, 90}};
  for (const auto& [spec, value] : fluxes) add_surface(model, *spec, value);
  SlabOcean scheme;
  scheme.options.depth_m = 10;
  run_alone(scheme, model, 86400);
  for (const Real ts : model.values(field::surface_temperature)) {
    EXPECT_LT(relative(ts, 285 + 86400 * (240. - 40 + 310 - 390 - 20 - 90) / (4.18e6 * 10)), rounding);
  }
}

TEST(Frierson, exchange_is_neutral_in_unstable_air_and_ends_at_the_critical_number) {
  const double neutral = std::pow(0.4 / std::log(40 / 3.21e-5), 2);
  EXPECT_NEAR(exchange_coefficient(40, 3.21e-5, -3), neutral, 1e-15);
  EXPECT_NEAR(exchange_coefficient(40, 3.21e-5, 0.5), neutral / 4, 1e-15);
  EXPECT_EQ(exchange_coefficient(40, 3.21e-5, 1), 0);
  EXPECT_EQ(exchange_coefficient(40, 3.21e-5, 7), 0);
}

TEST(Frierson, the_profile_near_the_surface_is_that_of_its_exchange) {
  const double z0 = 3.21e-5, za = 40;
  for (const double z : {0.1, 2., 10., 39.}) {
    EXPECT_NEAR(similarity_profile(z, za, z0, -3), std::log(z / z0) / std::log(za / z0), 1e-15);
    EXPECT_EQ(similarity_profile(z, za, z0, 1), z / za);
    EXPECT_EQ(similarity_profile(z, za, z0, 5), z / za);
    EXPECT_EQ(similarity_profile(z, 0.5 * z, z0, -3), 1);
    for (const double richardson : {0.01, 0.3, 0.9}) {
      // X = (X* / k) [ln(z / z0) + zeta] of phi = 1 + zeta, where zeta_a = Ri (k U / u*), and C = (u* / U)^2.
      const double friction = std::sqrt(exchange_coefficient(za, z0, richardson));  // u* / U
      const double zeta = richardson * 0.4 / friction * z / za;
      const double expected = friction / 0.4 * (std::log(z / z0) + zeta);
      EXPECT_NEAR(similarity_profile(z, za, z0, richardson), expected, 1e-14) << z << ' ' << richardson;
    }
  }
  EXPECT_NEAR(similarity_profile(za * (1 - 1e-13), za, z0, -1), 1, 1e-12);
  EXPECT_NEAR(similarity_profile(za * (1 - 1e-13), za, z0, 0.5), 1, 1e-12);
  EXPECT_NEAR(similarity_profile(z0, za, z0, -1), 0, 1e-15);
}

TEST(SimplePhysics, the_profile_near_the_surface_is_that_of_its_coefficients) {
  const double za = 60, k = 0.4, C = drag_coefficient(12), CH = 1.1e-3;
  const double z0 = za * std::exp(-k / std::sqrt(C)), z0_heat = za * std::exp(-k * std::sqrt(C) / CH);
  EXPECT_NEAR(std::pow(k / std::log(za / z0), 2), C, 1e-15);
  EXPECT_NEAR(k * k / (std::log(za / z0) * std::log(za / z0_heat)), CH, 1e-15);
  for (const double z : {2., 10., 59.}) {
    EXPECT_NEAR(logarithmic_profile(z, za, std::sqrt(C) / k), std::log(z / z0) / std::log(za / z0), 1e-14);
    EXPECT_NEAR(logarithmic_profile(z, za, CH / (k * std::sqrt(C))), std::log(z / z0_heat) / std::log(za / z0_heat),
                1e-14);
  }
  EXPECT_EQ(logarithmic_profile(za, za, 0.1), 1);
  EXPECT_EQ(logarithmic_profile(10, 5, 0.1), 1);
  EXPECT_EQ(logarithmic_profile(2, za, 5), 0);
}

/// Columns over a surface of one temperature, run by a scheme of the surface: each is checked at 2 m and 10 m.
/// Temperature of the lowest of 24 layers brought down to the ground, over what it is.
double lowered(const ColumnModel& model, int i) {
  const auto exner = model.values(field::interface_exner);
  const int n = static_cast<int>(exner.size()) / 25;
  return 2 * double(exner[24 * n + i]) / (double(exner[23 * n + i]) + exner[24 * n + i]);
}
/// Fall of temperature from the ground to 2 m of air that is well mixed [K].
double below_2_m(const ColumnModel& model) {
  return 2 * model.grid.planet.gravity_m_per_s2 / model.grid.planet.heat_capacity_j_per_kg_k;
}

template <class Scheme>
void expect_air_near_the_surface(const Scheme& scheme, double ts) {
  const int n = 64;
  ColumnModel model(n, 24);
  add_surface(model, field::surface_temperature, ts);
  run_alone(scheme, model, 1200);
  const MoistAir air(model.grid.planet, Saturation::clausius);
  const auto T = model.values(field::air_temperature), q = model.values(field::water_vapour);
  const auto u = model.values(field::eastward_wind), v = model.values(field::northward_wind);
  const auto p = model.values(field::interface_pressure);
  const auto tas = model.values(field::near_surface_temperature), huss = model.values(field::near_surface_humidity);
  const auto uas = model.values(field::near_surface_eastward_wind);
  const auto vas = model.values(field::near_surface_northward_wind);
  const auto share = [](double x, double surface, double lowest) { return (x - surface) / (lowest - surface); };
  const double bar = sizeof(Real) == 8 ? 1e-9 : 1e-3;
  for (int i = 0; i < n; ++i) {
    const int at = 23 * n + i;
    const bool potential = std::is_same_v<Scheme, FriersonSurfaceLayer>;  // it exchanges potential temperature
    const double lowest = T[at] * (potential ? lowered(model, i) : 1),
                 air_at_2_m = tas[i] + (potential ? below_2_m(model) : 0);
    const double q_s = air.saturated(ts, p[24 * n + i]).q, r = huss[i] / (1 - double(huss[i]));
    const double of_wind = share(uas[i], 0, u[at]), of_heat = share(air_at_2_m, ts, lowest),
                 of_vapour = share(r, q_s, q[at]);
    EXPECT_GT(of_heat, 0);
    EXPECT_LT(of_heat, 1);
    EXPECT_GT(of_wind, 0);
    EXPECT_LT(of_wind, 1);
    EXPECT_NEAR(of_vapour, of_heat, bar) << Scheme::name;
    EXPECT_NEAR(share(vas[i], 0, v[at]), of_wind, bar) << Scheme::name;
    EXPECT_LE(std::min<Real>(ts, lowest), static_cast<Real>(air_at_2_m));
    EXPECT_GE(std::max<Real>(ts, lowest), static_cast<Real>(air_at_2_m));
  }
}

TEST(SurfaceSchemes, air_near_the_surface_lies_between_surface_and_lowest_layer) {
  for (const double ts : {155., 250., 310.}) {
    expect_air_near_the_surface(FriersonSurfaceLayer{}, ts);
    expect_air_near_the_surface(BulkSurfaceFluxes{}, ts);
  }
}

TEST(Frierson, neutral_air_gets_no_heat) {
  ColumnModel model(64, 24);
  add_surface(model, field::surface_temperature, 280);
  model.set(field::air_temperature, [&](int, int, int i) { return 280 / lowered(model, i); });
  model.set(field::water_vapour, [](int, int, int) { return 0; });  // lighter below: it is stirred
  run_alone(FriersonSurfaceLayer{}, model, 1200);
  const auto flux = model.values(field::sensible_heat_flux), evaporation = model.values(field::evaporation);
  for (int i = 0; i < 64; ++i) {
    EXPECT_NEAR(flux[i], 0, sizeof(Real) == 8 ? 1e-9 : 2) << i;
    EXPECT_NE(evaporation[i], 0);
  }
}

TEST(Frierson, air_near_a_hot_surface_has_the_logarithmic_profile) {
  ColumnModel model(8, 24);
  add_surface(model, field::surface_temperature, 390);  // all columns are unstable
  model.set(field::eastward_wind, [](int, int, int) { return 6; });
  model.set(field::northward_wind, [](int, int, int) { return -3; });
  run_alone(FriersonSurfaceLayer{}, model, 1200);
  const auto phi = model.values(field::interface_geopotential), T = model.values(field::air_temperature);
  const auto u = model.values(field::eastward_wind);
  const auto tas = model.values(field::near_surface_temperature);
  const auto uas = model.values(field::near_surface_eastward_wind);
  const double g = model.grid.planet.gravity_m_per_s2, z0 = FriersonOptions().roughness_m;
  for (int i = 0; i < 8; ++i) {
    const double za = 0.5 * (phi[23 * 8 + i] + phi[24 * 8 + i]) / g;
    const double f = std::log(2 / z0) / std::log(za / z0), f_wind = std::log(10 / z0) / std::log(za / z0);
    EXPECT_LT(relative(tas[i], 390 + f * (lowered(model, i) * T[23 * 8 + i] - 390) - below_2_m(model)), rounding);
    EXPECT_LT(relative(uas[i], f_wind * u[23 * 8 + i]), rounding);
  }
}

TEST(RayleighSponge, damps_the_top_and_nothing_else) {
  ColumnModel model(4, 24);
  RayleighSponge scheme;
  scheme.options.below_pa = 1e4;
  run_alone(scheme, model, 600);
  const auto du = model.values(field::eastward_wind_tendency), u = model.values(field::eastward_wind);
  const auto p = model.values(field::air_pressure);
  for (std::size_t n = 0; n < u.size(); ++n) {
    const double x = std::fmax(0, 1 - p[n] / 1e4);
    EXPECT_NEAR(du[n], -u[n] * -std::expm1(-600 / 43200. * x * x) / 600, 1e-7 * std::abs(u[n]) / 600);
  }
}

}  // namespace
}  // namespace meridian
