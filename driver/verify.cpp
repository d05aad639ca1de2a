#include "driver/verify.hpp"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "driver/model.hpp"
#include "driver/version.hpp"
#include "grid/exact_sum.hpp"

namespace meridian {

namespace {

/// Sums over the sphere of |x - y|, (x - y)^2, |y|, y^2, weighted by area.
std::array<double, 4> error_sums(const Grid& grid, const Field<Cell>& x, const Field<Cell>& y) {
  const RowValues area = grid.metrics.area_at_cell;
  return exact_sums<4>(
      "driver/verify_errors", grid.block, grid.block.cells(x.n_levels()), KOKKOS_LAMBDA(int k, int j, int i) {
        const double a = area(j), e = double(x(k, j, i)) - y(k, j, i), n = y(k, j, i);
        return Kokkos::Array<double, 4>{a * Kokkos::abs(e), a * e * e, a * Kokkos::abs(n), a * n * n};
      });
}

/// Largest |x - y| and |y|; largest and smallest x.
struct Extremes {
  double error, norm, highest, lowest;
};
Extremes extremes_of(const Grid& grid, const Field<Cell>& x, const Field<Cell>& y) {
  const Box box = grid.block.cells(x.n_levels());
  const auto over_ranks = [&](double value) { return largest_over_ranks(grid.block, value); };
  const double error = reduce_max(
      "driver/verify_largest_error", box,
      KOKKOS_LAMBDA(int k, int j, int i) { return Kokkos::abs(double(x(k, j, i)) - y(k, j, i)); });
  const double norm = reduce_max(
      "driver/verify_norm", box, KOKKOS_LAMBDA(int k, int j, int i) { return Kokkos::abs(double(y(k, j, i))); });
  const double highest =
      reduce_max("driver/verify_maximum", box, KOKKOS_LAMBDA(int k, int j, int i) { return double(x(k, j, i)); });
  const double lowest =
      reduce_max("driver/verify_minimum", box, KOKKOS_LAMBDA(int k, int j, int i) { return -double(x(k, j, i)); });
  return {over_ranks(error), over_ranks(norm), over_ranks(highest), -over_ranks(lowest)};
}

/// Largest |x - 1|.
double deviation_from_one(const Grid& grid, const Field<Cell>& x) {
  return largest_over_ranks(grid.block,
                            reduce_max(
                                "driver/verify_uniform", grid.block.cells(x.n_levels()),
                                KOKKOS_LAMBDA(int k, int j, int i) { return Kokkos::abs(double(x(k, j, i)) - 1); }));
}

double tracer_mass(const Grid& grid, const Field<Cell>& mass, const Field<Cell>& q) {
  const RowValues area = grid.metrics.area_at_cell;
  return exact_sum(
      "driver/verify_tracer_mass", grid.block, grid.block.cells(q.n_levels()),
      KOKKOS_LAMBDA(int k, int j, int i) { return double(area(j)) * mass(k, j, i) * q(k, j, i); });
}

/// A field of the run by its short name, and what it was at the start.
class Observer {
 public:
  Observer(Model& model, const std::vector<VerifyFigure>& figures) : model_(model) {
    model_.diagnose_all();
    for (const VerifyFigure& figure : figures) {
      if (figure.field.empty()) continue;
      const Field<Cell> now = field(figure.field);
      const auto copy = make_field<Cell>("start_" + figure.field, model_.grid().block, now.n_levels());
      Kokkos::deep_copy(copy.data(), now.data());
      start_.insert({figure.field, copy});
      if (figure.figure == "tracer_mass_drift") start_mass_[figure.field] = tracer_mass(model_.grid(), mass(), now);
    }
  }

