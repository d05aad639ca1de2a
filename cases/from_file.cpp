#include "cases/from_file.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "cases/on_host.hpp"

namespace meridian {

namespace {

/// Values on the source grid with a row at each pole: level, row, column, component.
struct Sheet {
  int n_k = 0, n_rows = 0, n_lon = 0, n_components = 1;
  std::vector<double> values;
  const double* at(int k, int row, int i) const {
    return &values[((static_cast<std::size_t>(k) * n_rows + row) * n_lon + i) * n_components];
  }
  double* at(int k, int row, int i) { return const_cast<double*>(std::as_const(*this).at(k, row, i)); }
};

/// The source grid: where a point lies in it.
class Source {
 public:
  explicit Source(const GriddedState& state) : lon_(state.lon), n_lon_(static_cast<int>(state.lon.size())) {
    south_pole_ = state.lat.front() > -pi / 2 + 1e-9;
    north_pole_ = state.lat.back() < pi / 2 - 1e-9;
    if (south_pole_) rows_.push_back(-pi / 2);
    rows_.insert(rows_.end(), state.lat.begin(), state.lat.end());
    if (north_pole_) rows_.push_back(pi / 2);
    spacing_ = pi / static_cast<double>(rows_.size() - 1);
  }
  double spacing() const { return spacing_; }

  /// One component: values(level, latitude, longitude) of the file; the poles have the mean of the row beside them.
  Sheet scalar(const std::vector<double>& values) const {
    return sheet(values.size(), 1, [&](std::size_t from, int, int, double* to) { to[0] = values[from]; });
  }
  /// The wind as a vector in space.
  Sheet vector(const std::vector<double>& u, const std::vector<double>& v, const std::vector<double>& lat) const {
    return sheet(u.size(), 3, [&](std::size_t from, int j, int i, double* to) {
      const double sl = std::sin(lon_[i]), cl = std::cos(lon_[i]), sp = std::sin(lat[j]), cp = std::cos(lat[j]);
      to[0] = -sl * u[from] - sp * cl * v[from];
      to[1] = cl * u[from] - sp * sl * v[from];
      to[2] = cp * v[from];
    });
  }

  struct Weights {
    int row, west, east;  // rows row and row + 1
    double north, to_east;
  };
  Weights weights(double lon, double lat) const {
    const auto after = std::upper_bound(rows_.begin() + 1, rows_.end() - 1, lat);
    const int row = static_cast<int>(after - rows_.begin()) - 1;
    const double north = std::clamp((lat - rows_[row]) / (rows_[row + 1] - rows_[row]), 0.0, 1.0);
    while (lon < lon_[0]) lon += 2 * pi;
    while (lon >= lon_[0] + 2 * pi) lon -= 2 * pi;
    const int west = static_cast<int>(std::upper_bound(lon_.begin(), lon_.end(), lon) - lon_.begin()) - 1;
    const int east = west + 1 == n_lon_ ? 0 : west + 1;
    const double width = (east == 0 ? lon_[0] + 2 * pi : lon_[east]) - lon_[west];
    return {row, west, east, north, (lon - lon_[west]) / width};
  }
  static double value(const Sheet& sheet, const Weights& w, int k, int component = 0) {
    const auto along = [&](int row) {
      return (1 - w.to_east) * sheet.at(k, row, w.west)[component] + w.to_east * sheet.at(k, row, w.east)[component];
    };
    return (1 - w.north) * along(w.row) + w.north * along(w.row + 1);
  }

