#pragma once
// Pressure, Exner function and geopotential of the columns, and the pressure gradient force.

#include "dycore/state.hpp"
#include "grid/elementary.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// A weighted sum of two mass states: weight_a a + weight_b b; the pressure gradient of the forward-backward scheme
/// acts on such a blend of old and new (numerics 5.1). loading: mass of all over mass of dry air, 1 + q; absent where
/// no tracer is water.
struct MassBlend {
  ConstField<Cell> mass_a, theta_a;
  Real weight_a = 1;
  ConstField<Cell> mass_b, theta_b;
  Real weight_b = 0;
  ConstField<Cell> loading = {};

  /// Different arrays that mass() reads.
  int arrays() const { return mass_a.data().data() == mass_b.data().data() ? 1 : 2; }
  KOKKOS_FORCEINLINE_FUNCTION Real mass(int k, int j, int i) const {
    return weight_a * mass_a(k, j, i) + weight_b * mass_b(k, j, i);
  }
  KOKKOS_FORCEINLINE_FUNCTION Real theta(int k, int j, int i) const {
    return weight_a * theta_a(k, j, i) + weight_b * theta_b(k, j, i);
  }
  /// Weight of a layer with its water.
  template <bool moist>
  KOKKOS_FORCEINLINE_FUNCTION Real weight(int k, int j, int i) const {
    if constexpr (moist) return mass(k, j, i) * loading(k, j, i);
    return mass(k, j, i);
  }
};

/// Exner function (p/p0)^kappa; 0 at p = 0. Error 5e-16 of it between 1 Pa and p0, 3e-7 in single precision, at two thirds of the
/// cost of pow().
KOKKOS_FORCEINLINE_FUNCTION Real exner_of(Real p, Real inverse_p0, Real kappa) {
  return p == 0 ? Real(0) : elementary::exp(kappa * elementary::log(p * inverse_p0));
}

/// Exner function [1] and geopotential [m2 s-2] of half levels from the hydrostatic equation:
///   p_{k+1} = p_k + mass_k (1 + q_k),  phi_k = phi_{k+1} + cp thv_k (Pi_{k+1} - Pi_k),  phi at the ground given.
/// On the cells of the box, which has all levels.
template <bool moist>
void compute_exner_and_geopotential_of(const Grid& grid, const MassBlend& blend,
                                       const ConstField<CellSurface>& surface_geopotential, const Box& box,
                                       const Field<CellInterface>& exner, const Field<CellInterface>& phi) {
  const int n_k = box.k_end;
  const Real top = static_cast<Real>(grid.levels.top_pressure());
  const Real inverse_p0 = static_cast<Real>(1 / grid.planet.reference_pressure_pa);
  const Real kappa = static_cast<Real>(grid.planet.kappa());
  const Real exner_top = exner_of(top, inverse_p0, kappa);
  const Real cp = static_cast<Real>(grid.planet.heat_capacity_j_per_kg_k);
  const MassBlend m = blend;
  const Kernel kernel("dycore/compute_exner_and_geopotential", 3 * m.arrays() + (moist ? 1 : 0) + 1, 3);
  Box top_layer = box, ground = box;
  top_layer.k_end = 1;
  ground.k_begin = n_k - 1;
  for_each_column_in_passes(
      kernel, box,  // the ends of a column in passes of their own: a condition in a long loop stops vectorisation
      downward(
          top_layer,
          KOKKOS_LAMBDA(int, int j, int i) {
            exner(0, j, i) = exner_top;
            phi(0, j, i) = top;  // phi holds the pressure on the way down
          }),
      downward(
          box,
          KOKKOS_LAMBDA(int k, int j, int i) {
            const Real below = phi(k, j, i) + m.template weight<moist>(k, j, i);
            exner(k + 1, j, i) = exner_of(below, inverse_p0, kappa);
            phi(k + 1, j, i) = below;
          }),
      downward(
          ground, KOKKOS_LAMBDA(int, int j, int i) { phi(n_k, j, i) = surface_geopotential(0, j, i); }),
      upward(
          box, KOKKOS_LAMBDA(int k, int j, int i) {
            const Real thv = m.theta(k, j, i) / m.mass(k, j, i);
            phi(k, j, i) = phi(k + 1, j, i) + cp * thv * (exner(k + 1, j, i) - exner(k, j, i));
          }));
}

