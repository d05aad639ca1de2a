// An atmosphere at rest: temperature and geopotential depend on pressure alone, so it stays at rest over any ground.
#include <cmath>

#include "cases/states.hpp"
#include "grid/error.hpp"

namespace meridian {

namespace {

/// Temperature T: phi = R T ln(p0 / p).
AtmosphereState isothermal(const Planet& planet, double T) {
  const double R = planet.gas_constant_j_per_kg_k;
  const double p0 = planet.reference_pressure_pa;
  return {.geopotential = [=](double, double, double p) { return -R * T * std::log(p / p0); },
          .temperature = [=](double, double, double) { return T; }};
}

/// Potential temperature theta: phi = cp theta (1 - Pi), Pi = (p / p0)^kappa.
AtmosphereState uniform_theta(const Planet& planet, double theta) {
  const double cp = planet.heat_capacity_j_per_kg_k;
  const double kappa = planet.kappa();
  const double p0 = planet.reference_pressure_pa;
  const auto exner = [=](double p) { return std::pow(p / p0, kappa); };
  return {.geopotential = [=](double, double, double p) { return cp * theta * (1 - exner(p)); },
          .temperature = [=](double, double, double p) { return theta * exner(p); }};
}

/// T = T0 - lapse z up to the tropopause, T_t above.
AtmosphereState standard_atmosphere(const Planet& planet, double T0, double lapse, double T_t) {
  const double R = planet.gas_constant_j_per_kg_k;
  const double g = planet.gravity_m_per_s2;
  const double p0 = planet.reference_pressure_pa;
  const double power = R * lapse / g;
  const double p_t = p0 * std::pow(T_t / T0, 1 / power);  // [Pa] tropopause
  const double phi_t = g * (T0 - T_t) / lapse;            // [m2 s-2]
  const auto troposphere = [=](double p) { return T0 * std::pow(p / p0, power); };
  return {.geopotential =
              [=](double, double, double p) {
                return p > p_t ? g / lapse * T0 * (1 - std::pow(p / p0, power)) : phi_t - R * T_t * std::log(p / p_t);
              },
          .temperature = [=](double, double, double p) { return p > p_t ? troposphere(p) : T_t; }};
}

AtmosphereState profile_of(const std::string& profile, double T, const Planet& planet) {
  if (profile == "isothermal") return isothermal(planet, T);
  if (profile == "uniform_theta") return uniform_theta(planet, T);
  require(profile == "standard_atmosphere", ExitCode::internal, "Unknown profile '", profile, "'.");
  return standard_atmosphere(planet, T, 6.5e-3, 216.65);
}

}  // namespace

AtmosphereState Rest::state(const Planet& planet) const {
  AtmosphereState state = profile_of(profile,
                                     temperature_k > 0                  ? temperature_k
                                     : profile == "standard_atmosphere" ? 280
                                                                        : 300,
                                     planet);
  state.noise = perturbation_k;
  return state;
}

}  // namespace meridian
