#include "io/start_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <regex>
#include <sstream>
#include <string_view>

#include "io/boundary_data.hpp"
#include "io/collective.hpp"
#include "io/guarded.hpp"
#include "io/netcdf.hpp"
#include "io/problems.hpp"

namespace meridian {

namespace {

/// A unit as files spell it, and how to get to ours: value * factor + offset.
struct Unit {
  std::string_view spelling;
  double factor = 1, offset = 0;
};

/// What a start file may hold. Blanks, '^', '**' and '.' in units are not compared.
struct Quantity {
  std::string_view standard_name;
  std::vector<std::string_view> names;
  std::vector<Unit> units;
  double lowest, highest;
  std::size_t dimensions;  // without time; 3: also without levels, in shallow water
};

const Quantity eastward_wind{"eastward_wind", {"ua", "u"}, {{"m s-1"}, {"m/s"}}, -400, 400, 3};
const Quantity northward_wind{"northward_wind", {"va", "v"}, {{"m s-1"}, {"m/s"}}, -400, 400, 3};
const Quantity temperature{
    "air_temperature", {"ta", "t"}, {{"K"}, {"kelvin"}, {"degC", 1, 273.15}, {"Celsius", 1, 273.15}}, 100, 400, 3};
const Quantity virtual_temperature{"virtual_temperature", {"tv"}, temperature.units, 100, 400, 3};
const Quantity humidity{"specific_humidity",
                        {"hus", "q"},
                        {{"1"}, {"kg kg-1"}, {"kg/kg"}, {"g kg-1", 1e-3}, {"g/kg", 1e-3}},
                        -1e-4,
                        0.2,
                        3};
const Quantity surface_pressure{
    "surface_air_pressure", {"ps", "sp"}, {{"Pa"}, {"hPa", 100}, {"mbar", 100}}, 3e4, 1.2e5, 2};
const Quantity surface_altitude{"surface_altitude", {"orog"}, {{"m"}, {"metres"}, {"meters"}}, -500, 12000, 2};
const Quantity depth{"fluid_depth", {"h"}, {{"m"}, {"metres"}, {"meters"}}, 0, 1e5, 2};
const Quantity free_surface{"free_surface_height", {"eta", "zg"}, {{"m"}, {"metres"}, {"meters"}}, -1e5, 1e5, 2};

std::string compact(std::string unit) {
  std::erase_if(unit, [](char c) { return c == ' ' || c == '^' || c == '*' || c == '.' || c == '_'; });
  return unit;
}

/// Pascals of one of these units, as compact() gives it; nothing where it is no pressure.
std::optional<double> pascals_of(const std::string& unit) {
  if (unit == "Pa") return 1;
  if (unit == "hPa" || unit == "mbar" || unit == "millibars" || unit == "millibar") return 100;
  return {};
}

std::string list_of(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "'" : " or '") + std::string(word) + "'";
  return text;
}

class StartFile {
 public:
  StartFile(const std::string& path, Calendar calendar, const Date& start, const Planet& planet)
      : file_(path),
        calendar_(calendar),
        start_(start),
        surface_geopotential_{"surface_geopotential",
                              {"phis"},
                              {{"m2 s-2", 1 / planet.gravity_m_per_s2}, {"m2/s2", 1 / planet.gravity_m_per_s2}},
                              surface_altitude.lowest,
                              surface_altitude.highest,
                              surface_altitude.dimensions},
        vapour_excess_(planet.vapour_gas_constant_j_per_kg_k / planet.gas_constant_j_per_kg_k - 1) {}

