#include "io/boundary_data.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include "io/collective.hpp"
#include "io/guarded.hpp"
#include "io/netcdf.hpp"

namespace meridian {

namespace fs = std::filesystem;

void BoundaryOptions::visit(OptionVisitor& option) {
  option.text("topography", topography, "flat, or a NetCDF file: looked up beside the case file, here, then in data/",
              "altitude of the ground: variable 'orog' [m] on any regular latitude-longitude grid");
  option.integer("smoothing_passes", smoothing_passes, "1", {0, 100},
                 "passes of the terrain smoother, each damps two-grid waves; 0 only for tests");
  if (topography == "flat" && smoothing_passes != BoundaryOptions().smoothing_passes) {
    option.no_effect("smoothing_passes", "topography: FILE");
  }
  option.text(
      "sea_surface_temperature", sea_surface_temperature,
      "none, or a NetCDF file: looked up beside the case file, here, then in data/",
      "for the scheme monthly_sst: variable 'sst' [K], 12 months on any regular latitude-longitude grid, no gaps");
}

std::string find_data_file(const std::string& path) {
  const char* folder = std::getenv("MERIDIAN_DATA_DIR");
  const fs::path data = folder ? folder : MERIDIAN_SOURCE_DIR "/data";
  std::error_code ignored;
  std::string found = path;
  if (!fs::exists(path, ignored) && !fs::path(path).is_absolute()) found = data / path;
  require(fs::exists(found, ignored), ExitCode::missing_input, "There is no file '", path, "'",
          fs::path(path).is_absolute() ? std::string() : ", neither here nor in '" + data.string() + "'", ".");
  require(fs::is_regular_file(found, ignored), ExitCode::bad_data, "'", found, "' is not a file.");
  return found;
}

namespace {

// ---- averaging ----

/// Area of the part of the unit sphere between two latitudes [degrees], per radian of longitude: sin b - sin a.
double area_between(double a, double b) {
  constexpr double half_degree = pi / 360;
  return 2 * std::cos((a + b) * half_degree) * std::sin((b - a) * half_degree);
}
double length_between(double a, double b) { return b - a; }

struct Overlap {
  int source, target;
  double weight;  // share of the target
};

/// Parts of the source cells in the target cells, both by increasing edges; shares of a target add up to 1.
template <class Measure>
std::vector<Overlap> overlaps(const std::vector<double>& source, const std::vector<double>& target,
                              const Measure& measure) {
  std::vector<Overlap> parts;
  std::size_t s = 0;
  for (std::size_t t = 0; t + 1 < target.size(); ++t) {
    while (s + 2 < source.size() && source[s + 1] <= target[t]) ++s;
    const std::size_t first = parts.size();
    double sum = 0;
    for (std::size_t n = s; n + 1 < source.size() && source[n] < target[t + 1]; ++n) {
      const double weight = measure(std::max(source[n], target[t]), std::min(source[n + 1], target[t + 1]));
      parts.push_back({static_cast<int>(n), static_cast<int>(t), weight});
      sum += weight;
    }
    for (std::size_t p = first; p < parts.size(); ++p) parts[p].weight /= sum;
  }
  return parts;
}

std::vector<double> equal_edges(double first, double length, int n) {
  std::vector<double> edges(n + 1);
  for (int m = 0; m <= n; ++m) edges[m] = first + length * m / n;
  return edges;
}

// ---- reading ----

/// One axis of the file: centres and edges of cells, in the order of the file.
struct Axis {
  std::string name;
  std::vector<double> centres, lower, upper;  // [degrees]
};

void require_within(const std::vector<double>& values, double lowest, double highest, const std::string& path,
                    const std::string& variable) {
  for (double value : values) {  // written so that NaN fails
    require(value >= lowest && value <= highest, ExitCode::bad_data, "File '", path, "': '", variable, "' holds ",
            value, "; allowed are ", lowest, " to ", highest, " degrees.");
  }
}

/// Coordinate of a dimension with its cells' edges; 'direction' is north or east.
Axis read_axis(const NetcdfReader& file, const std::string& variable, const NetcdfDimension& dimension,
               const std::string& direction) {
  const std::string& path = file.path();
  const std::string& name = dimension.name;
  const bool eastward = direction == "east";
  const std::string what = eastward ? "longitude" : "latitude";
  require(file.has_variable(name) && is_degrees(file.text_attribute(name, "units").value_or(""), direction),
          ExitCode::bad_data, "File '", path, "': dimension '", name, "' of '", variable,
          "' has no coordinate in degrees_", direction, "; the variable must have the dimensions latitude, longitude.");
  const auto dimensions = file.dimensions_of(name);
  require(dimensions.size() == 1 && dimensions[0].length == dimension.length, ExitCode::bad_data, "File '", path,
          "': coordinate '", name, "' is not one number for each point of its dimension.");
  require(dimension.length >= 2, ExitCode::bad_data, "File '", path, "': ", what, " '", name, "' has ",
          dimension.length, " points; a grid over the globe has at least 2.");

  Axis axis{.name = name, .centres = file.read(name), .lower = {}, .upper = {}};
  const double limit = eastward ? 720 : 90.001;
  require_within(axis.centres, -limit, limit, path, name);
  for (std::size_t n = 1; eastward && n < axis.centres.size(); ++n) {  // 359, 0 goes on as 359, 360
    if (axis.centres[n] < axis.centres[n - 1]) {
      for (std::size_t m = n; m < axis.centres.size(); ++m) axis.centres[m] += 360;
      break;
    }
  }
  const std::size_t n_points = axis.centres.size();
  std::string bounds = file.text_attribute(name, "bounds").value_or(name + "_bnds");
  if (file.has_variable(bounds)) {
    const auto shape = file.dimensions_of(bounds);
    require(shape.size() == 2 && shape[0].length == n_points && shape[1].length == 2, ExitCode::bad_data, "File '",
            path, "': bounds '", bounds, "' are not two numbers for each point of '", name, "'.");
    const auto pairs = file.read(bounds);
    require_within(pairs, -limit - 360, limit + 360, path, bounds);
    for (std::size_t n = 0; n < n_points; ++n) {
      double lower = pairs[2 * n], upper = pairs[2 * n + 1];
      if (!eastward) {
        if (lower > upper) std::swap(lower, upper);
      } else {
        if (upper <= lower) upper += 360;
        const double turns = 360 * std::round((axis.centres[n] - (lower + upper) / 2) / 360);
        lower += turns;
        upper += turns;
      }
      axis.lower.push_back(lower);
      axis.upper.push_back(upper);
    }
    return axis;
  }
  const double spacing = (axis.centres.back() - axis.centres.front()) / static_cast<double>(n_points - 1);
  for (std::size_t n = 0; n < n_points; ++n) {
    const double expected = axis.centres.front() + spacing * static_cast<double>(n);
    require(std::abs(axis.centres[n] - expected) <= 0.01 * std::abs(spacing), ExitCode::bad_data, "File '", path,
            "': ", what, " '", name, "' is irregular: point ", n + 1, " is at ", axis.centres[n],
            " degrees, equal spacing asks for ", expected, ". Give its cells by a variable '", bounds, "'.");
    axis.lower.push_back(expected - std::abs(spacing) / 2);
    axis.upper.push_back(expected + std::abs(spacing) / 2);
  }
  if (!eastward) {
    for (double& edge : axis.lower) edge = std::max(edge, -90.0);
    for (double& edge : axis.upper) edge = std::min(edge, 90.0);
  }
  return axis;
}

/// Edges of cells that follow each other without gaps from 'first' to 'last' (exact after this), or the reason why not.
std::vector<double> edges_of(const Axis& axis, double first, double last, const std::string& path,
                             const std::string& what) {
  const std::size_t n_cells = axis.centres.size();
  for (std::size_t n = 0; n < n_cells; ++n) {
    const double width = axis.upper[n] - axis.lower[n], slack = 0.01 * width;
    const double next = n + 1 < n_cells ? axis.lower[n + 1] : last;
    require(width > 0 && axis.centres[n] >= axis.lower[n] - slack && axis.centres[n] <= axis.upper[n] + slack,
            ExitCode::bad_data, "File '", path, "': ", what, " '", axis.name, "' is irregular: the cell of point ",
            axis.centres[n], " reaches from ", axis.lower[n], " to ", axis.upper[n], " degrees.");
    require(std::abs(next - axis.upper[n]) <= slack, ExitCode::bad_data, "File '", path, "': ", what, " '", axis.name,
            n + 1 < n_cells ? "' is irregular: a cell ends at " : "' does not cover the globe once: it ends at ",
            axis.upper[n], " degrees, ", n + 1 < n_cells ? "the next begins at " : "it should end at ", next, ".");
  }
  require(std::abs(axis.lower[0] - first) <= 0.01 * (axis.upper[0] - axis.lower[0]), ExitCode::bad_data, "File '", path,
          "': ", what, " '", axis.name, "' does not cover the globe: it begins at ", axis.lower[0], " degrees, not at ",
          first, ".");
  std::vector<double> edges = axis.lower;
  edges[0] = first;
  edges.push_back(last);
  for (std::size_t n = 1; n < edges.size(); ++n) {
    require(edges[n] > edges[n - 1], ExitCode::bad_data, "File '", path, "': ", what, " '", axis.name,
            "' is irregular.");
  }
  return edges;
}

/// A variable on the whole globe that is read from a file.
struct MapVariable {
  std::vector<std::string> names;  // it may be called so
  std::string standard_name;       // or is the only one with this
  std::vector<std::string> units;  // spellings of its unit; the first one is said in messages
  double lowest, highest;          // allowed values
  std::size_t n_times;             // length of the dimension before latitude and longitude; 0: there is none
};
const MapVariable topography = {{"orog"}, "surface_altitude", {"m", "meter", "metre", "meters", "metres"}, -500, 12000,
                                0};
const MapVariable sea_temperature = {
    {"sst", "tos"}, "sea_surface_temperature", {"K", "kelvin", "Kelvin", "degK"}, 200, 350, 12};

/// How to bring a file in degrees Celsius into K.
std::string advice_for_kelvin(const std::string& path, const std::string& variable) {
  const std::string sum = variable + "=" + variable + "+273.15f; " + variable + "@units=\"K\"";
  return " From degrees Celsius: cdo -setattribute," + variable + "@units=K -addc,273.15 '" + path +
         "' kelvin.nc, or ncap2 -s '" + sum + "' '" + path + "' kelvin.nc.";
}

std::string name_in(const NetcdfReader& file, const MapVariable& wanted) {
  for (const std::string& name : wanted.names) {
    if (file.has_variable(name)) return name;
  }
  std::string found;
  for (const std::string& name : file.variables()) {
    if (file.text_attribute(name, "standard_name") != wanted.standard_name ||
        file.dimensions_of(name).size() != (wanted.n_times > 0 ? 3 : 2))
      continue;
    require(found.empty(), ExitCode::bad_data, "File '", file.path(), "': both '", found, "' and '", name,
            "' have the standard_name ", wanted.standard_name, "; call the one to use '", wanted.names[0], "'.");
    found = name;
  }
  require(!found.empty(), ExitCode::bad_data, "File '", file.path(), "' has neither a variable '", wanted.names[0],
          "' nor a ", wanted.n_times > 0 ? "three" : "two", "-dimensional one with the standard_name ",
          wanted.standard_name, ".");
  return found;
}

/// Unpacks scale_factor and add_offset; throws at missing values, NaN and what is out of range, with the place.
void check_values(const NetcdfReader& file, const MapVariable& wanted, const std::string& name, const Axis& latitude,
                  const Axis& longitude, std::vector<double>& values) {
  const double scale = file.number_attribute(name, "scale_factor").value_or(1);
  const double offset = file.number_attribute(name, "add_offset").value_or(0);
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const double fill = file.number_attribute(name, "_FillValue").value_or(nothing);
  const double missing = file.number_attribute(name, "missing_value").value_or(nothing);
  const std::size_t n_lon = longitude.centres.size(), n_lat = latitude.centres.size();
  const std::string& unit = wanted.units[0];
  for (std::size_t n = 0; n < values.size(); ++n) {
    const bool absent = values[n] == fill || values[n] == missing || std::isnan(values[n]);
    values[n] = values[n] * scale + offset;
    if (!absent && values[n] >= wanted.lowest && values[n] <= wanted.highest) continue;
    std::ostringstream what;
    absent ? what << "is missing (NaN or fill value)"
           : what << "is " << values[n] << ' ' << unit << ", out of " << wanted.lowest << " to " << wanted.highest
                  << ' ' << unit << ',';
    throw Error(ExitCode::bad_data, "File '" + file.path() + "': variable '" + name + "' " + what.str() +
                                        " at latitude " + std::to_string(latitude.centres[n / n_lon % n_lat]) +
                                        ", longitude " + std::to_string(longitude.centres[n % n_lon]) + " degrees.");
  }
}

/// One map for each time.
std::vector<GlobalMap> read_maps(const std::string& path, const MapVariable& wanted) {
  require_netcdf_bytes(path);
  const NetcdfReader file(path);
  const std::string name = name_in(file, wanted);
  auto dimensions = file.dimensions_of(name);
  const std::size_t n_times = wanted.n_times > 0 ? wanted.n_times : 1;
  if (wanted.n_times > 0) {
    require(dimensions.size() == 3 && dimensions[0].length == n_times, ExitCode::bad_data, "File '", path,
            "': variable '", name, "' must have the dimensions time, latitude, longitude with ", n_times,
            " times, one for each month from January on.");
    dimensions.erase(dimensions.begin());
  }
  require(dimensions.size() == 2, ExitCode::bad_data, "File '", path, "': variable '", name, "' has ",
          dimensions.size(), " dimensions; it must have latitude and longitude alone.");
  const std::string unit = file.text_attribute(name, "units").value_or("");
  require(std::ranges::find(wanted.units, unit) != wanted.units.end(), ExitCode::bad_data, "File '", path,
          "': variable '", name, "' has the units '", unit, "'; they must be '", wanted.units[0], "'.",
          wanted.n_times > 0 ? advice_for_kelvin(path, name) : "");
  constexpr std::size_t most = 300'000'000;  // 1 arc-minute: 233 million
  require(dimensions[0].length < most && dimensions[1].length < most &&
              n_times * dimensions[0].length * dimensions[1].length <= most,
          ExitCode::bad_data, "File '", path, "': variable '", name, "' has ", dimensions[0].length, " x ",
          dimensions[1].length, " points; at most ", most, " are read. Average it to a coarser grid.");

  Axis latitude = read_axis(file, name, dimensions[0], "north");
  const Axis longitude = read_axis(file, name, dimensions[1], "east");
  std::vector<double> values = file.read(name);
  check_values(file, wanted, name, latitude, longitude, values);
  const std::size_t n_lon = longitude.centres.size(), n_lat = latitude.centres.size();
  const bool southward = latitude.centres.front() > latitude.centres.back();
  if (southward) {
    for (auto* list : {&latitude.centres, &latitude.lower, &latitude.upper}) std::ranges::reverse(*list);
  }
  const std::vector<double> latitude_edges = edges_of(latitude, -90, 90, path, "latitude");
  const std::vector<double> longitude_edges =
      edges_of(longitude, longitude.lower[0], longitude.lower[0] + 360, path, "longitude");
  std::vector<GlobalMap> maps;
  for (std::size_t time = 0; time < n_times; ++time) {
    GlobalMap map{longitude_edges, latitude_edges, {}};
    for (std::size_t j = 0; j < n_lat; ++j) {
      const auto row =
          values.begin() + static_cast<std::ptrdiff_t>((time * n_lat + (southward ? n_lat - 1 - j : j)) * n_lon);
      map.values.insert(map.values.end(), row, row + static_cast<std::ptrdiff_t>(n_lon));
    }
    maps.push_back(std::move(map));
  }
  return maps;
}

/// Rank 0 reads 'size' numbers of a file in a child process; all ranks get them.
template <class Read>
std::vector<double> read_for_all(const std::string& path, std::size_t size, MPI_Comm world, const Read& read) {
  int rank = 0;
  MPI_Comm_rank(world, &rank);
  std::vector<double> values(size);
  agree(world, [&] {
    if (rank != 0) return;
    const std::string file = find_data_file(path);
    values = in_child_process(file, size, [&] { return read(file); });
  });
  MPI_Bcast(values.data(), static_cast<int>(size), MPI_DOUBLE, 0, world);
  return values;
}

}  // namespace

std::vector<double> conservative_average(const GlobalMap& map, int n_lon, int n_lat) {
  const std::size_t n_source = map.longitude_edges.size() - 1, n_rows = map.latitude_edges.size() - 1;
  std::vector<double> twice_round;  // from -360..0 on, so that 0..360 lies inside
  const double turns = 360 * std::ceil(map.longitude_edges[0] / 360);
  for (std::size_t n = 0; n <= 2 * n_source; ++n) {
    twice_round.push_back(map.longitude_edges[n % n_source] - turns +
                          (n < n_source       ? 0
                           : n < 2 * n_source ? 360
                                              : 720));
  }
  std::vector<double> zonal_means(n_rows * n_lon, 0.0), result(static_cast<std::size_t>(n_lat) * n_lon, 0.0);
  const auto zonal_parts = overlaps(twice_round, equal_edges(0, 360, n_lon), length_between);
  for (std::size_t j = 0; j < n_rows; ++j) {
    for (const auto& [source, target, weight] : zonal_parts) {
      zonal_means[j * n_lon + target] += weight * map.values[j * n_source + source % n_source];
    }
  }
  for (const auto& [source, target, weight] :
       overlaps(map.latitude_edges, equal_edges(-90, 180, n_lat), area_between)) {
    const auto from = static_cast<std::size_t>(source) * n_lon, to = static_cast<std::size_t>(target) * n_lon;
    for (int i = 0; i < n_lon; ++i) result[to + i] += weight * zonal_means[from + i];
  }
  return result;
}

GlobalMap read_topography(const std::string& path) { return read_maps(path, topography).front(); }

std::vector<GlobalMap> read_sea_surface_temperature(const std::string& path) {
  return read_maps(path, sea_temperature);
}

std::vector<double> topography_from_file(const std::string& path, int n_lon, int n_lat, int smoothing_passes,
                                         MPI_Comm world) {
  return read_for_all(path, static_cast<std::size_t>(n_lon) * n_lat, world, [&](const std::string& file) {
    std::vector<double> altitude = conservative_average(read_topography(file), n_lon, n_lat);
    smooth_terrain(altitude, n_lon, n_lat, smoothing_passes);
    return altitude;
  });
}

std::vector<double> sea_surface_temperature_from_file(const std::string& path, int n_lon, int n_lat, MPI_Comm world) {
  const std::size_t size = sea_temperature.n_times * static_cast<std::size_t>(n_lon) * n_lat;
  return read_for_all(path, size, world, [&](const std::string& file) {
    std::vector<double> months;
    for (const GlobalMap& map : read_sea_surface_temperature(file)) {
      const std::vector<double> month = conservative_average(map, n_lon, n_lat);
      months.insert(months.end(), month.begin(), month.end());
    }
    return months;
  });
}

namespace {

void diffuse_meridionally(std::vector<double>& altitude, int n_lon, int n_lat) {
  const double dp = pi / n_lat;
  const std::vector<double> before = altitude;
  for (int j = 0; j < n_lat; ++j) {
    const double weight =
        0.125 / std::sin((j + 0.5) * dp);  // cos(latitude) as sine of the distance from the south pole
    const double north = j + 1 < n_lat ? weight * std::sin((j + 1) * dp) : 0,
                 south = j > 0 ? weight * std::sin(j * dp) : 0;
    const double* row = &before[static_cast<std::size_t>(j) * n_lon];
    for (int i = 0; i < n_lon; ++i) {
      const double northward = north > 0 ? north * (row[i + n_lon] - row[i]) : 0;
      const double southward = south > 0 ? south * (row[i] - row[i - n_lon]) : 0;
      altitude[static_cast<std::size_t>(j) * n_lon + i] += northward - southward;
    }
  }
}

/// Solves the periodic system (1 + 2c) y_i - c (y_i-1 + y_i+1) = h_i in place. Its matrix has constant coefficients, so
/// y = C sum_l rho^|i-l| h_l with rho + 1/rho = 2 + 1/c: one recursion eastward, one westward, exact.
void diffuse_zonally(double* h, int n, double c) {
  const double q = 0.5 / c, root = std::sqrt(q * (q + 2));
  const double log_rho = -std::log1p(q + root), rho = std::exp(log_rho);
  const double scale = 0.5 / (c * root);                   // C = 1/(c (1/rho - rho)), 1/rho - rho = 2 root
  const double once_round = -1 / std::expm1(n * log_rho);  // 1/(1 - rho^n)
  std::vector<double> eastward(n), westward(n);
  double f = 0, g = 0;
  for (int i = 0; i < n; ++i) f = h[i] + rho * f;
  for (int i = n - 1; i >= 0; --i) g = h[i] + rho * g;
  f *= once_round;
  g *= once_round;
  for (int i = 0; i < n; ++i) eastward[i] = f = h[i] + rho * f;
  for (int i = n - 1; i >= 0; --i) westward[i] = g = h[i] + rho * g;
  double change = 0;  // of the row's sum: none but for round-off
  for (int i = 0; i < n; ++i) {
    const double y = scale * (eastward[i] + westward[i] - h[i]);
    change += y - h[i];
    h[i] = y;
  }
  for (int i = 0; i < n; ++i) h[i] -= change / n;
}

}  // namespace

void smooth_terrain(std::vector<double>& altitude, int n_lon, int n_lat, int passes) {
  for (int pass = 0; pass < passes; ++pass) {
    diffuse_meridionally(altitude, n_lon, n_lat);
    for (int j = 0; j < n_lat; ++j) {
      const double cos_phi = std::sin((j + 0.5) * pi / n_lat);
      diffuse_zonally(&altitude[static_cast<std::size_t>(j) * n_lon], n_lon, 0.125 / (cos_phi * cos_phi));
    }
  }
}

}  // namespace meridian
