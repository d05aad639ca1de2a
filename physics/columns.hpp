#pragma once
// What one scheme may see of the model: the fields it declares, and the grid.

#include <span>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/thermodynamics.hpp"
#include "physics/parameterization.hpp"

namespace meridian {

/// Catalog entry of the tendency of a field of the state. Throws internal when the dynamics take none for it.
const FieldSpec<Cell>& tendency_of(std::string_view scheme, const FieldInfo& field);

/// The arrays of one scheme.
struct ColumnSlot {
  FieldUse use;
  Array3<Real> data;  // what it reads (reads, updates)
  const FieldInfo* result_field = nullptr;
  Array3<Real> result;  // what it may change: its tendency (updates) or its own field (writes, owns)
};

/// The fields of one scheme, all at cells. Asking for what it does not declare throws internal naming scheme and field.
/// The grid must outlive it.
class Columns {
 public:
  using Slot = ColumnSlot;
  Columns(const AnyScheme& scheme, const Grid& grid, const MoistAir& air, std::vector<Slot> slots,
          std::vector<Field<Cell>> scratch);

  const Grid& grid() const { return *grid_; }
  /// Constants of moist air with the saturation formula of the suite.
  const MoistAir& air() const { return air_; }
  /// When the step of physics begins.
  const Instant& begin() const { return begin_; }
  void set_begin(const Instant& begin) { begin_ = begin; }
  /// Owned cells, all layers.
  Box cells() const { return grid_->block.cells(grid_->n_levels()); }
  /// The layers of them that the scheme may change.
  Box changed_cells() const {
    Box box = cells();
    if (lowest_layer_only_) box.k_begin = box.k_end - 1;
    return box;
  }

  /// A field that is declared with reads() or updates().
  template <class P>
  ConstField<P> read(const FieldSpec<P>& spec) const {
    return ConstField<P>(find(spec, Wish::read).data);
  }
  /// The tendency [unit per second] of a field that is declared with updates(): add to it.
  template <class P>
  Field<P> tendency(const FieldSpec<P>& spec) const {
    return Field<P>(find(spec, Wish::tendency).result);
  }
  /// A field that is declared with writes().
  template <class P>
  Field<P> write(const FieldSpec<P>& spec) const {
    return Field<P>(find(spec, Wish::write).result);
  }

  /// A field that is declared with owns(): read and assign.
  template <class P>
  Field<P> own(const FieldSpec<P>& spec) const {
    return Field<P>(find(spec, Wish::own).result);
  }
  /// Work array n of scratch_fields, with one level more than there are layers, and no fewer than this: room for values
  /// of a column, one a level.
  static constexpr int least_scratch_levels = 16;
  const Field<Cell>& scratch(int n) const { return scratch_.at(n); }

  std::span<const Slot> slots() const { return slots_; }

 private:
  enum class Wish { read, tendency, write, own };
  const Slot& find(const FieldInfo& field, Wish wish) const;

  std::string scheme_;
  bool lowest_layer_only_;
  const Grid* grid_;
  MoistAir air_;
  Instant begin_;
  std::vector<Slot> slots_;
  std::vector<Field<Cell>> scratch_;
};

/// Enthalpy that a temperature tendency gives to each column: sum over layers of cp dT/dt dp / g [W m-2], with dp of
/// the reference levels at this surface pressure. Summed in double.
/// dT_dt [cell, K s-1], surface_pressure [Pa]; heating [W m-2]. Reads and fills owned cells.
void column_enthalpy_tendency(const Grid& grid, const ConstField<Cell>& dT_dt,
                              const ConstField<CellSurface>& surface_pressure, const Field<CellSurface>& heating);

}  // namespace meridian
