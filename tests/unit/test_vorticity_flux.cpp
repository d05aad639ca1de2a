// The flux of potential vorticity must not let short waves grow in a uniform current.

#include <gtest/gtest.h>

#include <cmath>

#include "dycore/vorticity.hpp"
#include "grid/halo.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

/// A shell of uniform depth without rotation under a current (U, V) cos(latitude), around the equator of 96 x 48 cells.
class Current {
 public:
  Current(double U, double V)
      : grid_(make_block(96, 48, {1, 1}, MPI_COMM_SELF), planet(), single_layer()),
        halo_(grid_.block),
        factors_(grid_),
        poles_(grid_, coriolis_, 1),
        U_(U),
        V_(V),
        without_(tendency_of_vorticity([](int, int) { return 0.0; })) {}

  /// Growth rate [s-1] of the enstrophy of a wave cos(k i + l j) in the currents: the part of its vorticity's tendency that
  /// projects on it, without what the current does by itself.
  double growth(double k, double l) {
    const auto wave = vorticity_of([&](int j, int i) { return stream(k, l, j, i); }, 0);
    const auto with = tendency_of_vorticity([&](int j, int i) { return stream(k, l, j, i); });
    double product = 0, square = 0;
    for (std::size_t n = 0; n < wave.size(); ++n) {
      product += wave[n] * (with[n] - without_[n]);
      square += wave[n] * wave[n];
    }
    return product / square;
  }
  double spacing() const { return grid_.planet.radius_m * grid_.dl(); }

 private:
  using Stream = std::function<double(int j, int i)>;  // [m2 s-1] at corners

  static Planet planet() {
    Planet planet;
    planet.rotation_rate_per_s = 0;
    return planet;
  }
  /// Twelve rows wide around the equator.
  double stream(double k, double l, int j, int i) const {
    const double rows = (j - 24) / 6.0;
    return 1e-3 * spacing() * std::exp(-rows * rows) * std::cos(k * i + l * j);
  }
  /// Wind of the stream function and of 'current' times the current.
  void set_wind(const Stream& psi, double current) {
    const auto u = Kokkos::create_mirror_view(state_.u.data());
    const auto v = Kokkos::create_mirror_view(state_.v.data());
    const double dy = grid_.metrics.dy;
    for (int j = 0; j < 48; ++j) {
      for (int i = 0; i < 96; ++i) {
        const double dx = spacing() * std::cos(grid_.latitude_of_yface(j));
        u(0, j + halo_width, i + halo_width) =
            static_cast<Real>(current * U_ * std::cos(grid_.latitude_of_cell(j)) - (psi(j + 1, i) - psi(j, i)) / dy);
        v(0, j + halo_width, i + halo_width) = static_cast<Real>(
            j == 0 ? 0 : current * V_ * std::cos(grid_.latitude_of_yface(j)) + (psi(j, i + 1) - psi(j, i)) / dx);
      }
    }
    Kokkos::deep_copy(state_.u.data(), u);
    Kokkos::deep_copy(state_.v.data(), v);
    Kokkos::deep_copy(state_.mass.data(), Real(1000));
    halo_.exchange({state_.mass, state_.u, state_.v});
  }
  /// Vorticity [s-1, or s-2 of tendencies] at the corners of rows 4 to 44.
  std::vector<double> vorticity(const Array3<Real>& u_data, const Array3<Real>& v_data) const {
    const auto u = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), u_data);
    const auto v = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), v_data);
    std::vector<double> zeta;
    for (int j = 4; j < 44; ++j) {
      for (int i = 0; i < 96; ++i) {
        const int row = j + halo_width, column = i + halo_width, west = (i + 95) % 96 + halo_width;
        const double dx = spacing() * std::cos(grid_.latitude_of_yface(j));
        zeta.push_back((double(v(0, row, column)) - v(0, row, west)) / dx -
                       (double(u(0, row, column)) - u(0, row - 1, column)) / grid_.metrics.dy);
      }
    }
    return zeta;
  }
  std::vector<double> vorticity_of(const Stream& psi, double current) {
    set_wind(psi, current);
    return vorticity(state_.u.data(), state_.v.data());
  }
  std::vector<double> tendency_of_vorticity(const Stream& psi) {
    set_wind(psi, 1);
    const Block& block = grid_.block;
    poles_.compute(grid_, state_, 1);
    compute_fluxes_and_potential_vorticity(grid_, factors_, state_, coriolis_, poles_, 0, box_of_fluxes(block, 1),
                                           work_);
    compute_face_vorticity(grid_, work_.pv, work_.mass_flux_x, work_.mass_flux_y, 1, work_.pv_x, work_.pv_y);
    const auto mass_tendency = make_field<Cell>("dm", block, 1);
    const auto du = make_field<XFace>("du", block, 1);
    const auto dv = make_field<YFace>("dv", block, 1);
    compute_slow_tendencies(
        grid_, factors_, state_, work_,
        {grid_.metrics.inverse_area_at_cell, work_.mass_flux_x, work_.mass_flux_y, {}, mass_tendency, {}}, 1, du, dv);
    return vorticity(du.data(), dv.data());
  }

  Grid grid_;
  Halo halo_;
  RowFactors factors_;
  Field<CornerSurface> coriolis_ = make_field<CornerSurface>("f", grid_.block, 1);
  PoleVorticity poles_;
  double U_, V_;
  State state_{make_field<Cell>("h", grid_.block, 1),
               {},
               make_field<XFace>("u", grid_.block, 1),
               make_field<YFace>("v", grid_.block, 1)};
  SlowWork work_{make_field<XFace>("fx", grid_.block, 1),   make_field<YFace>("fy", grid_.block, 1),
                 make_field<Cell>("thv", grid_.block, 1),   make_field<Corner>("pv", grid_.block, 1),
                 make_field<XFace>("pv_x", grid_.block, 1), make_field<YFace>("pv_y", grid_.block, 1)};
  std::vector<double> without_;  // tendency of vorticity of the current by itself
};

/// Largest growth of many waves, times spacing over wind.
double largest_growth(double U, double V) {
  Current current(U, V);
  double largest = -1e30;
  for (int k = 1; k < 16; ++k) {
    for (int l = -15; l < 16; ++l) largest = std::max(largest, current.growth(k * pi / 16, l * pi / 16));
  }
  return largest * current.spacing() / std::hypot(U, V);
}

TEST(VorticityFlux, lets_no_short_wave_grow_in_a_current_of_any_direction) {
  for (const auto& [U, V] : {std::pair(10., 0.), {10., 0.1}, {10., 1.}, {10., 3.}, {10., 10.}, {3., 10.}, {-10., 1.}}) {
    EXPECT_LT(largest_growth(U, V), 3e-4) << "current " << U << ' ' << V;
  }
}

}  // namespace
}  // namespace meridian
