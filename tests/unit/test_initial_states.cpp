#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cases/initial_state.hpp"
#include "cases/states.hpp"
#include "grid/latlon_grid.hpp"
#include "tests/support/option_setter.hpp"

namespace meridian {
namespace {

constexpr double degree = pi / 180;
const Planet planet;                                                                // shallow water, DCMIP
const Planet jw_planet{.radius_m = 6.371229e6, .rotation_rate_per_s = 7.29212e-5};  // ASP 2008
const Planet ullrich_planet{.radius_m = 6.37122e6, .rotation_rate_per_s = 7.29212e-5};

/// A filled model on one block, with its fields on the host. Shallow water takes no levels.
struct Filled {
  Filled(const InitialOptions& options, const Block& block, const Planet& planet_of,
         const std::vector<double>& altitude = {}, const std::string& levels = "L26")
      : grid(block, planet_of, options.fits(true) ? single_layer() : read_levels(levels, 1e5)), fields(block) {
    const int n_k = grid.n_levels();
    if (options.fits(true)) {
      fields.add(field::depth, 1, Role::prognostic);
    } else {
      fields.add(field::layer_mass, n_k, Role::prognostic);
      fields.add(field::theta_mass, n_k, Role::prognostic);
      fields.add_tracers({"qv"}, n_k);
    }
    fields.add(field::xwind, n_k, Role::prognostic);
    fields.add(field::ywind, n_k, Role::prognostic);
    fields.add(field::surface_geopotential, 1, Role::fixed);
    fields.add(field::coriolis_parameter, 1, Role::fixed);
    for (const auto& entry : fields.entries())
      Kokkos::deep_copy(entry.data, Real(12345));  // what was not written shows
    fill_initial_state(options, grid, fields, altitude);
    for (const auto& entry : fields.entries()) {
      host[std::string(entry.info.name)] = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entry.data);
    }
  }
  template <class P>
  double operator()(const FieldSpec<P>& spec, int k, int j, int i) const {
    return host.at(std::string(spec.name))(k, j + halo_width, i + halo_width);
  }
  Grid grid;
  FieldSet fields;
  std::map<std::string, Array3<Real>::HostMirror> host;
};

/// Tolerance of a stored value of some size: 'exact' in double precision, in single precision the size's last digit.
double or_rounding(double exact, double size) { return std::max(exact, size * std::numeric_limits<Real>::epsilon()); }

Block globe(int n_lon, int n_lat) { return make_block(n_lon, n_lat, {1, 1}, MPI_COMM_SELF); }

/// The block of rank (px, py) of a layout, without other ranks.
Block part_of_globe(int n_lon, int n_lat, const Layout& layout, int px, int py) {
  Block block = globe(n_lon, n_lat);
  const Extent columns = columns_of(n_lon, layout, px);
  const Extent rows = rows_of(n_lon, n_lat, layout, py);
  block.layout = layout;
  block.px = px;
  block.py = py;
  block.i_first = columns.first;
  block.nx = columns.count;
  block.j_first = rows.first;
  block.ny = rows.count;
  return block;
}

double area_mean(const Filled& model, const FieldSpec<Cell>& spec) {
  double sum = 0, area = 0;
  const Block& block = model.grid.block;
  for (int j = 0; j < block.ny; ++j) {
    for (int i = 0; i < block.nx; ++i) {
      sum += model.grid.area_of_global_row(j) * model(spec, 0, j, i);
      area += model.grid.area_of_global_row(j);
    }
  }
  return sum / area;
}

/// A made-up mountain range [m], different in every cell.
std::vector<double> mountains(int n_lon, int n_lat) {
  std::vector<double> altitude;
  for (int j = 0; j < n_lat; ++j) {
    for (int i = 0; i < n_lon; ++i) {
      altitude.push_back(1500 * (1 + std::sin(0.7 * i + 0.3 * j) * std::cos(0.9 * j)) - 400);
    }
  }
  return altitude;
}

const std::vector<std::map<std::string, std::string>> atmospheres = {
    {{"name", "rest"}, {"profile", "isothermal"}},
    {{"name", "rest"}, {"profile", "uniform_theta"}},
    {{"name", "rest"}, {"profile", "standard_atmosphere"}},
    {{"name", "jablonowski_williamson"}},
    {{"name", "jablonowski_williamson"}, {"angle_degrees", "45"}},
    {{"name", "ullrich"}},
    {{"name", "ullrich"}, {"angle_degrees", "90"}},
    {{"name", "polvani_scott_thomas"}},
    {{"name", "tropical_cyclone"}},
    {{"name", "rossby_haurwitz"}},
    {{"name", "mountain_rossby_wave"}},
    {{"name", "schaer_rest"}},
    {{"name", "dcmip_13"}}};

AtmosphereState state_of(std::map<std::string, std::string> values, const Planet& of) {
  Setter setter;
  setter.values = std::move(values);
  const auto made = [&](auto state) {
    state.visit(setter);
    return state.state(of);
  };
  const std::string& name = setter.values.at("name");
  if (name == "rest") return made(Rest());
  if (name == "ullrich") return made(Ullrich());
  if (name == "tropical_cyclone") return made(TropicalCyclone());
  if (name == "polvani_scott_thomas") return made(PolvaniScottThomas());
  if (name == "rossby_haurwitz") return made(RossbyHaurwitz());
  if (name == "mountain_rossby_wave") return made(MountainRossbyWave());
  if (name == "schaer_rest") return made(SchaerRest());
  if (name == "dcmip_13") return made(Dcmip13());
  return made(JablonowskiWilliamson());
}

// Point values: closed forms and quadrature from the sources, printed; tolerances are half a printed digit.

TEST(InitialStates, williamson_2_has_the_published_range) {
  const auto state = Williamson2().state(planet);
  EXPECT_NEAR(state.free_surface(1, 0), 2998.1155, 5e-5);
  EXPECT_NEAR(state.free_surface(1, pi / 2), 1092.8330, 5e-5);
  EXPECT_NEAR(state.eastward_wind(1, 0), 38.61068277, 5e-9);
}

TEST(InitialStates, williamson_1_carries_a_cosine_bell) {
  const auto state = Williamson1().state(planet);
  EXPECT_NEAR(state.free_surface(-pi / 2, 0), 1000, 1e-9);
  EXPECT_NEAR(state.free_surface(3 * pi / 2, 1. / 6), 500, 1e-9);
  EXPECT_EQ(state.free_surface(3 * pi / 2, 0.3334), 0);
  EXPECT_EQ(state.free_surface(0, 0), 0);
}

TEST(InitialStates, williamson_5_has_the_published_surface_and_mountain) {
  const auto state = Williamson5().state(planet);
  EXPECT_NEAR(state.free_surface(0, pi / 2), 4992.0587, 5e-5);
  EXPECT_NEAR(state.free_surface(0, 0), 5960, 1e-9);
  EXPECT_NEAR(state.ground(3 * pi / 2, pi / 6), 2000, 1e-9);
  EXPECT_NEAR(state.ground(-pi / 2 + pi / 18, pi / 6), 1000, 1e-9);
  EXPECT_EQ(state.ground(3 * pi / 2, pi / 6 + 1.001 * pi / 9), 0);
}

TEST(InitialStates, williamson_6_has_the_published_heights_and_winds) {
  const auto state = Williamson6().state(planet);
  EXPECT_NEAR(state.free_surface(0, 0), 10543.854, 5e-4);
  EXPECT_NEAR(state.free_surface(0, pi / 4), 9683.213, 5e-4);
  EXPECT_NEAR(state.free_surface(pi / 4, pi / 4), 8502.466, 5e-4);
  EXPECT_NEAR(state.free_surface(1, -pi / 2), 8000, 1e-9);
  const Filled model(options_of({{"name", "williamson_6"}}), globe(360, 180), planet);
  EXPECT_NEAR(area_mean(model, field::depth), 9522.9966,
              0.02);  // midpoint rule: dp^2 / 24 times the curvature
  double highest = 0, fastest = 0;
  for (double lat = -90; lat <= 90; lat += 0.05) {
    for (double lon = 0; lon < 90; lon += 0.25) {
      highest = std::max(highest, state.free_surface(lon * degree, lat * degree));
      fastest = std::max(fastest, std::hypot(state.eastward_wind(lon * degree, lat * degree),
                                             state.northward_wind(lon * degree, lat * degree)));
    }
  }
  EXPECT_NEAR(highest, 10556.4143, 3e-3);                      // at the equator; the maximum lies between the samples
  EXPECT_NEAR(fastest, 2 * planet.radius_m * 7.848e-6, 1e-9);  // at the equator, where the wave blows east
}

TEST(InitialStates, galewsky_has_the_published_jet_and_depths) {
  Galewsky balanced;
  balanced.perturbation_m = 0;
  const auto state = balanced.state(planet);
  EXPECT_NEAR(state.free_surface(0, 0), 10158.18617, 5e-6);
  EXPECT_NEAR(state.free_surface(0, 0) - state.free_surface(0, pi / 2), 1086.97823, 5e-6);
  EXPECT_NEAR(state.free_surface(0, pi / 2), 9071.20794, 5e-6);
  EXPECT_NEAR(state.free_surface(0, pi / 4), 9646.93324, 5e-6);
  EXPECT_NEAR(state.eastward_wind(0, 45 * degree), 80, 1e-12);
  EXPECT_NEAR(state.eastward_wind(0, 40 * degree), 42.352226, 5e-7);
  EXPECT_NEAR(state.eastward_wind(0, 30 * degree), 1.0803e-4, 5e-9);
  const auto perturbed = Galewsky().state(planet);
  const auto bump = [&](double lon, double lat) {
    return perturbed.free_surface(lon, lat) - state.free_surface(lon, lat);
  };
  double peak = 0;
  for (double lat = 40; lat < 50; lat += 0.01) peak = std::max(peak, bump(0, lat * degree));
  EXPECT_NEAR(peak, 84.946, 1e-3);  // the sheet cuts digits here
  EXPECT_NEAR(bump(2 * pi - 0.1, 0.8), bump(0.1, 0.8), 1e-9);
}

TEST(InitialStates, galewsky_depth_is_integrated_to_a_nanometre) {
  const auto state = Galewsky{.perturbation_m = 0}.state(planet);
  const auto slope = [&](double lat) {
    const double u = state.eastward_wind(0, lat);
    return u / planet.gravity_m_per_s2 *
           (2 * planet.radius_m * planet.rotation_rate_per_s * std::sin(lat) + std::tan(lat) * u);
  };
  for (const double north : {30., 38.1, 45., 52.7, 70.}) {
    const int n = 40000;  // Simpson's rule, error of order 1e-13 of the drop
    const double from = 20 * degree;
    const double h = (north * degree - from) / n;
    double drop = slope(from) + slope(north * degree);
    for (int m = 1; m < n; ++m) drop += (m % 2 ? 4 : 2) * slope(from + m * h);
    EXPECT_NEAR(state.free_surface(0, 0) - state.free_surface(0, north * degree), drop * h / 3, 1e-9) << north;
  }
}

TEST(InitialStates, galewsky_has_a_mean_depth_of_10_km) {
  const Filled balanced(options_of({{"name", "galewsky"}, {"perturbation_m", "0"}}), globe(16, 720), planet);
  EXPECT_NEAR(area_mean(balanced, field::depth), 10000, 2e-3);  // midpoint rule at a quarter of a degree
  const Filled perturbed(options_of({{"name", "galewsky"}}), globe(360, 180), planet);
  const Filled not_perturbed(options_of({{"name", "galewsky"}, {"perturbation_m", "0"}}), globe(360, 180), planet);
  EXPECT_NEAR(area_mean(perturbed, field::depth) - area_mean(not_perturbed, field::depth), 1. / 3, 1e-3);
}

TEST(InitialStates, jablonowski_williamson_has_the_tabulated_values) {
  const auto state = JablonowskiWilliamson{.perturbation_m_per_s = 0}.state(jw_planet);
  struct Row {
    double lat, phi_s, t[5], u[3];
  };
  const Row rows[] = {{0, 1106.2239, {309.9510, 301.9313, 267.5967, 209.4689, 265.5060}, {0, 0, 0}},
                      {30, 659.8537, {301.1353, 293.7240, 264.7056, 209.8390, 265.5626}, {6.2850, 23.3559, 26.25}},
                      {45, -491.8336, {278.2694, 272.2417, 256.9997, 210.8282, 265.7135}, {8.3800, 31.1412, 35.00}},
                      {60, -1978.1317, {248.6790, 244.3116, 246.8889, 212.1278, 265.9116}, {6.2850, 23.3559, 26.25}},
                      {90, -3093.5007, {226.5266, 223.4874, 239.4105, 213.0879, 266.0581}, {0, 0, 0}}};
  const double eta_t[] = {1.0, 0.852, 0.5, 0.1, 0.01};
  const double eta_u[] = {1.0, 0.5, 0.252};
  for (const Row& row : rows) {
    const double lat = row.lat * degree;
    EXPECT_NEAR(state.geopotential(0, lat, 1e5), row.phi_s, 5e-5);
    for (int n = 0; n < 5; ++n) EXPECT_NEAR(state.temperature(0, lat, eta_t[n] * 1e5), row.t[n], 5.1e-5);
    for (int n = 0; n < 3; ++n) EXPECT_NEAR(state.eastward_wind(0, lat, eta_u[n] * 1e5), row.u[n], 5.1e-5);
    EXPECT_NEAR(state.temperature(0, lat, 0.252e5), 235.3941, 5.1e-5);
  }
  const auto wave = JablonowskiWilliamson().state(jw_planet);
  const auto bump = [&](double lon, double lat) {
    return wave.eastward_wind(lon, lat, 5e4) - state.eastward_wind(lon, lat, 5e4);
  };
  EXPECT_NEAR(bump(20 * degree, 40 * degree), 1, 1e-12);
  EXPECT_NEAR(bump(20 * degree, 40 * degree + 0.1), std::exp(-1), 1e-12);
}

TEST(InitialStates, ullrich_has_the_tabulated_values) {
  const auto state = Ullrich{.perturbation_m_per_s = 0}.state(ullrich_planet);
  struct Row {
    double lat, z, p, t, u;
  };
  const Row rows[] = {{0, 10000, 28161.295, 232.67904, 0},
                      {45, 0, 100000, 278.97589, 0},
                      {45, 5000, 52607.745, 253.52033, 20.77219},
                      {45, 10000, 25909.832, 229.70537, 27.88876},
                      {45, 20000, 5032.260, 190.32392, 14.80257},
                      {60, 10000, 23985.675, 227.01854, 20.63303},
                      {90, 0, 100000, 240.0, 0},
                      {90, 10000, 22632.945, 225.03836, 0}};
  for (const Row& row : rows) {
    const double lat = row.lat * degree;
    // Half a digit of the tabulated pressure, 5e-4 Pa, is up to 7e-4 m of height.
    EXPECT_NEAR(state.geopotential(0, lat, row.p) / ullrich_planet.gravity_m_per_s2, row.z, 8e-4);
    EXPECT_NEAR(state.temperature(0, lat, row.p), row.t, 1e-5);
    EXPECT_NEAR(state.eastward_wind(0, lat, row.p), row.u, 1e-5);
  }
  EXPECT_EQ(state.geopotential(0, 0.3, 1e5), 0);
  const auto wave = Ullrich().state(ullrich_planet);
  EXPECT_NEAR(wave.eastward_wind(20 * degree, 40 * degree, 1e5), 1, 1e-12);
  EXPECT_EQ(wave.eastward_wind(20 * degree, 40 * degree, 1e4), state.eastward_wind(20 * degree, 40 * degree, 1e4));
}

/// Pressure [Pa] of an atmosphere's ground, by bisection.
double surface_pressure(const AtmosphereState& state, double lon, double lat) {
  double above = 1e4, below = 2e5;
  for (int n = 0; n < 60; ++n) {
    const double p = (above + below) / 2;
    (state.geopotential(lon, lat, p) > state.ground(lon, lat) ? above : below) = p;
  }
  return above;
}

TEST(InitialStates, polvani_scott_thomas_has_the_means_of_the_standard_atmosphere) {
  const auto state = PolvaniScottThomas{.perturbation_k = 0}.state(jw_planet);
  const double scale_height = 7340;
  // US standard atmosphere 1976 at 0, 5, 11, 20 and 32 km.
  for (const auto& [z, expected] :
       std::map<double, double>{{0, 288.15}, {5e3, 255.65}, {11e3, 216.65}, {20e3, 216.65}, {32e3, 228.65}}) {
    double sum = 0;
    const int n = 20000;
    for (int j = 0; j < n; ++j) {
      sum += state.temperature(0, std::asin(-1 + 2 * (j + 0.5) / n), 1e5 * std::exp(-z / scale_height));
    }
    EXPECT_NEAR(sum / n, expected, 1e-5) << z;
  }
  EXPECT_NEAR(state.geopotential(0, 1, 1e5), 0, 1e-9);
  EXPECT_EQ(state.eastward_wind(0, -0.5, 3e4), 0);
  const double p = 1e5 * std::exp(-12000 / scale_height);
  EXPECT_NEAR(state.eastward_wind(0, 45 * degree, p), 50 * 0.5 * (1 + std::pow(std::tanh(2), 3)) * std::sin(0.4 * pi),
              1e-9);
  const auto warm = PolvaniScottThomas().state(jw_planet);
  EXPECT_NEAR(warm.temperature(0, 45 * degree, 5e4) - state.temperature(0, 45 * degree, 5e4), 1, 1e-10);
}

TEST(InitialStates, tropical_cyclone_has_the_published_pressure_and_wind) {
  const Planet dcmip{.radius_m = 6371220, .rotation_rate_per_s = 7.292115e-5};
  const auto state = TropicalCyclone().state(dcmip);
  const double lat_c = 10 * degree;
  EXPECT_NEAR(state.geopotential(pi, lat_c, 100385), 0, 0.01 * 9.8);  // the centre has 1003.85 hPa
  const double off = 250e3 / dcmip.radius_m;                          // the strongest wind at the ground is 20.003 m/s
  const double p = 101500 - 1115 * std::exp(-std::pow(250. / 282, 1.5));
  EXPECT_NEAR(std::hypot(state.eastward_wind(pi, lat_c + off, p), state.northward_wind(pi, lat_c + off, p)), 20.003,
              5e-4);
  EXPECT_LT(state.eastward_wind(pi, lat_c + off, p), 0);  // counterclockwise
  EXPECT_NEAR(state.temperature(pi, lat_c + 1, 101500), 306.00785, 1e-4);
  EXPECT_NEAR(state.specific_humidity(pi, lat_c + 1, 101500), 0.021, 1e-6);
  EXPECT_NEAR(state.geopotential(0, -0.5, 13048.70), 15000 * dcmip.gravity_m_per_s2, 0.5);
  EXPECT_NEAR(state.temperature(0, -0.5, 13000), 201.00785, 1e-4);
}

TEST(InitialStates, moist_columns_have_the_surface_pressure_of_the_state) {
  const Block block = globe(16, 12);
  Grid grid(block, ullrich_planet, read_levels("L30", 1e5));
  FieldSet fields(block);
  for (const auto* spec : {&field::layer_mass, &field::theta_mass}) fields.add(*spec, 30, Role::prognostic);
  fields.add(field::xwind, 30, Role::prognostic);
  fields.add(field::ywind, 30, Role::prognostic);
  fields.add(field::surface_geopotential, 1, Role::fixed);
  fields.add(field::coriolis_parameter, 1, Role::fixed);
  const auto options = options_of({{"name", "ullrich"}, {"specific_humidity", "0.018"}});
  EXPECT_THROW(fill_initial_state(options, grid, fields, {}), Error);  // there is no tracer for it
  fields.add_tracers({"qv"}, 30);
  fill_initial_state(options, grid, fields, {});
  const auto mass = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), fields.get(field::layer_mass).data());
  const auto q = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), fields.get(field::water_vapour).data());
  for (int j = 0; j < 12; ++j) {
    double p = grid.levels.top_pressure(), dry = p;
    for (int k = 0; k < 30; ++k) {
      const double m = mass(k, j + halo_width, halo_width);
      p += m * (1 + q(k, j + halo_width, halo_width));
      dry += m;
      EXPECT_NEAR(
          dry,
          grid.levels.pressure(k + 1, 0) + (grid.levels.pressure(k + 1, 1) - grid.levels.pressure(k + 1, 0)) *
                                               [&] {
                                                 double sum = grid.levels.top_pressure();
                                                 for (int l = 0; l < 30; ++l)
                                                   sum += mass(l, j + halo_width, halo_width);
                                                 return sum;
                                               }(),
          or_rounding(1e-6, 2e6));
    }
    EXPECT_NEAR(p, 1e5, or_rounding(1e-6, 2e6));
  }
  // 0.018 at the ground on the equator, 3.6e-3 at 45 N.
  EXPECT_NEAR(q(29, 6 + halo_width, halo_width) / (1 + q(29, 6 + halo_width, halo_width)), 0.0178, 2e-4);
}