inline void compute_exner_and_geopotential(const Grid& grid, const MassBlend& blend,
                                           const ConstField<CellSurface>& surface_geopotential, const Box& box,
                                           const Field<CellInterface>& exner, const Field<CellInterface>& phi) {
  if (blend.loading.exists()) {
    compute_exner_and_geopotential_of<true>(grid, blend, surface_geopotential, box, exner, phi);
  } else {
    compute_exner_and_geopotential_of<false>(grid, blend, surface_geopotential, box, exner, phi);
  }
}

/// Mean gradient of phi at constant Pi over the quadrilateral between two columns (Lin 1997, QJRMS 123, eq. (11)), times
/// the distance; a: west or south, b: east or north; t, b at the end: upper and lower half level.
///   {(phi_at - phi_bb)(Pi_bt - Pi_ab) + (phi_bt - phi_ab)(Pi_bb - Pi_at)} / [(Pi_ab - Pi_at) + (Pi_bb - Pi_bt)]
KOKKOS_FORCEINLINE_FUNCTION Real contour_difference(Real phi_at, Real phi_ab, Real phi_bt, Real phi_bb, Real pi_at,
                                                    Real pi_ab, Real pi_bt, Real pi_bb) {
  return ((phi_at - phi_bb) * (pi_bt - pi_ab) + (phi_bt - phi_ab) * (pi_bb - pi_at)) /
         ((pi_ab - pi_at) + (pi_bb - pi_bt));
}

/// Subtracts the pressure gradient force from the wind tendencies.
inline void add_pressure_gradient(const Grid& grid, const ConstField<CellInterface>& exner,
                                  const ConstField<CellInterface>& phi, int n_k, const Field<XFace>& du_dt,
                                  const Field<YFace>& dv_dt) {
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const Real inverse_dy = Real(1) / grid.metrics.dy;
  for_each(
      {"dycore/add_pressure_gradient", 4, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real phi_t = phi(k, j, i), phi_b = phi(k + 1, j, i), pi_t = exner(k, j, i), pi_b = exner(k + 1, j, i);
        du_dt(k, j, i) -= inverse_dx(j) * contour_difference(phi(k, j, i - 1), phi(k + 1, j, i - 1), phi_t, phi_b,
                                                             exner(k, j, i - 1), exner(k + 1, j, i - 1), pi_t, pi_b);
        dv_dt(k, j, i) -= inverse_dy * contour_difference(phi(k, j - 1, i), phi(k + 1, j - 1, i), phi_t, phi_b,
                                                          exner(k, j - 1, i), exner(k + 1, j - 1, i), pi_t, pi_b);
      });
}

/// Shallow water: subtracts grad(g depth + phi_s) from the wind tendencies.
inline void add_surface_gradient(const Grid& grid, const MassBlend& blend,
                                 const ConstField<CellSurface>& surface_geopotential, const Field<XFace>& du_dt,
                                 const Field<YFace>& dv_dt) {
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const Real inverse_dy = Real(1) / grid.metrics.dy;
  const Real g = static_cast<Real>(grid.planet.gravity_m_per_s2);
  const MassBlend m = blend;
  for_each(
      {"dycore/add_surface_gradient", 3.0 + m.arrays(), 2}, grid.block.cells(1), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real here = g * m.mass(k, j, i) + surface_geopotential(0, j, i);
        const Real west = g * m.mass(k, j, i - 1) + surface_geopotential(0, j, i - 1);
        const Real south = g * m.mass(k, j - 1, i) + surface_geopotential(0, j - 1, i);
        du_dt(k, j, i) -= inverse_dx(j) * (here - west);
        dv_dt(k, j, i) -= inverse_dy * (here - south);
      });
}

}  // namespace meridian
