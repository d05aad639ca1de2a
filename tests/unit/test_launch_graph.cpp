// Kernels recorded and replayed.

#include <gtest/gtest.h>

#include "grid/loop.hpp"

namespace meridian {
namespace {

/// a(0) <- 10 a(0) + digit, in two kernels.
void append(const Array1<Real>& a, Real digit) {
  for_range("test/shift", 1, KOKKOS_LAMBDA(int n) { a(n) *= 10; });
  for_range("test/append", 1, KOKKOS_LAMBDA(int n) { a(n) += digit; });
}

Real value(const Array1<Real>& a) { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), a)(0); }

TEST(LaunchGraph, replays_what_it_recorded_in_its_order) {
  const Array1<Real> a("a", 1);
  LaunchGraph graph;
  for (int call = 1; call <= 4; ++call) graph.run(nullptr, [&] { append(a, static_cast<Real>(call)); });
  EXPECT_EQ(value(a), 1222);  // the argument of the recording, the second call
}

TEST(LaunchGraph, has_a_recording_for_each_variant) {
  const Array1<Real> a("a", 1), b("b", 1);
  LaunchGraph graph;
  for (int call = 0; call < 6; ++call) {
    const Array1<Real>& c = call % 2 == 0 ? a : b;
    graph.run(c.data(), [&] { append(c, call % 2 == 0 ? 3 : 4); });
  }
  EXPECT_EQ(value(a), 333);
  EXPECT_EQ(value(b), 444);
}

TEST(LaunchGraph, does_not_record_what_is_launched_elsewhere) {
  const Array1<Real> a("a", 1);
  LaunchGraph graph;
  for (int call = 0; call < 3; ++call) {
    graph.run(nullptr, [&] { append(a, 1); });
    append(a, 2);
  }
  EXPECT_EQ(value(a), 121212);
}

}  // namespace
}  // namespace meridian