TEST(InitialStates, rossby_haurwitz_has_the_published_surface_pressure) {
  const auto state = RossbyHaurwitz().state(jw_planet);
  EXPECT_NEAR(surface_pressure(state, 1, pi / 2), 95500, 1e-6);
  double highest = 0, speed = 0;
  for (double lat = 0; lat < 90; lat += 0.1) {
    highest = std::max(highest, surface_pressure(state, 0, lat * degree));
    speed = std::max(speed, state.eastward_wind(0, lat * degree, 5e4));
  }
  EXPECT_NEAR(highest, 102970.31, 0.05);  // the maximum lies between the samples
  EXPECT_NEAR(state.temperature(0, 0, 95500), 288, 1e-12);
  EXPECT_NEAR(state.northward_wind(pi / 8, pi / 6, 5e4), -50 * std::pow(0.75, 1.5) * 0.5, 1e-12);
}

TEST(InitialStates, mountain_rossby_wave_has_the_published_surface_pressure) {
  const auto state = MountainRossbyWave().state(jw_planet);
  EXPECT_NEAR(surface_pressure(state, 3 * pi / 2, 0), 104317.2, 0.05);
  EXPECT_NEAR(surface_pressure(state, 3 * pi / 2, pi / 2), 93000.0, 0.05);
  EXPECT_NEAR(surface_pressure(state, 3 * pi / 2, pi / 6), 101364.9, 0.05);
  EXPECT_NEAR(surface_pressure(state, pi / 2, pi / 6), 79954, 0.6);
}

