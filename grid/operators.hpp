#pragma once
// Differences and means on the C-grid, one line each; the result's place is in the name. All are second order in the
// spacing and have no pole branch but wind_at_yface: halo rows beyond a pole carry the sign of vectors (grid/halo.hpp),
// their lengths and areas are negative (grid/latlon_grid.hpp).

#include "grid/latlon_grid.hpp"

namespace meridian {

/// Divergence of a horizontal flux, by Gauss' theorem on one cell.
///   div = [ (u_E - u_W) dy + v_N dx_N - v_S dx_S ] / area
/// u [xface], v [yface], any unit; result [cell, that unit per m]. Reads i+1 and j+1.
/// Weighted by area it sums to zero over the sphere: each face is used twice, and dx is 0 at the poles.
KOKKOS_FORCEINLINE_FUNCTION Real div_at_cell(const Metrics& metrics, const ConstField<XFace>& u,
                                             const ConstField<YFace>& v, int k, int j, int i) {
  const Real eastward = metrics.dy * (u(k, j, i + 1) - u(k, j, i));
  const Real northward = metrics.dx_at_yface(j + 1) * v(k, j + 1, i) - metrics.dx_at_yface(j) * v(k, j, i);
  return (eastward + northward) * metrics.inverse_area_at_cell(j);
}

/// Vorticity of the wind, by Stokes' theorem on the cell around a corner.
///   zeta = [ (v_E - v_W) dy - (u_N dx_N - u_S dx_S) ] / area
/// u [xface], v [yface], m s-1; result [corner, s-1]. Reads i-1 and j-1. Gives 0 at the poles, where the corners of a row
/// are one point with the circulation of the whole row of u around it.
KOKKOS_FORCEINLINE_FUNCTION Real curl_at_corner(const Metrics& metrics, const ConstField<XFace>& u,
                                                const ConstField<YFace>& v, int k, int j, int i) {
  const Real along_y = metrics.dy * (v(k, j, i) - v(k, j, i - 1));
  const Real along_x = metrics.dx_at_cell(j) * u(k, j, i) - metrics.dx_at_cell(j - 1) * u(k, j - 1, i);
  return (along_y - along_x) * metrics.inverse_area_at_corner(j);
}

/// Eastward derivative. f [cell]; result [xface, unit of f per m]. Reads i-1.
KOKKOS_FORCEINLINE_FUNCTION Real ddx_at_xface(const Metrics& metrics, const ConstField<Cell>& f, int k, int j, int i) {
  return (f(k, j, i) - f(k, j, i - 1)) * metrics.inverse_dx_at_cell(j);
}

/// Northward derivative, good at the poles too. f [cell]; result [yface, unit of f per m]. Reads j-1.
KOKKOS_FORCEINLINE_FUNCTION Real ddy_at_yface(const Metrics& metrics, const ConstField<Cell>& f, int k, int j, int i) {
  return (f(k, j, i) - f(k, j - 1, i)) / metrics.dy;
}

/// Mean of the four corners of a cell. f [corner], whose pole rows must hold the value at the pole; result [cell].
/// Reads i+1 and j+1.
KOKKOS_FORCEINLINE_FUNCTION Real mean_at_cell(const ConstField<Corner>& f, int k, int j, int i) {
  return Real(0.25) * ((f(k, j, i) + f(k, j, i + 1)) + (f(k, j + 1, i) + f(k, j + 1, i + 1)));
}

/// Eastward wind. u [xface, m s-1]; result [cell, m s-1]. Reads i+1.
KOKKOS_FORCEINLINE_FUNCTION Real eastward_wind_at_cell(const ConstField<XFace>& u, int k, int j, int i) {
  return Real(0.5) * (u(k, j, i) + u(k, j, i + 1));
}

/// Northward wind at a yface, also at a pole: there v holds 0, which is the flux through a face without length, and the
/// wind is the mean of its two neighbours. v [yface, m s-1]. Reads j-1 and j+1 at a pole.
KOKKOS_FORCEINLINE_FUNCTION Real wind_at_yface(const Metrics& metrics, const ConstField<YFace>& v, int k, int j,
                                               int i) {
  const bool at_pole = metrics.dx_at_yface(j) == 0;
  const int d = at_pole ? 1 : 0;
  return Real(0.5) * (v(k, j - d, i) + v(k, j + d, i));
}

/// Northward wind. v [yface, m s-1], whose halo is filled; result [cell, m s-1]. Reads j+1, at a pole j-1 or j+2.
KOKKOS_FORCEINLINE_FUNCTION Real northward_wind_at_cell(const Metrics& metrics, const ConstField<YFace>& v, int k,
                                                        int j, int i) {
  return Real(0.5) * (wind_at_yface(metrics, v, k, j, i) + wind_at_yface(metrics, v, k, j + 1, i));
}

}  // namespace meridian
