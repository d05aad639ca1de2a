// A single column: the same schemes as on the globe, the prescribed terms against exact solutions, what it cannot have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "driver/model.hpp"
#include "grid/loop.hpp"
#include "grid/profile.hpp"

namespace meridian {
namespace {

using testing::HasSubstr;

Case parsed(const std::string& text) { return parse_case({"test", "case.yaml", text}, {}); }

std::string complaint(const std::string& text) {
  try {
    parsed(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    return error.what();
  }
  return "";
}

/// Grid, dynamics and physics of a case, without clock and files.
struct Air {
  Case c;
  Grid grid;
  FieldSet fields;
  Dycore dycore;
  Suite suite;
  long steps = 0;

  explicit Air(const std::string& text)
      : c(parsed(text)),
        grid(c.dycore.column() ? make_column(MPI_COMM_SELF) : make_block(c.grid.n_lon, c.grid.n_lat, {}, MPI_COMM_SELF),
             c.planet, read_levels(c.grid.levels, c.planet.reference_pressure_pa), c.grid.latitude_degrees),
        fields(grid.block),
        dycore(c.dycore, grid, fields, tracers_of(c)),
        suite(c.physics, grid, fields) {
    fill_initial_state(c.initial, grid, fields, {});
    fill_tracers(c.tracers, grid, fields, 0);
    suite.start();
    dycore.start();
  }
  static std::vector<Tracer> tracers_of(const Case& c) {
    std::vector<Tracer> tracers;
    for (const TracerOptions& options : c.tracers) tracers.push_back(options.tracer());
    return tracers;
  }
  void run(double days) {
    for (const long end = steps + std::lround(days * seconds_per_day / c.dycore.dt_s); steps < end; ++steps) {
      dycore.step(steps);
      if (!dycore.remaps_after(steps)) continue;
      dycore.remap();
      dycore.finish_step();
    }
    dycore.diagnose(false);
  }
  /// Values of a column.
  std::vector<double> values(std::string_view short_name, int j = 0, int i = 0) const {
    for (const FieldSet::Entry& entry : fields.entries()) {
      if (entry.info.short_name != short_name) continue;
      const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entry.data);
      std::vector<double> column;
      for (std::size_t k = 0; k < host.extent(0); ++k) column.push_back(host(k, j + halo_width, i + halo_width));
      return column;
    }
    ADD_FAILURE() << short_name;
    return {};
  }
  void set(std::string_view name, const std::vector<double>& column) {
    const auto data = fields.find(name)->data;
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data);
    for (std::size_t k = 0; k < column.size(); ++k) host(k, halo_width, halo_width) = static_cast<Real>(column[k]);
    Kokkos::deep_copy(data, host);
  }
};

const std::string moist = R"(
initial: {name: ullrich, specific_humidity: 0.018}
tracers: [{name: qv, initial: state}]
physics:
  suite:
    - {scheme: grey_radiation, preset: byrne13}
    - frierson_surface_layer
    - frierson_boundary_layer
    - betts_miller
    - {scheme: large_scale_condensation, reevaporate: true}
    - {scheme: slab_ocean, initial_temperature_k: 300, initial_contrast_k: 10}
)";

TEST(Column, its_schemes_compute_the_same_bits_as_those_of_the_globe) {
  Air globe("grid: {n_lon: 16, n_lat: 8, levels: L26}\ndycore: {equations: hydrostatic}\n" + moist);
  Air column("grid: {levels: L26, latitude_degrees: 33.75}\ndycore: {equations: column}\n" + moist);
  const int j = 5, i = 3;
  EXPECT_EQ(column.grid.latitude_of_cell(0), globe.grid.latitude_of_cell(j));
  globe.dycore.diagnose(false);
  for (const auto& name :
       {field::layer_mass.name, field::theta_mass.name, field::water_vapour.name, field::surface_temperature.name}) {
    column.set(name, globe.values(globe.fields.find(name)->info.short_name, j, i));
  }
  column.set(field::xwind.name, globe.values("ua", j, i));
  column.set(field::ywind.name, globe.values("va", j, i));
  column.dycore.finish_step();
  column.dycore.diagnose(false);
  for (Air* air : {&globe, &column}) air->suite.run(0, 1800);
  for (const char* name : {"ta", "ua", "va", "pfull", "ps", "tnt", "tnqv", "tnua", "tnva", "pr", "prc", "evspsbl",
                           "hfss", "hfls", "rlut", "rsdt", "tauu", "tauv", "ts"}) {
    EXPECT_EQ(column.values(name), globe.values(name, j, i)) << name;
  }
  EXPECT_GT(column.values("evspsbl")[0], 0);
}

