#include "cases/initial_state.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>

#include "cases/from_file.hpp"
#include "cases/on_host.hpp"
#include "cases/states.hpp"

namespace meridian {

namespace {

/// All initial states: one line each.
using States = std::tuple<Rest,                   //
                          FromFile,               //
                          JablonowskiWilliamson,  //
                          Ullrich,                //
                          PolvaniScottThomas,     //
                          TropicalCyclone,        //
                          Dcmip11,                //
                          Dcmip12,                //
                          Dcmip13,                //
                          RossbyHaurwitz,         //
                          MountainRossbyWave,     //
                          SchaerRest,             //
                          Williamson1,            //
                          Williamson2,            //
                          Williamson5,            //
                          Williamson6,            //
                          Galewsky,               //
                          UnsteadyRotation,       //
                          CrossPolarFlow,         //
                          Rotation,               //
                          Deformation1,           //
                          Deformation2,           //
                          Deformation3,           //
                          Deformation4>;

template <class State, class Kind>
constexpr bool is_of = std::is_same_v<decltype(std::declval<State>().state(Planet())), Kind>;
template <class State>
constexpr bool fits_shallow_water = !is_of<State, AtmosphereState>;
template <class State>
constexpr bool fits_hydrostatic = !is_of<State, ShallowWaterState>;

/// Calls action(state) for each state.
template <class Tuple, class Action>
void for_each_state(Tuple& states, const Action& action) {
  std::apply([&](auto&... state) { (action(state), ...); }, states);
}

/// f = 2 Omega sin(latitude in the frame of the state) at all corners, halo included. A point beyond a pole is the
/// point half a circle away; the corners of a pole row are one point.
void fill_coriolis_parameter(const Grid& grid, const Frame& frame, const FieldSet& fields) {
  const Block& block = grid.block;
  OnHost f(fields.get(field::coriolis_parameter));
  for (int j = -halo_width; j <= block.ny + halo_width; ++j) {
    for (int i = -halo_width; i < block.nx + halo_width; ++i) {
      int row = block.j_first + j;
      int column = block.i_first + i + block.n_lon;
      if (row < 0 || row > block.n_lat) {
        row = row < 0 ? -row : 2 * block.n_lat - row;
        column += block.n_lon / 2;
      }
      const bool pole = row == 0 || row == block.n_lat;
      column = pole ? 0 : column % block.n_lon;
      const auto point =
          frame.at(grid.longitude_of_xface(column - block.i_first), grid.latitude_of_yface(row - block.j_first));
      f.set(0, j, i, 2 * grid.planet.rotation_rate_per_s * std::sin(point.lat));
    }
  }
}

void fill(const ShallowWaterState& state, const Grid& grid, const FieldSet& fields,
          const std::vector<double>& surface_altitude) {
  const Block& block = grid.block;
  const Frame frame(state.angle + grid.planet.tilt());
  const Ground ground(grid, surface_altitude);
  const double g = grid.planet.gravity_m_per_s2;
  OnHost h(fields.get(field::depth));
  OnHost phi_s(fields.get(field::surface_geopotential));
  OnHost u(fields.get(field::xwind));
  OnHost v(fields.get(field::ywind));
  for (int j = 0; j < block.ny; ++j) {
    for (int i = 0; i < block.nx; ++i) {
      const double lat = grid.latitude_of_cell(j);
      const auto cell = frame.at(grid.longitude_of_cell(i), lat);
      const double phi = ground(j, i, g * state.ground(cell.lon, cell.lat));
      const double depth = state.free_surface(cell.lon, cell.lat) - phi / g;
      require(depth >= 0, ExitCode::configuration, "'boundary.topography' is ", -depth,
              " m above the free surface of the state at latitude ", lat * 180 / pi, ", longitude ",
              grid.longitude_of_cell(i) * 180 / pi, "; set it to 'flat' for this state.");
      h.set(0, j, i, depth);
      phi_s.set(0, j, i, phi);
      const auto face = frame.at(grid.longitude_of_xface(i), lat);
      u.set(0, j, i, face.eastward(state.eastward_wind(face.lon, face.lat), state.northward_wind(face.lon, face.lat)));
    }
  }
  for_each_yface(grid, v, 1, [&](int j, int i, double lon, double lat) {
    const Frame::Point face = frame.at(lon, lat);
    v.set(0, j, i, face.northward(state.eastward_wind(face.lon, face.lat), state.northward_wind(face.lon, face.lat)));
  });
  fill_coriolis_parameter(grid, frame, fields);
}

/// Geopotential of the state's own ground [m2 s-2].
double own_ground(const AtmosphereState& state, const Planet& planet, double lon, double lat) {
  return state.ground ? state.ground(lon, lat) : state.geopotential(lon, lat, planet.reference_pressure_pa);
}

/// Pressure [Pa] where the geopotential of the state is phi, by Newton's method: d phi / d ln p = - R T.
double pressure_at(const AtmosphereState& state, const Planet& planet, const Frame::Point& point, double phi) {
  double p = planet.reference_pressure_pa;
  for (int n = 0; n < 50; ++n) {
    const double above = state.geopotential(point.lon, point.lat, p) - phi;
    const double step = above / (planet.gas_constant_j_per_kg_k * state.temperature(point.lon, point.lat, p));
    p *= std::exp(step);
    if (std::abs(step) < 1e-13) return p;
  }
  throw Error(ExitCode::configuration, "The initial state has no pressure at a surface geopotential of " +
                                           std::to_string(phi) + " m2 s-2; set 'boundary.topography' to 'flat'.");
}

/// Geopotential of half levels with these pressures; 0 where one is 0. In the model the geopotential of a layer, whose gradient moves
/// its wind, is the mean of both half levels; that of a state is its mean over the layer, which is less by a third of
/// c = phi_top + phi_bottom - 2 phi_middle (Simpson's rule). So half levels are lowered by a sixth of c above and below them. What
/// curves everywhere alike has no gradient, hence the deviation from the state at one place. The ground stays.
std::vector<double> balanced_geopotential(const AtmosphereState& state, const Frame::Point& cell,
                                          const std::vector<double>& half) {
  const int n_k = static_cast<int>(half.size()) - 1;
  const auto here = [&](double p) { return state.geopotential(cell.lon, cell.lat, p); };
  const auto elsewhere = [&](double p) { return state.geopotential(0, 0, p); };
  std::vector<double> phi(n_k + 1), deviation(n_k + 1), bend(n_k);
  for (int k = 0; k <= n_k; ++k) {
    if (half[k] > 0) {
      phi[k] = here(half[k]);
      deviation[k] = phi[k] - elsewhere(half[k]);
    }
  }
  for (int k = 0; k < n_k; ++k) {
    const double middle = (half[k] + half[k + 1]) / 2;
    if (half[k] > 0) bend[k] = deviation[k] + deviation[k + 1] - 2 * (here(middle) - elsewhere(middle));
  }
  for (int k = 0; k < n_k; ++k) {
    const bool topmost = k == 0 || !(half[k - 1] > 0);
    if (half[k] > 0) phi[k] -= topmost ? bend[k] / 3 : (bend[k - 1] + bend[k]) / 6;
  }
  return phi;
}

/// A number in [-1, 1) that follows from a counter alone (the mixing function of splitmix64, Steele et al. 2014).
double noise_of(std::uint64_t counter) {
  std::uint64_t x = (counter + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  return std::ldexp(static_cast<double>(x >> 11), -52) - 1;
}

void fill(const AtmosphereState& state, const Grid& grid, const FieldSet& fields,
          const std::vector<double>& surface_altitude) {
  const Block& block = grid.block;
  const Planet& planet = grid.planet;
  const VerticalCoordinate& levels = grid.levels;
  const int n_k = grid.n_levels();
  const Frame frame(state.angle + grid.planet.tilt());
  const Ground ground(grid, surface_altitude);
  const auto exner = [&](double p) { return std::pow(p / planet.reference_pressure_pa, planet.kappa()); };

  // Columns of the owned cells and of those west and south of them, and the ground.
  const int stride = block.nx + 1;
  std::vector<ColumnState> columns(static_cast<std::size_t>(stride) * (block.ny + 1));
  const auto column_at = [&](int j, int i) -> ColumnState& {
    return columns[(j + 1) * static_cast<std::size_t>(stride) + i + 1];
  };
  // Mean of wind(p) over layer k between two columns by Simpson's rule; what it is in the middle of one that begins at 0 Pa.
  const auto mean_over_layer = [&](int k, const ColumnState& a, const ColumnState& b, const auto& wind) {
    const double top = (a.half[k] + b.half[k]) / 2, bottom = (a.half[k + 1] + b.half[k + 1]) / 2;
    const double middle = wind((top + bottom) / 2);
    return top > 0 ? (wind(top) + 4 * middle + wind(bottom)) / 6 : middle;
  };
  OnHost phi_s(fields.get(field::surface_geopotential));
  for (int j = block.at_south_pole() ? 0 : -1; j < block.ny; ++j) {
    for (int i = -1; i < block.nx; ++i) {
      const auto cell = frame.at(grid.longitude_of_cell(wrapped(block, i)), grid.latitude_of_cell(j));
      const double phi = ground(j, i, own_ground(state, planet, cell.lon, cell.lat));
      std::function<double(int, double)> humidity;
      if (state.specific_humidity) {
        humidity = [&](int, double p) { return state.specific_humidity(cell.lon, cell.lat, p); };
      }
      column_at(j, i) = column_state(humidity, levels, pressure_at(state, planet, cell, phi));
      if (j >= 0 && i >= 0) phi_s.set(0, j, i, phi);
    }
  }

  require(!state.specific_humidity || fields.has(field::water_vapour.name), ExitCode::configuration,
          "The initial state has water vapour: add {name: qv, initial: state} to 'tracers'.");
  std::optional<OnHost<Cell>> vapour;
  if (fields.has(field::water_vapour.name)) vapour.emplace(fields.get(field::water_vapour));
  OnHost mass(fields.get(field::layer_mass));
  OnHost theta_mass(fields.get(field::theta_mass));
  OnHost u(fields.get(field::xwind));
  OnHost v(fields.get(field::ywind));
  for (int j = 0; j < block.ny; ++j) {
    for (int i = 0; i < block.nx; ++i) {
      const auto cell = frame.at(grid.longitude_of_cell(i), grid.latitude_of_cell(j));
      const auto face = frame.at(grid.longitude_of_xface(i), grid.latitude_of_cell(j));
      const ColumnState &column = column_at(j, i), &west = column_at(j, i - 1);
      const std::vector<double> phi = balanced_geopotential(state, cell, column.half);
      double p_below = column.half[n_k];
      for (int k = n_k - 1; k >= 0; --k) {
        const double p = column.half[k];
        const double p_middle = (p + p_below) / 2;
        double theta = p > 0 ? (phi[k] - phi[k + 1]) / (planet.heat_capacity_j_per_kg_k * (exner(p_below) - exner(p)))
                             : state.temperature(cell.lon, cell.lat, p_middle) / exner(p_middle);
        if (state.noise > 0) {
          const std::uint64_t row = static_cast<std::uint64_t>(k) * block.n_lat + block.j_first + j;
          theta += state.noise * noise_of(row * block.n_lon + block.i_first + i) / exner(p_middle);
        }
        const double dry = (p_below - p) / (1 + column.vapour[k]);
        mass.set(k, j, i, dry);
        theta_mass.set(k, j, i, dry * theta);
        if (vapour) vapour->set(k, j, i, column.vapour[k]);
        p_below = p;
        u.set(k, j, i, mean_over_layer(k, west, column, [&](double p) {
                return face.eastward(state.eastward_wind(face.lon, face.lat, p),
                                     state.northward_wind(face.lon, face.lat, p));
              }));
      }
    }
  }
  for_each_yface(grid, v, n_k, [&](int j, int i, double lon, double lat) {
    const Frame::Point face = frame.at(lon, lat);
    for (int k = 0; k < n_k; ++k) {
      v.set(k, j, i, mean_over_layer(k, column_at(j - 1, i), column_at(j, i), [&](double p) {
              return face.northward(state.eastward_wind(face.lon, face.lat, p),
                                    state.northward_wind(face.lon, face.lat, p));
            }));
    }
  });
  fill_coriolis_parameter(grid, frame, fields);
}

}  // namespace

ColumnState column_state(const std::function<double(int, double)>& specific_humidity, const VerticalCoordinate& levels,
                         double surface_pressure) {
  const int n_k = levels.n_layers();
  ColumnState column{std::vector<double>(n_k + 1), std::vector<double>(n_k)};
  for (int k = 0; k <= n_k; ++k) column.half[k] = levels.pressure(k, surface_pressure);
  if (!specific_humidity) return column;
  double dry = surface_pressure;
  for (int n = 0; n < 50; ++n) {
    double error = 0;
    for (int k = 0; k < n_k; ++k) {
      const double q = specific_humidity(k, (column.half[k] + column.half[k + 1]) / 2);
      column.vapour[k] = q / (1 - q);
    }
    for (int k = 0; k < n_k; ++k) {
      const double layer = levels.pressure(k + 1, dry) - levels.pressure(k, dry);
      const double below = column.half[k] + layer * (1 + column.vapour[k]);
      error = std::fmax(error, std::abs(below - column.half[k + 1]));
      column.half[k + 1] = below;
    }
    const double excess = column.half[n_k] - surface_pressure;
    if (std::abs(excess) < 1e-9 && error < 1e-9) break;
    dry -= excess;
  }
  return column;
}

Frame::Frame(double angle) : angle_(angle), cosine_(std::cos(angle)), sine_(std::sin(angle)) {}

double great_circle_distance(double lon1, double lat1, double lon2, double lat2) {
  const double north = std::sin((lat2 - lat1) / 2);
  const double east = std::sin((lon2 - lon1) / 2);
  const double half_chord = std::sqrt(north * north + std::cos(lat1) * std::cos(lat2) * east * east);
  return 2 * std::asin(std::fmin(half_chord, 1));
}

double centred_longitude(double lon) { return lon - 2 * pi * std::ceil((lon - pi) / (2 * pi)); }

struct InitialOptions::Impl {
  std::string name = "rest";
  States states;
};

InitialOptions::InitialOptions() : impl(std::make_unique<Impl>()) {}
InitialOptions::InitialOptions(const InitialOptions& other) : impl(std::make_unique<Impl>(*other.impl)) {}
InitialOptions& InitialOptions::operator=(const InitialOptions& other) {
  *impl = *other.impl;
  return *this;
}
InitialOptions::~InitialOptions() = default;

const std::string& InitialOptions::name() const { return impl->name; }

void InitialOptions::visit(OptionVisitor& option) {
  static constexpr auto names = std::apply(
      [](auto... state) { return std::array<std::string_view, sizeof...(state)>{decltype(state)::name...}; }, States());
  option.word("name", impl->name, names, "the state at the start: see 'meridian list cases'");
  for_each_state(impl->states, [&](auto& state) {
    if (option.shows_alternatives()) option.alternative("name", state.name);
    if (option.shows_alternatives() || state.name == impl->name) state.visit(option);
  });
  if (option.shows_alternatives()) option.alternative("name", "");
}

bool InitialOptions::fits(bool shallow_water) const {
  bool result = false;
  for_each_state(impl->states, [&]<class State>(const State& state) {
    if (state.name == impl->name) result = shallow_water ? fits_shallow_water<State> : fits_hydrostatic<State>;
  });
  return result;
}

std::string& InitialOptions::path() { return std::get<FromFile>(impl->states).path; }
bool InitialOptions::is_file() const { return impl->name == FromFile::name; }

double InitialOptions::angle(const Planet& planet) const {
  double angle = 0;
  for_each_state(impl->states, [&](const auto& state) {
    if (state.name == impl->name) angle = state.state(planet).angle;
  });
  return angle + planet.tilt();
}

bool InitialOptions::has_vapour(const Planet& planet) const {
  bool result = false;
  for_each_state(impl->states, [&]<class State>(const State& state) {
    if constexpr (is_of<State, AtmosphereState>) {
      if (state.name == impl->name) result = static_cast<bool>(state.state(planet).specific_humidity);
    }
  });
  return result;
}

double InitialOptions::highest_ground_m(const Planet& planet) const {
  double highest = 0;
  const auto look = [&](const auto& ground_m) {
    for (int lat = -89; lat < 90; lat += 2) {
      for (int lon = 0; lon < 360; lon += 2) {
        highest = std::max(highest, std::abs(ground_m(lon * pi / 180, lat * pi / 180)));
      }
    }
  };
  for_each_state(impl->states, [&]<class State>(const State& state) {
    if (state.name != impl->name) return;
    const double g = planet.gravity_m_per_s2;
    if constexpr (is_of<State, AtmosphereState>) {
      const AtmosphereState s = state.state(planet);
      look([&](double lon, double lat) { return own_ground(s, planet, lon, lat) / g; });
    } else if constexpr (is_of<State, ShallowWaterState>) {
      look(state.state(planet).ground);
    }
  });
  return highest;
}

void fill_initial_state(const InitialOptions& options, const Grid& grid, const FieldSet& fields,
                        const std::vector<double>& surface_altitude, const GriddedState& file) {
  for_each_state(options.impl->states, [&]<class State>(const State& state) {
    if (state.name != options.name()) return;
    if constexpr (is_of<State, FileState>) {
      fill_from_file(file, grid, fields, surface_altitude);
      fill_coriolis_parameter(grid, Frame(grid.planet.tilt()), fields);
    } else {
      fill(state.state(grid.planet), grid, fields, surface_altitude);
    }
  });
}

std::vector<InitialStateInfo> all_initial_states() {
  std::vector<InitialStateInfo> all;
  const States states;
  for_each_state(states, [&]<class State>(const State&) {
    const char* equations = !fits_hydrostatic<State>    ? "shallow_water"
                            : fits_shallow_water<State> ? "both"
                                                        : "hydrostatic";
    all.push_back({std::string(State::name), std::string(State::meaning), std::string(State::source), equations});
  });
  return all;
}

}  // namespace meridian
