#pragma once
// How a component tells its options: one struct with defaults and one visit() that names each of them once.
// Readers, help, JSON Schema and the resolved case are visitors (io/config).

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meridian {

/// Closed interval of allowed values.
struct Range {
  double lowest;
  double highest;
};

class OptionVisitor {
 public:
  using Text = std::string_view;
  virtual ~OptionVisitor() = default;

  virtual void real(Text key, double& value, Text unit, Range range, Text meaning) = 0;
  virtual void integer(Text key, int& value, Text unit, Range range, Text meaning) = 0;
  virtual void flag(Text key, bool& value, Text meaning) = 0;
  /// One of a fixed set of words.
  virtual void word(Text key, std::string& value, std::span<const Text> allowed, Text meaning) = 0;
  /// Free text; 'form' says what it must look like, e.g. "<number> hours|days|months|steps" or "flat or a path".
  virtual void text(Text key, std::string& value, Text form, Text meaning) = 0;
  /// A list of texts; a single scalar in the file is a list of one. Numbers are taken as their text.
  virtual void texts(Text key, std::vector<std::string>& values, Text form, Text meaning) = 0;

  template <class Options>
  void group(Text key, Options& options, Text meaning) {
    enter(key, meaning);
    options.visit(*this);
    leave();
  }

  /// A YAML list of groups. Readers call back once per element; describers show one element with its defaults.
  /// With a short_key an element may be a bare scalar: 'word' is read as {short_key: word}.
  template <class Options>
  void list(Text key, std::vector<Options>& values, Text meaning, Text short_key = "") {
    values.resize(enter_list(key, values.size(), meaning, short_key));
    for (std::size_t n = 0; n < values.size(); ++n) {
      enter_element(n);
      values[n].visit(*this);
      leave_element();
    }
    leave_list();
  }

  /// True where the user set this key of the current group (file or --set).
  virtual bool given(Text key) const = 0;
  /// Reports a problem with the value of this key of the current group; readers add file:line:column.
  virtual void problem(Text key, const std::string& sentence) = 0;
  /// Reports that this key was set though it has an effect only with another setting, such as "preset: byrne13".
  void no_effect(Text key, Text setting) {
    problem(key, "'" + std::string(key) + "' has an effect only with '" + std::string(setting) +
                     "'; set that, or remove '" + std::string(key) + "'");
  }
  /// True for visitors that show everything there is: groups with alternatives then visit each of them.
  virtual bool shows_alternatives() const { return false; }
  /// With shows_alternatives(): what follows applies where 'key' has this word; an empty word ends it.
  virtual void alternative(Text key, Text word) {
    (void)key;
    (void)word;
  }

 protected:
  // Where groups, lists and their elements begin and end, for visitors to which the place matters.
  virtual void enter(Text, Text /*meaning*/) {}
  virtual void leave() {}
  /// The number of elements to visit.
  virtual std::size_t enter_list(Text, std::size_t size, Text /*meaning*/, Text /*short_key*/) { return size; }
  virtual void enter_element(std::size_t) {}
  virtual void leave_element() {}
  virtual void leave_list() {}
};

}  // namespace meridian
