#include "physics/columns.hpp"

#include <utility>

#include "grid/loop.hpp"

namespace meridian {

const FieldSpec<Cell>& tendency_of(std::string_view scheme, const FieldInfo& field) {
  static constexpr std::pair<const FieldInfo*, const FieldSpec<Cell>*> tendencies[] = {
      {&field::air_temperature, &field::temperature_tendency},
      {&field::eastward_wind, &field::eastward_wind_tendency},
      {&field::northward_wind, &field::northward_wind_tendency},
  };
  const FieldSpec<Cell>* found = nullptr;
  for (const auto& [state, tendency] : tendencies) {
    if (state->name == field.name) found = tendency;
  }
  if (const field::Species* species = field::species_of(field.name)) found = species->tendency;
  require(found != nullptr, ExitCode::internal, "Scheme '", scheme, "' updates '", field.name,
          "', for which the dynamics take no tendency. Use reads() or writes(), or add its tendency to "
          "physics/columns.cpp.");
  return *found;
}

Columns::Columns(const AnyScheme& scheme, const Grid& grid, const MoistAir& air, std::vector<Slot> slots,
                 std::vector<Field<Cell>> scratch)
    : scheme_(scheme.name),
      lowest_layer_only_(scheme.lowest_layer_only()),
      grid_(&grid),
      air_(air),
      slots_(std::move(slots)),
      scratch_(std::move(scratch)) {}

const Columns::Slot& Columns::find(const FieldInfo& field, Wish wish) const {
  for (const Slot& slot : slots_) {
    if (slot.use.field->name != field.name) continue;
    if (wish == Wish::read && (slot.use.use == Use::reads || slot.use.use == Use::updates)) return slot;
    if (wish == Wish::tendency && slot.use.use == Use::updates) return slot;
    if (wish == Wish::write && slot.use.use == Use::writes) return slot;
    if (wish == Wish::own && slot.use.use == Use::owns) return slot;
  }
  static constexpr std::string_view asks_for[] = {"to read", "for the tendency of", "to write", "to own"};
  static constexpr std::string_view needed[] = {"reads() or updates()", "updates()", "writes()", "owns()"};
  const auto n = static_cast<std::size_t>(wish);
  require(false, ExitCode::internal, "Scheme '", scheme_, "' asks ", asks_for[n], " '", field.name,
          "', which it does not declare: its 'fields' must name it with ", needed[n], ".");
  return slots_.front();  // not reached
}

void column_enthalpy_tendency(const Grid& grid, const ConstField<Cell>& dT_dt,
                              const ConstField<CellSurface>& surface_pressure, const Field<CellSurface>& heating) {
  const int n_levels = grid.n_levels();
  const double cp_over_g = grid.planet.heat_capacity_j_per_kg_k / grid.planet.gravity_m_per_s2;  // [s2 K-1]
  const auto a_p0 = grid.levels.a_p0();
  const auto b = grid.levels.b();
  for_each_column(
      {"physics/column_enthalpy_tendency", 1}, grid.block.cells(n_levels), KOKKOS_LAMBDA(int j, int i) {
        const double p_sfc = surface_pressure(0, j, i);  // [Pa]
        double sum = 0;                                  // [K s-1 Pa]
        for (int k = 0; k < n_levels; ++k) {
          const double dp = (a_p0(k + 1) - a_p0(k)) + (b(k + 1) - b(k)) * p_sfc;  // [Pa]
          sum += dp * dT_dt(k, j, i);
        }
        heating(0, j, i) = static_cast<Real>(cp_over_g * sum);
      });
}

}  // namespace meridian
