#include "io/config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <regex>

namespace meridian {
namespace {

std::string path_below(const std::string& group, std::string_view key) {
  return group.empty() ? std::string(key) : group + "." + std::string(key);
}

std::string flow_list(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() > 1 ? ", " : "") + yaml_scalar(value);
  return text + "]";
}

std::string with_unit(std::string_view unit) { return unit.empty() || unit == "1" ? "" : " " + std::string(unit); }

std::string range_text(const Range& range) {
  return "[" + exact_text(range.lowest) + ", " + exact_text(range.highest) + "]";
}

/// What a node is, for messages.
std::string kind_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::map:
      return "a group of keys";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::scalar:
      return "'" + shortened(node.text) + "'";
    default:
      return "nothing";
  }
}

bool is_decimal(const std::string& text) {
  static const std::regex decimal(R"([-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?)");
  return text.size() < 100 && std::regex_match(text, decimal);
}

bool is_whole(const std::string& text) {
  static const std::regex whole(R"([-+]?(0|[1-9][0-9]*))");
  return text.size() < 100 && std::regex_match(text, whole);
}

/// std::from_chars knows no '+'; it ignores the locale.
std::string_view without_plus(const std::string& text) { return std::string_view(text).substr(text[0] == '+'); }

/// "streams[0]" -> name and index (or none).
struct Step {
  std::string name;
  std::vector<std::size_t> indices;
};

/// Splits "a.b[0].c"; nothing where the path is malformed.
std::optional<std::vector<Step>> split_path(const std::string& path) {
  static const std::regex form(R"([^.\[\]=\s]+(\[[0-9]{1,4}\])*(\.[^.\[\]=\s]+(\[[0-9]{1,4}\])*)*)");
  if (path.size() > 500 || !std::regex_match(path, form)) return {};
  std::vector<Step> steps;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    std::string part = path.substr(begin, end - begin);
    Step step{part.substr(0, part.find('[')), {}};
    for (std::size_t at = part.find('['); at != std::string::npos; at = part.find('[', at + 1)) {
      step.indices.push_back(std::stoul(part.substr(at + 1)));
    }
    steps.push_back(step);
    begin = end + 1;
  }
  return steps;
}

/// The node at a path, made where it is missing; none where what stands in the way is broken. Throws configuration where
/// something else stands there.
Node* node_at(Node& root, const std::vector<Step>& steps, const Location& origin) {
  Node* node = &root;
  std::string path;
  const auto become = [&](Node::Kind kind, const char* what) {
    if (node->kind == Node::Kind::empty) {
      node->kind = kind;
      node->location = origin;
    }
    const std::string instead = kind != Node::Kind::map ? ""
                                : node->kind == Node::Kind::sequence
                                    ? "; name one of its elements, as in " + path + "[0]"
                                    : "; set it as a whole, --set '" + path + "={..: .., ..}'";
    require(node->kind == kind, ExitCode::configuration, "'", path, "' is no ", what, " but ", kind_text(*node),
            instead);
  };
  for (const auto& step : steps) {
    if (node->kind == Node::Kind::broken) return nullptr;
    become(Node::Kind::map, "group");
    path = path_below(path, step.name);
    Entry* found = node->find(step.name);
    if (!found) found = &node->entries.emplace_back(Entry{step.name, origin, {}});
    node = &found->value;
    for (const std::size_t n : step.indices) {
      if (node->kind == Node::Kind::broken) return nullptr;
      become(Node::Kind::sequence, "list");
      const std::size_t size = node->elements.size();
      require(n <= size, ExitCode::configuration, "'", path, "' has ", size, size == 1 ? " element" : " elements",
              ", counted from 0: there is no [", n, "]");
      if (n == size) node->elements.emplace_back();
      path += "[" + std::to_string(n) + "]";
      node = &node->elements[n];
    }
  }
  return node;
}

void remove_key(Node& root, const std::string& path) {
  Node* node = &root;
  const auto steps = *split_path(path);
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const auto entry = std::find_if(node->entries.begin(), node->entries.end(),
                                    [&](const Entry& e) { return e.key == steps[n].name; });
    if (entry == node->entries.end()) return;
    if (n + 1 < steps.size()) {
      node = &entry->value;
    } else {
      node->entries.erase(entry);
    }
  }
}

}  // namespace

std::string exact_text(double value) {
  char buffer[64];
  const double size = std::abs(value);
  const bool plain = value == 0 || (size >= 1e-4 && size < 1e9);
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(buffer, end.ptr);
}

