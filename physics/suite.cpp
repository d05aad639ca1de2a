#include "physics/suite.hpp"

#include <Kokkos_Profiling_ScopedRegion.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <optional>
#include <utility>

#include "grid/exact_sum.hpp"
#include "grid/loop.hpp"
#include "physics/columns.hpp"
#include "physics/held_suarez.hpp"
#include "physics/terminator.hpp"

namespace meridian {

namespace {

using SchemePtr = std::unique_ptr<AnyScheme>;

/// Every scheme of the model with its default options: one line each.
const std::vector<SchemePtr>& table() {
  static const std::vector<SchemePtr> schemes = [] {
    std::vector<SchemePtr> list;
    list.push_back(any_scheme(HeldSuarez{}));
    list.push_back(any_scheme(Terminator{}));
    return list;
  }();
  return schemes;
}

const AnyScheme* in_table(std::string_view name) {
  for (const SchemePtr& scheme : table()) {
    if (scheme->name == name) return scheme.get();
  }
  return nullptr;
}

std::vector<std::string_view> names_in_table() {
  std::vector<std::string_view> names;
  for (const SchemePtr& scheme : table()) names.push_back(scheme->name);
  return names;
}

/// One entry of 'physics.suite': the name of a scheme and its options.
struct SchemeOptions {
  std::string name;
  SchemePtr scheme;

  SchemeOptions() = default;
  SchemeOptions(SchemeOptions&&) = default;
  SchemeOptions& operator=(SchemeOptions&&) = default;
  SchemeOptions(const SchemeOptions& other) : name(other.name), scheme(other.scheme ? other.scheme->copy() : nullptr) {}

  void visit(OptionVisitor& option) {
    const std::vector<std::string_view> names = names_in_table();
    option.word("scheme", name, names, "column scheme: see 'meridian list schemes'");
    if (option.shows_alternatives()) return show_alternatives(option);
    if (name.empty()) option.problem("scheme", "An entry of 'physics.suite' must name its 'scheme'.");
    const AnyScheme* known = in_table(name);
    if (!known)
      scheme = nullptr;
    else if (!scheme || scheme->name != name)
      scheme = known->copy();
    if (scheme) scheme->visit_options(option);
  }

