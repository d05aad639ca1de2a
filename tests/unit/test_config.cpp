// Options from YAML and --set, their description, and the resolved case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "io/config.hpp"

namespace meridian {
namespace {

using testing::HasSubstr;

struct GridPart {
  int n_lon = 180;
  std::string levels = "L26";
  void visit(OptionVisitor& option) {
    option.integer("n_lon", n_lon, "1", {8, 100000}, "cells along a row");
    if (n_lon % 2 != 0) option.problem("n_lon", "'grid.n_lon' = " + std::to_string(n_lon) + " is odd");
    option.text("levels", levels, "L26, sigma:N or a path", "levels");
  }
};

struct DynamicsPart {
  std::string equations = "hydrostatic";
  double dt_s = 600, damping = 0.125;
  bool filter = true;
  void visit(OptionVisitor& option) {
    static constexpr std::string_view all[] = {"shallow_water", "hydrostatic"};
    option.word("equations", equations, all, "equations");
    option.real("dt_s", dt_s, "s", {1, 7200}, "time step");
    option.real("damping", damping, "1", {0, 1}, "damping");
    option.flag("filter", filter, "polar filter");
  }
};

struct TimePart {
  double run_days = 10;
  int run_steps = 0;
  void visit(OptionVisitor& option) {
    option.real("run_days", run_days, "days", {0, 1e6}, "length");
    option.integer("run_steps", run_steps, "1", {0, 1000000000}, "length");
    if (option.given("run_days") && option.given("run_steps")) option.problem("run_steps", "both are given");
  }
};

struct StatePart {
  std::string name = "galewsky";
  double height = 1, angle = 0;
  void visit(OptionVisitor& option) {
    static constexpr std::string_view all[] = {"galewsky", "williamson_2"};
    option.word("name", name, all, "state");
    const auto visit_one = [&](std::string_view word) {
      option.alternative("name", word);
      if (word == all[0]) option.real("height", height, "m", {0, 1e4}, "height");
      if (word == all[1]) option.real("angle_degrees", angle, "degrees", {-90, 90}, "angle");
    };
    if (option.shows_alternatives()) {
      for (const auto word : all) visit_one(word);
    } else {
      visit_one(name);
    }
    option.alternative("name", "");
  }
};

struct StreamPart {
  std::string name = "daily", every = "1 day";
  std::vector<std::string> fields, vertical = {"model"};
  void visit(OptionVisitor& option) {
    option.text("name", name, "a name", "name");
    option.texts("fields", fields, "names of fields", "fields");
    option.text("every", every, "<number> hours|days", "interval");
    option.texts("vertical", vertical, "model or pressures", "levels");
  }
};

struct OutputPart {
  std::vector<StreamPart> streams;
  void visit(OptionVisitor& option) { option.list("streams", streams, "streams"); }
};

struct SchemePart {
  std::string scheme;
  double rate = 1;
  void visit(OptionVisitor& option) {
    static constexpr std::string_view all[] = {"drag", "relaxation"};
    option.word("scheme", scheme, all, "scheme");
    option.real("rate", rate, "s-1", {0, 10}, "rate");
  }
};

struct PhysicsPart {
  std::vector<SchemePart> suite;
  void visit(OptionVisitor& option) { option.list("suite", suite, "schemes", "scheme"); }
};

struct EmptyPart {
  void visit(OptionVisitor&) {}
};

struct Tree {
  std::string title = "none";
  GridPart grid;
  DynamicsPart dycore;
  TimePart time;
  StatePart initial;
  OutputPart output;
  PhysicsPart physics;
  EmptyPart nothing;
  void visit(OptionVisitor& option) {
    option.text("title", title, "one line", "title");
    option.group("grid", grid, "the grid");
    option.group("dycore", dycore, "dynamics");
    option.group("time", time, "time");
    option.group("initial", initial, "initial state");
    option.group("output", output, "output");
    option.group("physics", physics, "physics");
    option.group("nothing", nothing, "no options");
  }
};

const ExclusiveKeys exclusive = {{"time.run_days", "time.run_steps"}};

std::vector<OptionInfo> all_options() {
  Tree tree;
  Describer describer;
  tree.visit(describer);
  return describer.options();
}

struct Result {
  Tree tree;
  std::string report;  // "" without problems
  std::string resolved;
};

Result read(const std::string& text, const std::vector<std::string>& settings = {}) {
  Result result;
  Problems problems;
  Node root = parse_yaml(text, "case.yaml", problems);
  apply_settings(root, settings, exclusive, problems);
  Reader reader(root, problems);
  result.tree.visit(reader);
  reader.report_unknown_keys(all_options());
  if (!problems.empty()) result.report = problems.report();
  Resolver resolver(reader.origins(), exclusive);
  result.tree.visit(resolver);
  result.resolved = resolver.yaml();
  return result;
}

struct Refused {
  const char* text;
  const char* place;  // "line:column: "
  const char* words;
};

// Every entry is one mistake; the words are those that help to mend it.
const Refused refused[] = {
    {"gird:\n  n_lon: 8\n", "1:1: unknown key 'gird'", "did you mean 'grid'?"},
    {"grid:\n  n_lan: 8\n", "2:3: unknown key 'grid.n_lan'", "did you mean 'grid.n_lon'?"},
    {"grid:\n  level: L26\n", "2:3: unknown key 'grid.level'", "(describe: meridian describe grid.levels)"},
    {"grid:\n  N_LON: 8\n", "2:3: unknown key 'grid.N_LON'", "'grid.n_lon'"},
    {"grid:\n  dt_s: 60\n", "2:3: unknown key 'grid.dt_s'", "'dycore.dt_s'"},
    {"n_lon: 8\n", "1:1: unknown key 'n_lon'", "'grid.n_lon'"},
    {"grid:\nn_lon: 8\n", "1:1: 'grid' has no value", "indent what belongs to it"},
    {"time:\n  run_dasy: 3\n", "2:3: unknown key 'time.run_dasy'", "'time.run_days'"},
    {"time:\n  zzzzzzzzzz: 3\n", "2:3: unknown key 'time.zzzzzzzzzz'", "1 error"},
    {"output:\n  streams:\n    - {evry: 1 day}\n", "3:8: unknown key 'output.streams[0].evry'",
     "'output.streams[].every'"},
    {"output:\n  steams: []\n", "2:3: unknown key 'output.steams'", "'output.streams'"},
    {"initial:\n  angle_degrees: 45\n", "2:3: 'initial.angle_degrees' does not apply", "'initial.name: williamson_2'"},
    {"grid:\n  n_lon: many\n", "2:10: 'grid.n_lon' = many is not a whole number", "digits"},
    {"grid:\n  n_lon: 8.0\n", "2:10: 'grid.n_lon' = 8.0", "without point"},
    {"grid:\n  n_lon: 1e3\n", "2:10: 'grid.n_lon' = 1e3", "without point or exponent"},
    {"grid:\n  n_lon: 010\n", "2:10: 'grid.n_lon' = 010 is not a whole number", "digits"},
    {"grid:\n  n_lon: 0x10\n", "2:10: 'grid.n_lon' = 0x10 is not a whole number", "digits"},
    {"grid:\n  n_lon: 1_000\n", "2:10: 'grid.n_lon' = 1_000 is not a whole number", "digits"},
    {"grid:\n  n_lon: \"180\"\n", "2:10: 'grid.n_lon' = 180", "without quotes"},
    {"grid:\n  n_lon: [8]\n", "2:10: 'grid.n_lon' is a list; it must be a whole number", ""},
    {"grid:\n  n_lon: {a: 8}\n", "2:10: 'grid.n_lon' is a group of keys", "whole number"},
    {"grid:\n  n_lon:\n", "2:3: 'grid.n_lon' has no value", "write one"},
    {"grid:\n  n_lon: ~\n", "2:3: 'grid.n_lon' has no value", "write one"},
    {"grid:\n  n_lon: 6\n", "2:10: 'grid.n_lon' = 6 is outside [8, 100000]", ""},
    {"grid:\n  n_lon: 99999999999\n", "2:10: 'grid.n_lon' = 99999999999 is outside", ""},
    {"grid:\n  n_lon: -9\n", "2:10: 'grid.n_lon' = -9 is outside", ""},
    {"grid:\n  n_lon: 9\n", "2:10: 'grid.n_lon' = 9 is odd", ""},
    {"grid:\n  levels: [L26, L30]\n", "2:11: 'grid.levels' is a list", "sigma:N"},
    {"grid: 3\n", "1:7: 'grid' is '3'; it must be a group of keys", ""},
    {"grid: [1]\n", "1:7: 'grid' is a list; it must be a group of keys", ""},
    {"dycore:\n  dt_s: -600\n", "2:9: 'dycore.dt_s' = -600 is outside [1, 7200] s", ""},
    {"dycore:\n  dt_s: 7200.5\n", "2:9: 'dycore.dt_s' = 7200.5 is outside [1, 7200] s", ""},
    {"dycore:\n  dt_s: 600 s\n", "2:9: 'dycore.dt_s' = 600 s is not a decimal number", "its unit is s"},
    {"dycore:\n  dt_s: 0600\n", "2:9: 'dycore.dt_s' = 0600 is not a decimal number", ""},
    {"dycore:\n  dt_s: 1,5\n", "2:9: 'dycore.dt_s' = 1,5 is not a decimal number", ""},
    {"dycore:\n  dt_s: 10:00\n", "2:9: 'dycore.dt_s' = 10:00 is not a decimal number", ""},
    {"dycore:\n  dt_s: 1d2\n", "2:9: 'dycore.dt_s' = 1d2 is not a decimal number", ""},
    {"dycore:\n  dt_s: .inf\n", "2:9: 'dycore.dt_s' = .inf is not a decimal number", ""},
    {"dycore:\n  dt_s: -.inf\n", "2:9: 'dycore.dt_s' = -.inf is not", ""},
    {"dycore:\n  dt_s: inf\n", "2:9: 'dycore.dt_s' = inf is not a decimal number", ""},
    {"dycore:\n  dt_s: .nan\n", "2:9: 'dycore.dt_s' = .nan is not a decimal number", ""},
    {"dycore:\n  dt_s: nan\n", "2:9: 'dycore.dt_s' = nan is not a decimal number", ""},
    {"dycore:\n  dt_s: 1e999\n", "2:9: 'dycore.dt_s' = 1e999 does not fit", ""},
    {"dycore:\n  damping: 1e-999\n", "2:12: 'dycore.damping' = 1e-999 does not fit", ""},
    {"dycore:\n  dt_s: 0x1p3\n", "2:9: 'dycore.dt_s' = 0x1p3 is not a decimal number", ""},
    {"dycore:\n  dt_s: true\n", "2:9: 'dycore.dt_s' = true is not a decimal number", ""},
    {"dycore:\n  damping: 1.0000001\n", "2:12: 'dycore.damping' = 1.0000001 is outside [0, 1]\n", ""},
    {"dycore:\n  filter: NO\n", "2:11: 'dycore.filter' = NO is not true or false", "small letters"},
    {"dycore:\n  filter: yes\n", "2:11: 'dycore.filter' = yes is not true or false", ""},
    {"dycore:\n  filter: True\n", "2:11: 'dycore.filter' = True is not true or false", "small letters"},
    {"dycore:\n  filter: 1\n", "2:11: 'dycore.filter' = 1 is not true or false", ""},
    {"dycore:\n  filter: \"true\"\n", "2:11: 'dycore.filter' = true", "without quotes"},
    {"dycore:\n  equations: hydrostatc\n",
     "2:14: 'dycore.equations' = hydrostatc is not one of shallow_water, hydrostatic", "did you mean 'hydrostatic'?"},
    {"dycore:\n  equations: 3\n", "2:14: 'dycore.equations' = 3 is not one of", ""},
    {"dycore:\n  equations: [hydrostatic]\n", "2:14: 'dycore.equations' is a list", "one of shallow_water"},
    {"initial:\n  name: wiliamson_2\n  angle_degrees: 45\n", "2:9: 'initial.name' = wiliamson_2", "'williamson_2'"},
    {"output:\n  streams: daily\n", "2:12: 'output.streams' is 'daily'; it must be a list", "'- '"},
    {"output:\n  streams:\n    name: a\n", "3:5: 'output.streams' is a group of keys; it must be a list", ""},
    {"output:\n  streams:\n    - a\n", "3:7: 'output.streams[0]' is 'a'; it must be a group of keys", ""},
    {"output:\n  streams:\n    -\n", "output.streams[0]' is nothing", ""},
    {"output:\n  streams:\n    - {fields: {a: b}}\n", "3:16: 'output.streams[0].fields' is a group", "names of fields"},
    {"output:\n  streams:\n    - {fields: [ua, [va]]}\n", "3:21: 'output.streams[0].fields[1]' is a list",
     "single value"},
    {"output:\n  streams:\n    - {every: }\n", "3:8: 'output.streams[0].every' has no value", "hours|days"},
    {"time:\n  run_days: 1\n  run_steps: 2\n", "3:14: both are given", ""},
    {"nothing:\n  a: 1\n", "2:3: unknown key 'nothing.a'", ""},
};

TEST(Config, each_mistake_is_reported_once_with_place_and_hint) {
  for (const auto& input : refused) {
    const auto result = read(input.text);
    EXPECT_THAT(result.report, HasSubstr(input.place)) << input.text;
    EXPECT_THAT(result.report, HasSubstr(input.words)) << input.text;
    const bool two = std::string(input.text) == "grid:\nn_lon: 8\n";  // the group is empty and the key unknown
    EXPECT_THAT(result.report, HasSubstr(two ? "2 errors; nothing" : "1 error; nothing")) << input.text;
  }
}

TEST(Config, all_mistakes_are_reported_in_the_order_of_the_file) {
  const auto report = read("title: x\ndycore:\n  dt_s: -600\n  filtr: true\ngrid:\n  n_lon: 7.5\n").report;
  const auto first = report.find("case.yaml:3:9"), second = report.find("case.yaml:4:3"),
             third = report.find("case.yaml:6:10");
  ASSERT_NE(third, std::string::npos) << report;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_THAT(report, HasSubstr("\n3 errors; nothing was written.  exit 78"));
}

TEST(Config, the_report_has_the_documented_form) {
  EXPECT_EQ(read("grid:\n  n_lan: 8\n").report,
            "ERROR config case.yaml:2:3: unknown key 'grid.n_lan'\n"
            "  2 |   n_lan: 8\n"
            "    |   ^^^^^\n"
            "  did you mean 'grid.n_lon'?  (describe: meridian describe grid.n_lon)\n"
            "1 error; nothing was written.  exit 78");
}

TEST(Config, values_are_read) {
  const auto result = read(
      "title: A test\ngrid: {n_lon: 64, levels: sigma:20}\ndycore: {dt_s: 0.5e3, damping: +.25, filter: "
      "false}\n"
      "output:\n  streams:\n    - {name: a, fields: ua, every: 6 hours, vertical: [850, 500.5]}\n    - "
      "{name: b}\n");
  ASSERT_EQ(result.report, "");
  const Tree& tree = result.tree;
  EXPECT_EQ(tree.title, "A test");
  EXPECT_EQ(tree.grid.n_lon, 64);
  EXPECT_EQ(tree.grid.levels, "sigma:20");
  EXPECT_EQ(tree.dycore.dt_s, 500);
  EXPECT_EQ(tree.dycore.damping, 0.25);
  EXPECT_FALSE(tree.dycore.filter);
  ASSERT_EQ(tree.output.streams.size(), 2u);
  EXPECT_EQ(tree.output.streams[0].fields, std::vector<std::string>{"ua"});
  EXPECT_EQ(tree.output.streams[0].vertical, (std::vector<std::string>{"850", "500.5"}));
  EXPECT_EQ(tree.output.streams[1].every, "1 day");
}

TEST(Config, an_element_of_a_list_may_be_a_bare_word) {
  const auto result = read("physics:\n  suite: [drag, {scheme: relaxation, rate: 2}]\n");
  ASSERT_EQ(result.report, "");
  ASSERT_EQ(result.tree.physics.suite.size(), 2u);
  EXPECT_EQ(result.tree.physics.suite[0].scheme, "drag");
  EXPECT_EQ(result.tree.physics.suite[1].rate, 2);
  EXPECT_EQ(read(result.resolved).tree.physics.suite[1].scheme, "relaxation");
  EXPECT_THAT(read("physics:\n  suite: [drga]\n").report,
              HasSubstr("case.yaml:2:11: 'physics.suite[0].scheme' = drga"));
}

TEST(Config, settings_win_over_the_file_and_reach_into_lists) {
  const std::string text = "dycore: {dt_s: 600}\noutput:\n  streams:\n    - {name: a, every: 1 day}\n";
  const auto result = read(text, {"dycore.dt_s=300", "output.streams[0].every=6 hours", "output.streams[1].name=b",
                                  "output.streams[1].fields=[ua, va]", "grid.n_lon=16"});
  ASSERT_EQ(result.report, "");
  EXPECT_EQ(result.tree.dycore.dt_s, 300);
  EXPECT_EQ(result.tree.grid.n_lon, 16);
  EXPECT_EQ(result.tree.output.streams[0].every, "6 hours");
  EXPECT_EQ(result.tree.output.streams[1].fields, (std::vector<std::string>{"ua", "va"}));
  EXPECT_THAT(result.resolved, HasSubstr("# command line"));
  EXPECT_THAT(result.resolved, HasSubstr("# case.yaml:4:14"));
  EXPECT_THAT(result.resolved, HasSubstr("# default"));
}

TEST(Config, a_setting_takes_away_the_exclusive_key) {
  auto result = read("time: {run_days: 5}\n", {"time.run_steps=48"});
  EXPECT_EQ(result.report, "");
  EXPECT_EQ(result.tree.time.run_steps, 48);
  EXPECT_THAT(result.resolved, testing::Not(HasSubstr("run_days")));
  result = read("time: {run_steps: 5}\n", {"time.run_days=0.25"});
  EXPECT_EQ(result.report, "");
  EXPECT_EQ(result.tree.time.run_days, 0.25);
  result = read("title: x\n", {"time.run_steps=2", "time.run_days=1"});
  EXPECT_EQ(result.report, "");
  EXPECT_THAT(result.resolved, testing::Not(HasSubstr("run_steps"))) << "the last one counts";
}

TEST(Config, a_file_that_cannot_be_read_is_the_only_mistake_whatever_is_set) {
  const std::vector<std::string> settings = {"grid.n_lon=16", "output.streams[0].name=a"};
  for (const char* text : {"", "grid: {n_lon: 8\n", "a sentence\n", "grid: *a\noutput: {streams: *b}\n"}) {
    const auto report = read(text, settings).report;
    EXPECT_THAT(report, testing::Not(HasSubstr("--set"))) << text;
    EXPECT_THAT(report, HasSubstr("nothing was written"));
  }
}

TEST(Config, bad_settings_are_named) {
  const std::string text = "title: x\noutput:\n  streams:\n    - {name: a}\n";
  const std::pair<const char*, const char*> bad[] = {
      {"dycore.dt_s", "ERROR config --set dycore.dt_s: a setting has the form key=value"},
      {"=3", "a setting has the form key=value"},
      {"a..b=3", "a setting has the form key=value"},
      {"dycore.dt_s=-600", "ERROR config --set dycore.dt_s=-600: 'dycore.dt_s' = -600 is outside [1, 7200] s"},
      {"dycore.dt_s=", "ERROR config --set dycore.dt_s=: 'dycore.dt_s' has no value"},
      {"title=", "ERROR config --set title=: 'title' has no value"},
      {"output.streams.a=3",
       "'output.streams' is no group but a list; name one of its elements, as in output.streams[0]"},
      {"dycore.dt_s=[", "--set dycore.dt_s=[: "},
      {"dycore.dt=1", "did you mean 'dycore.dt_s'?"},
      {"dycore.dt_s=&a 3", "anchors (&) are not allowed"},
      {"title.a=3", "'title' is no group but 'x'"},
      {"output.streams[5].name=b", "'output.streams' has 1 element, counted from 0: there is no [5]"},
      {"grid[0].n_lon=8", "'grid' is a list; it must be a group of keys"},
      {"output.streams.name=b", "'output.streams' is no group but a list"},
  };
  for (const auto& [setting, words] : bad) EXPECT_THAT(read(text, {setting}).report, HasSubstr(words)) << setting;
}

TEST(Config, the_resolved_case_read_again_gives_the_same_bits) {
  Tree tree;
  std::uint64_t bits = 0x9E3779B97F4A7C15;
  for (int n = 0; n < 2000; ++n) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    tree.dycore.damping = std::ldexp(static_cast<double>(bits >> 11), -53 - static_cast<int>(bits % 60));
    tree.dycore.dt_s = 1 + 7199 * std::ldexp(static_cast<double>(bits >> 20), -44);
    Resolver resolver({}, exclusive);
    tree.visit(resolver);
    const auto again = read(resolver.yaml());
    ASSERT_EQ(again.report, "");
    ASSERT_EQ(std::memcmp(&again.tree.dycore.damping, &tree.dycore.damping, sizeof(double)), 0) << resolver.yaml();
    ASSERT_EQ(std::memcmp(&again.tree.dycore.dt_s, &tree.dycore.dt_s, sizeof(double)), 0) << resolver.yaml();
  }
}

TEST(Config, the_resolved_case_is_a_fixed_point) {
  const std::string text =
      "title: 'a: b # \"c\"'\ntime: {run_steps: 7}\ninitial: {name: williamson_2, angle_degrees: 45}\n"
      "output:\n  streams:\n    - {name: a, fields: [ua, va]}\n    - {vertical: [850]}\n";
  const auto once = read(text);
  ASSERT_EQ(once.report, "");
  const auto twice = read(once.resolved);
  ASSERT_EQ(twice.report, "") << once.resolved;
  const auto without_comments = [](const std::string& yaml) {
    Tree tree;
    Problems problems;
    const Node root = parse_yaml(yaml, "c", problems);
    Reader reader(root, problems);
    tree.visit(reader);
    Resolver resolver({{"time.run_steps", "x"}}, exclusive);
    tree.visit(resolver);
    return resolver.yaml();
  };
  EXPECT_EQ(without_comments(once.resolved), without_comments(twice.resolved));
  EXPECT_EQ(twice.tree.title, "a: b # \"c\"");
  EXPECT_EQ(twice.tree.initial.angle, 45);
  EXPECT_EQ(twice.tree.output.streams[1].vertical, std::vector<std::string>{"850"});
}

TEST(Config, everything_that_can_be_set_is_described) {
  const auto options = all_options();
  const auto find = [&](const std::string& path) {
    for (const auto& option : options) {
      if (option.path == path) return option;
    }
    ADD_FAILURE() << path;
    return OptionInfo();
  };
  const auto step = find("dycore.dt_s");
  EXPECT_EQ(step.type, "number");
  EXPECT_EQ(step.unit, "s");
  EXPECT_EQ(step.range.highest, 7200);
  EXPECT_EQ(step.default_value, "600");
  EXPECT_EQ(find("dycore.equations").allowed, (std::vector<std::string>{"shallow_water", "hydrostatic"}));
  EXPECT_EQ(find("initial.angle_degrees").condition, "initial.name: williamson_2");
  EXPECT_EQ(find("initial.name").condition, "");
  EXPECT_EQ(find("output.streams[].every").default_value, "1 day");
  EXPECT_EQ(find("output.streams").type, "list");
  EXPECT_EQ(find("nothing").type, "group");
}

TEST(Config, floods_of_unknown_keys_end_quickly) {
  std::string text;
  for (int n = 0; n < 80'000; ++n) text += "key" + std::to_string(n) + ": 1\n";
  const auto report = read(text).report;
  EXPECT_THAT(report, HasSubstr("80000 errors"));
  EXPECT_LT(report.size(), 20'000u);
}

}  // namespace
}  // namespace meridian
