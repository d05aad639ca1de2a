#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "dycore/polar_filter.hpp"
#include "tests/support/tendencies.hpp"

namespace meridian {
namespace {

using test::field_of;
using test::filtered;
using test::noise;
using test::noise_field;
using test::OnHost;

constexpr double round_off = std::numeric_limits<Real>::epsilon() / 2;

Grid grid_of(int n_lon, int n_lat) {
  return Grid(make_block(n_lon, n_lat, {1, 1}, MPI_COMM_SELF), Planet{}, VerticalCoordinate{});
}

std::vector<double> radii(const Block& block, const RowValues& cosine) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), cosine.data);
  std::vector<double> r;
  for (int j = 0; j < block.ny; ++j) r.push_back(std::min(1.0, static_cast<double>(host(j + halo_width))));
  return r;
}

/// The slow, obvious filter: sum over all waves n of S(n), as a convolution with its transform.
class Multiplier {
 public:
  Multiplier(double r, int n_lon) : kernel_(n_lon) {
    std::vector<long double> cosine(n_lon);
    for (int n = 0; n < n_lon; ++n) cosine[n] = std::cos(2 * std::acos(-1.0L) * n / n_lon);
    for (int n = 0; n < n_lon; ++n) {
      const long double response = r > 0 ? PolarFilter::response(r, std::sin(pi * n / n_lon)) : 0;
      for (int d = 0; d < n_lon; ++d) kernel_[d] += response * cosine[static_cast<long>(n) * d % n_lon] / n_lon;
    }
  }
  template <class Row>
  double operator()(const Row& row, int i) const {
    const int n_lon = static_cast<int>(kernel_.size());
    long double sum = 0;
    for (int d = 0; d < n_lon; ++d) sum += kernel_[d] * row((i + d) % n_lon);
    return static_cast<double>(sum);
  }

 private:
  std::vector<long double> kernel_;
};

template <class P>
double largest_error(const Field<P>& result, const std::vector<double>& r, int n_lon, int seed) {
  const OnHost<P> values(result);
  double largest = 0;
  for (int j = 0; j < static_cast<int>(r.size()); ++j) {
    const Multiplier exact(r[j], n_lon);
    for (int k = 0; k < result.n_levels(); ++k) {
      for (int i = 0; i < n_lon; ++i) {
        const double expected = exact([&](int m) { return noise(seed, k, j, m); }, i);
        largest = std::max(largest, std::abs(values(k, j, i) - expected));
      }
    }
  }
  return largest;
}

class PolarFilterOnGrid : public testing::TestWithParam<int> {};

TEST_P(PolarFilterOnGrid, agrees_with_the_exact_multiplier_on_every_row) {
  const int n_lon = GetParam();
  const Grid grid = grid_of(n_lon, 180);  // cos(latitude) from 0.0087 to 1
  const Block& block = grid.block;
  PolarFilter filter(grid);
  const int n_k = n_lon > 100 ? 1 : 3;
  const auto result = filtered(filter, block, noise_field<Cell>(block, n_k, 1), noise_field<YFace>(block, n_k, 2), n_k);
  const double tolerance = std::max(1e-14, 4 * round_off);  // single precision rounds twice
  EXPECT_LE(largest_error(result.a, radii(block, grid.metrics.cos_at_cell), n_lon, 1), tolerance);
  EXPECT_LE(largest_error(result.b, radii(block, grid.metrics.cos_at_yface), n_lon, 2), tolerance);
  const auto winds = filtered(filter, block, noise_field<XFace>(block, 1, 3), noise_field<Cell>(block, 1, 4), 1);
  EXPECT_LE(largest_error(winds.a, radii(block, grid.metrics.cos_at_cell), n_lon, 3), tolerance);
  EXPECT_LE(largest_error(winds.b, radii(block, grid.metrics.cos_at_cell), n_lon, 4), tolerance);
}

