#include "dycore/vorticity.hpp"

namespace meridian {

namespace {

using PoleValues = Kokkos::View<Real* [2], Kokkos::LayoutRight, DeviceMemory>;
using PoleSums = Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory>;

/// Sums of u and mass over one filter block of the row beside a pole.
struct RowSums {
  ConstField<XFace> u;
  ConstField<Cell> mass;
  int length, ny;
  struct Sums {
    double u = 0, mass = 0;
  };
  KOKKOS_FORCEINLINE_FUNCTION Sums of_block(int k, int pole, int b) const {
    const int row = pole == 0 ? 0 : ny - 1;
    Sums sums;
    for (int l = 0; l < length; ++l) {
      sums.u += u(k, row, b * length + l);
      sums.mass += mass(k, row, b * length + l);
    }
    return sums;
  }
};

/// The vorticity of a pole from the sums of its row.
struct PoleValue {
  ConstField<CornerSurface> coriolis;
  RowValues dx;
  int ny, n_lon;
  double per_area_south;
  PoleValues values;
  PoleSums zeta;
  KOKKOS_FORCEINLINE_FUNCTION void set(int k, int pole, const RowSums::Sums& sums) const {
    const double relative = (pole == 0 ? per_area_south : -per_area_south) * sums.u * dx(pole == 0 ? 0 : ny - 1);
    zeta(k, pole) = relative;
    values(k, pole) = static_cast<Real>((coriolis(0, pole == 0 ? 0 : ny, 0) + relative) / (sums.mass / n_lon));
  }
};

/// Which poles this block has: pole 0 is the southern one.
struct OwnPoles {
  bool south, north;
  KOKKOS_FORCEINLINE_FUNCTION bool operator()(int pole) const { return pole == 0 ? south : north; }
};

/// The whole circle on this rank: its blocks one after the other.
void compute_poles_alone(const RowSums& row, const PoleValue& value, const OwnPoles& owned, int n_k, int n_blocks) {
  for_range(
      "dycore/pole_vorticity", n_k * 2, KOKKOS_LAMBDA(int item) {
        const int k = item / 2, pole = item % 2;
        if (!owned(pole)) return;
        RowSums::Sums sums;
        for (int b = 0; b < n_blocks; ++b) {
          const RowSums::Sums of_block = row.of_block(k, pole, b);
          sums.u += of_block.u;
          sums.mass += of_block.mass;
        }
        value.set(k, pole, sums);
      });
}

/// Items (k, pole), words (u, mass) of each of this rank's blocks.
void sum_blocks_beside_poles(const RowSums& row, const OwnPoles& owned, int n_k, int my_blocks,
                             const Array1<double>& partial) {
  for_range(
      "dycore/sum_blocks_beside_poles", n_k * 2 * my_blocks, KOKKOS_LAMBDA(int n) {
        const int b = n % my_blocks, pole = n / my_blocks % 2, k = n / my_blocks / 2;
        const RowSums::Sums sums = owned(pole) ? row.of_block(k, pole, b) : RowSums::Sums();
        partial(2 * n) = sums.u;
        partial(2 * n + 1) = sums.mass;
      });
}

void finish_poles(const PoleValue& value, const OwnPoles& owned, int n_k, int n_blocks, const Array1<double>& partial) {
  for_range(
      "dycore/finish_poles", n_k * 2, KOKKOS_LAMBDA(int item) {
        const int k = item / 2, pole = item % 2;
        if (!owned(pole)) return;
        RowSums::Sums sums;
        for (int b = 0; b < n_blocks; ++b) {
          sums.u += partial(2 * (item * n_blocks + b));
          sums.mass += partial(2 * (item * n_blocks + b) + 1);
        }
        value.set(k, pole, sums);
      });
}

/// Kinetic energy of a cell: [(u_W^2 + u_E^2) dx dy + v_S^2 dx_S dy + v_N^2 dx_N dy] / (4 area) [m2 s-2].
struct KineticEnergy {
  RowValues weight_u, weight_south, weight_north;
  KOKKOS_FORCEINLINE_FUNCTION Real operator()(const ConstField<XFace>& u, const ConstField<YFace>& v, int k, int j,
                                              int i) const {
    const Real west = u(k, j, i), east = u(k, j, i + 1), south = v(k, j, i), north = v(k, j + 1, i);
    return weight_u(j) * (west * west + east * east) +
           (weight_south(j) * (south * south) + weight_north(j) * (north * north));
  }
};

}  // namespace

PoleVorticity::PoleVorticity(const Grid& grid, const Field<CornerSurface>& coriolis, int n_k)
    : ring_(grid.block), coriolis_(coriolis), values_("pole_vorticity", n_k), zeta_("pole_zeta", n_k) {}

void PoleVorticity::compute(const Grid& grid, const State& state, int n_k) {
  const Block& block = grid.block;
  const OwnPoles owned{block.at_south_pole(), block.at_north_pole()};
  if (!owned.south && !owned.north) return;
  const RowSums row{state.u, state.mass, block.filter_block, block.ny};
  const PoleValue value{
      coriolis_, grid.metrics.dx_at_cell, block.ny, block.n_lon, -1.0 / grid.metrics.area_of_pole, values_, zeta_};
  if (block.layout.ranks_lon == 1) {
    ring_.count_gather(n_k * 2, 2);
    return compute_poles_alone(row, value, owned, n_k, ring_.blocks());
  }
  sum_blocks_beside_poles(row, owned, n_k, ring_.my_blocks(), ring_.mine(n_k * 2, 2));
  finish_poles(value, owned, n_k, ring_.blocks(), ring_.gather(n_k * 2, 2));
}

namespace {

template <bool heat>
void compute_fluxes_and_vorticity(const Grid& grid, const RowFactors& factors, const State& state,
                                  const ConstField<CornerSurface>& coriolis, const PoleVorticity& poles, int k_first,
                                  const Box& box, const SlowWork& work) {
  const MassFlux flux(grid, state);
  const Metrics metrics = grid.metrics;
  const RowValues north_weight = factors.north_weight_at_corner;
  const Block& block = grid.block;
  const PoleValues at_poles = poles.values();
  const int south_row = block.at_south_pole() ? 0 : -1000, north_row = block.at_north_pole() ? block.ny : -1000;
  const SlowWork to = work;
  for_each(
      {"dycore/compute_fluxes_and_potential_vorticity", (heat ? 4 : 3) + 1.0 / box.k_end, heat ? 4.0 : 3.0}, box,
      KOKKOS_LAMBDA(int k, int j, int i) {
        const Real zeta = curl_at_corner(metrics, flux.u, flux.v, k, j, i);
        const Real north = north_weight(j), m = flux.mass(k, j, i);
        const Real vertex_mass = north * (m + flux.mass(k, j, i - 1)) +
                                 (Real(0.5) - north) * (flux.mass(k, j - 1, i) + flux.mass(k, j - 1, i - 1));
        // At the poles the curl is 0; their value goes in by factors of 0 and 1, for a branch would stop vectorisation.
        const Real is_south = j == south_row ? 1 : 0, is_north = j == north_row ? 1 : 0;
        to.pv(k, j, i) = (1 - is_south - is_north) * ((coriolis(0, j, i) + zeta) / vertex_mass) +
                         (is_south * at_poles(k_first + k, 0) + is_north * at_poles(k_first + k, 1));
        to.mass_flux_x(k, j, i) = flux.x(m, k, j, i);
        to.mass_flux_y(k, j, i) = flux.y(m, k, j, i);
        if constexpr (heat) to.thv(k, j, i) = flux.theta(k, j, i) / m;
      });
}

}  // namespace

void compute_fluxes_and_potential_vorticity(const Grid& grid, const RowFactors& factors, const State& state,
                                            const ConstField<CornerSurface>& coriolis, const PoleVorticity& poles,
                                            int k_first, const Box& box, const SlowWork& work) {
  if (state.theta.exists()) {
    compute_fluxes_and_vorticity<true>(grid, factors, state, coriolis, poles, k_first, box, work);
  } else {
    compute_fluxes_and_vorticity<false>(grid, factors, state, coriolis, poles, k_first, box, work);
  }
}

void compute_face_vorticity(const Grid& grid, const ConstField<Corner>& pv, const ConstField<XFace>& mass_flux_x,
                            const ConstField<YFace>& mass_flux_y, int n_k, const Field<XFace>& pv_x,
                            const Field<YFace>& pv_y) {
  const Block& block = grid.block;
  const Box box{0, n_k, -1, block.ny + 1, -1, block.nx + 1};
  const ConstField<XFace> fx = mass_flux_x;
  const ConstField<YFace> fy = mass_flux_y;
  const RowValues cos_at_cell = grid.metrics.cos_at_cell, cos_at_yface = grid.metrics.cos_at_yface;
  for_each(
      {"dycore/compute_face_vorticity", 3, 2}, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const Real c = pv(k, j, i);
        const Real northward = (fy(k, j, i) + fy(k, j, i - 1)) + (fy(k, j + 1, i) + fy(k, j + 1, i - 1));
        const Real eastward = (fx(k, j, i) + fx(k, j - 1, i)) + (fx(k, j, i + 1) + fx(k, j - 1, i + 1));
        pv_x(k, j, i) = face_value_of_order_5(upwind_bias(northward, 4 * cos_at_cell(j) * fx(k, j, i)), pv(k, j - 2, i),
                                              pv(k, j - 1, i), c, pv(k, j + 1, i), pv(k, j + 2, i), pv(k, j + 3, i));
        pv_y(k, j, i) = face_value_of_order_5(upwind_bias(cos_at_yface(j) * eastward, 4 * fy(k, j, i)), pv(k, j, i - 2),
                                              pv(k, j, i - 1), c, pv(k, j, i + 1), pv(k, j, i + 2), pv(k, j, i + 3));
      });
}

