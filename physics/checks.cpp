#include "physics/checks.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "grid/exact_sum.hpp"
#include "grid/loop.hpp"

namespace meridian {

namespace {

constexpr double tolerance = sizeof(Real) == 8 ? 1e-10 : 1e-5;  // of budgets

KOKKOS_FORCEINLINE_FUNCTION bool out_of_range(Real value, Real lowest, Real highest) {
  return !((value >= lowest) & (value <= highest));  // true for NaN
}

std::string degrees(double value, char positive, char negative) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << std::abs(value) << ' ' << (value < 0 ? negative : positive);
  return text.str();
}

std::string place(const Grid& grid, int j, int i) {
  return degrees(grid.latitude_of_cell(j) * 180 / pi, 'N', 'S') + ", " +
         degrees(grid.longitude_of_cell(i) * 180 / pi, 'E', 'W');
}

using HostCopy = decltype(Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, Array3<Real>{}));
HostCopy on_host(const Array3<Real>& data) { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, data); }

/// What a scheme read at a place: " air_temperature = nan K, ...".
std::string state_text(const Columns& columns, int k, int j, int i) {
  std::ostringstream text;
  for (const Columns::Slot& slot : columns.slots()) {
    if (slot.use.use == Use::writes || slot.use.use == Use::owns) continue;
    const HostCopy state = on_host(slot.data);
    const int level = std::min(k, static_cast<int>(state.extent(0)) - 1);
    text << (text.tellp() > 0 ? ", " : " ") << slot.use.field->name << " = "
         << state(level, j + halo_width, i + halo_width) << ' ' << slot.use.field->unit;
  }
  return text.str();
}

// Kernels of the budgets: level 0 of 'sums' has the sums of a column, level 1 the fluxes less these.

/// sums(0) += factor sum of rate dp.
void sum_column(const Box& cells, const ConstField<Cell>& mass, const ConstField<Cell>& rate, double factor,
                const Field<Cell>& sums) {
  const double sum = 1.0 / (cells.k_end - cells.k_begin);
  march_down(
      {"physics/sum_column", 2 + sum, sum}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
        sums(0, j, i) = static_cast<Real>(sums(0, j, i) + factor * mass(k, j, i) * rate(k, j, i));
      });
}
/// sums(0) += sum of the change of (1/2) u^2 dp / (g dt) where u changes by dt du_dt.
void sum_kinetic_energy(const Box& cells, const ConstField<Cell>& mass, const ConstField<Cell>& u,
                        const ConstField<Cell>& du_dt, double dt, double g, const Field<Cell>& sums) {
  const double sum = 1.0 / (cells.k_end - cells.k_begin);
  march_down(
      {"physics/sum_kinetic_energy", 3 + sum, sum}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
        const double rate = du_dt(k, j, i);
        sums(0, j, i) += static_cast<Real>(mass(k, j, i) / g * rate * (u(k, j, i) + 0.5 * dt * rate));
      });
}
void begin_balance(const Box& surface, const Field<Cell>& sums) {
  for_each(
      {"physics/begin_balance", 1, 1}, surface, KOKKOS_LAMBDA(int, int j, int i) { sums(1, j, i) = -sums(0, j, i); });
}
void add_to_balance(const Box& surface, const ConstField<CellSurface>& flux, Real sign, const Field<Cell>& sums) {
  for_each(
      {"physics/add_to_balance", 2, 1}, surface,
      KOKKOS_LAMBDA(int, int j, int i) { sums(1, j, i) += sign * flux(0, j, i); });
}
bool is_out_of_balance(const Box& surface, const ConstField<Cell>& sums, Real limit) {
  return any_point(
      {"physics/is_out_of_balance", 1}, surface,
      KOKKOS_LAMBDA(int, int j, int i) { return out_of_range(sums(1, j, i), -limit, limit); });
}

}  // namespace

void Ranges::add(const FieldInfo& info, const Array3<Real>& data) {
  field[count] = Field<Cell>(data);
  lowest[count] = static_cast<Real>(info.valid.lowest);
  highest[count] = static_cast<Real>(info.valid.highest);
  n_levels[count] = static_cast<int>(data.extent(0));
  ++count;
}

