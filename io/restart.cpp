#include "io/restart.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iterator>
#include <sstream>

#include "io/collective.hpp"
#include "io/fault.hpp"
#include "io/netcdf.hpp"
#include "io/run_directory.hpp"

namespace meridian {

namespace fs = std::filesystem;

void RestartOptions::visit(OptionVisitor& option) {
  option.text("every", every, "<number> minutes|hours|days|months|years|steps, or never",
              "interval between restart sets; the end of a run always writes one");
  option.integer("keep", keep, "1", {1, 1000}, "newest sets that are kept");
}

bool RestartManifest::has_accumulator(const std::string& name) const {
  return std::ranges::find(variables, "accumulated." + name) != variables.end();
}

namespace {

constexpr int schema_version = 1;
constexpr const char* value_file = "state.nc";
constexpr const char* manifest_file = "MANIFEST";

// ---- hashes ----

std::string hexadecimal(std::uint64_t value) {
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0') << value;
  return text.str();
}

std::string hash_of_bytes(const void* bytes, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, size);
  return hexadecimal(hash.high64) + hexadecimal(hash.low64);
}

// ---- MANIFEST: lines 'key: value', the last one the hash of the lines above ----

std::string one_line(std::string text) {
  for (const auto& [mark, escaped] : {std::pair{"\\", "\\\\"}, std::pair{"\n", "\\n"}}) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += 2) text.replace(at, 1, escaped);
  }
  return text;
}

std::string lines_again(const std::string& text) {
  std::string result;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const bool escape = text[n] == '\\' && n + 1 < text.size();
    if (escape) ++n;
    result += escape && text[n] == 'n' ? '\n' : text[n];
  }
  return result;
}

std::string text_of(const RestartManifest& manifest) {
  std::ostringstream text;
  text << "meridian_restart: " << schema_version << "\nstep: " << manifest.step
       << "\nstate_hash: " << hexadecimal(manifest.state_hash) << "\nfile_size: " << manifest.file_size
       << "\nfile_hash: " << manifest.file_hash << "\n";
  for (const std::string& name : manifest.variables) text << "variable: " << one_line(name) << "\n";
  for (const auto& [name, value] : manifest.facts) text << "fact." << one_line(name) << ": " << one_line(value) << "\n";
  return text.str() + "end: " + hash_of_bytes(text.str().data(), text.str().size()) + "\n";
}

template <class Number>
Number number_of(const std::string& text, int base, const std::string& path, const std::string& key) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  require(error == std::errc() && end == text.data() + text.size(), ExitCode::bad_data, "File '", path, "': '", key,
          "' is '", text, "', which is no number.");
  return value;
}

RestartManifest manifest_from(const std::string& text, const std::string& directory) {
  const std::string path = directory + "/" + manifest_file;
  const auto last = text.rfind("\nend: ");
  require(last != std::string::npos, ExitCode::bad_data, "File '", path, "' is damaged: its last line is missing.");
  require(text.substr(last + 1) == "end: " + hash_of_bytes(text.data(), last + 1) + "\n", ExitCode::bad_data, "File '",
          path, "' is damaged: its lines do not have the hash that its last line gives.");
  RestartManifest manifest;
  manifest.directory = directory;
  std::istringstream lines(text.substr(0, last + 1));
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": ");
    require(colon != std::string::npos, ExitCode::bad_data, "File '", path, "': line '", line,
            "' has no 'key: value'.");
    const std::string key = line.substr(0, colon), value = line.substr(colon + 2);
    if (key == "meridian_restart") {
      require(value == std::to_string(schema_version), ExitCode::bad_data, "File '", path, "' is of version ", value,
              " of restart sets; this program reads version ", schema_version, ".");
    } else if (key == "step") {
      manifest.step = number_of<long>(value, 10, path, key);
    } else if (key == "state_hash") {
      manifest.state_hash = number_of<std::uint64_t>(value, 16, path, key);
    } else if (key == "file_size") {
      manifest.file_size = number_of<std::uint64_t>(value, 10, path, key);
    } else if (key == "file_hash") {
      manifest.file_hash = value;
    } else if (key == "variable") {
      manifest.variables.push_back(lines_again(value));
    } else {
      require(key.starts_with("fact."), ExitCode::bad_data, "File '", path, "': unknown line '", line, "'.");
      manifest.facts[lines_again(key.substr(5))] = lines_again(value);
    }
  }
  return manifest;
}

