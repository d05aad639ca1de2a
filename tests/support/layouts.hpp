#pragma once
// Blocks of every layout that the ranks of a test allow.

#include "grid/decomposition.hpp"

namespace meridian::test {

inline int n_ranks() {
  int n = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  return n;
}

/// Calls body(block) for each layout of all ranks.
template <class Body>
void for_each_layout(int n_lon, int n_lat, const Body& body) {
  for (const Layout& layout : allowed_layouts(n_lon, n_lat, n_ranks())) {
    body(make_block(n_lon, n_lat, layout, MPI_COMM_WORLD));
  }
}

/// The whole grid on this rank alone.
inline Block whole_grid(int n_lon, int n_lat) { return make_block(n_lon, n_lat, {1, 1}, MPI_COMM_SELF); }

}  // namespace meridian::test