void apply_settings(Node& root, const std::vector<std::string>& settings, const ExclusiveKeys& exclusive,
                    Problems& problems) {
  for (const auto& setting : settings) {
    const Location origin{"--set " + shortened(setting)};
    const auto equals = setting.find('=');
    const std::string path = setting.substr(0, equals);
    const auto steps = split_path(path);
    if (equals == std::string::npos || !steps) {
      problems.add({origin, "a setting has the form key=value", "for example --set time.run_days=5"});
      continue;
    }
    Node value = parse_yaml_value(setting.substr(equals + 1), origin, problems);
    try {
      for (const auto& [one, other] : exclusive) {
        if (path == one) remove_key(root, other);
        if (path == other) remove_key(root, one);
      }
      if (Node* node = node_at(root, *steps, origin)) {
        *node = std::move(value);
        node->location = origin;
      }
    } catch (const Error& error) {
      problems.add({origin, error.what(), ""});
    }
  }
}

// ---- Describer ----

OptionInfo& Describer::add(Text key, const char* type, Text meaning) {
  OptionInfo info;
  info.path = path_below(groups_.back().path, key);
  info.type = type;
  info.meaning = meaning;
  info.condition = groups_.back().condition;
  return options_.emplace_back(info);
}

void Describer::real(Text key, double& value, Text unit, Range range, Text meaning) {
  auto& info = add(key, "number", meaning);
  info.unit = unit;
  info.range = range;
  info.default_value = exact_text(value);
}

void Describer::integer(Text key, int& value, Text unit, Range range, Text meaning) {
  auto& info = add(key, "whole number", meaning);
  info.unit = unit;
  info.range = range;
  info.default_value = std::to_string(value);
}

void Describer::flag(Text key, bool& value, Text meaning) {
  add(key, "true or false", meaning).default_value = value ? "true" : "false";
}

void Describer::word(Text key, std::string& value, std::span<const Text> allowed, Text meaning) {
  auto& info = add(key, "word", meaning);
  info.allowed.assign(allowed.begin(), allowed.end());
  info.default_value = yaml_scalar(value);
}

void Describer::text(Text key, std::string& value, Text form, Text meaning) {
  auto& info = add(key, "text", meaning);
  info.form = form;
  info.default_value = yaml_scalar(value);
}

void Describer::texts(Text key, std::vector<std::string>& values, Text form, Text meaning) {
  auto& info = add(key, "list of texts", meaning);
  info.form = form;
  info.default_value = flow_list(values);
}

void Describer::alternative(Text key, Text word) {
  auto& group = groups_.back();
  const auto& around = groups_.size() > 1 ? groups_[groups_.size() - 2].condition : std::string();
  group.condition = word.empty() ? around : path_below(group.path, key) + ": " + std::string(word);
}

void Describer::enter(Text key, Text meaning) {
  const auto& info = add(key, "group", meaning);
  groups_.push_back({info.path, info.condition});
}

std::size_t Describer::enter_list(Text key, std::size_t, Text meaning, Text short_key) {
  auto& info = add(key, "list", meaning);
  info.default_value = "[]";
  info.form = short_key;
  groups_.push_back({info.path + "[]", info.condition});
  return 1;
}

// ---- Reader ----

Reader::Reader(const Node& root, Problems& problems) : problems_(problems) {
  groups_.push_back({root.kind == Node::Kind::map ? &root : nullptr, "", {}});
}

std::string Reader::path_of(Text key) const { return path_below(groups_.back().path, key); }

void Reader::refuse(const Node& node, const std::string& sentence, const std::string& hint) {
  refused_.insert(&node);
  problems_.add({node.location, sentence, hint, node.width});
}

void Reader::note_origin(const std::string& path, const Location& place) {
  const std::string file = place.file.substr(place.file.rfind('/') + 1);
  origins_[path] = place.line > 0 ? to_string(Location{file, place.line, place.column}) : "command line";
}

