#include "physics/large_scale_condensation.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

struct State {
  ConstField<Cell> p, mass, T, q;
};

/// The rain that has gathered so far is kept in 'rain' on the way down.
template <bool reevaporate, class Air>
void condense(const Box& cells, const Air& air, double dt, const State& s, const Field<Cell>& dT_dt,
              const Field<Cell>& dq_dt, const Field<CellSurface>& rain) {
  const double per_g_dt = 1 / (air.g * dt), latent = air.L / air.cp;
  march_down(
      {"physics/large_scale_condensation", 6, 2}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
        const double from_above = k == 0 ? 0.0 : double(rain(0, j, i));  // [kg m-2 s-1]
        const double layer = s.mass(k, j, i) * per_g_dt;                 // [kg m-2 s-1]
        const double excess = air.condensate(air.saturated(s.T(k, j, i), s.p(k, j, i)), s.q(k, j, i));
        const double least = reevaporate ? -from_above / layer : 0.0;
        const double dq = excess > least ? excess : least;
        dq_dt(k, j, i) -= static_cast<Real>(dq / dt);
        dT_dt(k, j, i) += static_cast<Real>(latent * dq / dt);
        const double below = from_above + dq * layer;
        rain(0, j, i) = static_cast<Real>(below > 0 ? below : 0);
      });
}

}  // namespace

void LargeScaleCondensation::run(Columns& columns, double dt) const {
  const State state{columns.read(field::air_pressure), columns.read(field::layer_mass),
                    columns.read(field::air_temperature), columns.read(field::water_vapour)};
  const auto dT_dt = columns.tendency(field::air_temperature), dq_dt = columns.tendency(field::water_vapour);
  const auto rain = columns.write(field::large_scale_precipitation);
  by_formula(columns.air(), [&](const auto& air) {
    if (options.reevaporate) {
      condense<true>(columns.cells(), air, dt, state, dT_dt, dq_dt, rain);
    } else {
      condense<false>(columns.cells(), air, dt, state, dT_dt, dq_dt, rain);
    }
  });
}

}  // namespace meridian
