#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "grid/loop.hpp"
#include "io/config.hpp"
#include "physics/columns.hpp"
#include "physics/held_suarez.hpp"
#include "physics/suite.hpp"
#include "tests/support/column_model.hpp"

namespace meridian {
namespace {

using test::ColumnModel;
using testing::HasSubstr;

constexpr FieldSpec<CellSurface> rain{"rain", "rain", "kg m-2 s-1", {0, 1}, "a flux of these tests", false};
constexpr FieldSpec<CellInterface> flux{"flux", "flux", "W m-2", {-1e4, 1e4}, "a flux of these tests", false};

struct NoOptions {
  void visit(OptionVisitor&) {}
};

/// What the schemes of these tests share.
struct TestScheme {
  static constexpr std::string_view meaning = "a scheme of these tests";
  static constexpr std::string_view source = "none";
  static constexpr std::string_view equation = "none";
  NoOptions options;
};

void add_everywhere(const Columns& columns, const Field<Cell>& tendency, Real amount) {
  for_each("test/add_everywhere", columns.cells(), KOKKOS_LAMBDA(int k, int j, int i) { tendency(k, j, i) += amount; });
}

template <class P>
void fill(const Box& box, const Field<P>& result, Real value) {
  for_each("test/fill", box, KOKKOS_LAMBDA(int k, int j, int i) { result(k, j, i) = value; });
}

void copy_rain_to_tendency(const Columns& columns, const ConstField<CellSurface>& from, const Field<Cell>& to) {
  for_each("test/copy_rain", columns.cells(), KOKKOS_LAMBDA(int k, int j, int i) { to(k, j, i) += from(0, j, i); });
}

void copy_temperature(const Columns& columns, const ConstField<Cell>& from, const Field<Cell>& to) {
  for_each(
      "test/copy_temperature", columns.cells(),
      KOKKOS_LAMBDA(int k, int j, int i) { to(k, j, i) += from(k, j, i) / 1024; });
}

Box surface(const Columns& columns) { return columns.grid().block.cells(1); }

struct Heater : TestScheme {
  static constexpr std::string_view name = "heater";
  static constexpr FieldUse fields[] = {updates(field::air_temperature)};
  Real rate = 0.125;  // [K s-1]
  void run(Columns& columns, double) const { add_everywhere(columns, columns.tendency(field::air_temperature), rate); }
};

struct Rainmaker : TestScheme {
  static constexpr std::string_view name = "rainmaker";
  static constexpr FieldUse fields[] = {writes(rain), writes(flux)};
  Real amount = 0.25;
  void run(Columns& columns, double) const {
    fill(surface(columns), columns.write(rain), amount);
    fill(columns.grid().block.cells(columns.grid().n_levels() + 1), columns.write(flux), 10);
  }
};

struct SecondRainmaker : TestScheme {
  static constexpr std::string_view name = "second_rainmaker";
  static constexpr FieldUse fields[] = {writes(rain)};
  void run(Columns& columns, double) const { fill(surface(columns), columns.write(rain), 1); }
};

struct RainReader : TestScheme {
  static constexpr std::string_view name = "rain_reader";
  static constexpr FieldUse fields[] = {reads(rain), updates(field::air_temperature)};
  void run(Columns& columns, double) const {
    copy_rain_to_tendency(columns, columns.read(rain), columns.tendency(field::air_temperature));
  }
};

struct WriterOfState : TestScheme {
  static constexpr std::string_view name = "writer_of_state";
  static constexpr FieldUse fields[] = {writes(field::air_temperature)};
  void run(Columns&, double) const {}
};

/// Adds the temperature that it sees, divided by 1024 s.
struct TemperatureCopier : TestScheme {
  static constexpr std::string_view name = "temperature_copier";
  static constexpr FieldUse fields[] = {updates(field::air_temperature)};
  void run(Columns& columns, double) const {
    copy_temperature(columns, columns.read(field::air_temperature), columns.tendency(field::air_temperature));
  }
};

/// Does what it is told with what it has not declared.
struct Intruder : TestScheme {
  static constexpr std::string_view name = "intruder";
  static constexpr FieldUse fields[] = {reads(field::air_temperature), updates(field::eastward_wind)};
  std::function<void(Columns&)> act;
  void run(Columns& columns, double) const { act(columns); }
};

template <class... SchemeTypes>
Suite::Entries schemes(const SchemeTypes&... scheme) {
  Suite::Entries result;
  (result.emplace_back(any_scheme(scheme)), ...);
  return result;
}

/// The error of an action: its code and sentence; code 'done' and no sentence when there is none.
struct Outcome {
  ExitCode code = ExitCode::done;
  std::string sentence;
};
Outcome outcome_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

template <class... SchemeTypes>
Outcome outcome_of_start(const SchemeTypes&... scheme) {
  ColumnModel model(8);
  return outcome_of([&] { Suite suite(schemes(scheme...), Saturation::clausius, model.grid, model.fields); });
}

template <class... SchemeTypes>
Outcome outcome_of_run(ColumnModel& model, Watch watch, const SchemeTypes&... scheme) {
  Suite suite(schemes(scheme...), Saturation::clausius, model.grid, model.fields, watch);
  return outcome_of([&] { suite.run(0, 600); });
}

TEST(Suite, an_empty_suite_adds_no_field_and_does_nothing) {
  ColumnModel model(8);
  const auto n_fields = model.fields.entries().size();
  Suite suite(PhysicsOptions{}, model.grid, model.fields);
  suite.run(0, 600);
  EXPECT_TRUE(suite.empty());
  EXPECT_EQ(model.fields.entries().size(), n_fields);
}

TEST(Suite, tendencies_are_summed_over_schemes_and_start_from_zero_in_each_run) {
  ColumnModel model(8);
  Suite suite(schemes(Heater{}, Rainmaker{}, RainReader{}), Saturation::clausius, model.grid, model.fields,
              Watch::every_field);
  for (int n = 0; n < 2; ++n) {
    suite.run(0, 600);
    for (const Real value : model.values(field::temperature_tendency)) ASSERT_EQ(value, Real(0.375));
    EXPECT_FALSE(model.fields.has(field::eastward_wind_tendency.name));  // nobody updates it
  }
  EXPECT_EQ(model.values(flux).size(), std::size_t(7 * 8));
}

TEST(Suite, a_sequential_scheme_sees_what_those_before_it_did_and_a_parallel_one_the_start) {
  for (const bool parallel : {false, true}) {
    ColumnModel model(8);
    const auto T = model.values(field::air_temperature);
    Suite::Entries entries = schemes(Heater{}, TemperatureCopier{});
    entries[1].parallel = parallel;
    Suite suite(std::move(entries), Saturation::clausius, model.grid, model.fields, Watch::every_field);
    suite.run(0, 64);
    const auto found = model.values(field::temperature_tendency);
    for (std::size_t n = 0; n < T.size(); ++n) {
      const Real seen = parallel ? T[n] : T[n] + 8;
      ASSERT_EQ(found[n], Real(0.125) + seen / 1024);
    }
    EXPECT_EQ(model.values(field::air_temperature), T);  // the state itself stays
  }
}

TEST(Suite, a_parallel_scheme_is_not_seen_by_those_after_it) {
  ColumnModel model(8);
  const auto T = model.values(field::air_temperature);
  Suite::Entries entries = schemes(Heater{}, TemperatureCopier{});
  entries[0].parallel = true;
  Suite suite(std::move(entries), Saturation::clausius, model.grid, model.fields);
  suite.run(0, 64);
  const auto found = model.values(field::temperature_tendency);
  for (std::size_t n = 0; n < T.size(); ++n) ASSERT_EQ(found[n], Real(0.125) + T[n] / 1024);
}

TEST(Suite, a_scheme_that_is_called_now_and_then_holds_what_it_computed) {
  ColumnModel model(8);
  Suite::Entries entries = schemes(TemperatureCopier{}, Heater{});
  entries[0].every = 3;
  Suite suite(std::move(entries), Saturation::clausius, model.grid, model.fields, Watch::every_field);
  const FieldSet::Entry* held = nullptr;
  for (const FieldSet::Entry& entry : model.fields.entries()) {
    if (entry.info.short_name == "tnt_temperature_copier") held = &entry;
  }
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->role, Role::prognostic);  // a restart finds it
  for (int step = 0; step < 6; ++step) {
    model.set(field::air_temperature, [&](int, int, int) { return 256 + 16 * step; });
    suite.run(step, 64);
    for (const Real rate : model.values(field::temperature_tendency)) {
      ASSERT_EQ(rate, Real(0.125) + Real(256 + 16 * (step / 3 * 3)) / 1024) << step;
    }
  }
}

TEST(Suite, what_is_held_gives_a_layer_the_same_though_its_mass_changes) {
  ColumnModel model(8);
  Suite::Entries entries = schemes(Heater{});
  entries[0].every = 4;
  Suite suite(std::move(entries), Saturation::clausius, model.grid, model.fields, Watch::every_field);
  for (int step = 0; step < 4; ++step) {
    const double mass = 1024 << step;
    model.set(field::layer_mass, [&](int, int, int) { return mass; });
    suite.run(step, 64);
    for (const Real rate : model.values(field::temperature_tendency)) ASSERT_EQ(rate * mass, 0.125 * 1024) << step;
  }
}

TEST(Suite, the_tendency_of_one_scheme_is_there_where_somebody_wants_it) {
  ColumnModel model(8);
  Suite suite(schemes(Heater{}, TemperatureCopier{}), Saturation::clausius, model.grid, model.fields,
              Watch::every_field, [](std::string_view name) { return name == "tnt_heater"; });
  suite.run(0, 64);
  suite.run(1, 64);
  ASSERT_TRUE(model.fields.has("tnt_heater"));
  EXPECT_FALSE(model.fields.has("tnt_temperature_copier"));
  for (const Real rate : model.values(model.fields.find("tnt_heater")->data)) ASSERT_EQ(rate, Real(0.125));
}

/// Rains out of nothing where 'leak' is not 0.
struct Condenser : TestScheme {
  static constexpr std::string_view name = "condenser";
  static constexpr FieldUse fields[] = {updates(field::water_vapour), updates(field::air_temperature), writes(rain)};
  static constexpr std::array<FluxTerm, 1> water_budget{{{&rain, -1}}};
  static constexpr std::array<FluxTerm, 0> enthalpy_budget{};
  Real rate = Real(1) / (1 << 30), leak = 0, chill = 0;  // [s-1], [kg m-2 s-1], [K s-1]
  void run(Columns& columns, double) const {
    const MoistAir& air = columns.air();
    add_everywhere(columns, columns.tendency(field::water_vapour), -rate);
    add_everywhere(columns, columns.tendency(field::air_temperature), static_cast<Real>(air.L / air.cp * rate) - chill);
    const double ps = 98304;  // Pa, of dry air
    fill(surface(columns), columns.write(rain), static_cast<Real>(rate * ps / air.g) + leak);
  }
};

TEST(Suite, a_scheme_out_of_balance_is_named_with_the_place) {
  const auto outcome = [](const Condenser& scheme) {
    ColumnModel model(8);
    model.set(field::layer_mass, [](int, int, int) { return 98304. / 6; });
    return outcome_of_run(model, Watch::results, scheme);
  };
  EXPECT_EQ(outcome(Condenser{}).sentence, "");
  const Real size = sizeof(Real) == 8 ? 1e-12 : 5e-6;
  const Outcome leak = outcome(Condenser{{}, Real(1) / (1 << 30), size, 0});
  EXPECT_EQ(leak.code, ExitCode::numerical);
  EXPECT_THAT(leak.sentence, HasSubstr("Scheme 'condenser' does not keep water"));
  EXPECT_THAT(leak.sentence, HasSubstr("in the column at 16.875 N, 0.352 E"));
  EXPECT_THAT(outcome(Condenser{{}, Real(1) / (1 << 30), 0, size * 1000}).sentence,
              HasSubstr("Scheme 'condenser' does not keep cp T + L qv"));
}

/// Takes a part of the eastward wind and says that it brings nothing.
struct Brake : TestScheme {
  static constexpr std::string_view name = "brake";
  static constexpr FieldUse fields[] = {updates(field::eastward_wind)};
  void run(Columns& columns, double) const {
    add_everywhere(columns, columns.tendency(field::eastward_wind), Real(-0.0625));
  }
};

TEST(Suite, energy_that_no_flux_explains_is_counted_for_each_scheme) {
  ColumnModel model(8);
  const double dt = 64, mass = 98304 / 6.0;
  model.set(field::layer_mass, [&](int, int, int) { return mass; });
  model.set(field::eastward_wind, [](int, int, int) { return 10; });
  const auto make = [&] {
    return std::make_unique<Suite>(schemes(Condenser{}, Heater{}, Brake{}), Saturation::clausius, model.grid,
                                   model.fields, Watch::results);
  };
  const auto suite = make();
  suite->run(0, dt);  // not counted yet
  for (const auto& energy : suite->energies()) EXPECT_EQ(energy.unexplained, 0);
  suite->count_unexplained();
  suite->run(1, dt);
  const Planet& planet = model.grid.planet;
  const double area = 8 * static_cast<double>(model.grid.metrics.area_at_cell(0)) /
                      (4 * pi * planet.radius_m * planet.radius_m);  // of these columns, over that of the globe
  const double heat = area * 98304 / planet.gravity_m_per_s2 * planet.heat_capacity_j_per_kg_k * dt * 0.125;
  const double kinetic = area * 98304 / planet.gravity_m_per_s2 * (6.0 * 6 - 10 * 10) / 2;
  const double round_off = (sizeof(Real) == 8 ? 1e-13 : 1e-5);
  const auto& energies = suite->energies();
  EXPECT_EQ(energies[0].scheme, "condenser");
  EXPECT_NEAR(energies[0].unexplained, 0, round_off * heat);
  EXPECT_NEAR(energies[1].unexplained, heat, round_off * heat);
  EXPECT_NEAR(energies[2].unexplained, kinetic, round_off * -kinetic);
}

constexpr FieldSpec<CellSurface> pond{"pond", "pond", "m", {0, 10}, "a store of these tests", false};

struct Pond : TestScheme {
  static constexpr std::string_view name = "pond";
  static constexpr FieldUse fields[] = {owns(pond)};
  void start(Columns& columns) const { fill(surface(columns), columns.own(pond), 0.25); }
  void run(Columns& columns, double) const { fill(surface(columns), columns.own(pond), 0.5); }
};
struct PondReader : TestScheme {
  static constexpr std::string_view name = "pond_reader";
  static constexpr FieldUse fields[] = {reads(pond), updates(field::air_temperature)};
  void run(Columns& columns, double) const {
    copy_rain_to_tendency(columns, columns.read(pond), columns.tendency(field::air_temperature));
  }
};

TEST(Suite, a_scheme_with_a_store_is_called_in_each_step) {
  ColumnModel model(8);
  Suite::Entries entries = schemes(Pond{});
  entries[0].every = 2;
  EXPECT_THROW(Suite(std::move(entries), Saturation::clausius, model.grid, model.fields), OptionError);
}

TEST(Suite, a_store_is_there_for_entries_before_its_owner_and_is_saved) {
  ColumnModel model(8);
  Suite suite(schemes(PondReader{}, Pond{}), Saturation::clausius, model.grid, model.fields, Watch::every_field);
  suite.start();
  EXPECT_EQ(model.fields.find("pond")->role, Role::prognostic);
  for (const Real depth : {Real(0.25), Real(0.5)}) {
    suite.run(0, 64);
    for (const Real rate : model.values(field::temperature_tendency)) ASSERT_EQ(rate, depth);
    EXPECT_EQ(outcome_of_start(PondReader{}).code, ExitCode::configuration);
  }
}

struct Teten : TestScheme {
  static constexpr std::string_view name = "teten";
  static constexpr FieldUse fields[] = {reads(field::air_temperature)};
  std::string_view saturation() const { return "tetens"; }
  void run(Columns&, double) const {}
};

TEST(Suite, mixed_formulas_of_saturation_are_refused_with_the_line_to_change) {
  const Outcome outcome = outcome_of_start(Teten{});
  EXPECT_EQ(outcome.code, ExitCode::configuration);
  EXPECT_THAT(outcome.sentence, HasSubstr("'physics.saturation' is 'clausius': set it to 'tetens'"));
}

template <int place>
struct Rough : TestScheme {
  static constexpr std::string_view name = place == 0 ? "rough_surface" : "rough_mixing";
  static constexpr FieldUse fields[] = {reads(field::air_temperature)};
  struct Roughness {
    double metres = 0.5;
    void visit(OptionVisitor& option) { option.real("roughness_m", metres, "m", {0, 1}, "roughness length"); }
  };
  Roughness options;
  void run(Columns&, double) const {}
};

TEST(Suite, one_quantity_that_two_schemes_have_is_refused_where_its_values_differ) {
  Rough<1> smooth;
  smooth.options.metres = 0.25;
  const Outcome outcome = outcome_of_start(Rough<0>{}, smooth);
  EXPECT_EQ(outcome.code, ExitCode::configuration);
  EXPECT_THAT(outcome.sentence, HasSubstr("'physics.suite[1]' (rough_mixing) has roughness_m = 0.25 and "
                                          "'physics.suite[0]' (rough_surface) has 0.5"));
  EXPECT_EQ(outcome_of_start(Rough<0>{}, Rough<1>{}).code, ExitCode::done);
}

TEST(Suite, time_is_kept_for_each_scheme) {
  ColumnModel model(8);
  Suite suite(schemes(Heater{}, Rainmaker{}), Saturation::clausius, model.grid, model.fields);
  suite.run(0, 600);
  ASSERT_EQ(suite.times().size(), 2u);
  EXPECT_EQ(suite.times()[1].scheme, "rainmaker");
  EXPECT_GT(suite.times()[0].seconds, 0);
}

TEST(Suite, a_need_that_nothing_meets_is_refused) {
  const Outcome outcome = outcome_of_start(Heater{}, RainReader{});
  EXPECT_EQ(outcome.code, ExitCode::configuration);
  EXPECT_THAT(outcome.sentence, HasSubstr("'physics.suite[1]' (rain_reader) needs 'rain'"));
  EXPECT_THAT(outcome.sentence, HasSubstr("remove this entry"));
}

TEST(Suite, a_need_that_a_later_scheme_would_meet_is_refused_with_the_line_to_move) {
  const Outcome outcome = outcome_of_start(RainReader{}, Rainmaker{});
  EXPECT_EQ(outcome.code, ExitCode::configuration);
  EXPECT_THAT(outcome.sentence, HasSubstr("'physics.suite[0]' (rain_reader) needs 'rain'"));
  EXPECT_THAT(outcome.sentence, HasSubstr("Move 'physics.suite[1]' (rainmaker), which writes it, before it."));
}

TEST(Suite, a_field_with_two_writers_is_refused) {
  const Outcome outcome = outcome_of_start(Rainmaker{}, SecondRainmaker{});
  EXPECT_EQ(outcome.code, ExitCode::configuration);
  EXPECT_THAT(outcome.sentence, HasSubstr("'physics.suite[1]' (second_rainmaker) writes 'rain', and so does "
                                          "'physics.suite[0]' (rainmaker)"));
}

TEST(Suite, a_scheme_that_writes_the_state_is_refused) {
  const Outcome outcome = outcome_of_start(WriterOfState{});
  EXPECT_EQ(outcome.code, ExitCode::configuration);
  EXPECT_THAT(outcome.sentence, HasSubstr("writes 'air_temperature', which belongs to the dynamics"));
}

TEST(Suite, a_scheme_that_is_listed_twice_is_refused) {
  const Outcome outcome = outcome_of_start(Heater{}, Rainmaker{}, Heater{});
  EXPECT_EQ(outcome.code, ExitCode::configuration);
  EXPECT_THAT(outcome.sentence,
              HasSubstr("'physics.suite[2]' (heater) is there already, as 'physics.suite[0]' (heater)"));
}

TEST(Suite, a_refused_suite_leaves_the_fields_alone) {
  ColumnModel model(8);
  const auto n_fields = model.fields.entries().size();
  EXPECT_THROW(Suite(schemes(RainReader{}), Saturation::clausius, model.grid, model.fields), Error);
  EXPECT_EQ(model.fields.entries().size(), n_fields);
}

TEST(Suite, access_to_what_is_not_declared_is_refused) {
  const auto outcome_of_act = [](const std::function<void(Columns&)>& act) {
    ColumnModel model(8);
    Intruder intruder;
    intruder.act = act;
    return outcome_of_run(model, Watch::results, intruder);
  };
  EXPECT_EQ(outcome_of_act([](Columns& columns) {
              columns.read(field::air_temperature);
              columns.read(field::eastward_wind);
              columns.tendency(field::eastward_wind);
            }).code,
            ExitCode::done);
  const Outcome outcomes[] = {
      outcome_of_act([](Columns& columns) { columns.read(field::air_pressure); }),
      outcome_of_act([](Columns& columns) { columns.tendency(field::air_temperature); }),
      outcome_of_act([](Columns& columns) { columns.write(field::eastward_wind); }),
  };
  constexpr std::string_view sentences[] = {
      "Scheme 'intruder' asks to read 'air_pressure', which it does not declare",
      "Scheme 'intruder' asks for the tendency of 'air_temperature', which it does not declare",
      "Scheme 'intruder' asks to write 'eastward_wind', which it does not declare"};
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(outcomes[n].code, ExitCode::internal);
    EXPECT_THAT(outcomes[n].sentence, HasSubstr(std::string(sentences[n])));
  }
}

