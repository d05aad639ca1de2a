#pragma once
// 'verify:' of a case: runs with their figures, bounds and sources.

#include <array>
#include <regex>
#include <string>
#include <vector>

#include "grid/options.hpp"

namespace meridian {

inline constexpr std::array<std::string_view, 3> tier_words = {"quick", "standard", "full"};
/// 0, 1, 2 for these words.
int tier_of(std::string_view word);
inline constexpr std::array<std::string_view, 2> against_words = {"start", "reference"};
inline constexpr std::array<std::string_view, 3> hemisphere_words = {"north", "south", "difference"};

/// Names of all figures: the table of driver/verify_figures.cpp.
const std::vector<std::string_view>& figure_names();

struct VerifyFigure {
  static constexpr double unbounded = 1e300;
  std::string figure = "l2_error";
  std::string field, with;
  double day = -1, since = 0;
  std::string against = "start";
  std::string order_from, less;
  bool percent = false, per_kelvin = false;
  double latitude_degrees = 0, longitude_degrees = -1, pressure_pa = 50000, threshold = 0;
  int wavenumber = 1;
  std::string hemisphere = "north";
  double at_least = -unbounded, at_most = unbounded;
  std::string source;

  /// Name of the run that the figure is compared with; empty where with none.
  const std::string& compared_with() const { return order_from.empty() ? less : order_from; }
  /// The same for figures that differ at most in bounds, source and comparison.
  std::string measure() const;

  void visit(OptionVisitor& option) {
    option.word("figure", figure, figure_names(), "what is measured: see docs/how_to/verify.md");
    option.text("field", field, "short name of a field or tracer",
                "what the figure is of; sums like '0.5 q1 + q2' too");
    option.text("with", with, "short name of a tracer", "the second of two correlated tracers");
    option.real("day", day, "days", {-1, 1e6}, "when; -1: at the end of the run");
    option.real("since", since, "days", {0, 1e6}, "beginning of a change, a speed or a mean over time");
    option.word("against", against, against_words,
                "errors: start: against the state at 'since'; reference: against that run");
    option.text("order_from", order_from, "name of a run above",
                "order of convergence of the figure from that run, whose grid is coarser, to this one");
    option.text("less", less, "name of a run above", "the figure less that of the other run");
    option.flag("percent", percent, "with 'less': in per cent of the figure of the other run");
    option.flag("per_kelvin", per_kelvin,
                "with 'less': divided by the change of 'time_mean' of 'ts', which both runs measure for these days");
    option.real("latitude_degrees", latitude_degrees, "degrees", {-90, 90},
                "circle on which a wave is measured; time_mean: of both caps beyond it");
    option.real("longitude_degrees", longitude_degrees, "degrees", {-1, 360},
                "minimum and its place: within 20 degrees of longitude of it; -1: anywhere");
    option.real("pressure_pa", pressure_pa, "Pa", {0, 1e8}, "where mean_at_pressure is taken");
    option.real("threshold", threshold, "of the field", {-unbounded, unbounded},
                "filament: where the field is not less");
    option.integer("wavenumber", wavenumber, "1", {1, 100000}, "zonal wavenumber of a wave or a symmetry");
    option.word("hemisphere", hemisphere, hemisphere_words,
                "of means over time: north, south, or difference: of both, relative to the larger");
    option.real("at_least", at_least, "of the figure", {-unbounded, unbounded}, "lower bound");
    option.real("at_most", at_most, "of the figure", {-unbounded, unbounded}, "upper bound");
    option.text("source", source, "one line", "where the bound comes from");
    if (option.given("figure") && !option.given("at_least") && !option.given("at_most")) {
      option.problem("figure", "a figure needs 'at_least', 'at_most' or both");
    }
    if (option.given("figure") && source.empty()) {
      option.problem("figure", "a figure needs 'source': where its bound comes from, in a line");
    }
    if (at_least > at_most) option.problem("at_least", "'at_least' is above 'at_most': no value can pass");
    if (!order_from.empty() && !less.empty()) option.problem("less", "a figure has 'order_from' or 'less', not both");
    if ((percent || per_kelvin) && less.empty()) {
      option.problem(percent ? "percent" : "per_kelvin",
                     "'percent' and 'per_kelvin' are of a difference: they need 'less'");
    }
    if (day >= 0 && since > day) option.problem("since", "'since' is after 'day'");
  }
};

/// What 'per_kelvin' divides by the change of: the surface temperature over the days of the figure.
VerifyFigure warming_of(const VerifyFigure& figure);

struct VerifyRun {
  std::string name = "run";
  std::string tier = "quick";
  std::vector<std::string> set, reference;
  std::vector<VerifyFigure> figures;

  void visit(OptionVisitor& option) {
    option.text("name", name, "a word", "name of the run and of its directory");
    option.word(
        "tier", tier, tier_words,
        "lowest tier that has this run: quick: seconds, on every change; standard: minutes to an hour; full: hours");
    option.texts("set", set, "key=value", "settings of this run, on top of the case");
    option.texts("reference", reference, "key=value",
                 "settings of a second run on a grid 2, 3, ... times as fine, on top of 'set': figures against it");
    option.list("figures", figures, "what is measured");
    if (!std::regex_match(name, std::regex("[A-Za-z0-9][A-Za-z0-9_-]*"))) {
      option.problem(
          "name", "'name' is '" + name + "'; it must be of letters, digits, '_' and '-', since it names a directory");
    }
  }
};

struct VerifyOptions {
  std::vector<VerifyRun> runs;

  void visit(OptionVisitor& option) {
    option.list("runs", runs, "runs that `meridian verify` makes");
    for (std::size_t n = 0; n < runs.size(); ++n) {
      for (std::size_t m = 0; m < n; ++m) {
        if (runs[m].name == runs[n].name) option.problem("runs", "two runs have the 'name' " + runs[n].name);
      }
      for (std::size_t m = 0; m < runs[n].figures.size(); ++m) {
        check_references(n, runs[n].figures[m], "runs[" + std::to_string(n) + "].figures[" + std::to_string(m) + "]",
                         option);
      }
    }
  }

 private:
  /// What the figure of run n is compared with must be measured before it.
  void check_references(std::size_t n, const VerifyFigure& figure, const std::string& path,
                        OptionVisitor& option) const;
};

}  // namespace meridian
