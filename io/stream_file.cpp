#include "io/stream_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "io/collective.hpp"
#include "io/fault.hpp"

namespace meridian {
namespace {

constexpr std::size_t records_of_a_time_chunk = 1024;

std::size_t bytes_of(NumberType type) { return type == NumberType::float32 ? 4 : 8; }

std::string cell_methods(Statistic statistic) {
  switch (statistic) {
    case Statistic::instant:
      return "area: mean time: point";
    case Statistic::mean:
      return "area: time: mean";
    case Statistic::minimum:
      return "area: mean time: minimum";
    case Statistic::maximum:
      return "area: mean time: maximum";
    case Statistic::sum:
      return "area: mean time: sum";
  }
  return "";
}

std::string time_units(const Clock& clock) {
  return "days since " + iso_text({clock.start().year, clock.start().month, clock.start().day, 0}).substr(0, 10) +
         " 00:00:00";
}

/// Days since the midnight before the start.
double days(const Clock& clock, Microseconds elapsed) {
  return static_cast<double>(clock.start().of_day + elapsed) / static_cast<double>(microseconds_per_day);
}

/// Heights [m] of fields that are at one, each once.
std::set<int> heights_of(const StreamLayout& layout) {
  std::set<int> heights;
  for (const StreamVariable& variable : layout.variables) {
    if (variable.info.height > 0) heights.insert(variable.info.height);
  }
  return heights;
}
std::string height_name(int height) { return "height" + std::to_string(height) + "m"; }

/// f(n) for n = 0 .. count-1.
template <class Function>
std::vector<double> tabulated(int count, const Function& f) {
  std::vector<double> values(count);
  for (int n = 0; n < count; ++n) values[n] = f(n);
  return values;
}

/// Lower and upper edge of each of 'count' intervals between consecutive edges.
template <class Function>
std::vector<double> bounds_between(int count, const Function& edge) {
  return tabulated(2 * count, [&](int n) { return edge(n / 2 + n % 2); });
}

}  // namespace

std::vector<std::string> names_of_coordinates() {
  std::vector<std::string> names = {"time",    "time_bnds", "lat",  "lat_bnds", "lon",       "lon_bnds",
                                    "slat",    "bnds",      "lev",  "lev_bnds", "ilev",      "plev",
                                    "hyam",    "hybm",      "hyai", "hybi",     "hybm_bnds", "ap",
                                    "ap_bnds", "api",       "P0",   "crs",      "areacella"};
  for (const FieldInfo& field : field::all) {
    const std::string name = height_name(field.height);
    if (field.height > 0 && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

int levels_of_a_chunk(const StreamLayout& layout, const StreamVariable& variable, const Block& block) {
  const auto level = static_cast<std::size_t>(block.n_lat) * block.n_lon * bytes_of(layout.type);
  return static_cast<int>(std::min<std::size_t>(variable.n_k, (bytes_of_a_chunk - 1) / level + 1));
}

double bytes_of_record(const StreamLayout& layout, const Block& block) {
  double numbers = 0;
  for (const StreamVariable& variable : layout.variables) {
    if (variable.of_globe)
      numbers += 1;
    else if (!variable.fixed)
      numbers += static_cast<double>(variable.n_k) * block.n_lon * block.n_lat;
  }
  return numbers * static_cast<double>(bytes_of(layout.type));
}

std::string date_in_file_name(const Date& date) {
  char text[40];
  const Microseconds seconds = date.of_day / microseconds_per_second;
  const int fraction = static_cast<int>(date.of_day % microseconds_per_second);
  int length = std::snprintf(text, sizeof text, "%04d%02d%02d", date.year, date.month, date.day);
  const auto append = [&](const char* format, int value) {
    length += std::snprintf(text + length, sizeof text - length, format, value);
  };
  if (date.of_day != 0) append("T%04d", static_cast<int>(seconds / 3600 * 100 + seconds / 60 % 60));
  if (date.of_day % (60 * microseconds_per_second) != 0) append("%02d", static_cast<int>(seconds % 60));
  if (fraction != 0) append("%06d", fraction);
  return text;
}

StreamFile::StreamFile(const StreamLayout& layout, const Grid& grid, const Clock& clock, Microseconds begin,
                       MPI_Comm communicator)
    : layout_(layout),
      block_(grid.block),
      communicator_(communicator),
      clock_(clock),
      begin_(begin),
      file_(layout.stem + "." + date_in_file_name(clock.date_at(begin)) + ".nc", communicator) {
  file_.require_space(sizeof(double) * static_cast<double>(block_.n_lat) * block_.n_lon);  // of areacella
  define(grid);
  file_.end_definitions();
  if (layout_.has_grid()) write_coordinates(grid);
}

void StreamFile::define(const Grid& grid) {
  file_.add_dimension("time", NetcdfWriter::unlimited);
  if (layout_.has_grid()) {
    file_.add_dimension("lat", block_.n_lat);
    file_.add_dimension("lon", block_.n_lon);
    file_.add_dimension("bnds", 2);
  }
  NetcdfAttributes time = {{"standard_name", "time"},
                           {"axis", "T"},
                           {"units", time_units(clock_)},
                           {"calendar", std::string(cf_name(clock_.calendar()))}};
  if (layout_.statistic != Statistic::instant) time.push_back({"bounds", "time_bnds"});
  file_.add_variable("time", NumberType::float64, {"time"}, time, {{records_of_a_time_chunk}});
  if (layout_.statistic != Statistic::instant) {
    file_.add_variable("time_bnds", NumberType::float64, {"time", "bnds"}, {}, {{records_of_a_time_chunk, 2}});
  }
  if (layout_.has_grid()) define_grid(grid);
  for (const StreamVariable& variable : layout_.variables) define_variable(variable, grid);
  file_.add_global_attributes(layout_.global_attributes);
}

void StreamFile::define_grid(const Grid& grid) {
  file_.add_variable(
      "lat", NumberType::float64, {"lat"},
      {{"standard_name", "latitude"}, {"axis", "Y"}, {"units", "degrees_north"}, {"bounds", "lat_bnds"}});
  file_.add_variable("lat_bnds", NumberType::float64, {"lat", "bnds"});
  file_.add_variable(
      "lon", NumberType::float64, {"lon"},
      {{"standard_name", "longitude"}, {"axis", "X"}, {"units", "degrees_east"}, {"bounds", "lon_bnds"}});
  file_.add_variable("lon_bnds", NumberType::float64, {"lon", "bnds"});
  define_levels(grid);
  file_.add_variable("crs", NumberType::int32, {},
                     {{"grid_mapping_name", "latitude_longitude"}, {"earth_radius", grid.planet.radius_m}});
  file_.add_variable("areacella", NumberType::float64, {"lat", "lon"},
                     {{"standard_name", "cell_area"},
                      {"long_name", "grid-cell area"},
                      {"units", "m2"},
                      {"cell_methods", "area: sum"}});
  for (const int height : heights_of(layout_)) {
    file_.add_variable(height_name(height), NumberType::float64, {},
                       {{"standard_name", "height"}, {"axis", "Z"}, {"positive", "up"}, {"units", "m"}});
  }
}

void StreamFile::define_levels(const Grid& grid) {
  if (!layout_.pressures.empty()) {
    file_.add_dimension("plev", layout_.pressures.size());
    file_.add_variable("plev", NumberType::float64, {"plev"},
                       {{"standard_name", "air_pressure"}, {"axis", "Z"}, {"positive", "down"}, {"units", "Pa"}});
  }
  if (!layout_.model_levels) return;
  file_.add_dimension("lev", grid.n_levels());
  file_.add_dimension("ilev", grid.n_levels() + 1);
  // compliance-checker knows the terms ap, b, ps alone; NCO and tools made for CAM look for hyam, hyai, P0 by name.
  const auto hybrid = [](const std::string& ap, const std::string& b) {
    return NetcdfAttributes{{"standard_name", "atmosphere_hybrid_sigma_pressure_coordinate"},
                            {"computed_standard_name", "air_pressure"},
                            {"axis", "Z"},
                            {"positive", "down"},
                            {"units", "1"},
                            {"formula", "p = ap + b*ps"},
                            {"formula_terms", "ap: " + ap + " b: " + b + " ps: ps"}};
  };
  NetcdfAttributes lev = hybrid("ap", "hybm");
  lev.push_back({"bounds", "lev_bnds"});
  file_.add_variable("lev", NumberType::float64, {"lev"}, lev);
  // `cdo ml2pl` interpolates only where the bounds carry their own terms.
  file_.add_variable("lev_bnds", NumberType::float64, {"lev", "bnds"},
                     {{"formula", "p = ap + b*ps"}, {"formula_terms", "ap: ap_bnds b: hybm_bnds ps: ps"}});
  file_.add_variable("ilev", NumberType::float64, {"ilev"}, hybrid("api", "hybi"));
  const auto coefficient = [&](const std::string& name, const std::string& dimension, const std::string& unit,
                               const std::string& meaning, const std::string& bounds = "") {
    NetcdfAttributes attributes = {{"long_name", meaning}, {"units", unit}};
    if (!bounds.empty()) attributes.push_back({"bounds", bounds});
    file_.add_variable(name, NumberType::float64, {dimension}, attributes);
    if (!bounds.empty()) file_.add_variable(bounds, NumberType::float64, {dimension, "bnds"});
  };
  coefficient("hyam", "lev", "1", "hybrid A coefficient at layer midpoints");
  coefficient("hybm", "lev", "1", "hybrid B coefficient at layer midpoints", "hybm_bnds");
  coefficient("hyai", "ilev", "1", "hybrid A coefficient at layer interfaces");
  coefficient("hybi", "ilev", "1", "hybrid B coefficient at layer interfaces");
  coefficient("ap", "lev", "Pa", "hybrid A coefficient times reference pressure at layer midpoints", "ap_bnds");
  coefficient("api", "ilev", "Pa", "hybrid A coefficient times reference pressure at layer interfaces");
  file_.add_variable("P0", NumberType::float64, {}, {{"long_name", "reference pressure"}, {"units", "Pa"}});
}

void StreamFile::define_variable(const StreamVariable& variable, const Grid& grid) {
  const FieldInfo& info = variable.info;
  if (variable.of_globe) {
    file_.add_variable(std::string(info.short_name), layout_.type, {"time"},
                       {{"long_name", std::string(info.meaning)},
                        {"units", std::string(info.unit)},
                        {"cell_methods", cell_methods(layout_.statistic)}},
                       {{records_of_a_time_chunk}});
    return;
  }
  std::vector<std::string> dimensions;
  NetcdfStorage storage{{}, layout_.deflate_level};
  if (!variable.fixed) {
    dimensions.push_back("time");
    storage.chunks.push_back(1);
  }
  if (variable.has_levels) {
    dimensions.push_back(layout_.pressures.empty() ? "lev" : "plev");
    storage.chunks.push_back(levels_of_a_chunk(layout_, variable, block_));
  }
  dimensions.insert(dimensions.end(), {"lat", "lon"});
  storage.chunks.insert(storage.chunks.end(),
                        {static_cast<std::size_t>(block_.n_lat), static_cast<std::size_t>(grid.block.n_lon)});

  NetcdfAttributes attributes;
  if (variable.may_miss) {
    for (const char* name : {"_FillValue", "missing_value"}) {
      if (layout_.type == NumberType::float32) {
        attributes.push_back({name, fill_value});
      } else {
        attributes.push_back({name, static_cast<double>(fill_value)});
      }
    }
  }
  if (!info.standard_name.empty()) attributes.push_back({"standard_name", std::string(info.standard_name)});
  attributes.push_back({"long_name", std::string(info.meaning)});
  attributes.push_back({"units", std::string(info.unit)});
  attributes.push_back({"cell_methods", variable.fixed ? "area: mean" : cell_methods(variable.statistic)});
  attributes.push_back({"cell_measures", "area: areacella"});
  attributes.push_back({"grid_mapping", "crs"});
  if (info.height > 0) attributes.push_back({"coordinates", height_name(info.height)});
  file_.add_variable(std::string(info.short_name), layout_.type, dimensions, attributes, storage);
}

void StreamFile::write_coordinates(const Grid& grid) {
  const int n_lat = block_.n_lat, n_lon = block_.n_lon, n_k = grid.n_levels();
  file_.write_whole("lat", tabulated(n_lat, [&](int j) {
                      return block_.is_column ? grid.latitude_of_cell(j) * 180 / pi : 180 * (j + 0.5) / n_lat - 90;
                    }));
  file_.write_whole("lat_bnds", bounds_between(n_lat, [&](int j) { return 180.0 * j / n_lat - 90; }));
  file_.write_whole("lon", tabulated(n_lon, [&](int i) { return 360 * (i + 0.5) / n_lon; }));
  file_.write_whole("lon_bnds", bounds_between(n_lon, [&](int i) { return 360.0 * i / n_lon; }));
  file_.write_whole("crs", {0});
  file_.write_whole("areacella", tabulated(n_lat * n_lon, [&](int n) { return grid.area_of_global_row(n / n_lon); }));
  for (const int height : heights_of(layout_)) file_.write_whole(height_name(height), {static_cast<double>(height)});
  if (!layout_.pressures.empty()) file_.write_whole("plev", layout_.pressures);
  if (!layout_.model_levels) return;
  const VerticalCoordinate& levels = grid.levels;
  const auto a = [&](int k) { return levels.a(k); };
  const auto b = [&](int k) { return levels.b(k); };
  const auto ap = [&](int k) { return levels.a(k) * levels.p0(); };
  const auto sum = [&](int k) { return a(k) + b(k); };
  const auto middle = [&](const auto& f) { return tabulated(n_k, [&](int k) { return 0.5 * (f(k) + f(k + 1)); }); };
  file_.write_whole("lev", middle(sum));
  file_.write_whole("lev_bnds", bounds_between(n_k, sum));
  file_.write_whole("ilev", tabulated(n_k + 1, sum));
  file_.write_whole("hyam", middle(a));
  file_.write_whole("hybm", middle(b));
  file_.write_whole("hyai", tabulated(n_k + 1, a));
  file_.write_whole("hybi", tabulated(n_k + 1, b));
  file_.write_whole("ap", middle(ap));
  file_.write_whole("ap_bnds", bounds_between(n_k, ap));
  file_.write_whole("api", tabulated(n_k + 1, ap));
  file_.write_whole("hybm_bnds", bounds_between(n_k, b));
  file_.write_whole("P0", {levels.p0()});
}

void StreamFile::begin_record(Microseconds begin, Microseconds end) {
  file_.require_space(bytes_of_record(layout_, block_));
  const std::size_t mine = file_.is_first_rank() ? 1 : 0;  // one rank writes, the others take part
  const auto values = [&](std::vector<double> all) { return mine ? all : std::vector<double>(); };
  const bool instant = layout_.statistic == Statistic::instant;
  const double lower = days(clock_, begin), upper = days(clock_, end);
  file_.write("time", {n_records_}, {mine}, values({instant ? upper : 0.5 * (lower + upper)}));
  if (!instant) file_.write("time_bnds", {n_records_, 0}, {mine, 2}, values({lower, upper}));
  ++n_records_;
  end_ = end;
}

void StreamFile::write(const StreamVariable& variable, double value) {
  const bool mine = file_.is_first_rank();
  file_.write(std::string(variable.info.short_name), {n_records_ - 1}, {mine ? 1U : 0U},
              mine ? std::vector<double>{value} : std::vector<double>());
}

void StreamFile::write(const StreamVariable& variable, const Levels& share, const std::vector<double>& values) {
  std::vector<std::size_t> start, count;
  const auto along = [&](std::size_t first, std::size_t length) {
    start.push_back(first);
    count.push_back(length);
  };
  if (!variable.fixed) along(n_records_ - 1, 1);
  if (variable.has_levels) along(share.count > 0 ? share.first : 0, share.count);
  along(0, share.count > 0 ? block_.n_lat : 0);
  along(0, block_.n_lon);
  file_.write(std::string(variable.info.short_name), start, count, values);
}

void StreamFile::close() {
  agree(communicator_, [] { fault_point("stream_rename"); });
  file_.close(layout_.stem + "." + date_in_file_name(clock_.date_at(begin_)) + "-" +
              date_in_file_name(clock_.date_at(end_)) + ".nc");
}

Microseconds end_of_first_record(const std::string& path, const Clock& clock) {
  const NetcdfReader file(path);
  const std::string units = file.text_attribute("time", "units").value_or("");
  require(units == time_units(clock), ExitCode::bad_data, "'", path, "': the unit of time is '", units,
          "', that of this run is '", time_units(clock), "'. Move the file away or use another run directory.");
  const bool instant = !file.has_variable("time_bnds");
  const auto values = file.read(instant ? "time" : "time_bnds");
  require(values.size() >= (instant ? 1u : 2u), ExitCode::bad_data, "'", path, "' holds no record; move it away.");
  const double microseconds = values[instant ? 0 : 1] * static_cast<double>(microseconds_per_day);
  return std::llround(microseconds) - clock.start().of_day;
}

}  // namespace meridian