TEST(Suite, a_change_of_a_field_that_is_not_listed_is_found) {
  ColumnModel model(8);
  Intruder intruder;
  intruder.act = [](Columns& columns) {
    const auto T = columns.read(field::air_temperature).data();
    const Array3<Real> not_const(const_cast<Real*>(T.data()), T.extent(0), T.extent(1), T.extent(2));
    fill(Box{2, 3, 0, 1, 4, 5}, Field<Cell>(not_const), 251);
  };
  const Outcome outcome = outcome_of_run(model, Watch::every_field, intruder);
  EXPECT_EQ(outcome.code, ExitCode::internal);
  EXPECT_THAT(outcome.sentence, HasSubstr("Scheme 'intruder' changed 'air_temperature', which it does not list"));
}

TEST(Suite, a_field_with_the_name_of_a_scheme_at_its_end_is_watched_as_any_other) {
  constexpr FieldSpec<Cell> neighbour("neighbour_intruder", "neighbour_intruder", "1", {-1e30, 1e30}, "of others",
                                      false);
  ColumnModel model(8);
  const Field<Cell> data = model.fields.add(neighbour, model.grid.n_levels(), Role::diagnostic);
  Intruder intruder;
  intruder.act = [data](Columns&) { fill(Box{2, 3, 0, 1, 4, 5}, data, 251); };
  const Outcome outcome = outcome_of_run(model, Watch::every_field, intruder);
  EXPECT_EQ(outcome.code, ExitCode::internal);
  EXPECT_THAT(outcome.sentence, HasSubstr("Scheme 'intruder' changed 'neighbour_intruder', which it does not list"));
}

