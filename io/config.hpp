#pragma once
// Visitors over the options of a case: Reader (YAML and --set into values), Resolver (values back into YAML) and
// Describer (what there is to set).

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "grid/options.hpp"
#include "io/yaml.hpp"

namespace meridian {

/// Two keys of which only one may be set; --set of one takes away the other of the file.
using ExclusiveKeys = std::vector<std::pair<std::string, std::string>>;

/// Puts settings of the form "a.b[0].c=value" (value as in YAML) into a document. An index equal to the length of a
/// list appends. Problems name the setting.
void apply_settings(Node& root, const std::vector<std::string>& settings, const ExclusiveKeys& exclusive,
                    Problems& problems);

/// One option, group or list, as Describer finds it.
struct OptionInfo {
  std::string path;  // "output.streams[].every"
  std::string type;  // "number", "whole number", "true or false", "word", "text", "list of texts", "group", "list"
  std::string unit;  // of a number
  Range range = {0, 0};
  std::vector<std::string> allowed;  // of a word
  std::string form;                  // of a text; of a list the key that a bare element stands for
  std::string default_value;         // as written in YAML
  std::string meaning;
  std::string condition;  // "initial.name: galewsky", where it applies only then
};

/// Lists everything that can be set, with defaults; lists of groups show one element.
class Describer : public OptionVisitor {
 public:
  const std::vector<OptionInfo>& options() const { return options_; }

  void real(Text key, double& value, Text unit, Range range, Text meaning) override;
  void integer(Text key, int& value, Text unit, Range range, Text meaning) override;
  void flag(Text key, bool& value, Text meaning) override;
  void word(Text key, std::string& value, std::span<const Text> allowed, Text meaning) override;
  void text(Text key, std::string& value, Text form, Text meaning) override;
  void texts(Text key, std::vector<std::string>& values, Text form, Text meaning) override;
  bool given(Text) const override { return false; }
  void problem(Text, const std::string&) override {}
  bool shows_alternatives() const override { return true; }
  void alternative(Text key, Text word) override;

 protected:
  void enter(Text key, Text meaning) override;
  void leave() override { groups_.pop_back(); }
  std::size_t enter_list(Text key, std::size_t size, Text meaning, Text short_key) override;
  void leave_list() override { groups_.pop_back(); }

 private:
  struct Group {
    std::string path, condition;
  };
  OptionInfo& add(Text key, const char* type, Text meaning);

  std::vector<OptionInfo> options_;
  std::vector<Group> groups_ = {{}};
};

/// Fills options from a document. Wrong values are added to the problems and leave the default.
class Reader : public OptionVisitor {
 public:
  Reader(const Node& root, Problems& problems);

  /// Reports the keys that no option asked for, with the nearest of the known ones. Call after the last visit.
  void report_unknown_keys(const std::vector<OptionInfo>& known);
  /// Where each value that was set comes from: path -> "case.yaml:14:9" or "command line".
  const std::map<std::string, std::string>& origins() const { return origins_; }

  void real(Text key, double& value, Text unit, Range range, Text meaning) override;
  void integer(Text key, int& value, Text unit, Range range, Text meaning) override;
  void flag(Text key, bool& value, Text meaning) override;
  void word(Text key, std::string& value, std::span<const Text> allowed, Text meaning) override;
  void text(Text key, std::string& value, Text form, Text meaning) override;
  void texts(Text key, std::vector<std::string>& values, Text form, Text meaning) override;
  /// Both take paths below the current group as well: "time.run_days".
  bool given(Text key) const override;
  /// Elements of lists are counted from 0: "output.streams[1].fields[0]".
  void problem(Text key, const std::string& sentence) override;
  /// True where the value of a path below the current group was not refused: a default, or good. Rules between keys are
  /// for sound values only.
  bool sound(Text path) const;

 protected:
  void enter(Text key, Text meaning) override;
  void leave() override;
  std::size_t enter_list(Text key, std::size_t size, Text meaning, Text short_key) override;
  void enter_element(std::size_t n) override;
  void leave_element() override { leave(); }
  void leave_list() override { groups_.pop_back(); }

 private:
  struct Group {
    const Node* node;  // null where the document has none
    std::string path;
    std::set<std::string, std::less<>> known;
    bool bad_word = false;       // a word was refused: keys that depend on it are not judged
    std::string short_key = {};  // of a list
  };
  struct Unknown {
    std::string path;
    Location location;
    int width;
    bool bad_word;
  };

  std::string path_of(Text key) const;
  void note_origin(const std::string& path, const Location& place);
  const Node* value_of(Text key, Node::Kind kind, const std::string& what);
  const Node* number_of(Text key, const std::string& what, Text unit);
  /// What stands at a path: the entry of a key, or the element of a list.
  struct Found {
    const Entry* entry = nullptr;
    const Node* value = nullptr;
  };
  Found find(Text path) const;
  void refuse(const Node& node, const std::string& sentence, const std::string& hint = "");
  void note_unknown_keys(const Group& group);

  Problems& problems_;
  std::vector<Group> groups_;
  std::vector<Unknown> unknown_;
  std::set<const Node*> refused_;
  std::deque<Node> elements_;  // groups made of bare scalars
  std::map<std::string, std::string> origins_;
};

/// Writes all options as YAML, each with its origin as a comment. Read again, the text gives the same bits.
class Resolver : public OptionVisitor {
 public:
  /// origins: of Reader; other values are marked as defaults. Of exclusive keys only one is written.
  Resolver(std::map<std::string, std::string> origins, const ExclusiveKeys& exclusive);

  const std::string& yaml() const { return yaml_; }

  void real(Text key, double& value, Text unit, Range range, Text meaning) override;
  void integer(Text key, int& value, Text unit, Range range, Text meaning) override;
  void flag(Text key, bool& value, Text meaning) override;
  void word(Text key, std::string& value, std::span<const Text> allowed, Text meaning) override;
  void text(Text key, std::string& value, Text form, Text meaning) override;
  void texts(Text key, std::vector<std::string>& values, Text form, Text meaning) override;
  bool given(Text key) const override;
  void problem(Text, const std::string&) override {}

 protected:
  void enter(Text key, Text meaning) override;
  void leave() override;
  std::size_t enter_list(Text key, std::size_t size, Text meaning, Text short_key) override;
  void enter_element(std::size_t n) override;
  void leave_element() override;
  void leave_list() override;

 private:
  struct Group {
    std::string path;
    std::size_t begin;  // of its first line in the text
    std::size_t body;   // end of that line
    int indent;
  };
  std::string path_of(Text key) const;
  void line(Text key, const std::string& value);

  std::map<std::string, std::string> origins_;
  ExclusiveKeys exclusive_;
  std::string yaml_;
  std::vector<Group> groups_;
  bool at_dash_ = false;  // the next line continues a line "- "
};

/// Shortest decimal text that reads back to the same bits.
std::string exact_text(double value);

}  // namespace meridian
