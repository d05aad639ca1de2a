#pragma once
// Ratios of metric terms that the kernels need without dividing.

#include "grid/latlon_grid.hpp"

namespace meridian {

struct RowFactors {
  RowValues north_weight_at_corner;  // [1] A_j / (2 A_j + 2 A_{j-1}): share of each northern cell in a vertex mass
  RowValues ke_u;                    // [1] dx_j dy / (4 A_j): weight of u^2 in the kinetic energy of a cell
  RowValues ke_v_south, ke_v_north;  // [1] dx at the southern, northern yface times dy / (4 A_j): of v^2
  RowValues lap_south, lap_north;    // [m-2] cos psi / (cos phi_j dy^2) at the southern, northern yface

  explicit RowFactors(const Grid& grid);
};

}  // namespace meridian
