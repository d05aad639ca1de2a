#include "io/stream.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

#include "grid/message.hpp"
#include "io/background.hpp"
#include "io/collective.hpp"
#include "io/fault.hpp"
#include "io/problems.hpp"
#include "io/stream_file.hpp"
#include "io/stream_sampling.hpp"

namespace meridian {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view statistic_words[] = {"instant", "mean", "min", "max", "sum"};  // order of Statistic
constexpr std::string_view precision_words[] = {"single", "double"};
constexpr double plev19_hpa[] = {1000, 925, 850, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 10, 5, 1};
constexpr double plev8_hpa[] = {1000, 850, 700, 500, 250, 100, 50, 10};
constexpr double pascal_per_hpa = 100;
constexpr const char* budgets_name = "budgets";

/// Pressures [Pa] that 'vertical' asks for, the highest first; none for model levels.
std::vector<double> pressures_of(const std::vector<std::string>& vertical) {
  std::vector<double> pressures;
  if (vertical == std::vector<std::string>{"model"}) return pressures;
  if (vertical == std::vector<std::string>{"plev19"}) pressures.assign(std::begin(plev19_hpa), std::end(plev19_hpa));
  if (vertical == std::vector<std::string>{"plev8"}) pressures.assign(std::begin(plev8_hpa), std::end(plev8_hpa));
  if (pressures.empty()) {
    for (const std::string& text : vertical) {
      std::istringstream stream(text);
      double hpa = 0;
      const bool number = static_cast<bool>(stream >> hpa) && stream.eof();
      require(number && hpa > 0, ExitCode::configuration, "'vertical' has '", text,
              "'; it must be model, plev19, plev8, or pressures in hPa, above 0.");
      require(hpa <= 1200, ExitCode::configuration, "'vertical' has the pressure ", text,
              " hPa; it must be at most 1200 hPa", hpa >= 5000 ? ", and this looks like Pa." : ".");
      pressures.push_back(hpa);
    }
  }
  require(!pressures.empty(), ExitCode::configuration,
          "'vertical' is empty; it must be model, plev19, plev8, or pressures in hPa.");
  std::sort(pressures.begin(), pressures.end(), std::greater<>());
  require(std::adjacent_find(pressures.begin(), pressures.end()) == pressures.end(), ExitCode::configuration,
          "'vertical' names a pressure twice.");
  for (double& pressure : pressures) pressure *= pascal_per_hpa;
  return pressures;
}

Interval interval_of(const std::string& every) {
  const Interval interval = parse_interval(every);
  require(interval.unit != Interval::Unit::never, ExitCode::configuration,
          "'every' is 'never'; a stream needs an interval such as '6 hours' (remove the stream to write "
          "nothing).");
  return interval;
}

void check_name(const std::string& name) {
  require(std::regex_match(name, std::regex("[A-Za-z][A-Za-z0-9_-]*")), ExitCode::configuration, "'name' is '", name,
          "'; it must be a letter, then letters, digits, '_' or '-', since it becomes part of file names.");
}

Statistic statistic_of(const std::string& word) {
  const auto* found = std::find(std::begin(statistic_words), std::end(statistic_words), word);
  require(found != std::end(statistic_words), ExitCode::configuration, "'statistic' is '", word,
          "'; it must be instant, mean, min, max or sum.");
  return static_cast<Statistic>(found - std::begin(statistic_words));
}

/// One field of a stream: what is written, where it comes from, and its values so far.
struct Variable : StreamVariable {
  Array3<Real> source;
  Array3<double> accumulated;  // empty where the source is written as it is
  bool at_pressures = false;
  bool unknown_at_start = false;  // before the first step of physics
};

struct Stream {
  StreamOptions options;
  Interval interval;
  Statistic statistic = Statistic::instant;
  StreamLayout layout;
  std::vector<Variable> variables;
  PressureLevels levels;
  Microseconds begin = 0;  // of the open interval
  long samples = 0;        // in it
  bool is_open = false;
  std::unique_ptr<StreamFile> file;  // on writers; of the writing thread