  GriddedState read(bool shallow) {
    GriddedState state;
    const std::string wind = needed(eastward_wind);
    std::vector<NetcdfDimension> axes = file_.dimensions_of(wind);
    if (axes.size() > 2) {
      const bool with_time = is_time(axes.front().name);
      if (with_time) axes.erase(axes.begin());
    }
    const std::size_t expected = shallow ? 2 : 3;
    if (shallow && axes.size() == 3 && axes.front().length == 1) axes.erase(axes.begin());
    require(axes.size() == expected, ExitCode::bad_data, text(wind), " has ", file_.dimensions_of(wind).size(),
            " dimensions; they must be (time,) ", shallow ? "" : "level, ", "latitude, longitude.");
    if (!shallow) read_levels(axes[0], state);
    read_latitudes(axes[expected - 2], state);
    read_longitudes(axes[expected - 1], state);

    state.eastward_wind = values(wind, eastward_wind);
    state.northward_wind = values(needed(northward_wind), northward_wind);
    if (const auto name = found(surface_altitude)) {
      state.surface_altitude = values(*name, surface_altitude);
    } else if (const auto geopotential = found(surface_geopotential_)) {
      state.surface_altitude = values(*geopotential, surface_geopotential_);
    }
    if (shallow) {
      if (const auto name = found(depth)) state.depth = values(*name, depth);
      if (const auto name = found(free_surface); name && state.depth.empty()) {
        state.free_surface = values(*name, free_surface);
      }
      require(!state.depth.empty() || !state.free_surface.empty(), ExitCode::bad_data, "File '", file_.path(),
              "' has neither the depth 'h' nor the height of the surface, 'eta' or 'zg'.");
      return state;
    }
    const std::string pressure = needed(surface_pressure);
    state.surface_pressure = values(pressure, surface_pressure);
    require_levels_at_the_ground(pressure, state);
    if (const auto name = found(humidity)) {
      state.specific_humidity = values(*name, humidity);
      for (double& q : state.specific_humidity) q = std::max(q, 0.0);
    }
    if (const auto name = found(virtual_temperature)) {
      state.virtual_temperature = values(*name, virtual_temperature);
      return state;
    }
    state.virtual_temperature = values(needed(temperature), temperature);
    for (std::size_t n = 0; n < state.specific_humidity.size(); ++n) {
      state.virtual_temperature[n] *= 1 + vapour_excess_ * state.specific_humidity[n];
    }
    return state;
  }

 private:
  std::string text(const std::string& variable) const {
    return "File '" + file_.path() + "': variable '" + variable + "'";
  }

  std::size_t dimensions_without_time(const std::string& variable) const {
    const auto all = file_.dimensions_of(variable);
    return all.size() - (!all.empty() && is_time(all.front().name) ? 1 : 0);
  }

  std::optional<std::string> found(const Quantity& quantity) const {
    std::vector<std::string_view> matches;
    const std::vector<std::string> variables = file_.variables();
    for (const std::string& name : variables) {
      if (file_.text_attribute(name, "standard_name") == quantity.standard_name && dimensions_without_time(name) >= 2) {
        matches.push_back(name);
      }
    }
    if (matches.size() == 1) return std::string(matches[0]);
    for (const std::string_view name : quantity.names) {
      if (file_.has_variable(std::string(name))) return std::string(name);
    }
    require(matches.empty(), ExitCode::bad_data, "File '", file_.path(), "': ", list_of(matches),
            " have the standard_name ", quantity.standard_name, "; call the one to use ", list_of(quantity.names), ".");
    return std::nullopt;
  }
  std::string needed(const Quantity& quantity) const {
    const auto name = found(quantity);
    require(name.has_value(), ExitCode::bad_data, "File '", file_.path(), "' has no ", quantity.standard_name,
            ": a variable with this standard_name, or called ", list_of(quantity.names), ", is needed.");
    return *name;
  }

  // ---- axes ----

  std::vector<double> coordinate(const NetcdfDimension& dimension) const {
    require(file_.has_variable(dimension.name) && file_.dimensions_of(dimension.name).size() == 1, ExitCode::bad_data,
            "File '", file_.path(), "': dimension '", dimension.name,
            "' has no coordinate: a variable of its name with one number for each point.");
    std::vector<double> points = file_.read(dimension.name);
    for (const double x : points) {
      require(std::isfinite(x) && std::abs(x) < 1e19, ExitCode::bad_data, text(dimension.name), " holds ", x, ".");
    }
    return points;
  }

  bool is_time(const std::string& dimension) const {
    return file_.has_variable(dimension) &&
           file_.text_attribute(dimension, "units").value_or("").find(" since ") != std::string::npos;
  }

  /// 1 where points increase, -1 where they decrease; anything else is refused.
  int direction(const std::string& name, const std::vector<double>& points) const {
    const int sign = points.back() < points.front() ? -1 : 1;
    for (std::size_t n = 1; n < points.size(); ++n) {
      require(sign * (points[n] - points[n - 1]) > 0, ExitCode::bad_data, text(name), " is not ordered: ", points[n],
              " follows ", points[n - 1], ".");
    }
    return sign;
  }

