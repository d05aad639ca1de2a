#include "physics/suite.hpp"

#include <Kokkos_Profiling_ScopedRegion.hpp>
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "grid/exact_sum.hpp"
#include "grid/loop.hpp"
#include "physics/checks.hpp"
#include "physics/columns.hpp"

namespace meridian {

namespace {

bool uses(const AnyScheme& scheme, Use use, std::string_view field) {
  return std::ranges::any_of(scheme.fields,
                             [&](const FieldUse& entry) { return entry.use == use && entry.field->name == field; });
}

bool makes(const AnyScheme& scheme, std::string_view field) {
  return uses(scheme, Use::writes, field) || uses(scheme, Use::owns, field);
}

/// The entry of the list that writes or owns a field, if any.
std::optional<std::size_t> maker_of(const Suite::Entries& entries, std::string_view field) {
  for (std::size_t n = 0; n < entries.size(); ++n) {
    if (makes(*entries[n].scheme, field)) return n;
  }
  return std::nullopt;
}

std::string entry_text(std::size_t n, const AnyScheme& scheme) {
  return "'physics.suite[" + std::to_string(n) + "]' (" + std::string(scheme.name) + ")";
}
std::string entry_text(const Suite::Entries& entries, std::size_t n) { return entry_text(n, *entries[n].scheme); }

/// What to do about a field that entry n needs and nothing before it provides.
std::string remedy(const Suite::Entries& entries, std::size_t n, std::string_view field) {
  if (const auto later = maker_of(entries, field); later && *later > n) {
    return "Move " + entry_text(entries, *later) + ", which writes it, before it.";
  }
  if (const field::Species* species = field::species_of(field)) {
    return "Add {name: " + std::string(species->mixing_ratio->short_name) + "} to 'tracers'.";
  }
  if (field == field::monthly_sea_surface_temperature.name) {
    return "Set 'boundary.sea_surface_temperature' to a file.";
  }
  std::string makers;
  bool is_store = false;  // may stand anywhere
  for (const std::unique_ptr<AnyScheme>& scheme : scheme_table()) {
    if (makes(*scheme, field)) makers += (makers.empty() ? "'" : " or '") + std::string(scheme->name) + "'";
    is_store = is_store || uses(*scheme, Use::owns, field);
  }
  if (makers.empty()) return "No scheme writes it: remove this entry.";
  return is_store ? "Add " + makers + " to 'physics.suite'." : "Insert " + makers + " before it.";
}

/// require() of what concerns entry n of the suite.
template <class... Parts>
void require_entry(bool condition, std::size_t n, const Parts&... parts) {
  require_option(condition, "physics.suite[" + std::to_string(n) + "].scheme", parts...);
}

/// The numbers among the options of a scheme, by name.
class NumbersOf final : public OptionVisitor {
 public:
  explicit NumbersOf(const AnyScheme& scheme) { scheme.copy()->visit_options(*this); }
  std::map<std::string, double, std::less<>> numbers;

