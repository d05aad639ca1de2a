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

/// Face value, order 5, sign = -1, 0 or 1: the direction of the flux (0: centred, order 6).
/// Source: Wicker and Skamarock (2002), eq. (4c).
KOKKOS_FORCEINLINE_FUNCTION Real face_value_of_order_5(Real sign, Real a, Real b, Real c, Real d, Real e, Real f) {
  return ((Real(37) * (c + d) - Real(8) * (b + e) + (a + f)) -
          sign * ((f - a) - Real(5) * (e - b) + Real(10) * (d - c))) *
         (Real(1) / Real(60));
}

KOKKOS_FORCEINLINE_FUNCTION Real sign_of(Real x) { return Real(x > 0) - Real(x < 0); }

}  // namespace meridian
