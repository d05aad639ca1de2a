#pragma once
// Toy chemistry whose light ends along a sharp line: a test of how transport keeps the sum of two tracers.

#include "physics/columns.hpp"

namespace meridian {

/// Cl2 is split by light and recombines, with the sun at rest over 20 N, 300 E; each as the exact solution over dt, so cl + 2 cl2 never
/// changes. Negative values, which transport without limiter makes, count as 0: with them the recombination would run
/// away. Tracers 'cl' and 'cl2' of the case, no options. Source: equations 1 to 13 of the paper.
struct Terminator {
  static constexpr std::string_view name = "terminator";
  static constexpr std::string_view meaning = "toy chemistry of chlorine with a sharp edge between day and night";
  static constexpr std::string_view source = "Lauritzen et al. (2015), Geosci. Model Dev. 8, 1299-1313";
  static constexpr std::string_view equation =
      R"(d cl/dt = 2 k1 cl2 - 2 k2 cl^2,  d cl2/dt = - k1 cl2 + k2 cl^2,  k2 = 1 s-1
k1 = max(0, sin(lat) sin(20 N) + cos(lat) cos(20 N) cos(lon - 300 E)) s-1)";
  static constexpr FieldUse fields[] = {updates(field::atomic_chlorine), updates(field::molecular_chlorine)};

  struct Options {
    void visit(OptionVisitor&) {}
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<Terminator>);

/// d cl/dt [s-1], mean over dt [s], for light k1 [s-1] and mixing ratios that are not negative.
KOKKOS_FORCEINLINE_FUNCTION double chlorine_tendency(double cl, double cl2, double k1, double dt) {
  constexpr double k2 = 1;  // [s-1]
  const double r = k1 / (4 * k2);
  const double balance = Kokkos::sqrt(r * r + 2 * r * (cl + 2 * cl2));  // cl + r where it no longer changes
  const double decay = Kokkos::exp(-4 * k2 * balance * dt);
  const double rate = balance * k2 * dt > 1e-16 ? (1 - decay) / (balance * dt) : 4 * k2;
  return -rate * (cl - balance + r) * (cl + balance + r) / (1 + decay + dt * rate * (cl + r));
}

}  // namespace meridian
