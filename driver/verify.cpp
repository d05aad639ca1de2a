#include "driver/verify.hpp"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <regex>
#include <sstream>

#include "driver/plan.hpp"
#include "driver/verify_figures.hpp"
#include "driver/version.hpp"
#include "io/run_directory.hpp"

namespace meridian {

namespace {

struct Verdict {
  std::string name;
  double value;
  VerifyFigure bounds;
  bool pass;
};

std::string bound_text(const VerifyFigure& f) {
  char text[80];
  const bool low = f.at_least > -VerifyFigure::unbounded, high = f.at_most < VerifyFigure::unbounded;
  if (low && high) {
    std::snprintf(text, sizeof text, "%.6g to %.6g", f.at_least, f.at_most);
  } else {
    std::snprintf(text, sizeof text, low ? ">= %.6g" : "<= %.6g", low ? f.at_least : f.at_most);
  }
  return text;
}

/// A figure in words: "order of l2_error of h, day 5, from coarse".
std::string name_of(const VerifyFigure& f) {
  const auto number = [](double x) {
    char text[40];
    std::snprintf(text, sizeof text, "%g", x);
    return std::string(text);
  };
  std::string name = (f.order_from.empty() ? "" : "order of ") + f.figure;
  if (!f.field.empty()) name += " of " + f.field;
  if (!f.with.empty()) name += " with " + f.with;
  if (f.figure.starts_with("wave_") || f.figure == "symmetry") name += ", wavenumber " + std::to_string(f.wavenumber);
  if (f.longitude_degrees >= 0) name += " near " + number(f.longitude_degrees) + " E";
  if (f.figure == "mean_at_pressure") name += " at " + number(f.pressure_pa / 100) + " hPa";
  if (f.figure == "filament") name += " >= " + number(f.threshold);
  if (f.figure == "jet" || f.figure.starts_with("jet_") || f.figure.ends_with("_flux") || f.figure == "eddy_energy" ||
      f.figure == "temperature_variance") {
    name += ", " + f.hemisphere;
  }
  if (f.since > 0) name += ", days " + number(f.since) + " to " + (f.day < 0 ? "end" : number(f.day));
  if (f.since == 0 && f.day >= 0) name += ", day " + number(f.day);
  if (f.against == "reference") name += ", against the reference";
  if (!f.order_from.empty()) name += ", from " + f.order_from;
  if (f.figure == "time_mean" && f.latitude_degrees != 0) name += ", beyond " + number(f.latitude_degrees) + " degrees";
  if (!f.less.empty()) name += ", less " + f.less;
  if (f.percent) name += " in %";
  if (f.per_kelvin) name += " per K";
  return name;
}

/// Settings that a user may change without leaving the published set-up.
bool keeps_the_set_up(const std::string& setting) {
  for (const char* group : {"output.", "log.", "restart.", "parallel."}) {
    if (setting.starts_with(group)) return true;
  }
  return false;
}

/// False for a case that does not come with the project.
bool is_ours(const Case& c) {
  std::error_code ignored;
  return std::filesystem::equivalent(std::filesystem::path(c.file).parent_path(), folder_of("case"), ignored);
}

/// On a terminal: how far a run is, in a line that goes when it ends.
class HowFar {
 public:
  HowFar(const Model& model, std::string run)
      : model_(model), run_(std::move(run)), speaks_(model.grid().block.rank == 0 && isatty(STDERR_FILENO) != 0) {}
  HowFar(const HowFar&) = delete;
  HowFar& operator=(const HowFar&) = delete;
  ~HowFar() {
    if (speaks_) std::fputs("\r\x1b[K", stderr);
  }
  void tell() {
    const auto now = std::chrono::steady_clock::now();
    if (!speaks_ || now - told_ < std::chrono::seconds(1)) return;
    told_ = now;
    const double part =
        static_cast<double>(model_.clock().step()) / static_cast<double>(std::max(1L, model_.last_step()));
    std::fprintf(stderr, "\r  %s: %.0f %%\x1b[K", run_.c_str(), 100 * part);
  }