namespace {

template <bool heat>
void compute_all_slow_tendencies(const Grid& grid, const RowFactors& factors, const State& state, const SlowWork& work,
                                 const Continuity& continuity, int n_k, const Field<XFace>& du_dt,
                                 const Field<YFace>& dv_dt) {
  const ConstField<XFace> u = state.u;
  const ConstField<YFace> v = state.v;
  const KineticEnergy kinetic{factors.ke_u, factors.ke_v_south, factors.ke_v_north};
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const Real inverse_dy = Real(1) / grid.metrics.dy;
  const ConstField<XFace> fx = work.mass_flux_x, pv_x = work.pv_x;
  const ConstField<YFace> fy = work.mass_flux_y, pv_y = work.pv_y;
  const Continuity c = continuity;
  for_each(
      {"dycore/compute_slow_tendencies", heat ? 7.0 : 6.0, heat ? 4.0 : 3.0}, grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) {
        const Real here = kinetic(u, v, k, j, i);
        const Real qu = pv_x(k, j, i);
        const Real qv = pv_y(k, j, i);
        const Real northward =
            ((qu + qv) * fy(k, j, i) + (qu + pv_y(k, j, i - 1)) * fy(k, j, i - 1)) +
            ((qu + pv_y(k, j + 1, i)) * fy(k, j + 1, i) + (qu + pv_y(k, j + 1, i - 1)) * fy(k, j + 1, i - 1));
        const Real eastward =
            ((qv + qu) * fx(k, j, i) + (qv + pv_x(k, j, i + 1)) * fx(k, j, i + 1)) +
            ((qv + pv_x(k, j - 1, i)) * fx(k, j - 1, i) + (qv + pv_x(k, j - 1, i + 1)) * fx(k, j - 1, i + 1));
        du_dt(k, j, i) = inverse_dx(j) * (Real(0.125) * northward - (here - kinetic(u, v, k, j, i - 1)));
        dv_dt(k, j, i) = -inverse_dy * (Real(0.125) * eastward + (here - kinetic(u, v, k, j - 1, i)));
        c.template set<heat>(k, j, i);
      });
}

}  // namespace

