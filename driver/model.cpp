#include "driver/model.hpp"

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <limits>

#include "driver/version.hpp"
#include "io/fault.hpp"
#include "io/netcdf.hpp"
#include "io/start_file.hpp"

namespace meridian {

namespace {

Block block_of(const Case& c, MPI_Comm world) {
  int n_ranks = 1;
  MPI_Comm_size(world, &n_ranks);
  require_graph(c, n_ranks);
  if (c.dycore.column()) return make_column(world);
  Block block = make_block(c.grid.n_lon, c.grid.n_lat, layout_of(c, n_ranks), world);
  if (c.parallel.filter_block > 0) block.filter_block = c.parallel.filter_block;
  block.overlap = c.parallel.overlap;
  block.graph = c.parallel.graph;
  const std::string takes = on_device ? mpi_takes_device_memory() : "yes";  // on CPUs a device has the host's memory
  block.stage_messages = c.parallel.messages == "host" || (c.parallel.messages == "auto" && takes != "yes");
  require(c.parallel.messages != "device" || takes != "no", ExitCode::configuration,
          "'parallel.messages' is device, and this MPI library does not take pointers to device memory: give auto or "
          "host.");
  return block;
}

}  // namespace

VerticalCoordinate levels_of(const Case& c) {
  if (c.dycore.shallow_water()) return single_layer();
  VerticalCoordinate levels = read_levels(c.grid.levels, c.planet.reference_pressure_pa);
  require(
      c.dycore.remap_reference_k == 0 || levels.top_pressure() > 0, ExitCode::configuration,
      "'dycore.remap_reference_k' = ", c.dycore.remap_reference_k, ", but the levels '", c.grid.levels,
      "' begin at 0 Pa, where the remap of a reference profile becomes unstable within days; set it to 0, or choose "
      "levels whose top has a pressure, such as L30.");
  return levels;
}

namespace {

Clock clock_of(const Case& c) {
  const Calendar calendar = calendar_of(c.time.calendar);
  return Clock(calendar, parse_date(calendar, c.time.start), c.dycore.step_length());
}

long last_step_of(const Case& c, const Clock& clock) {
  if (c.time.run_steps >= 0) return c.time.run_steps;
  const double microseconds = c.time.run_days * static_cast<double>(microseconds_per_day);
  const long steps = std::llround(microseconds / static_cast<double>(clock.step_length()));
  require(std::abs(static_cast<double>(steps) * static_cast<double>(clock.step_length()) - microseconds) < 1,
          ExitCode::configuration, "'time.run_days' is ", c.time.run_days, "; that is no whole number of steps of ",
          clock.step_seconds(), " s ('dycore.dt_s').");
  return steps;
}

/// A group of options as YAML, below the key 'group'.
template <class Options>
std::string yaml_of(const Options& options) {
  Options copy = options;
  Resolver resolver({}, {});
  resolver.group("group", copy, "");
  return resolver.yaml();
}

/// That as one line of text: two runs with the same text have the same settings.
std::string line_of(const std::string& yaml) {
  std::string line;
  bool comment = false;
  for (const char c : yaml) {
    comment = c != '\n' && (comment || c == '#');
    if (c == '\n' && !line.empty()) line += ';';
    if (c != '\n' && c != ' ' && !comment) line += c;
  }
  return line;
}

/// True where an output stream names this field.
bool streams_name(const Case& c, std::string_view field) {
  return std::ranges::any_of(c.output.streams, [&](const auto& stream) {
    return std::ranges::find(stream.fields, field) != stream.fields.end();
  });
}

/// Water, or vapour alone, of the tracers of a budget [kg m-2].
double sum_of_water(const Transport& transport, const Budgets& b, bool vapour_only) {
  double sum = 0;
  for (std::size_t n = 0; n < b.tracers.size(); ++n) {
    for (const field::Species& known : field::species) {
      const bool counts = vapour_only ? known.mixing_ratio->name == field::water_vapour.name : known.is_water;
      if (counts && known.mixing_ratio->short_name == transport.names()[n]) sum += b.tracers[n];
    }
  }
  return sum;
}

/// All tracers as one group of options.
struct TracerList {
  std::vector<TracerOptions> tracers;
  void visit(OptionVisitor& option) { option.list("tracers", tracers, ""); }
};

/// A case with the name and a hash of the content of its input files in the place of their paths: what counts is what they hold.
Case with_content_of_inputs(Case c, const std::map<std::string, std::string>& hashes) {
  for (const auto& [key, file] : inputs_of(c)) {
    std::string& value = key == "boundary.topography" ? c.boundary.topography
                         : key == "grid.levels"       ? c.grid.levels
                         : key == "initial.path"      ? c.initial.path()
                                                      : c.boundary.sea_surface_temperature;
    value = std::filesystem::path(file).filename().string() + "@" + hashes.at(file);
  }
  return c;
}

/// What the state of a run depends on, as YAML.
std::map<std::string, std::string> groups_of_state(const Case& c) {
  return {{"planet", yaml_of(c.planet)},
          {"grid", yaml_of(c.grid)},
          {"dycore", yaml_of(c.dycore)},
          {"initial", yaml_of(c.initial)},
          {"boundary", yaml_of(c.boundary)},
          {"physics", yaml_of(c.physics)},
          {"tracers", yaml_of(TracerList{c.tracers})}};
}

/// As facts of a restart set; a set made with other settings is not continued.
std::map<std::string, std::string> state_settings(const Case& c) {
  std::map<std::string, std::string> settings = {{"case.start", c.time.start},
                                                 {"case.calendar", std::string(cf_name(calendar_of(c.time.calendar)))}};
  for (const auto& [name, yaml] : groups_of_state(c)) settings["case." + name] = line_of(yaml);
  return settings;
}

/// One setting of line_of(): "dt_s", and its value.
struct Setting {
  std::string key, value;
};

std::vector<Setting> settings_in(const std::string& line) {
  std::vector<Setting> settings;
  std::istringstream items(line);
  for (std::string item; std::getline(items, item, ';');) {
    const std::size_t begin = item.starts_with('-') ? 1 : 0, colon = std::min(item.find(':'), item.size());
    const std::string value = item.substr(std::min(colon + 1, item.size()));
    if (!value.empty()) settings.push_back({item.substr(begin, colon - begin), value});
  }
  return settings;
}

/// Paths of the same settings, in the same order.
void add_paths(const Node& node, const std::string& path, std::vector<std::string>& paths) {
  const bool is_list = node.kind == Node::Kind::sequence && !node.elements.empty();
  if (node.kind == Node::Kind::map) {
    for (const Entry& entry : node.entries) add_paths(entry.value, path + "." + entry.key, paths);
  } else if (is_list && node.elements.front().kind == Node::Kind::map) {
    for (std::size_t n = 0; n < node.elements.size(); ++n) {
      add_paths(node.elements[n], path + "[" + std::to_string(n) + "]", paths);
    }
  } else {
    paths.push_back(path);
  }
}
std::vector<std::string> paths_in(const std::string& yaml, const std::string& group) {
  Problems none;
  const Node root = parse_yaml(yaml, "", none);
  std::vector<std::string> paths;
  const Entry* entry = root.find("group");
  if (!entry) return paths;
  const Entry* list = entry->value.find(group);  // tracers
  add_paths(list ? list->value : entry->value, group, paths);
  return paths;
}

/// The settings in which a line and the YAML of a group differ: "'dycore.dt_s' was 600 and is 300". Settings of both are paired in their order,
/// most equal ones first, so that an entry more or less of a list does not shift all that follow.
std::vector<std::string> differences(const std::string& group, const std::string& line_there,
                                     const std::string& yaml_here) {
  const std::vector<Setting> there = settings_in(line_there), here = settings_in(line_of(yaml_here));
  std::vector<std::string> paths = paths_in(yaml_here, group);
  const auto path_of = [&](const Setting& setting) { return setting.key == group ? group : group + "." + setting.key; };
  if (paths.size() != here.size()) {  // a text with ';' in it
    paths.clear();
    for (const Setting& setting : here) paths.push_back(path_of(setting));
  }
  const std::size_t n = there.size(), m = here.size();
  std::vector<std::vector<int>> best(n + 1, std::vector<int>(m + 1, 0));  // score of what follows
  const auto score = [&](std::size_t i, std::size_t j) {
    return there[i].key != here[j].key ? 0 : there[i].value == here[j].value ? 3 : 1;
  };
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      const int pair = score(i, j);
      best[i][j] = std::max({best[i + 1][j], best[i][j + 1], pair > 0 ? pair + best[i + 1][j + 1] : 0});
    }
  }
  std::vector<std::string> words;
  const auto say = [&](const std::string& path, const std::string& rest) { words.push_back("'" + path + "' " + rest); };
  for (std::size_t i = 0, j = 0; i < n || j < m;) {
    if (i < n && j < m && score(i, j) > 0 && best[i][j] == score(i, j) + best[i + 1][j + 1]) {
      if (score(i, j) == 1) say(paths.at(j), "was " + there[i].value + " and is " + here[j].value);
      ++i, ++j;
    } else if (i < n && (j == m || best[i][j] == best[i + 1][j])) {
      say(path_of(there[i]), "was " + there[i].value + " and is not there"), ++i;
    } else {
      say(paths.at(j), "was not there and is " + here[j].value), ++j;
    }
  }
  return words;
}

