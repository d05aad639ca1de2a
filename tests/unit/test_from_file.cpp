#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "cases/from_file.hpp"
#include "cases/initial_state.hpp"
#include "cases/states.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

const Planet planet;

using Function3 = std::function<double(double lon, double lat, double p)>;

/// A state on a grid of centres, or of points with the poles, from functions.
GriddedState sampled(int n_lon, int n_lat, bool with_poles, const Function3& u, const Function3& v, const Function3& T,
                     double ps = 1e5, const std::vector<double>& levels = {1000, 5000, 20000, 50000, 80000, 100000}) {
  GriddedState state;
  for (int i = 0; i < n_lon; ++i) state.lon.push_back(2 * pi * i / n_lon);
  for (int j = 0; j < n_lat; ++j) {
    state.lat.push_back(with_poles ? -pi / 2 + pi * j / (n_lat - 1) : -pi / 2 + pi * (j + 0.5) / n_lat);
  }
  state.ap = levels;
  state.b.assign(levels.size(), 0);
  for (const double p : levels) {
    for (const double lat : state.lat) {
      for (const double lon : state.lon) {
        state.eastward_wind.push_back(u(lon, lat, p));
        state.northward_wind.push_back(v(lon, lat, p));
        state.virtual_temperature.push_back(T(lon, lat, p));
      }
    }
  }
  state.surface_pressure.assign(state.lon.size() * state.lat.size(), ps);
  return state;
}

double zero(double, double, double) { return 0; }
double warm(double, double, double) { return 280; }

struct Filled {
  Grid grid;
  FieldSet fields;
  Filled(const GriddedState& state, int n_lon, int n_lat, const std::vector<double>& altitude = {},
         const VerticalCoordinate& levels = read_levels("L26", 1e5))
      : grid(test::alone(n_lon, n_lat), planet, levels), fields(grid.block) {
    const int n_k = grid.n_levels();
    fields.add(field::layer_mass, n_k, Role::prognostic);
    fields.add(field::theta_mass, n_k, Role::prognostic);
    fields.add(field::xwind, n_k, Role::prognostic);
    fields.add(field::ywind, n_k, Role::prognostic);
    fields.add(field::surface_geopotential, 1, Role::fixed);
    fill_from_file(state, grid, fields, altitude);
  }
  template <class P>
  double operator()(const FieldSpec<P>& spec, int k, int j, int i) const {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), fields.get(spec).data());
    return host(k, j + halo_width, i + halo_width);
  }
};

double tolerance(double exact, double size) { return sizeof(Real) == 8 ? exact : std::max(exact, size * 4e-7); }

/// Largest error of the winds of a rotation about an axis at 45 degrees, on a model grid from a source grid.
double error_of_rotation(int n_source, bool with_poles) {
  constexpr double a = pi / 4, u0 = 40;
  const auto u = [&](double lon, double lat, double) {
    return u0 * (std::cos(lat) * std::cos(a) + std::cos(lon) * std::sin(lat) * std::sin(a));
  };
  const auto v = [&](double lon, double, double) { return -u0 * std::sin(lon) * std::sin(a); };
  const Filled model(sampled(n_source, n_source / 2 + (with_poles ? 1 : 0), with_poles, u, v, warm), 40, 20);
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.fields.get(field::xwind).data());
  const auto y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.fields.get(field::ywind).data());
  double worst = 0;
  for (int j = 0; j < 20; ++j) {
    for (int i = 0; i < 40; ++i) {
      const double exact_u = u(model.grid.longitude_of_xface(i), model.grid.latitude_of_cell(j), 0);
      const double exact_v = j == 0 ? 0 : v(model.grid.longitude_of_cell(i), 0, 0);
      worst = std::max({worst, std::abs(x(9, j + halo_width, i + halo_width) - exact_u),
                        std::abs(y(9, j + halo_width, i + halo_width) - exact_v)});
    }
  }
  return worst;
}

