// Output streams on one rank: what is refused and how, when samples are taken, and sample files for the checks in
// tests/python/test_stream_files.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "io/netcdf.hpp"
#include "io/stream.hpp"
#include "io/stream_file.hpp"
#include "tests/support/synthetic_atmosphere.hpp"

namespace meridian {
namespace {

using test::SyntheticAtmosphere;
using testing::HasSubstr;

std::string directory_of(const std::string& name) {
  const auto path = std::filesystem::temp_directory_path() / "meridian_test_stream" / name;
  std::filesystem::remove_all(path);
  return path.string();
}

StreamOptions stream_of(const std::string& name, const std::string& statistic, const std::string& every,
                        std::vector<std::string> fields, std::vector<std::string> vertical = {"model"}) {
  StreamOptions options;
  options.name = name;
  options.statistic = statistic;
  options.every = every;
  options.fields = std::move(fields);
  options.vertical = std::move(vertical);
  return options;
}

Provenance provenance_of(const std::string& case_name) {
  Provenance provenance;
  provenance.case_name = case_name;
  provenance.title = "Known values for tests of the files";
  provenance.institution = "none";
  provenance.source = "Meridian";
  provenance.history = "2026-01-01T00:00:00Z meridian run " + case_name;
  provenance.references = "none";
  return provenance;
}

/// The sentence with which streams are refused; "" when they are not.
std::string refusal(const std::vector<StreamOptions>& streams) {
  SyntheticAtmosphere atmosphere(MPI_COMM_SELF);
  const std::string directory = directory_of("refused");
  std::string sentence;
  try {
    Streams({streams, 1}, atmosphere.grid, atmosphere.fields, test::six_hourly_clock(), provenance_of("x"), directory);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    sentence = error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
  return sentence;
}

TEST(StreamOptionsTest, MistakesAreRefusedWithTheStreamsName) {
  EXPECT_EQ(refusal({stream_of("good", "mean", "1 day", {"ta"})}), "");
  const std::string unknown = refusal({stream_of("s1", "mean", "1 day", {"ta", "huss"})});
  EXPECT_THAT(unknown, HasSubstr("'s1'"));
  EXPECT_THAT(unknown, HasSubstr("'huss'"));
  EXPECT_THAT(unknown, HasSubstr("ta, ua, va"));
  EXPECT_THAT(refusal({stream_of("s2", "mean", "1 day", {"u"})}), HasSubstr("'u'"));  // not at cells
  EXPECT_THAT(refusal({stream_of("s3", "mean", "1 day", {})}), HasSubstr("'fields' is empty"));
  EXPECT_THAT(refusal({stream_of("s4", "median", "1 day", {"ta"})}), HasSubstr("'median'"));
  EXPECT_THAT(refusal({stream_of("s5", "mean", "never", {"ta"})}), HasSubstr("'never'"));
  EXPECT_THAT(refusal({stream_of("s6", "mean", "1 fortnight", {"ta"})}), HasSubstr("fortnight"));
  EXPECT_THAT(refusal({stream_of("s 7", "mean", "1 day", {"ta"})}), HasSubstr("'s 7'"));
  EXPECT_THAT(refusal({stream_of("s8", "mean", "1 day", {"ta", "ta"})}), HasSubstr("twice"));
  EXPECT_THAT(refusal({stream_of("s9", "mean", "1 day", {"ta"}, {"plev7"})}), HasSubstr("'plev7'"));
  EXPECT_THAT(refusal({stream_of("s10", "mean", "1 day", {"ta"}, {"model", "500"})}), HasSubstr("'model'"));
  EXPECT_THAT(refusal({stream_of("s11", "mean", "1 day", {"ta"}, {"500", "500.0"})}), HasSubstr("twice"));
  EXPECT_THAT(refusal({stream_of("s12", "mean", "1 day", {"ta"}, {"nan"})}), HasSubstr("'nan'"));
  EXPECT_THAT(refusal({stream_of("s13", "mean", "1 day", {"ta"}, {})}), HasSubstr("'vertical' is empty"));
  EXPECT_THAT(refusal({stream_of("same", "mean", "1 day", {"ta"}), stream_of("same", "max", "1 day", {"ua"})}),
              HasSubstr("two streams"));
}

TEST(StreamTest, SamplesAreTakenEveryFewStepsOnlyWhereTheIntervalIsAMultiple) {
  SyntheticAtmosphere atmosphere(MPI_COMM_SELF);
  const auto wanted = [&](const std::string& statistic, const std::string& every, int samples_every) {
    const Streams streams({{stream_of("s", statistic, every, {"ta"})}, 1}, atmosphere.grid, atmosphere.fields,
                          test::six_hourly_clock(), provenance_of("x"), directory_of("wanted"));
    std::vector<long> steps;
    for (long step = 0; step <= 8; ++step) {
      if (streams.wants(test::six_hourly_clock(step), samples_every)) steps.push_back(step);
    }
    return steps;
  };
  EXPECT_EQ(wanted("instant", "1 day", 1), (std::vector<long>{0, 4, 8}));
  EXPECT_EQ(wanted("mean", "1 day", 1), (std::vector<long>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(wanted("mean", "1 day", 2), (std::vector<long>{2, 4, 6, 8}));
  EXPECT_EQ(wanted("mean", "5 steps", 2), (std::vector<long>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(StreamTest, TheVolumeIsThatOfTheNumbersWritten) {
  SyntheticAtmosphere atmosphere(MPI_COMM_SELF);
  StreamOptions exact = stream_of("exact", "instant", "6 hours", {"ps", "orog"});
  exact.precision = "double";
  const Streams streams({{stream_of("mean", "mean", "2 days", {"ta"}), exact}, 1}, atmosphere.grid, atmosphere.fields,
                        test::six_hourly_clock(), provenance_of("x"), directory_of("volume"));
  EXPECT_DOUBLE_EQ(streams.bytes_per_day(test::six_hourly_clock()), 48 * 24 * (11 * 4 / 2.0 + 4 * 8));
}

TEST(StreamTest, ADamagedStateIsRefused) {
  SyntheticAtmosphere atmosphere(MPI_COMM_SELF);
  Streams streams({{stream_of("s", "mean", "1 day", {"ta"})}, 1}, atmosphere.grid, atmosphere.fields,
                  test::six_hourly_clock(), provenance_of("x"), directory_of("state"));
  EXPECT_THAT(streams.state_text(), HasSubstr("\"samples\":0,\"begin_us\":0"));
  streams.sample(test::six_hourly_clock(1), 1);
  const std::string text = streams.state_text();
  EXPECT_THAT(text, HasSubstr("\"samples\":1"));
  streams.restore_state_text("{}", test::six_hourly_clock(2));
  EXPECT_THAT(streams.state_text(), HasSubstr("\"samples\":0,\"begin_us\":43200000000"));
  EXPECT_TRUE(streams.accumulators().empty());
  streams.restore_state_text(text, test::six_hourly_clock(2));
  EXPECT_EQ(streams.state_text(), text);
  EXPECT_EQ(streams.accumulators().size(), 2u);  // ta and ps
  for (const char* damaged : {"{\"s\": {\"samples\": x", "{\"s\": {\"samples\": 1}}", "[]]", "{\"s\": 3}",
                              "{\"s\": {\"samples\": -1, \"begin_us\": 0, \"of\": \"\"}}"}) {
    EXPECT_THROW(streams.restore_state_text(damaged, test::six_hourly_clock(2)), Error) << damaged;
  }
}

TEST(StreamTest, AnAverageOfOtherFieldsStartsAnewAtTheRestart) {
  SyntheticAtmosphere atmosphere(MPI_COMM_SELF);
  const std::string directory = directory_of("anew");
  const auto streams_of = [&](std::vector<std::string> fields) {
    return Streams({{stream_of("s", "mean", "1 day", std::move(fields))}, 1}, atmosphere.grid, atmosphere.fields,
                   test::six_hourly_clock(), provenance_of("x"), directory);
  };
  Streams before = streams_of({"ta"});
  before.sample(test::six_hourly_clock(1), 1);
  Streams after = streams_of({"ta", "ua"});
  after.restore_state_text(before.state_text(), test::six_hourly_clock(1));
  for (long step = 2; step <= 4; ++step) after.sample(test::six_hourly_clock(step), 1);
  after.close_files();
  const NetcdfReader file(directory + "/x.s.day.mean.20000101T0600-20000102.nc");
  EXPECT_EQ(file.read("time_bnds"), (std::vector<double>{0.25, 1}));
}

TEST(StreamTest, DatesInFileNamesAreAsFineAsTheyHaveToBe) {
  constexpr Microseconds second = microseconds_per_second;
  EXPECT_EQ(date_in_file_name({2000, 1, 1, 0}), "20000101");
  EXPECT_EQ(date_in_file_name({10, 2, 30, 6 * 3600 * second}), "00100230T0600");
  EXPECT_EQ(date_in_file_name({2000, 1, 1, 61 * second}), "20000101T000101");
  EXPECT_EQ(date_in_file_name({2000, 1, 1, second / 2}), "20000101T000000500000");
}

TEST(StreamTest, ADirectoryThatCannotBeMadeIsNamed) {
  SyntheticAtmosphere atmosphere(MPI_COMM_SELF);
  Streams streams({{stream_of("s", "instant", "1 day", {"ta"})}, 1}, atmosphere.grid, atmosphere.fields,
                  test::six_hourly_clock(), provenance_of("x"), "/proc/nowhere");
  try {
    streams.sample(test::six_hourly_clock(0), 1);
    streams.close_files();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::not_creatable);
    EXPECT_THAT(error.what(), HasSubstr("/proc/nowhere"));
  }
}

// ---- sample files ----

void write_streams(const std::vector<StreamOptions>& streams, const Grid& grid, const FieldSet& fields,
                   Calendar calendar, const std::string& case_name, const std::string& directory, int days) {
  Clock clock(calendar, {2000, 1, 1, 0}, 6 * 3600 * microseconds_per_second);
  Streams output({streams, 1}, grid, fields, clock, provenance_of(case_name), directory);
  for (; clock.step() <= 4 * days; clock.advance()) {
    if (output.wants(clock, 1)) output.sample(clock, 1);
  }
  output.close_files();
}

TEST(StreamTest, SampleFilesOfEveryKindAreWritten) {
  const char* wish = std::getenv("MERIDIAN_SAMPLE_FILES");
  const std::string directory = wish ? wish : directory_of("samples");
  SyntheticAtmosphere atmosphere(MPI_COMM_SELF);
  const std::vector<std::string> all = {"ta", "ua", "va", "pfull", "zg", "vo", "div", "ps", "orog", "phis", "tas"};
  atmosphere.set(true, 0);
  write_streams({stream_of("monthly", "mean", "1 month", all), stream_of("snap", "instant", "12 hours", all),
                 stream_of("most", "max", "5 days", {"ta", "ua"}), stream_of("least", "min", "1 day", {"ta"}),
                 stream_of("total", "sum", "1 day", {"ta"}), stream_of("plev", "mean", "1 day", all, {"plev8"}),
                 stream_of("surface", "mean", "1 day", {"ps", "tas", "uas"})},
                atmosphere.grid, atmosphere.fields, Calendar::noleap, "rest", directory, 60);
  atmosphere.set(false, 1);
  StreamOptions exact = stream_of("exact", "instant", "1 day", {"ta", "ua"});
  exact.precision = "double";
  StreamOptions exact_plev = stream_of("exact_plev", "max", "1 day", {"ta", "ua"}, {"850", "500"});
  exact_plev.precision = "double";
  write_streams({exact, exact_plev}, atmosphere.grid, atmosphere.fields, Calendar::day_360, "varying", directory, 2);
  const Grid shallow(atmosphere.grid.block, Planet(), single_layer());
  FieldSet water(shallow.block);
  test::fill(water.add(field::depth, 1, Role::prognostic).data(), shallow.block,
             [](int, int j, int) { return 1000.0 + j; });
  for (const auto& spec : {field::eastward_wind, field::relative_vorticity}) water.add(spec, 1, Role::diagnostic);
  water.add(field::surface_height, 1, Role::diagnostic);
  write_streams({stream_of("snap", "instant", "1 day", {"h", "eta", "ua", "vo"}),
                 stream_of("daily", "mean", "1 day", {"h", "vo"})},
                shallow, water, Calendar::proleptic_gregorian, "water", directory, 3);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    EXPECT_EQ(entry.path().extension(), ".nc");
    ++files;
  }
  EXPECT_EQ(files, 11);
}

}  // namespace
}  // namespace meridian