 private:
  const Model& model_;
  const std::string run_;
  const bool speaks_;
  std::chrono::steady_clock::time_point told_;
};

/// Steps a model to its end; after the start and each step 'look' is called. False where the state was no longer sound, or
/// the physics said so: that ends the job where other ranks wait for this one.
template <class Look>
bool run_to_the_end(Model& model, const std::string& run, const Look& look) {
  HowFar how_far(model, run);
  for (look();; look()) {
    how_far.tell();
    if (model.clock().step() == model.last_step()) return true;
    try {
      model.step();
    } catch (const Error& error) {
      if (error.code() != ExitCode::numerical || model.grid().block.n_ranks > 1) throw;
      std::cout << "  " << error.what() << std::endl;
      return false;
    }
    const int mine = model.dycore().is_sound() ? 1 : 0;
    int sound = 0;
    MPI_Allreduce(&mine, &sound, 1, MPI_INT, MPI_MIN, model.grid().block.world);
    if (sound == 0) return false;
  }
}

/// Makes the reference of a run and takes the fields of its figures on the grid of the run. Empty where it broke.
ReferenceFields fields_of_reference(const Case& reference, const Case& c, const VerifyRun& run,
                                    const std::string& directory, MPI_Comm world) {
  Case quiet = reference;
  quiet.output.streams.clear();
  Model model(quiet, directory + "/output", run.name + " reference", world);
  model.start_without_output();
  ReferenceFields fields;
  const FigureMeter meter(model, {}, {});
  const bool sound = run_to_the_end(model, run.name + ", reference", [&] {
    for (const VerifyFigure& figure : run.figures) {
      if (figure.against != "reference") continue;
      const long time = time_of(figure.day, model);
      if (std::abs(static_cast<double>(time) - meter.elapsed_s()) > 0.5 * model.clock().step_seconds()) continue;
      model.diagnose_all();
      fields[{figure.field, time}] = coarsened(meter.field(figure.field), c.grid.n_lon, c.grid.n_lat);
    }
  });
  if (!sound) fields.clear();
  return fields;
}

/// Values of figures by run, figure, field, day: what 'order_from' and 'less' refer to.
struct Measured {
  std::map<std::string, double> values;
  std::map<std::string, int> n_lat;  // of each run
  static std::string key(const std::string& run, const VerifyFigure& f) { return run + ' ' + f.measure(); }
  /// The figure, or what it is compared with another run; NaN where that run has no such figure.
  double compared(const std::string& run, const VerifyFigure& f, double value, int n_lat_here) const {
    const std::string& other = f.compared_with();
    if (other.empty()) return value;
    const double there = of(other, f);
    if (std::isnan(there)) return there;
    if (!f.order_from.empty()) return std::log(there / value) / std::log(double(n_lat_here) / n_lat.at(other));
    const VerifyFigure warming = warming_of(f);
    const double kelvin = f.per_kelvin ? of(run, warming) - of(other, warming) : 1;
    return (value - there) * (f.percent ? 100 / there : 1) / kelvin;
  }