TEST(FromFile, winds_cross_the_poles_as_vectors_with_second_order) {
  for (const bool with_poles : {false, true}) {
    const double coarse = error_of_rotation(18, with_poles), fine = error_of_rotation(36, with_poles);
    EXPECT_LT(fine, 0.4) << with_poles;  // of 40 m/s, at 10 degrees
    EXPECT_GE(std::log2(coarse / fine), 1.8) << with_poles;
  }
}

TEST(FromFile, what_is_linear_in_ln_p_is_exact) {
  const auto T = [](double, double, double p) { return 200 + 8 * std::log(p / 1000); };
  const auto u = [](double, double, double p) { return 3 * std::log(p / 1000); };
  const Filled model(sampled(24, 12, false, u, zero, T), 24, 12);
  const double kappa = planet.kappa();
  const auto& levels = model.grid.levels;
  for (int k = 4; k < 24; ++k) {  // between the highest and the lowest level of the file
    const double above = levels.pressure(k, 1e5), below = levels.pressure(k + 1, 1e5);
    const auto exner = [&](double p) { return std::pow(p / 1e5, kappa); };
    const double layer_exner = (below * exner(below) - above * exner(above)) / ((1 + kappa) * (below - above));
    const double theta = model(field::theta_mass, k, 5, 3) / model(field::layer_mass, k, 5, 3);
    EXPECT_NEAR(theta * layer_exner, T(0, 0, 1e5 * std::pow(layer_exner, 1 / kappa)), tolerance(1e-10, 300)) << k;
    EXPECT_NEAR(model(field::xwind, k, 5, 3), u(0, 0, (above + below) / 2), tolerance(3e-1, 10)) << k;
  }
}

TEST(FromFile, profiles_have_the_temperature_and_the_heights_of_an_atmosphere_with_a_lapse_rate) {
  const double lapse = 6.5e-3, g = planet.gravity_m_per_s2, R = planet.gas_constant_j_per_kg_k;
  const auto T_at = [&](double p) { return 288 * std::pow(p / 1e5, R * lapse / g); };
  std::vector<double> p, T;
  for (double q = 20000; q <= 96000; q += 2000) {
    p.push_back(q);
    T.push_back(T_at(q));
  }
  const ColumnProfile profile(p, T, 97000, planet);
  const auto height = [&](double q) { return (T_at(97000) - T_at(q)) / lapse; };  // over the ground
  EXPECT_NEAR(profile.temperature(1.03e5), T_at(1.03e5), 1e-9);                   // below the lowest point
  EXPECT_NEAR(profile.geopotential(1.03e5) / g, height(1.03e5), 1e-9);
  EXPECT_NEAR(profile.geopotential(50000) / g, height(50000), 0.5);  // linear in ln p between points
  for (const double z : {-700., -1., 0., 1., 900., 5000.}) {
    EXPECT_NEAR(profile.geopotential(profile.pressure_at(g * z)) / g, z, 1e-7);
    EXPECT_NEAR(height(profile.pressure_at(g * z)), z, 0.5);
  }
  EXPECT_EQ(profile.pressure_at(0), 97000);
}

TEST(FromFile, levels_below_the_ground_of_the_file_are_not_used) {
  const ColumnProfile profile({50000, 70000, 95000}, {250, 270, 100}, 80000, planet);
  EXPECT_NEAR(profile.temperature(70000), 270, 1e-9);
  EXPECT_GT(profile.temperature(80000), 270);
}

std::vector<double> hills(int n_lon, int n_lat) {
  std::vector<double> altitude;
  for (int j = 0; j < n_lat; ++j) {
    const double lat = -pi / 2 + pi * (j + 0.5) / n_lat;
    for (int i = 0; i < n_lon; ++i)
      altitude.push_back(1500 * std::pow(std::cos(lat), 2) * (1 + std::cos(2 * pi * i / n_lon)));
  }
  return altitude;
}