TEST(Column, stands_for_the_whole_planet) {
  Air column(
      "grid: {levels: \"sigma:20\", latitude_degrees: 60}\ndycore: {equations: column}\n"
      "initial: {name: rest, temperature_k: 280}\n");
  const Planet& planet = column.grid.planet;
  EXPECT_NEAR(column.grid.area_of_global_row(0) / (4 * pi * planet.radius_m * planet.radius_m), 1, 1e-15);
  EXPECT_NEAR(column.dycore.budgets().mass / (1e5 / planet.gravity_m_per_s2), 1, sizeof(Real) == 8 ? 1e-14 : 1e-7);
  const double at_rest = column.dycore.budgets().energy;
  column.set(field::xwind.name, std::vector<double>(20, 30.0));
  column.set(field::ywind.name, std::vector<double>(20, -40.0));
  column.dycore.finish_step();
  const double kinetic = 0.5 * 50 * 50 * 1e5 / planet.gravity_m_per_s2;
  EXPECT_NEAR((column.dycore.budgets().energy - at_rest) / kinetic, 1, sizeof(Real) == 8 ? 1e-9 : 1e-6);
  for (const char* name : {"vo", "div"}) {
    column.dycore.diagnose(false);
    column.dycore.diagnose_for_output();
    for (const double x : column.values(name)) EXPECT_EQ(x, 0) << name;
  }
}

/// The profile at these pressures.
std::vector<double> values_at(const ProfileValues& profile, const std::vector<double>& p) {
  const Array1<double> values("values", p.size());
  const auto host = Kokkos::create_mirror_view(values);
  for (std::size_t n = 0; n < p.size(); ++n) host(n) = p[n];
  Kokkos::deep_copy(values, host);
  for_range(
      "test/values_at", static_cast<int>(p.size()), KOKKOS_LAMBDA(const int n) { values(n) = profile.at(values(n)); });
  Kokkos::deep_copy(host, values);
  return {host.data(), host.data() + p.size()};
}

TEST(Column, a_profile_is_linear_between_its_points_and_constant_beyond_them) {
  const ProfileValues falling({{90000, 3}, {50000, 1}, {10000, 2}});
  EXPECT_THAT(values_at(falling, {100, 10000, 30000, 70000, 1e5}), testing::ElementsAre(2, 2, 1.5, 2, 3));
  EXPECT_THAT(values_at(ProfileValues({{5000, 7}}), {0, 5000, 9000}), testing::ElementsAre(7, 7, 7));
  EXPECT_THAT(values_at(ProfileValues(), {0, 5000}), testing::ElementsAre(0, 0));
}

/// Largest difference of a column's wind from the exact solution of dw/dt = - i f (w - wg) - (w - wt) / tau after 2 days.
double error_of_wind(double dt, double relaxation_time) {
  const std::string terms = relaxation_time == 0 ? ""
                                                 : "target_northward_wind_m_per_s: [{pressure_pa: 0, value: 7}], "
                                                   "wind_relaxation_time_s: " +
                                                       std::to_string(relaxation_time) + ", ";
  Air air(
      "grid: {levels: \"sigma:8\", latitude_degrees: -40}\ntime: {run_days: 2}\ninitial: {name: rest}\n"
      "dycore:\n  equations: column\n  dt_s: " +
      std::to_string(dt) + "\n  large_scale: {" + terms +
      "geostrophic_eastward_wind_m_per_s: [{pressure_pa: 0, value: -20}, {pressure_pa: 100000, value: 12}]}\n");
  air.set(field::xwind.name, std::vector<double>(8, 3.0));
  air.dycore.finish_step();
  air.run(2);
  const double f = 2 * air.grid.planet.rotation_rate_per_s * std::sin(-40 * pi / 180);
  const double rate = relaxation_time == 0 ? 0 : 1 / relaxation_time;
  const std::vector<double> u = air.values("ua"), v = air.values("va"), p = air.values("pfull");
  double error = 0;
  for (std::size_t k = 0; k < u.size(); ++k) {
    const std::complex<double> damping(rate, f), geostrophic(-20 + 32 * p[k] / 1e5, 0), target(0, 7);
    const std::complex<double> steady = (std::complex<double>(0, f) * geostrophic + rate * target) / damping;
    const std::complex<double> exact = steady + (3.0 - steady) * std::exp(-damping * (2 * seconds_per_day));
    error = std::fmax(error, std::abs(std::complex<double>(u[k], v[k]) - exact));
  }
  return error;
}

