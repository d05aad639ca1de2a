#include "grid/profile.hpp"

#include <algorithm>

namespace meridian {

void visit_profile(OptionVisitor& option, std::string_view key, Profile& profile, std::string_view meaning) {
  option.list(key, profile, meaning);
  for (std::size_t n = 1; n < profile.size(); ++n) {
    const double before = profile[n - 1].pressure_pa, here = profile[n].pressure_pa;
    const bool grows = profile[1].pressure_pa > profile[0].pressure_pa;
    if (grows ? here > before : here < before) continue;
    option.problem(std::string(key) + "[" + std::to_string(n) + "].pressure_pa",
                   "The pressures of '" + std::string(key) + "' must only grow or only fall from point to point.");
    return;
  }
}

ProfileValues::ProfileValues(const Profile& profile) {
  Profile points = profile.empty() ? Profile{{}} : profile;
  if (points.front().pressure_pa > points.back().pressure_pa) std::ranges::reverse(points);
  pressure = Array1<double>("profile_pressure", points.size());
  value = Array1<double>("profile_value", points.size());
  const auto pressures = Kokkos::create_mirror_view(pressure), values = Kokkos::create_mirror_view(value);
  for (std::size_t n = 0; n < points.size(); ++n) {
    pressures(n) = points[n].pressure_pa;
    values(n) = points[n].value;
  }
  Kokkos::deep_copy(pressure, pressures);
  Kokkos::deep_copy(value, values);
}

}  // namespace meridian
