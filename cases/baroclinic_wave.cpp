// Balanced mid-latitude jets that grow a baroclinic wave:
// Jablonowski and Williamson (2006), Q. J. R. Meteorol. Soc. 132, 2943-2975 ("JW06"), and
// Ullrich, Melvin, Jablonowski and Staniforth (2014), Q. J. R. Meteorol. Soc. 140, 1590-1602 ("U14").
// Polvani, Scott and Thomas (2004), Mon. Wea. Rev. 132, 2539-2552 ("PST04").
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "cases/states.hpp"
#include "grid/error.hpp"

namespace meridian {

namespace {

/// Distance of a point from 20 E, 40 N in tenths of the planet's radius.
double distance_from_bump(double lon, double lat) { return 10 * great_circle_distance(lon, lat, pi / 9, 2 * pi / 9); }

/// JW06, equations 2 to 10; eta = p / p0, the surface pressure is p0 everywhere.
struct SteadyJets {
  static constexpr double T0 = 288;       // [K]
  static constexpr double lapse = 0.005;  // [K m-1]
  static constexpr double dT = 4.8e5;     // [K]
  static constexpr double eta0 = 0.252;   // [1] height of the jets
  static constexpr double eta_t = 0.2;    // [1] tropopause
  double u0;                              // [m s-1]
  double a, omega, g, R, p0;

  explicit SteadyJets(const Planet& planet)
      : u0(35 * planet.sense_of_rotation()),
        a(planet.radius_m),
        omega(planet.rotation_rate_per_s),
        g(planet.gravity_m_per_s2),
        R(planet.gas_constant_j_per_kg_k),
        p0(planet.reference_pressure_pa) {}

  static double angle_of(double eta) { return (eta - eta0) * pi / 2; }
  static double X(double lat) {
    const double s2 = square(std::sin(lat));
    return -2 * s2 * s2 * s2 * (square(std::cos(lat)) + 1. / 3) + 10. / 63;
  }
  static double Y(double lat) {
    const double c = std::cos(lat);
    return 8. / 5 * c * c * c * (square(std::sin(lat)) + 2. / 3) - pi / 4;
  }
  double wind(double lat, double eta) const {
    return u0 * std::pow(std::cos(angle_of(eta)), 1.5) * square(std::sin(2 * lat));
  }
  double temperature(double lat, double eta) const {
    const double ev = angle_of(eta);
    double mean = T0 * std::pow(eta, R * lapse / g);
    if (eta < eta_t) mean += dT * std::pow(eta_t - eta, 5);
    return mean + 0.75 * eta * pi * u0 / R * std::sin(ev) * std::sqrt(std::cos(ev)) *
                      (2 * u0 * X(lat) * std::pow(std::cos(ev), 1.5) + Y(lat) * a * omega);
  }
  double geopotential(double lat, double eta) const {
    double mean = T0 * g / lapse * (1 - std::pow(eta, R * lapse / g));
    if (eta < eta_t) {
      const double t = eta_t;
      mean -= R * dT *
              ((std::log(eta / t) + 137. / 60) * std::pow(t, 5) - 5 * std::pow(t, 4) * eta +
               5 * std::pow(t, 3) * eta * eta - 10. / 3 * t * t * std::pow(eta, 3) + 1.25 * t * std::pow(eta, 4) -
               std::pow(eta, 5) / 5);
    }
    const double u = u0 * std::pow(std::cos(angle_of(eta)), 1.5);
    return mean + u * (X(lat) * u + Y(lat) * a * omega);
  }
};

/// U14, equations 7 to 22, shallow atmosphere; height is the coordinate, the surface pressure is p0 everywhere.
struct BalancedJets {
  static constexpr double TE = 310, TP = 240;  // [K] at the ground, equator and pole
  static constexpr double T0 = (TE + TP) / 2;  // [K]
  static constexpr double lapse = 0.005;       // [K m-1]
  static constexpr double b = 2;               // [1] half-width of the jets in scale heights
  static constexpr int K = 3;                  // power of the cosine of latitude
  double a, omega, g, R, p0, turn;

