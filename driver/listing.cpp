#include "driver/listing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "driver/case.hpp"
#include "driver/machine.hpp"
#include "driver/version.hpp"
#include "grid/field_catalog.hpp"

namespace meridian {
namespace {

using Json = nlohmann::ordered_json;

constexpr int json_indent = 2;

/// First column padded, rows of text.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t n = 0; n + 1 < row.size(); ++n) widths[n] = std::max(widths[n], row[n].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t n = 0; n < row.size(); ++n) {
      text += row[n];
      if (n + 1 < row.size()) text += std::string(widths[n] + 2 - row[n].size(), ' ');
    }
    text += "\n";
  }
  return text;
}

std::string title_of(const CaseText& source) {
  Problems problems;
  const Node root = parse_yaml(source.text, source.file, problems);
  const Entry* title = root.find("title");
  return title ? title->value.text : "";
}

std::string or_nothing(const std::string& text) { return text.empty() ? "nothing" : text; }

std::string_view place_name(Horizontal horizontal) {
  switch (horizontal) {
    case Horizontal::cell:
      return "cell";
    case Horizontal::xface:
      return "western face";
    case Horizontal::yface:
      return "southern face";
    case Horizontal::corner:
      return "corner";
  }
  return "";
}

std::string_view level_name(Vertical vertical) {
  switch (vertical) {
    case Vertical::layer:
      return "layers";
    case Vertical::interface:
      return "interfaces";
    case Vertical::single:
      return "surface";
  }
  return "";
}

bool has_value(const OptionInfo& option) { return option.type != "group" && option.type != "list"; }
bool is_number(const OptionInfo& option) { return option.type == "number" || option.type == "whole number"; }

/// What may be set, in a few words.
std::string allowed_text(const OptionInfo& option) {
  const std::string unit = option.unit == "1" ? "" : option.unit;
  if (is_number(option)) {
    return exact_text(option.range.lowest) + " to " + exact_text(option.range.highest) +
           (unit.empty() ? "" : " " + unit);
  }
  if (!option.allowed.empty()) return joined(option.allowed);
  return option.form.empty() ? option.type : option.form;
}

std::string list_cases(bool json) {
  Json array = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& name : case_names()) {
    const auto source = find_case(name);
    array.push_back({{"name", name}, {"title", title_of(source)}, {"file", source.file}});
    rows.push_back({name, title_of(source)});
  }
  return json ? array.dump(json_indent) + "\n" : table(rows);
}

std::string list_machines(bool json) {
  Json array = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& name : names_of("machine")) {
    const Machine machine = read_machine(name);
    array.push_back({{"name", name}, {"description", machine.description}, {"file", machine.file}});
    rows.push_back({name, machine.description});
  }
  return json ? array.dump(json_indent) + "\n" : table(rows);
}

std::string list_schemes(bool json) {
  Json array = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& scheme : all_schemes()) {
    array.push_back({{"name", scheme.name},
                     {"meaning", scheme.meaning},
                     {"source", scheme.source},
                     {"equation", scheme.equation},
                     {"reads", scheme.reads},
                     {"updates", scheme.updates},
                     {"writes", scheme.writes},
                     {"owns", scheme.owns}});
    rows.push_back({scheme.name, scheme.meaning});
  }
  return json ? array.dump(json_indent) + "\n" : table(rows);
}

std::string list_fields(bool json) {
  Json array = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const FieldInfo& field : field::all) {
    array.push_back({{"short_name", field.short_name},
                     {"name", field.name},
                     {"unit", field.unit},
                     {"place", place_name(field.horizontal)},
                     {"levels", level_name(field.vertical)},
                     {"lowest", field.valid.lowest},
                     {"highest", field.valid.highest},
                     {"fits_a_stream", field.fits_a_stream()},
                     {"meaning", field.meaning}});
    rows.push_back({std::string(field.short_name), std::string(field.unit), std::string(level_name(field.vertical)),
                    std::string(field.meaning) + (field.fits_a_stream() ? "" : " (not in output streams)")});
  }
  if (json) return array.dump(json_indent) + "\n";
  return table(rows) + "A tendency (tnt, tnqv, ...) of one scheme alone has its name behind it: tnt_grey_radiation.\n";
}

