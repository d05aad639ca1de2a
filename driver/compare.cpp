#include "driver/compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "grid/error.hpp"
#include "io/netcdf.hpp"
#include "io/restart.hpp"

namespace meridian {
namespace {

/// max |a - b| / max |a|; 0 where they are the same, infinite where a is zero everywhere and b is not.
double relative_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, largest = 0;
  for (std::size_t n = 0; n < a.size(); ++n) {
    if (!std::isfinite(a[n]) || !std::isfinite(b[n])) return NAN;
    difference = std::max(difference, std::abs(a[n] - b[n]));
    largest = std::max(largest, std::abs(a[n]));
  }
  return difference == 0 ? 0 : difference / largest;
}

}  // namespace

int compare(const std::string& run, const std::string& other, double at_most) {
  const RestartManifest one = manifest_of(run), two = manifest_of(other);
  require(one.step == two.step, ExitCode::usage, "'", run, "' ends at step ", one.step, " and '", other, "' at step ",
          two.step, ": runs are compared at the same step.");
  const NetcdfReader of_one(one.value_path()), of_two(two.value_path());
  double largest = 0;
  for (const std::string& field : one.variables) {
    if (field.starts_with("accumulated.")) continue;  // belongs to the streams
    require(of_two.has_variable(field), ExitCode::usage, "'", other, "' has no field '", field, "', and '", run,
            "' has: runs of the same case are compared.");
    const std::vector<double> a = of_one.read(field), b = of_two.read(field);
    require(a.size() == b.size(), ExitCode::usage, "'", field, "' has ", a.size(), " points in '", run, "' and ",
            b.size(), " in '", other, "': runs on the same grid are compared.");
    const double difference = relative_difference(a, b);
    std::printf("%-24s %9.2e\n", field.c_str(), difference);
    if (!(difference <= largest)) largest = difference;
  }
  const bool good = largest <= at_most;
  std::printf("largest difference %.2e after %ld steps%s%s\n", largest, one.step,
              one.state_hash == two.state_hash ? ", the same bits" : "", good ? "" : ": FAILED");
  return static_cast<int>(good ? ExitCode::done : ExitCode::missed);
}

}  // namespace meridian
