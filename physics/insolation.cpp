#include "physics/insolation.hpp"

#include <array>
#include <cmath>

#include "grid/loop.hpp"

namespace meridian {

void Insolation::visit(OptionVisitor& option) {
  static constexpr std::array<std::string_view, 2> kinds = {"profile", "orbit"};
  option.word("insolation", insolation, kinds, "profile: a mean of the year over latitude; orbit: by date and hour");
  option.real("solar_constant_w_per_m2", solar_constant_w_per_m2, "W m-2", {0, 1e4},
              "S0, normal to the beam at mean distance");
  option.real("insolation_contrast", insolation_contrast, "1", {-2, 2}, "Ds of the profile: equator against pole");
  option.real("obliquity_degrees", obliquity_degrees, "degrees", {0, 180}, "tilt of the axis against the orbit");
  option.real("eccentricity", eccentricity, "1", {0, 0.7}, "of the orbit");
  option.real("perihelion_degrees", perihelion_degrees, "degrees", {0, 360},
              "longitude of the sun, counted from the equinox of March, where the planet is nearest to it");
  option.flag("seasonal_cycle", seasonal_cycle, "false: the sun stays over the equator, at mean distance");
  option.flag("diurnal_cycle", diurnal_cycle, "false: the mean of the day");
  const Insolation defaults;  // what has its default passes: a resolved case names everything
  const bool orbits = insolation == "orbit";
  const auto only_with = [&](OptionVisitor::Text setting, bool holds, OptionVisitor::Text key, bool is_set) {
    if (!holds && is_set) option.no_effect(key, setting);
  };
  const OptionVisitor::Text seasons = orbits ? "seasonal_cycle: true" : "insolation: orbit";
  only_with(seasons, orbits && seasonal_cycle, "obliquity_degrees", obliquity_degrees != defaults.obliquity_degrees);
  only_with(seasons, orbits && seasonal_cycle, "eccentricity", eccentricity != defaults.eccentricity);
  only_with(seasons, orbits && seasonal_cycle, "perihelion_degrees", perihelion_degrees != defaults.perihelion_degrees);
  only_with("insolation: orbit", orbits, "seasonal_cycle", !seasonal_cycle);
  only_with("insolation: orbit", orbits, "diurnal_cycle", !diurnal_cycle);
  only_with("insolation: profile", !orbits, "insolation_contrast", insolation_contrast != usual_contrast);
}

OrbitPlace place_on_orbit(double eccentricity, double perihelion, double part_of_year) {
  constexpr double march_equinox = 79.5 / 365;  // [1] part of the year
  const double e = eccentricity, ratio = std::sqrt((1 - e) / (1 + e));
  const double anomaly_at_equinox = 2 * std::atan(ratio * std::tan(-perihelion / 2));  // eccentric
  const double mean_anomaly =
      anomaly_at_equinox - e * std::sin(anomaly_at_equinox) + 2 * pi * (part_of_year - march_equinox);
  const double turns = std::floor((mean_anomaly + pi) / (2 * pi)), M = mean_anomaly - 2 * pi * turns;
  double E = M + (M > 0 ? e : -e) * (e > 0.3 ? 1 : 0);
  for (int n = 0; n < 50; ++n) {
    const double step = (E - e * std::sin(E) - M) / (1 - e * std::cos(E));
    E -= step;
    if (std::abs(step) < 1e-15) break;
  }
  const double distance = 1 - e * std::cos(E);  // [semi-major axis]
  return {perihelion + 2 * std::atan(std::tan(E / 2) / ratio), 1 / (distance * distance)};
}

Sun sun_during(const Insolation& options, const Instant& begin, double dt) {
  Sun sun;
  sun.solar = options.solar_constant_w_per_m2;
  sun.contrast = options.insolation_contrast;
  sun.orbit = options.insolation == "orbit";
  if (!sun.orbit) return sun;
  sun.diurnal = options.diurnal_cycle;
  sun.first_hour_angle = 2 * pi * begin.part_of_day - pi;
  sun.span = 2 * pi * dt / seconds_per_day;
  if (options.seasonal_cycle) {
    const OrbitPlace place =
        place_on_orbit(options.eccentricity, options.perihelion_degrees * pi / 180, begin.part_of_year);
    sun.solar *= place.inverse_square_distance;
    sun.sine = std::sin(options.obliquity_degrees * pi / 180) * std::sin(place.longitude);
    sun.cosine = std::sqrt(1 - sun.sine * sun.sine);
  }
  return sun;
}

void fill_sunlight(const Grid& grid, const Sun& sun, const Field<CellSurface>& rsdt) {
  const Metrics metrics = grid.metrics;
  const int i_first = grid.block.i_first;
  const double dl = grid.dl();
  for_each(
      {"physics/sunlight", 0, 1}, grid.block.cells(1), KOKKOS_LAMBDA(int, int j, int i) {
        const double lon = (i_first + i + 0.5) * dl;
        rsdt(0, j, i) = static_cast<Real>(sunlight_at(sun, metrics.sin_at_cell(j), metrics.cos_at_cell(j), lon));
      });
}

}  // namespace meridian
