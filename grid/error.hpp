#pragma once
// One way to refuse: require(condition, exit code, sentence). Exit codes are documented in docs/how_to/exit_codes.md.

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace meridian {

/// Exit codes of the executable; all below 126 so that shells and schedulers pass them on.
enum class ExitCode : int {
  done = 0,
  missed = 1,          // `verify`: a figure is outside its bounds
  usage = 64,          // unknown subcommand or flag
  bad_data = 65,       // an input or restart file holds wrong data
  missing_input = 66,  // an input file does not exist
  internal = 70,       // a broken assumption of the program
  system = 71,         // device, MPI or operating system
  not_creatable = 73,  // directory locked by another run or not creatable
  input_output = 74,   // disk full, write or close failed
  stopped = 75,        // stopped cleanly before the end: resubmit
  numerical = 76,      // NaN, CFL, value out of bounds
  no_permission = 77,
  configuration = 78,
};

std::string_view name_of(ExitCode code);

/// Where in a file a value stands; line and column count from 1, 0 means unknown.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};
std::string to_string(const Location& location);  // "case.yaml:14:7", or "" when unknown

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// Throws Error with the parts joined to one sentence: what, what was got, what is allowed, what to do.
template <class... Parts>
void require(bool condition, ExitCode code, const Parts&... parts) {
  if (condition) return;
  std::ostringstream sentence;
  (sentence << ... << parts);
  throw Error(code, sentence.str());
}

/// An error of an option, by its path in the case: "output.streams[1].fields[0]". Whoever knows the file adds the place.
class OptionError : public Error {
 public:
  OptionError(const std::string& path, const std::string& sentence)
      : Error(ExitCode::configuration, sentence), path_(path) {}
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// require() of an option.
template <class... Parts>
void require_option(bool condition, const std::string& path, const Parts&... parts) {
  if (condition) return;
  std::ostringstream sentence;
  (sentence << ... << parts);
  throw OptionError(path, sentence.str());
}

}  // namespace meridian
