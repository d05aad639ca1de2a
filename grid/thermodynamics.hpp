#pragma once
// Moist thermodynamics: one formula each, for everybody. Mixing ratios are masses of water per mass of dry air.

#include <array>
#include <string_view>

#include "grid/elementary.hpp"
#include "grid/planet.hpp"

namespace meridian {

/// Virtual temperature over temperature [1], with the weight of all water:
///   Tv / T = (1 + qv Rv / R) / (1 + q),  qv: vapour, q: all water, loading: 1 + q
KOKKOS_FORCEINLINE_FUNCTION Real virtual_factor(Real vapour_to_dry, Real qv, Real loading) {
  return (1 + vapour_to_dry * qv) / loading;
}

/// Formulas of the saturation vapour pressure.
enum class Saturation { clausius, tetens, murphy_koop };
inline constexpr std::array<std::string_view, 3> saturation_words = {"clausius", "tetens", "murphy_koop"};

/// The constants of moist air and its saturation, for kernels.
struct MoistAir {
  double R, Rv, cp, L;  // [J kg-1 K-1], [J kg-1]
  double g;             // [m s-2]
  double p0;            // [Pa]
  double kappa;         // [1]
  double epsilon;       // [1] R / Rv
  Saturation formula;
  /// clausius and tetens: q = (scale / p) exp[rate (T - zero) / (T - pole)]
  double scale, rate, zero, pole;  // [Pa], [1], [K], [K]

  MoistAir(const Planet& planet, Saturation formula)
      : R(planet.gas_constant_j_per_kg_k),
        Rv(planet.vapour_gas_constant_j_per_kg_k),
        cp(planet.heat_capacity_j_per_kg_k),
        L(planet.latent_heat_j_per_kg),
        g(planet.gravity_m_per_s2),
        p0(planet.reference_pressure_pa),
        kappa(planet.kappa()),
        epsilon(R / Rv),
        formula(formula),
        scale(formula == Saturation::tetens ? 380 : epsilon * 610.78),
        rate(formula == Saturation::tetens ? 17.27 : L / Rv / 273.16),
        zero(formula == Saturation::tetens ? 273 : 273.16),
        pole(formula == Saturation::tetens ? 36 : 0) {}

  /// Saturation mixing ratio over liquid [1] at T [K] and p [Pa], and its slope [K-1] at constant pressure.
  ///   clausius:    q = epsilon e / p,  e = 610.78 Pa exp[- (L / Rv) (1 / T - 1 / 273.16 K)] (Reed and Jablonowski 2012)
  ///   tetens:      q = (380 Pa / p) exp[17.27 (T - 273) / (T - 36)]  (Klemp and Wilhelmson 1978)
  ///   murphy_koop: q = epsilon e / (p - e), e of Murphy and Koop (2005), equation 10
  struct Saturated {
    double q, slope;
  };
  KOKKOS_FORCEINLINE_FUNCTION Saturated saturated(double T, double p) const {
    return formula == Saturation::murphy_koop ? saturated_by<true>(T, p) : saturated_by<false>(T, p);
  }
  template <bool murphy_koop>
  KOKKOS_FORCEINLINE_FUNCTION Saturated saturated_by(double T, double p) const {
    if constexpr (murphy_koop) {
      const double log_T = elementary::log(T);
      const double x = 0.0415 * (T - 218.8), tanh = 1 - 2 / (elementary::exp(2 * x) + 1);
      const double b = 53.878 - 1331.22 / T - 9.44523 * log_T + 0.014025 * T;
      const double e = elementary::exp(54.842763 - 6763.22 / T - 4.21 * log_T + 0.000367 * T + tanh * b);
      const double slope = (6763.22 / T - 4.21) / T + 0.000367 + 0.0415 * (1 - tanh * tanh) * b +
                           tanh * ((1331.22 / T - 9.44523) / T + 0.014025);  // of ln e
      // Where e nears p there is no saturation: the mixing ratio stays finite.
      const double dry = p - e > 0.5 * p ? p - e : 0.5 * p;
      return {epsilon * e / dry, p - e > 0.5 * p ? epsilon * e * slope * p / (dry * dry) : epsilon * e * slope / dry};
    } else {
      const double inverse = 1 / (T - pole);
      const double q = scale / p * elementary::exp(rate * (T - zero) * inverse);
      return {q, q * rate * (zero - pole) * inverse * inverse};
    }
  }
  /// Vapour that condenses [1] until the air is saturated, by one step of Newton's method: (q - qs) / (1 + (L / cp) dqs/dT);
  /// negative where the air is not saturated: what could evaporate.
  KOKKOS_FORCEINLINE_FUNCTION double condensate(const Saturated& s, double q) const {
    return (q - s.q) / (1 + L / cp * s.slope);
  }
};

/// Moist air whose kind of formula is known to the compiler: half the work where a loop is vectorised.
template <bool murphy_koop>
struct MoistAirBy : MoistAir {
  explicit MoistAirBy(const MoistAir& air) : MoistAir(air) {}
  KOKKOS_FORCEINLINE_FUNCTION Saturated saturated(double T, double p) const { return saturated_by<murphy_koop>(T, p); }
};

/// Calls body(MoistAirBy<...>) for the formula of this air.
template <class Body>
void by_formula(const MoistAir& air, const Body& body) {
  if (air.formula == Saturation::murphy_koop) {
    body(MoistAirBy<true>(air));
  } else {
    body(MoistAirBy<false>(air));
  }
}

}  // namespace meridian
