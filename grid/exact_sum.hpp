#pragma once
// Sums and hashes that do not depend on the order of their terms: same bits for any rank layout and thread count.

#include <array>
#include <cstdint>

#include "grid/decomposition.hpp"
#include "grid/field_set.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// Sum over all ranks of term(k, j, i) over the box of each rank. Terms are scaled by a power of two from the largest
/// magnitude and the global count, split into two 62-bit integers and added as integers (associative).
/// Collective. NaN or Inf in any term gives NaN. Source: the idea of Demmel and Nguyen (2015), here with a maximum first.
/// A term is cut below 2^-(2 w) of the largest one, w = 61 - log2(count): 2^-70 for 64 million terms.
template <class Term>
double exact_sum(const Kernel& kernel, const Block& block, const Box& box, const Term& term);

/// The same for N sums at once and the same two all-reduces; term(k, j, i) returns Kokkos::Array<double, N>.
template <int N, class Term>
std::array<double, N> exact_sums(const Kernel& kernel, const Block& block, const Box& box, const Term& term);

/// Largest value over all ranks; NaN where one is NaN. Collective.
double largest_over_ranks(const Block& block, double value);

/// Order-free 64-bit hash of owned points: sum of mix(name, global index, bits) modulo 2^64, so -0 differs from 0. Row and
/// column are global; yfaces count without the northern pole row. Equal on every rank. Collective.
std::uint64_t hash_of(const FieldSet::Entry& entry, const Block& block);
/// Hash of all prognostic fields and the step count; equal on every rank. Collective.
std::uint64_t state_hash(const FieldSet& fields, long step);

namespace detail {

/// Largest magnitude of each term; infinite where a term is not finite.
template <int N>
struct Magnitudes {
  double largest[N] = {};
  KOKKOS_FUNCTION void operator+=(const Magnitudes& other) {
    for (int n = 0; n < N; ++n) largest[n] = other.largest[n] > largest[n] ? other.largest[n] : largest[n];
  }
};

/// Each sum as high + low 2^-bits, in units of the sum's scale.
template <int N>
struct Limbs {
  std::int64_t high[N] = {}, low[N] = {};
  KOKKOS_FUNCTION void operator+=(const Limbs& other) {
    for (int n = 0; n < N; ++n) {
      high[n] += other.high[n];
      low[n] += other.low[n];
    }
  }
};

template <int N, class Term>
Magnitudes<N> magnitudes(const Kernel& kernel, const Box& box, const Term& term) {
  return reduce<Magnitudes<N>>(
      kernel, box, KOKKOS_LAMBDA(int k, int j, int i, Magnitudes<N>& result) {
        const Kokkos::Array<double, N> terms = term(k, j, i);
        for (int n = 0; n < N; ++n) {
          const double size = Kokkos::abs(terms[n]);
          const double bounded = size <= 1.7976931348623157e308 ? size : HUGE_VAL;  // NaN is not smaller
          result.largest[n] = bounded > result.largest[n] ? bounded : result.largest[n];
        }
      });
}

template <int N, class Term>
Limbs<N> limbs(const Kernel& kernel, const Box& box, const Term& term, const Kokkos::Array<double, N>& scale,
               double low_scale) {
  return reduce<Limbs<N>>(
      kernel, box, KOKKOS_LAMBDA(int k, int j, int i, Limbs<N>& result) {
        const Kokkos::Array<double, N> terms = term(k, j, i);
        for (int n = 0; n < N; ++n) {
          const double scaled = terms[n] * scale[n];
          const auto high = static_cast<std::int64_t>(scaled);
          result.high[n] += high;
          result.low[n] += static_cast<std::int64_t>((scaled - static_cast<double>(high)) * low_scale);
        }
      });
}

/// Makes the magnitudes and the number of levels those of all ranks; returns the bits w that each limb of a term may use.
int agree_on_scales(const Block& block, const Box& box, int n, double* largest);
/// The factor 2^e that makes the largest term fit into w bits; 0 for a sum that is zero or not finite.
double scale_of(double largest, int bits);
void add_over_ranks(const Block& block, int n, std::int64_t* values);
double value_of(std::int64_t high, std::int64_t low, int bits, double scale, double largest);

}  // namespace detail

template <int N, class Term>
std::array<double, N> exact_sums(const Kernel& kernel, const Block& block, const Box& box, const Term& term) {
  detail::Magnitudes<N> size = detail::magnitudes<N>(kernel, box, term);
  const int bits = detail::agree_on_scales(block, box, N, size.largest);
  Kokkos::Array<double, N> scale;
  for (int n = 0; n < N; ++n) scale[n] = detail::scale_of(size.largest[n], bits);
  detail::Limbs<N> sum = detail::limbs<N>(kernel, box, term, scale, static_cast<double>(std::int64_t{1} << bits));
  static_assert(sizeof(sum) == 2 * N * sizeof(std::int64_t));
  detail::add_over_ranks(block, 2 * N, sum.high);
  std::array<double, N> values;
  for (int n = 0; n < N; ++n) values[n] = detail::value_of(sum.high[n], sum.low[n], bits, scale[n], size.largest[n]);
  return values;
}

template <class Term>
double exact_sum(const Kernel& kernel, const Block& block, const Box& box, const Term& term) {
  return exact_sums<1>(
      kernel, block, box,
      KOKKOS_LAMBDA(int k, int j, int i) { return Kokkos::Array<double, 1>{static_cast<double>(term(k, j, i))}; })[0];
}

}  // namespace meridian
