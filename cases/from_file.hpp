#pragma once
// The state of a start file, placed on the model's grid.

#include <vector>

#include "grid/field_set.hpp"
#include "grid/gridded_state.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian {

/// Fills the prognostic fields and the surface_geopotential of a block from a state on another grid
/// (docs/how_to/start_from_a_file.md). Horizontally bilinear, the mean over the model's cell where the file is finer;
/// winds as vectors in space, so the poles are no special place. Vertically linear in ln p: temperature goes on below the
/// lowest level over the ground by 6.5 K/km, and everything above the highest unchanged.
/// surface_altitude [m]: global array of boundary data, index j * n_lon + i, or empty for flat ground at 0 m. Where the
/// file's differs, the surface pressure is that of the file's column at the model's ground; where they agree to a
/// millimetre and the levels to 1e-9, layers are taken over as they are. Where both the fields and the state have water
/// vapour, it is filled, too, and the layer mass is that of the dry air.
/// Throws bad_data where surface pressure or temperature come out impossible.
void fill_from_file(const GriddedState& state, const Grid& grid, const FieldSet& fields,
                    const std::vector<double>& surface_altitude);

/// Temperature of a column [K] as a function of pressure, and its geopotential over the ground of the file.
class ColumnProfile {
 public:
  /// p [Pa] and T [K] from the top; points below the surface pressure ps [Pa] are left out, but the highest never.
  ColumnProfile(std::vector<double> p, std::vector<double> T, double ps, const Planet& planet);
  double temperature(double p) const;
  /// [m2 s-2] over the ground where the pressure is ps: integral of R T d ln p from p to ps; negative below it.
  double geopotential(double p) const;
  /// Pressure [Pa] at a geopotential over that ground, by Newton's method; ps itself at 0.
  double pressure_at(double geopotential) const;

 private:
  double integral_from_lowest(double p) const;  // of R T d ln p, from p down to the lowest point
  std::vector<double> ln_p_, T_, from_lowest_;
  double ps_, R_, power_;
};

}  // namespace meridian