TEST_P(PolarFilterOnGrid, keeps_the_mean_of_each_row) {
  const int n_lon = GetParam();
  const Grid grid = grid_of(n_lon, 180);
  PolarFilter filter(grid);
  const auto uniform = [](int, int, int) { return Real(1); };
  for (const Real offset : {Real(0), Real(1)}) {
    const auto value = [&](int k, int j, int i) { return offset == 0 ? noise(5, k, j, i) : uniform(k, j, i); };
    const auto a = field_of<Cell>(grid.block, 1, value);
    const OnHost<Cell> before(a);
    const auto result = filtered(filter, grid.block, a, field_of<Cell>(grid.block, 1, value), 1);
    const OnHost<Cell> after(result.a);
    for (int j = 0; j < 180; ++j) {
      long double change = 0;
      for (int i = 0; i < n_lon; ++i) change += static_cast<long double>(after(0, j, i)) - before(0, j, i);
      EXPECT_LE(std::abs(static_cast<double>(change / n_lon)), 9 * round_off) << "row " << j;  // 1e-15 in double
    }
  }
}

TEST_P(PolarFilterOnGrid, is_symmetric) {
  const int n_lon = GetParam();
  const Grid grid = grid_of(n_lon, 180);
  PolarFilter filter(grid);
  const auto x = noise_field<Cell>(grid.block, 1, 6);
  const auto y = noise_field<Cell>(grid.block, 1, 7);
  const OnHost<Cell> host_x(x), host_y(y);
  const auto result = filtered(filter, grid.block, x, y, 1);
  const OnHost<Cell> filtered_x(result.a), filtered_y(result.b);
  for (int j = 0; j < 180; ++j) {
    double difference = 0, size = 0;
    for (int i = 0; i < n_lon; ++i) {
      difference += static_cast<double>(host_x(0, j, i)) * filtered_y(0, j, i) -
                    static_cast<double>(host_y(0, j, i)) * filtered_x(0, j, i);
      size += std::abs(static_cast<double>(host_x(0, j, i)) * host_y(0, j, i));
    }
    EXPECT_LE(std::abs(difference), 9 * round_off * size) << "row " << j;
  }
}

INSTANTIATE_TEST_SUITE_P(Columns, PolarFilterOnGrid, testing::Values(8, 10, 36, 126, 180, 360),
                         [](const auto& info) { return std::to_string(info.param); });

TEST(PolarFilter, slows_zonal_waves_to_the_limit_of_the_equator_and_never_reverses_them) {
  for (double r = 1; r > 1e-5; r *= 0.997) {
    double fastest = 0;
    for (int n = 0; n <= 20000; ++n) {
      const double s = std::pow(10.0, -5.0 * n / 20000);
      const double response = PolarFilter::response(r, s);
      ASSERT_GT(response, 0);
      ASSERT_LE(response, 1);
      fastest = std::max(fastest, s * response / r);
    }
    EXPECT_LE(fastest, 1 + 1e-6);
    EXPECT_GE(fastest, 1 - 1e-5) << "kappa is larger than needed at r = " << r;
  }
}

TEST(PolarFilter, each_level_has_the_bits_it_has_alone) {
  const Grid grid = grid_of(36, 20);
  const Block& block = grid.block;
  PolarFilter filter(grid);
  for (const int n_k : {1, 2, 3, 5, 7, 11, 26}) {
    const auto together =
        filtered(filter, block, noise_field<XFace>(block, n_k, 8), noise_field<YFace>(block, n_k, 9), n_k);
    const OnHost<XFace> a(together.a);
    const OnHost<YFace> b(together.b);
    for (int k = 0; k < n_k; ++k) {
      const auto one = [k](int seed) { return [=](int, int j, int i) { return noise(seed, k, j, i); }; };
      const auto alone =
          filtered(filter, block, field_of<XFace>(block, 1, one(8)), field_of<YFace>(block, 1, one(9)), 1);
      const OnHost<XFace> alone_a(alone.a);
      const OnHost<YFace> alone_b(alone.b);
      for (int j = 0; j < block.ny; ++j) {
        for (int i = 0; i < block.nx; ++i) {
          ASSERT_EQ(a(k, j, i), alone_a(0, j, i));
          ASSERT_EQ(b(k, j, i), alone_b(0, j, i));
        }
      }
    }
  }
}

