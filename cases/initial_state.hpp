#pragma once
// Initial states: each fills the prognostic fields of one block from analytic formulas. The states are structs in
// states.hpp, one file per family, one line each in the table of initial_state.cpp.

#include <memory>
#include <string>
#include <vector>

#include "grid/field_set.hpp"
#include "grid/gridded_state.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian {

/// 'initial:' of a case: 'name' and the options of that state.
struct InitialOptions {
  struct Impl;
  InitialOptions();
  InitialOptions(const InitialOptions&);
  InitialOptions& operator=(const InitialOptions&);
  ~InitialOptions();
  void visit(OptionVisitor& option);
  std::unique_ptr<Impl> impl;
  const std::string& name() const;
  bool fits(bool shallow_water) const;  // the state is one of these equations
  bool is_file() const;                 // it is that of a start file, 'path'
  std::string& path();
  bool has_vapour(const Planet& planet) const;  // an analytic state with water vapour of its own
  /// Of the state's own ground, which a file of topography replaces.
  double highest_ground_m(const Planet& planet) const;
  double angle(const Planet& planet) const;  // [radians] tilt of state and axis against the grid, see Frame
};

/// Fills prognostic and fixed fields (surface_geopotential, coriolis_parameter) on the owned points of a block, and the
/// coriolis_parameter in its halo; the other halos are exchanged by the caller. surface_altitude [m]: global array of
/// boundary data, index j * n_lon + i, or empty for the state's own ground.
/// Hydrostatic: surface pressure where the state's geopotential is that of the ground; layer_mass from P_k(ps);
/// theta_mass = layer_mass thv, thv_k = (phi_k - phi_{k+1}) / (cp (Pi_{k+1} - Pi_k)) from the analytic geopotential at
/// half levels, so the discrete column is balanced; the top layer from T/Pi at mid pressure where its top is in vacuum.
/// Shallow water: depth is the free surface less the ground.
/// file: what a start file holds, for the state 'file'; see fill_from_file.
/// Throws configuration where the ground rises above the free surface or no surface pressure fits.
void fill_initial_state(const InitialOptions& options, const Grid& grid, const FieldSet& fields,
                        const std::vector<double>& surface_altitude, const GriddedState& file = {});

/// Names and meanings of all states, for `meridian list` and `describe`.
struct InitialStateInfo {
  std::string name, meaning, source;
  std::string equations;  // shallow_water, hydrostatic or both
};
std::vector<InitialStateInfo> all_initial_states();

}  // namespace meridian