 private:
  static void show_alternatives(OptionVisitor& option) {
    for (const SchemePtr& known : table()) {
      option.alternative("scheme", known->name);
      known->copy()->visit_options(option);
      option.alternative("scheme", "");
    }
  }
};

}  // namespace

struct PhysicsOptions::Impl {
  std::vector<SchemeOptions> schemes;
};

PhysicsOptions::PhysicsOptions() : impl(std::make_unique<Impl>()) {}
PhysicsOptions::PhysicsOptions(const PhysicsOptions& other) : impl(std::make_unique<Impl>(*other.impl)) {}
PhysicsOptions& PhysicsOptions::operator=(const PhysicsOptions& other) {
  impl = std::make_unique<Impl>(*other.impl);
  return *this;
}
PhysicsOptions::~PhysicsOptions() = default;

void PhysicsOptions::visit(OptionVisitor& option) {
  option.list("suite", impl->schemes, "column schemes in the order of the step; empty: no physics", "scheme");
}

bool PhysicsOptions::empty() const { return impl->schemes.empty(); }

bool PhysicsOptions::uses_tracers_only() const {
  const auto is_tracer = [](const FieldUse& use) { return field::species_of(use.field->name) != nullptr; };
  return std::ranges::all_of(impl->schemes, [&](const SchemeOptions& option) {
    return !option.scheme || std::ranges::all_of(option.scheme->fields, is_tracer);
  });
}

namespace {

bool uses(const AnyScheme& scheme, Use use, std::string_view field) {
  return std::ranges::any_of(scheme.fields,
                             [&](const FieldUse& entry) { return entry.use == use && entry.field->name == field; });
}

/// The entry of the list that writes a field, if any.
std::optional<std::size_t> writer_of(const Suite::Schemes& schemes, std::string_view field) {
  for (std::size_t n = 0; n < schemes.size(); ++n) {
    if (uses(*schemes[n], Use::writes, field)) return n;
  }
  return std::nullopt;
}

std::string entry_text(const Suite::Schemes& schemes, std::size_t n) {
  return "entry " + std::to_string(n + 1) + " of 'physics.suite', '" + std::string(schemes[n]->name) + "',";
}

/// What to do about a field that entry n needs and nothing before it provides.
std::string remedy(const Suite::Schemes& schemes, std::size_t n, std::string_view field) {
  if (const auto later = writer_of(schemes, field); later && *later > n) {
    return "Move " + entry_text(schemes, *later) + " which writes it, before entry " + std::to_string(n + 1) + ".";
  }
  std::string writers;
  for (const SchemePtr& scheme : table()) {
    if (uses(*scheme, Use::writes, field))
      writers += (writers.empty() ? "'" : " or '") + std::string(scheme->name) + "'";
  }
  if (writers.empty()) return "No scheme writes it: remove entry " + std::to_string(n + 1) + ".";
  return "Insert " + writers + " before entry " + std::to_string(n + 1) + ".";
}

/// Every need is met by the state or an entry before, and no field has two writers. Throws configuration.
void check_contract(const Suite::Schemes& schemes, const FieldSet& state) {
  for (std::size_t n = 0; n < schemes.size(); ++n) {
    for (std::size_t m = 0; m < n; ++m) {
      require(schemes[m]->name != schemes[n]->name, ExitCode::configuration, "Scheme '", schemes[n]->name,
              "' is entry ", m + 1, " and entry ", n + 1, " of 'physics.suite'; it may be there once: remove one.");
    }
    for (const FieldUse& use : schemes[n]->fields) {
      const std::string_view name = use.field->name;
      const auto writer = writer_of(schemes, name);
      if (use.use == Use::writes) {
        require(!state.has(name), ExitCode::configuration, "In the case file, ", entry_text(schemes, n), " writes '",
                name, "', which belongs to the dynamics: remove entry ", n + 1, ".");
        require(*writer == n, ExitCode::configuration, "In the case file, ", entry_text(schemes, n), " writes '", name,
                "', and so does ", entry_text(schemes, *writer), " but a field has one writer: remove one of them.");
      } else {
        require(state.has(name) || (writer && *writer < n), ExitCode::configuration, "In the case file, ",
                entry_text(schemes, n), " needs '", name,
                "', which neither the dynamics nor an entry before it provides. ", remedy(schemes, n, name));
      }
    }
  }
}

template <class P>
void add_diagnostic(FieldSet& fields, const FieldInfo& info, int n_k) {
  const FieldSpec<P> spec(info.name, info.short_name, info.unit, info.valid, info.meaning, info.has_standard_name);
  fields.add(spec, n_k, Role::diagnostic);
}

void add_written_field(FieldSet& fields, const AnyScheme& scheme, const FieldInfo& info, int n_levels) {
  require(info.horizontal == Horizontal::cell, ExitCode::internal, "Scheme '", scheme.name, "' writes '", info.name,
          "', which is not at cells; schemes work at cells.");
  if (info.vertical == Vertical::layer) add_diagnostic<Cell>(fields, info, n_levels);
  if (info.vertical == Vertical::interface) add_diagnostic<CellInterface>(fields, info, n_levels + 1);
  if (info.vertical == Vertical::single) add_diagnostic<CellSurface>(fields, info, 1);
}

void set_to_zero(const Box& cells, const Field<Cell>& a) {
  for_each("physics/set_to_zero", cells, KOKKOS_LAMBDA(int k, int j, int i) { a(k, j, i) = 0; });
}

/// Up to 8 results of a scheme, for one pass over all of them.
struct Results {
  static constexpr int most = 8;
  Kokkos::Array<Field<Cell>, most> field;
  Kokkos::Array<Real, most> lowest, highest;
  Kokkos::Array<int, most> n_levels;
  int count = 0;

