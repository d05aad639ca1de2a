#pragma once
// The dry benchmark forcing of Held and Suarez (1994): the scheme to copy (docs/how_to/add_a_scheme.md).

#include "grid/elementary.hpp"
#include "physics/columns.hpp"

namespace meridian {

/// Relaxation and drag, each as the exact solution over dt: X <- Xeq + (X - Xeq) exp(-k dt); in the paper they are explicit, which differs
/// by O(dt). Frictional heating is off.
struct HeldSuarez {
  static constexpr std::string_view name = "held_suarez";
  static constexpr std::string_view meaning = "relaxation to a zonally symmetric temperature, and drag near the ground";
  static constexpr std::string_view source = "Held and Suarez (1994), BAMS 75, 1825-1830";
  static constexpr std::string_view equation = R"(dT/dt = -kT (T - Teq),  du/dt = -kv u,  dv/dt = -kv v
Teq = max(200, [315 - 60 sin^2 lat - 10 ln(p/p0) cos^2 lat] (p/p0)^kappa)
kv = kf w,  kT = ka + (ks - ka) w cos^4 lat,  w = max(0, (s - 0.7) / (1 - 0.7)),  s = p/ps)";
  static constexpr FieldUse fields[] = {reads(field::air_pressure), reads(field::surface_air_pressure),
                                        updates(field::air_temperature), updates(field::eastward_wind),
                                        updates(field::northward_wind)};

  struct Options {
    double equator_temperature_k = 315;
    double equator_pole_difference_k = 60;
    double static_stability_k = 10;
    double minimum_temperature_k = 200;
    double relaxation_time_days = 40;
    double surface_relaxation_time_days = 4;
    double friction_time_days = 1;
    double boundary_layer_sigma = 0.7;

    void visit(OptionVisitor& option);
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<HeldSuarez>);

/// Equilibrium temperature [K] at sine of latitude [1] and p / p0 [1]. NaN for NaN and for negative pressure.
KOKKOS_FORCEINLINE_FUNCTION double equilibrium_temperature(const HeldSuarez::Options& options, double kappa,
                                                           double sine, double p_over_p0) {
  const double log_p = elementary::log(p_over_p0);  // [1]
  const double at_p0 = options.equator_temperature_k - options.equator_pole_difference_k * sine * sine -
                       options.static_stability_k * log_p * (1 - sine * sine);  // [K]
  const double temperature = at_p0 * elementary::exp(kappa * log_p);            // [K]
  return temperature < options.minimum_temperature_k ? options.minimum_temperature_k : temperature;
}

/// Weight of the boundary layer [1]: 0 above boundary_layer_sigma, 1 at the ground; depth = 1 - boundary_layer_sigma,
/// given as its inverse. NaN for NaN.
KOKKOS_FORCEINLINE_FUNCTION double boundary_layer_weight(double sigma, double inverse_depth) {
  const double weight = 1 - (1 - sigma) * inverse_depth;
  return weight < 0 ? 0.0 : weight;
}

}  // namespace meridian
