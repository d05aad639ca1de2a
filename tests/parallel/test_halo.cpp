#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "grid/halo.hpp"
#include "grid/loop.hpp"
#include "tests/support/layouts.hpp"
#include "tests/support/smooth_flow.hpp"

namespace meridian {
namespace {

using test::Coordinates;
using test::Flow;

constexpr int n_k = 3;

/// One field of each place; two have other numbers of levels.
struct Fields {
  Field<Cell> scalar;
  Field<CellSurface> surface;
  Field<XFace> u;
  Field<YFace> v;
  Field<Corner> corner;
  explicit Fields(const Block& block)
      : scalar(make_field<Cell>("scalar", block, n_k)),
        surface(make_field<CellSurface>("surface", block, 1)),
        u(make_field<XFace>("u", block, n_k)),
        v(make_field<YFace>("v", block, n_k)),
        corner(make_field<Corner>("corner", block, n_k + 1)) {}
  void exchange(Halo& halo) const { halo.exchange({scalar, surface, u, v, corner}); }
};

/// Owned points: what the block's rank has before an exchange. The northernmost rank owns the pole row of yfaces too.
template <class P>
Box owned(const Block& block, const Field<P>& field) {
  constexpr bool on_yface = P::horizontal == Horizontal::yface || P::horizontal == Horizontal::corner;
  Box box = block.cells(field.n_levels());
  if (on_yface && block.at_north_pole()) ++box.j_end;
  return box;
}

/// All points that an exchange promises to fill, with the owned ones.
template <class P>
Box filled(const Block& block, const Field<P>& field) {
  Box box = owned(block, field);
  box.j_begin -= halo_width;
  box.j_end += halo_width;
  box.i_begin -= halo_width;
  box.i_end += halo_width;
  return box;
}

/// Component or scalar of a smooth flow that crosses the poles, different on each level.
template <Horizontal place>
KOKKOS_FUNCTION double smooth(const Coordinates& at, int k, int j, int i) {
  const test::Point point = at.at<place>(j, i);
  const test::Wind wind = test::wind_of(Flow::mixed, point);
  const double factor = 1 + 0.25 * k;
  if constexpr (place == Horizontal::xface) return factor * wind.eastward;
  if constexpr (place == Horizontal::yface) return factor * wind.northward;
  if constexpr (place == Horizontal::corner) return factor * wind.vorticity;
  return factor * test::scalar_at(point).value;
}

/// Owned points smooth or scattered, all others not a number.
template <class P>
void fill(const Grid& grid, const Field<P>& field, bool scattered) {
  Kokkos::deep_copy(field.data(), std::numeric_limits<Real>::quiet_NaN());
  const Coordinates at(grid);
  const int n_lon = grid.block.n_lon;
  for_each(
      "test/fill", owned(grid.block, field), KOKKOS_LAMBDA(int k, int j, int i) {
        const auto index = static_cast<std::uint64_t>((k * 1000 + at.j_first + j) * n_lon + at.i_first + i);
        const std::uint64_t noise = (index + 1) * 0x9e3779b97f4a7c15u;
        field(k, j, i) =
            static_cast<Real>(scattered ? static_cast<double>(noise >> 40) - 8e6 : smooth<P::horizontal>(at, k, j, i));
      });
}

void fill(const Grid& grid, const Fields& f, bool scattered) {
  fill(grid, f.scalar, scattered);
  fill(grid, f.surface, scattered);
  fill(grid, f.u, scattered);
  fill(grid, f.v, scattered);
  fill(grid, f.corner, scattered);
}

template <class P>
double largest_error(const Grid& grid, const Field<P>& field) {
  const Coordinates at(grid);
  return reduce_max(
      "test/error", filled(grid.block, field), KOKKOS_LAMBDA(int k, int j, int i) {
        const double error = Kokkos::abs(field(k, j, i) - smooth<P::horizontal>(at, k, j, i));
        return error >= 0 ? error : 1e30;  // not a number: not filled
      });
}

/// Points of the block, halo included, whose bits differ from those of the same place in the whole grid.
template <class P>
int differences(const Block& block, const Field<P>& field, const Field<P>& whole) {
  const auto mine = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), field.data());
  const auto all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), whole.data());
  const Box box = filled(block, field);
  int count = 0;
  for (int k = box.k_begin; k < box.k_end; ++k) {
    for (int j = box.j_begin; j < box.j_end; ++j) {
      for (int i = box.i_begin; i < box.i_end; ++i) {
        const int column = (block.i_first + i + block.n_lon) % block.n_lon;
        const Real here = mine(k, j + halo_width, i + halo_width);
        const Real there = all(k, block.j_first + j + halo_width, column + halo_width);
        if (!(here == there && std::signbit(here) == std::signbit(there))) ++count;
      }
    }
  }
  return count;
}