std::vector<Tracer> tracers_of(const Case& c) {
  std::vector<Tracer> tracers;
  for (const TracerOptions& options : c.tracers) tracers.push_back(options.tracer());
  return tracers;
}

/// Numbers as text that gives the same bits back.
std::string text_of_numbers(const std::vector<double>& numbers) {
  std::string text;
  for (const double x : numbers) {
    char number[40];
    std::snprintf(number, sizeof number, "%a ", x);
    text += number;
  }
  return text;
}
std::vector<double> numbers_from(const std::string& text) {
  std::vector<double> numbers;
  const char* at = text.c_str();
  for (char* end = nullptr;; at = end) {
    const double x = std::strtod(at, &end);
    if (end == at) return numbers;
    numbers.push_back(x);
  }
}
std::string text_of(const Budgets& b) {
  std::vector<double> numbers = {b.mass, b.energy, b.enstrophy, b.angular_momentum};
  numbers.insert(numbers.end(), b.tracers.begin(), b.tracers.end());
  return text_of_numbers(numbers);
}
Budgets budgets_from(const std::string& text) {
  std::vector<double> numbers = numbers_from(text);
  numbers.resize(std::max<std::size_t>(numbers.size(), 4));
  return {numbers[0], numbers[1], numbers[2], numbers[3], {numbers.begin() + 4, numbers.end()}};
}

