#include "driver/case.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>

#include "io/stream_file.hpp"

namespace meridian {
namespace {

namespace fs = std::filesystem;

const ExclusiveKeys exclusive_keys = {{"time.run_days", "time.run_steps"}};

bool is_file_name(const std::string& name) {
  return name.find(':') == std::string::npos && name.find_first_of("./") != std::string::npos;
}

/// A file named in a case is looked for beside the case file first; the name stays as it is when nothing is there.
void look_beside(const std::string& case_file, std::string& name) {
  if (!is_file_name(name) || fs::path(name).is_absolute()) return;
  std::error_code ignored;
  const fs::path beside = fs::path(case_file).parent_path() / name;
  if (fs::is_regular_file(beside, ignored)) name = fs::absolute(beside, ignored).lexically_normal().string();
}

/// A level table: beside the case file, here, or in the project's cases/, so that a copied case finds it.
void find_levels(Case& c, const Reader& reader) {
  const std::string name = c.grid.levels;
  if (c.dycore.shallow_water() || !is_file_name(name)) return;
  look_beside(c.file, c.grid.levels);
  std::error_code ignored;
  if (fs::is_regular_file(c.grid.levels, ignored)) return;
  const fs::path shipped = fs::path(folder_of("case")) / name;
  require(fs::is_regular_file(shipped, ignored), ExitCode::missing_input, reader.origins().at("grid.levels"),
          ": 'grid.levels': There is no level table '", name, "', neither beside the case file nor here nor in '",
          folder_of("case"), "'.");
  c.grid.levels = fs::absolute(shipped, ignored).lexically_normal().string();
}

/// Names of levels that need no file are checked here, with their place in the case; read_levels() does the rest.
bool is_levels_name(const std::string& levels) {
  static const std::regex form(R"(L26|L30|L60|L91|L137|sigma:[1-9][0-9]*|(equal_height|stretched):.*|.*[./].*)");
  return std::regex_match(levels, form);
}

/// Short names of all that a stream may name: fields of the model, tracers, diagnostics of schemes.
std::vector<std::string> names_for_streams(const Case& c) {
  std::vector<std::string> names;
  for (const FieldInfo& field : field::all) {
    if (field.fits_a_stream()) names.emplace_back(field.short_name);
  }
  for (const TracerOptions& tracer : c.tracers) names.push_back(tracer.name);
  for (const SchemeInfo& scheme : all_schemes()) {
    names.insert(names.end(), scheme.outputs.begin(), scheme.outputs.end());
  }
  return names;
}

void check_streams(const Case& c, Reader& reader) {
  const std::vector<std::string> known = names_for_streams(c);
  for (std::size_t n = 0; n < c.output.streams.size(); ++n) {
    const StreamOptions& stream = c.output.streams[n];
    const std::string path = "output.streams[" + std::to_string(n) + "]";
    for (std::size_t f = 0; f < stream.fields.size(); ++f) {
      const std::string& field = stream.fields[f];
      if (std::find(known.begin(), known.end(), field) != known.end()) continue;
      const std::string hint = did_you_mean(nearest(field, known));
      reader.problem(path + ".fields[" + std::to_string(f) + "]",
                     "stream '" + stream.name + "' names the field '" + field + "', which there is not" +
                         (hint.empty() ? "; see 'meridian list fields'" : "; " + hint));
    }
    for (std::size_t m = 0; m < n; ++m) {
      if (c.output.streams[m].name == stream.name) {
        reader.problem(path + ".name", "two streams are called '" + stream.name + "'");
      }
    }
  }
}

/// Rules that concern several parts.
/// Intervals of restart sets and streams must be whole numbers of steps.
void check_intervals(const Case& c, Reader& reader) {
  const bool sound_clock = reader.sound("dycore.dt_s") && reader.sound("time.start") && reader.sound("time.calendar");
  const auto check_one = [&](const std::string& path, const std::string& every, int n_steps = 1) {
    if (!reader.sound(path)) return;
    bool is_interval = false;
    try {
      const Interval interval = parse_interval(every);
      is_interval = true;
      if (!sound_clock) return;
      const Calendar calendar = calendar_of(c.time.calendar);
      Clock(calendar, parse_date(calendar, c.time.start), c.dycore.step_length())
          .require_whole_steps(interval, path, n_steps);
    } catch (const Error& error) {
      const bool known = !is_interval && path.starts_with("output.streams");  // streams have said it
      if (!known) reader.problem(path, error.what());
    }
  };
  check_one("restart.every", c.restart.every);
  check_one("output.budgets", c.output.budgets, c.steps_of_a_sample());
  for (std::size_t n = 0; n < c.output.streams.size(); ++n) {
    check_one("output.streams[" + std::to_string(n) + "].every", c.output.streams[n].every);
  }
}

/// Tracers are variables of files, among coordinates and what schemes write, so each needs a name of its own.
void check_names_of_tracers(const Case& c, Reader& reader) {
  const std::vector<std::string> coordinates = names_of_coordinates();
  const auto is_written_by_a_scheme = [](const std::string& name) {
    return std::ranges::any_of(
        all_schemes(), [&](const SchemeInfo& s) { return std::ranges::find(s.outputs, name) != s.outputs.end(); });
  };
  for (std::size_t n = 0; n < c.tracers.size(); ++n) {
    const std::string &name = c.tracers[n].name, path = "tracers[" + std::to_string(n) + "].name";
    if (!reader.sound(path)) continue;
    if (std::ranges::find(coordinates, name) != coordinates.end()) {
      reader.problem(path, "'name' is '" + name + "', which is a coordinate of the files; take another one than " +
                               joined(coordinates));
    } else if (is_written_by_a_scheme(name)) {
      reader.problem(path, "'name' is '" + name + "', which a scheme writes; take another one");
    }
    const auto same = [&](const TracerOptions& tracer) { return tracer.name == name; };
    if (std::any_of(c.tracers.begin(), c.tracers.begin() + static_cast<std::ptrdiff_t>(n), same)) {
      reader.problem(path, "two tracers are called '" + name + "'");
    }
  }
}

/// The grid of the whole globe.
void check_globe(const Case& c, Reader& reader) {
  const auto refuse = [&](const char* key, int cells, const char* rule) {
    reader.problem(key, "'" + std::string(key) + "' = " + std::to_string(cells) + " must be " + rule +
                            "; only a single column ('dycore.equations' = column) has 1 x 1 cells");
  };
  if (c.grid.n_lon < 8 || c.grid.n_lon % 2 != 0) refuse("grid.n_lon", c.grid.n_lon, "even and at least 8");
  if (c.grid.n_lat < 4) refuse("grid.n_lat", c.grid.n_lat, "at least 4");
  if (c.grid.latitude_degrees != 0) {
    reader.problem(
        "grid.latitude_degrees",
        "'grid.latitude_degrees' is that of a single column, but 'dycore.equations' = " + c.dycore.equations);
  }
}

/// What a single column cannot have.
void check_column(const Case& c, Reader& reader) {
  const auto refuse = [&](const char* key, bool wrong, const std::string& rule) {
    if (wrong && reader.sound(key)) {
      reader.problem(key, "'" + std::string(key) + "' must be " + rule + ", because 'dycore.equations' = column");
    }
  };
  refuse("grid.n_lon", c.grid.n_lon != 1, "1");
  refuse("grid.n_lat", c.grid.n_lat != 1, "1");
  refuse("parallel.ranks_lon", c.parallel.ranks_lon > 1, "1");
  refuse("parallel.ranks_lat", c.parallel.ranks_lat > 1, "1");
  refuse("boundary.topography", c.boundary.topography != "flat", "flat");
  refuse("initial.name", c.initial.is_file(), "an analytic state");
  const bool has_vapour = std::ranges::any_of(c.tracers, [](const TracerOptions& t) { return t.name == "qv"; });
  refuse("dycore.large_scale.vapour_tendency_g_per_kg_per_day",
         !has_vapour && !c.dycore.large_scale.vapour_tendency_g_per_kg_per_day.empty(),
         "absent where 'tracers' has no qv");
}

void check(const Case& c, Reader& reader) {
  const double microseconds = c.dycore.dt_s * static_cast<double>(microseconds_per_second);
  if (reader.sound("dycore.dt_s") &&
      std::abs(microseconds - std::round(microseconds)) > 1e-4) {  // more than round-off of the largest step
    reader.problem("dycore.dt_s", "'dycore.dt_s' = " + exact_text(c.dycore.dt_s) +
                                      " is no whole number of microseconds; the nearest is " +
                                      exact_text(std::round(microseconds) / 1e6));
  }
  const double steps = c.time.run_days * seconds_per_day / c.dycore.dt_s;
  const bool sound_length =
      reader.sound("dycore.dt_s") && reader.sound("time.run_days") && reader.sound("time.run_steps");
  if (sound_length && c.time.run_steps < 0 && std::abs(steps - std::round(steps)) > 1e-9 * std::max(1.0, steps)) {
    reader.problem("time.run_days", "'time.run_days' = " + exact_text(c.time.run_days) +
                                        " is no whole number of steps of 'dycore.dt_s' = " + exact_text(c.dycore.dt_s) +
                                        " s");
  }
  if (sound_length && reader.sound("time.start") && reader.sound("time.calendar")) {
    const bool in_steps = c.time.run_steps >= 0;
    const double days = in_steps ? c.time.run_steps * c.dycore.dt_s / seconds_per_day : c.time.run_days;
    constexpr double most_days = 3.7e6;  // more than 9999 years, and their microseconds fit into an integer
    const Calendar calendar = calendar_of(c.time.calendar);
    try {
      add(calendar, parse_date(calendar, c.time.start),
          std::llround(std::min(days, most_days) * static_cast<double>(microseconds_per_day)));
    } catch (const Error& error) {
      reader.problem(in_steps ? "time.run_steps" : "time.run_days", error.what());
    }
  }
  if (reader.sound("grid.levels") && !is_levels_name(c.grid.levels)) {
    reader.problem("grid.levels", "'grid.levels' = " + shortened(c.grid.levels) +
                                      " is neither L26, L30, L60, L91, L137, sigma:N, equal_height:N,ztop, "
                                      "stretched:N,ptop,c,dz0 nor the path of a file");
  }
  if (reader.sound("tracers")) check_streams(c, reader);
  const bool shallow = c.dycore.equations == "shallow_water";
  if (reader.sound("dycore.equations") && reader.sound("initial.name") && !c.initial.fits(shallow)) {
    reader.problem("initial.name", "'initial.name' = " + c.initial.name() + " is a state of the " +
                                       (shallow ? "hydrostatic" : "shallow_water") +
                                       " equations, but 'dycore.equations' = " + c.dycore.equations);
  }
  check_intervals(c, reader);
  check_names_of_tracers(c, reader);
  if (reader.sound("dycore.equations")) c.dycore.column() ? check_column(c, reader) : check_globe(c, reader);
  for (std::size_t n = 0; n < c.tracers.size(); ++n) {
    const std::string path = "tracers[" + std::to_string(n) + "].initial";
    const bool replaced = c.tracers[n].name == field::water_vapour.short_name && c.tracers[n].initial != "state";
    if (replaced && reader.sound(path) && reader.sound("initial") && c.initial.has_vapour(c.planet)) {
      reader.problem(path, "'initial' of the tracer 'qv' is " + c.tracers[n].initial + ", but 'initial.name' = " +
                               c.initial.name() + " has water vapour of its own; set it to state");
    }
  }
  if (!reader.sound("dycore.equations")) return;
  if (shallow && !c.tracers.empty() && c.dycore.viscosity_m2_per_s > 0) {
    reader.problem("dycore.viscosity_m2_per_s",
                   "'dycore.viscosity_m2_per_s' must be 0 where there are tracers: it mixes the depth, but not them");
  }
  if (shallow && !c.physics.uses_tracers_only()) {
    reader.problem(
        "physics.suite",
        "'physics.suite' has schemes for columns of air, but 'dycore.equations' = shallow_water; remove them");
  }
}

}  // namespace

void GridOptions::visit(OptionVisitor& option) {
  option.integer("n_lon", n_lon, "1", {1, 100000}, "cells along a circle of latitude: 8 or more, even; 1 for a column");
  option.integer("n_lat", n_lat, "1", {1, 50000}, "cells from pole to pole: 4 or more; 1 for a column");
  option.text("levels", levels,
              "L26, L30, L60, L91, L137, sigma:N, equal_height:N,ztop[,isothermal|lapse_rate|constant_stability], "
              "stretched:N,ptop,c,dz0, or the path of a table of two columns A B",
              "vertical levels; shallow water has none");
  option.real("latitude_degrees", latitude_degrees, "degrees", {-90, 90}, "where a single column stands");
}

void require_graph(const Case& c, int n_ranks) {
  require_option(!c.parallel.graph || (n_ranks == 1 && !c.dycore.frozen_winds && !c.dycore.column()), "parallel.graph",
                 "'parallel.graph' records steps without messages and prescribed winds: on one rank, not ", n_ranks,
                 ", with 'dycore.frozen_winds' off, and not of a single column; set it to false.");
}

void ParallelOptions::visit(OptionVisitor& option) {
  option.integer("ranks_lon", ranks_lon, "1", {0, 100000}, "ranks along longitude: 1 or even; 0: chosen by the model");
  option.integer("ranks_lat", ranks_lat, "1", {0, 100000}, "ranks along latitude; 0: chosen by the model");
  static constexpr std::string_view memories[] = {"auto", "device", "host"};
  option.word(
      "messages", messages, memories,
      "memory that MPI is given: that of the device, or a copy on the host; auto: the device's where the MPI library "
      "says that it takes it. The bits are the same");
  option.flag("overlap", overlap, "halos travel while rows that need none are computed. The bits are the same");
  option.flag(
      "graph", graph,
      "the kernels of a step are recorded as a graph and replayed with one launch; on one rank. The bits are the same");
}

void LogOptions::visit(OptionVisitor& option) {
  static constexpr std::string_view formats[] = {"auto", "line", "json", "none"};
  option.real("every_s", every_s, "s", {0, 86400}, "wall time between progress reports");
  option.word("format", format, formats,
              "of progress: auto: a line on a terminal, JSON lines elsewhere; line, json: always that; none: only the "
              "tables at the "
              "end");
  option.real("watchdog_s", watchdog_s, "s", {0, 1e6},
              "a run in which no step ends for so long, and for 20 times the longest step, is ended; 0: never");
}

void Case::visit(OptionVisitor& option) {
  option.text("title", title, "one line of text", "what this case is, for output files");
  option.group("planet", planet, "size, rotation and gas of the planet");
  option.group("grid", grid, "resolution");
  option.group("time", time, "calendar and length of the run");
  option.group("dycore", dycore, "equations and numerics of the fluid");
  option.group("initial", initial, "the state at the start");
  option.list("tracers", tracers, "what the wind carries besides the air itself");
  option.group("boundary", boundary, "the ground");
  option.group("physics", physics, "column physics");
  option.group("parallel", parallel, "how the grid is split over ranks");
  option.group("output", output, "what is written");
  option.group("restart", restart, "restart sets");
  option.group("log", log, "reports of progress");
  option.group("verify", verify, "what `meridian verify` runs and bounds");
}

std::vector<std::string> case_names() { return names_of("case"); }

CaseText find_case(const std::string& name_or_path) { return find_named_file("case", name_or_path); }

Case parse_case(const CaseText& source, const std::vector<std::string>& settings) {
  Problems problems;
  Node root = parse_yaml(source.text, source.file, problems);
  apply_settings(root, settings, exclusive_keys, problems);
  const bool readable = problems.empty();
  Case c;
  Reader reader(root, problems);
  c.visit(reader);
  if (c.dycore.column() && !reader.given("grid.n_lon")) c.grid.n_lon = 1;
  if (c.dycore.column() && !reader.given("grid.n_lat")) c.grid.n_lat = 1;
  reader.report_unknown_keys(all_options());
  if (readable) check(c, reader);
  problems.throw_if_any();
  c.name = source.name;
  c.file = source.file;
  find_levels(c, reader);
  const auto find_input = [&](const char* key, std::string& name) {
    look_beside(c.file, name);
    try {
      find_data_file(name);
    } catch (const Error& error) {
      throw Error(error.code(), reader.origins().at(key) + ": '" + key + "': " + error.what());
    }
  };
  if (c.boundary.topography != "flat") find_input("boundary.topography", c.boundary.topography);
  if (c.boundary.has_sea_surface_temperature()) {
    find_input("boundary.sea_surface_temperature", c.boundary.sea_surface_temperature);
  }
  if (c.initial.is_file()) find_input("initial.path", c.initial.path());
  c.origins = reader.origins();
  Resolver resolver(c.origins, exclusive_keys);
  Case settings_of_run = c;
  settings_of_run.verify = {};  // no setting of a run, which may be shorter than what is measured
  settings_of_run.visit(resolver);
  c.resolved = resolver.yaml();
  return c;
}

Case read_case(const std::string& name_or_path, const std::vector<std::string>& settings) {
  return parse_case(find_case(name_or_path), settings);
}

std::map<std::string, std::string> inputs_of(const Case& c) {
  std::map<std::string, std::string> files;
  if (c.boundary.topography != "flat") files["boundary.topography"] = find_data_file(c.boundary.topography);
  if (c.boundary.has_sea_surface_temperature()) {
    files["boundary.sea_surface_temperature"] = find_data_file(c.boundary.sea_surface_temperature);
  }
  if (Case copy = c; copy.initial.is_file()) files["initial.path"] = find_data_file(copy.initial.path());
  if (std::error_code ignored; std::filesystem::is_regular_file(c.grid.levels, ignored)) {
    files["grid.levels"] = c.grid.levels;
  }
  return files;
}

Layout layout_of(const Case& c, int n_ranks) {
  Layout layout{c.parallel.ranks_lon, c.parallel.ranks_lat};
  if (c.dycore.column()) {
    require(n_ranks == 1, ExitCode::configuration, "A single column ('dycore.equations' = column) runs on 1 rank, not ",
            n_ranks, ": give --ranks 1.");
    return {1, 1};
  }
  if (layout.ranks_lon == 0 && layout.ranks_lat == 0) return default_layout(c.grid.n_lon, c.grid.n_lat, n_ranks);
  if (layout.ranks_lon == 0) layout.ranks_lon = std::max(1, n_ranks / layout.ranks_lat);
  if (layout.ranks_lat == 0) layout.ranks_lat = std::max(1, n_ranks / layout.ranks_lon);
  try {
    require_layout(c.grid.n_lon, c.grid.n_lat, layout, n_ranks);
  } catch (const Error& error) {
    const auto origin = c.origins.find(c.parallel.ranks_lon > 0 ? "parallel.ranks_lon" : "parallel.ranks_lat");
    throw Error(error.code(), (origin == c.origins.end() ? "" : origin->second + ": ") + error.what());
  }
  return layout;
}

std::vector<OptionInfo> all_options() {
  Case defaults;
  Describer describer;
  defaults.visit(describer);
  return describer.options();
}

}  // namespace meridian
