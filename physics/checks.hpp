#pragma once
// What the state that schemes are handed, and what they compute, is checked for: NaN, ranges, budgets of columns.

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"
#include "physics/columns.hpp"

namespace meridian {

/// Fields with their ranges, for one pass over all of them.
struct Ranges {
  static constexpr int most = 12;
  Kokkos::Array<Field<Cell>, most> field;
  Kokkos::Array<Real, most> lowest, highest;
  Kokkos::Array<int, most> n_levels;
  int count = 0;

  void add(const FieldInfo& info, const Array3<Real>& data);
};

/// Appends a field to the last list, or to a new one where that is full.
void add(std::vector<Ranges>& lists, const FieldInfo& info, const Array3<Real>& data);

/// True where a field is NaN or out of its range, from level cells.k_begin on.
bool any_out_of_range(const Ranges& fields, const Box& cells);

/// The first point where a field is NaN or out of its range, and that in words: "'ta' = 5 K at level 1 of 26, ...".
struct BadPoint {
  int k, j, i;
  double value;
  std::string text;
};
std::optional<BadPoint> first_bad_point(const Grid& grid, const FieldInfo& info, const Array3<Real>& data);

/// Throws numerical at the first bad point of what a scheme computed.
void report_bad_result(const AnyScheme& scheme, const Columns& columns);

/// a = 0.
void set_to_zero(const Box& cells, const Field<Cell>& a);

/// Sum over the globe of area times flux; the same bits in any order.
double sum_over_globe(const Grid& grid, const ConstField<CellSurface>& flux);
double area_of_globe(const Grid& grid);

/// Column sums of water [kg m-2 s-1] and of cp T + L qv [W m-2] that tendencies give, and those that fluxes do.
class BudgetCheck {
 public:
  /// Tendencies of the scheme and fluxes that it writes. scratch: a work array of two levels at least.
  BudgetCheck(const AnyScheme& scheme, const Columns& columns, const FieldSet& fields, const Field<Cell>& scratch);

  /// Throws numerical where a budget that the scheme declares is not closed in a column, over dt [s].
  void run(double dt) const;
  /// What the tendencies give to cp T + L qv and to the kinetic energy over dt, mean over the globe [W m-2].
  double energy_given(double dt) const;

 private:
  Box surface() const { return columns_.grid().block.cells(1); }
  void sum(const ConstField<Cell>& rate, double factor) const;
  void sum_energy(double dt, bool kinetic) const;
  void compare(std::span<const FluxTerm> terms, const char* what, const char* unit, double size) const;
  ConstField<CellSurface> flux_of(const FluxTerm& term) const;
  void report(const char* what, const char* unit, double limit) const;

  const AnyScheme& scheme_;
  const Columns& columns_;
  Field<Cell> sums_;
  ConstField<Cell> mass_, heating_, vapour_;
  std::array<std::pair<ConstField<Cell>, ConstField<Cell>>, 2> winds_;  // and their tendencies
  int n_winds_ = 0;
  std::array<Field<Cell>, std::size(field::species)> water_;
  int n_water_ = 0;
};

}  // namespace meridian