std::string text_of_manifest(const std::string& directory) {
  const std::string path = directory + "/" + manifest_file;
  require(fs::is_directory(directory), ExitCode::missing_input, "There is no restart set '", directory, "'.");
  require(fs::is_regular_file(path), ExitCode::bad_data, "Restart set '", directory, "' has no MANIFEST.");
  require(fs::file_size(path) < (1u << 24), ExitCode::bad_data, "File '", path, "' is too long for a MANIFEST.");
  std::ifstream file(path, std::ios::binary);
  require(file.is_open(), errno == EACCES ? ExitCode::no_permission : ExitCode::bad_data, "File '", path,
          "' cannot be opened: ", std::strerror(errno), ".");
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  require(file.good(), ExitCode::input_output, "File '", path, "' cannot be written: ", std::strerror(errno), ".");
  flush_to_disk(path);
}

// ---- sets of a run directory ----

/// Step of a set from its name <date>-<step>; -1 for other names (.partial, .bad, ...).
long step_of(const std::string& name) {
  const auto dash = name.rfind('-');
  if (dash == std::string::npos || dash + 1 == name.size() || name.size() - dash > 18) return -1;
  const std::string digits = name.substr(dash + 1);
  return digits.find_first_not_of("0123456789") == std::string::npos ? std::stol(digits) : -1;
}

/// Names of the sets in RUN/restart, newest first.
std::vector<std::string> set_names(const std::string& folder) {
  std::vector<std::string> names;
  if (!fs::is_directory(folder)) return names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (entry.is_directory() && step_of(name) >= 0) names.push_back(name);
  }
  std::ranges::sort(names,
                    [](const auto& a, const auto& b) { return std::pair(step_of(a), a) > std::pair(step_of(b), b); });
  return names;
}

/// The set meant by a directory: itself, or the newest one of a run directory.
std::string set_directory(const std::string& directory) {
  if (fs::exists(directory + "/" + manifest_file) || !fs::is_directory(directory + "/restart")) return directory;
  const auto names = set_names(directory + "/restart");
  require(!names.empty(), ExitCode::missing_input, "Run directory '", directory, "' holds no restart set.");
  return directory + "/restart/" + names.front();
}

/// Renames to the first free name of NAME.SUFFIX, NAME.SUFFIX2, ...
void set_aside(const std::string& path, const std::string& suffix) {
  std::string name = path + suffix;
  for (int n = 2; fs::exists(name); ++n) name = path + suffix + std::to_string(n);
  fs::rename(path, name);
}

/// Removes a directory so that a kill on the way leaves no damaged set.
void remove_set(const std::string& path) {
  const std::string doomed = path + ".removed";
  fs::remove_all(doomed);
  fs::rename(path, doomed);
  fs::remove_all(doomed);
}

/// What calls killed on the way have left.
void remove_leftovers(const std::string& folder) {
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (extension == ".partial" || extension == ".removed") leftovers.push_back(entry.path());
  }
  for (const fs::path& path : leftovers) fs::remove_all(path);
}

/// Runs an action on rank 0 and hands its text to all; errors are everybody's. Collective.
std::string from_rank_0(const Block& block, const std::function<std::string()>& action) {
  std::string text;
  agree(block.world, [&] {
    if (block.rank == 0) text = action();
  });
  auto length = static_cast<std::int64_t>(text.size());
  MPI_Bcast(&length, 1, MPI_INT64_T, 0, block.world);
  text.resize(length);
  MPI_Bcast(text.data(), static_cast<int>(length), MPI_CHAR, 0, block.world);
  return text;
}

void on_rank_0(const Block& block, const std::function<void()>& action) {
  agree(block.world, [&] {
    if (block.rank == 0) action();
  });
}

/// Throws bad_data where the values of a set are not those that its manifest was written for. Collective.
void require_undamaged(const RestartManifest& manifest, MPI_Comm world) {
  const std::string path = manifest.value_path();
  agree(world, [&] {
    require(fs::is_regular_file(path), ExitCode::bad_data, "File '", path, "' of a restart set is missing.");
    require(fs::file_size(path) == manifest.file_size, ExitCode::bad_data, "File '", path, "' is damaged: it has ",
            fs::file_size(path), " bytes, its MANIFEST says ", manifest.file_size, ".");
  });
  const std::string hash = hash_of_file(path, world);
  require(hash == manifest.file_hash, ExitCode::bad_data, "File '", path, "' is damaged: its bytes have the hash ",
          hash, ", its MANIFEST says ", manifest.file_hash, ".");
}

RestartManifest verified_set(const std::string& directory, const Block& block) {
  const std::string text = from_rank_0(block, [&] { return text_of_manifest(directory); });
  RestartManifest manifest = manifest_from(text, directory);
  require_undamaged(manifest, block.world);
  return manifest;
}