  void add(const FieldInfo& info, const Array3<Real>& data) {
    field[count] = Field<Cell>(data);
    lowest[count] = static_cast<Real>(info.valid.lowest);
    highest[count] = static_cast<Real>(info.valid.highest);
    n_levels[count] = static_cast<int>(data.extent(0));
    ++count;
  }
};

KOKKOS_FORCEINLINE_FUNCTION bool out_of_range(Real value, Real lowest, Real highest) {
  return !((value >= lowest) & (value <= highest));  // true for NaN
}

/// True where a result is NaN or out of its range. The k of the loop counts the levels of one result after the other;
/// one with fewer levels repeats its last.
bool any_out_of_range(const Results& results, const Box& cells) {
  int n_k = 0;
  for (int n = 0; n < results.count; ++n) n_k = std::max(n_k, results.n_levels[n]);
  Box box = cells;
  box.k_end = results.count * n_k;
  return any_point(
      "physics/any_out_of_range", box, KOKKOS_LAMBDA(int row, int j, int i) {
        const int n = row / n_k;
        const int k = Kokkos::min(row % n_k, results.n_levels[n] - 1);
        return out_of_range(results.field[n](k, j, i), results.lowest[n], results.highest[n]);
      });
}

std::string degrees(double value, char positive, char negative) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << std::abs(value) << ' ' << (value < 0 ? negative : positive);
  return text.str();
}

using HostCopy = decltype(Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, Array3<Real>{}));
HostCopy on_host(const Array3<Real>& data) { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, data); }

/// What a scheme read at a place: " air_temperature = nan K, ...".
std::string state_text(const Columns& columns, int k, int j, int i) {
  std::ostringstream text;
  for (const Columns::Slot& slot : columns.slots()) {
    if (slot.use.use == Use::writes) continue;
    const HostCopy state = on_host(slot.data);
    const int level = std::min(k, static_cast<int>(state.extent(0)) - 1);
    text << (text.tellp() > 0 ? ", " : " ") << slot.use.field->name << " = "
         << state(level, j + halo_width, i + halo_width) << ' ' << slot.use.field->unit;
  }
  return text.str();
}

/// Throws numerical at the first bad point of what a scheme computed.
void report_bad_point(const AnyScheme& scheme, const Columns& columns) {
  const Grid& grid = columns.grid();
  for (const Columns::Slot& slot : columns.slots()) {
    if (!slot.result_field) continue;
    const FieldInfo& info = *slot.result_field;
    const HostCopy result = on_host(slot.result);
    const int n_k = static_cast<int>(result.extent(0));
    for (int k = 0; k < n_k; ++k) {
      for (int j = 0; j < grid.block.ny; ++j) {
        for (int i = 0; i < grid.block.nx; ++i) {
          const Real value = result(k, j + halo_width, i + halo_width);
          require(!out_of_range(value, static_cast<Real>(info.valid.lowest), static_cast<Real>(info.valid.highest)),
                  ExitCode::numerical, "Scheme '", scheme.name, "' computed '", info.name, "' = ", value, ' ',
                  info.unit, " at level ", k + 1, " of ", n_k, ", ",
                  degrees(grid.latitude_of_cell(j) * 180 / pi, 'N', 'S'), ", ",
                  degrees(grid.longitude_of_cell(i) * 180 / pi, 'E', 'W'), "; allowed is ", info.valid.lowest, " to ",
                  info.valid.highest, ". It read there", state_text(columns, k, j, i), ".");
        }
      }
    }
  }
}

/// A scheme at work: its view of the model, what to check, its time.
struct Runner {
  Runner(SchemePtr scheme, const Grid& grid, const FieldSet& fields)
      : scheme(std::move(scheme)),
        columns(*this->scheme, grid, fields),
        region("physics/" + std::string(this->scheme->name)) {
    for (const Columns::Slot& slot : columns.slots()) {
      if (!slot.result_field) continue;
      if (results.empty() || results.back().count == Results::most) results.emplace_back();
      results.back().add(*slot.result_field, slot.result);
    }
  }

  void run(double dt) {
    const Kokkos::Profiling::ScopedRegion profile(region);
    const Kokkos::Timer timer;
    scheme->run(columns, dt);
    for (const Results& some : results) {
      if (any_out_of_range(some, columns.cells())) report_bad_point(*scheme, columns);
    }
    seconds += timer.seconds();
  }

  bool may_change(std::string_view field) const {
    return std::ranges::any_of(columns.slots(), [&](const Columns::Slot& slot) {
      return slot.result_field && slot.result_field->name == field;
    });
  }

