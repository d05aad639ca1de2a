#pragma once
// A single column: what the air around it does to it is prescribed. docs/numerics/single_column.md.

#include "dycore/state.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/profile.hpp"

namespace meridian {

/// 'dycore.large_scale' of a case: profiles in pressure, all zero where none is given.
struct LargeScaleOptions {
  Profile vertical_velocity_pa_per_s;
  Profile temperature_tendency_k_per_day, vapour_tendency_g_per_kg_per_day;
  Profile geostrophic_eastward_wind_m_per_s, geostrophic_northward_wind_m_per_s;
  Profile target_eastward_wind_m_per_s, target_northward_wind_m_per_s;
  double wind_relaxation_time_s = 0;

  void visit(OptionVisitor& option);
};

/// The same for kernels, in SI units.
struct LargeScale {
  explicit LargeScale(const LargeScaleOptions& options);

  ProfileValues vertical_velocity;                            // omega = dp/dt [Pa s-1]
  ProfileValues temperature_tendency, vapour_tendency;        // [K s-1], [s-1] of the mixing ratio
  ProfileValues geostrophic_eastward, geostrophic_northward;  // [m s-1]
  ProfileValues target_eastward, target_northward;            // [m s-1]
  double relaxation_rate;                                     // [s-1]
  bool changes_temperature, changes_vapour;
};

/// Turns the wind about the geostrophic one and relaxes it to its target, by the exact solution over dt [s] of
///   dV/dt = - f k x (V - Vg) - (V - Vt) / tau
/// p [cell, Pa]; f [s-1] of the corners; u, v [m s-1], in and out.
void turn_wind(const LargeScale& terms, const Grid& grid, const ConstField<Cell>& p,
               const ConstField<CornerSurface>& coriolis, double dt, const State& state);

/// Fills the prescribed tendency of temperature [K s-1] or vapour [s-1] at pressures p [cell, Pa].
void fill_tendency(const ProfileValues& profile, const Grid& grid, const ConstField<Cell>& p,
                   const Field<Cell>& tendency);

/// Moves the half levels with the air, dp/dt = omega(p) (midpoint rule), top and ground excepted; the air that comes in from
/// the sides is like that of the layer: all mixing ratios and the potential temperature of a layer stay, its mass changes.
/// p [interface, Pa]: pressure of all air; loading: mass of all over mass of dry air, absent where there is no water.
void move_layers(const LargeScale& terms, const Grid& grid, const ConstField<CellInterface>& p,
                 const ConstField<Cell>& loading, double dt, const State& state);

}  // namespace meridian