TEST(Suite, nan_in_the_state_is_caught_before_the_schemes_with_field_and_place) {
  ColumnModel model(8, 6, 3, 9);  // rows of 11.25 degrees: row 2 of the block is at 39.375 N
  model.set(field::air_temperature, [](int k, int j, int i) {
    return k == 4 && j == 2 && i == 5 ? std::numeric_limits<double>::quiet_NaN() : 280;
  });
  const Outcome outcome = outcome_of_run(model, Watch::results, HeldSuarez{});
  EXPECT_EQ(outcome.code, ExitCode::numerical);
  EXPECT_EQ(static_cast<int>(outcome.code), 76);
  EXPECT_THAT(outcome.sentence, HasSubstr("Physics step 1: state before 'held_suarez' has 'air_temperature' = nan K"));
  EXPECT_THAT(outcome.sentence, HasSubstr("level 5 of 6, 39.375 N, 3.867 E; allowed is 100 to 400"));
}

TEST(Suite, nan_that_a_scheme_makes_is_caught_with_what_it_read) {
  ColumnModel model(8);
  model.set(field::air_temperature, [](int, int, int) { return 280; });
  const Outcome outcome =
      outcome_of_run(model, Watch::results, Heater{{}, std::numeric_limits<Real>::quiet_NaN()}, Rainmaker{});
  EXPECT_EQ(outcome.code, ExitCode::numerical);
  EXPECT_THAT(outcome.sentence, HasSubstr("Scheme 'heater' computed 'tendency_of_air_temperature' = nan"));
  EXPECT_THAT(outcome.sentence, HasSubstr("level 1 of 6, 16.875 N, 0.352 E"));
  EXPECT_THAT(outcome.sentence, HasSubstr("It read there air_temperature = 280 K."));
}

