#pragma once
// Boundary fields from files: topography on any regular grid, averaged conservatively to the model's cells.

#include <mpi.h>

#include <string>
#include <vector>

#include "grid/latlon_grid.hpp"

namespace meridian {

/// 'boundary:' of a case.
struct BoundaryOptions {
  std::string topography = "flat";  // or a NetCDF file, see find_data_file
  int smoothing_passes = 8;
  std::string sea_surface_temperature = "none";  // or a NetCDF file

  bool has_sea_surface_temperature() const { return sea_surface_temperature != "none"; }
  void visit(OptionVisitor& option);
};

/// Path of an input file: as it is when absolute or there from the current directory, else below the data directory
/// (environment variable MERIDIAN_DATA_DIR, or data/ of the sources). Throws missing_input naming the places tried, and
/// bad_data for a directory, pipe or other thing that is no file.
std::string find_data_file(const std::string& path);

/// Means over the cells of a latitude-longitude grid that covers the globe: edges [degrees] northward from -90 to 90
/// and eastward once round from any longitude; value j * (number of columns) + i.
struct GlobalMap {
  std::vector<double> longitude_edges, latitude_edges;
  std::vector<double> values;
};

/// Reads the variable 'orog', or the only two-dimensional one with standard_name surface_altitude, in this process.
/// Either direction of latitude, any longitude of origin; edges from bounds, or half-way between equally spaced points
/// (a row of points at a pole is half a cell). Throws as topography_from_file.
GlobalMap read_topography(const std::string& path);

/// Reads sea surface temperatures [K], one map for each month of the year: the variable 'sst' or 'tos', or the only one with
/// standard_name sea_surface_temperature, with the dimensions time (12), latitude, longitude, in K, without gaps (fill
/// land). Throws as topography_from_file.
std::vector<GlobalMap> read_sea_surface_temperature(const std::string& path);

/// Area means over the cells of the model's grid, index j * n_lon + i: exact overlap in longitude and sin(latitude).
/// The mean over the globe is kept to round-off.
std::vector<double> conservative_average(const GlobalMap& map, int n_lon, int n_lat);

/// Surface altitude [m] of every cell of the global grid, index j * n_lon + i, j from the south: area averages of the
/// topography of the file (find_data_file, read_topography), then smoothed. The same on every rank of 'world', whose
/// rank 0 reads, in a child process: what a damaged file does to the NetCDF library ends there. Collective.
/// Throws missing_input (no file), no_permission, bad_data (damaged, no such variable, not in m, NaN or out of
/// -500..12000 m, irregular or partial grid), naming file, variable and place.
std::vector<double> topography_from_file(const std::string& path, int n_lon, int n_lat, int smoothing_passes,
                                         MPI_Comm world = MPI_COMM_SELF);

/// Monthly sea surface temperatures [K] of every cell of the global grid, index (month * n_lat + j) * n_lon + i, read and
/// averaged as topography. Collective.
std::vector<double> sea_surface_temperature_from_file(const std::string& path, int n_lon, int n_lat,
                                                      MPI_Comm world = MPI_COMM_SELF);

/// Smoothing of docs/numerics/terrain.md (numerical design 3.8), in place: 'passes' times a meridional diffusion and an
/// implicit zonal diffusion with the true spacing. Conserves the area mean.
///   h_j += 1/8 [cos psi_j+1 (h_j+1 - h_j) - cos psi_j (h_j - h_j-1)] / cos phi_j          phi cells, psi yfaces
///   y_i - c (y_i-1 - 2 y_i + y_i+1) = h_i,  c = 1/(8 cos^2 phi_j)
/// which divides the zonal wave n by 1 + sin^2(n dl/2)/(2 cos^2 phi_j).
void smooth_terrain(std::vector<double>& altitude, int n_lon, int n_lat, int passes);

}  // namespace meridian