  bool of_globe() const { return !layout.has_grid(); }
  bool instant() const { return statistic == Statistic::instant; }
  std::string key() const { return options.name; }
  /// What an open average belongs to: with any of it changed, it cannot be continued.
  std::string signature() const {
    return options.statistic + " | " + to_string(interval) + " | " + joined(options.fields) + " | " +
           joined(options.vertical);
  }
  void reset() {
    samples = 0;
    for (const Variable& variable : variables) {
      if (variable.accumulated.data()) meridian::reset(variable.statistic, variable.accumulated);
    }
    if (levels.exist()) Kokkos::deep_copy(levels.samples, 0.0);
  }
};

/// True when a stream of a statistic takes a sample at this step.
bool samples_now(const Stream& stream, const Clock& clock, int samples_every) {
  if (clock.step() == 0) return false;
  if (clock.ends(stream.interval)) return true;
  const Microseconds inside = clock.elapsed() - 1, sampling = samples_every * clock.step_length();
  const bool multiple = clock.boundary_before(stream.interval, inside) % sampling == 0 &&
                        clock.boundary_after(stream.interval, inside) % sampling == 0;
  return !multiple || clock.step() % samples_every == 0;
}

bool is_due(const Stream& stream, const Clock& clock, int samples_every) {
  if (stream.of_globe()) return false;  // its values come from elsewhere
  if (!stream.instant()) return samples_now(stream, clock, samples_every);
  return clock.step() == 0 || clock.ends(stream.interval);
}

/// A variable's values of the present record on this rank, packed on the device.
void pack(const Stream& stream, const Variable& variable, const Block& block, const Array1<double>& packed) {
  const Box box = block.cells(variable.n_k);
  if (!variable.accumulated.data()) return pack(variable.source, box, packed);
  const bool mean = variable.statistic == Statistic::mean;
  if (variable.at_pressures) return pack_at(stream.levels, variable.accumulated, mean, box, packed);
  pack(variable.accumulated, mean ? static_cast<double>(stream.samples) : 1.0, box, packed);
}

/// True when a stream completes a record at this step.
bool ends_record(const Stream& stream, const Clock& clock) { return stream.instant() || clock.ends(stream.interval); }

bool mpi_takes_any_thread() {
  int level = MPI_THREAD_SINGLE;
  MPI_Query_thread(&level);
  return level == MPI_THREAD_MULTIPLE;
}

NetcdfAttributes attributes_of(const Provenance& provenance, const Grid& grid, bool pressures) {
  NetcdfAttributes attributes = {{"Conventions", "CF-1.8"}};
  const auto add = [&](const std::string& name, const std::string& text) {
    if (!text.empty()) attributes.push_back({name, text});
  };
  add("title", provenance.title);
  add("institution", provenance.institution);
  add("source", provenance.source);
  add("history", provenance.history);
  add("references", provenance.references);
  if (pressures) {
    add("comment",
        "On pressure levels: interpolated linearly in the logarithm of pressure at each sample; missing "
        "below the "
        "ground and above the middle of the top layer; statistics are over the samples that are not "
        "missing.");
  }
  add("case_name", provenance.case_name);
  add("run_id", provenance.run_id);
  add("grid", std::to_string(grid.block.n_lon) + " x " + std::to_string(grid.block.n_lat) +
                  " longitudes and latitudes, " + std::to_string(grid.n_levels()) + " layers");
  add("precision", provenance.precision);
  add("backend", provenance.backend);
  add("config", provenance.config);
  return attributes;
}

}  // namespace

void StreamOptions::visit(OptionVisitor& option) {
  option.text("name", name, "a word", "name of the stream, part of its files' names");
  option.texts("fields", fields, "short names, see `meridian list fields`", "what is written");
  option.word("statistic", statistic, statistic_words,
              "instant: the value at the end of an interval; mean, min, max, sum: of its samples, every step, or every "
              "'dycore.remap_every' steps where intervals are a multiple of it");
  option.text("every", every, "<number> steps|minutes|hours|days|months|seasons|years",
              "interval of the records, aligned with the calendar");
  option.texts("vertical", vertical, "model, plev19, plev8, or pressures in hPa", "levels of layer fields");
  option.word("precision", precision, precision_words,
              "of the numbers in the files: single: 7 digits; double: 16 digits, twice the size");
  const auto check = [&](OptionVisitor::Text key, const std::function<void()>& action) {
    try {
      if (option.given(key)) action();
    } catch (const Error& error) {
      option.problem(key, error.what());
    }
  };
  check("name", [&] { check_name(name); });
  check("fields",
        [&] { require(!fields.empty(), ExitCode::configuration, "'fields' is empty; name at least one field."); });
  check("every", [&] { interval_of(every); });
  check("vertical", [&] { pressures_of(vertical); });
}

