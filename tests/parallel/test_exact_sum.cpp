#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "grid/exact_sum.hpp"
#include "tests/support/layouts.hpp"

namespace meridian {
namespace {

constexpr int n_lon = 300, n_lat = 60, n_k = 3;

/// Pseudo-random number in -0.5..0.5 of a point, times ten to a power from -20 to 19 that depends on the point too.
KOKKOS_FUNCTION double scattered(int k, int j, int i) {
  std::uint64_t x = (static_cast<std::uint64_t>(k) * n_lat + j) * n_lon + i + 1;
  x *= 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9u;
  x ^= x >> 32;
  double value = static_cast<double>(x >> 11) * 0x1p-53 - 0.5;
  for (int n = static_cast<int>(x % 40); n > 0; --n) value *= 10;
  return value * 1e-20;
}

double sum_of_scattered(const Block& block, double factor = 1) {
  const int i_first = block.i_first, j_first = block.j_first;
  return exact_sum(
      "test/sum", block, block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) { return factor * scattered(k, j_first + j, i_first + i); });
}

double sum_backwards(const Block& block) {
  const int i_last = n_lon - 1 - block.i_first, j_last = n_lat - 1 - block.j_first;
  return exact_sum(
      "test/sum", block, block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) { return scattered(n_k - 1 - k, j_last - j, i_last - i); });
}

/// A large number and its negative half a circle away, and 'small' at one point.
double sum_of_opposites(const Block& block, double small) {
  const int i_first = block.i_first, j_first = block.j_first;
  return exact_sum(
      "test/sum", block, block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const int column = i_first + i, row = j_first + j;
        if (k == 1 && row == 17 && column == 211) return small;
        if (k == 1 && row == 17 && column == 211 - n_lon / 2) return 0.0;
        const double value = 1e5 * (2 + Kokkos::abs(scattered(k, row, column % (n_lon / 2))) * 1e-19);
        return column < n_lon / 2 ? value : -value;
      });
}

/// 'special' at one point of one rank among ones.
double sum_with(const Block& block, double special) {
  const int i_first = block.i_first, j_first = block.j_first;
  return exact_sum(
      "test/sum", block, block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        return k == 2 && j_first + j == n_lat - 1 && i_first + i == 5 ? special : 1.0;
      });
}

std::array<double, 3> three_sums(const Block& block) {
  const int i_first = block.i_first, j_first = block.j_first;
  return exact_sums<3>(
      "test/sums", block, block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const double x = scattered(k, j_first + j, i_first + i);
        return Kokkos::Array<double, 3>{x, 1.0, -1e-250 * x};
      });
}

TEST(ExactSum, has_the_same_bits_on_every_layout_and_in_any_order) {
  const double alone = sum_of_scattered(test::whole_grid(n_lon, n_lat));
  test::for_each_layout(n_lon, n_lat, [&](const Block& block) {
    EXPECT_EQ(sum_of_scattered(block), alone);
    EXPECT_EQ(sum_backwards(block), alone);
    EXPECT_EQ(sum_of_scattered(block, 0x1p600), std::ldexp(alone, 600));
    EXPECT_EQ(sum_of_scattered(block, -0x1p-900), -std::ldexp(alone, -900));
  });
}

TEST(ExactSum, is_accurate) {
  long double sum = 0, size = 0;
  for (int k = 0; k < n_k; ++k) {
    for (int j = 0; j < n_lat; ++j) {
      for (int i = 0; i < n_lon; ++i) {
        sum += scattered(k, j, i);
        size += std::abs(scattered(k, j, i));
      }
    }
  }
  // One rounding of the sum, and the extended precision of the reference: 54000 terms with 2^-64 of their size.
  const double tolerance = static_cast<double>(0x1p-53L * std::fabs(sum) + 54000 * 0x1p-64L * size);
  EXPECT_NEAR(sum_of_scattered(test::whole_grid(n_lon, n_lat)), static_cast<double>(sum), tolerance);
}

TEST(ExactSum, keeps_what_cancellation_leaves) {
  test::for_each_layout(n_lon, n_lat, [](const Block& block) {
    EXPECT_EQ(sum_of_opposites(block, 0.0), 0.0);
    EXPECT_NEAR(sum_of_opposites(block, 1e-9), 1e-9, 1e-15);  // 2^-90 of 5e5, the largest term, is 4e-22
    EXPECT_EQ(sum_of_opposites(block, 0x1p-40), 0x1p-40);
  });
}

