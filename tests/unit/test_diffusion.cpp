#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "dycore/diffusion.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

/// Degree and Legendre polynomial P_4 of sin(latitude), with its derivative by latitude.
constexpr int degree = 4;
double p4(double lat) {
  const double s = std::sin(lat);
  return (35 * s * s * s * s - 30 * s * s + 3) / 8;
}
double dp4(double lat) {
  const double s = std::sin(lat);
  return (140 * s * s * s - 60 * s) / 8 * std::cos(lat);
}

struct Wind {
  Grid grid;
  RowFactors factors;
  Field<XFace> u, du;
  Field<YFace> v, dv;
  Field<Cell> divergence, laplacian;
  Field<Corner> zeta;

  explicit Wind(int n_lon)
      : grid(test::alone(n_lon, n_lon / 2), Planet(), single_layer()),
        factors(grid),
        u(make_field<XFace>("u", grid.block, 1)),
        du(make_field<XFace>("du", grid.block, 1)),
        v(make_field<YFace>("v", grid.block, 1)),
        dv(make_field<YFace>("dv", grid.block, 1)),
        divergence(make_field<Cell>("divergence", grid.block, 1)),
        laplacian(make_field<Cell>("laplacian", grid.block, 1)),
        zeta(make_field<Corner>("zeta", grid.block, 1)) {}

  /// u(latitude) [m s-1] on xfaces, v(latitude) on yfaces.
  void set(const std::function<double(double)>& zonal, const std::function<double(double)>& meridional) {
    const auto u_host = Kokkos::create_mirror_view(u.data());
    const auto v_host = Kokkos::create_mirror_view(v.data());
    for (int j = 0; j < grid.block.ny; ++j) {
      for (int i = 0; i < grid.block.nx; ++i) {
        u_host(0, j + halo_width, i + halo_width) = static_cast<Real>(zonal(grid.latitude_of_cell(j)));
        v_host(0, j + halo_width, i + halo_width) =
            static_cast<Real>(j == 0 ? 0 : meridional(grid.latitude_of_yface(j)));
      }
    }
    Kokkos::deep_copy(u.data(), u_host);
    Kokkos::deep_copy(v.data(), v_host);
    Halo(grid.block).exchange({u, v});
  }
  double value(const Field<Cell>& field, int j) const {
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), field.data())(0, j + halo_width, halo_width);
  }
};

/// Largest relative error of the decay rate of the divergence of grad P_4, over rows where P_4 is not small.
double error_of_divergence_damping(int n_lon) {
  Wind wind(n_lon);
  wind.set([](double) { return 0.0; }, dp4);
  compute_divergence(wind.grid, {wind.grid, wind.u, wind.v}, 1, 2, wind.divergence);
  compute_reference_laplacian(wind.grid, wind.factors, {wind.grid, wind.u, wind.v}, 1, wind.laplacian);
  Kokkos::deep_copy(wind.du.data(), Real(0));
  Kokkos::deep_copy(wind.dv.data(), Real(0));
  const double nu = 1e18;  // m4 s-1
  add_gradient(wind.grid, wind.laplacian, static_cast<Real>(-nu), 1, wind.du, wind.dv);
  Kokkos::deep_copy(wind.u.data(), wind.du.data());
  Kokkos::deep_copy(wind.v.data(), wind.dv.data());
  Halo(wind.grid.block).exchange({wind.u, wind.v});
  const Field<Cell> change = wind.laplacian;
  compute_divergence(wind.grid, {wind.grid, wind.u, wind.v}, 1, 0, change);
  const double a = wind.grid.planet.radius_m;
  const double rate = -nu * std::pow(degree * (degree + 1) / (a * a), 2);
  double largest = 0;
  for (int j = 0; j < wind.grid.block.ny; ++j) {
    if (std::abs(p4(wind.grid.latitude_of_cell(j))) < 0.3) continue;
    largest = std::max(largest, std::abs(wind.value(change, j) / wind.value(wind.divergence, j) / rate - 1));
  }
  return largest;
}

TEST(Diffusion, divergence_is_damped_at_the_rate_of_the_bilaplacian) {
  const double coarse = error_of_divergence_damping(48), fine = error_of_divergence_damping(96);
  EXPECT_LT(fine, 0.02);
  EXPECT_GE(std::log2(coarse / fine), sizeof(Real) == 8 ? 1.9 : 1.8);  // four differences of single precision: 1.899
}

/// Tendency of viscosity on a zonal flow whose vorticity is P_4: root mean square error by area. (In the two rows beside a
/// pole, whose cells are triangles, every difference of this grid is first order; docs/numerics/dynamics.md.)
double error_of_viscosity(int n_lon) {
  Wind wind(n_lon);
  const double nu = 1e5;
  wind.set([](double lat) { return -dp4(lat); }, [](double) { return 0.0; });
  PoleVorticity poles(wind.grid, make_field<CornerSurface>("coriolis", wind.grid.block, 1), 1);
  const Field<Cell> mass = make_field<Cell>("mass", wind.grid.block, 1);
  Kokkos::deep_copy(mass.data(), Real(1));
  poles.compute(wind.grid, {mass, {}, wind.u, wind.v}, 1);
  compute_divergence(wind.grid, {wind.grid, wind.u, wind.v}, 1, 2, wind.divergence);
  compute_relative_vorticity(wind.grid, wind.u, wind.v, poles.relative_vorticity(), 1, wind.zeta);
  Kokkos::deep_copy(wind.du.data(), Real(0));
  Kokkos::deep_copy(wind.dv.data(), Real(0));
  Array1<Real> weights("weights", 1);
  Kokkos::deep_copy(weights, Real(1));
  add_wind_laplacian(wind.grid, wind.divergence, wind.zeta, static_cast<Real>(nu), weights, 1, wind.du, wind.dv);
  const auto du = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), wind.du.data());
  const double a = wind.grid.planet.radius_m;
  const double rate = -nu * degree * (degree + 1) / (a * a);
  double sum = 0, area = 0;
  for (int j = 0; j < wind.grid.block.ny; ++j) {
    const double lat = wind.grid.latitude_of_cell(j);
    sum += std::cos(lat) * std::pow(du(0, j + halo_width, halo_width + 3) / rate + dp4(lat), 2);
    area += std::cos(lat);
  }
  return std::sqrt(sum / area) / 3;  // the largest |dP_4| is about 3
}