void OutputOptions::visit(OptionVisitor& option) {
  option.text("budgets", budgets, "<number> steps|minutes|hours|days|months|seasons|years, or never",
              "interval of the records of mass, energy, momentum and water, with what each process does to them");
  option.integer("deflate_level", deflate_level, "1", {0, 9}, "compression of the data; 0: none");
  option.integer("writers", writers, "1", {0, 100000},
                 "ranks that write, to which the others send their values; 0: one for each 4 MB, or level, of the "
                 "largest variable, at most all. The values are the same");
  static constexpr std::string_view threads[] = {"auto", "on", "off"};
  option.word(
      "asynchronous", asynchronous, threads,
      "on: a thread writes while the model goes on, and takes memory for one record of each stream; off: the model "
      "waits; auto: on where one rank writes, as several send messages while they do. The values are the same");
  option.list("streams", streams, "what is written, how often and as which statistic");
}

int writers_of(const OutputOptions& options, const RecordSize& size, int n_lon, int n_lat, int n_ranks) {
  if (options.writers > 0) return std::min(options.writers, n_ranks);
  const double pieces = std::ceil(static_cast<double>(size.bytes_of_a_column) * n_lon * n_lat / bytes_of_a_chunk);
  return static_cast<int>(std::clamp(pieces, 1.0, std::max(1.0, std::min<double>(n_ranks, size.most_levels))));
}

bool writes_on_a_thread(const OutputOptions& options, int n_writers) {
  return options.asynchronous == "on" || (options.asynchronous == "auto" && n_writers == 1);
}

void OutputOptions::require_ranks(int n_ranks) const {
  require_option(writers <= n_ranks, "output.writers", "'output.writers' is ", writers, "; there ",
                 n_ranks == 1 ? "is 1 rank" : "are " + std::to_string(n_ranks) + " ranks",
                 ": give at most that many, or 0, and the model chooses.");
}

struct Streams::Impl {
  Grid grid;
  std::string case_name, directory;
  std::vector<Stream> streams;
  Array3<Real> pressure, surface_pressure;  // of the fields, where they exist
  std::unique_ptr<Writers> writers;
  MessageBuffer<double> packed;            // a variable of this rank
  std::unique_ptr<Background> background;  // last: its work uses the others

  Impl(const Grid& grid_, const Provenance& provenance, const std::string& directory_)
      : grid(grid_), case_name(provenance.case_name), directory(directory_) {}

  void add_stream(const StreamOptions& options, const FieldSet& fields, const Clock& clock, const OutputOptions& output,
                  const Provenance& provenance);
  void add_variable(Stream& stream, const std::string& name, const FieldSet& fields) const;
  /// What is left to do when the variables are known.
  void add(Stream stream, const OutputOptions& output, const Provenance& provenance);
  void sample(Stream& stream, const Clock& clock, int samples_every);
  /// Returns true where the file is new.
  bool begin_record(Stream& stream, const Clock& clock);
  void write(Stream& stream, const Variable& variable, bool missing);
  void close(Stream& stream);
  void start_writing(const OutputOptions& options);
  RecordSize record_size() const;
};