TEST(FromFile, an_atmosphere_at_rest_is_the_same_over_other_ground) {
  // The file has flat ground; the model's hills cut into it, and what is left is the analytic state over those hills.
  GriddedState state = sampled(24, 12, false, zero, zero, warm);
  state.surface_altitude.assign(24 * 12, 0);
  const Filled model(state, 32, 16, hills(32, 16));
  const double scale = planet.gas_constant_j_per_kg_k * 280 / planet.gravity_m_per_s2;
  const auto altitude = hills(32, 16);
  for (int j = 0; j < 16; ++j) {
    for (int i = 0; i < 32; i += 5) {
      double ps = model.grid.levels.top_pressure();
      for (int k = 0; k < 26; ++k) ps += model(field::layer_mass, k, j, i);
      EXPECT_NEAR(ps, 1e5 * std::exp(-altitude[j * 32 + i] / scale), tolerance(1e-7, 1e5)) << j << " " << i;
    }
  }
}

TEST(FromFile, the_same_ground_changes_nothing) {
  GriddedState state = sampled(32, 16, false, zero, zero, warm, 93210);
  for (double& lon : state.lon) lon += pi / 32;
  state.surface_altitude = hills(32, 16);
  const Filled model(state, 32, 16, hills(32, 16));
  for (int i = 0; i < 32; ++i) {
    double ps = model.grid.levels.top_pressure();
    for (int k = 0; k < 26; ++k) ps += model(field::layer_mass, k, 7, i);
    EXPECT_NEAR(ps, 93210, tolerance(1e-9, 1e5));
  }
}

TEST(FromFile, a_finer_file_is_averaged_over_the_cells) {
  // A wave that the model cannot hold: its mean over a cell is nearly nothing, its value at the centre is 1.
  const auto T = [](double lon, double, double) { return 280 + 10 * std::cos(16 * lon); };
  const Filled model(sampled(192, 96, false, zero, zero, T), 16, 8);
  for (int i = 0; i < 16; ++i) {
    const double theta = model(field::theta_mass, 20, 4, i) / model(field::layer_mass, 20, 4, i);
    const double flat = Filled(sampled(24, 12, false, zero, zero, warm), 16, 8)(field::theta_mass, 20, 4, i) /
                        model(field::layer_mass, 20, 4, i);
    EXPECT_NEAR(theta, flat, 0.3);
  }
}

TEST(FromFile, layers_of_the_models_own_levels_are_taken_over) {
  const VerticalCoordinate levels = read_levels("L26", 1e5);
  std::vector<double> middle;
  for (int k = 0; k < 26; ++k) middle.push_back((levels.pressure(k, 1e5) + levels.pressure(k + 1, 1e5)) / 2);
  const auto T = [](double, double, double p) { return 250 + 30 * std::sin(p / 3000); };  // jumps from layer to layer
  GriddedState state = sampled(16, 8, false, zero, zero, T, 1e5, middle);
  for (int k = 0; k <= 26; ++k) {
    state.ap_half.push_back(levels.a(k) * 1e5);
    state.b_half.push_back(levels.b(k));
  }
  for (double& lon : state.lon) lon += pi / 16;
  const Filled own(state, 16, 8);
  state.ap_half[13] += 1;  // 1 Pa: other levels
  const Filled other(state, 16, 8);
  const double kappa = planet.kappa();
  double difference = 0;
  for (int k = 0; k < 26; ++k) {
    const double above = levels.pressure(k, 1e5), below = levels.pressure(k + 1, 1e5);
    const auto exner = [&](double p) { return std::pow(p / 1e5, kappa); };
    const double layer_exner = (below * exner(below) - above * exner(above)) / ((1 + kappa) * (below - above));
    const auto temperature = [&](const Filled& m) {
      return m(field::theta_mass, k, 3, 2) / m(field::layer_mass, k, 3, 2) * layer_exner;
    };
    EXPECT_NEAR(temperature(own), T(0, 0, middle[k]), tolerance(1e-9, 300)) << k;
    difference = std::max(difference, std::abs(temperature(other) - temperature(own)));
  }
  EXPECT_GT(difference, 1e-3);  // interpolated
}

}  // namespace
}  // namespace meridian