  explicit BalancedJets(const Planet& planet)
      : a(planet.radius_m),
        omega(planet.rotation_rate_per_s),
        g(planet.gravity_m_per_s2),
        R(planet.gas_constant_j_per_kg_k),
        p0(planet.reference_pressure_pa),
        turn(planet.sense_of_rotation()) {}

  struct Level {
    double z, temperature, ln_p,
        i2;  // [m], [K], [1] of p / p0, [m K-1] integral of the latitudinal part of 1 / T
  };
  Level at_height(double lat, double z) const {
    constexpr double A = (T0 - TP) / (T0 * TP);                 // [K-1]
    constexpr double C = (K + 2) / 2. * (TE - TP) / (TE * TP);  // [K-1]
    const double s2 = square(z * g / (b * R * T0));
    const double decay = std::exp(-s2);
    const double c = std::cos(lat);
    const double shape = c * c * c * (1 - K / (K + 2.) * c * c);
    const double growth = std::exp(lapse * z / T0);
    const double t1 = growth / T0 + A * (1 - 2 * s2) * decay;
    const double t2 = C * (1 - 2 * s2) * decay;
    const double i1 = (growth - 1) / lapse + z * A * decay;
    const double i2 = C * z * decay;
    return {z, 1 / (t1 - t2 * shape), -g / R * (i1 - i2 * shape), i2};
  }
  /// The height where the pressure is p, by Newton's method: d ln p / dz = - g / (R T).
  Level at_pressure(double lat, double p) const {
    const double ln_p = std::log(p / p0);
    double z = -R * T0 / g * ln_p;
    for (int n = 0; n < 50; ++n) {
      const Level level = at_height(lat, z);
      const double error = level.ln_p - ln_p;
      if (std::abs(error) < 1e-14 * (1 + std::abs(ln_p))) return level;
      z += error * R * level.temperature / g;
    }
    throw Error(ExitCode::configuration, "State 'ullrich' has no height for a pressure of " + std::to_string(p) +
                                             " Pa: the constants of 'planet' are too far from the Earth's.");
  }
  /// Gradient wind: u (u + 2 solid) = a c U, of whose roots the one that is weak where the planet turns fast. Both are
  /// balanced without rotation.
  double wind(double lat, const Level& level) const {
    const double c = std::cos(lat);
    const double U = g * K / a * level.i2 * c * c * square(std::sin(lat)) * level.temperature;
    const double solid = std::abs(omega * a * c);            // [m s-1] of the ground
    const double square_of_sum = solid * solid + a * c * U;  // [m2 s-2] of the wind in space
    require(square_of_sum > -1e-6, ExitCode::configuration, "State 'ullrich' has no balanced wind at a height of ",
            level.z, " m, latitude ", lat * 180 / pi,
            ": below the height 0 the planet must turn faster; give another 'planet.rotation_rate_per_s', or set "
            "'boundary.topography' to 'flat'.");
    return turn * (std::sqrt(std::fmax(square_of_sum, 0)) - solid);
  }
};

/// PST04, section 2: one jet in the north, u = U(lat) F(z) with z = - H ln(p / p0), in gradient balance with
///   dT/dlat = - (H / R) (2 a omega sin(lat) + 2 u tan(lat)) du/dz,
/// the global mean of T at each z that of the US standard atmosphere. In terms of A and B,
///   A' = 2 a omega sin(lat) U,  B' = tan(lat) U^2,  both of mean 0 over the globe:
///   T = T_us(z) - (H / R) F' (A + 2 F B),  geopotential = (R / H) int T_us dz - (A F + B F^2).
class NorthernJet {
 public:
  explicit NorthernJet(const Planet& planet)
      : turn(planet.sense_of_rotation()),
        R(planet.gas_constant_j_per_kg_k),
        p0(planet.reference_pressure_pa),
        table_(intervals + 1) {
    const double a_omega = planet.radius_m * std::abs(planet.rotation_rate_per_s);  // the mirror has the same balance
    // Cubics between points: values by Simpson's rule, slopes exact.
    const auto slopes = [&](double lat) {
      const double U = speed(lat);
      return std::array<double, 2>{2 * a_omega * std::sin(lat) * U, U == 0 ? 0 : std::tan(lat) * U * U};
    };
    for (int n = 0; n <= intervals; ++n) {
      const auto end = slopes(n * step);
      table_[n] = {0, 0, end[0], end[1]};
      if (n == 0) continue;
      const Point& before = table_[n - 1];
      const auto middle = slopes((n - 0.5) * step);
      table_[n].A = before.A + step / 6 * (before.dA + 4 * middle[0] + end[0]);
      table_[n].B = before.B + step / 6 * (before.dB + 4 * middle[1] + end[1]);
    }
    // Mean over the globe, whose southern half holds zeros: 1/2 int A cos(lat) dlat = 1/2 int A' (1 - sin(lat)) dlat.
    for (int n = 0; n < intervals; ++n) {
      for (const double x : {0., 0.5, 1.}) {
        const auto slope = slopes((n + x) * step);
        const double share = step / 6 * (x == 0.5 ? 4 : 1) * (1 - std::sin((n + x) * step)) / 2;
        mean_A_ += share * slope[0];
        mean_B_ += share * slope[1];
      }
    }
  }

