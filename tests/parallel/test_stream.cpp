// What all ranks write into output streams, read back and compared with the values at every global point.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "io/collective.hpp"
#include "io/netcdf.hpp"
#include "io/stream.hpp"
#include "tests/support/synthetic_atmosphere.hpp"

namespace meridian {
namespace {

using test::SyntheticAtmosphere;
constexpr int n_lon = SyntheticAtmosphere::n_lon, n_lat = SyntheticAtmosphere::n_lat;
constexpr int n_k = SyntheticAtmosphere::n_layers;

/// Runs the action on rank 0 alone.
void on_first_rank(const std::function<void()>& action) {
  agree(MPI_COMM_WORLD, [&] {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) action();
  });
}

/// Paths of the files in a directory, sorted.
std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// An empty directory that all ranks share.
std::string fresh_directory() {
  const std::string path = (std::filesystem::temp_directory_path() / "meridian_parallel_test_stream").string();
  on_first_rank([&] { std::filesystem::remove_all(path); });
  return path;
}

Provenance provenance() {
  Provenance of_test;
  of_test.case_name = "synthetic";
  return of_test;
}

StreamOptions stream_of(const std::string& statistic, const std::string& every, std::vector<std::string> fields) {
  StreamOptions options;
  options.name = statistic + "_stream";
  options.statistic = statistic;
  options.every = every;
  options.fields = std::move(fields);
  options.precision = "double";
  return options;
}

/// Steps (first, last] of six hours; sampled at each, and at step 0.
void advance(SyntheticAtmosphere& atmosphere, Streams& streams, Clock& clock, long last) {
  while (true) {
    if (streams.wants(clock, 1)) {
      atmosphere.set(false, clock.step());
      streams.sample(clock, 1);
    }
    if (clock.step() >= last) return;
    clock.advance();
  }
}

double combined(const std::string& statistic, const std::vector<double>& samples) {
  if (statistic == "min") return *std::min_element(samples.begin(), samples.end());
  if (statistic == "max") return *std::max_element(samples.begin(), samples.end());
  double sum = 0;
  for (const double sample : samples) sum += sample;
  return statistic == "mean" ? sum / static_cast<double>(samples.size()) : sum;
}

/// Value of a Real field as the model holds it.
double stored(double value) { return static_cast<double>(static_cast<Real>(value)); }

void barrier() { MPI_Barrier(MPI_COMM_WORLD); }

TEST(Stream, AnInstantaneousOneHoldsTheInitialStateAndEveryIntervalAtEveryPoint) {
  const std::string directory = fresh_directory();
  SyntheticAtmosphere atmosphere(MPI_COMM_WORLD);
  Clock clock = test::six_hourly_clock();
  Streams streams({{stream_of("instant", "12 hours", {"ua", "ta", "orog"})}, 1}, atmosphere.grid, atmosphere.fields,
                  clock, provenance(), directory);
  advance(atmosphere, streams, clock, 5);
  streams.close_files();
  const std::string path = directory + "/synthetic.instant_stream.12hr.instant.20000101-20000102.nc";
  ASSERT_EQ(files_in(directory), std::vector<std::string>{path});
  const NetcdfReader file(path);
  EXPECT_EQ(file.read("time"), (std::vector<double>{0, 0.5, 1}));
  EXPECT_FALSE(file.has_variable("time_bnds"));
  const auto ua = file.read("ua"), ps = file.read("ps"), orog = file.read("orog"), area = file.read("areacella");
  ASSERT_EQ(ua.size(), static_cast<std::size_t>(3 * n_k * n_lat * n_lon));
  std::size_t at = 0;
  for (int record = 0; record < 3; ++record) {
    for (int k = 0; k < n_k; ++k) {
      for (int j = 0; j < n_lat; ++j) {
        for (int i = 0; i < n_lon; ++i) ASSERT_EQ(ua[at++], stored(atmosphere.ua(2 * record, k, j, i)));
      }
    }
  }
  double sphere = 0;
  for (int j = 0; j < n_lat; ++j) {
    for (int i = 0; i < n_lon; ++i) {
      EXPECT_EQ(ps[j * n_lon + i], stored(atmosphere.ps(false, 0, j, i)));
      EXPECT_EQ(orog[j * n_lon + i], 10 * j + i);
      sphere += area[j * n_lon + i];
    }
  }
  const double radius = atmosphere.grid.planet.radius_m;
  EXPECT_NEAR(sphere / (4 * pi * radius * radius), 1, 1e-13);  // summed in plain order
  EXPECT_EQ(file.read("lat_bnds").front(), -90);
  EXPECT_EQ(file.read("lat_bnds").back(), 90);
  barrier();
}

TEST(Stream, EveryStatisticHasItsValueAndBoundsThatMeet) {
  for (const std::string statistic : {"mean", "min", "max", "sum"}) {
    const std::string directory = fresh_directory();
    SyntheticAtmosphere atmosphere(MPI_COMM_WORLD);
    Clock clock = test::six_hourly_clock();
    Streams streams({{stream_of(statistic, "1 day", {"ta"})}, 1}, atmosphere.grid, atmosphere.fields, clock,
                    provenance(), directory);
    advance(atmosphere, streams, clock, 11);  // two and three quarter days
    streams.close_files();
    const std::string path =
        directory + "/synthetic." + statistic + "_stream.day." + statistic + ".20000101-20000103.nc";
    ASSERT_EQ(files_in(directory), std::vector<std::string>{path});
    const NetcdfReader file(path);
    EXPECT_EQ(file.read("time"), (std::vector<double>{0.5, 1.5}));
    EXPECT_EQ(file.read("time_bnds"), (std::vector<double>{0, 1, 1, 2}));
    const auto ta = file.read("ta"), ps = file.read("ps");
    std::size_t at = 0, at_ps = 0;
    for (int day = 0; day < 2; ++day) {
      for (int k = 0; k < n_k; ++k) {
        for (int j = 0; j < n_lat; ++j) {
          for (int i = 0; i < n_lon; ++i) {
            std::vector<double> samples, samples_of_ps;
            for (int step = 4 * day + 1; step <= 4 * day + 4; ++step) {
              samples.push_back(stored(atmosphere.ta(false, step, k, j, i)));
              samples_of_ps.push_back(stored(atmosphere.ps(false, step, j, i)));
            }
            ASSERT_EQ(ta[at++], combined(statistic, samples));
            // A sum of pressures would be no term of the vertical coordinate.
            if (k == 0) {
              ASSERT_EQ(ps[at_ps++], combined(statistic == "sum" ? "mean" : statistic, samples_of_ps));
            }
          }
        }
      }
    }
    barrier();
  }
}

/// Interpolated as the file should be; the fill value below the ground and above the middle of the top layer.
double at_pressure(const SyntheticAtmosphere& atmosphere, long step, double p, int j, int i) {
  if (p > stored(atmosphere.ps(false, step, j, i))) return 1e20;
  for (int k = 0; k < n_k; ++k) {
    const double here = stored(atmosphere.pfull(false, step, k, j, i));
    const double ta = stored(atmosphere.ta(false, step, k, j, i));
    if (p > here) continue;
    if (k == 0) return p < here ? 1e20 : ta;
    const double above = stored(atmosphere.pfull(false, step, k - 1, j, i));
    const double weight = (std::log(p) - std::log(above)) / (std::log(here) - std::log(above));
    return (1 - weight) * stored(atmosphere.ta(false, step, k - 1, j, i)) + weight * ta;
  }
  return stored(atmosphere.ta(false, step, n_k - 1, j, i));
}

TEST(Stream, PressureLevelsAreInterpolatedAtEachSampleAndMissingBelowTheGround) {
  for (const std::string statistic : {"instant", "mean", "max"}) {
    const std::string directory = fresh_directory();
    SyntheticAtmosphere atmosphere(MPI_COMM_WORLD);
    Clock clock = test::six_hourly_clock();
    StreamOptions options = stream_of(statistic, "1 day", {"ta", "ps"});
    options.vertical = {"500", "1000", "850", "1"};
    Streams streams({{options}, 1}, atmosphere.grid, atmosphere.fields, clock, provenance(), directory);
    advance(atmosphere, streams, clock, 4);
    streams.close_files();
    ASSERT_EQ(files_in(directory).size(), 1u);
    const NetcdfReader file(files_in(directory)[0]);
    const std::vector<double> pressures = {100000, 85000, 50000, 100};
    EXPECT_EQ(file.read("plev"), pressures);
    EXPECT_FALSE(file.has_variable("lev"));
    EXPECT_EQ(file.number_attribute("ta", "_FillValue"), static_cast<double>(1e20f));
    EXPECT_EQ(file.number_attribute("ps", "_FillValue"), std::nullopt);
    const auto ta = file.read("ta");
    const bool instant = statistic == "instant";
    std::size_t at = instant ? pressures.size() * n_lat * n_lon : 0;  // its first record is the initial state
    int missing = 0, partly_missing = 0;
    for (const double p : pressures) {
      for (int j = 0; j < n_lat; ++j) {
        for (int i = 0; i < n_lon; ++i) {
          std::vector<double> samples;
          for (int step = instant ? 4 : 1; step <= 4; ++step) {
            const double sample = at_pressure(atmosphere, step, p, j, i);
            if (sample < 1e20) samples.push_back(sample);
          }
          missing += samples.empty();
          partly_missing += !samples.empty() && samples.size() < 4;
          const double expected = samples.empty() ? static_cast<double>(1e20f) : combined(statistic, samples);
          ASSERT_NEAR(ta[at], expected, 1e-12 * expected) << p << " Pa, row " << j << ", column " << i;
          ++at;
        }
      }
    }
    EXPECT_GT(missing, n_lat * n_lon);  // all of 1 hPa and some ground
    if (!instant) {
      EXPECT_GT(partly_missing, 10);
    }
    barrier();
  }
}

/// Copies what a restart set would hold, through the host.
std::vector<std::pair<std::string, std::vector<double>>> saved(Streams& streams, const Block& block) {
  std::vector<std::pair<std::string, std::vector<double>>> all;
  for (const Accumulator& one : streams.accumulators()) {
    all.push_back({one.name, packed(one.data, block.cells(static_cast<int>(one.data.extent(0))))});
  }
  return all;
}

TEST(Stream, AnAverageBrokenByARestartIsThatOfTheUnbrokenRun) {
  for (const std::string statistic : {"mean", "min", "max", "sum"}) {
    for (const bool at_pressures : {false, true}) {
      const std::string directory = fresh_directory();
      SyntheticAtmosphere atmosphere(MPI_COMM_WORLD);
      const Block& block = atmosphere.grid.block;
      StreamOptions options = stream_of(statistic, "5 days", {"ta", "ua"});
      if (at_pressures) options.vertical = {"1000", "700", "300"};
      StreamOptions other = stream_of("instant", "1 day", {"ua"});
      const OutputOptions output = {{options, other}, 1};
      const auto run = [&](Streams& streams, long first, long last) {
        Clock clock = test::six_hourly_clock(first);
        advance(atmosphere, streams, clock, last);
        streams.close_files();
      };
      Clock start = test::six_hourly_clock();
      Streams unbroken(output, atmosphere.grid, atmosphere.fields, start, provenance(), directory + "/unbroken");
      run(unbroken, 0, 22);

      Streams before(output, atmosphere.grid, atmosphere.fields, start, provenance(), directory + "/broken");
      run(before, 0, 13);
      const auto arrays = saved(before, block);
      const std::string text = before.state_text();
      EXPECT_EQ(arrays.size(),
                at_pressures ? 3u : 3u);  // ta, ua and ps, or ta, ua and the samples above ground
      for (const auto& [name, values] : arrays) {
        EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) << name;
      }

      Streams after(output, atmosphere.grid, atmosphere.fields, start, provenance(), directory + "/broken");
      const Clock resumed = test::six_hourly_clock(13);
      after.restore_state_text(text, resumed);
      const auto targets = after.accumulators();
      ASSERT_EQ(targets.size(), arrays.size());
      for (std::size_t n = 0; n < targets.size(); ++n) {
        ASSERT_EQ(targets[n].name, arrays[n].first);
        unpack(arrays[n].second, targets[n].data, block.cells(static_cast<int>(targets[n].data.extent(0))));
      }
      after.remove_newer_than(resumed);
      run(after, 14, 22);

      const std::string name = "/synthetic." + statistic + "_stream.5day." + statistic + ".20000101-20000106.nc";
      const NetcdfReader left(directory + "/unbroken" + name), right(directory + "/broken" + name);
      for (const std::string variable : {"time", "time_bnds", "ta", "ua"}) {
        EXPECT_EQ(left.read(variable), right.read(variable)) << statistic << " of " << variable;
      }
      // The instantaneous stream goes on in a segment of its own.
      EXPECT_TRUE(
          std::filesystem::exists(directory + "/broken/synthetic.instant_stream.day.instant.20000101-20000104.nc"));
      EXPECT_TRUE(
          std::filesystem::exists(directory + "/broken/synthetic.instant_stream.day.instant.20000105-20000106.nc"));
      barrier();
    }
  }
}

