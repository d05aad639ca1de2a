// `meridian run`: the loop over time steps, with everything that may interrupt it.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "driver/failure.hpp"
#include "driver/model.hpp"
#include "driver/plan.hpp"
#include "driver/progress.hpp"
#include "driver/signals.hpp"
#include "driver/version.hpp"
#include "driver/watchdog.hpp"
#include "io/run_directory.hpp"

namespace meridian {

namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

/// A random UUID (version 4), the same on all ranks.
std::string make_run_id(MPI_Comm world) {
  unsigned words[4];
  std::random_device random;
  for (unsigned& word : words) word = random();
  MPI_Bcast(words, 4, MPI_UNSIGNED, 0, world);
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%04x%08x", words[0], words[1] >> 16, words[1] & 0xfff,
                0x8000 | (words[2] >> 18), words[2] & 0xffff, words[3]);
  return text;
}

/// The record of a run: what it was made with, when, and how it ended (exit_code null: it is running or was killed).
class RunRecord {
 public:
  RunRecord(const Case& c, const RunDirectory& directory, const Model& model, const std::string& run_id,
            const std::string& parent_set)
      : path_(directory.path() + "/run.json"), writes_(model.grid().block.rank == 0) {
    if (!writes_) return;
    const BuildInfo& build = build_info();
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    const Block& block = model.grid().block;
    record_ = {
        {"case", c.name},
        {"title", c.title},
        {"run_id", run_id},
        {"command", c.command_line},
        {"started", utc_now()},
        {"finished", nullptr},
        {"exit_code", nullptr},
        {"program", "Meridian " + std::string(build.version)},
        {"commit", build.commit},
        {"compiler", build.compiler},
        {"kokkos", build.kokkos},
        {"backend", build.backend},
        {"precision", build.precision},
        {"netcdf", build.netcdf},
        {"mpi", build.mpi},
        {"host", host},
        {"ranks", block.n_ranks},
        {"layout", std::to_string(block.layout.ranks_lon) + "x" + std::to_string(block.layout.ranks_lat)},
        {"messages", block.stage_messages ? "host" : "device"},
        {"output_writers", model.streams().writers()},
        {"output_asynchronous", model.streams().asynchronous()},
        {"inputs_xxh3_128", model.input_hashes()},
        {"parent_restart", parent_set.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(parent_set)}};
    std::error_code ignored;
    std::filesystem::copy_file(c.file, directory.path() + "/case.yaml",
                               std::filesystem::copy_options::overwrite_existing, ignored);
    write(directory.path() + "/case.resolved.yaml", c.resolved);
    write(path_, record_.dump(2) + "\n");
  }
  void finish(int exit_code) {
    if (!writes_) return;
    record_["finished"] = utc_now();
    record_["exit_code"] = exit_code;
    write(path_, record_.dump(2) + "\n");
  }
  /// The end of a run that failed, by whichever rank ends the job; errors here must not hide its own.
  static void note_failure(const std::string& run_directory, int exit_code) {
    try {
      const std::string path = run_directory + "/run.json";
      nlohmann::ordered_json record = nlohmann::ordered_json::parse(std::ifstream(path));
      record["finished"] = utc_now();
      record["exit_code"] = exit_code;
      write(path, record.dump(2) + "\n");
    } catch (...) {
    }
    remove_lock(run_directory);
  }

 private:
  static void write(const std::string& path, const std::string& text) {
    const std::string part = path + ".part";
    std::ofstream file(part, std::ios::trunc);
    file << text << std::flush;
    require(file.good(), ExitCode::input_output, "'", path, "' could not be written (disk full?).");
    file.close();
    std::filesystem::rename(part, path);
  }

  std::string path_;
  bool writes_;
  nlohmann::ordered_json record_;
};

