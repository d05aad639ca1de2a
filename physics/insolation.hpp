#pragma once
// Sunlight on top of the air, for every scheme of radiation.

#include <string>

#include "grid/clock.hpp"
#include "grid/field.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/options.hpp"

namespace meridian {

/// Options that say how the sun shines. profile: a mean of the year without orbit,
///   S = S0 / 4 [1 + Ds (1 - 3 sin^2 lat) / 4];
/// orbit: S = S0 (a / r)^2 max(0, sin lat sin d + cos lat cos d cos h), with the declination d, sin d = sin(obliquity) sin(l), the
///   longitude l of the sun from Kepler's equation, 0 at noon of 21 March, and the hour angle h; a day is 86400 s.
struct Insolation {
  std::string insolation = "profile";
  double solar_constant_w_per_m2 = 1360;
  double insolation_contrast = 1.4;
  double usual_contrast = 1.4;  // no option: the contrast that a preset of the radiation has
  double obliquity_degrees = 23.44;
  double eccentricity = 0.0167;
  double perihelion_degrees = 282.9;
  bool seasonal_cycle = true;
  bool diurnal_cycle = true;

  void visit(OptionVisitor& option);
};

/// The sun during an interval: what is the same at all places.
struct Sun {
  bool orbit = false, diurnal = false;
  double solar = 0;                       // [W m-2] S0 (a / r)^2
  double contrast = 0;                    // [1] Ds
  double sine = 0, cosine = 1;            // of the declination
  double first_hour_angle = 0, span = 1;  // [radians] at longitude 0 when the interval begins, and its length
};
/// The sun from 'begin' on for dt [s].
Sun sun_during(const Insolation& options, const Instant& begin, double dt);

/// Longitude of the sun [radians], 0 at the equinox of March, and (a / r)^2 at a part of the year.
struct OrbitPlace {
  double longitude, inverse_square_distance;
};
OrbitPlace place_on_orbit(double eccentricity, double perihelion, double part_of_year);

/// Integral of max(0, a + b cos h) from h = 0 to h, b >= 0; half_day: where a + b cos h changes its sign, in [0, pi].
KOKKOS_INLINE_FUNCTION double sunlight_until(double h, double a, double b, double half_day) {
  const double turns = Kokkos::floor((h + pi) / (2 * pi));
  const double rest = h - 2 * pi * turns;
  const double lit = rest > half_day ? half_day : (rest < -half_day ? -half_day : rest);
  return turns * 2 * (a * half_day + b * Kokkos::sin(half_day)) + (a * lit + b * Kokkos::sin(lit));
}

/// Mean over the interval at a place [W m-2].
KOKKOS_INLINE_FUNCTION double sunlight_at(const Sun& sun, double sine_of_lat, double cosine_of_lat, double lon) {
  if (!sun.orbit) return sun.solar / 4 * (1 + sun.contrast / 4 * (1 - 3 * (sine_of_lat * sine_of_lat)));
  const double a = sine_of_lat * sun.sine, b = cosine_of_lat * sun.cosine;
  const double half_day = a >= b ? pi : (a <= -b ? 0.0 : Kokkos::acos(-a / b));
  if (!sun.diurnal) return sun.solar / pi * (a * half_day + b * Kokkos::sin(half_day));
  const double h = sun.first_hour_angle + lon;
  const double light = sunlight_until(h + sun.span, a, b, half_day) - sunlight_until(h, a, b, half_day);
  return light > 0 ? sun.solar / sun.span * light : 0.0;  // round-off at night
}

/// Fills rsdt [W m-2] at owned cells. One word a column.
void fill_sunlight(const Grid& grid, const Sun& sun, const Field<CellSurface>& rsdt);

}  // namespace meridian