TEST(InitialStates, schaer_rest_has_the_published_surface_pressure) {
  const auto state = SchaerRest().state(planet);
  EXPECT_NEAR(surface_pressure(state, 3 * pi / 2, 0), 79225.81, 0.005);
  EXPECT_NEAR(surface_pressure(state, pi / 2, 0), 1e5, 1e-6);
  EXPECT_NEAR(surface_pressure(state, 3 * pi / 2 + pi / 32, 0), 1e5, 1e-6);  // the first valley
  const auto levels = read_levels("equal_height:30,12000,lapse_rate", 1e5);
  EXPECT_NEAR(levels.top_pressure(), 20540.233, 5e-4);
  EXPECT_NEAR(state.temperature(0, 0, levels.top_pressure()), 222, 1e-6);
}

TEST(InitialStates, cross_polar_flow_has_the_published_mean_depth) {
  const Filled model(options_of({{"name", "cross_polar_flow"}}), globe(180, 90), planet);
  EXPECT_NEAR(area_mean(model, field::depth), 5882.42, 5e-3);
  EXPECT_NEAR(CrossPolarFlow().state(planet).northward_wind(0, pi / 2), 20, 1e-12);
}

TEST(InitialStates, unsteady_rotation_is_steady_when_its_axis_is_that_of_the_planet) {
  // Then it is Williamson's test 2 with another depth, over ground that cancels in the free surface.
  const auto state = UnsteadyRotation{.flow_angle_degrees = 0}.state(planet);
  const auto flow = Williamson2().state(planet);
  for (const double lat : {-80., -33., 10., 45., 71.}) {
    EXPECT_NEAR(state.eastward_wind(1, lat * degree), flow.eastward_wind(1, lat * degree), 1e-12);
    EXPECT_NEAR(state.northward_wind(1, lat * degree), 0, 1e-12);
    EXPECT_NEAR(state.free_surface(1, lat * degree) - state.free_surface(1, 0),
                flow.free_surface(1, lat * degree) - flow.free_surface(1, 0), 1e-8);
  }
  EXPECT_NEAR(UnsteadyRotation().state(planet).ground(0, pi / 2), 11006, 1);
}

