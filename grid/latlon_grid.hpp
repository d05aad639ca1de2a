#pragma once
// The latitude-longitude C-grid: metric terms of rows, exact areas, pole geometry, levels and planet.

#include <algorithm>
#include <vector>

#include "grid/decomposition.hpp"
#include "grid/planet.hpp"
#include "grid/vertical_coordinate.hpp"

namespace meridian {

/// One value per row of the block, readable on the device with local row indices -halo_width .. ny + halo_width.
struct RowValues {
  Array1<Real> data;
  KOKKOS_FORCEINLINE_FUNCTION Real operator()(int j) const { return data(j + halo_width); }
};

/// Metric terms, all functions of the row alone. Beyond the poles cos(latitude) continues analytically, so lengths
/// and areas of halo rows are negative there; with the sign rule of Halo every operator then works unchanged across
/// the pole. With dl = 2 pi / n_lon, dp = pi / n_lat:
struct Metrics {
  Real dy = 0;                           // [m] a dp, distance of rows
  Real area_of_pole = 0;                 // [m2] area of the vertex at a pole, 2 pi a^2 (1 - cos(dp/2))
  RowValues dx_at_cell;                  // [m] a cos(phi_j) dl, cell-centre distance (at xfaces too)
  RowValues dx_at_yface;                 // [m] a cos(psi_j) dl, length of the southern face of row j; 0 at the poles
  RowValues area_at_cell;                // [m2] 2 a^2 dl cos(phi_j) sin(dp/2), exact
  RowValues area_at_corner;              // [m2] 2 a^2 dl cos(psi_j) sin(dp/2), exact; unused at the poles
  RowValues inverse_dx_at_cell;          // [m-1]
  RowValues inverse_area_at_cell;        // [m-2]
  RowValues inverse_area_at_corner;      // [m-2], 0 at the poles
  RowValues sin_at_cell, cos_at_cell;    // of latitude [1]
  RowValues sin_at_yface, cos_at_yface;  // of latitude [1]
};

/// Cosine of the latitude -pi/2 + row * pi / n_lat, counted in rows from the south pole: exactly antisymmetric about both
/// poles and symmetric about the equator.
double cosine_of_row(double row, int n_lat);

/// The grid of one block with everything that does not change in a run.
/// A single column (Block::is_column) is a square as large as the whole planet, the same everywhere: what is a mean over the
/// globe elsewhere is that of the column. Sunlight and rotation are those of its latitude, its longitude is 180 degrees.
class Grid {
 public:
  /// column_latitude_degrees: where a single column stands.
  Grid(const Block& block, const Planet& planet, const VerticalCoordinate& levels, double column_latitude_degrees = 0);

  Block block;
  Planet planet;
  VerticalCoordinate levels;
  Metrics metrics;

  int n_levels() const { return levels.n_layers(); }
  double dl() const { return 2 * pi / block.n_lon; }
  double dp() const { return pi / block.n_lat; }
  /// [m] distance of rows, or of columns at the equator where that is smaller: what bounds time steps and damping.
  double spacing() const { return planet.radius_m * std::min(dl(), dp()); }
  /// Latitudes and longitudes [radians] of local indices; rows beyond a pole continue past +-pi/2. Latitudes of mirrored
  /// rows differ in nothing but the sign.
  double latitude_of_cell(int j) const {
    return block.is_column ? column_latitude_ : (2 * (block.j_first + j) + 1 - block.n_lat) * (dp() / 2);
  }
  double latitude_of_yface(int j) const {
    return block.is_column ? column_latitude_ : (2 * (block.j_first + j) - block.n_lat) * (dp() / 2);
  }
  double longitude_of_cell(int i) const { return (block.i_first + i + 0.5) * dl(); }
  double longitude_of_xface(int i) const { return block.is_column ? longitude_of_cell(i) : (block.i_first + i) * dl(); }
  /// Area [m2] of a cell in global row j, double precision.
  double area_of_global_row(int j) const;

 private:
  double column_latitude_;
};

}  // namespace meridian