Provenance provenance_of(const Case& c, const std::string& run_id) {
  const BuildInfo& build = build_info();
  Provenance p;
  p.case_name = c.name;
  p.title = c.title;
  p.source = "Meridian " + std::string(build.version) + " (" + std::string(build.commit) + ")";
  const std::time_t now = std::time(nullptr);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ ", std::gmtime(&now));
  p.history = date + (c.command_line.empty() ? "meridian run " + c.file : c.command_line);
  p.run_id = run_id;
  p.config = c.resolved;
  p.backend = build.backend;
  p.precision = build.precision;
  return p;
}

/// Puts a NaN into the middle of the last prognostic field of this rank.
void spoil(const FieldSet& fields, const Block& block) {
  for (auto entry = fields.entries().rbegin(); entry != fields.entries().rend(); ++entry) {
    if (entry->role != Role::prognostic) continue;
    const Box box{0, static_cast<int>(entry->data.extent(0)), 0, block.ny, 0, block.nx};
    std::vector<double> values = packed(entry->data, box);
    values[values.size() / 2] = std::numeric_limits<double>::quiet_NaN();
    unpack(values, entry->data, box);
    return;
  }
}

/// The first value of a field that is not finite (or, for a mass, not positive), in words; "" if there is none.
std::string first_bad_value(const FieldSet::Entry& entry, const Grid& grid, bool must_be_positive) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entry.data);
  const Block& block = grid.block;
  for (std::size_t k = 0; k < host.extent(0); ++k) {
    for (int j = 0; j < block.ny; ++j) {
      for (int i = 0; i < block.nx; ++i) {
        const double x = host(k, j + halo_width, i + halo_width);
        if (std::isfinite(x) && !(must_be_positive && x <= 0)) continue;
        const bool xface = entry.info.horizontal == Horizontal::xface,
                   yface = entry.info.horizontal == Horizontal::yface;
        const double lat = (yface ? grid.latitude_of_yface(j) : grid.latitude_of_cell(j)) * 180 / pi;
        const double lon = (xface ? grid.longitude_of_xface(i) : grid.longitude_of_cell(i)) * 180 / pi;
        std::ostringstream words;
        words << "'" << entry.info.name << "' is " << x << " " << entry.info.unit << " at level " << k
              << " from the top, latitude " << lat << ", longitude " << lon;
        return words.str();
      }
    }
  }
  return "";
}