TEST(InitialStates, a_planets_tilted_axis_tilts_state_and_coriolis_parameter) {
  Planet tilted = planet;
  tilted.rotation_axis_tilt_degrees = 30;
  const Filled by_planet(options_of({{"name", "williamson_2"}, {"angle_degrees", "15"}}), globe(16, 12), tilted);
  const Filled by_state(options_of({{"name", "williamson_2"}, {"angle_degrees", "45"}}), globe(16, 12), planet);
  for (int j = 0; j < 12; ++j) {
    for (int i = 0; i < 16; ++i) {
      EXPECT_NEAR(by_planet(field::depth, 0, j, i), by_state(field::depth, 0, j, i), or_rounding(1e-9, 3e3));
      EXPECT_NEAR(by_planet(field::coriolis_parameter, 0, j, i), by_state(field::coriolis_parameter, 0, j, i),
                  or_rounding(1e-18, 2e-4));
    }
  }
  // The axis' north pole is at longitude 180, latitude 90 - tilt.
  tilted.rotation_axis_tilt_degrees = 90;
  const Filled model(options_of({{"name", "rest"}}), globe(16, 12), tilted);
  EXPECT_NEAR(model(field::coriolis_parameter, 0, 6, 8), 2 * tilted.rotation_rate_per_s, or_rounding(1e-18, 2e-4));
}