TEST(ExactSum, of_something_that_is_not_finite_is_not_a_number) {
  test::for_each_layout(n_lon, n_lat, [](const Block& block) {
    EXPECT_TRUE(std::isnan(sum_with(block, std::numeric_limits<double>::quiet_NaN())));
    EXPECT_TRUE(std::isnan(sum_with(block, std::numeric_limits<double>::infinity())));
    EXPECT_TRUE(std::isnan(sum_with(block, -std::numeric_limits<double>::infinity())));
    EXPECT_EQ(sum_with(block, 1.0), n_lon * n_lat * n_k);
    EXPECT_EQ(sum_with(block, 1.5e308), 1.5e308);
  });
}

TEST(ExactSum, several_sums_are_each_like_a_single_one) {
  const double alone = sum_of_scattered(test::whole_grid(n_lon, n_lat));
  test::for_each_layout(n_lon, n_lat, [&](const Block& block) {
    const auto [first, second, third] = three_sums(block);
    EXPECT_EQ(first, alone);
    EXPECT_EQ(second, n_lon * n_lat * n_k);
    EXPECT_NEAR(third, -1e-250 * alone, 2e-266 * 1e20);  // each term rounded once
  });
}

TEST(ExactSum, largest_over_ranks_passes_what_is_not_a_number) {
  test::for_each_layout(n_lon, n_lat, [](const Block& block) {
    EXPECT_EQ(largest_over_ranks(block, -block.rank), 0);
    EXPECT_EQ(largest_over_ranks(block, block.rank), block.n_ranks - 1);
    const double mine = block.rank == block.n_ranks - 1 ? std::numeric_limits<double>::quiet_NaN() : 1.0;
    EXPECT_TRUE(std::isnan(largest_over_ranks(block, mine)));
  });
}

template <class P>
void fill_owned(const Field<P>& field, const Block& block, double halo_value) {
  const int i_first = block.i_first, j_first = block.j_first;
  Kokkos::deep_copy(field.data(), static_cast<Real>(halo_value));
  for_each(
      "test/fill", block.cells(field.n_levels()), KOKKOS_LAMBDA(int k, int j, int i) {
        field(k, j, i) = static_cast<Real>(1 + 1e-3 * scattered(k, j_first + j, i_first + i) * 1e-19);
      });
}

void change(const FieldSet& fields, int k, int j, int i, Real value) {
  const Block& block = fields.block();
  const Box owned = block.cells(1);
  j -= block.j_first;
  i -= block.i_first;
  if (j < owned.j_begin || j >= owned.j_end || i < 0 || i >= owned.i_end) return;
  const Field<Cell> depth = fields.get(field::depth);
  for_each(
      "test/change", {k, k + 1, j, j + 1, i, i + 1}, KOKKOS_LAMBDA(int k, int j, int i) { depth(k, j, i) = value; });
}

FieldSet state(const Block& block, double halo_value) {
  FieldSet fields(block);
  fill_owned(fields.add(field::depth, n_k, Role::prognostic), block, halo_value);
  fill_owned(fields.add(field::xwind, n_k, Role::prognostic), block, halo_value);
  fill_owned(fields.add(field::relative_vorticity, n_k, Role::diagnostic), block, halo_value);
  return fields;
}

TEST(StateHash, is_the_same_on_every_layout_and_sees_owned_points_only) {
  const std::uint64_t alone = state_hash(state(test::whole_grid(n_lon, n_lat), 0), 7);
  test::for_each_layout(n_lon, n_lat, [&](const Block& block) {
    const FieldSet fields = state(block, 3 + block.rank);
    EXPECT_EQ(state_hash(fields, 7), alone);
    EXPECT_NE(state_hash(fields, 8), alone);
    EXPECT_NE(hash_of(fields.entries()[0], block), hash_of(fields.entries()[1], block)) << "same bits, other name";
  });
}

TEST(StateHash, sees_every_bit_and_every_place) {
  test::for_each_layout(n_lon, n_lat, [&](const Block& block) {
    const FieldSet fields = state(block, 0);
    change(fields, 1, 40, 250, 0.0);
    const std::uint64_t zero = state_hash(fields, 0);
    change(fields, 1, 40, 250, -0.0);
    EXPECT_NE(state_hash(fields, 0), zero);
    change(fields, 1, 40, 250, std::numeric_limits<Real>::denorm_min());
    EXPECT_NE(state_hash(fields, 0), zero);
    change(fields, 1, 40, 250, 0.0);
    EXPECT_EQ(state_hash(fields, 0), zero);
    change(fields, 1, 40, 250, 2);
    change(fields, 1, 40, 251, 3);
    const std::uint64_t before = state_hash(fields, 0);
    change(fields, 1, 40, 250, 3);
    change(fields, 1, 40, 251, 2);
    EXPECT_NE(state_hash(fields, 0), before) << "two values exchanged";
  });
}

}  // namespace
}  // namespace meridian
