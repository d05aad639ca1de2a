#pragma once
// A case: one YAML file as a tree of options. Nothing about a run is read from anywhere else.

#include <map>
#include <string>
#include <vector>

#include "cases/initial_state.hpp"
#include "cases/tracers.hpp"
#include "driver/named_file.hpp"
#include "driver/verify_options.hpp"
#include "dycore/dycore.hpp"
#include "grid/clock.hpp"
#include "grid/decomposition.hpp"
#include "grid/planet.hpp"
#include "io/boundary_data.hpp"
#include "io/config.hpp"
#include "io/restart.hpp"
#include "io/stream.hpp"
#include "physics/suite.hpp"

namespace meridian {

/// 'grid:' of a case.
struct GridOptions {
  int n_lon = 180;
  int n_lat = 90;
  std::string levels = "L26";
  double latitude_degrees = 0;  // of a single column

  void visit(OptionVisitor& option);
};

/// 'parallel:' of a case.
struct ParallelOptions {
  int ranks_lon = 0;  // 0: chosen by the model
  int ranks_lat = 0;
  std::string messages = "auto";
  bool overlap = true;
  bool graph = false;
  int filter_block = 0;  // columns of one, for a grid that stands for another; 0: as the grid has them. No option.

  void visit(OptionVisitor& option);
};

/// 'log:' of a case.
struct LogOptions {
  double every_s = 5;  // of wall time
  std::string format = "auto";
  double watchdog_s = 120;  // of wall time

  void visit(OptionVisitor& option);
};

struct Case {
  std::string name;          // of the file, without folder and ending
  std::string file;          // as given, or found in the project's cases/
  std::string command_line;  // that started the run
  std::string resolved;      // every option with its origin, as YAML: run again it gives the same bits
  std::map<std::string, std::string> origins;  // of the options that were given: "case.yaml:14:7" or "command line"

  std::string title = "untitled";
  Planet planet;
  GridOptions grid;
  TimeOptions time;
  DycoreOptions dycore;
  InitialOptions initial;
  std::vector<TracerOptions> tracers;
  BoundaryOptions boundary;
  PhysicsOptions physics;
  ParallelOptions parallel;
  OutputOptions output;
  RestartOptions restart;
  LogOptions log;
  VerifyOptions verify;

  void visit(OptionVisitor& option);
  /// Steps between states with whole layers and tracers: statistics sample them.
  int steps_of_a_sample() const { return dycore.shallow_water() && tracers.empty() ? 1 : dycore.remap_every; }
};

/// Throws OptionError where 'parallel.graph' is on and the kernels of a step on so many ranks cannot be recorded.
void require_graph(const Case& c, int n_ranks);

using CaseText = NamedFile;

/// Finds a case: a bare name in the project's cases/, anything with '/' or '.yaml' as a path. Throws configuration
/// (unknown name, with the nearest ones), missing_input (no such file), no_permission.
CaseText find_case(const std::string& name_or_path);

/// Reads a case with settings "key=value" on top. Throws ConfigurationError with all mistakes at once.
Case parse_case(const CaseText& source, const std::vector<std::string>& settings);
Case read_case(const std::string& name_or_path, const std::vector<std::string>& settings);

/// Names of the project's cases.
std::vector<std::string> case_names();

/// Files that a case reads, by their key: boundary.topography, initial.path, ..
std::map<std::string, std::string> inputs_of(const Case& c);

/// The layout of a case on so many ranks. Throws configuration where they do not fit the grid, naming what would.
Layout layout_of(const Case& c, int n_ranks);

/// All options, with defaults, units, ranges and meanings.
std::vector<OptionInfo> all_options();

/// Calls action; the error of an option, or of a part of one, gets its place in the case.
template <class Action>
auto with_place(const Case& c, const Action& action) {
  try {
    return action();
  } catch (const OptionError& error) {
    for (std::string path = error.path(); !path.empty();) {
      const auto origin = c.origins.find(path);
      if (origin != c.origins.end()) throw Error(error.code(), origin->second + ": " + error.what());
      const std::size_t end = path.find_last_of(".[");
      path.resize(end == std::string::npos ? 0 : end);
    }
    throw;
  }
}

}  // namespace meridian