TEST(InitialStates, a_small_planet_keeps_the_rossby_number) {
  Planet small = jw_planet;
  small.small_planet_factor = 125;
  const Planet reduced = small.reduced();
  EXPECT_NEAR(reduced.radius_m, 50969.832, 1e-9);
  EXPECT_NEAR(reduced.rotation_rate_per_s * reduced.radius_m, jw_planet.rotation_rate_per_s * jw_planet.radius_m,
              1e-10);
  EXPECT_EQ(reduced.reduced().radius_m, reduced.radius_m);
  // The jets of Jablonowski and Williamson depend on that product alone.
  EXPECT_NEAR(JablonowskiWilliamson().state(reduced).geopotential(0, 0.7, 3e4),
              JablonowskiWilliamson().state(jw_planet).geopotential(0, 0.7, 3e4), 1e-9);
}

// Balance

TEST(InitialStates, temperature_is_the_slope_of_the_geopotential) {
  for (const auto& values : atmospheres) {
    const auto state = state_of(values, jw_planet);
    for (const double lat : {-80., -33., 0., 45., 71.}) {
      for (const double p : {300., 5000., 15000., 50000., 95000.}) {
        const double d = 1e-4;  // of ln p: truncation error 1e-8, rounding 1e-7 K
        const double slope = (state.geopotential(0.3, lat * degree, p * std::exp(d)) -
                              state.geopotential(0.3, lat * degree, p * std::exp(-d))) /
                             (2 * d);
        EXPECT_NEAR(-slope / jw_planet.gas_constant_j_per_kg_k, state.temperature(0.3, lat * degree, p), 2e-5)
            << values.at("name") << " " << lat << " " << p;
      }
    }
  }
}

TEST(InitialStates, undisturbed_winds_are_in_gradient_wind_balance) {
  // u (2 Omega sin(lat) + u tan(lat) / a) = - d phi / (a d lat) at constant pressure, or of g times the free surface
  const auto residual = [&](const Planet& of, const auto& phi, const auto& wind, double lat) {
    const double d = 1e-4;  // [radians]; truncation error below 1e-8 of the largest term
    const double u = wind(lat);
    const double slope = (phi(lat + d) - phi(lat - d)) / (2 * d * of.radius_m);
    return u * (2 * of.rotation_rate_per_s * std::sin(lat) + u * std::tan(lat) / of.radius_m) + slope;
  };
  for (const double rotation : {7.29212e-5, -7.29212e-5, 0.}) {
    Planet of = jw_planet;
    of.rotation_rate_per_s = rotation;
    const auto jets = JablonowskiWilliamson{.perturbation_m_per_s = 0}.state(of);
    const auto ullrich = Ullrich{.perturbation_m_per_s = 0}.state(of);
    const auto jet = PolvaniScottThomas{.perturbation_k = 0}.state(of);
    const auto zonal = MountainRossbyWave().state(of);
    for (const double lat : {-80., -33., 10., 45., 71.}) {
      for (const double p : {300., 5000., 25000., 50000., 95000.}) {
        for (const auto* state : {&jets, &ullrich, &jet, &zonal}) {
          const auto phi = [&](double y) { return state->geopotential(0, y, p); };
          const auto u = [&](double y) { return state->eastward_wind(0, y, p); };
          EXPECT_LT(std::abs(residual(of, phi, u, lat * degree)), 1e-9)  // of 3e-3 m s-2
              << lat << " " << p << " " << rotation;
        }
      }
    }
    const auto galewsky = Galewsky{.perturbation_m = 0}.state(of);
    for (const auto& state : {Williamson2().state(of), Williamson5().state(of), galewsky}) {
      for (const double lat : {-80., -33., 10., 45., 71.}) {
        const auto phi = [&](double y) { return of.gravity_m_per_s2 * state.free_surface(0, y); };
        const auto u = [&](double y) { return state.eastward_wind(0, y); };
        EXPECT_LT(std::abs(residual(of, phi, u, lat * degree)), 1e-7) << lat << " " << rotation;  // of 8e-3 m s-2
      }
    }
  }
}

/// Largest difference [of the state's own unit] between a state and the mirror image, lon -> - lon, of another.
template <class State, class... Pressure>
double largest_asymmetry(const State& state, const State& image, Pressure... p) {
  double worst = 0;
  for (const double lat : {-80., -33., 10., 17., 45., 71.}) {
    for (const double lon : {0., 12., 100., 175., 178.}) {
      const double x = lon * degree, y = lat * degree;
      const auto compare = [&](const auto& one, const auto& other, double sign) {
        worst = std::max(worst, std::abs(other(-x, y, p...) - sign * one(x, y, p...)));
      };
      compare(state.eastward_wind, image.eastward_wind, -1);
      compare(state.northward_wind, image.northward_wind, 1);
      if constexpr (sizeof...(p) > 0) {
        compare(state.temperature, image.temperature, 1);
      } else {
        compare(state.free_surface, image.free_surface, 1);
      }
    }
  }
  return worst;
}