/// The set, with the fields that files of 'boundary' fill.
FieldSet& with_boundary_fields(const Case& c, FieldSet& fields) {
  if (c.boundary.has_sea_surface_temperature()) {
    fields.add(field::monthly_sea_surface_temperature, 12, Role::fixed);
  }
  return fields;
}

Suite suite_of(const Case& c, const Grid& grid, FieldSet& fields) {
  return with_place(c, [&]() -> Suite {
    return {c.physics, grid, fields, default_watch, [&c](std::string_view name) { return streams_name(c, name); }};
  });
}

/// The humidity of a start file is that of the tracer qv, where there is one.
void require_humidity_of_file(Case& c, const GriddedState& file) {
  for (std::size_t n = 0; n < c.tracers.size(); ++n) {
    const TracerOptions& tracer = c.tracers[n];
    if (tracer.name != field::water_vapour.short_name || c.dycore.shallow_water()) continue;
    const bool from_state = tracer.initial == "state";
    require(
        !from_state || !file.specific_humidity.empty(), ExitCode::bad_data, "File '", c.initial.path(),
        "' has no specific_humidity, which 'initial: state' of the tracer 'qv' is: a variable with this standard_name, "
        "or called 'hus' or 'q', is needed, or another 'initial' of 'qv'.");
    require_option(from_state || file.specific_humidity.empty(), "tracers[" + std::to_string(n) + "].initial",
                   "'initial' of the tracer 'qv' is ", tracer.initial, ", but the start file '", c.initial.path(),
                   "' has a humidity of its own: set it to state, or take the humidity out of the file.");
  }
}

/// Owned cells of maps of the whole globe, one for each level.
void distribute(const std::vector<double>& maps, const Block& block, const Array3<Real>& data) {
  const auto host = Kokkos::create_mirror_view(data);
  for (std::size_t k = 0; k < host.extent(0); ++k) {
    for (int j = 0; j < block.ny; ++j) {
      const std::size_t row = (k * block.n_lat + block.j_first + j) * block.n_lon + block.i_first;
      for (int i = 0; i < block.nx; ++i) host(k, j + halo_width, i + halo_width) = static_cast<Real>(maps[row + i]);
    }
  }
  Kokkos::deep_copy(data, host);
}

}  // namespace