  /// The widest step between ascending points, but for some at either end; those between must be alike.
  double require_no_gaps(const std::string& name, const std::vector<double>& points, std::size_t n_left_out) const {
    double widest = 0, narrowest = 360;
    for (std::size_t n = 1 + n_left_out; n + n_left_out < points.size(); ++n) {
      widest = std::max(widest, points[n] - points[n - 1]);
      narrowest = std::min(narrowest, points[n] - points[n - 1]);
    }
    require(widest <= 1.5 * narrowest, ExitCode::bad_data, text(name), " has gaps: its steps are ", narrowest, " to ",
            widest, " degrees; they must be equal.");
    return widest;
  }

  void read_latitudes(const NetcdfDimension& dimension, GriddedState& state) {
    latitude_ = dimension.name;
    const std::string unit = file_.text_attribute(latitude_, "units").value_or("");
    std::vector<double> points = coordinate(dimension);
    require(is_degrees(unit, "north"), ExitCode::bad_data, text(latitude_), " has the units '", unit,
            "'; they must be degrees_north: the last two dimensions are latitude, then longitude.");
    latitudes_ = points;
    flip_latitude_ = direction(latitude_, points) < 0;
    if (flip_latitude_) std::ranges::reverse(points);
    require_no_gaps(latitude_, points, 1);  // rows at the poles may lie closer
    const double spacing = points.size() < 2 ? 0 : 180.0 / static_cast<double>(points.size() - 1);
    require(points.size() >= 2 && points.front() >= -90.001 && points.back() <= 90.001 &&
                points.front() <= -90 + 1.5 * spacing && points.back() >= 90 - 1.5 * spacing,
            ExitCode::bad_data, text(latitude_), " does not cover the globe: it reaches from ", points.front(), " to ",
            points.back(), " degrees.");
    for (const double x : points) state.lat.push_back(std::clamp(x, -90.0, 90.0) * std::numbers::pi / 180);
  }

  void read_longitudes(const NetcdfDimension& dimension, GriddedState& state) {
    longitude_ = dimension.name;
    const std::string unit = file_.text_attribute(longitude_, "units").value_or("");
    std::vector<double> points = coordinate(dimension);
    require(is_degrees(unit, "east"), ExitCode::bad_data, text(longitude_), " has the units '", unit,
            "'; they must be degrees_east: the last two dimensions are latitude, then longitude.");
    longitudes_ = points;
    for (std::size_t n = 1; n < points.size(); ++n) {  // 359, 0 goes on as 359, 360
      if (points[n] > points[n - 1]) continue;
      for (std::size_t m = n; m < points.size(); ++m) points[m] += 360;
      break;
    }
    for (std::size_t n = 1; n < points.size(); ++n) {
      require(points[n] > points[n - 1], ExitCode::bad_data, text(longitude_),
              " is not ordered eastward: ", longitudes_[n], " follows ", longitudes_[n - 1], ".");
    }
    const double widest = require_no_gaps(longitude_, points, 0);
    n_lon_ = points.size();
    if (n_lon_ > 2 && std::abs(points.back() - points.front() - 360) < 1e-6) --n_lon_;  // the first meridian again
    const double gap = points.front() + 360 - points[n_lon_ - 1];
    require(n_lon_ >= 2 && gap > 0 && gap <= 1.5 * widest, ExitCode::bad_data, text(longitude_),
            " does not go round the globe once: it reaches from ", points.front(), " to ", points.back(), " degrees.");
    for (std::size_t n = 0; n < n_lon_; ++n) state.lon.push_back(points[n] * std::numbers::pi / 180);
  }

  void read_levels(const NetcdfDimension& dimension, GriddedState& state) {
    level_ = dimension.name;
    levels_ = coordinate(dimension);
    const std::string standard_name = file_.text_attribute(level_, "standard_name").value_or("");
    const std::string unit = file_.text_attribute(level_, "units").value_or("");
    if (standard_name == "atmosphere_hybrid_sigma_pressure_coordinate") {
      read_hybrid(state);
      return;
    }
    const std::optional<double> in_pascal = pascals_of(compact(unit));
    require(in_pascal.has_value(), ExitCode::bad_data, text(level_), " has the units '", unit,
            "'; levels must be pressures in Pa or hPa, or atmosphere_hybrid_sigma_pressure_coordinate by "
            "standard_name, and "
            "come first: (time,) level, latitude, longitude.");
    flip_level_ = direction(level_, levels_) < 0;
    for (const double p : levels_) {
      require(p > 0, ExitCode::bad_data, text(level_), " holds the pressure ", p, "; it must be positive.");
      state.ap.push_back(*in_pascal * p);
    }
    if (flip_level_) std::ranges::reverse(state.ap);
    state.b.assign(state.ap.size(), 0);
  }