/// Sums entering the blocks of noise, by passes 1 and 2 with W lanes.
template <int W>
std::vector<double> entering_sums(const Grid& grid, int n_k) {
  using namespace polar_filter;
  const Block& block = grid.block;
  const Shape shape{2, n_k, block.ny, block.blocks_per_row(), block.filter_block, 2 * n_k * block.ny};
  const Rows rows_a = make_rows(block, grid.metrics.cos_at_cell);
  const Rows rows_b = make_rows(block, grid.metrics.cos_at_yface);
  const int count = shape.blocks * 4 * shape.lines;
  const Array1<double> sums("test", count), carries("test", count);
  const Circle circle{sums, shape.blocks, 0};
  sweep_blocks<W>(shape, rows_a, rows_b, noise_field<Cell>(block, n_k, 1), noise_field<YFace>(block, n_k, 2), circle);
  enter_blocks<std::min(W, lanes<double>)>(shape, circle, rows_a, rows_b, carries);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), carries);
  return {host.data(), host.data() + count};
}

TEST(PolarFilter, has_the_same_bits_for_any_number_of_lanes) {
  const Grid grid = grid_of(180, 32);
  for (const int n_k : {12, 2, 1}) {  // a vector holds lines of one row, of two, of many
    EXPECT_EQ(entering_sums<1>(grid, n_k), entering_sums<polar_filter::lanes<Real>>(grid, n_k));
  }
}

TEST(PolarFilter, gives_zero_on_the_yfaces_of_the_pole_whatever_number_was_there) {
  const Grid grid = grid_of(36, 20);
  PolarFilter filter(grid);
  const auto b =
      field_of<YFace>(grid.block, 3, [](int k, int j, int i) { return j == 0 ? Real(-1e30) : noise(1, k, j, i); });
  const auto result = filtered(filter, grid.block, noise_field<XFace>(grid.block, 3, 2), b, 3);
  const OnHost<YFace> values(result.b);
  for (int k = 0; k < 3; ++k) {
    for (int i = 0; i < 36; ++i) {
      EXPECT_EQ(values(k, 0, i), 0);
      EXPECT_TRUE(std::isfinite(values(k, 1, i)));
    }
  }
}

/// The filtered copy of one field by itself.
Field<Cell> filtered_alone(PolarFilter& filter, const Block& block, const Field<Cell>& a, int n_k) {
  const Field<Cell> result = make_field<Cell>("test", block, n_k);
  filter.apply(
      "test/filtered_alone", a, n_k, KOKKOS_LAMBDA(int k, int j, int i, Real value) { result(k, j, i) = value; });
  return result;
}

/// Hash (FNV-1a) of filtered noise.
std::uint64_t hash_of_filtered() {
  const Grid grid = grid_of(180, 30);
  PolarFilter filter(grid);
  const auto result =
      filtered(filter, grid.block, noise_field<XFace>(grid.block, 9, 1), noise_field<YFace>(grid.block, 9, 2), 9);
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&](const test::HostField& data) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
    for (std::size_t n = 0; n < data.size() * sizeof(Real); ++n) hash = (hash ^ bytes[n]) * 0x100000001b3u;
  };
  add(OnHost<XFace>(result.a).data);
  add(OnHost<YFace>(result.b).data);
  return hash;
}

// The number of threads is fixed when Kokkos starts, so this program starts itself, with this test alone.
TEST(PolarFilter, DISABLED_tells_its_bits) {
  std::printf("threads %d hash %llu\n", Device().concurrency(), static_cast<unsigned long long>(hash_of_filtered()));
}

