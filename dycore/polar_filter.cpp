#include "dycore/polar_filter.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

namespace meridian {

namespace polar_filter {

namespace {

using Number = std::complex<long double>;

template <class N>
Complex<N> rounded(const Number& z) {
  return {static_cast<N>(z.real()), static_cast<N>(z.imag())};
}

Number power(Number z, int n) {
  Number result = 1;
  for (; n > 0; n /= 2, z *= z) {
    if (n % 2 != 0) result *= z;
  }
  return result;
}

/// Root with |rho| < 1 of rho + 1/rho = 2 + 1/alpha, alpha = i kappa / 4, by its inverse 1 + e + sqrt(e (2 + e)),
/// e = 1 / (2 alpha) (no cancellation for small or large kappa), rounded as the recursion has it: everything else follows
/// exactly from the rounded number, or S(0) would miss 1 by round-off / |1 - rho|.
Number root(double r) {
  if (!(kappa(r) > 0)) return 0;
  const Number e(0, -2 / static_cast<long double>(kappa(r)));
  const Number half_width = std::sqrt(e * (2.0L + e));
  const Number larger = std::abs(1.0L + e + half_width) > 1 ? 1.0L + e + half_width : 1.0L + e - half_width;
  const Complex<Real> rho = rounded<Real>(1.0L / larger);
  return {rho.re, rho.im};
}

/// Row::reach, where cos(latitude) is r.
int reach_at(double r, const Block& block) {
  if (!(r > 0)) return Row().reach;  // the pole
  const double size = static_cast<double>(std::abs(root(std::min(1.0, r))));
  if (!(size > 0)) return Row().reach;
  const double blocks = std::ceil(std::log(1e-17) / (block.filter_block * std::log(size)));
  return static_cast<int>(std::clamp(blocks, 1.0, static_cast<double>(block.blocks_per_row())));
}

/// The recursion where cos(latitude) is r.
Row make_row(double r, const Block& block) {
  Row row;
  if (!(r > 0)) return row;  // the pole
  const int length = block.filter_block;
  const Number rho = root(std::min(1.0, r));
  row.rho = rounded<double>(rho);
  row.gain = rounded<double>((1.0L - rho) / (1.0L + rho));  // equals 1 / (alpha (1/rho - rho))
  row.rho_over_block = rounded<double>(power(rho, length));
  row.closure = rounded<double>(1.0L / (1.0L - power(rho, block.n_lon)));
  row.reach = reach_at(r, block);
  return row;
}

}  // namespace

double kappa(double r) { return r <= 0.75 ? 9.0 / 16 / (std::sqrt(3.0) * r * r) : std::sqrt(1 / r - 1); }

Rows make_rows(const Block& block, const RowValues& cosine) {
  const int length = block.filter_block;
  Rows rows{Array1<Row>("polar_filter_rows", block.ny), Array1<Real>("polar_filter_weights", 4 * length * block.ny)};
  const auto cosines = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), cosine.data);
  const auto row = Kokkos::create_mirror_view(rows.row);
  const auto weights = Kokkos::create_mirror_view(rows.weights);
  for (int j = 0; j < block.ny; ++j) {
    row(j) = make_row(cosines(j + halo_width), block);
    const Number rho(row(j).rho.re, row(j).rho.im);
    for (int l = 0; l < length; ++l) {
      const Number exact = power(rho, l + 1);
      const Complex<Real> weight = rounded<Real>(exact);
      const int mirrored = length - 1 - l;
      weights((4 * j + 0) * length + l) = weight.re;
      weights((4 * j + 1) * length + l) = weight.im;
      weights((4 * j + 2) * length + mirrored) = weight.re;
      weights((4 * j + 3) * length + mirrored) = weight.im;
    }
  }
  Kokkos::deep_copy(rows.row, row);
  Kokkos::deep_copy(rows.weights, weights);
  return rows;
}

}  // namespace polar_filter

PolarFilter::PolarFilter(const Grid& grid, bool enabled)
    : block_(grid.block),
      rows_at_cell_(polar_filter::make_rows(grid.block, grid.metrics.cos_at_cell)),
      rows_at_yface_(polar_filter::make_rows(grid.block, grid.metrics.cos_at_yface)),
      sums_(grid.block, reach_of_rows(grid.block)),
      enabled_(enabled) {
  require(block_.filter_block <= polar_filter::longest_block, ExitCode::configuration, "'grid.n_lon' is ", block_.n_lon,
          "; the polar filter needs a divisor of half of it between 4 and ", polar_filter::longest_block,
          ". Choose a number of columns with small prime factors.");
}

double PolarFilter::response(double r, double s) {
  const double kappa_s2 = polar_filter::kappa(std::min(1.0, r)) * s * s;
  return 1 / (1 + kappa_s2 * kappa_s2);
}

std::vector<int> PolarFilter::reach_of_rows(const Block& block) {
  const auto reach_of_row = [&](double row) {  // of the cosine as the grid has it
    return polar_filter::reach_at(static_cast<Real>(cosine_of_row(row, block.n_lat)), block);
  };
  std::vector<int> reach;
  for (int j = block.j_first; j < block.j_first + block.ny; ++j) {
    reach.push_back(std::max(reach_of_row(j), reach_of_row(j + 0.5)));  // of its yfaces and of its cells
  }
  return reach;
}

double PolarFilter::bytes_in_memory(const Block& block, const std::vector<int>& reach, int lines_of_row) {
  const double words = 4.0 * polar_filter::whole_vectors(lines_of_row * block.ny);
  const double weights = 2.0 * 4 * block.filter_block * block.ny;  // of rows of cells and of yfaces
  const double entering = words * block.nx / block.filter_block;
  return BlockSums::bytes_in_memory(block, reach, words, lines_of_row) + sizeof(Real) * weights +
         sizeof(double) * entering;
}

const Array1<double>& PolarFilter::carries(int n) {
  if (static_cast<int>(carries_.extent(0)) < n) carries_ = Array1<double>("polar_filter_carries", n);
  return carries_;
}

}  // namespace meridian