std::string list_options(bool json) {
  Json array = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& option : all_options()) {
    Json entry = {{"path", option.path}, {"type", option.type}, {"meaning", option.meaning}};
    if (is_number(option)) {
      entry["unit"] = option.unit;
      entry["range"] = {option.range.lowest, option.range.highest};
    }
    if (!option.allowed.empty()) entry["allowed"] = option.allowed;
    if (!option.form.empty()) entry["form"] = option.form;
    if (has_value(option)) entry["default"] = option.default_value;
    if (!option.condition.empty()) entry["condition"] = option.condition;
    array.push_back(entry);
    const std::string condition = option.condition.empty() ? "" : " (with " + option.condition + ")";
    if (has_value(option)) rows.push_back({option.path, option.default_value, allowed_text(option) + condition});
  }
  return json ? array.dump(json_indent) + "\n" : table(rows);
}

/// A line of a table of options; long lists of words are cut, `describe` of the option shows them whole.
std::vector<std::string> row_of(const OptionInfo& option, const std::string& meaning) {
  constexpr std::size_t widest = 60;
  std::string allowed = allowed_text(option);
  if (allowed.size() > widest) allowed = allowed.substr(0, widest - 3) + "...";
  return {"  " + option.path, option.default_value, allowed, meaning};
}

std::string describe_option(const OptionInfo& option) {
  std::string text = option.path + ": " + option.meaning + "\n";
  std::vector<std::vector<std::string>> rows = {{"  type", option.type}};
  if (has_value(option)) {
    rows.push_back({"  allowed", allowed_text(option)});
    rows.push_back({"  default", option.default_value});
  }
  if (!option.condition.empty()) rows.push_back({"  only with", option.condition});
  if (has_value(option)) {
    const std::string path = std::regex_replace(option.path, std::regex(R"(\[\])"), "[0]");
    rows.push_back({"  example", "--set " + shell_word(path + "=" + option.default_value)});
  }
  return text + table(rows);
}

/// Every option with this path (alternatives may share one), and what lies below it.
std::string describe_options(const std::string& path) {
  std::string text;
  std::vector<std::vector<std::string>> below;
  for (const auto& option : all_options()) {
    if (option.path == path) text += describe_option(option);
    const bool inside = option.path.starts_with(path + ".") || option.path.starts_with(path + "[].");
    if (inside && has_value(option)) {
      below.push_back(row_of(option, option.meaning + (option.condition.empty() ? "" : " (" + option.condition + ")")));
    }
  }
  if (!below.empty()) below.insert(below.begin(), {"  option", "default", "allowed", "meaning"});
  return text + table(below);
}

/// The options of an element of a list, a line each.
std::string options_below(const std::string& path) {
  std::vector<std::vector<std::string>> rows = {{"  option", "default", "allowed", "meaning"}};
  for (const auto& option : all_options()) {
    if (option.path.starts_with(path + ".") && has_value(option)) rows.push_back(row_of(option, option.meaning));
  }
  return table(rows);
}

/// The options that there are under a condition 'key: word', and those of 'group' that all its words have, a line each.
std::string options_with(const std::string& condition, const std::string& group = "none") {
  const std::string key = condition.substr(0, condition.find(':'));
  std::vector<std::vector<std::string>> rows;
  for (const auto& option : all_options()) {
    const bool of_all = option.path.starts_with(group + ".") && option.condition.empty() && option.path != key;
    if (!has_value(option) || !(of_all || option.condition == condition)) continue;
    rows.push_back(row_of(option, option.meaning));
  }
  if (!rows.empty()) rows.insert(rows.begin(), {"  option", "default", "allowed", "meaning"});
  return table(rows);
}

