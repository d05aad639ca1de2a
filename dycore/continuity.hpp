#pragma once
// Mass fluxes through faces, and the tendencies of mass and mass-weighted potential temperature.

#include "dycore/interpolation.hpp"
#include "dycore/state.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// Mass fluxes U = dy u mean(mass) [xface], V = dx v mean(mass) [yface], in mass unit times m2 s-1. Centred: the energy
/// proof needs it.
struct MassFlux {
  ConstField<Cell> mass, theta;
  ConstField<XFace> u;
  ConstField<YFace> v;
  Real half_dy;
  RowValues dx_at_yface;

  MassFlux(const Grid& grid, const State& state)
      : mass(state.mass),
        theta(state.theta),
        u(state.u),
        v(state.v),
        half_dy(grid.metrics.dy / 2),
        dx_at_yface(grid.metrics.dx_at_yface) {}
  /// Through the western and the southern face of a cell with mass m.
  KOKKOS_FORCEINLINE_FUNCTION Real x(Real m, int k, int j, int i) const {
    return half_dy * u(k, j, i) * (mass(k, j, i - 1) + m);
  }
  KOKKOS_FORCEINLINE_FUNCTION Real y(Real m, int k, int j, int i) const {
    return Real(0.5) * dx_at_yface(j) * v(k, j, i) * (mass(k, j - 1, i) + m);
  }
};

/// Mass fluxes on the owned points and two rings around them, and thv = theta / mass [K] (1 in shallow water). 7 words per cell.
inline void compute_mass_fluxes(const Grid& grid, const State& state, int n_k, const Field<XFace>& mass_flux_x,
                                const Field<YFace>& mass_flux_y, const Field<Cell>& thv) {
  const MassFlux flux(grid, state);
  const ConstField<Cell> theta = state.theta.exists() ? state.theta : state.mass;
  for_each(
      {"dycore/compute_mass_fluxes", state.theta.exists() ? 4.0 : 3.0, 3}, grid.block.cells_with_halo(n_k, 2),
      KOKKOS_LAMBDA(int k, int j, int i) {
        const Real m = flux.mass(k, j, i);
        mass_flux_x(k, j, i) = flux.x(m, k, j, i);
        mass_flux_y(k, j, i) = flux.y(m, k, j, i);
        thv(k, j, i) = theta(k, j, i) / m;
      });
}

/// Tendencies of mass and heat by Gauss, so that their area-weighted sums over the sphere are zero:
///   dmass/dt = - div(U, V) / area,  dtheta/dt = - div(U thv, V thv) / area
/// with thv at the faces of third order, upwind-biased. A uniform thv stays uniform: the same fluxes carry both. thv: two
/// halo rings; absent in shallow water.
struct Continuity {
  RowValues inverse_area;
  ConstField<XFace> fx;
  ConstField<YFace> fy;
  ConstField<Cell> thv;
  Field<Cell> mass_tendency, theta_tendency;

  template <bool heat>
  KOKKOS_FORCEINLINE_FUNCTION void set(int k, int j, int i) const {
    const Real west = fx(k, j, i), east = fx(k, j, i + 1), south = fy(k, j, i), north = fy(k, j + 1, i);
    mass_tendency(k, j, i) = -inverse_area(j) * (east - west + (north - south));
    if constexpr (heat) {
      const Real w2 = thv(k, j, i - 2), w1 = thv(k, j, i - 1), here = thv(k, j, i), e1 = thv(k, j, i + 1),
                 e2 = thv(k, j, i + 2);
      const Real s2 = thv(k, j - 2, i), s1 = thv(k, j - 1, i), n1 = thv(k, j + 1, i), n2 = thv(k, j + 2, i);
      theta_tendency(k, j, i) =
          -inverse_area(j) * (flux_of_order_3(east, w1, here, e1, e2) - flux_of_order_3(west, w2, w1, here, e1) +
                              (flux_of_order_3(north, s1, here, n1, n2) - flux_of_order_3(south, s2, s1, here, n1)));
    }
  }
};

/// Both tendencies, or that of the mass where there is no thv, by themselves.
inline void compute_mass_and_heat_tendency(const Grid& grid, const Continuity& continuity, int n_k) {
  const Continuity c = continuity;
  if (c.thv.exists()) {
    for_each(
        {"dycore/compute_mass_and_heat_tendency", 3, 2}, grid.block.cells(n_k),
        KOKKOS_LAMBDA(int k, int j, int i) { c.set<true>(k, j, i); });
  } else {
    for_each(
        {"dycore/compute_mass_tendency", 2, 1}, grid.block.cells(n_k),
        KOKKOS_LAMBDA(int k, int j, int i) { c.set<false>(k, j, i); });
  }
}

}  // namespace meridian
