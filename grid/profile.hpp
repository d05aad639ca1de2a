#pragma once
// A quantity as a function of pressure: a short list of points in a case.

#include <string>
#include <string_view>
#include <vector>

#include "grid/base.hpp"
#include "grid/options.hpp"

namespace meridian {

/// One point of a profile.
struct ProfilePoint {
  double pressure_pa = 0;
  double value = 0;

  void visit(OptionVisitor& option) {
    option.real("pressure_pa", pressure_pa, "Pa", {0, 1e8},
                "where; from one point to the next it only grows, or only falls");
    option.real("value", value, "of the profile", {-1e6, 1e6}, "linear between points, constant beyond them");
  }
};

/// Linear in pressure between its points, constant beyond the first and the last; 0 without points.
using Profile = std::vector<ProfilePoint>;

/// Reads a profile and refuses pressures that are not in order.
void visit_profile(OptionVisitor& option, std::string_view key, Profile& profile, std::string_view meaning);

/// A profile for kernels.
struct ProfileValues {
  Array1<double> pressure, value;  // [Pa], increasing; at least one point
  explicit ProfileValues(const Profile& profile = {});

  KOKKOS_FORCEINLINE_FUNCTION double at(double p) const {
    const int last = static_cast<int>(pressure.extent(0)) - 1;
    if (p <= pressure(0)) return value(0);
    for (int n = 1; n <= last; ++n) {
      if (p > pressure(n)) continue;
      const double share = (p - pressure(n - 1)) / (pressure(n) - pressure(n - 1));
      return value(n - 1) + share * (value(n) - value(n - 1));
    }
    return value(last);
  }
};

}  // namespace meridian