/// Reads all that there is and counts its calls.
struct Witness : TestScheme {
  static constexpr std::string_view name = "witness";
  static constexpr FieldUse fields[] = {
      updates(field::air_temperature),  updates(field::eastward_wind),        updates(field::northward_wind),
      updates(field::water_vapour),     updates(field::cloud_water),          updates(field::rain_water),
      reads(field::air_pressure),       reads(field::surface_air_pressure),   reads(field::interface_pressure),
      reads(field::interface_exner),    reads(field::interface_geopotential), reads(field::layer_mass),
      reads(field::surface_temperature)};
  int* calls = nullptr;
  void run(Columns&, double) const { ++*calls; }
};

/// One value of one field of the state is set; the error, and whether a scheme was called.
template <class P>
Outcome outcome_with(const FieldSpec<P>& spec, double value, int& calls) {
  ColumnModel model(8, 6, 3, 9);
  model.fields.add(field::surface_temperature, 1, Role::diagnostic);
  model.set(field::surface_temperature, [](int, int, int) { return 290; });
  const auto before = model.values(spec);
  const int last = static_cast<int>(before.size()) / 24 - 1;
  model.set(spec, [&](int k, int j, int i) {
    const int at = (k * 3 + j) * 8 + i;
    return k == last && j == 2 && i == 5 ? value : before[at];
  });
  Witness witness;
  witness.calls = &calls;
  return outcome_of_run(model, Watch::results, Heater{}, witness);
}

