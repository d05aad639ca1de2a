// A weak vortex over a warm sea that grows into a tropical cyclone: Reed and Jablonowski (2011), Mon. Wea. Rev. 139, 689-710
// ("RJ11"), in the form of the DCMIP 2016 test case document, test 1-2 (Ullrich et al. 2016).
#include <cmath>
#include <utility>

#include "cases/states.hpp"
#include "grid/error.hpp"

namespace meridian {

namespace {

/// RJ11, equations 1 to 15: pressure of a vortex on a background of constant lapse rate below 15 km.
struct Vortex {
  static constexpr double pb = 101500, dp = 1115;       // [Pa] background at the ground, and what the centre has less
  static constexpr double rp = 282000, zp = 7000;       // [m] extent of the vortex
  static constexpr double zt = 15000, lapse = 0.007;    // [m] tropopause, [K m-1]
  static constexpr double q0 = 0.021, qt = 1e-11;       // [1]
  static constexpr double zq1 = 3000, zq2 = 8000;       // [m]
  static constexpr double T0 = 302.15;                  // [K] of the sea
  static constexpr double lon_c = pi, lat_c = pi / 18;  // centre
  double a, g, R, turn, fc, Tv0, Tvt, pt;

  explicit Vortex(const Planet& planet)
      : a(planet.radius_m),
        g(planet.gravity_m_per_s2),
        R(planet.gas_constant_j_per_kg_k),
        turn(planet.sense_of_rotation()),
        fc(2 * std::abs(planet.rotation_rate_per_s) * std::sin(lat_c)),
        Tv0(T0 * (1 + 0.608 * q0)),
        Tvt(Tv0 - lapse * zt),
        pt(pb * std::pow(Tvt / Tv0, g / (R * lapse))) {}

  double distance(double lon, double lat) const { return a * great_circle_distance(lon, lat, lon_c, lat_c); }
  /// (r / rp)^(3/2) + (z / zp)^2
  double extent(double r, double z) const { return std::pow(r / rp, 1.5) + square(z / zp); }
  double log_pressure(double r, double z) const {
    if (z > zt) return std::log(pt) + g * (zt - z) / (R * Tvt);
    return std::log(pb - dp * std::exp(-extent(r, z))) + g / (R * lapse) * std::log((Tv0 - lapse * z) / Tv0);
  }
  double virtual_temperature(double r, double z) const {
    if (z > zt) return Tvt;
    const double T = Tv0 - lapse * z;
    return T / (1 + 2 * R * T * z / (g * square(zp) * (1 - pb / dp * std::exp(extent(r, z)))));
  }
  double humidity(double z) const { return z > zt ? qt : q0 * std::exp(-z / zq1 - square(z / zq2)); }
  double wind(double r, double z) const {  // tangential, counterclockwise [m s-1]
    if (z > zt) return 0;
    const double T = Tv0 - lapse * z, x = fc * r / 2;
    const double gradient =
        1.5 * std::pow(r / rp, 1.5) * T * R / (1 + 2 * R * T * z / (g * square(zp)) - pb / dp * std::exp(extent(r, z)));
    return turn * (-x + std::sqrt(square(x) - gradient));
  }
  /// Height [m] of a pressure, by Newton's method.
  double height(double r, double p) const {
    const double ln_p = std::log(p);
    double z = Tv0 / lapse * (1 - std::pow(p / pb, R * lapse / g));
    if (p < pt) z = zt + R * Tvt / g * std::log(pt / p);
    for (int n = 0; n < 50; ++n) {
      const double error = log_pressure(r, z) - ln_p;
      if (std::abs(error) < 1e-14 * std::abs(ln_p)) return z;
      z += error * R * virtual_temperature(r, z) / g;
    }
    return z;  // within the rounding of the pressure
  }
};

}  // namespace

AtmosphereState TropicalCyclone::state(const Planet& planet) const {
  const Vortex vortex(planet);
  const auto direction = [](double lon,
                            double lat) {  // towards the east, towards the north, of a counterclockwise wind
    const double east = std::sin(Vortex::lat_c) * std::cos(lat) -
                        std::cos(Vortex::lat_c) * std::sin(lat) * std::cos(lon - Vortex::lon_c);
    const double north = std::cos(Vortex::lat_c) * std::sin(lon - Vortex::lon_c);
    const double length = std::fmax(1e-25, std::hypot(east, north));
    return std::pair(east / length, north / length);
  };
  const auto wind = [=](double lon, double lat, double p) {
    const double r = vortex.distance(lon, lat);
    return vortex.wind(r, vortex.height(r, p));
  };
  AtmosphereState state{
      .geopotential = [=](double lon, double lat,
                          double p) { return vortex.g * vortex.height(vortex.distance(lon, lat), p); },
      .temperature =
          [=](double lon, double lat, double p) {
            const double r = vortex.distance(lon, lat);
            return vortex.virtual_temperature(r, vortex.height(r, p));
          },
      .eastward_wind = [=](double lon, double lat, double p) { return wind(lon, lat, p) * direction(lon, lat).first; },
      .northward_wind = [=](double lon, double lat,
                            double p) { return wind(lon, lat, p) * direction(lon, lat).second; },
      .angle = angle_degrees * pi / 180};
  state.ground = [](double, double) { return 0.0; };
  state.specific_humidity = [=](double lon, double lat, double p) {
    return vortex.humidity(vortex.height(vortex.distance(lon, lat), p));
  };
  return state;
}

}  // namespace meridian