void compute_slow_tendencies(const Grid& grid, const RowFactors& factors, const State& state, const SlowWork& work,
                             const Continuity& continuity, int n_k, const Field<XFace>& du_dt,
                             const Field<YFace>& dv_dt) {
  if (state.theta.exists()) {
    compute_all_slow_tendencies<true>(grid, factors, state, work, continuity, n_k, du_dt, dv_dt);
  } else {
    compute_all_slow_tendencies<false>(grid, factors, state, work, continuity, n_k, du_dt, dv_dt);
  }
}

void compute_centred_vorticity_flux_and_kinetic_energy(VorticityScheme scheme, const Grid& grid,
                                                       const RowFactors& factors, const State& state,
                                                       const ConstField<XFace>& mass_flux_x,
                                                       const ConstField<YFace>& mass_flux_y,
                                                       const ConstField<Corner>& pv, int n_k, const Field<XFace>& du_dt,
                                                       const Field<YFace>& dv_dt) {
  const ConstField<XFace> u = state.u;
  const ConstField<YFace> v = state.v;
  const KineticEnergy kinetic{factors.ke_u, factors.ke_v_south, factors.ke_v_north};
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const Real inverse_dy = Real(1) / grid.metrics.dy;
  const ConstField<XFace> fx = mass_flux_x;
  const ConstField<YFace> fy = mass_flux_y;
  // A triad of vertices weighs each flux: 1/12 of three vertices ('een'), or 1/4 of the shared vertex ('sen').
  const Real shared = scheme == VorticityScheme::een ? Real(1) / 12 : Real(1) / 4;
  const Real others = scheme == VorticityScheme::een ? Real(1) / 12 : Real(0);
  for_each(
      {"dycore/compute_centred_vorticity_flux", 5, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real q = pv(k, j, i), qn = pv(k, j + 1, i), qe = pv(k, j, i + 1), qw = pv(k, j, i - 1);
        const Real qs = pv(k, j - 1, i), qne = pv(k, j + 1, i + 1), qnw = pv(k, j + 1, i - 1),
                   qse = pv(k, j - 1, i + 1);
        const Real northward =
            ((shared * q + others * (qn + qe)) * fy(k, j, i) + (shared * q + others * (qn + qw)) * fy(k, j, i - 1)) +
            ((shared * qn + others * (q + qne)) * fy(k, j + 1, i) +
             (shared * qn + others * (q + qnw)) * fy(k, j + 1, i - 1));
        const Real eastward =
            ((shared * q + others * (qn + qe)) * fx(k, j, i) + (shared * qe + others * (qne + q)) * fx(k, j, i + 1)) +
            ((shared * q + others * (qs + qe)) * fx(k, j - 1, i) +
             (shared * qe + others * (qse + q)) * fx(k, j - 1, i + 1));
        const Real here = kinetic(u, v, k, j, i);
        du_dt(k, j, i) = inverse_dx(j) * (northward - (here - kinetic(u, v, k, j, i - 1)));
        dv_dt(k, j, i) = -inverse_dy * (eastward + (here - kinetic(u, v, k, j - 1, i)));
      });
}

}  // namespace meridian
