#pragma once
// Damping of the wind: each term is visible in the case file and joins the tendency of the last Runge-Kutta stage.

#include "dycore/row_factors.hpp"
#include "dycore/state.hpp"
#include "grid/loop.hpp"
#include "grid/operators.hpp"

namespace meridian {

/// Divergence of the wind at cells [s-1].
struct Divergence {
  ConstField<XFace> u;
  ConstField<YFace> v;
  Real dy;
  RowValues dx_at_yface, inverse_area;

  Divergence(const Grid& grid, const ConstField<XFace>& eastward, const ConstField<YFace>& northward)
      : u(eastward),
        v(northward),
        dy(grid.metrics.dy),
        dx_at_yface(grid.metrics.dx_at_yface),
        inverse_area(grid.metrics.inverse_area_at_cell) {}
  KOKKOS_FORCEINLINE_FUNCTION Real operator()(int k, int j, int i) const {
    return inverse_area(j) *
           (dy * (u(k, j, i + 1) - u(k, j, i)) + (dx_at_yface(j + 1) * v(k, j + 1, i) - dx_at_yface(j) * v(k, j, i)));
  }
};

/// The same as a field, on the owned cells and 'margin' rings.
inline void compute_divergence(const Grid& grid, const Divergence& of, int n_k, int margin,
                               const Field<Cell>& divergence) {
  for_each(
      {"dycore/compute_divergence", 2, 1}, grid.block.cells_with_halo(n_k, margin),
      KOKKOS_LAMBDA(int k, int j, int i) { divergence(k, j, i) = of(k, j, i); });
}

/// Laplacian of the divergence [m-2 s-1] with the zonal second difference over the equatorial spacing, r^2 / dx^2 =
/// 1 / (a dl)^2, so that the coefficient may be the same on every row; on owned cells and one ring in the west, south.
/// The divergence is made anew at each of the five points: arithmetic costs less than a field.
inline void compute_reference_laplacian(const Grid& grid, const RowFactors& factors, const Divergence& f, int n_k,
                                        const Field<Cell>& laplacian) {
  const double spacing = grid.planet.radius_m * grid.dl();
  const Real zonal = static_cast<Real>(1 / (spacing * spacing));
  const RowValues south = factors.lap_south, north = factors.lap_north;
  const Block& block = grid.block;
  const Box box{0, n_k, -1, block.ny, -1, block.nx};
  for_each(
      {"dycore/compute_reference_laplacian", 2, 1}, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const Real here = f(k, j, i);
        laplacian(k, j, i) = zonal * ((f(k, j, i + 1) - here) - (here - f(k, j, i - 1))) +
                             (north(j) * (f(k, j + 1, i) - here) - south(j) * (here - f(k, j - 1, i)));
      });
}

/// Adds coefficient * grad(f) to the wind tendencies; f [cell] needs one ring in the west and south.
inline void add_gradient(const Grid& grid, const ConstField<Cell>& f, Real coefficient, int n_k,
                         const Field<XFace>& du_dt, const Field<YFace>& dv_dt) {
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const Real inverse_dy = Real(1) / grid.metrics.dy;
  for_each(
      {"dycore/add_gradient", 3, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        du_dt(k, j, i) += coefficient * inverse_dx(j) * (f(k, j, i) - f(k, j, i - 1));
        dv_dt(k, j, i) += coefficient * inverse_dy * (f(k, j, i) - f(k, j - 1, i));
      });
}

/// Pole values of some levels.
inline auto levels_of_poles(const Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory>& poles, int k_first,
                            int n_k) {
  return Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory>(
      Kokkos::subview(poles, std::make_pair(k_first, k_first + n_k), Kokkos::ALL));
}

/// Relative vorticity at vertices [s-1] on owned corners and one ring; pole rows from 'poles' [k][south, north].
void compute_relative_vorticity(const Grid& grid, const ConstField<XFace>& u, const ConstField<YFace>& v,
                                const Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory>& poles, int n_k,
                                const Field<Corner>& zeta);

/// Adds nu (grad div - curl zeta), the Laplacian that acts on vorticity and divergence, to the wind tendencies;
/// nu [m2 s-1] of level k is coefficient * weights(k).
void add_wind_laplacian(const Grid& grid, const ConstField<Cell>& divergence, const ConstField<Corner>& zeta,
                        Real coefficient, const Array1<Real>& weights, int n_k, const Field<XFace>& du_dt,
                        const Field<YFace>& dv_dt);

/// Adds m nu lap(T) / Pi to the tendency of m theta, T = theta Pi with Pi the mean of the interfaces around a layer:
/// viscosity of the temperature along layers. Polvani, Scott and Thomas (2004), equation 3.
/// m [Pa], theta [K, one ring], exner [1, n_k + 1 interfaces, one ring], nu [m2 s-1], tendency [Pa K s-1]. 8 words a cell.
void add_temperature_laplacian(const Grid& grid, const RowFactors& factors, const ConstField<Cell>& mass,
                               const ConstField<Cell>& theta, const ConstField<CellInterface>& exner, Real nu, int n_k,
                               const Field<Cell>& tendency);

/// Adds nu lap(f) with true spacing to a tendency at cells.
void add_laplacian(const Grid& grid, const RowFactors& factors, const ConstField<Cell>& f, Real nu, int n_k,
                   const Field<Cell>& tendency);

}  // namespace meridian