/// The newest set of a run directory; its directory is "" where there is none.
RestartManifest newest_set(const std::string& run_directory, const Block& block) {
  std::vector<std::string> warnings;
  const RestartManifest set = newest_restart_set(run_directory, block, warnings);
  if (block.rank == 0) {
    for (const std::string& warning : warnings) std::cerr << "WARNING " << warning << std::endl;
  }
  require(warnings.empty() || !set.directory.empty(), ExitCode::bad_data, "None of the restart sets in ", run_directory,
          "/restart can be trusted. Bring one back, or start anew with --resume none, which removes the output of the "
          "run before.");
  return set;
}

/// What all ranks must know, by one reduction. It waits for the device and for all ranks, so it comes about every quarter of
/// a second, or as often as reports are asked for, where steps are short; after each step where they are long, or where a
/// restart set is due.
struct Agreement {
  bool sound, stop, report;
  int steps;  // until the next one

  static constexpr int most_steps = 16;
  static constexpr double seconds_between = 0.25;
};
Agreement agree(const Block& block, bool sound, bool stop, bool report, double seconds_per_step, double every_s) {
  const double seconds = std::min(every_s, Agreement::seconds_between);
  const double steps = std::clamp(seconds / seconds_per_step, 1.0, double(Agreement::most_steps));
  int flags[4] = {sound ? 0 : 1, stop ? 1 : 0, report ? 1 : 0, -static_cast<int>(steps)};
  if (block.n_ranks > 1) MPI_Allreduce(MPI_IN_PLACE, flags, 4, MPI_INT, MPI_MAX, block.world);
  return {flags[0] == 0, flags[1] != 0, flags[2] != 0, -flags[3]};
}

/// Refuses a large grid before anything of its size is allocated, where memory would run out.
void require_room(const Case& c) {
  if (static_cast<double>(c.grid.n_lon) * c.grid.n_lat < 5e5) return;
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const Layout layout = layout_of(c, n_ranks);
  const std::string no_room = room_warning(Plan(c).cost_of(layout, rank, n_ranks).memory_bytes(), MPI_COMM_WORLD);
  require(no_room.empty(), ExitCode::configuration, no_room);
}

}  // namespace

