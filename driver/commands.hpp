#pragma once
// The subcommands of the executable.

#include <string>

namespace meridian {

/// Settings of `run` that do not change the results.
struct RunOptions {
  std::string run_directory;    // "runs/<case>" unless given
  std::string resume = "auto";  // "auto": newest valid set of the run directory, "none", or the directory of a set
  bool dry_run = false;         // do everything but step and write
};

/// Settings of `check`.
struct CheckOptions {
  int ranks = 0;        // price a run on so many ranks without allocating it; 0: on those that are here
  std::string machine;  // name or path of a machine file, or ""
};

/// What `check` found, for people and for programs.
struct CheckReport {
  std::string text;
  std::string json;
};

/// Runs the subcommand of a command line and returns the exit code. Failures are thrown.
int run_command(int argc, char** argv);

}  // namespace meridian
