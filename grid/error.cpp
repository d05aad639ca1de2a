#include "grid/error.hpp"

namespace meridian {

std::string_view name_of(ExitCode code) {
  switch (code) {
    case ExitCode::done:
      return "done";
    case ExitCode::missed:
      return "verify";
    case ExitCode::usage:
      return "usage";
    case ExitCode::bad_data:
      return "data";
    case ExitCode::missing_input:
      return "input";
    case ExitCode::internal:
      return "internal";
    case ExitCode::system:
      return "system";
    case ExitCode::not_creatable:
      return "directory";
    case ExitCode::input_output:
      return "io";
    case ExitCode::stopped:
      return "stopped";
    case ExitCode::numerical:
      return "numerical";
    case ExitCode::no_permission:
      return "permission";
    case ExitCode::configuration:
      return "config";
  }
  return "internal";
}

std::string to_string(const Location& location) {
  if (location.file.empty()) return "";
  if (location.line == 0) return location.file;
  return location.file + ":" + std::to_string(location.line) + ":" + std::to_string(location.column);
}

}  // namespace meridian
