#pragma once
// YAML files that the user names: those that come with the project by a bare word, others by their path.

#include <string>
#include <vector>

namespace meridian {

/// A file that has been found and read, but not understood.
struct NamedFile {
  std::string name, file, text;
};

/// Folder of the project's files of a kind ("case", "machine"): <name>.yaml in $MERIDIAN_DATA_DIR/<kind>s, else in <kind>s/
/// of the sources; and the names there.
std::string folder_of(const std::string& kind);
std::vector<std::string> names_of(const std::string& kind);

/// Finds a file: a bare name in the folder of its kind, anything with '/' or '.yaml' as a path. Throws configuration
/// (unknown name, with the nearest ones), missing_input (no such file), no_permission.
NamedFile find_named_file(const std::string& kind, const std::string& name_or_path);

/// The comments at the top of a file: its documentation.
std::string heading_of(const NamedFile& source);

}  // namespace meridian