/// The value of a key when it is of the kind asked for; reports any other kind.
const Node* Reader::value_of(Text key, Node::Kind kind, const std::string& what) {
  auto& group = groups_.back();
  group.known.emplace(key);
  const Entry* entry = group.node ? group.node->find(key) : nullptr;
  if (!entry || entry->value.kind == Node::Kind::broken) return nullptr;
  const Node& node = entry->value;
  const std::string path = path_of(key);
  note_origin(path, node.location);
  if (node.kind == kind) return &node;
  refused_.insert(&node);
  if (node.kind == Node::Kind::empty) {
    const bool group_expected = kind == Node::Kind::map || kind == Node::Kind::sequence;
    const bool in_file = node.location.line > 0;  // else a setting took the value away from the key that stands there
    problems_.add({in_file ? entry->location : node.location, "'" + path + "' has no value; it must be " + what,
                   group_expected ? "indent what belongs to it, or remove the key" : "write one, or remove the key",
                   n_characters(entry->key)});
  } else {
    refuse(node, "'" + path + "' is " + kind_text(node) + "; it must be " + what);
  }
  return nullptr;
}

const Node* Reader::number_of(Text key, const std::string& what, Text unit) {
  const Node* node = value_of(key, Node::Kind::scalar, what);
  if (!node) return nullptr;
  const bool whole = what != "a number";
  const bool good = !node->quoted && (whole ? is_whole(node->text) : is_decimal(node->text));
  if (good) return node;
  const std::string path = path_of(key);
  static const std::regex leading(R"(^[-+]?[0-9.].*)");
  std::string hint = whole ? "write digits only: 12" : "write it as 12, 0.5 or 1e-3";
  if (node->quoted) {
    hint = "write it without quotes";
  } else if (whole && is_decimal(node->text)) {
    hint = "write it without point or exponent";
  } else if (std::regex_match(node->text, leading) && node->text.find(' ') != std::string::npos) {
    hint = "write the number alone" + (with_unit(unit).empty() ? "" : ": its unit is" + with_unit(unit));
  }
  refuse(*node, "'" + path + "' = " + shortened(node->text) + " is not " + (whole ? what : "a decimal number"), hint);
  return nullptr;
}

void Reader::real(Text key, double& value, Text unit, Range range, Text) {
  const Node* node = number_of(key, "a number", unit);
  if (!node) return;
  double read = 0;
  const auto digits = without_plus(node->text);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), read);
  if (result.ec != std::errc() || !std::isfinite(read)) {
    refuse(*node, "'" + path_of(key) + "' = " + node->text + " does not fit into a double precision number");
  } else if (!(read >= range.lowest && read <= range.highest)) {
    refuse(*node, "'" + path_of(key) + "' = " + node->text + " is outside " + range_text(range) + with_unit(unit));
  } else {
    value = read;
  }
}

void Reader::integer(Text key, int& value, Text unit, Range range, Text) {
  const Node* node = number_of(key, "a whole number", unit);
  if (!node) return;
  int read = 0;
  const auto digits = without_plus(node->text);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), read);
  if (result.ec != std::errc() || !(read >= range.lowest && read <= range.highest)) {
    refuse(*node, "'" + path_of(key) + "' = " + node->text + " is outside " + range_text(range) + with_unit(unit));
  } else {
    value = read;
  }
}

void Reader::flag(Text key, bool& value, Text) {
  const Node* node = value_of(key, Node::Kind::scalar, "true or false");
  if (!node) return;
  if (!node->quoted && (node->text == "true" || node->text == "false")) {
    value = node->text == "true";
  } else {
    refuse(*node, "'" + path_of(key) + "' = " + shortened(node->text) + " is not true or false",
           node->quoted ? "write it without quotes" : "write true or false, in small letters");
  }
}

void Reader::word(Text key, std::string& value, std::span<const Text> allowed, Text) {
  const Node* node = value_of(key, Node::Kind::scalar, "one of " + joined(allowed));
  if (node && std::find(allowed.begin(), allowed.end(), node->text) != allowed.end()) {
    value = node->text;
  } else if (node) {
    groups_.back().bad_word = true;
    refuse(*node, "'" + path_of(key) + "' = " + shortened(node->text) + " is not one of " + joined(allowed),
           did_you_mean(nearest(node->text, {allowed.begin(), allowed.end()})));
  }
}

void Reader::text(Text key, std::string& value, Text form, Text) {
  if (const Node* node = value_of(key, Node::Kind::scalar, std::string(form))) value = node->text;
}

void Reader::texts(Text key, std::vector<std::string>& values, Text form, Text) {
  const Entry* entry = groups_.back().node ? groups_.back().node->find(key) : nullptr;
  const bool single = entry && entry->value.kind == Node::Kind::scalar;
  const std::string what = "a list: " + std::string(form);
  const Node* node = value_of(key, single ? Node::Kind::scalar : Node::Kind::sequence, what);
  if (!node) return;
  if (single) {
    values = {node->text};
    return;
  }
  std::vector<std::string> read;
  for (const auto& element : node->elements) {
    if (element.kind == Node::Kind::scalar) {
      note_origin(path_of(key) + "[" + std::to_string(read.size()) + "]", element.location);
      read.push_back(element.text);
    } else if (element.kind != Node::Kind::broken) {
      refuse(element, "'" + path_of(key) + "[" + std::to_string(read.size()) + "]' is " + kind_text(element) +
                          "; it must be a single value");
      return;
    }
  }
  values = read;
}