Model::Model(const Case& c, const std::string& output, const std::string& run_id, MPI_Comm world)
    : case_(c),
      grid_(block_of(c, world), c.planet.reduced(), levels_of(c), c.grid.latitude_degrees),
      fields_(grid_.block),
      dycore_(c.dycore, grid_, fields_, tracers_of(c)),
      flow_(prescribed_flow(c.initial.name(), grid_.planet, c.initial.angle(grid_.planet))),
      suite_(suite_of(c, grid_, with_boundary_fields(c, fields_))),
      clock_(clock_of(c)),
      last_step_(last_step_of(c, clock_)),
      restart_every_(parse_interval(c.restart.every)),
      budgets_every_(parse_interval(c.output.budgets)) {
  require(!flow_ || c.dycore.frozen_winds, ExitCode::configuration, "'initial.name' = ", c.initial.name(),
          " prescribes the wind; set 'dycore.frozen_winds' to true.");
  if (flow_) {
    dycore_.prescribe_wind([this](const State& state) {
      const double middle = (static_cast<double>(clock_.step()) + 0.5) * clock_.step_seconds();
      flow_->set_winds(grid_, state.mass, middle, state.u, state.v);
    });
  }
  clock_.require_whole_steps(restart_every_, "restart.every");
  const Provenance provenance = provenance_of(c, run_id);
  with_place(c, [&] {
    require_option(!c.physics.corrects_energy() || suite_.hides_its_energy().empty(), "physics.energy_correction",
                   "'physics.energy_correction' needs to know what each scheme brings; '", suite_.hides_its_energy(),
                   "' does not say it: remove the one or the other.");
    suite_.require_length(static_cast<double>(last_step_) * clock_.step_seconds());
    streams_ = std::make_unique<Streams>(c.output, grid_, fields_, clock_, provenance, output);
  });
  if (budgets_every_.unit != Interval::Unit::never) add_budgets(provenance);
  if (c.boundary.topography != "flat") {
    surface_altitude_ = topography_from_file(c.boundary.topography, c.grid.n_lon, c.grid.n_lat,
                                             c.boundary.smoothing_passes, grid_.block.world);
  }
  if (c.boundary.has_sea_surface_temperature()) {
    distribute(sea_surface_temperature_from_file(c.boundary.sea_surface_temperature, c.grid.n_lon, c.grid.n_lat,
                                                 grid_.block.world),
               grid_.block, fields_.get(field::monthly_sea_surface_temperature).data());
  }
  if (case_.initial.is_file()) {
    start_file_ = read_start_file(case_.initial.path(), c.dycore.shallow_water(), clock_.calendar(), clock_.start(),
                                  grid_.planet, grid_.block.world);
    with_place(c, [&] { require_humidity_of_file(case_, start_file_); });
  }
  for (const auto& [key, file] : inputs_of(c)) input_hashes_[file] = hash_of_file(file, grid_.block.world);
  case_by_content_ = with_content_of_inputs(c, input_hashes_);
}

std::string Model::start_file_warning() const {
  const bool known = !case_.initial.is_file() || case_.boundary.topography == "flat" ||
                     !start_file_.surface_altitude.empty() || !start_file_.free_surface.empty();
  if (known) return "";
  return "The start file has no surface altitude ('orog'): its " +
         std::string(case_.dycore.shallow_water() ? "depth" : "surface pressure") +
         " is taken as it is, right only where its ground is that of 'boundary.topography'.";
}

void Model::fill() {
  fill_initial_state(case_.initial, grid_, fields_, surface_altitude_, start_file_);
  fill_tracers(case_.tracers, grid_, fields_, case_.initial.angle(grid_.planet));
  suite_.start(clock_.instant_at(clock_.elapsed()));
}

void Model::start_without_output() {
  fill();
  dycore_.start();
  dycore_.show_prescribed_wind();
  budgets_at_start_ = dycore_.budgets();
  open_book();
}

void Model::start_from_initial_state() {
  start_without_output();
  streams_->remove_newer_than(clock_);
  sample_output();
}

