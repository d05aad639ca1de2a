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
      {"dycore/compute_relative_vorticity", 2, 1}, box, KOKKOS_LAMBDA(int k, int j, int i) {
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
      {"dycore/add_wind_laplacian", 4, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real nu = coefficient * weights(k);
        const Real dx_face = inverse_dx_at_yface(j);
        const Real per_dx = dx_face != 0 ? Real(1) / dx_face : Real(0);
        du_dt(k, j, i) += nu * (inverse_dx(j) * (divergence(k, j, i) - divergence(k, j, i - 1)) -
                                inverse_dy * (zeta(k, j + 1, i) - zeta(k, j, i)));
        dv_dt(k, j, i) += nu * (inverse_dy * (divergence(k, j, i) - divergence(k, j - 1, i)) +
                                per_dx * (zeta(k, j, i + 1) - zeta(k, j, i)));
      });
}

namespace {

/// Laplacian of f(j, i) [per m2] with true spacing.
template <class F>
KOKKOS_FORCEINLINE_FUNCTION Real laplacian_of(const F& f, Real inverse_dx, Real south, Real north, int j, int i) {
  const Real here = f(j, i);
  const Real zonal = inverse_dx * inverse_dx * ((f(j, i + 1) - here) - (here - f(j, i - 1)));
  return zonal + (north * (f(j + 1, i) - here) - south * (here - f(j - 1, i)));
}

}  // namespace

void add_temperature_laplacian(const Grid& grid, const RowFactors& factors, const ConstField<Cell>& mass,
                               const ConstField<Cell>& theta, const ConstField<CellInterface>& exner, Real nu, int n_k,
                               const Field<Cell>& tendency) {
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const RowValues south = factors.lap_south, north = factors.lap_north;
  for_each(
      {"dycore/add_temperature_laplacian", 4, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const auto Pi = [&](int jj, int ii) { return Real(0.5) * (exner(k, jj, ii) + exner(k + 1, jj, ii)); };
        const auto T = [&](int jj, int ii) { return theta(k, jj, ii) * Pi(jj, ii); };
        tendency(k, j, i) += nu * mass(k, j, i) / Pi(j, i) * laplacian_of(T, inverse_dx(j), south(j), north(j), j, i);
      });
}

void add_laplacian(const Grid& grid, const RowFactors& factors, const ConstField<Cell>& f, Real nu, int n_k,
                   const Field<Cell>& tendency) {
  const RowValues inverse_dx = grid.metrics.inverse_dx_at_cell;
  const RowValues south = factors.lap_south, north = factors.lap_north;
  for_each(
      {"dycore/add_laplacian", 2, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const auto at = [&](int jj, int ii) { return f(k, jj, ii); };
        tendency(k, j, i) += nu * laplacian_of(at, inverse_dx(j), south(j), north(j), j, i);
      });
}

}  // namespace meridian