TEST(Suite, impossible_values_are_refused_before_a_scheme_sees_them) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  int calls = 0;
  const auto expect_refused = [&](const auto& spec, std::initializer_list<double> values) {
    for (const double value : values) {
      const Outcome outcome = outcome_with(spec, value, calls);
      EXPECT_EQ(outcome.code, ExitCode::numerical) << spec.name << ' ' << value;
      EXPECT_THAT(outcome.sentence, HasSubstr(" has '" + std::string(spec.name) + "' = "));
      EXPECT_THAT(outcome.sentence, HasSubstr("39.375 N, 3.867 E"));
      const bool is_first = spec.name == field::air_temperature.name || spec.name == field::surface_air_pressure.name;
      EXPECT_THAT(outcome.sentence, HasSubstr(is_first ? "before 'heater'" : "before 'witness'"));
    }
  };
  expect_refused(field::air_temperature, {5, 0, -200, 401, nan, infinity});
  expect_refused(field::surface_temperature, {5, 1000, nan});
  expect_refused(field::eastward_wind, {1e4, -1e4, nan, infinity});
  expect_refused(field::northward_wind, {1e4, -infinity, nan});
  expect_refused(field::water_vapour, {-1e-6, 1.5, nan, infinity});
  expect_refused(field::cloud_water, {-1e-6, 1.5, nan});
  expect_refused(field::rain_water, {-1e-6, 1.5, nan});
  expect_refused(field::surface_air_pressure, {0, -1, 1e6, nan});
  expect_refused(field::air_pressure, {-1, 1e6, nan});
  expect_refused(field::interface_pressure, {-1, 1e6, nan});
  expect_refused(field::interface_exner, {-1, nan});
  expect_refused(field::interface_geopotential, {-1e5, nan, infinity});
  expect_refused(field::layer_mass, {-1, nan});
  EXPECT_EQ(calls, 0);
  EXPECT_THAT(outcome_with(field::water_vapour, -1e-6, calls).sentence,
              HasSubstr("The limiters 'monotone' and 'positive'"));
}

TEST(Suite, round_off_below_no_water_is_let_through) {
  int calls = 0;
  for (const double value : {0., -1e-9}) EXPECT_EQ(outcome_with(field::water_vapour, value, calls).sentence, "");
  EXPECT_EQ(calls, 2);
}

TEST(Suite, nan_in_any_field_that_held_suarez_reads_is_caught) {
  const auto code_with_nan_in = [](const auto& spec) {
    ColumnModel model(13);
    const auto before = model.values(spec);
    model.set(spec, [&](int k, int, int i) {
      return i == 12 ? std::numeric_limits<double>::quiet_NaN() : before[k * 13 + i];
    });
    return outcome_of_run(model, Watch::results, HeldSuarez{}).code;
  };
  EXPECT_EQ(code_with_nan_in(field::eastward_wind), ExitCode::numerical);
  EXPECT_EQ(code_with_nan_in(field::northward_wind), ExitCode::numerical);
  EXPECT_EQ(code_with_nan_in(field::air_pressure), ExitCode::numerical);
  EXPECT_EQ(code_with_nan_in(field::surface_air_pressure), ExitCode::numerical);
}

