#pragma once
// Sums and hashes that do not depend on the order of their terms: same bits for any rank layout and thread count.

#include <cstdint>

#include "grid/decomposition.hpp"
#include "grid/field_set.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// Sum over all ranks of term(k, j, i) over the box of each rank. Terms are scaled by a power of two from the largest
/// magnitude and the global count, split into two 62-bit integers and added as integers (associative).
/// Collective. NaN or Inf in any term gives NaN. Source: the idea of Demmel and Nguyen (2015), here with a maximum first.
template <class Term>
double exact_sum(const char* label, const Block& block, const Box& box, const Term& term);

/// Largest value over all ranks.
double largest_over_ranks(const Block& block, double value);

/// Order-free 64-bit hash of owned points: sum of mix(name, global index, bits). Row and column are global.
std::uint64_t hash_of(const FieldSet::Entry& entry, const Block& block);
/// Hash of all prognostic fields and the step count; equal on every rank. Collective.
std::uint64_t state_hash(const FieldSet& fields, long step);

}  // namespace meridian