  void real(Text key, double& value, Text, Range, Text) override { numbers.emplace(key, value); }
  void integer(Text key, int& value, Text, Range, Text) override { numbers.emplace(key, value); }
  void flag(Text, bool&, Text) override {}
  void word(Text, std::string&, std::span<const Text>, Text) override {}
  void text(Text, std::string&, Text, Text) override {}
  void texts(Text, std::vector<std::string>&, Text, Text) override {}
  bool given(Text) const override { return false; }
  void problem(Text, const std::string&) override {}
};

/// A number that two entries have by one name, such as the roughness of the surface, is one thing. Throws OptionError.
void require_same_numbers(const Suite::Entries& entries) {
  std::map<std::string, std::pair<std::size_t, double>, std::less<>> first;
  for (std::size_t n = 0; n < entries.size(); ++n) {
    for (const auto& [key, value] : NumbersOf(*entries[n].scheme).numbers) {
      const auto [known, added] = first.try_emplace(key, n, value);
      require_entry(added || known->second.second == value, n, entry_text(entries, n), " has ", key, " = ", value,
                    " and ", entry_text(entries, known->second.first), " has ", known->second.second,
                    ", but that is one quantity: set the same '", key, "' in both.");
    }
  }
}

/// Every need is met by the state or an entry before (or, where it is a store, by any), no field has two makers, and one
/// formula of saturation serves all. Throws OptionError.
void check_contract(const Suite::Entries& entries, Saturation saturation, const FieldSet& state) {
  const std::string_view formula = saturation_words[static_cast<std::size_t>(saturation)];
  const auto reads_it = [](const SuiteEntry& entry) {
    return uses(*entry.scheme, Use::reads, field::monthly_sea_surface_temperature.name);
  };
  require_option(
      !state.has(field::monthly_sea_surface_temperature.name) || std::ranges::any_of(entries, reads_it),
      "boundary.sea_surface_temperature",
      "'boundary.sea_surface_temperature' has an effect only with the scheme 'monthly_sst' in 'physics.suite'; "
      "add that, or remove the file.");
  for (std::size_t n = 0; n < entries.size(); ++n) {
    const AnyScheme& scheme = *entries[n].scheme;
    for (std::size_t m = 0; m < n; ++m) {
      require_entry(entries[m].scheme->name != scheme.name, n, entry_text(entries, n), " is there already, as ",
                    entry_text(entries, m), "; a scheme may be there once: remove one.");
    }
    require_entry(scheme.saturation().empty() || scheme.saturation() == formula, n, entry_text(entries, n),
                  " has the saturation formula '", scheme.saturation(), "' built in, but 'physics.saturation' is '",
                  formula, "': set it to '", scheme.saturation(), "'.");
    const auto owned = std::ranges::find(scheme.fields, Use::owns, &FieldUse::use);
    require_option(
        entries[n].every == 1 || owned == scheme.fields.end(), "physics.suite[" + std::to_string(n) + "].every",
        entry_text(entries, n), " owns '", owned == scheme.fields.end() ? "" : owned->field->name,
        "', which would take the fluxes of one moment for those of ", entries[n].every, " steps: remove 'every'.");
    for (const FieldUse& use : scheme.fields) {
      const std::string_view name = use.field->name;
      const auto maker = maker_of(entries, name);
      if (use.use == Use::writes || use.use == Use::owns) {
        require_entry(!state.has(name), n, entry_text(entries, n), " writes '", name,
                      "', which belongs to the dynamics: remove this entry.");
        require_entry(*maker == n, n, entry_text(entries, n), " writes '", name, "', and so does ",
                      entry_text(entries, *maker), ", but a field has one writer: remove one of them.");
      } else {
        const bool met = maker && (*maker < n || uses(*entries[*maker].scheme, Use::owns, name));
        require_entry(state.has(name) || met, n, entry_text(entries, n), " needs '", name,
                      "', which neither the dynamics nor an entry before it provides. ", remedy(entries, n, name));
      }
    }
  }
  require_same_numbers(entries);
}

template <class P>
void add_field(FieldSet& fields, const FieldInfo& info, int n_k, Role role, bool of_physics) {
  fields.add(FieldSpec<P>(info), n_k, role, of_physics);
}

void add_own_field(FieldSet& fields, const AnyScheme& scheme, const FieldUse& use, int n_levels, Role role) {
  const FieldInfo& info = *use.field;
  const bool written = use.use == Use::writes;
  require(info.horizontal == Horizontal::cell, ExitCode::internal, "Scheme '", scheme.name, "' writes '", info.name,
          "', which is not at cells; schemes work at cells.");
  if (info.vertical == Vertical::layer) add_field<Cell>(fields, info, n_levels, role, written);
  if (info.vertical == Vertical::interface) add_field<CellInterface>(fields, info, n_levels + 1, role, written);
  if (info.vertical == Vertical::single) add_field<CellSurface>(fields, info, 1, role, written);
}

void copy(const Box& cells, const ConstField<Cell>& from, const Field<Cell>& to) {
  for_each({"physics/copy", 1, 1}, cells, KOKKOS_LAMBDA(int k, int j, int i) { to(k, j, i) = from(k, j, i); });
}

void add_or_set(const Box& surface, const ConstField<CellSurface>& from, bool set, const Field<CellSurface>& to) {
  for_each(
      {"physics/add_or_set", set ? 1.0 : 2.0, 1}, surface,
      KOKKOS_LAMBDA(int k, int j, int i) { to(k, j, i) = (set ? Real(0) : to(k, j, i)) + from(k, j, i); });
}

/// A field that schemes update: the state, the copy that sequential coupling changes, and the tendencies.
struct Updated {
  const FieldInfo* field = nullptr;
  Field<Cell> state, working;  // working: absent where nobody sees it
  Field<Cell> total, own;      // of all entries, and of the one that runs
};

/// A scheme at work: its view of the model, what to check, its time.
struct Runner {
  Runner(SuiteEntry entry, Columns view, std::vector<std::pair<std::size_t, bool>> updates)
      : entry(std::move(entry)),
        columns(std::move(view)),
        updates(std::move(updates)),
        region("physics/" + std::string(this->entry.scheme->name)) {
    for (const Columns::Slot& slot : columns.slots()) {
      if (slot.result_field) add(results, *slot.result_field, slot.result);
    }
  }

