// Case files: the shipped ones, rules across parts, and what there is to list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "driver/case.hpp"
#include "driver/listing.hpp"

namespace meridian {
namespace {

using testing::HasSubstr;

Case parsed(const std::string& text, const std::vector<std::string>& settings = {}) {
  return parse_case({"test", "case.yaml", text}, settings);
}

/// What parse_case says about a text; "" when it is good.
std::string complaint(const std::string& text, const std::vector<std::string>& settings = {}) {
  try {
    parsed(text, settings);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    return error.what();
  }
  return "";
}

std::string without_comments(const std::string& yaml) { return std::regex_replace(yaml, std::regex(" +# .*"), ""); }

TEST(Case, every_shipped_case_reads_and_its_resolved_form_gives_the_same_case) {
  const auto names = case_names();
  EXPECT_GE(names.size(), 11u);
  for (const auto& name : names) {
    const Case c = read_case(name, {});
    EXPECT_EQ(c.name, name);
    EXPECT_NE(c.title, "untitled");
    EXPECT_EQ(complaint(c.resolved), "") << c.resolved;
    EXPECT_THAT(c.resolved, testing::Not(HasSubstr("figure:"))) << "a shortened run has no figure after its end";
    EXPECT_EQ(without_comments(parsed(c.resolved).resolved), without_comments(c.resolved));
  }
}

TEST(Case, an_empty_group_of_settings_gives_the_defaults) {
  const Case c = parsed("title: nothing else\n");
  EXPECT_EQ(c.grid.n_lon, 180);
  EXPECT_EQ(c.grid.levels, "L26");
  EXPECT_EQ(c.time.run_days, 10);
  EXPECT_THAT(c.resolved, HasSubstr("run_days: 10"));
  EXPECT_THAT(c.resolved, testing::Not(HasSubstr("run_steps")));
}

TEST(Case, equations_and_initial_state_must_belong_together) {
  EXPECT_THAT(complaint("initial: {name: galewsky}\n"),
              HasSubstr("case.yaml:1:17: 'initial.name' = galewsky is a state of the shallow_water equations, but "
                        "'dycore.equations' = hydrostatic"));
  EXPECT_THAT(complaint("dycore: {equations: shallow_water}\n"), HasSubstr("is a state of the hydrostatic equations"));
  EXPECT_EQ(complaint("dycore: {equations: shallow_water}\ninitial: {name: galewsky}\n"), "");
  EXPECT_THAT(
      complaint("dycore: {equations: shallow_water}\ninitial: {name: galewsky}\nphysics: {suite: [held_suarez]}\n"),
      HasSubstr("case.yaml:3:11: 'physics.suite' has schemes for columns of air"));
  EXPECT_EQ(complaint("dycore: {equations: shallow_water}\ninitial: {name: galewsky}\nphysics: {suite: [terminator]}\n"
                      "tracers: [{name: cl}, {name: cl2}]\n"),
            "");
}

TEST(Case, a_setting_of_a_scheme_without_effect_is_refused) {
  const auto said = [](const std::string& entry) { return complaint("physics: {suite: [{" + entry + "}]}\n"); };
  const auto only_with = [](const char* setting) {
    return HasSubstr("has an effect only with '" + std::string(setting));
  };
  EXPECT_THAT(said("scheme: grey_radiation, co2_ppm: 720"), only_with("preset: byrne13"));
  EXPECT_THAT(said("scheme: grey_radiation, co2_percent_per_year: 1"), only_with("preset: byrne13"));
  EXPECT_THAT(said("scheme: grey_radiation, optical_depth_factor: 1.2"), only_with("preset: ogorman08"));
  EXPECT_THAT(said("scheme: grey_radiation, ice_albedo: 0.7"), only_with("ice: true"));
  EXPECT_THAT(said("scheme: grey_radiation, obliquity_degrees: 54"), only_with("insolation: orbit"));
  EXPECT_THAT(said("scheme: grey_radiation, diurnal_cycle: false"), only_with("insolation: orbit"));
  EXPECT_THAT(said("scheme: prescribed_sst, temperature_k: 300"), only_with("profile: uniform"));
  EXPECT_EQ(said("scheme: grey_radiation, preset: byrne13, co2_ppm: 720, insolation: orbit, obliquity_degrees: 54"),
            "");
  EXPECT_EQ(said("scheme: grey_radiation, ice: false, ice_albedo: 0.7"), "");  // switched off to compare
  EXPECT_EQ(said("scheme: prescribed_sst, profile: uniform, temperature_k: 300"), "");
}

TEST(Case, an_interval_that_is_none_is_reported_once) {
  const std::string said = complaint("output: {streams: [{name: a, fields: [ps], every: 1 dayz}]}\n");
  EXPECT_THAT(said, HasSubstr("'1 dayz' is no interval"));
  EXPECT_THAT(said, HasSubstr("1 error; nothing was written"));
}

TEST(Case, mistakes_of_all_parts_are_reported_at_once_with_their_places) {
  const std::string said = complaint(
      "grid: {levels: L27}\n"
      "dycore: {dt_s: 7000, colour: blue}\n"
      "time: {run_days: 1}\n"
      "tracers: [{name: a}, {name: a}]\n"
      "output:\n"
      "  streams:\n"
      "    - {name: s, fields: [ps, tss], every: 1 day}\n"
      "    - {name: s, fields: [ua], every: 1 day, vertical: [850, 50000]}\n"
      "restart: {every: 1 fortnight}\n");
  for (const char* words :
       {"case.yaml:1:16: 'grid.levels' = L27", "case.yaml:2:22: unknown key 'dycore.colour'",
        "case.yaml:3:18: 'time.run_days' = 1 is no whole number", "case.yaml:4:29: two tracers are called 'a'",
        "case.yaml:7:30: stream 's' names the field 'tss'", "case.yaml:8:14: two streams are called 's'",
        "50000 hPa; it must be at most 1200 hPa", "case.yaml:9:18: '1 fortnight' is no interval", "10 errors"}) {
    EXPECT_THAT(said, HasSubstr(words));
  }
  // A rule between keys says nothing where one of them was refused.
  EXPECT_THAT(complaint("dycore: {dt_s: seven}\ntime: {run_days: 1.0001}\n"), HasSubstr("1 error;"));
}

TEST(Case, an_input_file_that_is_not_there_is_reported_with_its_place) {
  try {
    parsed("boundary: {topography: none.nc}\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::missing_input);
    EXPECT_THAT(error.what(), HasSubstr("case.yaml:1:24: 'boundary.topography': There is no file 'none.nc'"));
  }
}

TEST(Case, a_step_is_a_whole_number_of_microseconds) {
  EXPECT_THAT(complaint("dycore: {dt_s: 0.0010005}\n"), HasSubstr("the nearest is 0.001"));
  for (const char* good : {"0.001", "133.333333", "7199.999999", "0.1"}) {
    EXPECT_EQ(complaint(std::string("time: {run_steps: 1}\nrestart: {every: never}\ndycore: {dt_s: ") + good + "}\n"),
              "")
        << good;
  }
  EXPECT_THAT(complaint("time: {run_days: 1}\ndycore: {dt_s: 7000}\n"),
              HasSubstr("case.yaml:1:18: 'time.run_days' = 1 is no whole number of steps of 'dycore.dt_s' = 7000 s"));
}

TEST(Case, both_lengths_of_a_run_are_refused_but_a_setting_replaces_the_other) {
  EXPECT_THAT(complaint("time: {run_days: 1, run_steps: 3}\n"), HasSubstr("give one of them"));
  EXPECT_EQ(parsed("time: {run_days: 1}\n", {"time.run_steps=3"}).time.run_steps, 3);
  const Case c = parsed("time: {run_steps: 3}\n", {"time.run_days=2"});
  EXPECT_EQ(c.time.run_days, 2);
  EXPECT_THAT(c.resolved, testing::Not(HasSubstr("run_steps")));
}

TEST(Case, files_beside_the_case_file_are_found) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "meridian_test_case";
  std::filesystem::create_directories(folder);
  for (const char* name : {"ground.nc", "levels.txt", "flat", "L26"}) std::ofstream(folder / name) << "x";
  const CaseText source{"a", (folder / "a.yaml").string(),
                        "boundary: {topography: ground.nc}\ngrid: {levels: levels.txt}\n"};
  const Case c = parse_case(source, {});
  EXPECT_EQ(c.boundary.topography, (folder / "ground.nc").string());
  EXPECT_EQ(c.grid.levels, (folder / "levels.txt").string());
  const Case other = parse_case({"a", source.file, "title: x\n"}, {"boundary.topography=earth_topography_1p0.nc"});
  EXPECT_EQ(other.boundary.topography, "earth_topography_1p0.nc");  // in data/
  EXPECT_EQ(other.grid.levels, "L26");
  EXPECT_EQ(parse_case({"a", source.file, "title: x\n"}, {}).boundary.topography, "flat");
  const Case copied = parse_case({"a", source.file, "grid: {levels: levels/frierson25.txt}\n"}, {});
  EXPECT_EQ(copied.grid.levels, folder_of("case") + "/levels/frierson25.txt");
  EXPECT_THROW(parse_case({"a", source.file, "grid: {levels: levels/none.txt}\n"}, {}), Error);
  std::filesystem::remove_all(folder);
}

TEST(Case, unknown_names_and_missing_files_are_refused) {
  try {
    find_case("held_suares");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'held_suarez'?"));
  }
  try {
    find_case("nowhere/case.yaml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::missing_input);
  }
}

TEST(Listing, everything_that_is_listed_can_be_described) {
  for (const char* kind : {"cases", "schemes", "fields", "options"}) {
    const auto entries = nlohmann::json::parse(list(kind, true));
    EXPECT_FALSE(entries.empty()) << kind;
    EXPECT_FALSE(list(kind, false).empty());
    for (const auto& entry : entries) {
      for (const char* key : {"name", "short_name", "path"}) {
        if (entry.contains(key)) {
          EXPECT_NO_THROW(describe(entry[key])) << entry;
        }
      }
    }
  }
  EXPECT_THROW(describe("nonsense_of_no_kind"), Error);
  EXPECT_THAT(describe("output.streams[0].every"), HasSubstr("output.streams[].every: "));
  EXPECT_THAT(describe("co2_ppm"), HasSubstr("physics.suite[].co2_ppm: carbon dioxide"));
  EXPECT_THAT(describe("tnt_betts_miller"), HasSubstr("the share of scheme 'betts_miller' in tnt"));
  EXPECT_THROW(describe("tnt_slab_ocean"), Error);
}

TEST(Listing, words_are_explained_or_it_is_said_where) {
  for (const OptionInfo& option : all_options()) {
    const bool says_where =
        option.meaning.find("meridian ") != std::string::npos || option.meaning.find("docs/") != std::string::npos;
    for (const std::string& word : option.allowed) {
      EXPECT_TRUE(says_where || option.meaning.find(word) != std::string::npos) << option.path << ": " << word;
    }
  }
}

TEST(Listing, keys_of_machine_files_are_described) {
  for (const char* name : {"model.memory_gb", "memory_gb"}) {
    EXPECT_THAT(describe(name), HasSubstr("Key of machine files, model.memory_gb: memory of a device")) << name;
  }
}

TEST(Listing, the_schema_has_a_place_for_every_option) {
  const auto schema = nlohmann::json::parse(json_schema());
  const auto& properties = schema["properties"];
  EXPECT_EQ(properties["dycore"]["properties"]["dt_s"]["maximum"], 7200);
  EXPECT_EQ(properties["dycore"]["additionalProperties"], false);
  EXPECT_EQ(properties["grid"]["properties"]["n_lon"]["type"], "integer");
  EXPECT_TRUE(properties["initial"]["properties"].contains("angle_degrees"));
  EXPECT_TRUE(properties["output"]["properties"]["streams"]["items"]["anyOf"][0]["properties"].contains("every"));
  EXPECT_EQ(properties["physics"]["properties"]["suite"]["items"]["anyOf"][1]["type"], "string");
}

}  // namespace
}  // namespace meridian