void Streams::Impl::add_variable(Stream& stream, const std::string& name, const FieldSet& fields) const {
  const FieldSet::Entry* entry = nullptr;
  std::vector<std::string> available;
  for (const FieldSet::Entry& candidate : fields.entries()) {
    const bool writable =
        candidate.info.horizontal == Horizontal::cell && candidate.info.vertical != Vertical::interface;
    if (writable) available.emplace_back(candidate.info.short_name);
    if (writable && candidate.info.short_name == name) entry = &candidate;
  }
  const std::string path = "fields[" + std::to_string(stream.variables.size()) + "]";
  require_option(entry != nullptr, path, "there is no field '", name, "' in this run; the fields are ",
                 joined(available), ".");
  for (const Variable& other : stream.variables) {
    require_option(other.info.short_name != name, path, "field '", name, "' is named twice.");
  }
  Variable variable;
  variable.info = entry->info;
  variable.source = entry->data;
  variable.fixed = entry->role == Role::fixed;
  variable.statistic = stream.statistic;
  const bool hydrostatic = surface_pressure.data() != nullptr;
  variable.has_levels = hydrostatic && entry->info.vertical == Vertical::layer;
  variable.at_pressures = variable.has_levels && !stream.layout.pressures.empty();
  variable.unknown_at_start = entry->of_physics && stream.instant();
  variable.may_miss = variable.at_pressures || variable.unknown_at_start;
  variable.n_k = static_cast<int>(variable.at_pressures ? stream.layout.pressures.size() : entry->data.extent(0));
  if (!variable.fixed && (!stream.instant() || variable.at_pressures)) {
    variable.accumulated =
        Array3<double>(stream.key() + "." + name, variable.n_k, entry->data.extent(1), entry->data.extent(2));
  }
  stream.variables.push_back(variable);
}

void Streams::Impl::add_stream(const StreamOptions& options, const FieldSet& fields, const Clock& clock,
                               const OutputOptions& output, const Provenance& provenance) {
  check_name(options.name);
  for (const Stream& other : streams) {
    require(other.options.name != options.name, ExitCode::configuration, "two streams have this name.");
  }
  require(options.name != budgets_name || output.budgets == "never", ExitCode::configuration,
          "this is the name of the stream that 'output.budgets' makes; choose another one.");
  Stream stream;
  stream.options = options;
  stream.interval = interval_of(options.every);
  clock.require_whole_steps(stream.interval, "every' of output stream '" + options.name);
  stream.statistic = statistic_of(options.statistic);
  stream.begin = clock.elapsed();
  require(options.precision == "single" || options.precision == "double", ExitCode::configuration, "'precision' is '",
          options.precision, "'; it must be single or double.");
  require(!options.fields.empty(), ExitCode::configuration, "'fields' is empty; name at least one field.");

  StreamLayout& layout = stream.layout;
  layout.pressures = pressures_of(options.vertical);
  for (const std::string& name : options.fields) add_variable(stream, name, fields);
  const auto has_levels = [](const Variable& variable) { return variable.has_levels; };
  const bool any_levels = std::any_of(stream.variables.begin(), stream.variables.end(), has_levels);
  if (!any_levels) layout.pressures.clear();
  layout.model_levels = any_levels && layout.pressures.empty();
  if (any_levels && !layout.model_levels) {
    require_option(pressure.data() != nullptr, "vertical",
                   "pressure levels need the field 'pfull', which this run does not have.");
    stream.levels = PressureLevels(layout.pressures, grid.block);
  }
  if (layout.model_levels) {  // the vertical coordinate needs ps; a sum of it would be no pressure
    const auto is_ps = [](const Variable& variable) { return variable.info.short_name == "ps"; };
    auto ps = std::find_if(stream.variables.begin(), stream.variables.end(), is_ps);
    if (ps == stream.variables.end()) {
      add_variable(stream, "ps", fields);
      ps = std::prev(stream.variables.end());
    }
    if (stream.statistic == Statistic::sum) ps->statistic = Statistic::mean;
  }

  add(std::move(stream), output, provenance);
}

void Streams::Impl::add(Stream stream, const OutputOptions& output, const Provenance& provenance) {
  const StreamOptions& options = stream.options;
  StreamLayout& layout = stream.layout;
  layout.stem = (std::filesystem::path(directory) /
                 (case_name + "." + options.name + "." + frequency_text(stream.interval) + "." + options.statistic))
                    .string();
  layout.statistic = stream.statistic;
  layout.type = options.precision == "single" ? NumberType::float32 : NumberType::float64;
  layout.deflate_level = output.deflate_level;
  layout.variables.assign(stream.variables.begin(), stream.variables.end());
  layout.global_attributes = attributes_of(provenance, grid, !layout.pressures.empty());
  stream.reset();
  streams.push_back(std::move(stream));
}