  /// Calls the scheme and checks what it computed.
  void call(double dt, const FieldSet& fields, const Field<Cell>& scratch) {
    const AnyScheme& scheme = *entry.scheme;
    scheme.run(columns, dt);
    for (const Ranges& some : results) {
      if (any_out_of_range(some, columns.changed_cells())) report_bad_result(scheme, columns);
    }
    if (scheme.water_budget() || scheme.enthalpy_budget()) BudgetCheck(scheme, columns, fields, scratch).run(dt);
  }

  bool may_change(std::string_view field) const {
    return std::ranges::any_of(columns.slots(), [&](const Columns::Slot& slot) {
      return slot.result_field && slot.result_field->name == field;
    });
  }

  SuiteEntry entry;
  Columns columns;
  std::vector<std::pair<std::size_t, bool>> updates;  // which of Impl::updated, and whether its own tendency is kept
  std::string region;
  std::vector<Ranges> results;
  double seconds = 0;
};

/// A field of the state that schemes read, and the first of them.
struct Input {
  FieldInfo field;
  Array3<Real> data;
  std::string_view scheme;
};

/// Throws numerical at the first bad point of what is handed to the schemes. number: of the physics step, from 1.
void report_bad_input(const std::vector<Input>& inputs, const Grid& grid, long number) {
  for (const Input& input : inputs) {
    const auto bad = first_bad_point(grid, input.field, input.data);
    if (!bad) continue;
    const bool negative = bad->value < 0 && field::species_of(input.field.name);
    throw Error(
        ExitCode::numerical,
        "Physics step " + std::to_string(number) + ": state before '" + std::string(input.scheme) + "' has " +
            bad->text + ". " +
            (negative ? "The limiters 'monotone' and 'positive' keep transport from it; a prescribed sink does not."
                      : "A shorter 'dycore.dt_s' or another initial state is the usual cure."));
  }
}

/// Tendencies that are held, of a layer whose mass was another: what the layer gets in all stays, as do the fluxes.
void scale_held(const Box& cells, const ConstField<Cell>& mass_before, const ConstField<Cell>& mass,
                const Field<Cell>& own) {
  for_each(
      {"physics/scale_held", 3, 1}, cells,
      KOKKOS_LAMBDA(int k, int j, int i) { own(k, j, i) *= mass_before(k, j, i) / mass(k, j, i); });
}

/// total += own; working += dt own; own = 0 where it is not kept.
void fold(const Box& cells, const Updated& updated, const Field<Cell>& own, bool keep, bool sequential, Real dt) {
  const Field<Cell> total = updated.total, working = updated.working;
  if (sequential && working.exists()) {
    for_each(
        {"physics/fold", 3, 3}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
          const Real rate = own(k, j, i);
          total(k, j, i) += rate;
          working(k, j, i) += dt * rate;
          own(k, j, i) = keep ? rate : Real(0);
        });
  } else {
    for_each(
        {"physics/fold", 2, 2}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
          const Real rate = own(k, j, i);
          total(k, j, i) += rate;
          own(k, j, i) = keep ? rate : Real(0);
        });
  }
}

}  // namespace