/// Each line two spaces to the right.
std::string indented(const std::string& lines) {
  return "  " + std::regex_replace(lines, std::regex("\n"), "\n  ") + "\n";
}

std::string describe_field(const FieldInfo& field) {
  return std::string(field.short_name) + ": " + std::string(field.meaning) + "\n" +
         table({{"  name", std::string(field.name)},
                {"  CF standard name", field.standard_name.empty() ? "none" : std::string(field.standard_name)},
                {"  unit", std::string(field.unit)},
                {"  place", std::string(place_name(field.horizontal)) + ", " + std::string(level_name(field.vertical))},
                {"  valid", exact_text(field.valid.lowest) + " to " + exact_text(field.valid.highest)}});
}

std::string describe_machine(const Machine& machine) {
  std::vector<std::vector<std::string>> rows = {{"  key", "value", "allowed", "meaning"}};
  for (const auto& option : options_of(machine)) rows.push_back(row_of(option, option.meaning));
  return "Machine " + machine.name + " (" + machine.file + ")\n" +
         heading_of(find_named_file("machine", machine.file)) + table(rows);
}

/// A tendency of one scheme, such as tnt_betts_miller: the field of the sum, and whose share it is.
std::string describe_share(const std::string& output, const std::string& scheme) {
  const std::string sum = output.substr(0, output.size() - scheme.size() - 1);
  for (const FieldInfo& field : field::all) {
    if (field.short_name != sum) continue;
    return output + ": the share of scheme '" + scheme + "' in " + sum + ", " + std::string(field.meaning) + "\n" +
           table({{"  unit", std::string(field.unit)}, {"  place", "cell, layers"}});
  }
  return "";
}

/// Schema of one option.
Json schema_of(const OptionInfo& option) {
  Json schema;
  schema["description"] = option.meaning;
  const Json scalar = {{"type", {"string", "number"}}};
  if (is_number(option)) {
    schema["type"] = option.type == "number" ? "number" : "integer";
    schema["minimum"] = option.range.lowest;
    schema["maximum"] = option.range.highest;
    schema["default"] = Json::parse(option.default_value);
  } else if (option.type == "true or false") {
    schema["type"] = "boolean";
    schema["default"] = option.default_value == "true";
  } else if (option.type == "word") {
    schema["enum"] = option.allowed;
  } else if (option.type == "text") {
    schema["type"] = {"string", "number"};
  } else if (option.type == "list of texts") {
    schema["anyOf"] = {scalar, {{"type", "array"}, {"items", scalar}}};
  } else {
    Json group = {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
    if (option.type == "group") {
      schema.update(group);
    } else {
      schema["type"] = "array";
      schema["items"] = option.form.empty() ? Json{{"anyOf", Json::array({group})}}
                                            : Json{{"anyOf", Json::array({group, {{"type", "string"}}})}};
    }
  }
  return schema;
}

}  // namespace

std::string list(const std::string& kind, bool json) {
  if (kind == "cases") return list_cases(json);
  if (kind == "machines") return list_machines(json);
  if (kind == "schemes") return list_schemes(json);
  if (kind == "fields") return list_fields(json);
  return list_options(json);
}

