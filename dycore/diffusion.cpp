#include "dycore/diffusion.hpp"

namespace meridian {

void compute_relative_vorticity(const Grid& grid, const ConstField<XFace>& u, const ConstField<YFace>& v,
                                const Kokkos::View<double* [2], Kokkos::LayoutRight, DeviceMemory>& poles, int n_k,
                                const Field<Corner>& zeta) {
  const Metrics metrics = grid.metrics;
  const Block& block = grid.block;
  const int south_row = block.at_south_pole() ? 0 : -1000;
  const int north_row = block.at_north_pole() ? block.ny : -1000;
  const Box box{0, n_k, -1, block.ny + 2, -1, block.nx + 2};
  for_each(
      "dycore/compute_relative_vorticity", box, KOKKOS_LAMBDA(int k, int j, int i) {
        const Real inner = curl_at_corner(metrics, u, v, k, j, i);
        zeta(k, j, i) = j == south_row   ? static_cast<Real>(poles(k, 0))
                        : j == north_row ? static_cast<Real>(poles(k, 1))
                                         : inner;
      });
}

void add_wind_laplacian(const Grid& grid, const ConstField<Cell>& divergence, const ConstField<Corner>& zeta,
                        Real coefficient, const Array1<Real>& weights, int n_k, const Field<XFace>& du_dt,
                        const Field<YFace>& dv_dt) {
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const Real inverse_dy = Real(1) / grid.metrics.dy;
  const RowValues inverse_dx_at_yface = grid.metrics.dx_at_yface;
  for_each(
      "dycore/add_wind_laplacian", grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real nu = coefficient * weights(k);
        const Real dx_face = inverse_dx_at_yface(j);
        const Real per_dx = dx_face != 0 ? Real(1) / dx_face : Real(0);
        du_dt(k, j, i) += nu * (inverse_dx(j) * (divergence(k, j, i) - divergence(k, j, i - 1)) -
                                inverse_dy * (zeta(k, j + 1, i) - zeta(k, j, i)));
        dv_dt(k, j, i) += nu * (inverse_dy * (divergence(k, j, i) - divergence(k, j - 1, i)) +
                                per_dx * (zeta(k, j, i + 1) - zeta(k, j, i)));
      });
}

void add_laplacian(const Grid& grid, const RowFactors& factors, const ConstField<Cell>& f, Real nu, int n_k,
                   const Field<Cell>& tendency) {
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const RowValues south = factors.lap_south, north = factors.lap_north;
  for_each(
      "dycore/add_laplacian", grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real here = f(k, j, i);
        const Real zonal = inverse_dx(j) * inverse_dx(j) * ((f(k, j, i + 1) - here) - (here - f(k, j, i - 1)));
        tendency(k, j, i) += nu * (zonal + (north(j) * (f(k, j + 1, i) - here) - south(j) * (here - f(k, j - 1, i))));
      });
}

}  // namespace meridian