struct Suite::Impl {
  Watch watch;
  const FieldSet& fields;
  std::vector<Updated> updated;
  std::vector<Runner> runners;
  std::vector<Input> inputs;
  std::vector<Ranges> input_ranges;
  std::vector<Field<Cell>> scratch;
  Field<Cell> mass, mass_before;  // of layers, and in the step of physics before; where an entry is not called in each
  std::vector<ConstField<CellSurface>> rains;  // what the total precipitation is the sum of
  Field<CellSurface> precipitation;
  struct Term {
    ConstField<CellSurface> flux;
    double sign;
    std::size_t scheme;  // in the order of the suite
  };
  std::vector<Term> water_terms;
  bool knows_its_water = true;
  double water_brought = 0;  // [kg m-2]
  std::vector<Term> energy_terms;
  std::string hides_energy;   // the first scheme that changes temperature or vapour without an enthalpy budget
  double energy_brought = 0;  // [J m-2]
  std::vector<SchemeEnergy> energies;
  std::vector<Term> surface_terms;
  ConstField<CellSurface> surface_temperature;
  double surface_capacity = 0;                                                   // [J m-2 K-1]
  double surface_heat_at_start = 0, surface_heat = 0, surface_heat_brought = 0;  // [J m-2]
  bool counts_unexplained = false;

  Impl(Entries entries, Saturation saturation, const Grid& grid, FieldSet& fields, Watch watch, const Wanted& wanted)
      : watch(watch), fields(fields) {
    check_contract(entries, saturation, fields);
    if (entries.empty()) return;
    allocate(entries, grid, fields, wanted);
    list_inputs(entries, grid.planet.reference_pressure_pa);
    const MoistAir air(grid.planet, saturation);
    runners.reserve(entries.size());
    for (SuiteEntry& entry : entries) {
      std::vector<Columns::Slot> slots;
      std::vector<std::pair<std::size_t, bool>> updates;
      for (const FieldUse& use : entry.scheme->fields) {
        Columns::Slot slot{use, {}, nullptr, {}};
        const std::size_t n = index_of(use.field->name);
        if (use.use == Use::reads || use.use == Use::updates) {
          slot.data = n < updated.size() && !entry.parallel && updated[n].working.exists()
                          ? updated[n].working.data()
                          : fields.find(use.field->name)->data;
        }
        if (use.use == Use::updates) {
          slot.result_field = &tendency_of(entry.scheme->name, *use.field);
          const bool own_kept = entry.every > 1 || is_wanted(wanted, *slot.result_field, entry);
          slot.result = own_kept ? add_own_tendency(fields, *slot.result_field, entry, grid.n_levels()).data()
                                 : updated[n].own.data();
          updates.emplace_back(n, own_kept);
        } else if (use.use != Use::reads) {
          slot.result_field = use.field;
          slot.result = fields.find(use.field->name)->data;
        }
        slots.push_back(slot);
      }
      const auto water = entry.scheme->water_budget();
      knows_its_water = knows_its_water && (water || !changes_water(*entry.scheme));
      for (const FluxTerm& term : water.value_or(std::span<const FluxTerm>())) {
        water_terms.push_back(
            {Field<CellSurface>(fields.find(term.flux->name)->data), term.into_column, runners.size()});
      }
      const auto energy = entry.scheme->enthalpy_budget();
      if (!energy && hides_energy.empty() && changes_energy(*entry.scheme)) hides_energy = entry.scheme->name;
      for (const FluxTerm& term : energy.value_or(std::span<const FluxTerm>())) {
        energy_terms.push_back(
            {Field<CellSurface>(fields.find(term.flux->name)->data), term.into_column, runners.size()});
      }
      if (const auto store = entry.scheme->heat_store()) {
        surface_temperature = Field<CellSurface>(fields.find(store->temperature->name)->data);
        surface_capacity = store->capacity;
        for (const FluxTerm& term : store->fluxes) {
          surface_terms.push_back(
              {Field<CellSurface>(fields.find(term.flux->name)->data), term.into_column, runners.size()});
        }
      }
      energies.push_back({std::string(entry.scheme->name)});
      Columns columns(*entry.scheme, grid, air, std::move(slots), scratch);
      runners.emplace_back(std::move(entry), std::move(columns), std::move(updates));
    }
  }

