#pragma once
// log, exp and pow as branch-free polynomials in double precision: they vectorise in a plain loop, and give the same
// bits on every device because they use nothing but IEEE additions, multiplications, one division and integer bits.

#include <cmath>
#include <cstdint>

#include "grid/base.hpp"

namespace meridian::elementary {

namespace detail {

inline constexpr double ln2_high = 0x1.62e42fefp-1;        // [1] ln 2 in 33 bits: its product with n is exact
inline constexpr double ln2_low = 7.440617110012397e-11;   // [1] ln 2 - ln2_high
inline constexpr double inverse_ln2 = 1.4426950408889634;  // [1]
inline constexpr double round_to_integer = 0x1.8p52;       // added: the low bits of the sum hold the integer
inline constexpr double smallest_normal = 0x1p-1022;
inline constexpr double largest = 0x1.fffffffffffffp1023;

KOKKOS_FORCEINLINE_FUNCTION std::uint64_t bits_of(double x) { return Kokkos::bit_cast<std::uint64_t>(x); }
KOKKOS_FORCEINLINE_FUNCTION double from_bits(std::uint64_t x) { return Kokkos::bit_cast<double>(x); }
/// The leading 26 bits of x: products of two such numbers are exact.
KOKKOS_FORCEINLINE_FUNCTION double leading_half(double x) { return from_bits(bits_of(x) & 0xfffffffff8000000u); }

/// An unevaluated sum with about 60 good bits.
struct Pair {
  double high, low;
};

/// log(x) for positive normal x, its nearest double and the remainder. With x = 2^n m, m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f):
///   log(x) = n ln 2 + f - f^2/2 + s (f^2/2 + R(s^2))     (the form of Sun's fdlibm; R refitted at Chebyshev nodes)
KOKKOS_FORCEINLINE_FUNCTION Pair log_pair(double x) {
  constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdu;
  constexpr std::uint64_t exponent_mask = 0xfff0000000000000u;
  constexpr std::uint64_t one = 0x3ff0000000000000u;
  const std::uint64_t biased = bits_of(x) - sqrt_half + one;  // (n + 1023) 2^52 + fraction
  const double n = from_bits((biased >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
  const double f = from_bits(bits_of(x) - (biased & exponent_mask) + one) - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  const double w = z * z;
  const double even =
      z * (0.666666666666667 + w * (0.28571428626253836 + w * (0.1818289243253687 + w * 0.14617807153417325)));
  const double odd = w * (0.3999999999989889 + w * (0.22222211089379496 + w * 0.15331611722055008));
  const double half_square = 0.5 * f * f;
  const double main = f - half_square;
  const double rest = (f - main) - half_square;  // what the line above rounded off
  const double n_ln2 = n * ln2_high;             // exact
  const double high = n_ln2 + main;
  const double low = (main - (high - n_ln2)) + (rest + (s * (half_square + (even + odd)) + n * ln2_low));
  const double sum = high + low;
  return {sum, low - (sum - high)};
}

/// exp(x + correction) for |correction| <= 1e-6, with the limits of exp() below.
KOKKOS_FORCEINLINE_FUNCTION double exp_of_sum(double x, double correction) {
  const double inside = x < -708.4 ? -708.4 : (x > 709.4 ? 709.4 : x);  // NaN passes
  const double shifted = inside * inverse_ln2 + round_to_integer;
  const double n = shifted - round_to_integer;
  const double r = (inside - n * ln2_high) + (correction - n * ln2_low);  // |r| <= ln(2) / 2
  const double z = r * r;
  const double w = z * z;
  // (exp(r) - 1 - r) / r^2 on +-ln(2)/2, fitted at Chebyshev nodes; relative error 1.3e-17
  const double low =
      (0.5000000000000001 + r * 0.16666666666666669) + z * (0.041666666666623824 + r * 0.008333333333330039);
  const double middle =
      (0.0013888888917367081 + r * 0.00019841269863171557) + z * (2.4801521057868204e-05 + r * 2.7557268276905696e-06);
  const double high = 2.7620201591031547e-07 + r * 2.5100472505694996e-08;
  const double value = 1 + (r + z * (low + w * (middle + w * high)));
  const double scaled = value * from_bits((bits_of(shifted) + 1023) << 52);
  return x < -708.4 ? 0.0 : (x > 709.4 ? HUGE_VAL : scaled);
}

/// 'value' where x is a positive normal number, else NaN.
KOKKOS_FORCEINLINE_FUNCTION double where_positive(double x, double value) {
  return (x >= smallest_normal) & (x <= largest) ? value : from_bits(0x7ff8000000000000u);
}

}  // namespace detail

/// Natural logarithm of a positive normal number [1]; NaN for everything else. Relative error below 2.5e-16.
KOKKOS_FORCEINLINE_FUNCTION double log(double x) { return detail::where_positive(x, detail::log_pair(x).high); }

/// e^x [1]: 0 for x < -708.4, infinity for x > 709.4, NaN for NaN. Relative error below 2.5e-16.
KOKKOS_FORCEINLINE_FUNCTION double exp(double x) { return detail::exp_of_sum(x, 0); }

/// The same in single precision, for normal x. Relative error below 1.2e-7, absolute near 1 below 6e-8.
KOKKOS_FORCEINLINE_FUNCTION float log(float x) {
  constexpr std::uint32_t sqrt_half = 0x3f3504f3u, one = 0x3f800000u;
  const std::uint32_t biased = Kokkos::bit_cast<std::uint32_t>(x) - sqrt_half + one;
  const float n = static_cast<float>(static_cast<std::int32_t>(biased >> 23) - 127);
  const float f = Kokkos::bit_cast<float>(Kokkos::bit_cast<std::uint32_t>(x) - (biased & 0xff800000u) + one) - 1;
  const float s = f / (2 + f);
  const float z = s * s;
  const float odd = z * (2.0f / 3 + z * (2.0f / 5 + z * (2.0f / 7 + z * (2.0f / 9))));
  const float half_square = 0.5f * f * f;
  const float small = half_square - (s * (half_square + odd) + n * 1.4286068e-6f);
  const float value = n * 0x1.62e4p-1f + (f - small);  // ln 2 in 15 bits: the product is exact
  return (x >= 0x1p-126f) & (x <= 0x1.fffffep127f) ? value : Kokkos::bit_cast<float>(0x7fc00000u);
}

/// The same in single precision: 0 for x < -87, infinity for x > 88. Relative error below 1.2e-7.
KOKKOS_FORCEINLINE_FUNCTION float exp(float x) {
  const float inside = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);  // NaN passes
  const float shifted = inside * 1.4426950f + 0x1.8p23f;               // the low bits of the sum hold the integer
  const float n = shifted - 0x1.8p23f;
  const float r = (inside - n * 0x1.62e4p-1f) - n * 1.4286068e-6f;
  const float high = 1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720 + r * (1.0f / 5040)));
  const float value = 1 + (r + r * r * (0.5f + r * (1.0f / 6 + r * high)));
  const float scaled = value * Kokkos::bit_cast<float>((Kokkos::bit_cast<std::uint32_t>(shifted) + 127) << 23);
  return x < -87.0f ? 0.0f : (x > 88.0f ? HUGE_VALF : scaled);
}

/// x^y [1] for positive normal x and finite y; 0 for x = 0, which is meant for y > 0 alone; NaN for every other x.
/// Relative error below 2.5e-16 where |y log(x)| < 40: the logarithm and its product carry about 60 bits.
KOKKOS_FORCEINLINE_FUNCTION double pow(double x, double y) {
  const detail::Pair log_x = detail::log_pair(x);
  const double y_high = detail::leading_half(y);
  const double log_high = detail::leading_half(log_x.high);
  const double product = y_high * log_high;  // exact
  const double rest = y_high * ((log_x.high - log_high) + log_x.low) + (y - y_high) * log_x.high;
  const double value = detail::where_positive(x, detail::exp_of_sum(product, rest));
  return x == 0 ? 0.0 : value;
}

}  // namespace meridian::elementary
