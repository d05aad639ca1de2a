#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "dycore/pressure.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

/// One column in double: half-level Exner function and geopotential from layer masses and thv.
struct HostColumn {
  std::vector<double> exner, phi;
  HostColumn(const Planet& planet, double top, const std::vector<double>& mass, const std::vector<double>& thv) {
    const std::size_t n = mass.size();
    exner.resize(n + 1);
    phi.assign(n + 1, 0);
    double p = top;
    for (std::size_t k = 0; k <= n; ++k) {
      exner[k] = p > 0 ? std::pow(p / planet.reference_pressure_pa, planet.kappa()) : 0;
      if (k < n) p += mass[k];
    }
    for (std::size_t k = n; k-- > 0;) {
      phi[k] = phi[k + 1] + planet.heat_capacity_j_per_kg_k * thv[k] * (exner[k + 1] - exner[k]);
    }
  }
};

/// Eigenvalues of a symmetric matrix by Jacobi rotations.
std::vector<double> eigenvalues(std::vector<std::vector<double>> a) {
  const std::size_t n = a.size();
  for (int sweep = 0; sweep < 60; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p][q] == 0) continue;
        const double angle = 0.5 * std::atan2(2 * a[p][q], a[q][q] - a[p][p]);
        const double c = std::cos(angle), s = std::sin(angle);
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[k][p], y = a[k][q];
          a[k][p] = c * x - s * y;
          a[k][q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[p][k], y = a[q][k];
          a[p][k] = c * x - s * y;
          a[q][k] = s * x + c * y;
        }
      }
    }
  }
  std::vector<double> values;
  for (std::size_t k = 0; k < n; ++k) values.push_back(a[k][k]);
  std::sort(values.begin(), values.end());
  return values;
}

/// Squared phase speeds of the vertical modes of a flat rest state: eigenvalues of d(potential)/d(mass) mass, where the
/// pressure gradient of the model is the difference of that potential; symmetrised by the square root of the masses.
std::vector<double> squared_speeds(double* asymmetry) {
  const Planet planet;
  const VerticalCoordinate levels = read_levels("L26", 1e5);
  const int n = levels.n_layers();
  std::vector<double> mass(n), thv(n);
  for (int k = 0; k < n; ++k) {
    mass[k] = levels.pressure(k + 1, 1e5) - levels.pressure(k, 1e5);
    const double p = 0.5 * (levels.pressure(k + 1, 1e5) + levels.pressure(k, 1e5));
    const double temperature = std::max(216.65, 288.15 * std::pow(p / 1e5, 0.19));
    thv[k] = temperature * std::pow(1e5 / p, planet.kappa());
  }
  const double top = levels.top_pressure();
  std::vector<std::vector<double>> matrix(n, std::vector<double>(n));
  for (int l = 0; l < n; ++l) {
    const double step = 1e-4 * mass[l];
    auto more = mass, less = mass;
    more[l] += step;
    less[l] -= step;
    const HostColumn west(planet, top, less, thv), east(planet, top, more, thv);
    for (int k = 0; k < n; ++k) {
      const double difference = ((west.phi[k] - east.phi[k + 1]) * (east.exner[k] - west.exner[k + 1]) +
                                 (east.phi[k] - west.phi[k + 1]) * (east.exner[k + 1] - west.exner[k])) /
                                ((west.exner[k + 1] - west.exner[k]) + (east.exner[k + 1] - east.exner[k]));
      EXPECT_NEAR(difference,
                  contour_difference(west.phi[k], west.phi[k + 1], east.phi[k], east.phi[k + 1], west.exner[k],
                                     west.exner[k + 1], east.exner[k], east.exner[k + 1]),
                  sizeof(Real) == 8 ? 1e-9 : 1e3);  // the model's own function, here in double
      matrix[k][l] = difference / (2 * step) * std::sqrt(mass[k] * mass[l]);
    }
  }
  double largest = 0, asymmetric = 0;
  for (int k = 0; k < n; ++k) {
    for (int l = 0; l < k; ++l) {
      largest = std::max(largest, std::abs(matrix[k][l]));
      asymmetric = std::max(asymmetric, std::abs(matrix[k][l] - matrix[l][k]));
      matrix[k][l] = matrix[l][k] = 0.5 * (matrix[k][l] + matrix[l][k]);
    }
  }
  *asymmetry = asymmetric / largest;
  return eigenvalues(matrix);
}

TEST(Pressure, all_vertical_modes_of_a_rest_state_are_real_waves) {
  double asymmetry = 0;
  const auto speeds = squared_speeds(&asymmetry);
  EXPECT_LT(asymmetry, 2e-2);  // the contour form differs from the exact Hessian in second order of the thickness
  EXPECT_GT(speeds.front(), 0);
  EXPECT_NEAR(std::sqrt(speeds.back()), 306, 12);  // external mode; numerics 3.7: 1.3 to 306 m/s
  EXPECT_GT(std::sqrt(speeds.front()), 0.5);
}

/// Largest wind after some hours at rest over a high, steep mountain range.
double wind_over_mountains(const std::map<std::string, std::string>& initial, double hours) {
  const int n_lon = 36, n_lat = 18;
  std::vector<double> altitude(n_lon * n_lat);
  for (int j = 0; j < n_lat; ++j) {
    for (int i = 0; i < n_lon; ++i) {
      const double x = (i - 12) / 4.0, y = (j - 12) / 3.0, south = std::max(0.0, 1 - j / 3.0);
      altitude[j * n_lon + i] = 4000 * std::exp(-x * x - y * y) + 2800 * south;
    }
  }
  DycoreOptions options;
  options.dt_s = 900;
  test::DynamicsRun run(options, initial, test::alone(n_lon, n_lat), Planet(), read_levels("L26", 1e5), altitude);
  run.run_days(hours / 24);
  return run.dycore.summary().largest_wind;
}

TEST(Pressure, uniform_potential_temperature_rests_over_mountains) {
  const double bound = sizeof(Real) == 8 ? 1e-9 : 5e-2;  // round-off of phi, 1e5 m2 s-2, over a cell of 50 km and 6 h
  EXPECT_LT(wind_over_mountains({{"name", "rest"}, {"profile", "uniform_theta"}}, 6), bound);
}

TEST(Pressure, an_isothermal_atmosphere_hardly_moves_over_mountains) {
  const double wind = wind_over_mountains({{"name", "rest"}, {"profile", "isothermal"}}, 6);
  EXPECT_LT(wind, 3);
  EXPECT_GT(wind, 1e-6);  // the error of second order is there: the test would see a larger one
}

}  // namespace
}  // namespace meridian
