#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cases/initial_state.hpp"

namespace meridian {

/// Sets options from a map, as a reader of a case would, and remembers what was asked for.
class Setter : public OptionVisitor {
 public:
  std::map<std::string, std::string> values;
  std::multiset<std::string> keys;
  std::vector<std::string> problems;
  bool all = false;

  void real(Text key, double& value, Text, Range, Text) override {
    if (asked(key)) value = std::stod(values.at(std::string(key)));
  }
  void integer(Text key, int& value, Text, Range, Text) override {
    if (asked(key)) value = std::stoi(values.at(std::string(key)));
  }
  void flag(Text key, bool& value, Text) override {
    if (asked(key)) value = values.at(std::string(key)) == "true";
  }
  void word(Text key, std::string& value, std::span<const Text>, Text) override {
    if (asked(key)) value = values.at(std::string(key));
  }
  void text(Text key, std::string& value, Text, Text) override {
    if (asked(key)) value = values.at(std::string(key));
  }
  void texts(Text, std::vector<std::string>&, Text, Text) override {}
  bool given(Text key) const override { return values.count(std::string(key)) > 0; }
  void problem(Text key, const std::string& sentence) override {
    problems.push_back(std::string(key) + ": " + sentence);
  }
  bool shows_alternatives() const override { return all; }

 private:
  bool asked(Text key) {
    keys.insert(std::string(key));
    return given(key);
  }
};

inline InitialOptions options_of(std::map<std::string, std::string> values) {
  Setter setter;
  setter.values = std::move(values);
  InitialOptions options;
  options.visit(setter);
  return options;
}

}  // namespace meridian
