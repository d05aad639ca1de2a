#include "physics/rayleigh_sponge.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

void add_drag(const Box& cells, double below, double dt_per_time, double dt, const ConstField<Cell>& p,
              const ConstField<Cell>& u, const ConstField<Cell>& v, const Field<Cell>& du, const Field<Cell>& dv) {
  for_each(
      {"physics/rayleigh_sponge", 5, 2}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
        const double x = (below - p(k, j, i)) / below, inside = x > 0 ? x : 0.0;
        const double rate = (1 - elementary::exp(-dt_per_time * inside * inside)) / dt;  // [s-1]
        du(k, j, i) -= static_cast<Real>(rate * u(k, j, i));
        dv(k, j, i) -= static_cast<Real>(rate * v(k, j, i));
      });
}

}  // namespace

void RayleighSponge::run(Columns& columns, double dt) const {
  add_drag(columns.cells(), options.below_pa, dt / (options.time_days * seconds_per_day), dt,
           columns.read(field::air_pressure), columns.read(field::eastward_wind), columns.read(field::northward_wind),
           columns.tendency(field::eastward_wind), columns.tendency(field::northward_wind));
}

}  // namespace meridian