  double value(const VerifyFigure& figure) {
    model_.diagnose_all();
    const Budgets now = model_.dycore().budgets();
    const Budgets& start = model_.budgets_at_start();
    if (figure.figure == "mass_drift") return now.mass / start.mass - 1;
    if (figure.figure == "energy_drift") return now.energy / start.energy - 1;
    if (figure.figure == "largest_wind") return model_.dycore().summary().largest_wind;
    const Field<Cell> x = field(figure.field), y = start_.at(figure.field);
    const Grid& grid = model_.grid();
    if (figure.figure == "tracer_mass_drift") return tracer_mass(grid, mass(), x) / start_mass_.at(figure.field) - 1;
    if (figure.figure == "uniformness") return deviation_from_one(grid, x);
    const Extremes extremes = extremes_of(grid, x, y);
    if (figure.figure == "minimum") return extremes.lowest;
    if (figure.figure == "maximum") return extremes.highest;
    if (figure.figure == "linf_error") return extremes.error / extremes.norm;
    const auto sums = error_sums(grid, x, y);
    return figure.figure == "l1_error" ? sums[0] / sums[2] : std::sqrt(sums[1] / sums[3]);
  }

 private:
  Field<Cell> field(const std::string& name) const {
    std::vector<std::string> known;
    for (const FieldSet::Entry& entry : model_.fields().entries()) {
      if (entry.info.horizontal != Horizontal::cell) continue;
      if (entry.info.short_name == name) return Field<Cell>(entry.data);
      known.emplace_back(entry.info.short_name);
    }
    const std::string hint = did_you_mean(nearest(name, known));
    throw Error(ExitCode::configuration,
                "A figure of 'verify' is of the field '" + name + "', which this run does not have; " + hint);
  }
  Field<Cell> mass() const { return model_.dycore().state().mass; }