TEST(Suite, a_tendency_out_of_range_is_the_fault_of_the_scheme_that_made_it_so) {
  ColumnModel model(8);
  const Outcome outcome = outcome_of_run(model, Watch::results, TemperatureCopier{}, Heater{{}, 2}, Rainmaker{});
  EXPECT_EQ(outcome.code, ExitCode::numerical);
  EXPECT_THAT(outcome.sentence, HasSubstr("Scheme 'heater' computed 'tendency_of_air_temperature' = 2 K s-1"));
  EXPECT_THAT(outcome.sentence, HasSubstr("level 1 of 6"));
}

TEST(Suite, a_written_field_out_of_range_is_caught) {
  ColumnModel model(8);
  const Outcome outcome = outcome_of_run(model, Watch::results, Rainmaker{{}, -1});
  EXPECT_EQ(outcome.code, ExitCode::numerical);
  EXPECT_THAT(outcome.sentence, HasSubstr("Scheme 'rainmaker' computed 'rain' = -1 kg m-2 s-1 at level 1 of 1"));
}

/// Reads options from a map of texts; the list 'suite' has one element for each word given.
class ListReader : public OptionVisitor {
 public:
  std::vector<std::string> suite;
  std::map<std::string, double> numbers;
  std::vector<std::string> problems, seen;
  std::string short_key;
  bool shows = false;

  void real(Text key, double& value, Text, Range, Text) override {
    seen.emplace_back(key);
    if (const auto found = numbers.find(std::string(key)); found != numbers.end()) value = found->second;
  }
  void integer(Text, int&, Text, Range, Text) override {}
  void flag(Text, bool&, Text) override {}
  void word(Text key, std::string& value, std::span<const Text> allowed, Text) override {
    if (key == short_key && !suite.empty()) value = suite[element_];
    if (std::ranges::find(allowed, value) == allowed.end()) seen.emplace_back("refused " + value);
  }
  void text(Text, std::string&, Text, Text) override {}
  void texts(Text, std::vector<std::string>&, Text, Text) override {}
  bool given(Text) const override { return suite.empty() || !suite[element_].empty(); }
  void problem(Text, const std::string& sentence) override { problems.push_back(sentence); }
  bool shows_alternatives() const override { return shows; }
  void alternative(Text, Text word) override { seen.emplace_back("alternative " + std::string(word)); }

 protected:
  std::size_t enter_list(Text, std::size_t, Text, Text key) override {
    short_key = key;
    return shows ? 1 : suite.size();
  }
  void enter_element(std::size_t n) override { element_ = n; }

 private:
  std::size_t element_ = 0;
};

TEST(PhysicsOptions, a_scheme_of_the_list_gets_its_options) {
  ListReader reader;
  reader.suite = {"held_suarez"};
  reader.numbers = {{"friction_time_days", 1e6}};
  PhysicsOptions options;
  EXPECT_TRUE(options.empty());
  options.visit(reader);
  EXPECT_EQ(reader.short_key, "scheme");
  EXPECT_FALSE(options.empty());
  EXPECT_TRUE(reader.problems.empty());

  const PhysicsOptions copy = options;
  reader.numbers = {{"friction_time_days", 1}};
  options.visit(reader);
  ColumnModel slow(8), usual(8);
  Suite(copy, slow.grid, slow.fields).run(0, 600);
  Suite(options, usual.grid, usual.fields).run(0, 600);
  const auto last = slow.values(field::eastward_wind_tendency).size() - 1;
  EXPECT_LT(std::abs(slow.values(field::eastward_wind_tendency)[last]),
            1e-5 * std::abs(usual.values(field::eastward_wind_tendency)[last]));
}

/// Surface drag by the suite of a case file, or the problems of reading it.
struct FromFile {
  double drag = 0;
  std::string problems;
};
FromFile from_file(const std::string& text) {
  Problems problems;
  const Node root = parse_yaml(text, "case.yaml", problems);
  Reader reader(root, problems);
  PhysicsOptions options;
  reader.group("physics", options, "physics");
  if (!problems.empty()) return {0, problems.report()};
  ColumnModel model(1);
  Suite(options, model.grid, model.fields).run(0, 600);
  return {model.values(field::eastward_wind_tendency).back(), ""};
}

TEST(PhysicsOptions, a_case_file_names_a_scheme_alone_or_with_its_options) {
  const FromFile bare = from_file("physics: {suite: [held_suarez]}");
  const FromFile full = from_file("physics: {suite: [{scheme: held_suarez}]}");
  const FromFile slow = from_file("physics: {suite: [{scheme: held_suarez, friction_time_days: 1000}]}");
  EXPECT_EQ(bare.problems + full.problems + slow.problems, "");
  EXPECT_NE(bare.drag, 0);
  EXPECT_EQ(bare.drag, full.drag);
  EXPECT_NEAR(slow.drag / bare.drag, 1e-3, 1e-5);  // 1 - k dt / 2 apart
  EXPECT_NE(from_file("physics: {suite: [held_suares]}").problems, "");
}

TEST(PhysicsOptions, an_entry_without_a_scheme_or_with_an_unknown_one_is_a_problem) {
  ListReader nameless;
  nameless.suite = {""};
  PhysicsOptions options;
  options.visit(nameless);
  EXPECT_EQ(nameless.problems.size(), 1u);

  ListReader unknown;
  unknown.suite = {"held_suares"};
  options.visit(unknown);
  EXPECT_THAT(unknown.seen, testing::ElementsAre("refused held_suares"));
  ColumnModel model(8);
  EXPECT_EQ(outcome_of([&] { Suite suite(options, model.grid, model.fields); }).code, ExitCode::configuration);
}

TEST(PhysicsOptions, help_shows_the_options_of_every_scheme) {
  ListReader help;
  help.shows = true;
  PhysicsOptions options;
  options.visit(help);
  EXPECT_TRUE(help.problems.empty());
  EXPECT_THAT(help.seen, testing::IsSupersetOf({"alternative held_suarez", "friction_time_days", "alternative "}));
}