TEST(InitialStates, a_planet_that_turns_the_other_way_has_the_mirror_image) {
  Planet westward = jw_planet;
  westward.rotation_rate_per_s *= -1;
  const auto shallow = [&](const auto& state, double tolerance) {
    EXPECT_LE(largest_asymmetry(state.state(jw_planet), state.state(westward)), tolerance) << state.name;
  };
  const auto deep = [&](const auto& state, double tolerance) {
    for (const double p : {5000., 25000., 50000., 95000.}) {
      EXPECT_LE(largest_asymmetry(state.state(jw_planet), state.state(westward), p), tolerance) << state.name << p;
    }
  };
  // Zonal flows to the bit; others but for the rounding of the longitude.
  deep(JablonowskiWilliamson{.perturbation_m_per_s = 0}, 0);
  deep(Ullrich{.perturbation_m_per_s = 0}, 0);
  deep(PolvaniScottThomas{.perturbation_k = 0}, 0);
  deep(MountainRossbyWave(), 0);
  deep(RossbyHaurwitz(), 1e-9);
  deep(TropicalCyclone(), 1e-6);
  shallow(Williamson2(), 0);
  shallow(Williamson5(), 0);
  shallow(Galewsky(), 0);
  shallow(Williamson6(), 1e-9);
  shallow(UnsteadyRotation(), 1e-9);
  shallow(CrossPolarFlow(), 1e-9);
}

TEST(InitialStates, jets_of_a_planet_at_rest_are_those_of_one_that_turns_slowly_and_have_none_below_the_ground) {
  Planet still = jw_planet, slow = jw_planet;
  still.rotation_rate_per_s = 0;
  slow.rotation_rate_per_s = 1e-12;
  const auto state = Ullrich{.perturbation_m_per_s = 0}.state(still);
  const double u = state.eastward_wind(0, 0.8, 25000);
  EXPECT_GT(u, 100);
  EXPECT_NEAR(u, Ullrich{.perturbation_m_per_s = 0}.state(slow).eastward_wind(0, 0.8, 25000), 1e-4);
  EXPECT_EQ(state.eastward_wind(0, 0.8, 1e5), 0);
  EXPECT_THROW(state.eastward_wind(0, 0.8, 1.01e5), Error);
  EXPECT_LT(Ullrich{.perturbation_m_per_s = 0}.state(jw_planet).eastward_wind(0, 0.8, 1.01e5), 0);
}

TEST(InitialStates, layers_have_the_mean_geopotential_of_the_state_over_mountains) {
  const int n_lon = 32, n_lat = 12, n_k = 26;
  const auto altitude = mountains(n_lon, n_lat);
  for (const auto& values : atmospheres) {
    const Filled model(options_of(values), globe(n_lon, n_lat), jw_planet, altitude);
    const auto state = state_of(values, jw_planet);
    const Frame frame(state.angle);
    double worst = 0, of_half_levels = 0;
    for (int j = 0; j < n_lat; ++j) {
      for (int i = 0; i < n_lon; ++i) {
        const auto point = frame.at(model.grid.longitude_of_cell(i), model.grid.latitude_of_cell(j));
        std::vector<double> p = {model.grid.levels.top_pressure()};
        for (int k = 0; k < n_k; ++k) {
          p.push_back(p.back() + model(field::layer_mass, k, j, i) * (1 + model(field::water_vapour, k, j, i)));
        }
        double below = model(field::surface_geopotential, 0, j, i);
        EXPECT_NEAR(below, jw_planet.gravity_m_per_s2 * altitude[j * n_lon + i], or_rounding(1e-9, 3e4));
        const auto exner = [&](double q) { return std::pow(q / 1e5, jw_planet.kappa()); };
        const auto exact = [&](double q) { return state.geopotential(point.lon, point.lat, q); };
        const auto everywhere = [&](double q) { return state.geopotential(0, 0, q); };
        for (int k = n_k; k > 0; --k) {
          const double theta = model(field::theta_mass, k - 1, j, i) / model(field::layer_mass, k - 1, j, i);
          const double phi = below + jw_planet.heat_capacity_j_per_kg_k * theta * (exner(p[k]) - exner(p[k - 1]));
          // Mean over the layer; of what curves everywhere alike that of both half levels (balanced_geopotential).
          const double middle = (p[k - 1] + p[k]) / 2;
          const double bend = everywhere(p[k - 1]) + everywhere(p[k]) - 2 * everywhere(middle);
          const double mean = (exact(p[k - 1]) + 4 * exact(middle) + exact(p[k])) / 6 + bend / 3;
          worst = std::max(worst, std::abs((phi + below) / 2 - mean) / 4e5);  // phi at the top is 3e5 to 5e5
          of_half_levels = std::max(of_half_levels, std::abs((exact(p[k]) + exact(p[k - 1])) / 2 - mean) / 4e5);
          below = phi;
        }
      }
    }
    const std::string& name = values.at("name");
    const double share =
        name == "jablonowski_williamson" || name == "ullrich" ? 0.2 : 0.7;  // others: thick top layers, a jump
    EXPECT_LT(worst, std::max(or_rounding(1e-12, 1), share * of_half_levels)) << name;
  }
}

TEST(InitialStates, a_top_layer_that_begins_in_vacuum_has_the_temperature_of_its_middle) {
  for (const std::string name : {"rest", "ullrich"}) {
    const auto state = state_of({{"name", name}}, planet);
    const Filled model(options_of({{"name", name}}), globe(16, 12), planet, {}, "sigma:20");
    for (int j = 0; j < 12; ++j) {
      const double theta = model(field::theta_mass, 0, j, 2) / model(field::layer_mass, 0, j, 2);
      const double exner = std::pow(0.025, planet.kappa());  // at 25 hPa
      EXPECT_NEAR(theta * exner, state.temperature(0, model.grid.latitude_of_cell(j), 2500), or_rounding(1e-9, 300));
    }
  }
}