 private:
  double of(const std::string& run, const VerifyFigure& f) const {
    const auto found = values.find(key(run, f));
    return found == values.end() ? std::nan("") : found->second;
  }
};

/// Makes one run and judges its figures; a figure that was not reached has the value NaN and fails.
void verify_run(const CaseText& source, std::vector<std::string> settings, const VerifyRun& run,
                const std::string& directory, bool published, MPI_Comm world, Measured& measured,
                std::vector<Verdict>& verdicts) {
  const Case c = parse_case(source, settings);
  ReferenceFields reference;
  if (!run.reference.empty()) {
    settings.insert(settings.end(), run.reference.begin(), run.reference.end());
    reference = fields_of_reference(parse_case(source, settings), c, run, directory, world);
  }
  Model model(c, directory + "/output", run.name, world);
  const bool speaks = model.grid().block.rank == 0;
  if (speaks) make_directory(directory + "/output");
  MPI_Barrier(model.grid().block.world);
  model.start_from_initial_state();
  FigureMeter meter(model, run.figures, reference);
  std::vector<double> values(run.figures.size(), std::nan(""));
  const bool sound = run_to_the_end(model, run.name, [&] {
    meter.look();
    for (std::size_t n = 0; n < run.figures.size(); ++n) {
      const VerifyFigure& f = run.figures[n];
      if (f.against == "reference" && !reference.contains({f.field, time_of(f.day, model)})) continue;
      const double seconds = model.clock().step_seconds();
      if (std::lround(static_cast<double>(time_of(f.day, model)) / seconds) != model.clock().step()) continue;
      values[n] = meter.value(f);
      measured.values[Measured::key(run.name, f)] = values[n];
    }
  });
  if (!sound) values.assign(values.size(), std::nan(""));  // nothing of a run that broke can pass
  measured.n_lat[run.name] = c.grid.n_lat;
  model.streams().close_files();
  for (std::size_t n = 0; n < run.figures.size(); ++n) {
    const VerifyFigure& f = run.figures[n];
    double value = measured.compared(run.name, f, values[n], c.grid.n_lat);
    if (std::isnan(value)) value = std::nan("");  // without a sign
    const std::string name = run.name + ": " + name_of(f);
    const bool within = std::isfinite(value) && value >= f.at_least && value <= f.at_most;
    verdicts.push_back({name, value, f, within && published});
    if (!speaks) continue;
    std::printf("  %-60s %14.6g  %-22s %s  %s\n", name.c_str(), value, bound_text(f).c_str(),
                verdicts.back().pass ? "passed" : "FAILED", f.source.c_str());
    std::fflush(stdout);
  }
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  require(file.good(), ExitCode::input_output, "'", path, "' could not be written (disk full?).");
}

/// The picture of a case, drawn by scripts/plot from the last of its runs that has one: its path below the directory;
/// or, after "!", why there is none.
std::string picture_of(const std::string& directory, const std::vector<std::string>& runs) {
  const std::string program = MERIDIAN_SOURCE_DIR "/scripts/plot";
  if (!std::filesystem::exists(program)) return "!" + program + " is not there";
  std::string reason;
  for (const std::string& run : runs | std::views::reverse) {
    const std::string log = directory + "/" + run + "/plot.log";
    const std::string command =
        "'" + program + "' '" + directory + "/" + run + "' --published > '" + log + "' 2>&1 < /dev/null";
    if (std::system(command.c_str()) == 0) return run + "/plots/published.png";
    std::ifstream lines(log);
    for (std::string line; std::getline(lines, line);) reason = line;
  }
  return "!" + reason;
}

/// Writes verify.json: after each run, so that the figures of earlier ones are there even if a later one ends the job.
void write_figures(const std::string& directory, const std::vector<Verdict>& verdicts) {
  auto list = nlohmann::ordered_json::array();
  const auto number = [](double x, bool is_known) {
    return is_known ? nlohmann::ordered_json(x) : nlohmann::ordered_json(nullptr);
  };
  for (const Verdict& v : verdicts) {
    const double low = v.bounds.at_least, high = v.bounds.at_most;
    list.push_back({{"name", v.name},
                    {"value", number(v.value, std::isfinite(v.value))},
                    {"bound",
                     {{"at_least", number(low, low > -VerifyFigure::unbounded)},
                      {"at_most", number(high, high < VerifyFigure::unbounded)}}},
                    {"source", v.bounds.source},
                    {"pass", v.pass}});
  }
  write(directory + "/verify.json", list.dump(2) + "\n");
}

/// Writes verify.md; returns the text of the page, with links as seen from above the directory.
std::string write_report(const std::string& directory, const Case& c, const VerifyArguments& arguments,
                         const std::vector<Verdict>& verdicts, const std::string& note,
                         const std::vector<std::string>& runs) {
  const std::time_t now = std::time(nullptr);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d", std::gmtime(&now));
  std::ostringstream page;
  page << "# " << c.title << "\n\n`meridian verify " << (is_ours(c) ? c.name : c.file) << " --tier " << arguments.tier
       << "`, " << date << ", Meridian " << build_info().version << " (" << build_info().commit << "), "
       << build_info().precision << " precision.\n"
       << (note.empty() ? "" : "\n" + note + "\n")
       << "\n| figure | value | bound | | source |\n|---|---|---|---|---|\n";
  for (const Verdict& v : verdicts) {
    const VerifyFigure& f = v.bounds;
    char value[40];
    std::snprintf(value, sizeof value, "%.6g", v.value);
    page << "| " << v.name << " | " << value << " | " << bound_text(f) << " | " << (v.pass ? "passed" : "**failed**")
         << " | " << f.source << " |\n";
  }
  const std::string picture = picture_of(directory, runs);
  const auto with_picture = [&](const std::string& folder) {
    if (picture[0] == '!') return page.str() + "\nNo picture: " + picture.substr(1) + "\n";
    return page.str() + "\n![" + c.title + "](" + folder + picture + ")\n";
  };
  write(directory + "/verify.md", with_picture(""));
  return with_picture(c.name + "/");
}

/// The case with the settings of run n, and of its reference; mistakes in them get their place in the file.
Case with_settings(const CaseText& source, const Case& c, std::size_t n, bool of_reference) {
  const VerifyRun& run = c.verify.runs[n];
  std::vector<std::string> settings = run.set;
  if (of_reference) settings.insert(settings.end(), run.reference.begin(), run.reference.end());
  const auto place_of = [&](std::size_t m) {  // "case.yaml:14:7"
    const bool own = m < run.set.size();
    const std::string list = "verify.runs[" + std::to_string(n) + (own ? "].set[" : "].reference[");
    static const std::regex form(".*:([0-9]+):([0-9]+)");
    std::smatch part;
    const auto origin = c.origins.find(list + std::to_string(own ? m : m - run.set.size()) + "]");
    if (origin == c.origins.end() || !std::regex_match(origin->second, part, form)) return Location{c.file};
    return Location{c.file, std::stoi(part[1]), std::stoi(part[2])};
  };
  try {
    return parse_case(source, settings);
  } catch (const ConfigurationError& error) {
    Problems problems;
    problems.add_source(c.file, source.text);
    for (Problem problem : error.problems()) {
      for (std::size_t m = 0; m < settings.size(); ++m) {
        if (problem.location.file != "--set " + shortened(settings[m])) continue;
        problem.location = place_of(m);
        problem.width = n_characters(settings[m]);
        problem.sentence = "in the run '" + run.name + "': " + problem.sentence;
        break;
      }
      problems.add(problem);
    }
    problems.throw_if_any();
    throw;
  }
}

/// Throws OptionError where a run cannot measure the figure; 'small' is a model with its options at the start.
void require_sound_figure(const VerifyFigure& f, const std::string& path, const Case& as_run, const VerifyRun& run,
                          Model& small) {
  const double length = static_cast<double>(small.last_step()) * small.clock().step_seconds() / seconds_per_day;
  const double day = std::max(f.day, f.since);
  require_option(day <= length * (1 + 1e-12), path + (f.day < day ? ".since" : ".day"), "'", name_of(f), "' is of day ",
                 day, ", but the run '", run.name, "' ends on day ", length,
                 "; lengthen it by 'time.run_days' in its 'set', or take an earlier day");
  const int n_lon = as_run.grid.n_lon;
  require_option(f.figure != "symmetry" || n_lon % f.wavenumber == 0, path + ".wavenumber", "'", name_of(f),
                 "' moves the field by a ", f.wavenumber, "th of its ", n_lon,
                 " columns; the wavenumber must divide them");
  require_option(!f.figure.starts_with("wave_") || 2 * f.wavenumber <= n_lon, path + ".wavenumber", "'", name_of(f),
                 "' is of a wave that ", n_lon, " columns do not hold; the wavenumber is at most ", n_lon / 2);
  std::vector<VerifyFigure> at_start = {f};
  at_start[0].since = 0, at_start[0].day = -1, at_start[0].against = "start";
  try {
    FigureMeter(small, at_start, {}).require_fields(at_start[0]);
  } catch (const Error& error) {
    if (error.code() != ExitCode::configuration) throw;
    throw OptionError(path + (f.field.empty() ? ".figure" : ".field"), error.what());
  }
}

/// Figures of a case, those that failed, and its page.
struct Outcome {
  int figures, failed;
  std::string page;
};
Outcome verify_case(const CaseText& source, const Case& c, const VerifyArguments& arguments, int rank, MPI_Comm world) {
  const std::string directory = arguments.directory + "/" + c.name;
  std::string changed;
  for (const std::string& setting : arguments.settings) {
    if (!keeps_the_set_up(setting)) changed = setting;
  }
  std::string note =
      is_ours(c) ? "" : "The set-up and the bounds are those of this file, which does not come with Meridian.";
  if (!changed.empty())
    note += (note.empty() ? "" : "\n") + ("Nothing can pass: --set " + changed + " leaves the published set-up.");
  std::vector<Verdict> verdicts;
  std::vector<std::string> runs;  // that were made
  Measured measured;
  require_sound_runs(source, arguments.tier);
  if (rank == 0) std::cout << c.name << (c.file == c.name ? "" : " (" + c.file + ")") << std::endl;
  std::vector<std::string_view> later;  // tiers of runs that are left out
  for (const VerifyRun& run : c.verify.runs) {
    if (tier_of(run.tier) > tier_of(arguments.tier)) {
      if (std::ranges::find(later, run.tier) == later.end()) later.push_back(run.tier);
      continue;
    }
    runs.push_back(run.name);
    std::vector<std::string> settings = run.set;
    settings.insert(settings.end(), arguments.settings.begin(), arguments.settings.end());
    verify_run(source, settings, run, directory + "/" + run.name, changed.empty(), world, measured, verdicts);
    if (rank == 0) write_figures(directory, verdicts);
  }
  if (rank == 0 && !note.empty()) std::cout << "  " << note << std::endl;
  if (rank == 0 && runs.empty()) {
    if (later.empty()) {
      std::cout << "  no runs: the case has no 'verify' block; docs/how_to/verify.md says how to write one";
    } else {
      std::cout << "  no runs of this tier; there are of " << later[0];
      for (std::size_t n = 1; n < later.size(); ++n) std::cout << " and " << later[n];
      std::cout << ": give --tier " << *std::ranges::min_element(later, {}, tier_of);
    }
    std::cout << std::endl;
  }
  Outcome outcome{static_cast<int>(verdicts.size()), 0, ""};
  for (const Verdict& v : verdicts) outcome.failed += v.pass ? 0 : 1;
  if (rank == 0 && !verdicts.empty()) outcome.page = write_report(directory, c, arguments, verdicts, note, runs);
  return outcome;
}

}  // namespace

void require_sound_runs(const CaseText& source, const std::string& tier) {
  const Case c = parse_case(source, {});
  std::map<std::string, int> n_lat;
  for (std::size_t n = 0; n < c.verify.runs.size(); ++n) {
    const VerifyRun& run = c.verify.runs[n];
    if (tier_of(run.tier) > tier_of(tier)) continue;
    const std::string key = "runs[" + std::to_string(n) + "]";
    const Case as_run = with_settings(source, c, n, false);
    n_lat[run.name] = as_run.grid.n_lat;
    Model small(on_small_grid(as_run), "output", "", MPI_COMM_SELF);
    small.start_without_output();
    with_place(c, [&] {
      if (!run.reference.empty()) {
        const GridOptions fine = with_settings(source, c, n, true).grid;
        require_option(refines(fine.n_lon, fine.n_lat, as_run.grid.n_lon, as_run.grid.n_lat),
                       "verify." + key + ".reference", "The reference of the run '", run.name, "' has ", fine.n_lon,
                       " x ", fine.n_lat, " cells; they must fit into those of ", as_run.grid.n_lon, " x ",
                       as_run.grid.n_lat, ".");
      }
      for (std::size_t m = 0; m < run.figures.size(); ++m) {
        const VerifyFigure& f = run.figures[m];
        const std::string path = "verify." + key + ".figures[" + std::to_string(m) + "]";
        require_option(f.order_from.empty() || n_lat.at(f.order_from) < as_run.grid.n_lat, path + ".order_from", "'",
                       name_of(f), "' is of ", as_run.grid.n_lat, " rows, and '", f.order_from,
                       "' has no fewer: an order needs a coarser grid there");
        require_sound_figure(f, path, as_run, run, small);
      }
    });
  }
}

int verify(const VerifyArguments& arguments) {
  const std::vector<std::string> names = arguments.name == "all" ? case_names() : std::vector{arguments.name};
  int figures = 0, failed = 0, rank = 0;
  std::string pages;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (const std::string& name : names) {
    const CaseText source = find_case(name);
    const Case c = parse_case(source, arguments.settings);
    const bool alone = c.dycore.column();  // it runs on one rank; the others wait
    Outcome outcome{};
    if (rank == 0 || !alone) outcome = verify_case(source, c, arguments, rank, alone ? MPI_COMM_SELF : MPI_COMM_WORLD);
    int counts[2] = {outcome.figures, outcome.failed};
    MPI_Bcast(counts, 2, MPI_INT, 0, MPI_COMM_WORLD);
    figures += counts[0];
    failed += counts[1];
    if (!outcome.page.empty()) pages += (pages.empty() ? "" : "\n") + outcome.page;
  }
  if (rank == 0 && arguments.name == "all") {
    make_directory(arguments.directory);
    write(arguments.directory + "/verification.md", pages);
  }
  if (rank == 0) {
    std::cout << figures << (figures == 1 ? " figure, " : " figures, ") << failed << " failed";
    if (figures == 0) std::cout << ": no case named here has runs of the tier '" << arguments.tier << "'";
    std::cout << std::endl;
  }
  return static_cast<int>(figures > 0 && failed == 0 ? ExitCode::done : ExitCode::missed);
}

}  // namespace meridian