/// Adds fields that a scheme needs and others write, with random values in a usual range.
void add_needs(const AnyScheme& scheme, ColumnModel& model) {
  for (const FieldUse& use : scheme.fields) {
    const FieldInfo& info = *use.field;
    if (use.use != Use::reads || model.fields.has(info.name)) continue;
    if (info.name == field::monthly_sea_surface_temperature.name) {
      model.fields.add(field::monthly_sea_surface_temperature, 12, Role::fixed);
      model.set(field::monthly_sea_surface_temperature, [](int m, int, int i) { return 280 + m + 0.01 * i; });
      continue;
    }
    ASSERT_EQ(info.vertical, Vertical::single) << info.name;
    const FieldSpec<CellSurface> spec(info.name, info.short_name, info.unit, info.valid, info.meaning);
    model.fields.add(spec, 1, Role::diagnostic);
    const bool temperature = info.name == field::surface_temperature.name;
    model.set(spec, [&](int, int j, int i) {
      const double x = std::fmod(0.61803398875 * (7 * j + i + 1), 1);
      return temperature ? 220 + 95 * x : 300 * x;
    });
  }
}

Suite::Entries alone(const AnyScheme& scheme) {
  Suite::Entries entries;
  entries.emplace_back(scheme.copy());
  return entries;
}

Saturation formula_of(const AnyScheme& scheme) {
  const auto found = std::ranges::find(saturation_words, scheme.saturation());
  return found == saturation_words.end() ? Saturation::clausius
                                         : static_cast<Saturation>(found - saturation_words.begin());
}

using Results = std::map<std::string, std::vector<Real>>;

/// Every tendency and written field of one scheme after dt [s] on columns of random state.
Results results_on(ColumnModel& model, const AnyScheme& scheme, double dt) {
  const auto n_state = model.fields.entries().size();
  Suite suite(alone(scheme), formula_of(scheme), model.grid, model.fields, Watch::every_field);
  suite.start();
  suite.run(0, dt);
  Results results;
  for (std::size_t n = n_state; n < model.fields.entries().size(); ++n) {
    const FieldSet::Entry& entry = model.fields.entries()[n];
    results[std::string(entry.info.name)] = model.values(entry.data);
  }
  return results;
}

/// The same of one scheme of the table, on the first n of the random columns.
Results results_of(
    const AnyScheme& scheme, int n_columns, const std::function<void(ColumnModel&)>& change = [](ColumnModel&) {}) {
  ColumnModel model(n_columns);
  add_needs(scheme, model);
  change(model);
  return results_on(model, scheme, 1200);
}

TEST(AllSchemes, random_columns_give_finite_results_that_do_not_depend_on_the_number_of_columns) {
  const int most = 257;
  for (const auto& scheme : scheme_table()) {
    const auto all = results_of(*scheme, most);
    for (const int n : {1, 2, 7, 8, 9, 63, 64, 65, 255, 256, 257}) {
      for (const auto& [name, values] : results_of(*scheme, n)) {
        for (std::size_t at = 0; at < values.size(); ++at) {
          ASSERT_TRUE(std::isfinite(values[at])) << scheme->name << ' ' << name;
          ASSERT_EQ(values[at], all.at(name)[at / n * most + at % n]) << scheme->name << ' ' << name;
        }
      }
    }
  }
}

TEST(AllSchemes, budgets_close_and_water_stays_positive_on_100000_random_columns) {
  const int n_columns = 512, n_rows = 10, n_levels = 24;
  const unsigned n_draws = default_watch == Watch::results ? 20 : 1;  // debug builds are slow
  const double dt = 1200;
  for (const auto& scheme : scheme_table()) {
    double largest[2] = {0, 0};
    for (unsigned draw = 1; draw <= n_draws; ++draw) {
      ColumnModel model(n_columns, n_levels, n_rows, 3);
      model.randomise(draw, [&](int j, int i) { return j * n_columns + i; });
      add_needs(*scheme, model);
      Suite suite(alone(*scheme), formula_of(*scheme), model.grid, model.fields);
      suite.start();
      suite.run(0, dt);
      const auto mass = model.values(field::layer_mass);
      const int columns = n_columns * n_rows;
      const MoistAir air(model.grid.planet, Saturation::clausius);
      const auto add = [&](const FieldInfo& tendency, double factor, std::vector<double>& sums) {
        if (!model.fields.has(tendency.name)) return;
        const auto rate = model.values(model.fields.find(tendency.name)->data);
        for (std::size_t n = 0; n < rate.size(); ++n) sums[n % columns] += factor * mass[n] * rate[n];
      };
      for (const int which : {0, 1}) {
        const auto terms = which == 0 ? scheme->water_budget() : scheme->enthalpy_budget();
        if (!terms) continue;
        std::vector<double> sums(columns), content(columns);
        for (const field::Species& water : field::species) {
          if (which == 0 && water.is_water) add(*water.tendency, 1 / air.g, sums);
        }
        if (which == 1) add(field::temperature_tendency, air.cp / air.g, sums);
        if (which == 1) add(field::water_vapour_tendency, air.L / air.g, sums);
        if (which == 1 && scheme->friction_is_heat()) {
          for (const auto& [wind, tendency] : {std::pair(&field::eastward_wind, &field::eastward_wind_tendency),
                                               std::pair(&field::northward_wind, &field::northward_wind_tendency)}) {
            const auto u = model.values(*wind), du = model.values(*tendency);
            for (std::size_t n = 0; n < u.size(); ++n) {
              sums[n % columns] += mass[n] / air.g * du[n] * (u[n] + 0.5 * dt * du[n]);
            }
          }
        }
        for (const FluxTerm& term : *terms) {
          const auto flux = model.values(model.fields.find(term.flux->name)->data);
          for (int n = 0; n < columns; ++n) sums[n] -= term.into_column * flux[n];
        }
        for (const field::Species& water : field::species) {
          if (which == 0 && water.is_water) {
            const auto q = model.values(*water.mixing_ratio);
            for (std::size_t n = 0; n < q.size(); ++n) content[n % columns] += mass[n] * q[n] / air.g;
          }
        }
        const auto T = model.values(field::air_temperature);
        for (std::size_t n = 0; which == 1 && n < T.size(); ++n)
          content[n % columns] += air.cp * mass[n] * T[n] / air.g;
        for (int n = 0; n < columns; ++n) {
          if (content[n] > 1e-3) largest[which] = std::max(largest[which], std::abs(sums[n]) * dt / content[n]);
        }
      }
      for (const field::Species& water : field::species) {
        if (!water.is_water || !model.fields.has(water.tendency->name)) continue;
        const auto q = model.values(*water.mixing_ratio), rate = model.values(*water.tendency);
        for (std::size_t n = 0; n < q.size(); ++n) {
          ASSERT_GE(q[n] + dt * rate[n], -1e-17 * (sizeof(Real) == 8 ? 1 : 1e10)) << scheme->name;
        }
      }
    }
    const double bar = sizeof(Real) == 8 ? 1e-12 : 1e-5;
    EXPECT_LE(largest[0], bar) << scheme->name << ", water";
    EXPECT_LE(largest[1], bar) << scheme->name << ", enthalpy";
  }
}