Reader::Found Reader::find(Text path) const {
  Found found{nullptr, groups_.back().node};
  while (found.value && !path.empty()) {
    if (path.front() == '[') {
      const std::size_t n = std::strtoul(path.data() + 1, nullptr, 10);
      path.remove_prefix(std::min(path.find(']'), path.size() - 1) + 1);
      if (found.value->kind != Node::Kind::sequence || n >= found.value->elements.size()) return {};
      found = {nullptr, &found.value->elements[n]};
    } else {
      const auto end = std::min(path.find_first_of(".["), path.size());
      const Entry* entry = found.value->find(path.substr(0, end));
      found = {entry, entry ? &entry->value : nullptr};
      path.remove_prefix(end);
    }
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  }
  return found;
}

bool Reader::given(Text key) const { return find(key).entry != nullptr; }

bool Reader::sound(Text path) const {
  for (; !path.empty(); path = path.substr(0, std::max<std::size_t>(path.find_last_of(".[") + 1, 1) - 1)) {
    const Node* value = find(path).value;
    if (value && (value->kind == Node::Kind::broken || refused_.contains(value))) return false;
  }
  return true;
}

void Reader::problem(Text key, const std::string& sentence) {
  for (Text path = key;;) {  // a default: show the group it belongs to
    const Found found = find(path);
    if (found.value) {
      if (path == key) refused_.insert(found.value);
      const bool at_value = !found.entry || (path == key && found.value->kind == Node::Kind::scalar);
      problems_.add({at_value ? found.value->location : found.entry->location, sentence, "",
                     at_value ? found.value->width : n_characters(found.entry->key)});
      return;
    }
    const auto end = path.find_last_of(".[");
    if (end == Text::npos) break;
    path = path.substr(0, end);
  }
  const auto group = std::find_if(groups_.rbegin(), groups_.rend(), [](const Group& g) { return g.node; });
  problems_.add({group == groups_.rend() ? Location() : group->node->location, sentence, ""});
}

void Reader::enter(Text key, Text) {
  const Node* node = value_of(key, Node::Kind::map, "a group of keys");
  groups_.push_back({node, path_of(key), {}});
}

void Reader::note_unknown_keys(const Group& group) {
  if (!group.node || group.node->kind != Node::Kind::map) return;
  for (const auto& entry : group.node->entries) {
    if (group.known.contains(entry.key)) continue;
    unknown_.push_back({path_below(group.path, entry.key), entry.location, n_characters(entry.key), group.bad_word});
  }
}

void Reader::leave() {
  note_unknown_keys(groups_.back());
  groups_.pop_back();
}

std::size_t Reader::enter_list(Text key, std::size_t size, Text, Text short_key) {
  const Node* node = value_of(key, Node::Kind::sequence, "a list (lines that begin with '- ')");
  groups_.push_back({node, path_of(key), {}, false, std::string(short_key)});
  return node ? node->elements.size() : size;
}

void Reader::enter_element(std::size_t n) {
  const Group& list = groups_.back();
  const std::string path = list.path + "[" + std::to_string(n) + "]";
  const Node* node = list.node ? &list.node->elements[n] : nullptr;
  if (node && node->kind == Node::Kind::scalar && !list.short_key.empty()) {
    Node& element = elements_.emplace_back();
    element.kind = Node::Kind::map;
    element.location = node->location;
    element.entries.push_back({list.short_key, node->location, *node});
    node = &element;
  }
  if (node && node->kind != Node::Kind::map) {
    if (node->kind != Node::Kind::broken) {
      refuse(*node, "'" + path + "' is " + kind_text(*node) + "; it must be a group of keys");
    }
    node = nullptr;
  }
  groups_.push_back({node, path, {}});
}

