#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "grid/exact_sum.hpp"
#include "grid/halo.hpp"
#include "grid/operators.hpp"
#include "tests/support/layouts.hpp"
#include "tests/support/smooth_flow.hpp"

namespace meridian {
namespace {

using test::Coordinates;
using test::Flow;
using test::Point;

Grid unit_sphere(int n_lat) {
  Planet planet;
  planet.radius_m = 1;
  return Grid(test::whole_grid(2 * n_lat, n_lat), planet, single_layer());
}

/// The fields of the tests with their halos filled; v holds 0 at the poles, as in the model.
struct Fields {
  Field<Cell> scalar;
  Field<Corner> scalar_at_corner;
  Field<XFace> u;
  Field<YFace> v;
};

void fill(const Grid& grid, Flow flow, const Fields& fields) {
  const Coordinates coordinates(grid);
  const int n_lat = grid.block.n_lat;
  Box box = grid.block.cells(1);
  for_each(
      "test/fill", box, KOKKOS_LAMBDA(int k, int j, int i) {
        fields.scalar(k, j, i) = test::scalar_at(coordinates.at<Horizontal::cell>(j, i)).value;
        fields.u(k, j, i) = test::wind_of(flow, coordinates.at<Horizontal::xface>(j, i)).eastward;
      });
  ++box.j_end;
  for_each(
      "test/fill", box, KOKKOS_LAMBDA(int k, int j, int i) {
        const double v = test::wind_of(flow, coordinates.at<Horizontal::yface>(j, i)).northward;
        fields.v(k, j, i) = j == 0 || j == n_lat ? 0 : v;
        fields.scalar_at_corner(k, j, i) = test::scalar_at(coordinates.at<Horizontal::corner>(j, i)).value;
      });
  Halo(grid.block).exchange({fields.scalar, fields.scalar_at_corner, fields.u, fields.v});
}

/// Error of an operator: mean over the sphere of its magnitude, the largest equatorward of 60 degrees, and the largest.
struct Errors {
  double mean, off_poles, largest;
};

template <class Error>
Errors errors(const Grid& grid, const Box& box, const RowValues& area, const Error& error) {
  const double sum = exact_sum(
      "test/error", grid.block, box,
      KOKKOS_LAMBDA(int k, int j, int i) { return Kokkos::abs(error(k, j, i)) * area(j); });
  const auto largest_over = [&](const Box& rows) { return reduce_largest_magnitude("test/error", rows, error); };
  Box middle = box;
  middle.j_begin = grid.block.n_lat / 6;
  middle.j_end = grid.block.n_lat - grid.block.n_lat / 6;
  return {sum / (4 * pi), largest_over(middle), largest_over(box)};
}

enum class Operator { div, curl, ddx, ddy, mean, eastward, northward };

Errors errors_of(Operator op, Flow flow, int n_lat) {
  const Grid grid = unit_sphere(n_lat);
  const Coordinates at(grid);
  const Metrics& m = grid.metrics;
  const Block& block = grid.block;
  const Fields f{make_field<Cell>("scalar", block, 1), make_field<Corner>("corner", block, 1),
                 make_field<XFace>("u", block, 1), make_field<YFace>("v", block, 1)};
  fill(grid, flow, f);
  const Box cells = block.cells(1), off_poles = block.yfaces(1);
  Box yfaces = cells;
  ++yfaces.j_end;
  switch (op) {
    case Operator::div:
      return errors(
          grid, cells, m.area_at_cell, KOKKOS_LAMBDA(int k, int j, int i) {
            return div_at_cell(m, f.u, f.v, k, j, i) - test::wind_of(flow, at.at<Horizontal::cell>(j, i)).divergence;
          });
    case Operator::curl:
      return errors(
          grid, off_poles, m.area_at_corner, KOKKOS_LAMBDA(int k, int j, int i) {
            return curl_at_corner(m, f.u, f.v, k, j, i) -
                   test::wind_of(flow, at.at<Horizontal::corner>(j, i)).vorticity;
          });
    case Operator::ddx:
      return errors(
          grid, cells, m.area_at_cell, KOKKOS_LAMBDA(int k, int j, int i) {
            return ddx_at_xface(m, f.scalar, k, j, i) - test::scalar_at(at.at<Horizontal::xface>(j, i)).eastward;
          });
    case Operator::ddy:
      return errors(
          grid, yfaces, m.area_at_corner, KOKKOS_LAMBDA(int k, int j, int i) {
            return ddy_at_yface(m, f.scalar, k, j, i) - test::scalar_at(at.at<Horizontal::yface>(j, i)).northward;
          });
    case Operator::mean:
      return errors(
          grid, cells, m.area_at_cell, KOKKOS_LAMBDA(int k, int j, int i) {
            return mean_at_cell(f.scalar_at_corner, k, j, i) - test::scalar_at(at.at<Horizontal::cell>(j, i)).value;
          });
    case Operator::eastward:
      return errors(
          grid, cells, m.area_at_cell, KOKKOS_LAMBDA(int k, int j, int i) {
            return eastward_wind_at_cell(f.u, k, j, i) - test::wind_of(flow, at.at<Horizontal::cell>(j, i)).eastward;
          });
    case Operator::northward:
      return errors(
          grid, cells, m.area_at_cell, KOKKOS_LAMBDA(int k, int j, int i) {
            return northward_wind_at_cell(m, f.v, k, j, i) -
                   test::wind_of(flow, at.at<Horizontal::cell>(j, i)).northward;
          });
  }
  return {};
}

void expect_second_order(Operator op, Flow flow, double order_beside_poles) {
  // In single precision the second-order errors beside the poles of a finer grid are below round-off over dx.
  const int n_lat = sizeof(Real) == 8 || order_beside_poles < 1 ? 48 : 24;
  const Errors coarse = errors_of(op, flow, n_lat), fine = errors_of(op, flow, 2 * n_lat);
  EXPECT_GE(std::log2(coarse.mean / fine.mean), 1.9);
  EXPECT_GE(std::log2(coarse.off_poles / fine.off_poles), 1.9);
  EXPECT_GE(std::log2(coarse.largest / fine.largest), order_beside_poles);
}

// The next to last digit of a term counts: u dy / area is about 1 / dx, at most 1000 beside the poles of these grids.
constexpr double rounding = std::numeric_limits<Real>::epsilon();
constexpr double round_off = std::max(1e-11, 1000 * rounding);

TEST(Operators, differences_and_means_are_second_order_up_to_the_poles) {
  expect_second_order(Operator::ddx, Flow::mixed, 1.9);
  expect_second_order(Operator::ddy, Flow::mixed, 1.9);
  expect_second_order(Operator::mean, Flow::mixed, 1.9);
  expect_second_order(Operator::eastward, Flow::turning, 1.9);
  expect_second_order(Operator::eastward, Flow::mixed, 1.9);
  expect_second_order(Operator::northward, Flow::mixed, 1.9);
}

// In the m-th row from a pole the error is the spacing over m: the cells there are triangles whose middle is not where
// their mean is. That is second order in the mean over the sphere and first order in the rows beside the poles.
TEST(Operators, divergence_and_vorticity_of_a_flow_over_the_poles_are_second_order_in_the_mean) {
  expect_second_order(Operator::div, Flow::mixed, 0.9);
  expect_second_order(Operator::curl, Flow::turning, 0.9);
  expect_second_order(Operator::curl, Flow::mixed, 0.9);
}

TEST(Operators, solid_body_rotation_about_any_axis_has_no_divergence) {
  EXPECT_LT(errors_of(Operator::div, Flow::turning, 48).largest, round_off);
}

TEST(Operators, northward_wind_of_solid_body_rotation_is_exact_beside_the_poles) {
  EXPECT_LT(errors_of(Operator::northward, Flow::turning, 48).largest,
            std::max(1e-15, rounding));  // it does not depend on latitude
}

/// Sum of divergence times area, and of vorticity times area with the circulation round both poles.
struct Totals {
  double divergence, vorticity;
};

Totals totals(int n_lat) {
  const Grid grid = unit_sphere(n_lat);
  const Metrics& m = grid.metrics;
  const Block& block = grid.block;
  const Fields f{make_field<Cell>("scalar", block, 1), make_field<Corner>("corner", block, 1),
                 make_field<XFace>("u", block, 1), make_field<YFace>("v", block, 1)};
  fill(grid, Flow::mixed, f);
  const double divergence = exact_sum(
      "test/div", block, block.cells(1),
      KOKKOS_LAMBDA(int k, int j, int i) { return div_at_cell(m, f.u, f.v, k, j, i) * m.area_at_cell(j); });
  const double vorticity = exact_sum(
      "test/curl", block, block.yfaces(1),
      KOKKOS_LAMBDA(int k, int j, int i) { return curl_at_corner(m, f.u, f.v, k, j, i) * m.area_at_corner(j); });
  const double round_poles = exact_sum(
      "test/poles", block, block.cells(1), KOKKOS_LAMBDA(int k, int j, int i) {
        return ((j == n_lat - 1 ? 1 : 0) - (j == 0 ? 1 : 0)) * f.u(k, j, i) * m.dx_at_cell(j);
      });
  return {divergence, vorticity + round_poles};
}

TEST(Operators, divergence_and_vorticity_add_up_to_nothing) {
  EXPECT_NEAR(totals(48).divergence, 0, 1e-13);  // 4608 cells with fluxes of up to 0.2, each rounded to 2^-53
  EXPECT_NEAR(totals(48).vorticity, 0, 1e-13);
}

}  // namespace
}  // namespace meridian