TEST(AllSchemes, no_direction_of_the_wind_is_preferred) {
  const int n = 64;
  const auto turn = [&](ColumnModel& model) {  // by a right angle
    const auto u = model.values(field::eastward_wind), v = model.values(field::northward_wind);
    model.set(field::eastward_wind, [&](int k, int, int i) { return -v[k * n + i]; });
    model.set(field::northward_wind, [&](int k, int, int i) { return u[k * n + i]; });
  };
  const std::pair<const FieldInfo*, const FieldInfo*> vectors[] = {
      {&field::eastward_wind_tendency, &field::northward_wind_tendency},
      {&field::eastward_stress, &field::northward_stress},
      {&field::near_surface_eastward_wind, &field::near_surface_northward_wind}};
  for (const auto& scheme : scheme_table()) {
    auto before = results_of(*scheme, n), after = results_of(*scheme, n, turn);
    for (const auto& [east, north] : vectors) {
      if (!before.contains(std::string(east->name))) continue;
      auto& u = before.at(std::string(east->name));
      auto& v = before.at(std::string(north->name));
      for (std::size_t at = 0; at < u.size(); ++at) u[at] = -std::exchange(v[at], u[at]);
    }
    for (const auto& [name, values] : before) {
      double largest = 0;
      for (const Real x : values) largest = std::max(largest, std::abs(double(x)));
      for (std::size_t at = 0; at < values.size(); ++at) {
        ASSERT_NEAR(values[at], after.at(name)[at], (sizeof(Real) == 8 ? 1e-12 : 1e-4) * largest)
            << scheme->name << ' ' << name;
      }
    }
  }
}

/// What numbers of this unit, such as "kg m-2 s-1", are multiplied by where the units of length and time are x times smaller and
/// that of mass x^3 times: pressures, speeds, densities and energies per mass keep their numbers.
double in_smaller_units(std::string_view unit, double x) {
  static const std::map<std::string, int> power_of = {{"m", 1},    {"s", 1},  {"day", 1}, {"days", 1},
                                                      {"year", 1}, {"kg", 3}, {"J", 3},   {"W", 2}};
  std::istringstream factors{std::string(unit)};
  double result = 1;
  for (std::string factor; factors >> factor;) {
    const auto exponent_at = factor.find_first_of("-123456789");
    const auto found = power_of.find(factor.substr(0, exponent_at));
    const int exponent =
        exponent_at == 0 || exponent_at == std::string::npos ? 1 : std::stoi(factor.substr(exponent_at));
    if (found != power_of.end()) result *= std::pow(x, found->second * exponent);
  }
  return result;
}

/// Gives all options of a scheme in these units.
class OptionsInSmallerUnits : public ListReader {
 public:
  explicit OptionsInSmallerUnits(double x) : x_(x) {}
  void real(Text, double& value, Text unit, Range, Text) override { value *= in_smaller_units(unit, x_); }

 private:
  double x_;
};

TEST(AllSchemes, numbers_in_other_units_give_the_same_result) {
  const int n = 64;
  const std::set<std::string_view> with_rates_of_their_own = {"kessler", "terminator"};  // per second, not options
  for (const double x : {0.25, 4.0}) {
    Planet planet;
    planet.radius_m *= x;
    planet.rotation_rate_per_s /= x;
    planet.gravity_m_per_s2 /= x;
    for (const auto& scheme : scheme_table()) {
      const auto scaled = scheme->copy();
      OptionsInSmallerUnits options(x);
      scaled->visit_options(options);
      ColumnModel model(n, 6, 1, 9, planet);
      add_needs(*scheme, model);
      const Results expected = results_of(*scheme, n), found = results_on(model, *scaled, 1200 * x);
      bool alike = true;
      for (const FieldSet::Entry& entry : model.fields.entries()) {
        if (!expected.contains(std::string(entry.info.name)) || entry.info.height > 0) continue;  // at 2 m, 10 m
        const double factor = in_smaller_units(entry.info.unit, x);
        const auto& values = expected.at(std::string(entry.info.name));
        for (std::size_t at = 0; at < values.size(); ++at) {
          alike = alike && found.at(std::string(entry.info.name))[at] == static_cast<Real>(values[at] * factor);
        }
      }
      EXPECT_EQ(alike, !with_rates_of_their_own.contains(scheme->name))
          << scheme->name << ", units " << x << " times smaller: a length or time that is no option with its unit?";
    }
  }
}

TEST(AllSchemes, every_scheme_says_what_it_is_and_uses) {
  ASSERT_FALSE(all_schemes().empty());
  for (const SchemeInfo& scheme : all_schemes()) {
    EXPECT_FALSE(scheme.name.empty() || scheme.meaning.empty() || scheme.source.empty() || scheme.equation.empty())
        << scheme.name;
  }
  const SchemeInfo first = all_schemes().front();
  EXPECT_EQ(first.name, "held_suarez");
  EXPECT_THAT(first.updates, testing::ElementsAre("air_temperature", "eastward_wind", "northward_wind"));
  EXPECT_THAT(first.reads, testing::ElementsAre("air_pressure", "surface_air_pressure"));
}

}  // namespace
}  // namespace meridian