  std::size_t index_of(std::string_view name) const {
    return std::ranges::find_if(updated, [&](const Updated& u) { return u.field->name == name; }) - updated.begin();
  }
  static std::string own_name(const FieldInfo& tendency, const SuiteEntry& entry) {
    return std::string(tendency.short_name) + "_" + std::string(entry.scheme->name);
  }
  static bool is_wanted(const Wanted& wanted, const FieldInfo& tendency, const SuiteEntry& entry) {
    return wanted && wanted(own_name(tendency, entry));
  }
  static Field<Cell> add_own_tendency(FieldSet& fields, const FieldInfo& tendency, const SuiteEntry& entry, int n_k) {
    const std::string_view name = fields.keep(own_name(tendency, entry));
    const std::string_view meaning =
        fields.keep(std::string(tendency.meaning) + ", of it '" + std::string(entry.scheme->name) + "'");
    return fields.add(FieldSpec<Cell>(name, name, tendency.unit, tendency.valid, meaning, false), n_k,
                      entry.every > 1 ? Role::prognostic : Role::held, true);
  }

  /// Fields that schemes write, own and update, and work arrays.
  void allocate(const Entries& entries, const Grid& grid, FieldSet& fields, const Wanted& wanted) {
    const int n_levels = grid.n_levels();
    const auto role = [&](const FieldInfo& info) {
      return wanted && wanted(info.short_name) ? Role::held : Role::diagnostic;
    };
    if (std::ranges::any_of(entries, [](const SuiteEntry& entry) { return entry.every > 1; }) &&
        fields.has(field::layer_mass.name)) {
      mass = fields.get(field::layer_mass);
      mass_before = fields.add(field::mass_of_held_tendencies, n_levels, Role::prognostic);
    }
    int n_scratch = 0;
    for (const SuiteEntry& entry : entries) {
      const AnyScheme& scheme = *entry.scheme;
      const bool has_budget = scheme.water_budget() || scheme.enthalpy_budget();
      n_scratch = std::max({n_scratch, scheme.scratch_fields(), has_budget ? 1 : 0});
      for (const FieldUse& use : scheme.fields) {
        // What an entry that is not called in each step has written must be there after a restart.
        if (use.use == Use::writes)
          add_own_field(fields, scheme, use, n_levels, entry.every > 1 ? Role::prognostic : role(*use.field));
        if (use.use == Use::owns) add_own_field(fields, scheme, use, n_levels, Role::prognostic);
        if (use.use != Use::updates || index_of(use.field->name) < updated.size()) continue;
        const FieldSpec<Cell>& tendency = tendency_of(scheme.name, *use.field);
        Updated u{use.field, Field<Cell>(fields.find(use.field->name)->data), {}, {}, {}};
        u.total = fields.add(tendency, n_levels, role(tendency), true);
        u.own = entries.size() == 1 ? u.total  // nobody else adds to it
                                    : make_field<Cell>("own_" + std::string(tendency.short_name), grid.block, n_levels);
        const auto users = std::ranges::count_if(entries, [&](const SuiteEntry& other) {
          return !other.parallel && (uses(*other.scheme, Use::updates, use.field->name) ||
                                     uses(*other.scheme, Use::reads, use.field->name));
        });
        if (users > 1)
          u.working = make_field<Cell>("working_" + std::string(use.field->short_name), grid.block, n_levels);
        updated.push_back(u);
      }
    }
    for (const FieldInfo* rain : {&static_cast<const FieldInfo&>(field::large_scale_precipitation),
                                  &static_cast<const FieldInfo&>(field::convective_precipitation)}) {
      if (const FieldSet::Entry* entry = fields.find(rain->name)) rains.emplace_back(Field<CellSurface>(entry->data));
    }
    if (!rains.empty()) precipitation = fields.add(field::precipitation, 1, role(field::precipitation), true);
    for (int n = 0; n < n_scratch; ++n)
      scratch.push_back(
          make_field<Cell>("physics_scratch", grid.block, std::max(Columns::least_scratch_levels, n_levels + 1)));
  }

