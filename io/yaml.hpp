#pragma once
// Strict reading of YAML; yaml.cpp is the only file that knows yaml-cpp.
// One document of at most 1 MiB in UTF-8 (a byte order mark and CRLF line ends are accepted), a map at the top, at most
// 16 levels deep; no anchors, aliases, merge keys, tags, directives, tabs, control characters or duplicate keys; values
// are single lines. yaml-cpp alone lets all of these pass, or even overflows the stack on them.

#include <string>
#include <string_view>
#include <vector>

#include "io/problems.hpp"

namespace meridian {

struct Entry;

/// A value of a document, with the place where it stands.
struct Node {
  enum class Kind {
    empty,   // a key without a value
    broken,  // already reported: say nothing more
    scalar,
    map,
    sequence,
  };
  Kind kind = Kind::empty;
  Location location;
  int width = 1;               // characters in the file
  std::string text;            // of a scalar
  bool quoted = false;         // a scalar in quotes, or a block: text whatever it looks like
  std::vector<Entry> entries;  // of a map, in the order of the file
  std::vector<Node> elements;  // of a sequence

  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};

struct Entry {
  std::string key;
  Location location;  // of the key
  Node value;
};

inline constexpr std::size_t largest_yaml_bytes = 1 << 20;
inline constexpr int largest_yaml_depth = 16;

/// Reads a document of a kind ("case", "machine"; for hints). Whatever breaks the rules above is added to 'problems' with line and column; the result holds what
/// could be read, and is 'broken' when nothing could.
Node parse_yaml(const std::string& text, const std::string& file, Problems& problems, const std::string& kind = "case");

/// Reads one value, as it is written behind a key: "6 hours", "[ua, va]", "{a: 1}". All places are 'location'.
Node parse_yaml_value(const std::string& text, const Location& location, Problems& problems);

/// A text as it must be written in YAML to be read back unchanged: plain where that is safe, else in double quotes.
std::string yaml_scalar(const std::string& text);

}  // namespace meridian
