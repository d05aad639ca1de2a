#pragma once
// Zonal filter of the total tendencies: S(n) = 1 / (1 + kappa^2 s^4), s = sin(n dl / 2), by recursion along the row.

#include "grid/field.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/ring.hpp"

namespace meridian {

class PolarFilter {
 public:
  explicit PolarFilter(const Grid& grid, bool enabled = true);

  /// Filters tendency a (cell or xface rows: r from cos phi_j) and tendency b (cell, xface or yface rows; yface: r from
  /// cos psi_j) on the owned points, and calls body(k, j, i, filtered_a, filtered_b) once for each owned cell (k, j, i),
  /// k in [0, n_k). Tendencies are used as work space: their values are undefined afterwards. One message round the
  /// circle for both fields and all levels. On the row of yfaces at the south pole filtered_b is 0.
  template <class PlaceA, class PlaceB, class Body>
  void apply(const char* label, const Field<PlaceA>& a, const Field<PlaceB>& b, int n_k, const Body& body);
  template <class PlaceA, class Body>
  void apply(const char* label, const Field<PlaceA>& a, int n_k, const Body& body);
};

}  // namespace meridian
