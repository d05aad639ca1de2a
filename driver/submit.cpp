#include "driver/submit.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <regex>

#include "driver/case.hpp"
#include "driver/machine.hpp"
#include "driver/version.hpp"

namespace meridian {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

constexpr int seconds_of_notice = 300;  // between the signal and the limit of a job: for the step and a restart set

std::string joined(const Lines& words, const char* between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

/// $NAME and ${NAME} from the environment.
std::string with_environment(std::string text, const std::string& file) {
  static const std::regex variable(R"(\$(\w+|\{\w+\}))");
  for (std::smatch found; std::regex_search(text, found, variable);) {
    std::string name = found.str(1);
    if (name[0] == '{') name = name.substr(1, name.size() - 2);
    const char* value = std::getenv(name.c_str());
    require(value && *value, ExitCode::configuration, file, ": 'scratch' names $", name,
            ", which is not set: export it, or give --run-dir.");
    text = found.prefix().str() + value + found.suffix().str();
  }
  return text;
}

/// Seconds of "HH:MM:SS".
long seconds_of(const std::string& time) {
  static const std::regex form(R"((\d{1,3}):([0-5]\d):([0-5]\d))");
  std::smatch part;
  require(std::regex_match(time, part, form), ExitCode::usage, "'--time' is '", time,
          "'; it must be HH:MM:SS, for example 08:00:00.");
  return 3600 * std::stol(part[1]) + 60 * std::stol(part[2]) + std::stol(part[3]);
}

/// Everything that the script says.
struct Job {
  Machine machine;
  Lines run;  // words of `meridian run ...`
  std::string name, run_directory, time;
  int ranks = 1, nodes = 1, ranks_per_node = 1;

  std::string script() const { return run_directory + "/job.sh"; }

  /// What comes before the launch line, and what the scheduler is asked for.
  Lines directives() const {
    Lines lines;
    if (machine.is_slurm()) {
      const auto ask = [&](const std::string& words) { lines.push_back("#SBATCH --" + words); };
      ask("job-name=" + name);
      ask("nodes=" + std::to_string(nodes));
      ask("ntasks=" + std::to_string(ranks));
      ask("ntasks-per-node=" + std::to_string(ranks_per_node));
      ask("cpus-per-task=" + std::to_string(machine.threads_per_rank));
      if (machine.gpu_binding == "local_rank") ask("gpus-per-node=" + std::to_string(ranks_per_node));
      if (!time.empty()) ask("time=" + time);
      lines.emplace_back("# Before the limit the model is told to write a restart set and to end with 75.");
      ask("signal=USR1@" + std::to_string(seconds_of_notice));
      ask("output=" + run_directory + "/log/job-%j.txt");
    }
    lines.insert(lines.end(), machine.header.begin(), machine.header.end());
    return lines;
  }
  Lines environment() const {
    Lines lines;
    if (!machine.modules.empty()) lines.push_back("module load " + joined(machine.modules, " ") + " || exit 71");
    lines.push_back("export OMP_NUM_THREADS=" + std::to_string(machine.threads_per_rank));
    // Ranks that the launcher left unbound would all put their one thread on the first core.
    lines.emplace_back(machine.threads_per_rank == 1 ? "export OMP_PROC_BIND=false"
                                                     : "export OMP_PROC_BIND=spread OMP_PLACES=cores");
    if (machine.gpu_binding == "local_rank") {
      lines.emplace_back("export KOKKOS_MAP_DEVICE_ID_BY=mpi_rank  # rank n of a node takes its n-th GPU");
    }
    return lines;
  }
  std::string launcher() const {
    std::string text = machine.launcher;
    const std::pair<const char*, int> values[] = {
        {"ranks", ranks}, {"nodes", nodes}, {"ranks_per_node", ranks_per_node}, {"threads", machine.threads_per_rank}};
    for (const auto& [key, value] : values) {
      text = std::regex_replace(text, std::regex("\\{" + std::string(key) + "\\}"), std::to_string(value));
    }
    return text;
  }
  std::string text() const {
    Lines words;
    std::transform(run.begin(), run.end(), std::back_inserter(words), shell_word);
    const std::string launch = launcher() + " " + joined(words, " ");
    std::string here = shell_word(fs::current_path().string());
    Lines lines = {"#!/bin/bash", "# Written by 'meridian submit', Meridian " + std::string(build_info().version) +
                                      ", for the machine " + machine.name + "."};
    const Lines asked = directives(), set = environment();
    lines.insert(lines.end(), asked.begin(), asked.end());
    lines.push_back("cd " + here + " || exit 71");
    lines.insert(lines.end(), set.begin(), set.end());
    if (machine.is_slurm()) {
      lines.insert(
          lines.end(),
          {launch, "status=$?", "if [ $status -eq 75 ]; then  # stopped cleanly before the end: the same job goes on",
           "  sbatch " + shell_word(script()) + " || echo 'The job could not be submitted again.' >&2", "fi",
           "exit $status"});
    } else {
      lines.push_back("exec " + launch);
    }
    return joined(lines, "\n") + "\n";
  }
};

/// The executable that runs on the machine.
std::string program_of(const Machine& machine, bool must_exist) {
  if (machine.preset == "this") return fs::read_symlink("/proc/self/exe").string();
  std::string path = MERIDIAN_SOURCE_DIR "/build/" + machine.preset + "/meridian";
  const std::string missing = "There is no '" + path + "': build it with scripts/build " + machine.preset + ".";
  std::error_code ignored;
  const bool exists = fs::exists(path, ignored);
  require(exists || !must_exist, ExitCode::missing_input, missing);
  if (!exists) std::cerr << "WARNING " << missing << std::endl;
  return path;
}

/// How many ranks on how many nodes, refused where the machine or the grid do not allow it.
void place_ranks(Job& job, const Case& c, int ranks) {
  const int full = job.machine.full_node();
  job.ranks = ranks > 0 ? ranks : full;
  job.nodes = (job.ranks + full - 1) / full;
  require(job.nodes <= job.machine.nodes, ExitCode::configuration, job.ranks, " ranks need ", job.nodes, " nodes of ",
          full, "; ", job.machine.file, " has ", job.machine.nodes, ", room for ",
          static_cast<long>(job.machine.nodes) * full, " ranks.");
  job.ranks_per_node = (job.ranks + job.nodes - 1) / job.nodes;
  layout_of(c, job.ranks);
}

Job job_of(const SubmitArguments& arguments) {
  Job job;
  job.machine = read_machine(arguments.machine);
  std::error_code ignored;
  const std::string record = arguments.name + "/case.resolved.yaml";  // of a run directory
  const bool goes_on = fs::exists(record, ignored);
  const Case c = read_case(goes_on ? record : arguments.name, arguments.settings);
  place_ranks(job, c, arguments.ranks);
  if (!arguments.time.empty()) {
    require(job.machine.is_slurm(), ExitCode::usage, "'--time' is for schedulers, and ", job.machine.file,
            " has 'scheduler: none'; 'time.run_days' is the length of a run.");
    require(seconds_of(arguments.time) >= 2 * seconds_of_notice, ExitCode::usage, "'--time' is ", arguments.time,
            "; it must be at least 00:10:00, of which the last five minutes are for the restart set.");
    job.time = arguments.time;
  }
  std::string directory = arguments.run_directory;
  if (directory.empty() && goes_on) directory = arguments.name;
  if (directory.empty()) directory = with_environment(job.machine.scratch, job.machine.file) + "/" + c.name;
  fs::path absolute = fs::absolute(directory).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  job.run_directory = absolute.string();
  require(job.run_directory.find_first_of(" \n%") == std::string::npos, ExitCode::configuration, "The run directory '",
          job.run_directory, "' holds a space or '%', which job scripts cannot; choose another one with --run-dir.");
  job.name = absolute.filename().string();
  job.run = {program_of(job.machine, !arguments.dry_run), "run", fs::absolute(c.file).lexically_normal().string(),
             "--run-dir", job.run_directory};
  for (const auto& setting : arguments.settings) job.run.insert(job.run.end(), {"--set", setting});
  return job;
}

void write_script(const Job& job) {
  std::error_code error;
  fs::create_directories(job.run_directory + "/log", error);
  require(!error, ExitCode::not_creatable, "Directory '", job.run_directory, "' cannot be created: ", error.message(),
          ". Choose another one with --run-dir.");
  std::ofstream file(job.script(), std::ios::trunc);
  file << job.text() << std::flush;
  require(file.good(), ExitCode::input_output, "'", job.script(), "' could not be written (disk full?).");
}

std::string json_of(const Job& job) {
  Lines environment = job.machine.is_slurm() ? Lines{} : job.machine.header;
  for (const auto& line : job.environment()) environment.push_back(line);
  return nlohmann::ordered_json{{"machine", job.machine.name}, {"run_directory", job.run_directory},
                                {"ranks", job.ranks},          {"nodes", job.nodes},
                                {"program", job.run.front()},  {"environment", environment},
                                {"launcher", job.launcher()},  {"script", job.text()}}
      .dump(2);
}

}  // namespace

int submit(const SubmitArguments& arguments) {
  const Job job = job_of(arguments);
  if (arguments.dry_run) {
    std::cout << (arguments.json ? json_of(job) + "\n" : job.text()) << std::flush;
    return 0;
  }
  write_script(job);
  if (!job.machine.is_slurm()) {
    execlp("bash", "bash", job.script().c_str(),
           nullptr);  // this process becomes the run: signals and code are its own
    throw Error(ExitCode::system, "bash cannot be started: " + std::string(std::strerror(errno)) + ".");
  }
  const int status = std::system(("sbatch " + shell_word(job.script())).c_str());
  require(status == 0, ExitCode::system, "'sbatch' did not take the job; its message is above, the script is ",
          job.script(), ".");
  return 0;
}

}  // namespace meridian