void add(std::vector<Ranges>& lists, const FieldInfo& info, const Array3<Real>& data) {
  if (lists.empty() || lists.back().count == Ranges::most) lists.emplace_back();
  lists.back().add(info, data);
}

// The k of the loop counts the levels of one field after the other; one with fewer levels repeats its last.
bool any_out_of_range(const Ranges& fields, const Box& cells) {
  const int first = cells.k_begin;
  int n_k = 1, levels = 0;
  for (int n = 0; n < fields.count; ++n) {
    const int of_field = std::max(1, fields.n_levels[n] - first);
    n_k = std::max(n_k, of_field);
    levels += of_field;
  }
  Box box = cells;
  box.k_begin = 0;
  box.k_end = fields.count * n_k;
  return any_point(
      {"physics/any_out_of_range", static_cast<double>(levels) / box.k_end}, box, KOKKOS_LAMBDA(int row, int j, int i) {
        const int n = row / n_k;
        const int k = Kokkos::min(first + row % n_k, fields.n_levels[n] - 1);
        return out_of_range(fields.field[n](k, j, i), fields.lowest[n], fields.highest[n]);
      });
}

std::optional<BadPoint> first_bad_point(const Grid& grid, const FieldInfo& info, const Array3<Real>& data) {
  const HostCopy values = on_host(data);
  const int n_k = static_cast<int>(values.extent(0));
  for (int k = 0; k < n_k; ++k) {
    for (int j = 0; j < grid.block.ny; ++j) {
      for (int i = 0; i < grid.block.nx; ++i) {
        const Real value = values(k, j + halo_width, i + halo_width);
        if (!out_of_range(value, static_cast<Real>(info.valid.lowest), static_cast<Real>(info.valid.highest))) continue;
        std::ostringstream text;
        text << '\'' << info.name << "' = " << value << ' ' << info.unit << " at level " << k + 1 << " of " << n_k
             << ", " << place(grid, j, i) << "; allowed is " << info.valid.lowest << " to " << info.valid.highest;
        return BadPoint{k, j, i, value, text.str()};
      }
    }
  }
  return std::nullopt;
}

void report_bad_result(const AnyScheme& scheme, const Columns& columns) {
  for (const Columns::Slot& slot : columns.slots()) {
    if (!slot.result_field) continue;
    const auto bad = first_bad_point(columns.grid(), *slot.result_field, slot.result);
    require(!bad, ExitCode::numerical, "Scheme '", scheme.name, "' computed ", bad ? bad->text : "", ". It read there",
            bad ? state_text(columns, bad->k, bad->j, bad->i) : "", ".");
  }
}

void set_to_zero(const Box& cells, const Field<Cell>& a) {
  for_each({"physics/set_to_zero", 0, 1}, cells, KOKKOS_LAMBDA(int k, int j, int i) { a(k, j, i) = 0; });
}

double sum_over_globe(const Grid& grid, const ConstField<CellSurface>& flux) {
  const RowValues area = grid.metrics.area_at_cell;
  return exact_sum(
      {"physics/sum_over_globe", 1}, grid.block, grid.block.cells(1),
      KOKKOS_LAMBDA(int k, int j, int i) { return double(area(j)) * flux(k, j, i); });
}
double area_of_globe(const Grid& grid) { return 4 * pi * grid.planet.radius_m * grid.planet.radius_m; }

BudgetCheck::BudgetCheck(const AnyScheme& scheme, const Columns& columns, const FieldSet& fields,
                         const Field<Cell>& scratch)
    : scheme_(scheme), columns_(columns), sums_(scratch) {
  mass_ = fields.get(field::layer_mass);
  for (const Columns::Slot& slot : columns.slots()) {
    if (slot.use.use != Use::updates) continue;
    const std::string_view name = slot.use.field->name;
    const field::Species* species = field::species_of(name);
    if (species && species->is_water) water_[n_water_++] = Field<Cell>(slot.result);
    if (name == field::water_vapour.name) vapour_ = Field<Cell>(slot.result);
    if (name == field::air_temperature.name) heating_ = Field<Cell>(slot.result);
    const bool is_wind = name == field::eastward_wind.name || name == field::northward_wind.name;
    if (is_wind) winds_[n_winds_++] = {Field<Cell>(slot.data), Field<Cell>(slot.result)};
  }
}

