#pragma once
// Potential vorticity at vertices and faces, and what it does to the wind.

#include "dycore/continuity.hpp"
#include "dycore/interpolation.hpp"
#include "dycore/row_factors.hpp"
#include "dycore/state.hpp"
#include "grid/loop.hpp"
#include "grid/operators.hpp"
#include "grid/ring.hpp"

namespace meridian {

/// Potential vorticity of the two pole vertices, one value a level; zero where this block has no pole.
///   q = (f + zeta) / m_q;  zeta = -+ sum_i u dx / area of the vertex (Stokes; minus in the south),
///   m_q = mean_i of the mass of the row beside the pole.
/// Sums run over the global filter blocks in a fixed order, so they do not depend on the layout.
class PoleVorticity {
 public:
  PoleVorticity(const Grid& grid, const Field<CornerSurface>& coriolis, int n_k);
  void compute(const Grid& grid, const State& state, int n_k);
  /// [0]: south, [1]: north; [k]
  const Kokkos::View<Real* [2], Kokkos::LayoutRight, DeviceMemory>& values() const { return values_; }
  const Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory>& relative_vorticity() const { return zeta_; }
  /// Sums along the rows beside the poles travel on it, on the ranks at a pole.
  const Ring& ring() const { return ring_; }

 private:
  Ring ring_;
  Field<CornerSurface> coriolis_;
  Kokkos::View<Real* [2], Kokkos::LayoutRight, DeviceMemory> values_;
  Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory> zeta_;
};

/// What the slow tendencies pass from kernel to kernel, of a few levels.
struct SlowWork {
  Field<XFace> mass_flux_x;
  Field<YFace> mass_flux_y;
  Field<Cell> thv;
  Field<Corner> pv;
  Field<XFace> pv_x;
  Field<YFace> pv_y;
};

/// In one pass over the state, on the points of the box (which reads one ring more): mass fluxes (dycore/continuity.hpp), thv =
/// theta / mass where there is theta, and the potential vorticity at vertices, q = (f + zeta) / m_q (numerics 3.2). The slow
/// tendencies need three rings of them. k_first: level of index 0 in the pole values. 8 words per cell.
void compute_fluxes_and_potential_vorticity(const Grid& grid, const RowFactors& factors, const State& state,
                                            const ConstField<CornerSurface>& coriolis, const PoleVorticity& poles,
                                            int k_first, const Box& box, const SlowWork& work);
/// The owned points and three rings.
inline Box box_of_fluxes(const Block& block, int n_k) {
  return {0, n_k, -halo_width + 1, block.ny + halo_width, -halo_width + 1, block.nx + halo_width};
}

/// Upwind-biased potential vorticity at xfaces (along y) and yfaces (along x), order 5, by the direction of the wind: fluxes through
/// xfaces count with the cosine of latitude, as if all rows had the spacing of the equator, which is what the polar filter
/// leaves of waves. On the owned faces and one ring.
void compute_face_vorticity(const Grid& grid, const ConstField<Corner>& pv, const ConstField<XFace>& mass_flux_x,
                            const ConstField<YFace>& mass_flux_y, int n_k, const Field<XFace>& pv_x,
                            const Field<YFace>& pv_y);

/// Sets the tendencies of mass and heat (dycore/continuity.hpp), and those of the wind to the vorticity flux minus the
/// gradient of kinetic energy:
///   du/dt = +1/(8 dx) sum_e (q_u + q_e) V_e - dK/dx,   dv/dt = -1/(8 dy) sum_e (q_v + q_e) U_e - dK/dy
/// the energy-neutral pairing of Ringler et al. (2010), JCP 229, eq. (49), with the kinetic energy of numerics 3.4.
/// 11 words per cell.
void compute_slow_tendencies(const Grid& grid, const RowFactors& factors, const State& state, const SlowWork& work,
                             const Continuity& continuity, int n_k, const Field<XFace>& du_dt,
                             const Field<YFace>& dv_dt);

/// The wind's tendencies from vertex values without upwinding: Sadourny's (1975) energy-conserving form ('sen') or that of Arakawa
/// and Lamb (1981) in triads ('een').
enum class VorticityScheme { s5, een, sen };
void compute_centred_vorticity_flux_and_kinetic_energy(VorticityScheme scheme, const Grid& grid,
                                                       const RowFactors& factors, const State& state,
                                                       const ConstField<XFace>& mass_flux_x,
                                                       const ConstField<YFace>& mass_flux_y,
                                                       const ConstField<Corner>& pv, int n_k, const Field<XFace>& du_dt,
                                                       const Field<YFace>& dv_dt);

}  // namespace meridian