template <class Body>
void for_each_grid(const Body& body) {
  for (const auto& [n_lon, n_lat] : {std::pair{300, 60}, {48, 31}, {16, 33}, {8, 4}, {20, 5}}) {
    test::for_each_layout(n_lon, n_lat, [&](const Block& block) { body(Grid(block, Planet(), single_layer())); });
  }
}

TEST(Halo, holds_the_smooth_continuation_across_poles_corners_and_ranks) {
  for_each_grid([](const Grid& grid) {
    const Fields f(grid.block);
    fill(grid, f, false);
    Halo halo(grid.block);
    f.exchange(halo);
    const double tolerance =
        sizeof(Real) == 8 ? 1e-13 : 1e-5;  // fields up to 24; angles up to 3 pi, some rounded twice
    EXPECT_LT(largest_error(grid, f.scalar), tolerance);
    EXPECT_LT(largest_error(grid, f.surface), tolerance);
    EXPECT_LT(largest_error(grid, f.u), tolerance);
    EXPECT_LT(largest_error(grid, f.v), tolerance);
    EXPECT_LT(largest_error(grid, f.corner), tolerance);
  });
}

TEST(Halo, has_the_bits_of_a_single_rank) {
  for_each_grid([](const Grid& grid) {
    const Block& block = grid.block;
    const Grid alone(test::whole_grid(block.n_lon, block.n_lat), Planet(), single_layer());
    const Fields f(block), whole(alone.block);
    fill(grid, f, true);
    fill(alone, whole, true);
    Halo halo(block), halo_alone(alone.block);
    f.exchange(halo);
    whole.exchange(halo_alone);
    EXPECT_EQ(differences(block, f.scalar, whole.scalar), 0) << block.n_lon << " " << block.layout.ranks_lon;
    EXPECT_EQ(differences(block, f.surface, whole.surface), 0);
    EXPECT_EQ(differences(block, f.u, whole.u), 0);
    EXPECT_EQ(differences(block, f.v, whole.v), 0);
    EXPECT_EQ(differences(block, f.corner, whole.corner), 0);
    f.exchange(halo);  // again
    EXPECT_EQ(differences(block, f.scalar, whole.scalar), 0) << "filled twice is not filled once";
    EXPECT_EQ(differences(block, f.u, whole.u), 0);
    EXPECT_EQ(differences(block, f.v, whole.v), 0);
    EXPECT_EQ(differences(block, f.corner, whole.corner), 0);
    EXPECT_EQ(halo.exchanges(), 2);
    EXPECT_EQ(halo_alone.sent().bytes, 0);
    EXPECT_EQ(halo.sent().bytes > 0, block.n_ranks > 1);
  });
}

TEST(Halo, of_one_field_does_not_touch_the_others_or_owned_points) {
  for_each_grid([](const Grid& grid) {
    const Block& block = grid.block;
    const Fields f(block), before(block);
    fill(grid, f, true);
    fill(grid, before, true);
    Halo halo(block);
    halo.exchange({f.v});
    const auto v = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), f.v.data());
    const auto v_before = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), before.v.data());
    const Box box = owned(block, f.v);
    for (int j = box.j_begin; j < box.j_end; ++j) {
      for (int i = box.i_begin; i < box.i_end; ++i) {
        ASSERT_EQ(v(1, j + halo_width, i + halo_width), v_before(1, j + halo_width, i + halo_width));
      }
    }
    const auto u = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), f.u.data());
    EXPECT_TRUE(std::isnan(u(0, 0, 0)));
  });
}

}  // namespace
}  // namespace meridian