  /// What is there before the first scheme runs: surface pressure, and what schemes use of the state and of stores. Ranges
  /// of pressures are those of the catalog times the reference pressure over 1000 hPa.
  void list_inputs(const Entries& entries, double reference_pressure) {
    const double per_earth = reference_pressure / 1e5;
    const auto list = [&](const FieldInfo& info, std::string_view scheme) {
      const FieldSet::Entry* entry = fields.find(info.name);
      const bool is_listed = std::ranges::any_of(inputs, [&](const Input& in) { return in.field.name == info.name; });
      if (!entry || is_listed) return;
      inputs.push_back({info, entry->data, scheme});
      Range& valid = inputs.back().field.valid;
      if (info.unit == "Pa") valid = {valid.lowest * per_earth, valid.highest * per_earth};
      add(input_ranges, inputs.back().field, entry->data);
    };
    list(field::surface_air_pressure, entries.front().scheme->name);
    for (const SuiteEntry& entry : entries) {
      for (const FieldUse& use : entry.scheme->fields) {
        const auto maker = maker_of(entries, use.field->name);
        const bool is_store = maker && uses(*entries[*maker].scheme, Use::owns, use.field->name);
        if (!maker || is_store) list(*use.field, entry.scheme->name);
      }
    }
  }

  /// Throws numerical where the state that the schemes get is NaN or out of range: one pass that reads each input once.
  void check_inputs(const Grid& grid, long step) const {
    for (const Ranges& some : input_ranges) {
      if (any_out_of_range(some, grid.block.cells(grid.n_levels()))) report_bad_input(inputs, grid, step + 1);
    }
  }

  void begin(const Box& cells) const {
    for (const Updated& u : updated) {
      set_to_zero(cells, u.total);
      if (u.working.exists()) copy(cells, u.state, u.working);
    }
  }

  void run(Runner& runner, long step, double dt) {
    const Kokkos::Profiling::ScopedRegion profile(runner.region);
    const Kokkos::Timer timer;
    const int every = runner.entry.every;
    const bool due = step % every == 0;
    const Box cells = runner.columns.changed_cells();
    std::size_t at = 0;
    for (const Columns::Slot& slot : runner.columns.slots()) {
      if (slot.use.use != Use::updates) continue;
      const bool kept = runner.updates[at++].second;
      if (due && kept) set_to_zero(cells, Field<Cell>(slot.result));
      if (!due && mass_before.exists()) scale_held(cells, mass_before, mass, Field<Cell>(slot.result));
    }
    if (due) runner.call(every * dt, fields, scratch.empty() ? Field<Cell>() : scratch.front());
    if (counts_unexplained) {
      const BudgetCheck tendencies(*runner.entry.scheme, runner.columns, fields, scratch.front());
      energies[&runner - runners.data()].unexplained += dt * tendencies.energy_given(dt);
    }
    at = 0;
    for (const Columns::Slot& slot : runner.columns.slots()) {
      if (slot.use.use != Use::updates) continue;
      const auto& [n, kept] = runner.updates[at++];
      if (slot.result.data() == updated[n].total.data().data()) continue;
      fold(cells, updated[n], Field<Cell>(slot.result), kept, !runner.entry.parallel, static_cast<Real>(dt));
    }
    runner.seconds += timer.seconds();
  }

  void sum_precipitation(const Box& surface) const {
    for (std::size_t n = 0; n < rains.size(); ++n) add_or_set(surface, rains[n], n == 0, precipitation);
  }

