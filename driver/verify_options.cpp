#include "driver/verify_options.hpp"

#include <algorithm>
#include <sstream>

namespace meridian {

int tier_of(std::string_view word) {
  return static_cast<int>(std::ranges::find(tier_words, word) - tier_words.begin());
}

std::string VerifyFigure::measure() const {
  std::ostringstream words;
  for (const std::string& word : {figure, field, with, against, hemisphere}) words << word << ' ';
  for (const double number : {day, since, latitude_degrees, longitude_degrees, pressure_pa, threshold})
    words << number << ' ';
  words << wavenumber;
  return words.str();
}

VerifyFigure warming_of(const VerifyFigure& figure) {
  VerifyFigure warming;
  warming.figure = "time_mean", warming.field = "ts", warming.day = figure.day, warming.since = figure.since;
  return warming;
}

void VerifyOptions::check_references(std::size_t n, const VerifyFigure& figure, const std::string& path,
                                     OptionVisitor& option) const {
  if (figure.against == "reference" && runs[n].reference.empty()) {
    option.problem(path + ".against",
                   "the run '" + runs[n].name + "' has no 'reference' that the figure could be against");
  }
  const std::string& name = figure.compared_with();
  if (name.empty()) return;
  const std::string key = path + (figure.order_from.empty() ? ".less" : ".order_from");
  const auto end = runs.begin() + static_cast<std::ptrdiff_t>(n);
  const auto other = std::find_if(runs.begin(), end, [&](const VerifyRun& run) { return run.name == name; });
  const auto measures = [](const VerifyRun& run, const VerifyFigure& wanted) {
    return std::ranges::find(run.figures, wanted.measure(), &VerifyFigure::measure) != run.figures.end();
  };
  if (other == end) {
    option.problem(key, "there is no run '" + name + "' above the run '" + runs[n].name + "'");
  } else if (tier_of(other->tier) > tier_of(runs[n].tier)) {
    option.problem(key, "the run '" + name + "' is of the tier " + other->tier + ", so it is not made where '" +
                            runs[n].name + "', of the tier " + runs[n].tier + ", is");
  } else if (!measures(*other, figure)) {
    option.problem(key, "the run '" + name + "' does not measure this figure: '" + figure.figure +
                            "' of the same field and day must be among its figures");
  } else if (figure.per_kelvin && !(measures(*other, warming_of(figure)) && measures(runs[n], warming_of(figure)))) {
    option.problem(path + ".per_kelvin", "both runs must measure 'time_mean' of 'ts' from 'since' to 'day'");
  }
}

}  // namespace meridian
