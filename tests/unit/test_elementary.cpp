#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "grid/elementary.hpp"
#include "grid/loop.hpp"

namespace meridian {
namespace {

/// Largest relative error over n points of a generator.
template <class Value, class Exact>
double largest_error(int n, const Value& value, const Exact& exact) {
  double largest = 0;
  for (int m = 0; m < n; ++m) {
    const double t = (m + 0.5) / n;
    const long double truth = exact(t);
    largest = std::max(largest, static_cast<double>(std::fabs((value(t) - truth) / truth)));
  }
  return largest;
}

double from_1e_minus_8_to_1e8(double t) { return std::pow(10.0, 16 * t - 8); }

constexpr int points = 1'000'000;
constexpr double tolerance = 2.5e-16;  // 1.1e-16 is the last rounding; the rest stays below one more unit of 2^-53

TEST(Elementary, logarithm_agrees_with_extended_precision) {
  EXPECT_LE(largest_error(
                points, [](double t) { return elementary::log(from_1e_minus_8_to_1e8(t)); },
                [](double t) { return std::log(static_cast<long double>(from_1e_minus_8_to_1e8(t))); }),
            tolerance);
  const auto near_one = [](double t) { return 0.5 + t; };
  EXPECT_LE(largest_error(
                points, [&](double t) { return elementary::log(near_one(t)); },
                [&](double t) { return std::log(static_cast<long double>(near_one(t))); }),
            tolerance);
  const auto all = [](double t) { return std::pow(10.0, 614 * t - 307); };
  EXPECT_LE(largest_error(
                points, [&](double t) { return elementary::log(all(t)); },
                [&](double t) { return std::log(static_cast<long double>(all(t))); }),
            tolerance);
}

TEST(Elementary, exponential_agrees_with_extended_precision) {
  for (const double width : {1.0, 40.0, 700.0}) {
    const auto x = [=](double t) { return width * (2 * t - 1); };
    EXPECT_LE(largest_error(
                  points, [&](double t) { return elementary::exp(x(t)); },
                  [&](double t) { return std::exp(static_cast<long double>(x(t))); }),
              tolerance)
        << width;
  }
}

TEST(Elementary, single_precision_agrees_with_double) {
  const auto error = [](const auto& argument, auto value, auto exact) {
    return largest_error(
        points, [&](double t) { return value(static_cast<float>(argument(t))); },
        [&](double t) { return exact(static_cast<long double>(static_cast<float>(argument(t)))); });
  };
  const auto log = [](float x) { return elementary::log(x); };
  const auto exp = [](float x) { return elementary::exp(x); };
  const auto log_of = [](long double x) { return std::log(x); };
  const auto exp_of = [](long double x) { return std::exp(x); };
  EXPECT_LE(error([](double t) { return std::pow(10.0, 70 * t - 35); }, log, log_of), 1.2e-7);
  EXPECT_LE(error([](double t) { return 0.5 + t; }, log, log_of), 1.2e-7);
  EXPECT_LE(error([](double t) { return 170 * t - 85; }, exp, exp_of), 1.2e-7);
  EXPECT_EQ(elementary::log(1.0f), 0.0f);
  EXPECT_EQ(elementary::exp(0.0f), 1.0f);
  EXPECT_EQ(elementary::exp(-100.0f), 0.0f);
  EXPECT_EQ(elementary::exp(100.0f), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(elementary::log(0.0f)) && std::isnan(elementary::log(-1.0f)));
  EXPECT_TRUE(std::isnan(elementary::exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Elementary, power_agrees_with_extended_precision) {
  for (const double y : {0.1, 287.0 / 1004.5, 0.5, 0.7142857142857143, 1.0, 1.4, -0.2857142857142857, -1.0}) {
    EXPECT_LE(largest_error(
                  points, [=](double t) { return elementary::pow(from_1e_minus_8_to_1e8(t), y); },
                  [=](double t) {
                    return std::pow(static_cast<long double>(from_1e_minus_8_to_1e8(t)), static_cast<long double>(y));
                  }),
              tolerance)
        << y;
  }
}

TEST(Elementary, exact_values) {
  EXPECT_EQ(elementary::log(1.0), 0.0);
  EXPECT_EQ(elementary::exp(0.0), 1.0);
  EXPECT_EQ(elementary::pow(1.0, 0.2857), 1.0);
  EXPECT_EQ(elementary::pow(5.0, 0.0), 1.0);
  EXPECT_EQ(elementary::pow(0.0, 0.2857), 0.0);
  for (int n = -1022; n < 1024; ++n) {
    const double x = std::ldexp(1.0, n);
    EXPECT_EQ(elementary::pow(x, 1.0), std::abs(n) < 1022 ? x : elementary::pow(x, 1.0)) << n;
  }
}

TEST(Elementary, what_has_no_value_is_not_a_number) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double x : {nan, -nan, -1.0, -1e300, infinity, -infinity, 1e-310}) {
    EXPECT_TRUE(std::isnan(elementary::log(x))) << x;
    EXPECT_TRUE(std::isnan(elementary::pow(x, 0.3))) << x;
  }
  EXPECT_TRUE(std::isnan(elementary::log(0.0)));
  EXPECT_TRUE(std::isnan(elementary::exp(nan)));
  EXPECT_TRUE(std::isnan(elementary::pow(2.0, nan)));
  EXPECT_EQ(elementary::exp(-1000.0), 0.0);
  EXPECT_EQ(elementary::exp(-infinity), 0.0);
  EXPECT_EQ(elementary::exp(1000.0), infinity);
  EXPECT_EQ(elementary::exp(infinity), infinity);
}

void fill_powers(const Array1<double>& x, const Array1<double>& y, double exponent) {
  const int n = static_cast<int>(x.extent(0));
  for_each("test/pow", {0, 1, 0, 1, 0, n}, KOKKOS_LAMBDA(int, int, int i) { y(i) = elementary::pow(x(i), exponent); });
  Kokkos::fence();
}

TEST(Elementary, a_loop_gives_the_bits_of_single_calls) {
  constexpr int n = 4099;  // vectors and a remainder
  const Array1<double> x("x", n), y("y", n);
  const auto x_host = Kokkos::create_mirror_view(x);
  for (int i = 0; i < n; ++i) x_host(i) = from_1e_minus_8_to_1e8((i + 0.5) / n);
  Kokkos::deep_copy(x, x_host);
  const auto start = std::chrono::steady_clock::now();
  constexpr int repeats = 200;
  for (int r = 0; r < repeats; ++r) fill_powers(x, y, 0.2857);
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  RecordProperty("nanoseconds_per_pow", std::to_string(time.count() / (repeats * n)));
  std::printf("pow: %.2f ns a call\n", time.count() / (static_cast<double>(repeats) * n));
  const auto y_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), y);
  for (int i = 0; i < n; ++i) ASSERT_EQ(y_host(i), elementary::pow(x_host(i), 0.2857)) << i;
}

}  // namespace
}  // namespace meridian