void Streams::Impl::sample(Stream& stream, const Clock& clock, int samples_every) {
  if (stream.levels.exist()) locate(stream.levels, pressure, surface_pressure, grid.block);
  for (const Variable& variable : stream.variables) {
    if (!variable.accumulated.data()) continue;
    if (variable.at_pressures) {
      accumulate_at(stream.levels, variable.statistic, variable.source, variable.accumulated, grid.block);
    } else {
      accumulate(variable.statistic, variable.source, variable.accumulated, grid.block);
    }
  }
  ++stream.samples;
  if (!ends_record(stream, clock)) return;
  const bool first = begin_record(stream, clock);
  for (const Variable& variable : stream.variables) {
    const bool missing = variable.unknown_at_start && clock.step() < samples_every;
    if (first || !variable.fixed) write(stream, variable, missing);
  }
  stream.reset();
  stream.begin = clock.elapsed();
}

bool Streams::Impl::begin_record(Stream& stream, const Clock& clock) {
  const Microseconds end = clock.elapsed(), begin = stream.instant() ? end : stream.begin;
  const bool first = !std::exchange(stream.is_open, true);
  if (!writers->writes()) return first;
  background->add([this, &stream, clock, begin, end, first] {
    const MPI_Comm communicator = writers->communicator();
    if (first) {
      agree(communicator, [&] {
        if (grid.block.rank != 0) return;
        std::error_code error;
        std::filesystem::create_directories(directory, error);
        require(!error, ExitCode::not_creatable, "The output directory '", directory,
                "' could not be created: ", error.message(), ".");
      });
      stream.file = std::make_unique<StreamFile>(stream.layout, grid, clock, begin, communicator);
    }
    agree(communicator, [] { fault_point("stream_write"); });
    stream.file->begin_record(begin, end);
  });
  return first;
}

void Streams::Impl::write(Stream& stream, const Variable& variable, bool missing) {
  if (missing) {
    Kokkos::deep_copy(packed.device(), static_cast<double>(fill_value));
  } else {
    pack(stream, variable, grid.block, packed.device());
  }
  Kokkos::fence("io/stream: packed");
  packed.to_host(static_cast<std::size_t>(variable.n_k) * grid.block.ny * grid.block.nx);
  const int chunk = levels_of_a_chunk(stream.layout, variable, grid.block);
  std::vector<double> values = writers->gather(packed.for_mpi(), variable.n_k, chunk);
  if (!writers->writes()) return;
  const Levels share = writers->share(variable.n_k, chunk);
  background->add([&stream, variable = static_cast<const StreamVariable&>(variable), share,
                   values = std::move(values)] { stream.file->write(variable, share, values); });
}

void Streams::Impl::close(Stream& stream) {
  if (!stream.is_open) return;
  if (writers->writes()) {
    background->add([&stream] {
      stream.file->close();
      stream.file.reset();
    });
  }
  background->wait();
  stream.is_open = false;
}

RecordSize Streams::Impl::record_size() const {
  RecordSize size;
  for (const Stream& stream : streams) {
    for (const Variable& variable : stream.variables) {
      if (variable.of_globe) continue;
      size.levels += variable.n_k;
      size.most_levels = std::max(size.most_levels, variable.n_k);
      const int bytes = variable.n_k * (stream.layout.type == NumberType::float32 ? 4 : 8);
      size.bytes_of_a_column = std::max(size.bytes_of_a_column, bytes);
    }
  }
  return size;
}

void Streams::Impl::start_writing(const OutputOptions& options) {
  const Block& block = grid.block;
  const RecordSize size = record_size();
  options.require_ranks(block.n_ranks);
  const int count = writers_of(options, size, block.n_lon, block.n_lat, block.n_ranks);
  writers = std::make_unique<Writers>(count, block);
  require_option(options.asynchronous != "on" || mpi_takes_any_thread(), "output.asynchronous",
                 "'output.asynchronous' is on, and this MPI library cannot be called from several threads: give auto.");
  background = std::make_unique<Background>(writes_on_a_thread(options, count) && mpi_takes_any_thread());
  packed.reserve(static_cast<std::size_t>(size.most_levels) * block.ny * block.nx, on_device);
}