TEST(Diffusion, viscosity_damps_vorticity_at_the_rate_of_the_laplacian) {
  const double coarse = error_of_viscosity(48), fine = error_of_viscosity(96);
  EXPECT_LT(fine, 0.02);
  EXPECT_GE(std::log2(coarse / fine), 1.9);
}

/// Tendency of m theta by viscosity of T = 280 K + 10 K P_4: root mean square error by area, relative to the largest.
double error_of_temperature_viscosity(int n_lon) {
  Wind wind(n_lon);
  const double nu = 1e5, m = 5000, Pi = 0.8;
  const Block& block = wind.grid.block;
  const Field<Cell> mass = make_field<Cell>("mass", block, 1), theta = make_field<Cell>("theta", block, 1);
  const Field<CellInterface> exner = make_field<CellInterface>("exner", block, 2);
  Kokkos::deep_copy(mass.data(), Real(m));
  Kokkos::deep_copy(exner.data(), Real(Pi));
  const auto host = Kokkos::create_mirror_view(theta.data());
  for (int j = 0; j < block.ny; ++j) {
    for (int i = 0; i < block.nx; ++i) {
      host(0, j + halo_width, i + halo_width) = static_cast<Real>((280 + 10 * p4(wind.grid.latitude_of_cell(j))) / Pi);
    }
  }
  Kokkos::deep_copy(theta.data(), host);
  Halo(block).exchange({theta});
  const Field<Cell> tendency = wind.laplacian;
  Kokkos::deep_copy(tendency.data(), Real(0));
  add_temperature_laplacian(wind.grid, wind.factors, mass, theta, exner, static_cast<Real>(nu), 1, tendency);
  const double a = wind.grid.planet.radius_m;
  const double largest = m / Pi * nu * degree * (degree + 1) / (a * a) * 10;
  double sum = 0, area = 0;
  for (int j = 0; j < block.ny; ++j) {
    const double lat = wind.grid.latitude_of_cell(j);
    sum += std::cos(lat) * std::pow(wind.value(tendency, j) / largest + p4(lat), 2);
    area += std::cos(lat);
  }
  return std::sqrt(sum / area);
}

TEST(Diffusion, viscosity_damps_temperature_at_the_rate_of_the_laplacian) {
  const double coarse = error_of_temperature_viscosity(48), fine = error_of_temperature_viscosity(96);
  EXPECT_LT(fine, 0.02);
  EXPECT_GE(std::log2(coarse / fine), sizeof(Real) == 8 ? 1.8 : 0);  // single precision: 280 K hides the differences
}

/// Damping of a state in which only the wind differs must not touch the mass.
TEST(Diffusion, damping_keeps_mass_and_a_wind_without_divergence) {
  Wind wind(48);
  wind.set([](double lat) { return std::cos(lat); }, [](double) { return 0.0; });
  compute_divergence(wind.grid, {wind.grid, wind.u, wind.v}, 1, 2, wind.divergence);
  compute_reference_laplacian(wind.grid, wind.factors, {wind.grid, wind.u, wind.v}, 1, wind.laplacian);
  Kokkos::deep_copy(wind.du.data(), Real(0));
  Kokkos::deep_copy(wind.dv.data(), Real(0));
  add_gradient(wind.grid, wind.laplacian, Real(1e18), 1, wind.du, wind.dv);
  const auto dv = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), wind.dv.data());
  double largest = 0;
  for (int j = 1; j < wind.grid.block.ny; ++j) {
    for (int i = 0; i < wind.grid.block.nx; ++i) {
      largest = std::max(largest, std::abs(double(dv(0, j + halo_width, i + halo_width))));
    }
  }
  EXPECT_EQ(largest, 0);
}

}  // namespace

/// Noise of 0.1 K in air at rest: its waves have winds of some 0.3 m/s, and nothing feeds them.
TEST(Diffusion, no_shape_of_cells_makes_noise_grow) {
  struct Shape {
    int n_lon, n_lat;
  };
  for (const auto [n_lon, n_lat] : {Shape{16, 64}, Shape{64, 64}, Shape{64, 8}, Shape{8, 4}}) {
    DycoreOptions options;
    options.dt_s = std::floor(0.9 * 6.37122e6 * std::min(2 * pi / n_lon, pi / n_lat) / 350);
    test::DynamicsRun run(options, {{"name", "rest"}, {"perturbation_k", "0.1"}}, test::alone(n_lon, n_lat), Planet(),
                          read_levels("L26", 1e5));
    for (int n = 0; n < 200; ++n) run.step();
    const DynamicsSummary summary = run.dycore.summary();
    EXPECT_LT(summary.largest_wind, 1) << n_lon << " x " << n_lat;
    EXPECT_LT(summary.largest_courant, 1);
  }
}

}  // namespace meridian
