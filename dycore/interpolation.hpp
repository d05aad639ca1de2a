#pragma once
// Upwind-biased interpolation to a face from the six values a b c | d e f across it.

#include "grid/base.hpp"

namespace meridian {

/// Face value times flux, order 3: flux (7(c+d) - (b+e))/12 + |flux| ((e-b) - 3(d-c))/12.
/// Source: Wicker and Skamarock (2002), MWR 130, eq. (4b).
KOKKOS_FORCEINLINE_FUNCTION Real flux_of_order_3(Real flux, Real b, Real c, Real d, Real e) {
  return (flux * (Real(7) * (c + d) - (b + e)) + Kokkos::abs(flux) * ((e - b) - Real(3) * (d - c))) *
         (Real(1) / Real(12));
}

/// Face value, order 5, upwind-biased by 'bias' between -1 and 1: the direction of the flux (0: centred, order 6).
/// Source: Wicker and Skamarock (2002), eq. (4c).
KOKKOS_FORCEINLINE_FUNCTION Real face_value_of_order_5(Real bias, Real a, Real b, Real c, Real d, Real e, Real f) {
  return ((Real(37) * (c + d) - Real(8) * (b + e) + (a + f)) -
          bias * ((f - a) - Real(5) * (e - b) + Real(10) * (d - c))) *
         (Real(1) / Real(60));
}

/// Upwind bias along one direction, -1 to 1, of a flow with these fluxes along and across it: t |t|, t = along / larger of both; 0 at
/// rest. The sign of the flux alone would let short waves grow (docs/numerics/dynamics.md, "Why not the sign").
KOKKOS_FORCEINLINE_FUNCTION Real upwind_bias(Real along, Real across) {
  constexpr Real least = Kokkos::Experimental::norm_min_v<Real>;
  const Real t = along / Kokkos::max(least, Kokkos::max(Kokkos::abs(along), Kokkos::abs(across)));
  return t * Kokkos::abs(t);
}

}  // namespace meridian