  static bool changes_water(const AnyScheme& scheme) {
    return std::ranges::any_of(scheme.fields, [](const FieldUse& use) {
      const field::Species* species = field::species_of(use.field->name);
      return use.use == Use::updates && species && species->is_water;
    });
  }
  static bool changes_energy(const AnyScheme& scheme) {
    return uses(scheme, Use::updates, field::air_temperature.name) ||
           uses(scheme, Use::updates, field::water_vapour.name);
  }
  /// What fluxes bring over dt, mean over the globe [kg m-2] or [J m-2]: the sum, and the share of each scheme.
  double brought(const std::vector<Term>& terms, double dt, std::vector<double>& shares) const {
    const Grid& grid = runners.front().columns.grid();
    double rate = 0;
    shares.assign(runners.size(), 0);
    for (const Term& term : terms) {
      const double flux = term.sign * sum_over_globe(grid, term.flux);
      rate += flux;
      shares[term.scheme] += dt * (flux / area_of_globe(grid));
    }
    return dt * (rate / area_of_globe(grid));
  }
  void count_fluxes(double dt) {
    std::vector<double> shares;
    water_brought += brought(water_terms, dt, shares);
    surface_heat_brought += brought(surface_terms, dt, shares);
    count_surface_heat();
    energy_brought += brought(energy_terms, dt, shares);
    for (std::size_t n = 0; n < shares.size(); ++n) {
      energies[n].brought += shares[n];
      if (counts_unexplained) energies[n].unexplained -= shares[n];
    }
  }

  void count_surface_heat() {
    if (surface_capacity == 0) return;
    const Grid& grid = runners.front().columns.grid();
    surface_heat = surface_capacity * (sum_over_globe(grid, surface_temperature) / area_of_globe(grid));
  }

  std::vector<std::uint64_t> hashes() const {
    std::vector<std::uint64_t> result;
    for (const FieldSet::Entry& entry : fields.entries()) result.push_back(hash_of(entry, fields.block()));
    return result;
  }

  /// Runs one scheme and throws internal if a field changed that it does not list.
  void run_watched(Runner& runner, long step, double dt) {
    const std::vector<std::uint64_t> before = hashes();
    Box above = runner.columns.cells();
    above.k_end = runner.columns.changed_cells().k_begin;
    const auto updates_of = std::views::filter([](const Columns::Slot& slot) { return slot.use.use == Use::updates; });
    if (step % runner.entry.every == 0) {
      for (const Columns::Slot& slot : runner.columns.slots() | updates_of)
        set_to_zero(above, Field<Cell>(slot.result));
    }
    run(runner, step, dt);
    for (const Columns::Slot& slot : runner.columns.slots() | updates_of) {
      const Field<Cell> result(slot.result);
      require(reduce_largest_magnitude({"physics/largest_above", 1}, above, result) == 0, ExitCode::internal,
              "Scheme '", runner.entry.scheme->name, "' changed '", slot.use.field->name,
              "' above the lowest layer, though it declares 'lowest_layer_only'.");
    }
    const std::vector<std::uint64_t> after = hashes();
    for (std::size_t n = 0; n < before.size(); ++n) {
      const std::string_view name = fields.entries()[n].info.name;
      const auto is_tendency = [&](const std::pair<std::size_t, bool>& update) {  // the sum, or its own share
        const FieldInfo& tendency = tendency_of(runner.entry.scheme->name, *updated[update.first].field);
        return tendency.name == name || own_name(tendency, runner.entry) == name;
      };
      const bool allowed = runner.may_change(name) || std::ranges::any_of(runner.updates, is_tendency);
      require(before[n] == after[n] || allowed, ExitCode::internal, "Scheme '", runner.entry.scheme->name,
              "' changed '", name, "', which it does not list: its 'fields' must name it with updates() or writes().");
    }
  }
};

Suite::Suite(Entries entries, Saturation saturation, const Grid& grid, FieldSet& fields, Watch watch,
             const Wanted& wanted)
    : impl_(std::make_unique<Impl>(std::move(entries), saturation, grid, fields, watch, wanted)) {}
Suite::Suite(const PhysicsOptions& options, const Grid& grid, FieldSet& fields, Watch watch, const Wanted& wanted)
    : Suite(options.entries(), options.saturation(), grid, fields, watch, wanted) {}
Suite::~Suite() = default;

bool Suite::empty() const { return impl_->runners.empty(); }