TEST(InitialStates, surface_pressure_over_mountains_follows_the_profile) {
  const int n_lon = 32, n_lat = 12, n_k = 26;
  const auto altitude = mountains(n_lon, n_lat);
  const double g = planet.gravity_m_per_s2, R = planet.gas_constant_j_per_kg_k;
  const std::map<std::string, std::function<double(double)>> exact = {
      {"isothermal", [&](double z) { return 1e5 * std::exp(-g * z / (R * 300)); }},
      {"uniform_theta",
       [&](double z) { return 1e5 * std::pow(1 - g * z / (planet.heat_capacity_j_per_kg_k * 300), 3.5); }},
      {"standard_atmosphere", [&](double z) { return 1e5 * std::pow(1 - 6.5e-3 * z / 280, g / (R * 6.5e-3)); }}};
  for (const auto& [profile, ps_at] : exact) {
    const Filled model(options_of({{"name", "rest"}, {"profile", profile}}), globe(n_lon, n_lat), planet, altitude);
    for (int j = 0; j < n_lat; ++j) {
      for (int i = 0; i < n_lon; ++i) {
        double ps = model.grid.levels.top_pressure();
        for (int k = 0; k < n_k; ++k) ps += model(field::layer_mass, k, j, i);
        EXPECT_NEAR(ps / ps_at(altitude[j * n_lon + i]), 1, or_rounding(1e-13, 1)) << profile;
        EXPECT_EQ(model(field::xwind, 3, j, i), 0);
        EXPECT_EQ(model(field::ywind, 3, j, i), 0);
      }
    }
  }
}

TEST(InitialStates, surface_pressure_over_the_states_own_ground_is_the_reference_pressure) {
  for (const std::string name : {"jablonowski_williamson", "ullrich", "rest"}) {
    const Filled model(options_of({{"name", name}}), globe(16, 12), jw_planet);
    for (int j = 0; j < 12; ++j) {
      double ps = model.grid.levels.top_pressure();
      for (int k = 0; k < 26; ++k) ps += model(field::layer_mass, k, j, 3);
      EXPECT_NEAR(ps, 1e5, or_rounding(1e-9, 1e5));
    }
  }
}

// Places

TEST(InitialStates, tilted_flow_has_the_published_winds_heights_and_coriolis_parameter) {
  const int n_lon = 32, n_lat = 16;
  const double u0 = Williamson2().state(planet).eastward_wind(0, 0);
  const double drop = 1905.28247;  // [m]
  for (const double degrees : {0., 3., 45., 87., 90., -30.}) {
    const double alpha = degrees * degree;
    const Filled model(options_of({{"name", "williamson_2"}, {"angle_degrees", std::to_string(degrees)}}),
                       globe(n_lon, n_lat), planet);
    const Grid& grid = model.grid;
    const auto s = [&](double lon, double lat) {
      return -std::cos(lon) * std::cos(lat) * std::sin(alpha) + std::sin(lat) * std::cos(alpha);
    };
    for (int j = 0; j < n_lat; ++j) {
      for (int i = 0; i < n_lon; ++i) {
        const double lat = grid.latitude_of_cell(j), lon = grid.longitude_of_cell(i);
        const double lon_u = grid.longitude_of_xface(i);
        EXPECT_NEAR(model(field::depth, 0, j, i), 2998.11546 - drop * std::pow(s(lon, lat), 2), or_rounding(1e-4, 3e3));
        EXPECT_NEAR(model(field::xwind, 0, j, i),
                    u0 * (std::cos(lat) * std::cos(alpha) + std::cos(lon_u) * std::sin(lat) * std::sin(alpha)),
                    or_rounding(1e-12, u0));
        EXPECT_NEAR(model(field::ywind, 0, j, i), j == 0 ? 0 : -u0 * std::sin(lon) * std::sin(alpha),
                    or_rounding(1e-12, u0));
      }
    }
    for (int i = 0; i < n_lon; ++i) EXPECT_EQ(model(field::ywind, 0, n_lat, i), 0);
    for (int j = -halo_width; j <= n_lat + halo_width; ++j) {
      for (int i = -halo_width; i < n_lon + halo_width; ++i) {
        const double f = model(field::coriolis_parameter, 0, j, i);
        // Beyond a pole the cosine of latitude is negative, so this is the point half a circle away.
        const double exact = 2 * 7.292e-5 * s(grid.longitude_of_xface(i), grid.latitude_of_yface(j));
        EXPECT_NEAR(f, exact, or_rounding(1e-18, 2 * 7.292e-5)) << degrees << " " << j << " " << i;
        if (j < 0) {
          EXPECT_EQ(f, model(field::coriolis_parameter, 0, -j, (i + n_lon / 2) % n_lon));
        }
        if (j == 0 || j == n_lat) {
          EXPECT_EQ(f, model(field::coriolis_parameter, 0, j, 0));
        }
        if (degrees == 0) {
          EXPECT_EQ(f, -model(field::coriolis_parameter, 0, n_lat - j, i));
        }
      }
    }
  }
}

TEST(InitialStates, mean_depth_of_the_tilted_flow_does_not_depend_on_the_angle) {
  for (const std::string degrees : {"0", "2.8647889756541", "45", "87.1352110243459", "90"}) {
    const auto mean = [&](int n_lat) {
      return area_mean(
          Filled(options_of({{"name", "williamson_2"}, {"angle_degrees", degrees}}), globe(2 * n_lat, n_lat), planet),
          field::depth);
    };
    const double coarse = mean(45), fine = mean(90);
    EXPECT_NEAR(fine, 2363.0213, 0.2) << degrees;
    EXPECT_NEAR((4 * fine - coarse) / 3, 2363.0213, 1e-3)
        << degrees;  // second-order error of the midpoint rule removed
  }
}

TEST(InitialStates, a_tilt_turns_wind_vectors_without_stretching_them) {
  const Frame frame(0.7);
  const double d = 1e-6;
  for (double lat = -1.5; lat < 1.5; lat += 0.37) {
    for (double lon = 0.1; lon < 6.3; lon += 0.41) {
      const auto point = frame.at(lon, lat);
      EXPECT_NEAR(std::hypot(point.cosine, point.sine), 1, 1e-14);
      // A small step east in the grid, seen from the state, is the vector (cosine, - sine).
      const auto east = frame.at(lon + d / std::cos(lat), lat);
      const double step_east = centred_longitude(east.lon - point.lon) * std::cos(point.lat) / d;
      EXPECT_NEAR(step_east, point.cosine, 1e-4);
      EXPECT_NEAR((east.lat - point.lat) / d, -point.sine, 1e-4);
    }
  }
}

