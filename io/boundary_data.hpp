#pragma once
// Boundary fields from files: topography on any regular grid, averaged conservatively to the model's cells.

#include <string>

#include "grid/latlon_grid.hpp"

namespace meridian {

/// 'boundary:' of a case.
struct BoundaryOptions {
  std::string topography = "flat";  // or the path of a NetCDF file, relative to the case file or the project's data/
  int smoothing_passes = 8;

  void visit(OptionVisitor& option);
};

/// Surface altitude [m] of every cell of the global grid, index j * n_lon + i, j from the south: area averages of the
/// variable 'orog' (or the only 2-D variable with standard_name surface_altitude) of the file, then smoothed. The same
/// on every rank. Throws missing_input (no file), bad_data (damaged, no such variable, NaN or out of -500..12000 m,
/// irregular or partial grid), naming file, variable and place.
std::vector<double> topography_from_file(const std::string& path, int n_lon, int n_lat, int smoothing_passes);

/// Smoothing of docs/numerics/terrain.md (numerical design 3.8), in place: 'passes' times a meridional diffusion and an
/// implicit zonal diffusion with the true spacing. Conserves the area mean.
void smooth_terrain(std::vector<double>& altitude, int n_lon, int n_lat, int passes);

}  // namespace meridian