  /// The lowest level must lie near the ground, and the highest in the air: what is read as pressures may be in another unit.
  void require_levels_at_the_ground(const std::string& pressure, const GriddedState& state) const {
    const auto [least, most] = std::ranges::minmax(state.surface_pressure);
    const double lowest = state.ap.back() + state.b.back() * most, highest = state.ap.front() + state.b.front() * least;
    const auto [first, last] = std::ranges::minmax(levels_);
    require(lowest >= most / 2 && lowest <= 2 * most && highest < least, ExitCode::bad_data, text(level_),
            " has the units '", file_.text_attribute(level_, "units").value_or(""), "' and values from ", first, " to ",
            last, ", so its levels reach from ", highest, " to ", lowest, " Pa, where '", pressure, "' is ", least,
            " to ", most, " Pa: the lowest level must be between ", most / 2, " and ", 2 * most,
            " Pa, the highest less than ", least, " Pa; mend the units",
            state.b.back() == 0 ? "" : " or the coefficients", ".");
  }

  /// Terms of a formula: "ap: api b: hybi ps: ps".
  std::map<std::string, std::string> terms_of(const std::string& variable) const {
    std::map<std::string, std::string> terms;
    std::istringstream words(file_.text_attribute(variable, "formula_terms").value_or(""));
    for (std::string key, name; words >> key >> name;) terms[key.substr(0, key.find(':'))] = name;
    return terms;
  }

  /// Coefficients [Pa], [1] of a hybrid coordinate, n numbers each.
  std::pair<std::vector<double>, std::vector<double>> coefficients(const std::string& variable, std::size_t n) const {
    const auto terms = terms_of(variable);
    const auto term = [&](const std::string& key) {
      const auto entry = terms.find(key);
      require(entry != terms.end() && file_.has_variable(entry->second), ExitCode::bad_data, text(variable),
              " is a hybrid coordinate without the term '", key,
              "': its 'formula_terms' must name ap, b and ps, or a, b, p0 and ps.");
      std::vector<double> numbers = file_.read(entry->second);
      if (key != "ap" && key != "p0") return numbers;
      const std::string unit = file_.text_attribute(entry->second, "units").value_or("Pa");
      const std::optional<double> in_pascal = pascals_of(compact(unit));
      require(in_pascal.has_value(), ExitCode::bad_data, text(entry->second), " has the units '", unit,
              "'; allowed are 'Pa' or 'hPa'.");
      for (double& x : numbers) x *= *in_pascal;
      return numbers;
    };
    const bool pressure = terms.contains("ap");
    std::vector<double> a = term(pressure ? "ap" : "a"), b = term("b");
    if (!pressure) {
      const double p0 = term("p0").at(0);
      for (double& x : a) x *= p0;
    }
    require(a.size() == n && b.size() == n, ExitCode::bad_data, text(variable), ": its coefficients are ", a.size(),
            " and ", b.size(), " numbers; they must be ", n, ".");
    return {a, b};
  }

  void read_hybrid(GriddedState& state) {
    const std::size_t n = levels_.size();
    std::tie(state.ap, state.b) = coefficients(level_, n);
    std::vector<double> p(n);
    for (std::size_t k = 0; k < n; ++k) p[k] = state.ap[k] + 1e5 * state.b[k];
    flip_level_ = direction(level_, p) < 0;
    if (flip_level_) {
      std::ranges::reverse(state.ap);
      std::ranges::reverse(state.b);
    }
    const std::string bounds = file_.text_attribute(level_, "bounds").value_or("");
    if (!file_.has_variable(bounds) || terms_of(bounds).empty()) return;
    const auto [a_edges, b_edges] = coefficients(bounds, 2 * n);
    const auto pressure = [&](std::size_t at) { return a_edges[at] + 1e5 * b_edges[at]; };
    for (std::size_t m = 0; m < n;
         ++m) {  // downward; a tool that turns the layers may or may not have turned the pairs
      const std::size_t at = 2 * (flip_level_ ? n - 1 - m : m);
      const bool turned = pressure(at) > pressure(at + 1);
      const std::size_t upper = turned ? at + 1 : at, lower = turned ? at : at + 1;
      require(m == 0 || std::abs(pressure(upper) - state.ap_half.back() - 1e5 * state.b_half.back()) < 1e-3,
              ExitCode::bad_data, text(bounds), ": layer ", m + 1, " from the top begins at ", pressure(upper),
              " Pa, where the one above does not end, for a surface pressure of 1e5 Pa.");
      if (m == 0) {
        state.ap_half.push_back(a_edges[upper]);
        state.b_half.push_back(b_edges[upper]);
      }
      state.ap_half.push_back(a_edges[lower]);
      state.b_half.push_back(b_edges[lower]);
    }
  }