TEST(Stream, ResumingRemovesOnlyNewerSegmentsAndLeftoversOfItsOwn) {
  const std::string directory = fresh_directory();
  SyntheticAtmosphere atmosphere(MPI_COMM_WORLD);
  Clock clock = test::six_hourly_clock();
  const OutputOptions output = {{stream_of("instant", "6 hours", {"ua"}), stream_of("mean", "12 hours", {"ua"})}, 1};
  Streams streams(output, atmosphere.grid, atmosphere.fields, clock, provenance(), directory);
  for (const long last : {4, 5, 6, 8}) {
    advance(atmosphere, streams, clock, last);
    streams.close_files();
    clock.advance();
  }
  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  };
  on_first_rank([&] {
    for (const char* name : {"synthetic.instant_stream.6hr.instant.20000104.nc.part", "notes.nc.part",
                             "synthetic.notes.nc", "synthetic2.instant_stream.6hr.instant.20000104.nc.part"}) {
      NetcdfWriter(directory + "/" + name, MPI_COMM_SELF).close();
    }
    std::filesystem::rename(directory + "/synthetic.instant_stream.6hr.instant.20000104.nc.part",
                            directory + "/synthetic.instant_stream.6hr.instant.20000105.nc.part");
  });
  barrier();
  const auto all = files();
  streams.remove_newer_than(test::six_hourly_clock(5));
  const std::vector<std::string> kept = {
      "notes.nc.part",
      "synthetic.instant_stream.6hr.instant.20000101-20000102.nc",
      "synthetic.instant_stream.6hr.instant.20000102T0600-20000102T0600.nc",  // written before the set of step 5
      "synthetic.mean_stream.12hr.mean.20000101-20000102.nc",
      "synthetic.notes.nc",
      "synthetic2.instant_stream.6hr.instant.20000104.nc.part",
  };
  barrier();
  EXPECT_EQ(files(), kept);
  EXPECT_EQ(all.size(), kept.size() + 5);
  barrier();
  streams.remove_newer_than(test::six_hourly_clock(0));
  barrier();
  EXPECT_EQ(files().size(), 3u);
  barrier();
}

TEST(Stream, AFailureBeforeTheRenameLeavesNoFileUnderAFinalName) {
  const std::string directory = fresh_directory();
  SyntheticAtmosphere atmosphere(MPI_COMM_WORLD);
  Clock clock = test::six_hourly_clock();
  OutputOptions output = {{stream_of("instant", "6 hours", {"ua"})}, 1};
  output.writers = atmosphere.grid.block.n_ranks;
  Streams streams(output, atmosphere.grid, atmosphere.fields, clock, provenance(), directory);
  advance(atmosphere, streams, clock, 2);
  setenv("MERIDIAN_FAULTS", "stream_rename=enospc", 1);
  try {
    streams.close_files();
    ADD_FAILURE() << "the fault was not seen";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input_output);
  }
  unsetenv("MERIDIAN_FAULTS");
  barrier();
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    EXPECT_EQ(entry.path().extension(), ".part") << entry.path();
  }
  streams.close_files();  // the files are whole: nothing but the fault kept them from their names
  EXPECT_EQ(files_in(directory),
            std::vector<std::string>{directory + "/synthetic.instant_stream.6hr.instant.20000101-20000101T1200.nc"});
  barrier();
}

}  // namespace
}  // namespace meridian
