#include "driver/verify.hpp"

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
#include <sstream>

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

/// Steps a model to its end; after the start and each step 'look' is called. False where the state was no longer sound, or
/// the physics said so: that ends the job where other ranks wait for this one.
template <class Look>
bool run_to_the_end(Model& model, const Look& look) {
  for (look();; look()) {
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
  const bool sound = run_to_the_end(model, [&] {
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
  static std::string key(const std::string& run, const VerifyFigure& f) {
    return run + ' ' + f.figure + ' ' + f.field + ' ' + f.with + ' ' + std::to_string(f.day) + ' ' +
           std::to_string(f.since) + ' ' + f.against + ' ' + std::to_string(f.wavenumber) + ' ' +
           std::to_string(f.latitude_degrees) + ' ' + std::to_string(f.pressure_pa) + ' ' +
           std::to_string(f.threshold) + ' ' + f.hemisphere;
  }
  /// The figure, or what it is compared with another run; NaN where that run has no such figure.
  double compared(const std::string& run, const VerifyFigure& f, double value, int n_lat_here) const {
    const std::string& other = f.order_from.empty() ? f.less : f.order_from;
    if (other.empty()) return value;
    const double there = of(other, f);
    if (std::isnan(there)) return there;
    if (!f.order_from.empty()) return std::log(there / value) / std::log(double(n_lat_here) / n_lat.at(other));
    VerifyFigure warming;
    warming.figure = "time_mean", warming.field = "ts", warming.day = f.day, warming.since = f.since;
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
  const bool sound = run_to_the_end(model, [&] {
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

int tier_of(const std::string& word) {
  return static_cast<int>(std::find(tier_words.begin(), tier_words.end(), word) - tier_words.begin());
}

/// Throws configuration for a figure of a day that its run does not reach, before any run is made.
void require_days_reached(const CaseText& source, const Case& c, const std::string& tier) {
  for (std::size_t n = 0; n < c.verify.runs.size(); ++n) {
    const VerifyRun& run = c.verify.runs[n];
    if (tier_of(run.tier) > tier_of(tier)) continue;
    const Case as_run = parse_case(source, run.set);
    const auto step = static_cast<double>(as_run.dycore.step_length());
    const double length = as_run.time.run_steps < 0
                              ? as_run.time.run_days
                              : as_run.time.run_steps * step / static_cast<double>(microseconds_per_day);
    for (std::size_t m = 0; m < run.figures.size(); ++m) {
      const VerifyFigure& f = run.figures[m];
      const double day = std::max(f.day, f.since);
      with_place(c, [&] {
        require_option(day <= length * (1 + 1e-12),
                       "verify.runs[" + std::to_string(n) + "].figures[" + std::to_string(m) + "]." +
                           (f.day < day ? "since" : "day"),
                       "'", name_of(f), "' is of day ", day, ", but the run '", run.name, "' ends on day ", length,
                       "; lengthen it by 'time.run_days' in its 'set', or take an earlier day");
      });
    }
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
  require_days_reached(source, c, arguments.tier);
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
    std::cout << "  no runs of this tier";
    for (std::size_t n = 0; n < later.size(); ++n) std::cout << (n == 0 ? "; there are of " : " and ") << later[n];
    std::cout << std::endl;
  }
  Outcome outcome{static_cast<int>(verdicts.size()), 0, ""};
  for (const Verdict& v : verdicts) outcome.failed += v.pass ? 0 : 1;
  if (rank == 0 && !verdicts.empty()) outcome.page = write_report(directory, c, arguments, verdicts, note, runs);
  return outcome;
}

}  // namespace

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