TEST(Column, the_wind_turns_about_the_geostrophic_one_and_relaxes_exactly_at_any_step) {
  const double round_off = sizeof(Real) == 8 ? 1e-11 : 1e-3;  // of a hundred steps at 20 m/s
  for (const double dt : {450., 1800., 7200.}) {
    EXPECT_LT(error_of_wind(dt, 0), round_off) << dt;
    EXPECT_LT(error_of_wind(dt, 21600), round_off) << dt;
  }
}

/// Largest error of temperature between 300 and 600 hPa after air has sunk for 5 days with omega = p / (10 days), 0 at the
/// ground: there an isothermal column stays so and warms as exp(kappa t / 10 days).
double error_of_subsidence(int n_levels) {
  Air air(
      "grid: {levels: \"sigma:" + std::to_string(n_levels) +
      "\"}\ninitial: {name: rest, profile: isothermal, temperature_k: 250}\ndycore:\n  equations: column\n  dt_s: 900\n"
      "  large_scale:\n    vertical_velocity_pa_per_s: [{pressure_pa: 0, value: 0}, {pressure_pa: 70000, value: "
      "0.08101851851851852}, {pressure_pa: 100000, value: 0}]\n");
  const double mass = air.dycore.budgets().mass;
  air.run(5);
  // Each of 240 remaps sums the layers anew, with a round-off of some ulps that is much the same each time.
  EXPECT_NEAR(air.dycore.budgets().mass / mass, 1, sizeof(Real) == 8 ? 1e-12 : 1e-3);
  const std::vector<double> T = air.values("ta"), p = air.values("pfull");
  const double exact = 250 * std::exp(0.5 * air.grid.planet.kappa());
  double error = 0;
  for (std::size_t k = 0; k < T.size(); ++k) {
    if (p[k] > 30000 && p[k] < 60000) error = std::fmax(error, std::abs(T[k] - exact));
  }
  return error;
}

TEST(Column, sinking_air_warms_as_the_exact_solution_with_second_order) {
  const double coarse = error_of_subsidence(40), middle = error_of_subsidence(80), fine = error_of_subsidence(160);
  EXPECT_GT(std::log2(coarse / middle), 1.8);
  EXPECT_GT(std::log2(middle / fine), 1.8);
  EXPECT_LT(coarse, 0.1);  // of 38 K
}

/// A day of one prescribed tendency in air with 4 g/kg of vapour.
std::unique_ptr<Model> after_a_day(const std::string& tendency) {
  auto model = std::make_unique<Model>(
      parsed("grid: {levels: \"sigma:10\"}\ntime: {run_days: 1}\ninitial: {name: rest, temperature_k: 290}\n"
             "tracers: [{name: qv, initial: uniform, value: 0.004}]\n"
             "dycore:\n  equations: column\n  dt_s: 1800\n  large_scale: {" +
             tendency + "}\n"),
      "none", "test");
  model->start_without_output();
  while (model->clock().step() < model->last_step()) model->step();
  model->diagnose_all();
  return model;
}
std::vector<double> values(const std::unique_ptr<Model>& model, const FieldSpec<Cell>& spec) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model->fields().get(spec).data());
  std::vector<double> column;
  for (std::size_t k = 0; k < host.extent(0); ++k) column.push_back(host(k, halo_width, halo_width));
  return column;
}
constexpr double round_off = sizeof(Real) == 8 ? 1e-11 : 1e-2;

