#pragma once
// Sums round a latitude circle that are the same on any layout of ranks.

#include "grid/loop.hpp"
#include "grid/ring.hpp"

namespace meridian {

/// Sums of n_items terms over all columns of the globe: within each filter block in ascending i, then the blocks from
/// the first on, all in double. An item is whatever needs a sum: a level, a level at either pole, several quantities.
class ZonalSum {
 public:
  explicit ZonalSum(const Block& block) : ring_(block), length_(block.filter_block) {}

  /// The sums, index item, on the device; valid until the next call. term(item, i), i in [0, nx), any unit.
  /// Collective over the ranks of the same rows (block.ring); allocates where n_items is larger than ever before.
  template <class Term>
  Array1<double> operator()(const char* label, int n_items, const Term& term);

  const Ring& ring() const { return ring_; }

 private:
  Ring ring_;
  int length_;
  Array1<double> sums_;
};

namespace detail {

template <class Term>
void sum_blocks(const char* label, int n_items, int blocks, int length, const Term& term,
                const Array1<double>& partial) {
  for_range(
      label, n_items * blocks, KOKKOS_LAMBDA(const int n) {
        const int item = n / blocks;
        const int first = n % blocks * length;
        double sum = 0;
        for (int i = first; i < first + length; ++i) sum += term(item, i);
        partial(n) = sum;
      });
}

void add_blocks(int n_items, int blocks, const Array1<double>& partial, const Array1<double>& sums);

}  // namespace detail

template <class Term>
Array1<double> ZonalSum::operator()(const char* label, int n_items, const Term& term) {
  if (static_cast<int>(sums_.extent(0)) < n_items) sums_ = Array1<double>("zonal_sum", n_items);
  detail::sum_blocks(label, n_items, ring_.my_blocks(), length_, term, ring_.mine(n_items, 1));
  detail::add_blocks(n_items, ring_.blocks(), ring_.gather(n_items, 1), sums_);
  return sums_;
}

}  // namespace meridian