void BudgetCheck::run(double dt) const {
  const MoistAir& air = columns_.air();
  if (const auto terms = scheme_.water_budget()) {
    set_to_zero(surface(), sums_);
    for (int n = 0; n < n_water_; ++n) sum(water_[n], 1 / air.g);
    // Columns hold 0.1 to 100 kg m-2 of water. Single precision rounds the larger ones.
    compare(*terms, "water", "kg m-2 s-1", (sizeof(Real) == 8 ? 1 : 50) / dt);
  }
  if (const auto terms = scheme_.enthalpy_budget()) {
    sum_energy(dt, scheme_.friction_is_heat());
    compare(*terms, scheme_.friction_is_heat() ? "cp T + L qv + kinetic energy" : "cp T + L qv", "W m-2",
            air.cp * 250 * 1e4 / dt);
  }
}

double BudgetCheck::energy_given(double dt) const {
  sum_energy(dt, true);
  return sum_over_globe(columns_.grid(), Field<CellSurface>(sums_.data())) / area_of_globe(columns_.grid());
}

void BudgetCheck::sum(const ConstField<Cell>& rate, double factor) const {
  sum_column(columns_.changed_cells(), mass_, rate, factor, sums_);
}
void BudgetCheck::sum_energy(double dt, bool kinetic) const {
  const MoistAir& air = columns_.air();
  set_to_zero(surface(), sums_);
  if (heating_.exists()) sum(heating_, air.cp / air.g);
  if (vapour_.exists()) sum(vapour_, air.L / air.g);
  for (int n = 0; kinetic && n < n_winds_; ++n) {
    sum_kinetic_energy(columns_.changed_cells(), mass_, winds_[n].first, winds_[n].second, dt, air.g, sums_);
  }
}
/// Throws numerical where sums_(0) is not the sum of the fluxes, relative to 'size'.
void BudgetCheck::compare(std::span<const FluxTerm> terms, const char* what, const char* unit, double size) const {
  begin_balance(surface(), sums_);
  for (const FluxTerm& term : terms) {
    add_to_balance(surface(), flux_of(term), static_cast<Real>(term.into_column), sums_);
  }
  const Real limit = static_cast<Real>(tolerance * size);
  const bool bad = is_out_of_balance(surface(), sums_, limit);
  if (bad) report(what, unit, limit);
}
ConstField<CellSurface> BudgetCheck::flux_of(const FluxTerm& term) const {
  for (const Columns::Slot& slot : columns_.slots()) {
    if (slot.result_field && slot.result_field->name == term.flux->name) return Field<CellSurface>(slot.result);
  }
  throw Error(ExitCode::internal, "Scheme '" + std::string(scheme_.name) + "' has '" + std::string(term.flux->name) +
                                      "' in a budget, but does not write it.");
}
void BudgetCheck::report(const char* what, const char* unit, double limit) const {
  const Grid& grid = columns_.grid();
  const HostCopy sums = on_host(sums_.data());
  for (int j = 0; j < grid.block.ny; ++j) {
    for (int i = 0; i < grid.block.nx; ++i) {
      const double balance = sums(1, j + halo_width, i + halo_width);
      require(!out_of_range(static_cast<Real>(balance), static_cast<Real>(-limit), static_cast<Real>(limit)),
              ExitCode::numerical, "Scheme '", scheme_.name, "' does not keep ", what,
              ": its fluxes less its tendencies are ", balance, ' ', unit, " in the column at ", place(grid, j, i),
              "; allowed is ", limit, ".");
    }
  }
}

}  // namespace meridian