void Model::require_same_settings(const RestartManifest& set) const {
  const auto its_case = set.facts.find("case");
  const bool other = its_case != set.facts.end() && its_case->second != case_.name;
  constexpr std::size_t most = 12;
  const std::map<std::string, std::string> groups = groups_of_state(case_by_content_);
  std::vector<std::string> differ;
  bool only_grid = true;
  for (const auto& [name, here] : state_settings(case_by_content_)) {
    const auto fact = set.facts.find(name);
    const std::string there = fact == set.facts.end() ? "" : fact->second, group = name.substr(5);
    if (there == here) continue;
    only_grid = only_grid && group == "grid";
    if (group == "start" || group == "calendar") {
      differ.push_back("'time." + group + "' was " + there + " and is " + here);
      continue;
    }
    const std::vector<std::string> some = differences(group, there, groups.at(group));
    differ.insert(differ.end(), some.begin(), some.end());
    if (some.empty()) differ.push_back("'" + group + "' is another");
  }
  std::string words;
  for (std::size_t n = 0; n < std::min(most, differ.size()); ++n) words += (n == 0 ? "" : "; ") + differ[n];
  if (differ.size() > most) words += "; and " + std::to_string(differ.size() - most) + " more";
  // Values of another grid alone are the wrong data; other settings are the user's to change.
  require(differ.empty(), only_grid ? ExitCode::bad_data : ExitCode::configuration, "The restart set ", set.directory,
          " was made", other ? " by the case '" + its_case->second + "', not '" + case_.name + "'," : "",
          " with other settings: ", words, ". Use the same ones, --resume none to start anew, or another --run-dir.");
}

std::vector<std::string> Model::start_from(const RestartManifest& set) {
  require_same_settings(set);
  fill();  // the fixed fields stay, the state is read
  clock_.set_step(set.step);
  const auto streams = set.facts.find("streams");
  std::vector<std::string> warnings =
      streams_->restore_state_text(streams == set.facts.end() ? "{}" : streams->second, clock_);
  RestartContent content = restart_content();
  std::erase_if(content.accumulators, [&](const Accumulator& a) { return !set.has_accumulator(a.name); });
  std::erase_if(content.fields, [&](const FieldSet::Entry& entry) {  // held for streams that the other run did not have
    return entry.role == Role::held && std::ranges::find(set.variables, entry.info.short_name) == set.variables.end();
  });
  read_restart_set(set, content, grid_.block);
  require(hash() == set.state_hash, ExitCode::bad_data, "The values read from ", set.directory,
          " do not give the state hash of its MANIFEST; the set cannot be trusted.");
  dycore_.start();
  const auto budgets = set.facts.find("budgets");
  budgets_at_start_ = budgets == set.facts.end() ? dycore_.budgets() : budgets_from(budgets->second);
  if (const auto brought = set.facts.find("brought"); brought != set.facts.end()) {
    suite_.set_sums(numbers_from(brought->second));
    energy_corrected_ = numbers_from(set.facts.at("corrected")).at(0);
  }
  if (const auto brought = set.facts.find("large_scale_brought"); brought != set.facts.end()) {
    dycore_.set_brought(budgets_from(brought->second));
  }
  if (const auto book = set.facts.find("book"); book_ && book != set.facts.end()) {
    book_->set_sums(numbers_from(book->second));
  } else {
    open_book();
  }
  streams_->remove_newer_than(clock_);
  return warnings;
}

bool Model::has_water() const {
  return std::ranges::any_of(field::species, [&](const field::Species& known) {
    return known.is_water && fields_.has(known.mixing_ratio->name);
  });
}

double Model::water_of(const Budgets& b) const { return sum_of_water(dycore_.transport(), b, false); }

double Model::energy_of(const Budgets& b) const {
  return b.energy + grid_.planet.latent_heat_j_per_kg * sum_of_water(dycore_.transport(), b, true);
}

double Model::water_residual(const Budgets& now) const {
  return water_of(now) - water_of(budgets_at_start_) - suite_.water_brought() - water_of(dycore_.brought());
}

double Model::water_imbalance(const Budgets& now) const {
  const double water = water_of(now);
  return suite_.knows_its_water() && water != 0 ? water_residual(now) / water : std::nan("");
}