 private:
  template <class Put>
  Sheet sheet(std::size_t n, int n_components, const Put& put) const {
    Sheet result;
    const int inner = static_cast<int>(rows_.size()) - south_pole_ - north_pole_;
    result.n_rows = static_cast<int>(rows_.size());
    result.n_lon = n_lon_;
    result.n_k = static_cast<int>(n) / (inner * n_lon_);
    result.n_components = n_components;
    result.values.resize(static_cast<std::size_t>(result.n_k) * result.n_rows * n_lon_ * n_components);
    for (int k = 0; k < result.n_k; ++k) {
      for (int j = 0; j < inner; ++j) {
        for (int i = 0; i < n_lon_; ++i) {
          put((static_cast<std::size_t>(k) * inner + j) * n_lon_ + i, j, i, result.at(k, j + south_pole_, i));
        }
      }
      // One value at each pole: the mean of its own row, or of the one beside it.
      for (const auto& [pole, from] :
           {std::pair{0, south_pole_ ? 1 : 0}, {result.n_rows - 1, result.n_rows - (north_pole_ ? 2 : 1)}}) {
        for (int c = 0; c < n_components; ++c) {
          double mean = 0;
          for (int i = 0; i < n_lon_; ++i) mean += result.at(k, from, i)[c] / n_lon_;
          for (int i = 0; i < n_lon_; ++i) result.at(k, pole, i)[c] = mean;
        }
      }
    }
    return result;
  }

  std::vector<double> lon_, rows_;
  int n_lon_;
  bool south_pole_, north_pole_;
  double spacing_;
};

/// Points of a model cell at which the file is asked: its centre, or several where the file is finer.
class Footprint {
 public:
  Footprint(const Source& source, const Grid& grid)
      : source_(source),
        n_(std::max(1, static_cast<int>(std::lround(grid.dp() / source.spacing())))),
        dlon_(grid.dl()),
        dlat_(grid.dp()) {}

  /// Mean of f(weights, longitude, latitude) over the footprint round a point.
  template <class F>
  double mean(double lon, double lat, const F& f) const {
    if (n_ == 1) return f(source_.weights(lon, lat));
    double sum = 0;
    for (int m = 0; m < n_; ++m) {
      const double y = std::clamp(lat + dlat_ * ((m + 0.5) / n_ - 0.5), -pi / 2, pi / 2);
      for (int n = 0; n < n_; ++n) sum += f(source_.weights(lon + dlon_ * ((n + 0.5) / n_ - 0.5), y));
    }
    return sum / (n_ * n_);
  }
  double scalar(const Sheet& sheet, int k, double lon, double lat) const {
    return mean(lon, lat, [&](const Source::Weights& w) { return Source::value(sheet, w, k); });
  }
  double component(const Sheet& sheet, int k, double lon, double lat, int c) const {
    return mean(lon, lat, [&](const Source::Weights& w) { return Source::value(sheet, w, k, c); });
  }
  double eastward(const Sheet& wind, int k, double lon, double lat) const {
    return -std::sin(lon) * component(wind, k, lon, lat, 0) + std::cos(lon) * component(wind, k, lon, lat, 1);
  }
  double northward(const Sheet& wind, int k, double lon, double lat) const {
    return -std::sin(lat) *
               (std::cos(lon) * component(wind, k, lon, lat, 0) + std::sin(lon) * component(wind, k, lon, lat, 1)) +
           std::cos(lat) * component(wind, k, lon, lat, 2);
  }

