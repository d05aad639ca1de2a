#pragma once
// Start files: a state on any regular grid and any levels, read whole.

#include <mpi.h>

#include <string>

#include "grid/clock.hpp"
#include "grid/gridded_state.hpp"
#include "grid/planet.hpp"

namespace meridian {

/// Reads the record of the date 'start' in 'calendar', or a file without time. Variables are found by standard_name, else
/// by name; dimensions are (time,) level, latitude, longitude; latitudes and levels in either order.
///   atmosphere     eastward_wind (ua, u), northward_wind (va, v), air_temperature (ta, t) with specific_humidity (hus, q)
///                  where there is one, or virtual_temperature (tv); surface_air_pressure (ps, sp); surface_altitude (orog)
///                  or surface_geopotential (phis) where there is one. Levels: air_pressure [Pa, hPa], or hybrid layers by their formula_terms.
///                  Virtual temperature by the gas constants of 'planet'; humidity below 0 counts as 0.
///   shallow water  eastward_wind, northward_wind; depth h, or height of the surface (eta, zg); surface_altitude
/// The same on every rank of 'world', whose rank 0 reads, in a child process. Collective.
/// Throws missing_input (no file), no_permission, bad_data: damaged, a variable that is missing, has other units, missing
/// values or impossible ones, a partial or unordered grid, unordered levels or such that end far from the ground, another
/// calendar, no such date; naming file, variable, what was found and what is allowed.
GriddedState read_start_file(const std::string& path, bool shallow_water, Calendar calendar, const Date& start,
                             const Planet& planet, MPI_Comm world = MPI_COMM_SELF);

}  // namespace meridian
