#pragma once
// Mass fluxes through faces, and the tendencies of mass and mass-weighted potential temperature.

#include "dycore/interpolation.hpp"
#include "dycore/state.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// Mass fluxes U = dy u mean(mass) [xface], V = dx v mean(mass) [yface], in mass unit times m2 s-1, on the owned points
/// and 'margin' rings around them. Centred: the energy proof needs it. 8 words read or written per cell.
inline void compute_mass_fluxes(const Grid& grid, const State& state, int n_k, int margin,
                                const Field<XFace>& mass_flux_x, const Field<YFace>& mass_flux_y) {
  const ConstField<Cell> mass = state.mass;
  const ConstField<XFace> u = state.u;
  const ConstField<YFace> v = state.v;
  const Real half_dy = grid.metrics.dy / 2;
  const RowValues dx_at_yface = grid.metrics.dx_at_yface;
  Box box = grid.block.cells_with_halo(n_k, margin);
  for_each(
      {"dycore/compute_mass_fluxes", 3, 2}, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const Real m = mass(k, j, i);
        mass_flux_x(k, j, i) = half_dy * u(k, j, i) * (mass(k, j, i - 1) + m);
        mass_flux_y(k, j, i) = Real(0.5) * dx_at_yface(j) * v(k, j, i) * (mass(k, j - 1, i) + m);
      });
}

/// thv = theta / mass [K] on the owned points and 'margin' rings.
inline void compute_potential_temperature(const Grid& grid, const State& state, int n_k, int margin,
                                          const Field<Cell>& thv) {
  const ConstField<Cell> mass = state.mass;
  const ConstField<Cell> theta = state.theta;
  for_each(
      {"dycore/compute_potential_temperature", 2, 1}, grid.block.cells_with_halo(n_k, margin),
      KOKKOS_LAMBDA(int k, int j, int i) { thv(k, j, i) = theta(k, j, i) / mass(k, j, i); });
}

/// dmass/dt = - div(U, V) / area: by Gauss, so that the area-weighted sum over the sphere is zero.
inline void compute_mass_tendency(const Grid& grid, const ConstField<XFace>& mass_flux_x,
                                  const ConstField<YFace>& mass_flux_y, int n_k, const Field<Cell>& mass_tendency) {
  const RowValues inverse_area = grid.metrics.inverse_area_at_cell;
  for_each(
      {"dycore/compute_mass_tendency", 2, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        mass_tendency(k, j, i) = -inverse_area(j) * (mass_flux_x(k, j, i + 1) - mass_flux_x(k, j, i) +
                                                     (mass_flux_y(k, j + 1, i) - mass_flux_y(k, j, i)));
      });
}

/// Both tendencies in one pass: dmass/dt as above, dtheta/dt = - div(U thv, V thv) / area with thv at the faces of
/// third order, upwind-biased. A uniform thv stays uniform: the same fluxes carry both. thv: two halo rings.
inline void compute_mass_and_heat_tendency(const Grid& grid, const ConstField<XFace>& mass_flux_x,
                                           const ConstField<YFace>& mass_flux_y, const ConstField<Cell>& thv, int n_k,
                                           const Field<Cell>& mass_tendency, const Field<Cell>& theta_tendency) {
  const RowValues inverse_area = grid.metrics.inverse_area_at_cell;
  for_each(
      {"dycore/compute_mass_and_heat_tendency", 3, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real west = mass_flux_x(k, j, i), east = mass_flux_x(k, j, i + 1);
        const Real south = mass_flux_y(k, j, i), north = mass_flux_y(k, j + 1, i);
        const Real w2 = thv(k, j, i - 2), w1 = thv(k, j, i - 1), here = thv(k, j, i), e1 = thv(k, j, i + 1),
                   e2 = thv(k, j, i + 2);
        const Real s2 = thv(k, j - 2, i), s1 = thv(k, j - 1, i), n1 = thv(k, j + 1, i), n2 = thv(k, j + 2, i);
        mass_tendency(k, j, i) = -inverse_area(j) * (east - west + (north - south));
        theta_tendency(k, j, i) =
            -inverse_area(j) * (flux_of_order_3(east, w1, here, e1, e2) - flux_of_order_3(west, w2, w1, here, e1) +
                                (flux_of_order_3(north, s1, here, n1, n2) - flux_of_order_3(south, s2, s1, here, n1)));
      });
}

}  // namespace meridian
