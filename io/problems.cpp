#include "io/problems.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <tuple>

namespace meridian {
namespace {

constexpr std::size_t most_reported = 20;
constexpr int window = 100;  // characters of a source line that are shown

/// Byte offset of character n.
std::size_t offset_of(std::string_view text, int n) {
  std::size_t offset = 0;
  for (; offset < text.size(); ++offset) {
    const bool begins_character = (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80;
    if (begins_character && n-- == 0) break;
  }
  return offset;
}

/// A line as it can be shown on a terminal: control characters and broken UTF-8 replaced.
std::string printable(std::string_view line) {
  std::string result;
  for (std::size_t n = 0; n < line.size(); ++n) {
    const auto byte = static_cast<unsigned char>(line[n]);
    if (byte >= 0x20 && byte < 0x7F) {
      result += line[n];
    } else if (byte >= 0xC2 && byte < 0xF5) {
      const std::size_t length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
      const std::string_view rest = line.substr(n + 1, length - 1);
      const bool whole = rest.size() == length - 1 && std::all_of(rest.begin(), rest.end(), [](char c) {
                           return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
                         });
      result += whole ? std::string(line.substr(n, length)) : "?";
      if (whole) n += length - 1;
    } else {
      result += byte == '\t' ? ' ' : '?';
    }
  }
  return result;
}

/// The source line and a caret under the place.
std::string excerpt(const std::string& source, const Problem& problem) {
  std::string line = printable(source);
  int column = problem.location.column - 1;
  int first = 0;
  if (n_characters(line) > window) first = std::max(0, column - window / 2);
  line = line.substr(offset_of(line, first));
  line = line.substr(0, offset_of(line, window));
  column -= first;
  const int width = std::clamp(problem.width, 1, std::max(1, n_characters(line) - column));
  const std::string number = std::to_string(problem.location.line);
  return "  " + number + " | " + line + "\n  " + std::string(number.size(), ' ') + " | " +
         std::string(static_cast<std::size_t>(std::max(column, 0)), ' ') +
         std::string(static_cast<std::size_t>(width), '^') + "\n";
}

/// Edit distance with insertion, deletion, replacement and exchange of neighbours; capitals do not count.
int edit_distance(const std::string& a, const std::string& b) {
  const auto same = [](char x, char y) { return std::tolower(x) == std::tolower(y); };
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<int>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

constexpr int too_far = 1000;

int distance_if_near(const std::string& a, const std::string& b) {
  const auto longer = static_cast<int>(std::max(a.size(), b.size()));
  const int distance = edit_distance(a, b);
  return distance <= std::max(std::min(3, longer / 2), longer * 2 / 5) ? distance : too_far;
}

}  // namespace

std::string shell_word(const std::string& word) {
  static const std::regex safe(R"([A-Za-z0-9_./:=,+@%-]+)");
  if (std::regex_match(word, safe)) return word;
  return "'" + std::regex_replace(word, std::regex("'"), R"('\'')") + "'";
}

int n_characters(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shortened(const std::string& text, int n) {
  return n_characters(text) <= n ? text : text.substr(0, offset_of(text, n)) + "...";
}

std::vector<std::string> nearest(const std::string& word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 200) return {};
  const auto split = [](const std::string& path) {
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? std::pair(std::string(), path)
                                    : std::pair(path.substr(0, dot), path.substr(dot + 1));
  };
  const auto [group, last] = split(word);
  std::vector<std::tuple<int, std::size_t, std::string>> near;  // distance, letters that it has more or less
  for (const auto& candidate : candidates) {
    if (word.starts_with(candidate + ".")) continue;  // its own group
    const auto [candidate_group, candidate_last] = split(candidate);
    const bool part = (last.size() >= 4 && candidate_last.find(last) != std::string::npos) ||
                      (last.size() == 3 && candidate_last.starts_with(last + "_"));  // cut short
    const int by_last = (part ? 0 : distance_if_near(last, candidate_last)) + (group == candidate_group ? 0 : 1);
    const int distance = std::min(by_last, distance_if_near(word, candidate));
    const std::size_t a = last.size(), b = candidate_last.size();
    if (distance < too_far) near.emplace_back(distance, a > b ? a - b : b - a, candidate);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::vector<std::string> result;
  for (const auto& [distance, letters, candidate] : near) {
    if (result.size() == 3 || distance > std::get<0>(near.front()) + 1) break;
    if (std::find(result.begin(), result.end(), candidate) == result.end()) result.push_back(candidate);
  }
  return result;
}

std::string did_you_mean(const std::vector<std::string>& candidates) {
  std::string text;
  for (std::size_t n = 0; n < candidates.size(); ++n) {
    const bool last = n + 1 == candidates.size();
    text += (n == 0 ? "did you mean '" : last ? " or '" : ", '") + candidates[n] + "'";
  }
  return text.empty() ? "" : text + "?";
}

void Problems::add_source(const std::string& file, const std::string& text) {
  auto& lines = lines_[file];
  lines.clear();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::string Problems::report() const {
  auto sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.location.line, a.location.column) < std::tie(b.location.line, b.location.column);
  });
  std::string text;
  for (std::size_t n = 0; n < std::min(sorted.size(), most_reported); ++n) {
    const auto& problem = sorted[n];
    const std::string place = to_string(problem.location);
    text += "ERROR config " + (place.empty() ? "" : place + ": ") + problem.sentence + "\n";
    const auto source = lines_.find(problem.location.file);
    const auto line = static_cast<std::size_t>(problem.location.line);
    if (source != lines_.end() && line >= 1 && line <= source->second.size()) {
      text += excerpt(source->second[line - 1], problem);
    }
    if (!problem.hint.empty()) text += "  " + problem.hint + "\n";
  }
  if (sorted.size() > most_reported) text += "... and " + std::to_string(sorted.size() - most_reported) + " more\n";
  return text + std::to_string(sorted.size()) + (sorted.size() == 1 ? " error" : " errors") +
         "; nothing was written.  exit 78";
}

void Problems::throw_if_any() const {
  if (!empty()) throw ConfigurationError(report(), problems_);
}

}  // namespace meridian