  double height(double p) const { return -H * std::log(p / p0); }
  double wind(double lat, double z) const { return turn * speed(lat) * F(z); }
  double temperature(double lat, double z) const {
    const auto [A, B] = at(lat);
    return standard(z).temperature - H / R * dF(z) * (A + 2 * F(z) * B);
  }
  double geopotential(double lat, double z) const {
    const auto [A, B] = at(lat);
    return R / H * standard(z).integral - F(z) * (A + B * F(z));
  }
  static constexpr double H = 7340;  // [m]
  const double turn, R, p0;

 private:
  struct Point {
    double A, B, dA, dB;
  };
  struct Standard {
    double temperature, integral;  // [K], [K m] from the ground
  };
  static constexpr int intervals = 2000;
  static constexpr double step = pi / 2 / intervals;
  static constexpr double z0 = 22000, dz0 = 5000, z1 = 30000;  // [m]

  static double speed(double lat) { return lat <= 0 ? 0 : 50 * std::pow(std::sin(pi * square(std::sin(lat))), 3); }
  static double F(double z) { return 0.5 * (1 - std::pow(std::tanh((z - z0) / dz0), 3)) * std::sin(pi * z / z1); }
  static double dF(double z) {
    const double t = std::tanh((z - z0) / dz0);
    return -1.5 * t * t * (1 - t * t) / dz0 * std::sin(pi * z / z1) +
           0.5 * (1 - t * t * t) * pi / z1 * std::cos(pi * z / z1);
  }
  /// US standard atmosphere 1976, layers of constant lapse rate.
  static Standard standard(double z) {
    struct Layer {
      double base, lapse;  // [m], [K m-1]
    };
    static constexpr Layer layers[] = {{0, -6.5e-3}, {11000, 0},       {20000, 1e-3},  {32000, 2.8e-3},
                                       {47000, 0},   {51000, -2.8e-3}, {71000, -2e-3}, {84852, 0}};
    Standard at{288.15, 0};
    for (std::size_t n = 0; n < std::size(layers); ++n) {
      const bool within = n + 1 == std::size(layers) || z < layers[n + 1].base;
      const double depth = (within ? z : layers[n + 1].base) - layers[n].base;
      at.integral += depth * (at.temperature + layers[n].lapse * depth / 2);
      at.temperature += layers[n].lapse * depth;
      if (within) break;
    }
    return at;
  }
  std::array<double, 2> at(double lat) const {
    if (lat <= 0) return {-mean_A_, -mean_B_};
    const int n = std::min(static_cast<int>(lat / step), intervals - 1);
    const Point &south = table_[n], &north = table_[n + 1];
    const double x = lat / step - n;
    const double h00 = (1 + 2 * x) * square(1 - x), h10 = x * square(1 - x) * step;
    const double h01 = x * x * (3 - 2 * x), h11 = x * x * (x - 1) * step;
    return {h00 * south.A + h10 * south.dA + h01 * north.A + h11 * north.dA - mean_A_,
            h00 * south.B + h10 * south.dB + h01 * north.B + h11 * north.dB - mean_B_};
  }
  std::vector<Point> table_;
  double mean_A_ = 0, mean_B_ = 0;
};

}  // namespace

AtmosphereState JablonowskiWilliamson::state(const Planet& planet) const {
  const SteadyJets jets(planet);
  const double bump = perturbation_m_per_s;
  return {.geopotential = [=](double, double lat, double p) { return jets.geopotential(lat, p / jets.p0); },
          .temperature = [=](double, double lat, double p) { return jets.temperature(lat, p / jets.p0); },
          .eastward_wind =
              [=](double lon, double lat, double p) {
                return jets.wind(lat, p / jets.p0) + bump * std::exp(-square(distance_from_bump(lon, lat)));
              },
          .angle = angle_degrees * pi / 180};
}

AtmosphereState Ullrich::state(const Planet& planet) const {
  constexpr double bump_top = 15000;  // [m]
  const BalancedJets jets(planet);
  const double bump = perturbation_m_per_s;
  const auto wind = [=](double lon, double lat, double p) {
    const auto level = jets.at_pressure(lat, p);
    const double r = distance_from_bump(lon, lat);
    const double x = level.z / bump_top;
    const double taper = r < 1 && x < 1 ? 1 - 3 * x * x + 2 * x * x * x : 0;
    return jets.wind(lat, level) + bump * taper * std::exp(-r * r);
  };
  // Ullrich et al. (2016), DCMIP 2016 test case document, equation 18; next to no vapour above 100 hPa.
  const double q0 = specific_humidity;
  const auto humidity = [=](double, double lat, double p) {
    return p > 1e4 ? q0 * std::exp(-square(square(lat / (2 * pi / 9))) - square((p - jets.p0) / 34000))
                   : q0 / 0.018 * 1e-12;
  };
  AtmosphereState state{
      .geopotential = [=](double, double lat, double p) { return jets.g * jets.at_pressure(lat, p).z; },
      .temperature = [=](double, double lat, double p) { return jets.at_pressure(lat, p).temperature; },
      .eastward_wind = wind,
      .angle = angle_degrees * pi / 180};
  if (q0 > 0) state.specific_humidity = humidity;
  return state;
}

AtmosphereState PolvaniScottThomas::state(const Planet& planet) const {
  const auto jet = std::make_shared<const NorthernJet>(planet);
  const double bump = perturbation_k;
  const auto warm_spot = [=](double lon, double lat) {
    return bump / square(std::cosh(3 * centred_longitude(lon)) * std::cosh(6 * (lat - pi / 4)));
  };
  return {.geopotential =
              [=](double lon, double lat, double p) {
                const double z = jet->height(p);
                return jet->geopotential(lat, z) + jet->R / jet->H * z * warm_spot(lon, lat);
              },
          .temperature = [=](double lon, double lat,
                             double p) { return jet->temperature(lat, jet->height(p)) + warm_spot(lon, lat); },
          .eastward_wind = [=](double, double lat, double p) { return jet->wind(lat, jet->height(p)); },
          .angle = angle_degrees * pi / 180};
}

}  // namespace meridian
