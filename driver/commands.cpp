#include "driver/commands.hpp"

#include <mpi.h>

#include <CLI/CLI.hpp>
#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "driver/case.hpp"
#include "driver/compare.hpp"
#include "driver/doctor.hpp"
#include "driver/failure.hpp"
#include "driver/listing.hpp"
#include "driver/model.hpp"
#include "driver/submit.hpp"
#include "driver/verify.hpp"
#include "io/restart.hpp"

namespace meridian {
namespace {

/// What the user typed.
struct Arguments {
  std::string name;  // of a case, a run directory, a kind of list, anything to describe
  std::vector<std::string> settings;
  bool json = false;
  std::string command_line;
  RunOptions run;
  CheckOptions check;
  VerifyArguments verification;
  SubmitArguments submission;
  std::string other;  // run to compare with
  double at_most = HUGE_VAL;
};

void broadcast(std::string& text) {
  std::uint64_t size = text.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  text.resize(size);
  MPI_Bcast(text.data(), static_cast<int>(size), MPI_CHAR, 0, MPI_COMM_WORLD);
}

/// The text of the case, which rank 0 reads. Without a launcher MPI is not started.
CaseText find_case_on_all_ranks(const Arguments& arguments) {
  if (!has_launcher()) return find_case(arguments.name);
  start_mpi();
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  CaseText source;
  if (rank == 0) source = find_case(arguments.name);
  for (std::string* text : {&source.name, &source.file, &source.text}) broadcast(*text);
  return source;
}

/// All ranks understand the file, and find the same mistakes.
Case read_case_on_all_ranks(const Arguments& arguments) {
  return parse_case(find_case_on_all_ranks(arguments), arguments.settings);
}

int with_kokkos(const std::function<int()>& work) {
  start_mpi();
  int code = 0;
  {
    Kokkos::InitializationSettings settings;
    settings.set_disable_warnings(true);
    // Ranks are the parallelism; threads are for those who ask. Two threads on busy cores wait for each other.
    if (!std::getenv("OMP_NUM_THREADS") && !std::getenv("KOKKOS_NUM_THREADS")) settings.set_num_threads(1);
    std::optional<Kokkos::ScopeGuard> kokkos;
    try {
      kokkos.emplace(settings);
    } catch (const std::exception& error) {
      throw Error(ExitCode::system, std::string("The device cannot be used: ") + error.what());
    }
    rows_in_descending_order = std::getenv("MERIDIAN_DESCENDING_ROWS") != nullptr;  // for tests
    code = work();
  }
  finish_mpi();
  return code;
}

int run(const Arguments& arguments) {
  Case c = read_case_on_all_ranks(arguments);
  c.command_line = arguments.command_line;
  RunOptions options = arguments.run;
  if (options.run_directory.empty()) options.run_directory = "runs/" + c.name;
  return with_kokkos([&] { return run_case(c, options); });
}

/// Mistakes in a case or machine file also go to the standard output, for programs.
int with_mistakes_as_json(const std::function<int()>& work) {
  try {
    return work();
  } catch (const ConfigurationError& error) {
    int rank = 0;
    if (has_launcher()) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    auto errors = nlohmann::ordered_json::array();
    for (const Problem& problem : error.problems()) {
      errors.push_back({{"file", problem.location.file},
                        {"line", problem.location.line},
                        {"column", problem.location.column},
                        {"message", problem.sentence},
                        {"hint", problem.hint}});
    }
    if (rank == 0) std::cout << nlohmann::ordered_json{{"errors", errors}}.dump(2) << std::endl;
    throw;
  }
}

int check(const Arguments& arguments) {
  const auto work = [&] {
    const CaseText source = find_case_on_all_ranks(arguments);
    const Case c = parse_case(source, arguments.settings);
    return with_kokkos([&] {
      require_sound_runs(source, "full");
      const CheckReport report = check_case(c, arguments.check);
      int rank = 0;
      MPI_Comm_rank(MPI_COMM_WORLD, &rank);
      if (rank == 0) std::cout << (arguments.json ? report.json : report.text) << std::endl;
      return 0;
    });
  };
  return arguments.json ? with_mistakes_as_json(work) : work();
}

int verify_cases(const Arguments& arguments) {
  VerifyArguments verification = arguments.verification;
  if (verification.directory.empty()) verification.directory = VerifyArguments().directory;
  verification.name = arguments.name;
  verification.settings = arguments.settings;
  if (arguments.name != "all") find_case(arguments.name);  // a wrong name is refused before anything starts
  return with_kokkos([&] { return verify(verification); });
}

int submit_run(const Arguments& arguments) {
  require(!has_launcher(), ExitCode::usage, "'submit' starts the ranks itself: call it without mpirun or srun.");
  SubmitArguments submission = arguments.submission;
  submission.name = arguments.name;
  submission.settings = arguments.settings;
  submission.run_directory = arguments.run.run_directory;
  submission.dry_run = arguments.run.dry_run;
  submission.json = arguments.json;
  return submit(submission);
}

int hash(const Arguments& arguments) {
  start_mpi();
  const auto hash = manifest_of(arguments.name).state_hash;
  std::printf("%016llx\n", static_cast<unsigned long long>(hash));
  return 0;
}

int compare_runs(const Arguments& arguments) {
  require(!has_launcher(), ExitCode::usage, "'compare' needs one process: call it without mpirun or srun.");
  start_mpi();
  return compare(arguments.name, arguments.other, arguments.at_most);
}

int show(const std::string& text) {
  std::cout << text << std::flush;
  return 0;
}

/// Declares the subcommands; each callback leaves the function to run in 'chosen'.
void declare(CLI::App& app, Arguments& arguments, std::function<int(const Arguments&)>& chosen) {
  const auto add = [&](const char* name, const char* meaning, int (*function)(const Arguments&)) {
    CLI::App* command = app.add_subcommand(name, meaning);
    command->callback([&chosen, function] { chosen = function; });
    return command;
  };
  const auto takes_case = [&](CLI::App* command) {
    command->add_option("CASE", arguments.name, "a name of 'meridian list cases', or the path of a YAML file")
        ->required();
    command->add_option("--set", arguments.settings, "change one option: key=value, for example time.run_days=5")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
  };

  CLI::App* command = add("run", "Run a case, or continue it from its newest restart set", run);
  takes_case(command);
  command->add_option("--run-dir", arguments.run.run_directory, "where everything is written; runs/CASE unless given");
  command->add_option("--resume", arguments.run.resume, "auto, none, or the directory of a restart set")
      ->capture_default_str();
  command->add_flag("--dry-run", arguments.run.dry_run, "prepare everything, but do not step and write nothing");

  command = add("check", "Check a case, and tell its memory, messages, output and speed; nothing is written", check);
  takes_case(command);
  command->add_flag("--json", arguments.json, "for programs");
  command->add_option("--ranks", arguments.check.ranks, "price a run on so many ranks, without allocating it")
      ->check(CLI::Range(1, 1000000));
  command->add_option(
      "--machine", arguments.check.machine,
      "tell the speed on a machine, and whether it fits: a name of machines/, or the path of a YAML file");

  command = add("submit", "Write the job of a run on a machine, and hand it to the scheduler there", submit_run);
  takes_case(command);
  command->get_option("CASE")->description("a case as for 'run', or the directory of a run that is to go on");
  command
      ->add_option("--machine", arguments.submission.machine,
                   "a name of 'meridian list machines', or the path of a YAML file")
      ->required();
  command->add_option("--ranks", arguments.submission.ranks, "as many as fill a node of the machine unless given")
      ->check(CLI::Range(1, 1000000));
  command->add_option("--time", arguments.submission.time, "limit of a job, HH:MM:SS; jobs follow each other");
  command->add_option("--run-dir", arguments.run.run_directory,
                      "where everything is written; SCRATCH/CASE unless given");
  command->add_flag("--dry-run", arguments.run.dry_run, "print the job, and write nothing");
  command->add_flag("--json", arguments.json, "with --dry-run: the job and its parts, for programs");

  command = add("verify", "Run a case, or all, against the bounds of its 'verify' block", verify_cases);
  takes_case(command);
  command->add_option("--tier", arguments.verification.tier, "quick, standard or full: which runs")
      ->check(CLI::IsMember({"quick", "standard", "full"}))
      ->capture_default_str();
  command->add_option("--run-dir", arguments.verification.directory, "where everything is written")
      ->capture_default_str();

  command =
      add("doctor", "Look at program, MPI, device and disk, and measure them: is this machine fit?",
          [](const Arguments& a) {
            return with_kokkos([&] { return doctor(a.run.run_directory.empty() ? "." : a.run.run_directory, a.json); });
          });
  command->add_option("--run-dir", arguments.run.run_directory, "where the disk is tried; here unless given");
  command->add_flag("--json", arguments.json, "for programs; in bytes, seconds and bytes per second");

  command = add("list", "List what there is", [](const Arguments& a) { return show(list(a.name, a.json)); });
  command->add_option("KIND", arguments.name, "cases, machines, schemes, fields or options")
      ->required()
      ->check(CLI::IsMember({"cases", "machines", "schemes", "fields", "options"}));
  command->add_flag("--json", arguments.json, "for programs");

  command = add("describe", "Explain an option, a field, a scheme, an initial state, a case or a machine",
                [](const Arguments& a) { return show(describe(a.name)); });
  command->add_option("NAME", arguments.name, "for example dycore.dt_s, ta, held_suarez")->required();

  command = add("hash", "Print the state hash of the newest restart set of a run", hash);
  command->add_option("RUN", arguments.name, "a run directory, or a restart set")->required();

  command = add("compare", "Print the largest difference of each field of two runs of a case", compare_runs);
  command->add_option("RUN", arguments.name, "a run directory, or a restart set")->required();
  command->add_option("OTHER", arguments.other, "another, at the same step")->required();
  command
      ->add_option("--at-most", arguments.at_most,
                   "exit code 1 where a difference is larger than this share of the field's largest magnitude")
      ->check([](const std::string& text) { return text.starts_with('-') ? "it must be 0 or more" : std::string(); });

  add("schema", "Print the JSON Schema of case files", [](const Arguments&) { return show(json_schema()); });
  add("version", "Print what this program was built from", [](const Arguments&) { return show(version_text()); });
}

/// What is wrong with a command line, and where to look.
std::string usage_text(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  const std::string first = argc > 1 ? argv[1] : "-";
  const bool known = first[0] == '-' || std::find(names.begin(), names.end(), first) != names.end();
  if (known)
    return std::string(error.what()) + "\n  see meridian" + (argc > 1 && first[0] != '-' ? " " + first : "") +
           " --help";
  const std::string hint = did_you_mean(nearest(first, names));
  return "there is no subcommand '" + shortened(first) + "'\n  " + (hint.empty() ? "see meridian --help" : hint);
}

}  // namespace

int run_command(int argc, char** argv) {
  CLI::App app("Meridian, a global atmosphere model", "meridian");
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text());
  app.set_help_all_flag("--help-all", "Help of all subcommands");
  app.footer(
      "Exit codes: 0 done, 1 a figure of verify or compare is out of bounds, 64 usage, 65 bad data in an input, 66 "
      "input missing, "
      "70 internal, 71 system or "
      "MPI,\n"
      "73 directory locked or not creatable, 74 input/output, 75 stopped before the end, 76 numerical, 77 "
      "permission,\n"
      "78 configuration.");
  Arguments arguments;
  std::function<int(const Arguments&)> chosen;
  declare(app, arguments, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    return app.exit(wish);
  } catch (const CLI::ParseError& error) {
    if (has_launcher()) start_mpi();
    end_job(ExitCode::usage, usage_text(app, error, argc, argv));
  }
  arguments.command_line = "meridian";
  for (int n = 1; n < argc; ++n) arguments.command_line += " " + shell_word(argv[n]);
  const int code = chosen(arguments);
  finish_mpi();
  return code;
}

}  // namespace meridian
