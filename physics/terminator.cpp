#include "physics/terminator.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

KOKKOS_FORCEINLINE_FUNCTION double not_negative(double x) { return x < 0 ? 0.0 : x; }

void add_chemistry(const Grid& grid, double dt, const ConstField<Cell>& cl, const ConstField<Cell>& cl2,
                   const Field<Cell>& dcl_dt, const Field<Cell>& dcl2_dt) {
  const Metrics metrics = grid.metrics;
  const double sine = Kokkos::sin(pi / 9), cosine = Kokkos::cos(pi / 9);  // of the sun's latitude
  const int i_first = grid.block.i_first;
  const double dl = grid.dl();
  for_each(
      {"physics/terminator", 4, 2}, grid.block.cells(grid.n_levels()), KOKKOS_LAMBDA(int k, int j, int i) {
        const double light = metrics.sin_at_cell(j) * sine +
                             metrics.cos_at_cell(j) * cosine * Kokkos::cos((i_first + i + 0.5) * dl - 5 * pi / 3);
        const double change =
            chlorine_tendency(not_negative(cl(k, j, i)), not_negative(cl2(k, j, i)), not_negative(light), dt);
        dcl_dt(k, j, i) += static_cast<Real>(change);
        dcl2_dt(k, j, i) -= static_cast<Real>(0.5 * change);
      });
}

}  // namespace

void Terminator::run(Columns& columns, double dt) const {
  add_chemistry(columns.grid(), dt, columns.read(field::atomic_chlorine), columns.read(field::molecular_chlorine),
                columns.tendency(field::atomic_chlorine), columns.tendency(field::molecular_chlorine));
}

}  // namespace meridian
