#pragma once
// Implicit vertical diffusion of several quantities of a column that share a coefficient.

#include "grid/field.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// Work arrays of diffuse().
template <int n>
struct DiffusionWork {
  Field<Cell> upper;
  Kokkos::Array<Field<Cell>, n> solved;
};

/// Solves, for n quantities X = value(m, k, j, i) of layers with this mass,
///   mass_k (X'_k - X_k) = w_{k+1} (X'_{k+1} - X'_k) - w_k (X'_k - X'_{k-1}),  no flux through both ends,
/// by elimination, and calls add(m, k, j, i, X' - X): sum mass X stays to round-off, and no new extreme appears.
/// mass [Pa]; w [Pa] at interfaces 1 .. n_k - 1: dt g^2 rho^2 K / (distance of layers in pressure). 6 + 4 n words a cell.
template <int n, class Value, class Add>
void diffuse(const char* label, const Box& cells, const ConstField<Cell>& mass, const ConstField<Cell>& w,
             const DiffusionWork<n>& work, const Value& value, const Add& add) {
  const int last = cells.k_end - 1;
  const DiffusionWork<n> at = work;
  march_down_up(
      label, cells,
      KOKKOS_LAMBDA(int k, int j, int i) {
        const Real above = k == 0 ? Real(0) : w(k, j, i);
        const Real below = k == last ? Real(0) : w(k + 1, j, i);
        const int before = k == 0 ? 0 : k - 1;
        const Real pivot = Real(1) / (mass(k, j, i) + below + above * (k == 0 ? Real(1) : 1 - at.upper(before, j, i)));
        at.upper(k, j, i) = below * pivot;
        for (int m = 0; m < n; ++m) {
          const Real carried = k == 0 ? Real(0) : above * at.solved[m](before, j, i);
          at.solved[m](k, j, i) = (mass(k, j, i) * value(m, k, j, i) + carried) * pivot;
        }
      },
      KOKKOS_LAMBDA(int k, int j, int i) {
        for (int m = 0; m < n; ++m) {
          Real x = at.solved[m](k, j, i);
          if (k < last) x += at.upper(k, j, i) * at.solved[m](k + 1, j, i);
          at.solved[m](k, j, i) = x;
          add(m, k, j, i, x - value(m, k, j, i));
        }
      });
}

}  // namespace meridian