void Reader::report_unknown_keys(const std::vector<OptionInfo>& known) {
  note_unknown_keys(groups_.front());
  static const std::regex index(R"(\[[0-9]+\])");
  std::vector<std::string> paths;
  for (const auto& option : known) paths.push_back(option.path);
  for (std::size_t n = 0; n < unknown_.size(); ++n) {
    const auto& unknown = unknown_[n];
    if (n >= 100) {  // no suggestions for floods
      problems_.add({unknown.location, "unknown key '" + shortened(unknown.path) + "'", "", unknown.width});
      continue;
    }
    const std::string path = std::regex_replace(shortened(unknown.path, 200), index, "[]");
    std::string conditions;
    for (const auto& option : known) {
      if (option.path == path && !option.condition.empty())
        conditions += (conditions.empty() ? "'" : " or '") + option.condition + "'";
    }
    if (!conditions.empty()) {
      if (unknown.bad_word) continue;
      problems_.add({unknown.location, "'" + unknown.path + "' does not apply here", "it belongs to " + conditions,
                     unknown.width});
      continue;
    }
    const auto near = nearest(path, paths);
    std::string hint = did_you_mean(near);
    if (!near.empty()) hint += "  (describe: meridian describe " + near.front() + ")";
    problems_.add({unknown.location, "unknown key '" + shortened(unknown.path) + "'", hint, unknown.width});
  }
}

// ---- Resolver ----

Resolver::Resolver(std::map<std::string, std::string> origins, const ExclusiveKeys& exclusive)
    : origins_(std::move(origins)), exclusive_(exclusive) {
  groups_.push_back({"", 0, 0, 0});
}

std::string Resolver::path_of(Text key) const { return path_below(groups_.back().path, key); }

bool Resolver::given(Text key) const { return origins_.contains(path_of(key)); }

void Resolver::line(Text key, const std::string& value) {
  const std::string path = path_of(key);
  for (const auto& [one, other] : exclusive_) {
    if (path == one && origins_.contains(other)) return;
    if (path == other && !origins_.contains(other)) return;
  }
  constexpr std::size_t comment_column = 40;
  std::string line(at_dash_ ? 0 : static_cast<std::size_t>(groups_.back().indent), ' ');
  line += std::string(key) + ":" + (value.empty() ? "" : " " + value);
  if (!value.empty()) {
    const auto origin = origins_.find(path);
    const std::size_t begin = yaml_.rfind('\n') == std::string::npos ? 0 : yaml_.rfind('\n') + 1;
    const std::size_t length = yaml_.size() - begin + line.size();
    line += std::string(length < comment_column ? comment_column - length : 1, ' ') + " # " +
            (origin == origins_.end() ? "default" : origin->second);
  }
  yaml_ += line + "\n";
  at_dash_ = false;
}

void Resolver::real(Text key, double& value, Text, Range, Text) { line(key, exact_text(value)); }
void Resolver::integer(Text key, int& value, Text, Range, Text) { line(key, std::to_string(value)); }
void Resolver::flag(Text key, bool& value, Text) { line(key, value ? "true" : "false"); }
void Resolver::word(Text key, std::string& value, std::span<const Text>, Text) { line(key, yaml_scalar(value)); }
void Resolver::text(Text key, std::string& value, Text, Text) { line(key, yaml_scalar(value)); }
void Resolver::texts(Text key, std::vector<std::string>& values, Text, Text) { line(key, flow_list(values)); }

void Resolver::enter(Text key, Text) {
  const std::size_t begin = yaml_.size();
  const std::string path = path_of(key);
  line(key, "");
  groups_.push_back({path, begin, yaml_.size(), groups_.back().indent + 2});
}

void Resolver::leave() {
  const Group group = groups_.back();
  groups_.pop_back();
  if (yaml_.size() == group.body) yaml_.resize(group.begin);  // nothing to set
}

std::size_t Resolver::enter_list(Text key, std::size_t size, Text, Text) {
  const std::size_t begin = yaml_.size();
  const std::string path = path_of(key);
  line(key, size == 0 ? "[]" : "");
  groups_.push_back({path, begin, yaml_.size(), groups_.back().indent + 2});
  return size;
}

void Resolver::enter_element(std::size_t n) {
  const Group list = groups_.back();
  const std::size_t begin = yaml_.size();
  yaml_ += std::string(static_cast<std::size_t>(list.indent), ' ') + "- ";
  at_dash_ = true;
  groups_.push_back({list.path + "[" + std::to_string(n) + "]", begin, yaml_.size(), list.indent + 2});
}

void Resolver::leave_element() {
  if (at_dash_) yaml_ += "{}\n";
  at_dash_ = false;
  groups_.pop_back();
}

void Resolver::leave_list() { groups_.pop_back(); }

}  // namespace meridian
