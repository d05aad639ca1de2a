#include "tests/data/extra_physics/constant_heating.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

void heat(const Box& cells, Real rate, const Field<Cell>& dT_dt) {
  for_each({"physics/constant_heating", 1, 1}, cells, KOKKOS_LAMBDA(int k, int j, int i) { dT_dt(k, j, i) += rate; });
}

}  // namespace

void ConstantHeating::run(Columns& columns, double) const {
  heat(columns.cells(), static_cast<Real>(options.rate_k_per_day / seconds_per_day),
       columns.tendency(field::air_temperature));
}

}  // namespace meridian
