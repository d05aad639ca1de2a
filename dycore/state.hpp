#pragma once
// Prognostic fields of the dynamics as one bundle of handles.

#include "grid/field.hpp"

namespace meridian {

/// mass: layer mass [Pa] (hydrostatic) or depth [m] (shallow water); theta: mass times virtual potential temperature
/// [Pa K], absent in shallow water; u, v: winds [m s-1] on the C-grid. Halos are valid between steps.
struct State {
  Field<Cell> mass;
  Field<Cell> theta;
  Field<XFace> u;
  Field<YFace> v;
};

/// The same arrays from level k_first on, n_k of them.
inline State levels_of(const State& s, int k_first, int n_k) {
  return {levels_of(s.mass, k_first, n_k), levels_of(s.theta, k_first, n_k), levels_of(s.u, k_first, n_k),
          levels_of(s.v, k_first, n_k)};
}

}  // namespace meridian