/// The hash that another process finds; 0 unless that process had so many threads (on hosts).
std::uint64_t hash_with(int n_threads) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command =
      "env -i PATH=\"$PATH\" HOME=\"$HOME\" LD_LIBRARY_PATH=\"$LD_LIBRARY_PATH\" "
      "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_PROC_BIND=false OMP_NUM_THREADS=" +
      std::to_string(n_threads) + " '" + program +
      "' --gtest_also_run_disabled_tests --gtest_filter=PolarFilter.DISABLED_tells_its_bits 2>&1";
  std::FILE* const output = popen(command.c_str(), "r");
  std::uint64_t result = 0;
  char line[1000];
  while (output && std::fgets(line, sizeof line, output)) {
    int threads = 0;
    unsigned long long hash = 0;
    if (std::sscanf(line, "threads %d hash %llu", &threads, &hash) != 2) continue;
    const bool has_threads = std::string_view(Device::name()) == "OpenMP";
    if (!has_threads || threads == n_threads) result = hash;
  }
  if (output) pclose(output);
  return result;
}

TEST(PolarFilter, has_the_same_bits_for_any_number_of_threads) {
  const std::uint64_t here = hash_of_filtered();
  for (const int n_threads : {1, 2, 3}) EXPECT_EQ(hash_with(n_threads), here) << n_threads << " threads";
}

/// Devices finish and carry in one kernel, hosts in two.
TEST(PolarFilter, has_the_same_bits_in_two_kernels_and_in_three) {
  const Grid grid = grid_of(180, 32);
  const int n_k = 5;
  PolarFilter filter(grid);
  const auto a = [&] { return noise_field<XFace>(grid.block, n_k, 1); };
  const auto b = [&] { return noise_field<YFace>(grid.block, n_k, 2); };
  const auto two = filtered<true>(filter, grid.block, a(), b(), n_k);
  const auto three = filtered<false>(filter, grid.block, a(), b(), n_k);
  const OnHost<XFace> a2(two.a), a3(three.a);
  const OnHost<YFace> b2(two.b), b3(three.b);
  for (int k = 0; k < n_k; ++k) {
    for (int j = 0; j < 32; ++j) {
      for (int i = 0; i < 180; ++i) {
        ASSERT_EQ(a2(k, j, i), a3(k, j, i));
        ASSERT_EQ(b2(k, j, i), b3(k, j, i));
      }
    }
  }
}

TEST(PolarFilter, one_field_has_the_bits_it_has_in_a_pair) {
  const Grid grid = grid_of(36, 20);
  PolarFilter filter(grid);
  for (const int n_k : {1, 3}) {
    const OnHost<Cell> alone(filtered_alone(filter, grid.block, noise_field<Cell>(grid.block, n_k, 1), n_k));
    const OnHost<Cell> in_pair(
        filtered(filter, grid.block, noise_field<Cell>(grid.block, n_k, 1), noise_field<Cell>(grid.block, n_k, 2), n_k)
            .a);
    for (int j = 0; j < 20; ++j) {
      for (int i = 0; i < 36; ++i) EXPECT_EQ(alone(n_k - 1, j, i), in_pair(n_k - 1, j, i));
    }
  }
}

TEST(PolarFilter, switched_off_passes_all_but_the_pole_unchanged) {
  const Grid grid = grid_of(36, 20);
  PolarFilter filter(grid, false);
  const auto result =
      filtered(filter, grid.block, noise_field<XFace>(grid.block, 2, 1), noise_field<YFace>(grid.block, 2, 2), 2);
  const OnHost<XFace> a(result.a);
  const OnHost<YFace> b(result.b);
  for (int j = 0; j < 20; ++j) {
    for (int i = 0; i < 36; ++i) {
      EXPECT_EQ(a(1, j, i), noise(1, 1, j, i));
      EXPECT_EQ(b(1, j, i), j == 0 ? Real(0) : noise(2, 1, j, i));
    }
  }
}

TEST(PolarFilter, refuses_a_circle_without_short_blocks) {
  EXPECT_NO_THROW(PolarFilter{grid_of(2 * 127, 8)});
  EXPECT_THROW(PolarFilter{grid_of(2 * 2053, 8)}, Error);
}

}  // namespace
}  // namespace meridian