void Suite::require_length(double run_s) const {
  for (std::size_t n = 0; n < impl_->runners.size(); ++n) {
    const AnyScheme& scheme = *impl_->runners[n].entry.scheme;
    try {
      scheme.require_length(run_s);
    } catch (const Error& error) {
      require_entry(false, n, entry_text(n, scheme), ": ", error.what());
    }
  }
}

std::vector<Array3<Real>> Suite::work_arrays() const {
  std::vector<Array3<Real>> arrays;
  for (const Updated& u : impl_->updated) {
    if (u.working.exists()) arrays.push_back(u.working.data());
    if (u.own.data().data() != u.total.data().data()) arrays.push_back(u.own.data());
  }
  for (const Field<Cell>& field : impl_->scratch) arrays.push_back(field.data());
  return arrays;
}

void Suite::start(const Instant& begin) {
  for (Runner& runner : impl_->runners) {
    runner.columns.set_begin(begin);
    runner.entry.scheme->start(runner.columns);
  }
  impl_->count_surface_heat();
  impl_->surface_heat_at_start = impl_->surface_heat;
}

void Suite::run(long step, double dt, const Instant& begin) {
  if (empty()) return;
  for (Runner& runner : impl_->runners) runner.columns.set_begin(begin);
  const Grid& grid = impl_->runners.front().columns.grid();
  impl_->check_inputs(grid, step);
  impl_->begin(impl_->runners.front().columns.cells());
  for (Runner& runner : impl_->runners) {
    if (impl_->watch == Watch::every_field)
      impl_->run_watched(runner, step, dt);
    else
      impl_->run(runner, step, dt);
  }
  if (impl_->mass_before.exists()) copy(grid.block.cells(grid.n_levels()), impl_->mass, impl_->mass_before);
  impl_->sum_precipitation(impl_->fields.block().cells(1));
  impl_->count_fluxes(dt);
}

bool Suite::knows_its_water() const { return impl_->knows_its_water; }
double Suite::water_brought() const { return impl_->water_brought; }
std::string_view Suite::hides_its_energy() const { return impl_->hides_energy; }
double Suite::energy_brought() const { return impl_->energy_brought; }
const std::vector<Suite::SchemeEnergy>& Suite::energies() const { return impl_->energies; }
std::optional<Suite::SurfaceHeat> Suite::surface_heat() const {
  if (impl_->surface_capacity == 0) return {};
  return SurfaceHeat{impl_->surface_heat - impl_->surface_heat_at_start, impl_->surface_heat_brought};
}
void Suite::count_unexplained() {
  impl_->counts_unexplained = true;
  if (impl_->scratch.empty())
    impl_->scratch.push_back(make_field<Cell>("physics_scratch", impl_->fields.block(), Columns::least_scratch_levels));
}
std::vector<double> Suite::sums() const {
  std::vector<double> sums = {impl_->water_brought, impl_->energy_brought, impl_->surface_heat_at_start,
                              impl_->surface_heat_brought};
  for (const SchemeEnergy& energy : impl_->energies) sums.insert(sums.end(), {energy.brought, energy.unexplained});
  return sums;
}
void Suite::set_sums(const std::vector<double>& sums) {
  require(sums.size() == 4 + 2 * impl_->energies.size(), ExitCode::bad_data,
          "The restart set has other sums of fluxes than this suite; an older version of the model made it: start anew "
          "with "
          "--resume none.");
  impl_->water_brought = sums[0];
  impl_->energy_brought = sums[1];
  impl_->surface_heat_at_start = sums[2];
  impl_->surface_heat_brought = sums[3];
  impl_->count_surface_heat();
  for (std::size_t n = 0; n < impl_->energies.size(); ++n) {
    impl_->energies[n].brought = sums[4 + 2 * n];
    impl_->energies[n].unexplained = sums[5 + 2 * n];
  }
}

std::vector<Suite::SchemeTime> Suite::times() const {
  std::vector<SchemeTime> result;
  for (const Runner& runner : impl_->runners)
    result.push_back({std::string(runner.entry.scheme->name), runner.seconds});
  return result;
}

}  // namespace meridian