  // ---- time ----

  /// Index of the record of the start.
  std::size_t record(const NetcdfDimension& dimension) const {
    const std::string& name = dimension.name;
    const std::string calendar = file_.text_attribute(name, "calendar").value_or("standard");
    const bool same =
        calendar == cf_name(calendar_) || (calendar == "365_day" && calendar_ == Calendar::noleap) ||
        ((calendar == "standard" || calendar == "gregorian") && calendar_ == Calendar::proleptic_gregorian);
    require(same, ExitCode::bad_data, text(name), " has the calendar '", calendar,
            "', but 'time.calendar' = ", cf_name(calendar_),
            "; they must be the same ('standard' goes with proleptic_gregorian).");
    static const std::regex form(
        R"((second|minute|hour|day)s? since (\d{1,4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.0*)?)?)?(?: ?(?:Z|UTC))?)");
    std::smatch part;
    const std::string unit = *file_.text_attribute(name, "units");
    require(std::regex_match(unit, part, form), ExitCode::bad_data, text(name), " has the units '", unit,
            "'; they must be like 'hours since 1959-01-02 00:00:00'.");
    const auto number = [&](int n) { return part[n].matched ? std::stoi(part[n]) : 0; };
    const double length = part[1] == "day" ? 86400 : part[1] == "hour" ? 3600 : part[1] == "minute" ? 60 : 1;
    const Date origin{number(2), number(3), number(4), 0};
    const double origin_s =
        86400.0 * static_cast<double>(day_number(calendar_, origin)) + 3600 * number(5) + 60 * number(6) + number(7);
    const double start_s =
        86400.0 * static_cast<double>(day_number(calendar_, start_)) + 1e-6 * static_cast<double>(start_.of_day);
    const std::vector<double> times = coordinate(dimension);
    for (std::size_t n = 0; n < times.size(); ++n) {
      if (std::abs(origin_s + times[n] * length - start_s) < 1e-2) return n;
    }
    const auto date = [&](double time) {
      return iso_text(
          add(calendar_, origin, std::llround((time * length + 3600 * number(5) + 60 * number(6) + number(7)) * 1e6)));
    };
    require(!times.empty(), ExitCode::bad_data, text(name), " holds no time.");
    throw Error(ExitCode::bad_data, text(name) + " holds no " + iso_text(start_) +
                                        ", the 'time.start' of the case, but " + date(times.front()) +
                                        (times.size() > 1 ? " to " + date(times.back()) : "") + ".");
  }

  // ---- values ----

