#include "physics/monthly_sst.hpp"

#include <cmath>

#include "grid/loop.hpp"

namespace meridian {

std::array<double, 12> weights_of_months(double part_of_year) {
  // Row of the inverse of the cyclic matrix (1/8, 6/8, 1/8), by its eigenvalues.
  std::array<double, 12> inverse{};
  for (int d = 0; d < 12; ++d) {
    for (int n = 0; n < 12; ++n) inverse[d] += std::cos(2 * pi * n * d / 12) / (9 + 3 * std::cos(2 * pi * n / 12));
  }
  const double place = 12 * part_of_year + 11.5;  // in months, from the middle of January on, a year later
  const int month = static_cast<int>(place);
  const double share = place - month;
  std::array<double, 12> weights{};
  for (int m = 0; m < 12; ++m) {
    weights[m] = (1 - share) * inverse[(m + 24 - month % 12) % 12] + share * inverse[(m + 23 - month % 12) % 12];
  }
  return weights;
}

namespace {

void interpolate(const Box& cells, const ConstField<CellInterface>& months, const Kokkos::Array<double, 12>& weights,
                 double warming, const Field<CellSurface>& ts) {
  for_each(
      {"physics/monthly_sst", 12, 1}, cells, KOKKOS_LAMBDA(int, int j, int i) {
        double T = warming;
        for (int m = 0; m < 12; ++m) T += weights[m] * months(m, j, i);
        ts(0, j, i) = static_cast<Real>(T);
      });
}

}  // namespace

void MonthlySst::run(Columns& columns, double) const {
  const std::array<double, 12> now = weights_of_months(columns.begin().part_of_year);
  Kokkos::Array<double, 12> weights;
  for (int m = 0; m < 12; ++m) weights[m] = now[m];
  interpolate(columns.grid().block.cells(1), columns.read(field::monthly_sea_surface_temperature), weights,
              options.warming_k, columns.own(field::surface_temperature));
}

}  // namespace meridian