// ---- variables of the file ----

/// A variable of the file and the points of this rank. Rows of yfaces and corners are n_lat + 1, both poles included;
/// the northernmost rank holds the last one.
struct SavedVariable {
  std::string name, unit, meaning;
  bool accumulated = false;
  bool on_yface = false;
  int n_k = 0;
  Box box{};
  std::function<std::vector<double>()> values;
  std::function<void(const std::vector<double>&)> set;

  NumberType type() const {
    return accumulated || std::is_same_v<Real, double> ? NumberType::float64 : NumberType::float32;
  }
  std::vector<std::size_t> extents(const Block& block) const {
    return {static_cast<std::size_t>(n_k), static_cast<std::size_t>(on_yface ? block.yface_rows() : block.n_lat),
            static_cast<std::size_t>(block.n_lon)};
  }
  std::vector<std::size_t> start(const Block& block) const {
    return {0, static_cast<std::size_t>(block.j_first), static_cast<std::size_t>(block.i_first)};
  }
  std::vector<std::size_t> count() const {
    return {static_cast<std::size_t>(n_k), static_cast<std::size_t>(box.j_end), static_cast<std::size_t>(box.i_end)};
  }
};

template <class Value>
SavedVariable variable_of(const std::string& name, Horizontal horizontal, const Array3<Value>& data,
                          const Block& block) {
  SavedVariable variable;
  variable.name = name;
  variable.on_yface = horizontal == Horizontal::yface || horizontal == Horizontal::corner;
  variable.n_k = static_cast<int>(data.extent(0));
  variable.box = block.cells(variable.n_k);
  if (variable.on_yface && block.at_north_pole()) ++variable.box.j_end;
  variable.values = [data, box = variable.box] { return packed(data, box); };
  variable.set = [data, box = variable.box](const std::vector<double>& values) { unpack(values, data, box); };
  return variable;
}

std::vector<SavedVariable> variables_of(const RestartContent& content, const Block& block) {
  std::vector<SavedVariable> variables;
  for (const FieldSet::Entry& entry : content.fields) {
    SavedVariable variable = variable_of(std::string(entry.info.short_name), entry.info.horizontal, entry.data, block);
    variable.unit = entry.info.unit;
    variable.meaning = entry.info.meaning;
    variables.push_back(variable);
  }
  for (const Accumulator& accumulator : content.accumulators) {
    SavedVariable variable =
        variable_of("accumulated." + accumulator.name, accumulator.horizontal, accumulator.data, block);
    variable.accumulated = true;
    variable.unit = "1";
    variable.meaning = "state of the half-filled interval of an output stream";
    variables.push_back(variable);
  }
  return variables;
}

/// Throws 'code' at the first value that is not finite (accumulators: NaN; a running minimum may start at infinity).
void require_finite(const SavedVariable& variable, const std::vector<double>& values, const Block& block, ExitCode code,
                    const std::string& where) {
  const auto bad = std::ranges::find_if(
      values, [&](double value) { return variable.accumulated ? std::isnan(value) : !std::isfinite(value); });
  if (bad == values.end()) return;
  const auto n = bad - values.begin();
  const long rows = variable.box.j_end, columns = variable.box.i_end;
  throw Error(code, where + "variable '" + variable.name + "' is " + (std::isnan(*bad) ? "NaN" : "infinite") +
                        " at level " + std::to_string(n / (rows * columns)) + ", row " +
                        std::to_string(block.j_first + n / columns % rows) + " from the south, column " +
                        std::to_string(block.i_first + n % columns) + ".");
}

void write_values(const std::string& path, const std::vector<SavedVariable>& variables, const Block& block,
                  const RestartManifest& manifest) {
  NetcdfWriter file(path, block.world);
  double bytes = 0;
  for (const SavedVariable& variable : variables) {
    const auto extents = variable.extents(block);
    bytes +=
        static_cast<double>(extents[0] * extents[1] * extents[2]) * (variable.type() == NumberType::float64 ? 8 : 4);
  }
  file.require_space(bytes);
  file.add_dimension("lat", block.n_lat);
  file.add_dimension("slat", block.yface_rows());
  file.add_dimension("lon", block.n_lon);
  std::vector<int> levels;
  for (const SavedVariable& variable : variables) levels.push_back(variable.n_k);
  std::ranges::sort(levels);
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  for (int n_k : levels) file.add_dimension("k" + std::to_string(n_k), n_k);
  for (const SavedVariable& variable : variables) {
    file.add_variable(variable.name, variable.type(),
                      {"k" + std::to_string(variable.n_k), variable.on_yface ? "slat" : "lat", "lon"},
                      {{"units", variable.unit}, {"long_name", variable.meaning}});
  }
  file.add_global_attributes({{"title", std::string("Meridian restart set; see MANIFEST")},
                              {"date", manifest.facts.at("date")},
                              {"step", std::to_string(manifest.step)}});
  file.end_definitions();
  agree(block.world, [] { fault_point("restart_write"); });
  for (const SavedVariable& variable : variables) {
    file.write(variable.name, variable.start(block), variable.count(), variable.values());
  }
  file.close();
}

