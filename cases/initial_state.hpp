#pragma once
// Initial states: each fills the prognostic fields of one block from an analytic formula. One file per family, one
// line per state in the table of initial_state.cpp.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grid/field_set.hpp"
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
  bool shallow_water() const;  // the state is one of the shallow-water equations
};

/// Point functions of a three-dimensional dry state in hydrostatic balance; pressure is the coordinate.
///   lon, lat [radians]; p [Pa]; geopotential and temperature are exact functions of (lon, lat, p).
struct AtmosphereState {
  std::function<double(double lon, double lat)> surface_pressure;                         // [Pa], given phi_s
  std::function<double(double lon, double lat)> surface_geopotential;                     // [m2 s-2], analytic ground
  std::function<double(double lon, double lat, double p)> geopotential;                   // [m2 s-2]
  std::function<double(double lon, double lat, double p)> temperature;                    // [K]
  std::function<double(double lon, double lat, double p)> eastward_wind, northward_wind;  // [m s-1]
};

/// Fills prognostic and fixed fields (surface_geopotential, coriolis_parameter) on the owned points of a block; halos
/// are exchanged by the caller. surface_altitude: global array of boundary data, or empty for the state's own ground.
/// Hydrostatic: layer_mass from P_k(ps), theta_mass = layer_mass thv with thv_k = (phi_k - phi_{k+1}) / (cp (Pi_{k+1} -
/// Pi_k)) from the analytic geopotential at half levels; top layer from T/Pi where the top pressure is 0.
void fill_initial_state(const InitialOptions& options, const Grid& grid, const FieldSet& fields,
                        const std::vector<double>& surface_altitude);

/// Names and meanings of all states, for `meridian list` and `describe`.
struct InitialStateInfo {
  std::string name, meaning, source;
  bool shallow_water;
};
std::vector<InitialStateInfo> all_initial_states();

}  // namespace meridian