int run_case(const Case& c, const RunOptions& options) {
  if (options.dry_run) {
    const CheckReport report = check_case(c);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) std::cout << report.text << "Dry run: nothing was written." << std::endl;
    return 0;
  }
  require_room(c);
  const std::string run_id = make_run_id(MPI_COMM_WORLD);
  Model model(c, options.run_directory + "/output", run_id);
  const Block& block = model.grid().block;
  // A set that was named is refused before the directory of the run is made.
  const bool automatic = options.resume == "auto";
  RestartManifest set;
  if (!automatic && options.resume != "none") {
    set = verified_restart_set(options.resume, block);
    model.require_same_settings(set);
  }
  RunDirectory directory(options.run_directory, block.world);
  // A refusal from here on leaves no lock, which another host could not tell from that of a living run.
  on_failure([path = directory.path()](ExitCode) { remove_lock(path); });
  catch_stop_signals();
  if (automatic) {
    set = newest_set(directory.path(), block);
    if (!set.directory.empty()) model.require_same_settings(set);
  }
  require(set.directory.empty() || set.step <= model.last_step(), ExitCode::configuration, "The restart set ",
          set.directory, " is at step ", set.step, ", after the end of this run at step ", model.last_step(),
          ". Make the run longer, or start anew with --resume none.");
  if (automatic && !set.directory.empty() && set.step == model.last_step()) {
    if (block.rank == 0) {
      std::cerr << "Run directory: " << directory.path() << "\nAlready complete at " << set.facts.at("date")
                << ", step " << set.step
                << ". Raise time.run_days or time.run_steps to go on, or start anew with --resume none." << std::endl;
    }
    return static_cast<int>(ExitCode::done);
  }
  if (set.directory.empty() && block.rank == 0 && !std::filesystem::is_empty(directory.output())) {
    std::cerr << "WARNING Starting anew: the output of the run before in " << directory.output() << " is removed."
              << std::endl;
  }
  RunRecord record(c, directory, model, run_id, set.directory);
  on_failure([path = directory.path()](ExitCode code) { RunRecord::note_failure(path, static_cast<int>(code)); });
  if (block.rank == 0) {
    std::cerr << "Case " << c.name << ", " << block.n_lon << " x " << block.n_lat << " x " << model.grid().n_levels()
              << " cells on " << block.n_ranks << (block.n_ranks == 1 ? " rank" : " ranks") << " ("
              << block.layout.ranks_lon << "x" << block.layout.ranks_lat << ")"
              << (block.n_ranks > 1 && block.stage_messages ? ", messages through host memory" : "")
              << "\nRun directory: " << directory.path() << std::endl;
  }
  std::string last_set = set.directory;
  std::vector<std::string> warnings = setting_warnings(c);
  if (set.directory.empty()) {
    model.start_from_initial_state();
  } else {
    const std::vector<std::string> ended = model.start_from(set);
    warnings.insert(warnings.end(), ended.begin(), ended.end());
    if (block.rank == 0) std::cerr << "Continuing from " << set.directory << std::endl;
  }
  require(model.dycore().is_sound(), ExitCode::numerical, "The initial state is not finite, or a layer has no mass.");
  const double days = (model.last_step() - model.clock().step()) * model.clock().step_seconds() / seconds_per_day;
  const double bytes = model.streams().bytes_per_day(model.clock()) * days + restart_bytes(c, model.grid().n_levels());
  warnings.insert(warnings.end(),
                  {courant_warning(c, model.dycore().summary()), disk_warning(bytes, directory.path())});
  if (set.directory.empty()) warnings.push_back(model.start_file_warning());
  for (const std::string& warning : warnings) {
    if (!warning.empty() && block.rank == 0) std::cerr << "WARNING " << warning << std::endl;
  }

  Progress progress(c.log, model, directory.log());
  Watchdog watchdog(c.log.watchdog_s, block.rank);
  bool stopped = false;
  bool first = true;
  long step_of_last_set = set.directory.empty() ? -1 : set.step;
  long last_agreement = model.clock().step(), next_agreement = last_agreement + 1;
  Kokkos::Timer since_agreement;
  while (!stopped && model.clock().step() < model.last_step()) {
    try {
      model.step();
    } catch (const Error& error) {  // of physics: the state that it was handed, or what it computed
      if (error.code() != ExitCode::numerical) throw;
      throw Error(error.code(), std::string(error.what()) + " This was in step " +
                                    std::to_string(model.clock().step() + 1) +
                                    ". Last good restart set: " + (last_set.empty() ? "none" : last_set) + ".");
    }
    watchdog.step_ended();
    const long now = model.clock().step();
    if (now < next_agreement && now < model.last_step() && !model.writes_restart_now()) continue;
    const double seconds_per_step = since_agreement.seconds() / static_cast<double>(now - last_agreement);
    const Agreement all = agree(block, model.dycore().is_sound(), stop_requested(), first || progress.due(),
                                seconds_per_step, c.log.every_s);
    last_agreement = now;
    next_agreement = now + all.steps;
    since_agreement.reset();
    if (!all.sound) {
      if (block.rank == 0) std::cerr << std::endl;
      model.fail_numerically(last_set);
    }
    if (all.report) {
      const bool reported = progress.look();
      first = first && !reported;
      if (!reported) next_agreement = now + 1;  // it waits for the layers of the next remap
    }
    stopped = all.stop && model.clock().step() < model.last_step();
    if (model.writes_restart_now() || stopped) {
      last_set = model.write_restart_set(directory.path());
      step_of_last_set = model.clock().step();
      watchdog.step_ended();
    }
  }
  if (step_of_last_set != model.clock().step()) last_set = model.write_restart_set(directory.path());
  model.streams().close_files();
  progress.finish(stopped);
  const int code = static_cast<int>(stopped ? ExitCode::stopped : ExitCode::done);
  record.finish(code);
  return code;
}

}  // namespace meridian