/// Compares what is in the file with the fields, bit by bit. Needed: on several ranks the collective writes of
/// Open MPI 4.1 report success where the disk is full.
void read_back(const std::string& path, const std::vector<SavedVariable>& variables, const Block& block) {
  const NetcdfReader file(path, block.world);
  for (const SavedVariable& variable : variables) {
    agree(block.world, [&] {
      const auto written = file.read(variable.name, variable.start(block), variable.count());
      const auto values = variable.values();
      require(written.size() == values.size() &&
                  std::memcmp(written.data(), values.data(), values.size() * sizeof(double)) == 0,
              ExitCode::input_output, "File '", path, "': variable '", variable.name,
              "' does not read back as it was written; is the disk full? (", free_bytes(path), " bytes are free)");
    });
  }
}

std::string sizes_text(std::size_t n_lon, std::size_t n_lat, std::size_t n_k) {
  return std::to_string(n_lon) + " x " + std::to_string(n_lat) + " points and " + std::to_string(n_k) + " levels";
}

void require_same_grid(const NetcdfReader& file, const SavedVariable& variable, const Block& block) {
  const std::string& path = file.path();
  require(file.has_variable(variable.name), ExitCode::bad_data, "File '", path, "' has no variable '", variable.name,
          "', which this run needs; it was written by a run with other settings.");
  std::vector<std::size_t> extents;
  for (const NetcdfDimension& dimension : file.dimensions_of(variable.name)) extents.push_back(dimension.length);
  extents.resize(3);
  const auto expected = variable.extents(block);
  require(extents == expected, ExitCode::bad_data, "File '", path, "': variable '", variable.name, "' has ",
          sizes_text(extents[2], extents[1], extents[0]), "; the grid of this run has ",
          sizes_text(expected[2], expected[1], expected[0]), ".");
  const bool is_double = file.type_of(variable.name) == NumberType::float64;
  require(file.type_of(variable.name) == variable.type(), ExitCode::bad_data, "File '", path, "': variable '",
          variable.name, "' has ", is_double ? "double" : "single", " precision; this program was built for ",
          is_double ? "single" : "double", ".");
}

}  // namespace

std::string hash_of_file(const std::string& path, MPI_Comm world) {
  constexpr std::size_t piece = std::size_t(16) << 20;
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(world, &rank);
  MPI_Comm_size(world, &n_ranks);
  std::vector<std::uint64_t> digests;
  agree(world, [&] {
    const std::size_t size = fs::file_size(path), n_pieces = (size + piece - 1) / piece;
    digests.assign(2 * n_pieces, 0);
    std::ifstream file(path, std::ios::binary);
    std::vector<char> bytes(std::min(piece, size));
    for (std::size_t n = rank; n < n_pieces; n += n_ranks) {
      const std::size_t count = std::min(piece, size - n * piece);
      file.seekg(static_cast<std::streamoff>(n * piece));
      file.read(bytes.data(), static_cast<std::streamsize>(count));
      require(file.good(), ExitCode::bad_data, "File '", path, "' cannot be read: ", std::strerror(errno), ".");
      const XXH128_hash_t hash = XXH3_128bits(bytes.data(), count);
      digests[2 * n] = hash.low64;
      digests[2 * n + 1] = hash.high64;
    }
  });
  MPI_Allreduce(MPI_IN_PLACE, digests.data(), static_cast<int>(digests.size()), MPI_UINT64_T, MPI_BOR, world);
  return hash_of_bytes(digests.data(), digests.size() * sizeof(std::uint64_t));
}

