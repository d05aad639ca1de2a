#pragma once
// 'verify:' of a case: runs with their figures, bounds and sources.

#include <array>
#include <string>
#include <vector>

#include "grid/options.hpp"

namespace meridian {

inline constexpr std::array<std::string_view, 3> tier_words = {"quick", "standard", "full"};
inline constexpr std::array<std::string_view, 10> figure_words = {
    "l1_error",   "l2_error",     "linf_error",        "minimum",     "maximum",
    "mass_drift", "energy_drift", "tracer_mass_drift", "uniformness", "largest_wind"};

struct VerifyFigure {
  static constexpr double unbounded = 1e300;
  std::string figure = "l2_error";
  std::string field;
  double day = -1;
  double at_least = -unbounded, at_most = unbounded;
  std::string source;

  void visit(OptionVisitor& option) {
    option.word("figure", figure, figure_words,
                "errors are those against the state at the start, relative to its norm; drifts are relative changes; "
                "uniformness is the largest deviation from 1");
    option.text("field", field, "short name of a field or tracer", "what the figure is of; drifts of mass have none");
    option.real("day", day, "days", {-1, 1e6}, "when; -1: at the end of the run");
    option.real("at_least", at_least, "of the figure", {-unbounded, unbounded}, "lower bound");
    option.real("at_most", at_most, "of the figure", {-unbounded, unbounded}, "upper bound");
    option.text("source", source, "one line", "where the bound comes from");
    if (option.given("figure") && !option.given("at_least") && !option.given("at_most")) {
      option.problem("figure", "a figure needs 'at_least', 'at_most' or both");
    }
  }
};

struct VerifyRun {
  std::string name = "run";
  std::string tier = "quick";
  std::vector<std::string> set;
  std::vector<VerifyFigure> figures;

  void visit(OptionVisitor& option) {
    option.text("name", name, "a word", "name of the run and of its directory");
    option.word("tier", tier, tier_words, "lowest tier that has this run");
    option.texts("set", set, "key=value", "settings of this run, on top of the case");
    option.list("figures", figures, "what is measured");
  }
};

struct VerifyOptions {
  std::vector<VerifyRun> runs;

  void visit(OptionVisitor& option) { option.list("runs", runs, "runs that `meridian verify` makes"); }
};

}  // namespace meridian
