#pragma once
// Implicit vertical diffusion of several quantities of a column that share a coefficient.

#include "grid/field.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// One quantity: its value X and where its tendency goes, each times a factor of the layer where there is one: a tendency
/// of Y = X f is added for a quantity Y. Without f both are X.
struct Diffused {
  ConstField<Cell> value;
  Field<Cell> tendency;
  ConstField<Cell> factor;  // [unit of Y over unit of X], absent: 1
  Field<Cell> work;         // scratch
};

/// Solves mass (X' - X) = w_below (X'_{k+1} - X'_k) - w_above (X'_k - X'_{k-1}) with no flux through both ends, and adds
/// (X' - X) / dt to the tendencies: sum mass X stays to round-off, and no new extreme appears.
/// w [Pa] at interfaces 1 .. n_k - 1: dt g^2 rho^2 K / (distance of layers in pressure); upper: scratch.
template <int n>
void diffuse(const char* label, const Box& cells, double dt, const ConstField<Cell>& mass, const ConstField<Cell>& w,
             const Field<Cell>& upper, const Kokkos::Array<Diffused, n>& quantities) {
  const int n_k = cells.k_end;
  const Kokkos::Array<Diffused, n> x = quantities;
  const Real per_dt = static_cast<Real>(1 / dt);
  march_down_up(
      label, cells,
      KOKKOS_LAMBDA(int k, int j, int i) {
        const Real above = k == 0 ? Real(0) : w(k, j, i);
        const Real below = k == n_k - 1 ? Real(0) : w(k + 1, j, i);
        const Real carried = k == 0 ? Real(0) : above * upper(k - 1, j, i);
        // 1 - upper is formed without cancellation: the row sums of the matrix are the masses.
        const Real pivot = mass(k, j, i) + below + (above - carried);
        upper(k, j, i) = below / pivot;
        for (int m = 0; m < n; ++m) {
          const Real before = k == 0 ? Real(0) : above * x[m].work(k - 1, j, i);
          x[m].work(k, j, i) = (mass(k, j, i) * value_of(x[m], k, j, i) + before) / pivot;
        }
      },
      KOKKOS_LAMBDA(int k, int j, int i) {
        for (int m = 0; m < n; ++m) {
          Real solved = x[m].work(k, j, i);
          if (k < n_k - 1) solved += upper(k, j, i) * x[m].work(k + 1, j, i);
          x[m].work(k, j, i) = solved;
        }
      });
}

}  // namespace meridian