TEST(Column, a_prescribed_cooling_cools_and_nothing_else) {
  const auto still = after_a_day(""),
             cooled = after_a_day("temperature_tendency_k_per_day: [{pressure_pa: 0, value: -2}]");
  const std::vector<double> before = values(still, field::air_temperature),
                            after = values(cooled, field::air_temperature);
  for (std::size_t k = 0; k < after.size(); ++k) EXPECT_NEAR(after[k] - before[k], -2, round_off);
  EXPECT_EQ(values(cooled, field::water_vapour), values(still, field::water_vapour));
}

TEST(Column, what_prescribed_moistening_brings_is_in_the_budget_of_water) {
  const auto model = after_a_day("vapour_tendency_g_per_kg_per_day: [{pressure_pa: 0, value: 1.5}]");
  for (const double q : values(model, field::water_vapour)) EXPECT_NEAR(q, 0.0055, 1e-3 * round_off);
  const Budgets& start = model->budgets_at_start();
  const Budgets now = model->dycore().budgets();
  EXPECT_NEAR(now.mass / start.mass, 1, round_off);
  EXPECT_NEAR(now.tracers[0] - start.tracers[0], 1.5e-3 * start.mass, round_off);
  EXPECT_NEAR(model->dycore().brought().tracers.at(0), 1.5e-3 * start.mass, round_off);
  EXPECT_NEAR(model->water_imbalance(now), 0, sizeof(Real) == 8 ? 1e-14 : 1e-6);
}

TEST(Column, is_refused_what_it_cannot_have) {
  const std::string column = "dycore: {equations: column}\n";
  EXPECT_EQ(complaint(column), "");
  EXPECT_THAT(complaint(column + "grid: {n_lon: 8}\n"), HasSubstr("2:15: 'grid.n_lon' must be 1"));
  EXPECT_THAT(complaint(column + "parallel: {ranks_lat: 2}\n"), HasSubstr("2:23: 'parallel.ranks_lat' must be 1"));
  EXPECT_THAT(complaint(column + "initial: {name: williamson_2}\n"), HasSubstr("'initial.name'"));
  EXPECT_THAT(complaint("dycore: {equations: column, sponge: 1}\n"),
              HasSubstr("1:29: 'dycore.sponge' does not apply here"));
  EXPECT_THAT(complaint("dycore: {equations: hydrostatic, large_scale: {wind_relaxation_time_s: 5}}\n"),
              HasSubstr("it belongs to 'dycore.equations: column'"));
  EXPECT_THAT(complaint("grid: {n_lon: 1, n_lat: 1}\n"), HasSubstr("'grid.n_lon' = 1 must be even and at least 8"));
  EXPECT_THAT(complaint("grid: {latitude_degrees: 10}\n"), HasSubstr("1:26: 'grid.latitude_degrees' is that of"));
}

TEST(Column, bad_profiles_are_refused_with_their_place) {
  const auto profile = [](const std::string& points) {
    return complaint("dycore:\n  equations: column\n  large_scale:\n    vertical_velocity_pa_per_s:\n" + points);
  };
  EXPECT_EQ(profile("    - {pressure_pa: 10000, value: 0}\n    - {pressure_pa: 50000, value: 0.1}\n"), "");
  EXPECT_THAT(profile("    - {pressure_pa: 10000, value: 0}\n    - {pressure_pa: 10000, value: 0.1}\n"),
              HasSubstr("6:21: The pressures of 'vertical_velocity_pa_per_s' must only grow or only fall"));
  EXPECT_THAT(profile("    - {pressure_pa: -1, value: 0}\n"), HasSubstr("5:21"));
  EXPECT_THAT(profile("    - [10000, 0]\n"), HasSubstr("5:7"));
  EXPECT_THAT(profile("    - {pressure_pa: 10000, speed: 0}\n"), HasSubstr("5:28: unknown key"));
  EXPECT_THAT(complaint("dycore:\n  equations: column\n  large_scale:\n    target_eastward_wind_m_per_s:\n"
                        "    - {pressure_pa: 0, value: 5}\n"),
              HasSubstr("A target wind needs 'wind_relaxation_time_s'"));
  EXPECT_THAT(complaint("dycore:\n  equations: column\n  large_scale:\n    vapour_tendency_g_per_kg_per_day:\n"
                        "    - {pressure_pa: 0, value: 5}\n"),
              HasSubstr("absent where 'tracers' has no qv"));
}

}  // namespace
}  // namespace meridian