  SchemePtr scheme;
  Columns columns;
  std::string region;
  std::vector<Results> results;
  double seconds = 0;
};

Suite::Schemes schemes_of(const std::vector<SchemeOptions>& options) {
  Suite::Schemes schemes;
  for (const SchemeOptions& option : options) {
    require(option.scheme != nullptr, ExitCode::configuration, "'physics.suite' names the unknown scheme '",
            option.name, "'; 'meridian list schemes' shows all.");
    schemes.push_back(option.scheme->copy());
  }
  return schemes;
}

}  // namespace

struct Suite::Impl {
  Watch watch;
  const FieldSet& fields;
  std::vector<Runner> runners;
  std::vector<Field<Cell>> tendencies;  // of what schemes update

  Impl(Schemes schemes, const Grid& grid, FieldSet& fields, Watch watch) : watch(watch), fields(fields) {
    check_contract(schemes, fields);
    if (schemes.empty()) return;
    const int n_levels = grid.n_levels();
    for (const SchemePtr& scheme : schemes) {
      for (const FieldUse& use : scheme->fields) {
        if (use.use == Use::writes) add_written_field(fields, *scheme, *use.field, n_levels);
        if (use.use != Use::updates) continue;
        const FieldSpec<Cell>& tendency = tendency_of(scheme->name, *use.field);
        if (!fields.has(tendency.name)) tendencies.push_back(fields.add(tendency, n_levels, Role::diagnostic));
      }
    }
    runners.reserve(schemes.size());
    for (SchemePtr& scheme : schemes) runners.emplace_back(std::move(scheme), grid, fields);
  }

  std::vector<std::uint64_t> hashes() const {
    std::vector<std::uint64_t> result;
    for (const FieldSet::Entry& entry : fields.entries()) result.push_back(hash_of(entry, fields.block()));
    return result;
  }

  /// Runs one scheme and throws internal if a field changed that it does not list.
  void run_watched(Runner& runner, double dt) const {
    const std::vector<std::uint64_t> before = hashes();
    runner.run(dt);
    const std::vector<std::uint64_t> after = hashes();
    for (std::size_t n = 0; n < before.size(); ++n) {
      const std::string_view name = fields.entries()[n].info.name;
      require(before[n] == after[n] || runner.may_change(name), ExitCode::internal, "Scheme '", runner.scheme->name,
              "' changed '", name, "', which it does not list: its 'fields' must name it with updates() or writes().");
    }
  }
};

Suite::Suite(Schemes schemes, const Grid& grid, FieldSet& fields, Watch watch)
    : impl_(std::make_unique<Impl>(std::move(schemes), grid, fields, watch)) {}
Suite::Suite(const PhysicsOptions& options, const Grid& grid, FieldSet& fields, Watch watch)
    : Suite(schemes_of(options.impl->schemes), grid, fields, watch) {}
Suite::~Suite() = default;

bool Suite::empty() const { return impl_->runners.empty(); }

void Suite::run(double dt) {
  if (empty()) return;
  const Box cells = impl_->runners.front().columns.cells();
  for (const Field<Cell>& tendency : impl_->tendencies) set_to_zero(cells, tendency);
  for (Runner& runner : impl_->runners) {
    if (impl_->watch == Watch::every_field)
      impl_->run_watched(runner, dt);
    else
      runner.run(dt);
  }
}

std::vector<Suite::SchemeTime> Suite::times() const {
  std::vector<SchemeTime> result;
  for (const Runner& runner : impl_->runners) result.push_back({std::string(runner.scheme->name), runner.seconds});
  return result;
}

std::vector<SchemeInfo> all_schemes() {
  std::vector<SchemeInfo> result;
  for (const SchemePtr& scheme : table()) {
    SchemeInfo info{std::string(scheme->name), std::string(scheme->meaning), std::string(scheme->source), {}, {}, {}};
    for (const FieldUse& use : scheme->fields) {
      auto& names = use.use == Use::reads ? info.reads : use.use == Use::updates ? info.updates : info.writes;
      names.emplace_back(use.field->name);
    }
    result.push_back(std::move(info));
  }
  return result;
}

}  // namespace meridian