 private:
  const Source& source_;
  int n_;
  double dlon_, dlat_;
};

/// Linear in ln p, constant outside.
double at_pressure(const std::vector<double>& p, const std::vector<double>& values, double target) {
  const auto below = std::upper_bound(p.begin(), p.end(), target);
  if (below == p.begin()) return values.front();
  if (below == p.end()) return values.back();
  const std::size_t k = below - p.begin();
  const double weight = std::log(target / p[k - 1]) / std::log(p[k] / p[k - 1]);
  return (1 - weight) * values[k - 1] + weight * values[k];
}

bool has_the_levels_of(const GriddedState& state, const VerticalCoordinate& levels) {
  if (static_cast<int>(state.ap_half.size()) != levels.n_layers() + 1) return false;
  for (int k = 0; k <= levels.n_layers(); ++k) {
    if (std::abs(state.ap_half[k] / levels.p0() - levels.a(k)) > 1e-9) return false;
    if (std::abs(state.b_half[k] - levels.b(k)) > 1e-9) return false;
  }
  return true;
}

constexpr double same_altitude = 1e-3;  // [m]

/// Refuses what a start file cannot be meant to give: there the levels end too far from the ground.
void require_possible(const FieldInfo& field, double value, double lon, double lat) {
  require(value >= field.valid.lowest && value <= field.valid.highest, ExitCode::bad_data, "The start file gives '",
          field.name, "' = ", value, " ", field.unit, " at latitude ", lat * 180 / pi, ", longitude ", lon * 180 / pi,
          "; allowed is ", field.valid.lowest, " to ", field.valid.highest,
          ": its levels may end too far from the ground of the model.");
}

void fill_shallow_water(const GriddedState& state, const Grid& grid, const FieldSet& fields, const Ground& ground) {
  const Block& block = grid.block;
  const Source source(state);
  const Footprint footprint(source, grid);
  const double g = grid.planet.gravity_m_per_s2;
  const Sheet wind = source.vector(state.eastward_wind, state.northward_wind, state.lat);
  const bool from_depth = !state.depth.empty();
  const Sheet height = source.scalar(from_depth ? state.depth : state.free_surface);
  const bool with_ground = !state.surface_altitude.empty();
  const Sheet altitude = with_ground ? source.scalar(state.surface_altitude) : Sheet();
  OnHost h(fields.get(field::depth));
  OnHost phi_s(fields.get(field::surface_geopotential));
  OnHost u(fields.get(field::xwind));
  OnHost v(fields.get(field::ywind));
  for (int j = 0; j < block.ny; ++j) {
    const double lat = grid.latitude_of_cell(j);
    for (int i = 0; i < block.nx; ++i) {
      const double lon = grid.longitude_of_cell(i), phi = ground(j, i, 0);
      double depth = footprint.scalar(height, 0, lon, lat);
      if (!from_depth) depth -= phi / g;
      require(!from_depth || depth > 0, ExitCode::bad_data, "The start file gives the depth 0 m at latitude ",
              lat * 180 / pi, ", longitude ", lon * 180 / pi, "; it must be positive.");
      if (from_depth && with_ground) depth += footprint.scalar(altitude, 0, lon, lat) - phi / g;
      require(depth >= 0, ExitCode::configuration, "'boundary.topography' is ", -depth,
              " m above the free surface of the start file at latitude ", lat * 180 / pi, ", longitude ",
              lon * 180 / pi, ".");
      h.set(0, j, i, depth);
      phi_s.set(0, j, i, phi);
      u.set(0, j, i, footprint.eastward(wind, 0, grid.longitude_of_xface(i), lat));
    }
  }
  for_each_yface(grid, v, 1,
                 [&](int j, int i, double lon, double lat) { v.set(0, j, i, footprint.northward(wind, 0, lon, lat)); });
}

void fill_atmosphere(const GriddedState& state, const Grid& grid, const FieldSet& fields, const Ground& ground) {
  const Block& block = grid.block;
  const Planet& planet = grid.planet;
  const VerticalCoordinate& levels = grid.levels;
  const int n_k = grid.n_levels(), n_source = static_cast<int>(state.ap.size());
  const double g = planet.gravity_m_per_s2, kappa = planet.kappa(), p0 = planet.reference_pressure_pa;
  const Source source(state);
  const Footprint footprint(source, grid);
  const Sheet wind = source.vector(state.eastward_wind, state.northward_wind, state.lat);
  const Sheet temperature = source.scalar(state.virtual_temperature), file_ps = source.scalar(state.surface_pressure);
  const bool with_ground = !state.surface_altitude.empty(), own_levels = has_the_levels_of(state, levels);
  const Sheet altitude = with_ground ? source.scalar(state.surface_altitude) : Sheet();
  const bool moist = fields.has(field::water_vapour.name) && !state.specific_humidity.empty();
  const Sheet humidity = moist ? source.scalar(state.specific_humidity) : Sheet();
  const auto exner = [&](double p) { return std::pow(p / p0, kappa); };

  /// The file at a point: surface pressure, pressures of its levels.
  const auto pressures = [&](double ps) {
    std::vector<double> p(n_source);
    for (int k = 0; k < n_source; ++k) p[k] = state.ap[k] + state.b[k] * ps;
    return p;
  };
  const auto column = [&](const auto& value) {
    std::vector<double> values(n_source);
    for (int k = 0; k < n_source; ++k) values[k] = value(k);
    return values;
  };

  // Half levels of the owned cells and of those west and south of them; whether the surface pressure is the file's.
  struct Column : ColumnState {
    bool same = false;
  };
  const int stride = block.nx + 1;
  std::vector<Column> columns(static_cast<std::size_t>(stride) * (block.ny + 1));
  const auto column_at = [&](int j, int i) -> Column& {
    return columns[(j + 1) * static_cast<std::size_t>(stride) + i + 1];
  };
  std::optional<OnHost<Cell>> vapour;
  if (moist) vapour.emplace(fields.get(field::water_vapour));
  OnHost phi_s(fields.get(field::surface_geopotential));
  OnHost mass(fields.get(field::layer_mass));
  OnHost theta_mass(fields.get(field::theta_mass));
  for (int j = block.j_first == 0 ? 0 : -1; j < block.ny; ++j) {
    for (int i = -1; i < block.nx; ++i) {
      const double lon = grid.longitude_of_cell(wrapped(block, i)), lat = grid.latitude_of_cell(j);
      const double phi = ground(j, i, 0), ps = footprint.scalar(file_ps, 0, lon, lat);
      const double rise = with_ground ? phi / g - footprint.scalar(altitude, 0, lon, lat) : 0;
      const std::vector<double> T = column([&](int k) { return footprint.scalar(temperature, k, lon, lat); });
      const std::vector<double> p = pressures(ps);
      const ColumnProfile profile(p, T, ps, planet);
      Column& here = column_at(j, i);
      here.same = std::abs(rise) < same_altitude;
      const double model_ps = here.same ? ps : profile.pressure_at(g * rise);
      require_possible(field::surface_air_pressure, model_ps, lon, lat);
      std::vector<double> q;
      std::function<double(int, double)> humidity_at;
      if (moist) {
        q = column([&](int k) { return footprint.scalar(humidity, k, lon, lat); });
        humidity_at = [&](int k, double middle) { return own_levels && here.same ? q[k] : at_pressure(p, q, middle); };
      }
      static_cast<ColumnState&>(here) = column_state(humidity_at, levels, model_ps);
      if (j < 0 || i < 0) continue;
      phi_s.set(0, j, i, phi);
      for (int k = 0; k < n_k; ++k) {
        const double above = here.half[k], below = here.half[k + 1];
        // The mean of the Exner function over the layer, as the dynamics have it, and the pressure where it lies.
        const double layer_exner = (below * exner(below) - above * exner(above)) / ((1 + kappa) * (below - above));
        const double there =
            own_levels && here.same ? T[k] : profile.temperature(p0 * std::pow(layer_exner, 1 / kappa));
        require_possible(field::air_temperature, there, lon, lat);
        const double dry = (below - above) / (1 + here.vapour[k]);
        mass.set(k, j, i, dry);
        theta_mass.set(k, j, i, dry * there / layer_exner);
        if (moist) vapour->set(k, j, i, here.vapour[k]);
      }
    }
  }

  // Wind at a face between two cells.
  const auto set_wind = [&](auto& field, int j, int i, double lon, double lat, const Column& a, const Column& b,
                            const auto& wind_at) {
    const bool as_they_are = own_levels && a.same && b.same;
    const std::vector<double> p = pressures(footprint.scalar(file_ps, 0, lon, lat)), values = column(wind_at);
    for (int k = 0; k < n_k; ++k) {
      const double middle = ((a.half[k] + b.half[k]) / 2 + (a.half[k + 1] + b.half[k + 1]) / 2) / 2;
      field.set(k, j, i, as_they_are ? values[k] : at_pressure(p, values, middle));
    }
  };
  OnHost u(fields.get(field::xwind));
  OnHost v(fields.get(field::ywind));
  for (int j = 0; j < block.ny; ++j) {
    const double lat = grid.latitude_of_cell(j);
    for (int i = 0; i < block.nx; ++i) {
      const double lon = grid.longitude_of_xface(i);
      set_wind(u, j, i, lon, lat, column_at(j, i - 1), column_at(j, i),
               [&](int k) { return footprint.eastward(wind, k, lon, lat); });
    }
  }
  for_each_yface(grid, v, n_k, [&](int j, int i, double lon, double lat) {
    // The row north of the northernmost rank's cells is the pole: never asked for.
    set_wind(v, j, i, lon, lat, column_at(j - 1, i), column_at(j, i),
             [&](int k) { return footprint.northward(wind, k, lon, lat); });
  });
}

}  // namespace

ColumnProfile::ColumnProfile(std::vector<double> p, std::vector<double> T, double ps, const Planet& planet)
    : T_(std::move(T)), ps_(ps), R_(planet.gas_constant_j_per_kg_k) {
  constexpr double lapse_rate = 6.5e-3;  // [K m-1]
  power_ = R_ * lapse_rate / planet.gravity_m_per_s2;
  std::size_t n = p.size();
  while (n > 1 && p[n - 1] > ps * (1 + 1e-6)) --n;
  T_.resize(n);
  from_lowest_.assign(n, 0);
  for (std::size_t k = 0; k < n; ++k) ln_p_.push_back(std::log(p[k]));
  for (std::size_t k = n - 1; k-- > 0;) {
    from_lowest_[k] = from_lowest_[k + 1] + R_ * (T_[k] + T_[k + 1]) / 2 * (ln_p_[k + 1] - ln_p_[k]);
  }
}

double ColumnProfile::temperature(double p) const {
  const double x = std::log(p);
  if (x >= ln_p_.back()) return T_.back() * std::exp(power_ * (x - ln_p_.back()));
  if (x <= ln_p_.front()) return T_.front();
  const std::size_t k = std::upper_bound(ln_p_.begin(), ln_p_.end(), x) - ln_p_.begin();
  const double weight = (x - ln_p_[k - 1]) / (ln_p_[k] - ln_p_[k - 1]);
  return (1 - weight) * T_[k - 1] + weight * T_[k];
}

double ColumnProfile::integral_from_lowest(double p) const {
  const double x = std::log(p);
  if (x >= ln_p_.back()) return -R_ * T_.back() / power_ * std::expm1(power_ * (x - ln_p_.back()));
  if (x <= ln_p_.front()) return from_lowest_.front() + R_ * T_.front() * (ln_p_.front() - x);
  const std::size_t k = std::upper_bound(ln_p_.begin(), ln_p_.end(), x) - ln_p_.begin();
  return from_lowest_[k] + R_ * (temperature(p) + T_[k]) / 2 * (ln_p_[k] - x);
}

double ColumnProfile::geopotential(double p) const { return integral_from_lowest(p) - integral_from_lowest(ps_); }

double ColumnProfile::pressure_at(double geopotential_of) const {
  double p = ps_;
  for (int n = 0; n < 50; ++n) {
    const double step = (geopotential(p) - geopotential_of) / (R_ * temperature(p));
    p *= std::exp(step);
    if (std::abs(step) < 1e-14) break;
  }
  return p;
}

void fill_from_file(const GriddedState& state, const Grid& grid, const FieldSet& fields,
                    const std::vector<double>& surface_altitude) {
  const Ground ground(grid, surface_altitude);
  if (fields.has(field::depth.name)) {
    fill_shallow_water(state, grid, fields, ground);
  } else {
    fill_atmosphere(state, grid, fields, ground);
  }
}

}  // namespace meridian
