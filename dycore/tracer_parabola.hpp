#pragma once
// Piecewise parabolas of tracers in one dimension, in the fraction of a cell's mass; one formula for every sweep.

#include "grid/base.hpp"
#include "grid/tracer.hpp"

namespace meridian {

/// Values at the two ends of a cell's parabola, less the cell's mean: y(t) = mean + low + t (high - low + 6 (1 - t) bend)
/// with bend = -(low + high) / 2, t in [0, 1]. Both are exactly 0 where the neighbours are equal, so a uniform tracer
/// stays uniform to the last bit.
struct TracerParabola {
  Real low, high;

  /// Mean over the fraction z of the cell next to its high end, less the cell's mean.
  KOKKOS_FORCEINLINE_FUNCTION Real mean_of_high_part(Real z) const { return (Real(1) - z) * (high - z * (low + high)); }
  /// Mean over [t0, t1] less the cell's mean.
  KOKKOS_FORCEINLINE_FUNCTION Real mean_between(Real t0, Real t1) const {
    const Real q6 = Real(-3) * (low + high);
    return low + Real(0.5) * (high - low + q6) * (t0 + t1) - q6 * (t0 * t0 + t0 * t1 + t1 * t1) * (Real(1) / 3);
  }
};

namespace detail {

/// Limited slope over 4 of the middle one of three cells (Lin 2004, Mon. Wea. Rev. 132, eq. 1 of appendix B).
template <Limiter limiter>
KOKKOS_FORCEINLINE_FUNCTION Real tracer_slope(Real before, Real here, Real after) {
  const Real slope = Real(0.25) * (after - before);
  if constexpr (limiter != Limiter::monotone) return slope;
  const Real largest = Kokkos::max(here, Kokkos::max(before, after));
  const Real smallest = Kokkos::min(here, Kokkos::min(before, after));
  const Real size = Kokkos::min(Kokkos::abs(slope), Kokkos::min(largest - here, here - smallest));
  return slope < 0 ? -size : size;
}

}  // namespace detail

/// The parabola of the middle one of five cells of equal width, c being the mean of the middle one. monotone: Lin (2004),
/// appendix B; positive: Lin and Rood (1996), Mon. Wea. Rev. 124, appendix C; none: Colella and Woodward (1984) edges.
template <Limiter limiter>
KOKKOS_FORCEINLINE_FUNCTION TracerParabola tracer_parabola(Real a, Real b, Real c, Real d, Real e) {
  const Real slope_b = detail::tracer_slope<limiter>(a, b, c);
  const Real slope_c = detail::tracer_slope<limiter>(b, c, d);
  const Real slope_d = detail::tracer_slope<limiter>(c, d, e);
  const Real third = Real(1) / 3;
  Real low = Real(0.5) * (b - c) - third * (slope_c - slope_b);
  Real high = Real(0.5) * (d - c) - third * (slope_d - slope_c);
  if constexpr (limiter == Limiter::monotone) {
    const Real bound = Real(2) * Kokkos::abs(slope_c);
    const Real low_size = Kokkos::min(bound, Kokkos::abs(low));
    const Real high_size = Kokkos::min(bound, Kokkos::abs(high));
    low = slope_c < 0 ? low_size : -low_size;
    high = slope_c < 0 ? -high_size : high_size;
  }
  if constexpr (limiter == Limiter::positive) {
    low = Kokkos::max(low, -c);
    high = Kokkos::max(high, -c);
    // The parabola has a minimum inside the cell where |high - low| < -q6, q6 = -3 (low + high).
    const Real q6 = Real(-3) * (low + high);
    const Real rise = high - low;
    const bool inside = Kokkos::abs(rise) < -q6;
    const Real lowest = c + low + Real(0.25) * (rise + q6) * (rise + q6) / (inside ? q6 : Real(1));
    const bool bad = inside && lowest < 0;
    const bool valley = low > 0 && high > 0;
    const Real flat_low = high > low ? low : Real(-2) * high;  // minimum moved to the lower end
    const Real flat_high = high > low ? Real(-2) * low : high;
    low = bad ? (valley ? Real(0) : flat_low) : low;
    high = bad ? (valley ? Real(0) : flat_high) : high;
  }
  return {low, high};
}

}  // namespace meridian
