#pragma once
// Everything that is wrong with a configuration, collected and reported at once with file, line and column.

#include <map>
#include <string>
#include <vector>

#include "grid/error.hpp"

namespace meridian {

/// One mistake: where it stands, what is wrong, what might be meant.
struct Problem {
  Location location;
  std::string sentence;
  std::string hint;  // shown on a line of its own; may be empty
  int width = 1;     // characters to underline
};

class Problems {
 public:
  /// Remembers the lines of a file, so that reports can show them.
  void add_source(const std::string& file, const std::string& text);
  void add(Problem problem) { problems_.push_back(std::move(problem)); }
  bool empty() const { return problems_.empty(); }
  const std::vector<Problem>& all() const { return problems_; }
  /// "ERROR config case.yaml:14:5: ..." with source line and caret, for the first 20 in the order of the file;
  /// the last line says how many there are.
  std::string report() const;
  /// Throws ConfigurationError with the report unless empty.
  void throw_if_any() const;

 private:
  std::vector<Problem> problems_;
  std::map<std::string, std::vector<std::string>> lines_;  // of each file
};

/// Carries the whole report as its sentence.
class ConfigurationError : public Error {
 public:
  ConfigurationError(const std::string& report, const std::vector<Problem>& problems)
      : Error(ExitCode::configuration, report), problems_(problems) {}
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

/// Up to three candidates that 'word' may have meant: edit distance <= 3 or 40 % of the length, nearest first.
/// Dotted paths are compared as a whole and by their last part.
std::vector<std::string> nearest(const std::string& word, const std::vector<std::string>& candidates);
/// "did you mean 'a' or 'b'?", or "" when nothing is near.
std::string did_you_mean(const std::vector<std::string>& candidates);

/// "a, b, c".
template <class Words>
std::string joined(const Words& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

/// A word as a shell reads it back unchanged.
std::string shell_word(const std::string& word);

/// Number of characters of UTF-8 text, and its first n characters ("..." appended when cut).
int n_characters(std::string_view text);
std::string shortened(const std::string& text, int n = 80);

}  // namespace meridian