Streams::Streams(const OutputOptions& options, const Grid& grid, const FieldSet& fields, const Clock& clock,
                 const Provenance& provenance, const std::string& directory)
    : impl_(std::make_unique<Impl>(grid, provenance, directory)) {
  if (fields.has(field::air_pressure.name)) impl_->pressure = fields.get(field::air_pressure).data();
  if (fields.has(field::surface_air_pressure.name)) {
    impl_->surface_pressure = fields.get(field::surface_air_pressure).data();
  }
  for (const StreamOptions& stream : options.streams) {
    const std::string path = "output.streams[" + std::to_string(impl_->streams.size()) + "].",
                      words = "Output stream '" + stream.name + "': ";
    try {
      impl_->add_stream(stream, fields, clock, options, provenance);
    } catch (const OptionError& error) {
      throw OptionError(path + error.path(), words + error.what());
    } catch (const Error& error) {
      if (error.code() != ExitCode::configuration) throw Error(error.code(), words + error.what());
      throw OptionError(path + "name", words + error.what());
    }
  }
  impl_->start_writing(options);
}

Streams::~Streams() = default;

bool Streams::reads(std::string_view short_name) const {
  return std::ranges::any_of(impl_->streams, [&](const Stream& stream) {
    return std::ranges::any_of(stream.variables,
                               [&](const Variable& variable) { return variable.info.short_name == short_name; });
  });
}

bool Streams::wants(const Clock& clock, int samples_every) const {
  return std::any_of(impl_->streams.begin(), impl_->streams.end(),
                     [&](const Stream& stream) { return is_due(stream, clock, samples_every); });
}

void Streams::sample(const Clock& clock, int samples_every) {
  std::vector<Stream*> due;
  for (Stream& stream : impl_->streams) {
    if (is_due(stream, clock, samples_every)) due.push_back(&stream);
  }
  // The records before must be written: no more than one of each stream is in memory.
  if (std::ranges::any_of(due, [&](const Stream* stream) { return ends_record(*stream, clock); })) {
    impl_->background->wait();
  }
  for (Stream* stream : due) impl_->sample(*stream, clock, samples_every);
}

void Streams::add_budgets(const std::vector<FieldInfo>& numbers, const OutputOptions& options, const Clock& clock,
                          const Provenance& provenance) {
  Stream stream;
  stream.options.name = budgets_name;
  stream.options.precision = "double";
  stream.interval = parse_interval(options.budgets);
  stream.begin = clock.elapsed();
  for (const FieldInfo& info : numbers) {
    Variable variable;
    variable.info = info;
    variable.of_globe = true;
    stream.variables.push_back(variable);
  }
  impl_->add(std::move(stream), options, provenance);
}

void Streams::write_budgets(const Clock& clock, const std::vector<double>& values) {
  for (Stream& stream : impl_->streams) {
    if (!stream.of_globe()) continue;
    impl_->background->wait();
    impl_->begin_record(stream, clock);
    if (!impl_->writers->writes()) continue;
    impl_->background->add([&stream, values] {
      for (std::size_t n = 0; n < values.size(); ++n) stream.file->write(stream.variables[n], values[n]);
    });
  }
}

void Streams::check() { impl_->background->check(); }

void Streams::close_files() {
  for (Stream& stream : impl_->streams) impl_->close(stream);
  MPI_Barrier(impl_->grid.block.world);
}

std::vector<Accumulator> Streams::accumulators() {
  std::vector<Accumulator> all;
  for (const Stream& stream : impl_->streams) {
    if (stream.samples == 0) continue;
    for (const Variable& variable : stream.variables) {
      if (!variable.accumulated.data()) continue;
      all.push_back(
          {stream.key() + "." + std::string(variable.info.short_name), variable.accumulated, variable.info.horizontal});
    }
    if (stream.levels.exist()) all.push_back({stream.key() + ".samples", stream.levels.samples, Horizontal::cell});
  }
  return all;
}