double Model::energy_unexplained(const Budgets& now) const {
  return (energy_of(now) - energy_of(budgets_at_start_)) - suite_.energy_brought() - energy_of(dycore_.brought());
}

double Model::energy_residual(const Budgets& now) const {
  const bool known = !suite_.empty() && suite_.hides_its_energy().empty() && !case_.dycore.shallow_water();
  return known ? energy_unexplained(now) : std::nan("");
}

double Model::angular_momentum_unexplained(const Budgets& now) const {
  return (now.angular_momentum - budgets_at_start_.angular_momentum) - book_->torque();
}

void Model::add_budgets(const Provenance& provenance) {
  if (!case_.dycore.shallow_water()) {
    book_.emplace();
    suite_.count_unexplained();
  }
  Budgets none;
  none.tracers.resize(dycore_.transport().names().size());
  std::vector<FieldInfo> numbers;
  for (const BudgetFigure& figure : budget_figures(*this, none)) {
    const std::string_view name = fields_.keep(figure.name);
    numbers.push_back({name, name, fields_.keep(figure.unit), {}, fields_.keep(figure.meaning), ""});
  }
  streams_->add_budgets(numbers, case_.output, clock_, provenance);
}

void Model::open_book() {
  if (!book_) return;
  const Budgets now = dycore_.budgets();
  Totals unknown{energy_unexplained(now), angular_momentum_unexplained(now)};
  for (const auto& scheme : suite_.energies()) unknown.energy -= scheme.unexplained;
  book_->open({energy_of(now) - energy_of(dycore_.brought()), now.angular_momentum}, unknown);
}

double Model::energy_given() const {
  double sum = 0;
  for (const auto& scheme : suite_.energies()) sum += scheme.brought + scheme.unexplained;
  return sum;
}

double Model::torque() const {
  double torque = 0;
  if (fields_.has(field::eastward_stress.name)) torque -= dycore_.torque_of(fields_.get(field::eastward_stress));
  if (fields_.has(field::evaporation.name)) torque += dycore_.torque_of_mass(fields_.get(field::evaporation));
  if (fields_.has(field::precipitation.name)) torque -= dycore_.torque_of_mass(fields_.get(field::precipitation));
  return torque;
}

void Model::enter(BudgetBook::Process process, const Budgets& now, const Totals& explained) {
  book_->enter(process, {energy_of(now) - energy_of(dycore_.brought()), now.angular_momentum}, explained);
}

Budgets Model::timed_budgets() {
  Budgets now;
  timers_.time("budgets", [&] { now = dycore_.budgets(); });
  return now;
}

void Model::correct_energy(const Budgets& now) {
  const double residual = energy_residual(now);
  dycore_.scale_temperature(-residual / now.energy);
  energy_corrected_ -= residual;
}

void Model::advance() {
  const long number = clock_.step();
  timers_.time("dynamics", [&] { dycore_.step(number); });
  const bool remaps = dycore_.remaps_after(number), physics = !suite_.empty() && dycore_.physics_after(number);
  if (remaps) {
    if (book_) enter(BudgetBook::dynamics, timed_budgets());
    if (flow_) flow_->hold_surface_pressure(grid_, fields_);
    timers_.time("dynamics", [&] { dycore_.remap(); });
    if (book_) enter(BudgetBook::remap, timed_budgets());
  }
  const double given = book_ ? energy_given() : 0, dt = dycore_.remap_every() * clock_.step_seconds();
  if (physics) {
    timers_.time("physics", [&] {
      dycore_.diagnose(false);
      const long first = number + 1 - dycore_.remap_every();
      suite_.run(first / dycore_.remap_every(), dt, clock_.instant_at(first * clock_.step_length()));
      dycore_.add_physics(dt);
    });
  }
  if (remaps || physics) timers_.time("dynamics", [&] { dycore_.finish_step(); });
  const bool corrects = case_.physics.corrects_energy();
  if (physics && (book_ || corrects)) {
    const Budgets now = timed_budgets();
    if (book_) enter(BudgetBook::physics, now, {energy_given() - given, dt * torque()});
    if (corrects) correct_energy(now);
    if (book_ && corrects) enter(BudgetBook::correction, timed_budgets());
  }
  clock_.advance();
}