std::string describe(const std::string& name) {
  static const std::regex index(R"(\[[0-9]*\])");
  std::string text = describe_options(std::regex_replace(name, index, "[]"));
  std::vector<std::string> known;
  std::set<std::string> ends_so;  // paths whose last key is the name
  for (const auto& option : all_options()) {
    known.push_back(option.path);
    if (option.path.ends_with("." + name)) ends_so.insert(option.path);
  }
  for (const FieldInfo& field : field::all) {
    known.insert(known.end(), {std::string(field.short_name), std::string(field.name)});
    if (name == field.short_name || name == field.name) text += describe_field(field);
  }
  for (const auto& scheme : all_schemes()) {
    known.push_back(scheme.name);
    for (const std::string& output : scheme.outputs) {
      if (name == output && output.ends_with("_" + scheme.name)) text += describe_share(output, scheme.name);
    }
    if (name != scheme.name) continue;
    text += "Scheme " + scheme.name + ": " + scheme.meaning + "\n" +
            table({{"  source", scheme.source},
                   {"  reads", or_nothing(joined(scheme.reads))},
                   {"  updates", or_nothing(joined(scheme.updates))},
                   {"  writes", or_nothing(joined(scheme.writes))},
                   {"  owns", or_nothing(joined(scheme.owns))}}) +
            indented(scheme.equation) + options_with("physics.suite[].scheme: " + name, "physics.suite[]");
  }
  for (const auto& state : all_initial_states()) {
    known.push_back(state.name);
    if (name != state.name) continue;
    text += "Initial state " + state.name + ": " + state.meaning + "\n" +
            table({{"  source", state.source}, {"  equations", state.equations}});
    text += options_with("initial.name: " + name);
  }
  for (const TracerShapeInfo& shape : all_tracer_shapes()) {
    known.emplace_back(shape.name);
    if (name != shape.name) continue;
    text += "Initial shape of a tracer, " + name + ": " + std::string(shape.meaning) + "\n" +
            table({{"  source", shape.source.empty() ? "none" : std::string(shape.source)},
                   {"  q / value", std::string(shape.equation)},
                   {"  with", std::string(tracer_shape_terms)}}) +
            options_below("tracers[]");
  }
  for (const auto& case_name : case_names()) {
    known.push_back(case_name);
    if (name != case_name) continue;
    const auto source = find_case(name);
    text += "Case " + name + " (" + source.file + ")\n" + heading_of(source);
  }
  for (const auto& option : options_of({})) {
    if (name != option.path && !option.path.ends_with("." + name)) continue;
    text += "Key of machine files, " + option.path + ": " + option.meaning + "\n" +
            table({{"  allowed", allowed_text(option)}, {"  default", option.default_value}});
  }
  for (const auto& machine : names_of("machine")) {
    known.push_back(machine);
    if (name == machine) text += describe_machine(read_machine(name));
  }
  if (text.empty() && ends_so.size() == 1) text = describe_options(*ends_so.begin());
  if (!text.empty()) return text;
  const std::string hint = did_you_mean(nearest(name, known));
  throw Error(ExitCode::configuration,
              "nothing is called '" + shortened(name) + "'\n  " +
                  (hint.empty() ? "see 'meridian list cases|machines|schemes|fields|options'" : hint));
}

std::string json_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Meridian case"},
                 {"type", "object"},
                 {"additionalProperties", false},
                 {"properties", Json::object()}};
  for (const auto& option : all_options()) {
    Json* group = &schema;
    std::string path = option.path;
    for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.')) {
      std::string part = path.substr(0, dot);
      const bool list = part.ends_with("[]");
      if (list) part.resize(part.size() - 2);
      group = &(*group)["properties"][part];
      if (list) group = &(*group)["items"]["anyOf"][0];
      path.erase(0, dot + 1);
    }
    Json& properties = (*group)["properties"];
    if (!properties.contains(path)) properties[path] = schema_of(option);  // alternatives may share a name
  }
  return schema.dump(json_indent) + "\n";
}

std::string version_text() {
  const BuildInfo& info = build_info();
  const auto line = [](const char* what, std::string_view value) {
    return std::vector<std::string>{what, std::string(value)};
  };
  return "Meridian " + std::string(info.version) + "\n" +
         table({line("  commit", info.commit), line("  compiler", info.compiler), line("  Kokkos", info.kokkos),
                line("  backend", info.backend), line("  precision", info.precision), line("  NetCDF", info.netcdf),
                line("  MPI", info.mpi)});
}

}  // namespace meridian
