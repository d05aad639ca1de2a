#include "grid/zonal_sum.hpp"

namespace meridian::detail {

void add_blocks(int n_items, int blocks, const Array1<double>& partial, const Array1<double>& sums) {
  for_range(
      "grid/zonal_sum", n_items, KOKKOS_LAMBDA(const int item) {
        double sum = 0;
        for (int block = 0; block < blocks; ++block) sum += partial(item * blocks + block);
        sums(item) = sum;
      });
}

}  // namespace meridian::detail