std::string Streams::state_text() const {
  Json all = Json::object();
  for (const Stream& stream : impl_->streams) {
    if (stream.instant()) continue;  // an interval without samples yet has a beginning too
    all[stream.key()] = {{"samples", stream.samples}, {"begin_us", stream.begin}, {"of", stream.signature()}};
  }
  return all.dump();
}

std::vector<std::string> Streams::restore_state_text(const std::string& text, const Clock& clock) {
  std::vector<std::string> ended;
  const auto end = [&](const std::string& key, long samples, const char* why) {
    if (samples == 0) return;
    ended.push_back("Output stream '" + key + "' " + why + ": what it gathered so far of an interval, " +
                    std::to_string(samples) + (samples == 1 ? " sample" : " samples") + ", is left out.");
  };
  for (Stream& stream : impl_->streams) {
    stream.reset();
    stream.begin = clock.elapsed();
  }
  try {
    const Json states = Json::parse(text);
    for (const auto& [key, state] : states.items()) {
      const long samples = state.at("samples").get<long>();
      const Microseconds begin = state.at("begin_us").get<Microseconds>();
      const std::string signature = state.at("of").get<std::string>();
      require(samples >= 0 && begin >= 0 && begin <= clock.elapsed(), ExitCode::bad_data, "a number is out of range");
      const auto stream = std::ranges::find(impl_->streams, key, &Stream::key);
      if (stream == impl_->streams.end()) {
        end(key, samples, "is no more");
      } else if (stream->signature() != signature) {
        end(key, samples, "is another than before");
      } else {
        stream->samples = samples;
        stream->begin = begin;
      }
    }
  } catch (const std::exception& error) {
    throw Error(ExitCode::bad_data, "The state of the output streams in the restart set is damaged, " +
                                        std::string(error.what()) + ": " + text);
  }
  return ended;
}

void Streams::remove_newer_than(const Clock& clock) {
  static const std::regex ours(
      R"([A-Za-z][\w-]*\.\w+\.(instant|mean|min|max|sum)\.\d{8}(T\d+)?(-\d{8}(T\d+)?)?\.nc(\.part)?)");
  const std::string prefix = impl_->case_name + ".";
  agree(impl_->grid.block.world, [&] {
    if (impl_->grid.block.rank != 0 || !std::filesystem::is_directory(impl_->directory)) return;
    std::vector<std::filesystem::path> newer;
    for (const auto& entry : std::filesystem::directory_iterator(impl_->directory)) {
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file() || !name.starts_with(prefix)) continue;
      if (!std::regex_match(name.substr(prefix.size()), ours)) continue;
      const bool partial = name.ends_with(".part");
      // Times in files are rounded: half a step is a safe distance. A new run keeps nothing.
      if (partial || clock.step() == 0 ||
          end_of_first_record(entry.path().string(), clock) > clock.elapsed() + clock.step_length() / 2) {
        newer.push_back(entry.path());
      }
    }
    for (const auto& path : newer) std::filesystem::remove(path);
  });
}

double Streams::bytes_in_memory() const {
  double bytes = 0;
  const auto add = [&](const auto& array) { bytes += static_cast<double>(array.size() * sizeof(*array.data())); };
  for (const Stream& stream : impl_->streams) {
    for (const Variable& variable : stream.variables) add(variable.accumulated);
    add(stream.levels.layer), add(stream.levels.weight), add(stream.levels.samples);
  }
  return bytes;
}

RecordSize Streams::record_size() const { return impl_->record_size(); }

int Streams::writers() const { return impl_->writers->count(); }

bool Streams::asynchronous() const { return impl_->background->on_thread(); }

double Streams::bytes_per_day(const Clock& clock) const {
  double bytes = 0;
  for (const Stream& stream : impl_->streams) {
    const Microseconds first = clock.boundary_after(stream.interval, clock.elapsed());
    const auto length = static_cast<double>(clock.boundary_after(stream.interval, first) - first);
    bytes += bytes_of_record(stream.layout, impl_->grid.block) * microseconds_per_day / length;
  }
  return bytes;
}

}  // namespace meridian