  std::vector<double> values(const std::string& name, const Quantity& quantity) const {
    std::vector<NetcdfDimension> dimensions = file_.dimensions_of(name);
    std::vector<std::size_t> start, count;
    std::size_t rest = 0;  // where the dimensions of space begin
    if (!dimensions.empty() && is_time(dimensions[0].name)) {
      start.push_back(record(dimensions[0]));
      count.push_back(1);
      rest = 1;
    }
    const bool with_levels = quantity.dimensions == 3 && !level_.empty();
    if (!with_levels && dimensions.size() == rest + 3 && dimensions[rest].length == 1) {  // one layer
      start.push_back(0);
      count.push_back(1);
      ++rest;
    }
    std::vector<std::string> expected = {latitude_, longitude_};
    if (with_levels) expected.insert(expected.begin(), level_);
    std::vector<std::string> has;
    for (std::size_t n = rest; n < dimensions.size(); ++n) has.push_back(dimensions[n].name);
    require(has == expected, ExitCode::bad_data, text(name), " has the dimensions (", joined(has),
            "); they must be those of the wind, (", joined(expected), ").");
    for (std::size_t n = rest; n < dimensions.size(); ++n) {
      start.push_back(0);
      count.push_back(dimensions[n].length);
    }
    const std::string given = file_.text_attribute(name, "units").value_or("");
    const auto unit = std::ranges::find(quantity.units, compact(given),
                                        [](const Unit& one) { return compact(std::string(one.spelling)); });
    std::vector<std::string_view> allowed;
    for (const Unit& one : quantity.units) allowed.push_back(one.spelling);
    require(unit != quantity.units.end(), ExitCode::bad_data, text(name), " has the units '", given, "'; allowed are ",
            list_of(allowed), ".");

    const std::vector<double> raw = file_.read(name, start, count);
    const double scale = file_.number_attribute(name, "scale_factor").value_or(1) * unit->factor;
    const double offset = file_.number_attribute(name, "add_offset").value_or(0) * unit->factor + unit->offset;
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    const double fill = file_.number_attribute(name, "_FillValue").value_or(nothing);
    const double missing = file_.number_attribute(name, "missing_value").value_or(nothing);
    const std::size_t n_lat = latitudes_.size(), n_stored = longitudes_.size(), n_k = raw.size() / (n_lat * n_stored);
    std::vector<double> result(n_k * n_lat * n_lon_);
    for (std::size_t k = 0; k < n_k; ++k) {
      for (std::size_t j = 0; j < n_lat; ++j) {
        for (std::size_t i = 0; i < n_lon_; ++i) {
          const double x = raw[(k * n_lat + j) * n_stored + i], value = x * scale + offset;
          const bool absent = x == fill || x == missing || std::isnan(x);
          if (absent || !(value >= quantity.lowest && value <= quantity.highest)) {
            std::ostringstream what;
            what << text(name) << (absent ? " is missing (NaN or fill value)" : " is ");
            if (!absent) what << value << ", out of " << quantity.lowest << " to " << quantity.highest;
            if (with_levels) what << " at level " << level_ << " = " << levels_[k];
            what << (with_levels ? "," : " at") << " latitude " << latitudes_[j] << ", longitude " << longitudes_[i]
                 << ".";
            throw Error(ExitCode::bad_data, what.str());
          }
          const std::size_t to_k = with_levels && flip_level_ ? n_k - 1 - k : k,
                            to_j = flip_latitude_ ? n_lat - 1 - j : j;
          result[(to_k * n_lat + to_j) * n_lon_ + i] = value;
        }
      }
    }
    return result;
  }

  NetcdfReader file_;
  Calendar calendar_;
  Date start_;
  Quantity surface_geopotential_;  // read as an altitude
  double vapour_excess_;           // [1] Rv / R - 1
  std::string level_, latitude_, longitude_;
  std::vector<double> levels_, latitudes_, longitudes_;  // in the order of the file
  std::size_t n_lon_ = 0;
  bool flip_latitude_ = false, flip_level_ = false;
};

/// The arrays of a state one after the other: the number of all, then each with its length before it.
std::vector<double> packed_state(GriddedState& state) {
  std::vector<double> all = {0};
  for (const std::vector<double>* array : state.arrays()) {
    all.push_back(static_cast<double>(array->size()));
    all.insert(all.end(), array->begin(), array->end());
  }
  all[0] = static_cast<double>(all.size());
  return all;
}

GriddedState unpacked_state(const std::vector<double>& all) {
  GriddedState state;
  auto at = all.begin() + 1;
  for (std::vector<double>* array : state.arrays()) {
    const auto length = static_cast<std::ptrdiff_t>(*at++);
    array->assign(at, at + length);
    at += length;
  }
  return state;
}

}  // namespace

GriddedState read_start_file(const std::string& path, bool shallow_water, Calendar calendar, const Date& start,
                             const Planet& planet, MPI_Comm world) {
  int rank = 0;
  MPI_Comm_rank(world, &rank);
  std::vector<double> all;
  agree(world, [&] {
    if (rank != 0) return;
    const std::string file = find_data_file(path);
    require_netcdf_bytes(file);
    all = in_child_process(file, std::nullopt, [&] {
      GriddedState state = StartFile(file, calendar, start, planet).read(shallow_water);
      return packed_state(state);
    });
    require(!all.empty() && all[0] == static_cast<double>(all.size()), ExitCode::bad_data, "File '", file,
            "' is damaged: reading it failed.");
  });
  long count = static_cast<long>(all.size());
  MPI_Bcast(&count, 1, MPI_LONG, 0, world);
  all.resize(count);
  constexpr long most = 1 << 27;
  for (long n = 0; n < count; n += most) {
    MPI_Bcast(all.data() + n, static_cast<int>(std::min(most, count - n)), MPI_DOUBLE, 0, world);
  }
  return unpacked_state(all);
}

}  // namespace meridian
