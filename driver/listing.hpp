#pragma once
// What there is to choose from, in words and for programs.

#include <string>

namespace meridian {

/// Table of 'cases', 'schemes', 'fields' or 'options', or the same as a JSON array.
std::string list(const std::string& kind, bool json);

/// Text about an option or group ("dycore.dt_s"), a field ("ta"), a scheme, an initial state or a case.
/// Throws configuration with the nearest names.
std::string describe(const std::string& name);

/// JSON Schema of case files, for editors.
std::string json_schema();

/// Versions, compiler, backend and precision of this program.
std::string version_text();

}  // namespace meridian