void Model::step() {
  advance();
  fault_point("step");
  if (nan_is_asked_at("state_nan")) spoil(fields_, grid_.block);
  timers_.time("output", [&] { sample_output(); });
}

void Model::sample_output() {
  streams_->check();
  const bool budgets_from_start = budgets_every_.unit != Interval::Unit::never && clock_.step() == 0;
  if (budgets_from_start || clock_.ends(budgets_every_)) {
    std::vector<double> values;
    for (const BudgetFigure& figure : budget_figures(*this, dycore_.budgets())) values.push_back(figure.value);
    streams_->write_budgets(clock_, values);
  }
  const int sampling = case_.steps_of_a_sample();
  if (!streams_->wants(clock_, sampling)) return;
  dycore_.diagnose(is_floating());
  dycore_.diagnose_for_output([&](std::string_view name) { return streams_->reads(name); }, case_.physics.saturation());
  streams_->sample(clock_, sampling);
}

bool Model::is_floating() const { return clock_.step() > 0 && !dycore_.remaps_after(clock_.step() - 1); }

void Model::diagnose_all() {
  dycore_.diagnose(is_floating());
  dycore_.diagnose_for_output([](std::string_view) { return true; }, case_.physics.saturation());
}

RestartContent Model::restart_content() {
  RestartContent content;
  content.facts = state_settings(case_by_content_);
  content.facts["streams"] = streams_->state_text();
  content.facts["budgets"] = text_of(budgets_at_start_);
  content.facts["brought"] = text_of_numbers(suite_.sums());
  content.facts["corrected"] = text_of_numbers({energy_corrected_});
  if (book_) content.facts["book"] = text_of_numbers(book_->sums());
  if (case_.dycore.column()) content.facts["large_scale_brought"] = text_of(dycore_.brought());
  content.facts["case"] = case_.name;
  content.facts["program"] = std::string(build_info().version) + " " + std::string(build_info().commit);
  for (const FieldSet::Entry& entry : fields_.entries()) {
    const bool open = entry.role == Role::between_tracer_steps && dycore_.tracer_step_is_open(clock_.step());
    if (entry.role == Role::prognostic || entry.role == Role::held || open) content.fields.push_back(entry);
  }
  content.accumulators = streams_->accumulators();
  return content;
}

std::string Model::write_restart_set(const std::string& run_directory) {
  std::string directory;
  timers_.time("restart", [&] {
    streams_->close_files();
    directory =
        meridian::write_restart_set(run_directory, restart_content(), grid_.block, clock_, hash(), case_.restart.keep);
  });
  return directory;
}

void Model::fail_numerically(const std::string& last_good_set) const {
  std::string words;
  for (const FieldSet::Entry& entry : fields_.entries()) {
    if (entry.role != Role::prognostic) continue;
    const std::string_view name = entry.info.name;
    const bool mass = (name == field::layer_mass.name || name == field::depth.name) && !case_.dycore.frozen_winds;
    words = first_bad_value(entry, grid_, mass);
    if (!words.empty()) break;
  }
  // The first rank that found something speaks; the others wait for the end of the job.
  const int mine = words.empty() ? grid_.block.n_ranks : grid_.block.rank;
  int speaker = mine;
  MPI_Allreduce(&mine, &speaker, 1, MPI_INT, MPI_MIN, grid_.block.world);
  if (speaker != grid_.block.rank) MPI_Barrier(grid_.block.world);
  throw Error(ExitCode::numerical, words + " after step " + std::to_string(clock_.step()) + ", " +
                                       iso_text(clock_.date()) + ", rank " + std::to_string(grid_.block.rank) +
                                       ". A shorter 'dycore.dt_s' is the usual cure. Last good restart set: " +
                                       (last_good_set.empty() ? "none" : last_good_set) + ".");
}

}  // namespace meridian
