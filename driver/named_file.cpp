#include "driver/named_file.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "io/problems.hpp"
#include "io/yaml.hpp"

namespace meridian {
namespace {

namespace fs = std::filesystem;

std::string capitalised(std::string word) {
  word[0] = static_cast<char>(std::toupper(word[0]));
  return word;
}

/// Contents of a file, cut one byte behind the largest size that is read.
std::string contents(const std::string& kind, const std::string& file) {
  std::error_code ignored;
  require(fs::exists(file, ignored), ExitCode::missing_input, "There is no ", kind, " file '", file,
          "'. Names without '/' and '.yaml' mean the ", kind, "s of 'meridian list ", kind, "s'.");
  require(!fs::is_directory(file, ignored), ExitCode::configuration, "'", file, "' is a folder, not a ", kind,
          " file.");
  std::ifstream stream(file, std::ios::binary);
  require(stream.is_open(), errno == EACCES ? ExitCode::no_permission : ExitCode::input_output, capitalised(kind),
          " file '", file, "' cannot be opened: ", std::generic_category().message(errno), ".");
  std::string text(largest_yaml_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  require(!stream.bad(), ExitCode::input_output, capitalised(kind), " file '", file, "' cannot be read.");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

std::string folder_of(const std::string& kind) {
  std::error_code ignored;
  const char* data = std::getenv("MERIDIAN_DATA_DIR");
  const std::string own = data ? std::string(data) + "/" + kind + "s" : "";
  return fs::is_directory(own, ignored) ? own : MERIDIAN_SOURCE_DIR "/" + kind + "s";
}

std::vector<std::string> names_of(const std::string& kind) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_of(kind), ignored)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

NamedFile find_named_file(const std::string& kind, const std::string& name_or_path) {
  const fs::path path(name_or_path);
  const bool bare =
      name_or_path.find('/') == std::string::npos && path.extension() != ".yaml" && path.extension() != ".yml";
  if (!bare) return {path.stem().string(), name_or_path, contents(kind, name_or_path)};
  const auto names = names_of(kind);
  if (std::find(names.begin(), names.end(), name_or_path) == names.end()) {
    Problems problems;
    std::string hint = did_you_mean(nearest(name_or_path, names));
    if (hint.empty()) hint = "'meridian list " + kind + "s' shows them all; a file of your own needs its '.yaml'";
    problems.add({{}, "unknown " + kind + " '" + shortened(name_or_path) + "'", hint});
    problems.throw_if_any();
  }
  const std::string file = folder_of(kind) + "/" + name_or_path + ".yaml";
  return {name_or_path, file, contents(kind, file)};
}

std::string heading_of(const NamedFile& source) {
  std::string heading;
  for (std::size_t begin = 0; begin < source.text.size() && source.text[begin] == '#';) {
    const std::size_t end = std::min(source.text.find('\n', begin), source.text.size());
    const std::size_t skip = source.text.compare(begin, 2, "# ") == 0 ? 2 : 1;
    heading += source.text.substr(begin + skip, end - begin - skip) + "\n";
    begin = end + 1;
  }
  return heading;
}

}  // namespace meridian