  Model& model_;
  std::map<std::string, Field<Cell>> start_;
  std::map<std::string, double> start_mass_;
};

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

/// Settings that a user may change without leaving the published set-up.
bool keeps_the_set_up(const std::string& setting) {
  for (const char* group : {"output.", "log.", "restart.", "parallel."}) {
    if (setting.starts_with(group)) return true;
  }
  return false;
}

/// Makes one run and judges its figures; a figure that was not reached has the value NaN and fails.
void verify_run(const Case& c, const VerifyRun& run, const std::string& directory, bool published,
                std::vector<Verdict>& verdicts) {
  Model model(c, directory + "/output", run.name);
  const bool speaks = model.grid().block.rank == 0;
  if (speaks) std::filesystem::create_directories(directory + "/output");
  MPI_Barrier(model.grid().block.world);
  model.start_from_initial_state();
  Observer observer(model, run.figures);
  std::vector<double> values(run.figures.size(), std::nan(""));
  const auto step_of = [&](const VerifyFigure& figure) {
    if (figure.day < 0) return model.last_step();
    return std::lround(figure.day * seconds_per_day / model.clock().step_seconds());
  };
  int sound = 1;
  for (;;) {
    for (std::size_t n = 0; n < run.figures.size(); ++n) {
      if (step_of(run.figures[n]) == model.clock().step()) values[n] = observer.value(run.figures[n]);
    }
    if (model.clock().step() == model.last_step() || sound == 0) break;
    model.step();
    const int mine = model.dycore().is_sound() ? 1 : 0;
    MPI_Allreduce(&mine, &sound, 1, MPI_INT, MPI_MIN, model.grid().block.world);
    if (sound == 0) values.assign(values.size(), std::nan(""));  // nothing of a run that broke can pass
    if (sound == 0) break;
  }
  model.streams().close_files();
  for (std::size_t n = 0; n < run.figures.size(); ++n) {
    const VerifyFigure& f = run.figures[n];
    std::string name = run.name + ": " + f.figure + (f.field.empty() ? "" : " of " + f.field);
    if (f.day >= 0) name += ", day " + std::to_string(std::lround(f.day));
    const bool within = std::isfinite(values[n]) && values[n] >= f.at_least && values[n] <= f.at_most;
    verdicts.push_back({name, values[n], f, within && published});
    if (!speaks) continue;
    std::printf("  %-52s %14.6g  %-22s %s  %s\n", name.c_str(), values[n], bound_text(f).c_str(),
                verdicts.back().pass ? "passed" : "FAILED", f.source.c_str());
    std::fflush(stdout);
  }
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  require(file.good(), ExitCode::input_output, "'", path, "' could not be written (disk full?).");
}

/// Writes verify.json and verify.md; returns the text of the page.
std::string write_report(const std::string& directory, const Case& c, const VerifyArguments& arguments,
                         const std::vector<Verdict>& verdicts, const std::string& note) {
  auto list = nlohmann::ordered_json::array();
  const std::time_t now = std::time(nullptr);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d", std::gmtime(&now));
  std::ostringstream page;
  page << "# " << c.title << "\n\n`meridian verify " << c.name << " --tier " << arguments.tier << "`, " << date
       << ", Meridian " << build_info().version << " (" << build_info().commit << "), " << build_info().precision
       << " precision.\n"
       << (note.empty() ? "" : "\n" + note + "\n")
       << "\n| figure | value | bound | | source |\n|---|---|---|---|---|\n";
  for (const Verdict& v : verdicts) {
    const VerifyFigure& f = v.bounds;
    const auto bound = [](double x) {
      return std::abs(x) < VerifyFigure::unbounded ? nlohmann::ordered_json(x) : nlohmann::ordered_json(nullptr);
    };
    list.push_back(
        {{"name", v.name},
         {"value", std::isfinite(v.value) ? nlohmann::ordered_json(v.value) : nlohmann::ordered_json(nullptr)},
         {"bound", {{"at_least", bound(f.at_least)}, {"at_most", bound(f.at_most)}}},
         {"source", f.source},
         {"pass", v.pass}});
    char value[40];
    std::snprintf(value, sizeof value, "%.6g", v.value);
    page << "| " << v.name << " | " << value << " | " << bound_text(f) << " | " << (v.pass ? "passed" : "**failed**")
         << " | " << f.source << " |\n";
  }
  page << "\nPictures of a run: `scripts/plot " << directory << "/RUN`.\n";
  write(directory + "/verify.md", page.str());
  write(directory + "/verify.json", list.dump(2) + "\n");
  return page.str();
}

int tier_of(const std::string& word) {
  return static_cast<int>(std::find(tier_words.begin(), tier_words.end(), word) - tier_words.begin());
}

/// Figures of a case, those that failed, and its page.
struct Outcome {
  int figures, failed;
  std::string page;
};
Outcome verify_case(const CaseText& source, const VerifyArguments& arguments) {
  const Case c = parse_case(source, arguments.settings);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const std::string directory = arguments.directory + "/" + c.name;
  std::string changed;
  for (const std::string& setting : arguments.settings) {
    if (!keeps_the_set_up(setting)) changed = setting;
  }
  const std::string note =
      changed.empty() ? "" : "Nothing can pass: --set " + changed + " leaves the published set-up.";
  std::vector<Verdict> verdicts;
  if (rank == 0) std::cout << c.name << std::endl;
  for (const VerifyRun& run : c.verify.runs) {
    if (tier_of(run.tier) > tier_of(arguments.tier)) continue;
    std::vector<std::string> settings = run.set;
    settings.insert(settings.end(), arguments.settings.begin(), arguments.settings.end());
    verify_run(parse_case(source, settings), run, directory + "/" + run.name, changed.empty(), verdicts);
  }
  if (rank == 0 && !note.empty()) std::cout << "  " << note << std::endl;
  Outcome outcome{static_cast<int>(verdicts.size()), 0, ""};
  for (const Verdict& v : verdicts) outcome.failed += v.pass ? 0 : 1;
  if (rank == 0 && !verdicts.empty()) outcome.page = write_report(directory, c, arguments, verdicts, note);
  return outcome;
}

}  // namespace

int verify(const VerifyArguments& arguments) {
  const std::vector<std::string> names = arguments.name == "all" ? case_names() : std::vector{arguments.name};
  int figures = 0, failed = 0, rank = 0;
  std::string pages;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (const std::string& name : names) {
    const Outcome outcome = verify_case(find_case(name), arguments);
    figures += outcome.figures;
    failed += outcome.failed;
    if (!outcome.page.empty()) pages += (pages.empty() ? "" : "\n") + outcome.page;
  }
  if (rank == 0 && arguments.name == "all") {
    std::filesystem::create_directories(arguments.directory);
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
