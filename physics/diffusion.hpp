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
///   mass_k (X'_k - X_k) = w_{k+1} (X'_{k+1} - X'_k) - w_k (X'_k - X'_{k-1}),
/// by elimination, and calls add(m, k, j, i, X' - X): sum mass X stays to round-off, and no new extreme appears.
/// mass [Pa]; w [Pa] at interfaces: dt g^2 rho^2 K / (distance of layers in pressure), 0 at both ends: no flux through them.
/// kernel: with the words of value(), twice, and of add().
template <int n, class Value, class Add>
void diffuse(const Kernel& kernel, const Box& cells, const ConstField<Cell>& mass, const ConstField<Cell>& w,
             const DiffusionWork<n>& work, const Value& value, const Add& add) {
  const int last = cells.k_end - 1;
  const DiffusionWork<n> at = work;
  Box top = cells, below_top = cells;
  top.k_end = below_top.k_begin = 1;
  for_each_column_in_passes(
      {kernel.name, kernel.read + 3 + n, kernel.written + 1 + 2 * n}, cells,  //
      downward(
          top,
          KOKKOS_LAMBDA(int k, int j, int i) {
            const Real pivot = Real(1) / (mass(k, j, i) + w(k + 1, j, i));
            at.upper(k, j, i) = w(k + 1, j, i) * pivot;
            unrolled<n>([&](int m) { at.solved[m](k, j, i) = mass(k, j, i) * value(m, k, j, i) * pivot; });
          }),
      downward(
          below_top,
          KOKKOS_LAMBDA(int k, int j, int i) {
            const Real above = w(k, j, i), below = w(k + 1, j, i), here = mass(k, j, i);
            const Real pivot = Real(1) / (here + below + above * (1 - at.upper(k - 1, j, i)));
            at.upper(k, j, i) = below * pivot;
            unrolled<n>([&](int m) {
              at.solved[m](k, j, i) = (here * value(m, k, j, i) + above * at.solved[m](k - 1, j, i)) * pivot;
            });
          }),
      upward(
          cells, KOKKOS_LAMBDA(int k, int j, int i) {
            const int below = k < last ? k + 1 : k;  // upper is 0 in the lowest layer
            const Real upper = at.upper(k, j, i);
            unrolled<n>([&](int m) {
              const Real x = at.solved[m](k, j, i) + upper * at.solved[m](below, j, i);
              at.solved[m](k, j, i) = x;
              add(m, k, j, i, x - value(m, k, j, i));
            });
          }));
}

}  // namespace meridian