std::string write_restart_set(const std::string& run_directory, const RestartContent& content, const Block& block,
                              const Clock& clock, std::uint64_t state_hash, int keep) {
  const std::string folder = run_directory + "/restart";
  const std::string name = compact_text(clock.date()) + "-" + std::to_string(clock.step());
  const std::string complete = folder + "/" + name, partial = complete + ".partial";
  const std::vector<SavedVariable> variables = variables_of(content, block);
  RestartManifest manifest{.directory = complete,
                           .facts = content.facts,
                           .variables = {},
                           .state_hash = state_hash,
                           .step = clock.step(),
                           .file_hash = "",
                           .file_size = 0};
  manifest.facts["date"] = iso_text(clock.date());
  manifest.facts["calendar"] = cf_name(clock.calendar());
  manifest.facts["grid"] = std::to_string(block.n_lon) + "x" + std::to_string(block.n_lat);
  manifest.facts["precision"] = std::is_same_v<Real, double> ? "double" : "single";
  for (const SavedVariable& variable : variables) manifest.variables.push_back(variable.name);

  agree(block.world, [&] {
    fault_point("restart_begin");
    for (const SavedVariable& variable : variables) {
      require_finite(variable, variable.values(), block, ExitCode::numerical, "No restart set is written: ");
    }
  });
  const bool exists = from_rank_0(block, [&] {
                        fs::create_directories(folder);
                        remove_leftovers(folder);
                        return fs::exists(complete) ? "yes" : "";
                      }) == "yes";
  if (exists) {
    try {
      if (verified_set(complete, block).state_hash == state_hash) return complete;
    } catch (const Error&) {  // damaged: the same on all ranks
    }
  }

  try {
    on_rank_0(block, [&] {
      if (exists) set_aside(complete, ".bad");
      fs::create_directory(partial);
    });
    write_values(partial + "/" + value_file, variables, block, manifest);
    agree(block.world, [] { fault_point("restart_written"); });
    read_back(partial + "/" + value_file, variables, block);
    manifest.file_hash = hash_of_file(partial + "/" + value_file, block.world);
    on_rank_0(block, [&] {
      manifest.file_size = fs::file_size(partial + "/" + value_file);
      fault_point("restart_manifest");
      write_text(partial + "/" + manifest_file, text_of(manifest));
      require(text_of_manifest(partial) == text_of(manifest), ExitCode::input_output, "File '", partial, "/",
              manifest_file, "' does not read back as it was written; check the disk.");
      flush_to_disk(partial);
      fault_point("restart_rename");
      fs::rename(partial, complete);
      flush_to_disk(folder);
    });
  } catch (const Error& error) {
    std::error_code ignored;
    if (block.rank == 0) fs::remove_all(partial, ignored);
    const bool unreadable = error.code() == ExitCode::bad_data;
    throw Error(unreadable ? ExitCode::input_output : error.code(), error.what());
  }

  on_rank_0(block, [&] {
    fault_point("restart_renamed");
    int kept = 0;
    for (const std::string& other : set_names(folder)) {
      if (step_of(other) > clock.step()) {
        set_aside(folder + "/" + other, ".superseded");
      } else if (++kept > std::max(keep, 1) && other != name) {
        remove_set(folder + "/" + other);
      }
    }
  });
  return complete;
}

RestartManifest newest_restart_set(const std::string& run_directory, const Block& block,
                                   std::vector<std::string>& warnings) {
  const std::string folder = run_directory + "/restart";
  std::istringstream names(from_rank_0(block, [&] {
    std::string list;
    for (const std::string& name : set_names(folder)) list += name + "\n";
    return list;
  }));
  for (std::string name; std::getline(names, name);) {
    try {
      return verified_set(folder + "/" + name, block);
    } catch (const Error& error) {
      warnings.push_back("Restart set '" + name + "' is passed over. " + error.what());
    }
  }
  return {};
}

RestartManifest verified_restart_set(const std::string& directory, const Block& block) {
  return verified_set(from_rank_0(block, [&] { return set_directory(directory); }), block);
}

std::string RestartManifest::value_path() const { return directory + "/" + value_file; }

RestartManifest manifest_of(const std::string& directory) {
  const std::string set = set_directory(directory);
  RestartManifest manifest = manifest_from(text_of_manifest(set), set);
  require_undamaged(manifest, MPI_COMM_SELF);
  return manifest;
}

void read_restart_set(const RestartManifest& manifest, const RestartContent& content, const Block& block) {
  const NetcdfReader file(manifest.value_path(), block.world);
  const std::vector<SavedVariable> variables = variables_of(content, block);
  for (const SavedVariable& variable : variables) require_same_grid(file, variable, block);
  for (const SavedVariable& variable : variables) {
    agree(block.world, [&] {
      const auto values = file.read(variable.name, variable.start(block), variable.count());
      require_finite(variable, values, block, ExitCode::bad_data, "File '" + file.path() + "': ");
      variable.set(values);
    });
  }
}

}  // namespace meridian
