#include "dycore/vorticity.hpp"

namespace meridian {

namespace {

using PoleValues = Kokkos::View<Real* [2], Kokkos::LayoutRight, DeviceMemory>;
using PoleSums = Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory>;

/// Sums of u and mass along the row beside a pole, per filter block: items (k, pole), words (u, mass).
void sum_blocks_beside_poles(const Block& block, const State& state, int n_k, int my_blocks,
                             const Array1<double>& partial) {
  const ConstField<XFace> u = state.u;
  const ConstField<Cell> mass = state.mass;
  const int length = block.filter_block;
  const int rows[2] = {0, block.ny - 1};
  const bool owned[2] = {block.at_south_pole(), block.at_north_pole()};
  for_range(
      "dycore/sum_blocks_beside_poles", n_k * 2 * my_blocks, KOKKOS_LAMBDA(int n) {
        const int b = n % my_blocks;
        const int pole = n / my_blocks % 2;
        const int k = n / my_blocks / 2;
        double sum_u = 0, sum_mass = 0;
        if (owned[pole]) {
          for (int l = 0; l < length; ++l) {
            sum_u += u(k, rows[pole], b * length + l);
            sum_mass += mass(k, rows[pole], b * length + l);
          }
        }
        partial(2 * n) = sum_u;
        partial(2 * n + 1) = sum_mass;
      });
}

void finish_poles(const Grid& grid, const ConstField<CornerSurface>& coriolis, int n_k, int n_blocks,
                  const Array1<double>& sums, const PoleValues& values, const PoleSums& zeta) {
  const int ny = grid.block.ny;
  const int n_lon = grid.block.n_lon;
  const double per_area_south = -1.0 / grid.metrics.area_of_pole;
  const RowValues dx = grid.metrics.dx_at_cell;
  const bool owned[2] = {grid.block.at_south_pole(), grid.block.at_north_pole()};
  for_range(
      "dycore/finish_poles", n_k * 2, KOKKOS_LAMBDA(int item) {
        const int k = item / 2;
        const int pole = item % 2;
        if (!owned[pole]) return;
        double sum_u = 0, sum_mass = 0;
        for (int b = 0; b < n_blocks; ++b) {
          sum_u += sums(2 * (item * n_blocks + b));
          sum_mass += sums(2 * (item * n_blocks + b) + 1);
        }
        const double relative = (pole == 0 ? per_area_south : -per_area_south) * sum_u * dx(pole == 0 ? 0 : ny - 1);
        zeta(k, pole) = relative;
        values(k, pole) = static_cast<Real>((coriolis(0, pole == 0 ? 0 : ny, 0) + relative) / (sum_mass / n_lon));
      });
}

/// Writes the pole's value into the row of corners at a pole, halo columns included.
void fill_pole_row(const Block& block, const PoleValues& values, int pole, int k_first, int n_k,
                   const Field<Corner>& pv) {
  const int row = pole == 0 ? 0 : block.ny;
  const Box box{0, n_k, row, row + 1, -halo_width + 1, block.nx + halo_width};
  for_each(
      "dycore/fill_pole_row", box, KOKKOS_LAMBDA(int k, int j, int i) { pv(k, j, i) = values(k + k_first, pole); });
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
  if (!grid.block.at_south_pole() && !grid.block.at_north_pole()) return;
  sum_blocks_beside_poles(grid.block, state, n_k, ring_.my_blocks(), ring_.mine(n_k * 2, 2));
  finish_poles(grid, coriolis_, n_k, ring_.blocks(), ring_.gather(n_k * 2, 2), values_, zeta_);
}

void compute_potential_vorticity(const Grid& grid, const RowFactors& factors, const State& state,
                                 const ConstField<CornerSurface>& coriolis, const PoleVorticity& poles, int k_first,
                                 int n_k, const Field<Corner>& pv) {
  const ConstField<Cell> mass = state.mass;
  const ConstField<XFace> u = state.u;
  const ConstField<YFace> v = state.v;
  const Metrics metrics = grid.metrics;
  const RowValues north_weight = factors.north_weight_at_corner;
  const Block& block = grid.block;
  const Box box{0, n_k, -halo_width + 1, block.ny + halo_width, -halo_width + 1, block.nx + halo_width};
  for_each(
      {"dycore/compute_potential_vorticity", 3 + 1.0 / n_k, 1}, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const Real zeta = curl_at_corner(metrics, u, v, k, j, i);
        const Real north = north_weight(j);
        const Real vertex_mass = north * (mass(k, j, i) + mass(k, j, i - 1)) +
                                 (Real(0.5) - north) * (mass(k, j - 1, i) + mass(k, j - 1, i - 1));
        pv(k, j, i) = (coriolis(0, j, i) + zeta) / vertex_mass;
      });
  if (block.at_south_pole()) fill_pole_row(block, poles.values(), 0, k_first, n_k, pv);
  if (block.at_north_pole()) fill_pole_row(block, poles.values(), 1, k_first, n_k, pv);
}

void compute_face_vorticity(const Grid& grid, const ConstField<Corner>& pv, const ConstField<XFace>& mass_flux_x,
                            const ConstField<YFace>& mass_flux_y, int n_k, const Field<XFace>& pv_x,
                            const Field<YFace>& pv_y) {
  const Block& block = grid.block;
  const Box box{0, n_k, -1, block.ny + 1, -1, block.nx + 1};
  const ConstField<XFace> fx = mass_flux_x;
  const ConstField<YFace> fy = mass_flux_y;
  for_each(
      {"dycore/compute_face_vorticity", 3, 2}, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const Real c = pv(k, j, i);
        const Real northward = (fy(k, j, i) + fy(k, j, i - 1)) + (fy(k, j + 1, i) + fy(k, j + 1, i - 1));
        const Real eastward = (fx(k, j, i) + fx(k, j - 1, i)) + (fx(k, j, i + 1) + fx(k, j - 1, i + 1));
        pv_x(k, j, i) = face_value_of_order_5(sign_of(northward), pv(k, j - 2, i), pv(k, j - 1, i), c, pv(k, j + 1, i),
                                              pv(k, j + 2, i), pv(k, j + 3, i));
        pv_y(k, j, i) = face_value_of_order_5(sign_of(eastward), pv(k, j, i - 2), pv(k, j, i - 1), c, pv(k, j, i + 1),
                                              pv(k, j, i + 2), pv(k, j, i + 3));
      });
}

void compute_vorticity_flux_and_kinetic_energy(const Grid& grid, const RowFactors& factors, const State& state,
                                               const ConstField<XFace>& mass_flux_x,
                                               const ConstField<YFace>& mass_flux_y, const ConstField<XFace>& pv_x,
                                               const ConstField<YFace>& pv_y, int n_k, const Field<XFace>& du_dt,
                                               const Field<YFace>& dv_dt) {
  const ConstField<XFace> u = state.u;
  const ConstField<YFace> v = state.v;
  const KineticEnergy kinetic{factors.ke_u, factors.ke_v_south, factors.ke_v_north};
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const Real inverse_dy = Real(1) / grid.metrics.dy;
  const ConstField<XFace> fx = mass_flux_x;
  const ConstField<YFace> fy = mass_flux_y;
  for_each(
      {"dycore/compute_vorticity_flux_and_kinetic_energy", 6, 2}, grid.block.cells(n_k),
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
      });
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