TEST(InitialStates, steady_states_are_mirror_symmetric_to_the_bit) {
  const int n_lon = 16, n_lat = 13, n_k = 26;
  for (const std::string name : {"jablonowski_williamson", "ullrich"}) {
    const Filled model(options_of({{"name", name}, {"perturbation_m_per_s", "0"}}), globe(n_lon, n_lat), jw_planet);
    for (int k = 0; k < n_k; ++k) {
      for (int j = 0; j < n_lat; ++j) {
        EXPECT_EQ(model(field::theta_mass, k, j, 3), model(field::theta_mass, k, n_lat - 1 - j, 3));
        EXPECT_EQ(model(field::xwind, k, j, 3), model(field::xwind, k, n_lat - 1 - j, 3));
        EXPECT_EQ(model(field::xwind, k, j, 3), model(field::xwind, k, j, 11));
      }
    }
  }
}

TEST(InitialStates, parts_of_the_globe_get_the_same_bits_as_the_whole) {
  const int n_lon = 32, n_lat = 15, n_k = 26;
  const Layout layout{2, 3};
  auto all = atmospheres;
  all.push_back({{"name", "rest"}, {"perturbation_k", "0.1"}});
  for (const auto& info : all_initial_states()) {
    if (info.equations == "shallow_water") all.push_back({{"name", info.name}, {"angle_degrees", "20"}});
  }
  for (const auto& values : all) {
    const auto options = options_of(values);
    const int n = options.fits(true) ? 1 : n_k;
    const auto altitude = options.fits(true) ? std::vector<double>() : mountains(n_lon, n_lat);
    const Filled whole(options, globe(n_lon, n_lat), planet, altitude);
    int different = 0;
    for (int py = 0; py < layout.ranks_lat; ++py) {
      for (int px = 0; px < layout.ranks_lon; ++px) {
        const Filled part(options, part_of_globe(n_lon, n_lat, layout, px, py), planet, altitude);
        const Block& block = part.grid.block;
        const auto compare = [&](const auto& spec, int margin, int more_rows) {
          for (int k = 0; k < (margin ? 1 : n); ++k) {
            for (int j = -margin; j < block.ny + margin + more_rows; ++j) {
              for (int i = -margin; i < block.nx + margin; ++i) {
                const int column = margin ? (block.i_first + i + n_lon) % n_lon : block.i_first + i;
                different += part(spec, k, j, i) != whole(spec, k, block.j_first + j, column);
              }
            }
          }
        };
        if (options.fits(true)) {
          compare(field::depth, 0, 0);
        } else {
          compare(field::layer_mass, 0, 0);
          compare(field::theta_mass, 0, 0);
        }
        compare(field::xwind, 0, 0);
        compare(field::ywind, 0, block.at_north_pole() ? 1 : 0);
        compare(field::coriolis_parameter, halo_width, 1);
      }
    }
    EXPECT_EQ(different, 0) << values.at("name");
  }
}

TEST(InitialStates, noise_is_small_different_everywhere_and_without_bias) {
  const int n_lon = 32, n_lat = 16, n_k = 26;
  const Filled quiet(options_of({{"name", "rest"}}), globe(n_lon, n_lat), planet);
  const Filled noisy(options_of({{"name", "rest"}, {"perturbation_k", "0.1"}}), globe(n_lon, n_lat), planet);
  std::set<double> values;
  double sum = 0, largest = 0;
  for (int k = 0; k < n_k; ++k) {
    for (int j = 0; j < n_lat; ++j) {
      for (int i = 0; i < n_lon; ++i) {
        const auto theta = [&](const Filled& m) {
          return m(field::theta_mass, k, j, i) / m(field::layer_mass, k, j, i);
        };
        const auto& levels = noisy.grid.levels;
        const double exner = std::pow((levels.pressure(k, 1e5) + levels.pressure(k + 1, 1e5)) / 2e5, planet.kappa());
        const double noise = (theta(noisy) - theta(quiet)) * exner;  // [K]
        values.insert(noise);
        sum += noise;
        largest = std::max(largest, std::abs(noise));
      }
    }
  }
  const double count = n_k * n_lat * n_lon;
  EXPECT_LE(largest, 0.1 + or_rounding(1e-10, 300));
  EXPECT_GT(largest, 0.099);
  EXPECT_NEAR(sum / count, 0, 4 * 0.1 / std::sqrt(3 * count));  // four standard deviations of the mean
  // Single precision has steps of 3e-5 K at 300 K: some values meet.
  EXPECT_GT(values.size(), (sizeof(Real) == 8 ? 0.99 : 0.95) * count);
}

// Options

TEST(InitialStates, readers_see_the_options_of_the_chosen_state_and_describers_all) {
  Setter reader;
  reader.values = {{"name", "galewsky"}, {"perturbation_m", "0"}};
  InitialOptions options;
  options.visit(reader);
  EXPECT_EQ(reader.keys, (std::multiset<std::string>{"name", "angle_degrees", "perturbation_m"}));
  EXPECT_EQ(options.name(), "galewsky");
  EXPECT_TRUE(options.fits(true));
  EXPECT_FALSE(options_of({{"name", "ullrich"}}).fits(true));
  Setter describer;
  describer.all = true;
  options.visit(describer);
  EXPECT_EQ(describer.keys.count("angle_degrees"), 22u);
  EXPECT_EQ(describer.keys.count("profile"), 1u);
  EXPECT_EQ(all_initial_states().size(), 24u);
}

TEST(InitialStates, ground_above_the_water_is_refused) {
  const std::vector<double> altitude(16 * 12, 5500.0);
  EXPECT_THROW(Filled(options_of({{"name", "williamson_5"}}), globe(16, 12), planet, altitude), Error);
  EXPECT_THROW(Filled(options_of({{"name", "williamson_5"}}), globe(16, 12), planet, {0.0}), Error);
}

}  // namespace
}  // namespace meridian
