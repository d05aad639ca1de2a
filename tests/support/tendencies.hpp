#pragma once
// Random tendencies for tests of the polar filter: numbers that follow from global indices alone.

#include <cstdint>

#include "dycore/polar_filter.hpp"

namespace meridian::test {

using HostField = Kokkos::View<Real***, Kokkos::LayoutRight, Kokkos::HostSpace>;

/// In [-0.5, 0.5), from a counter (the mixing function of SplitMix64).
inline Real noise(int seed, int k, int j, int i) {
  std::uint64_t x = (((static_cast<std::uint64_t>(seed) * 1009 + k) * 100003 + j) * 100003 + i) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return static_cast<Real>(static_cast<double>(x ^ (x >> 31)) * 0x1p-64 - 0.5);
}

/// A field with value(k, global j, global i) at owned points.
template <class P, class Value>
Field<P> field_of(const Block& block, int n_k, const Value& value) {
  const Field<P> field = make_field<P>("test", block, n_k);
  const HostField host("test", field.data().extent(0), field.data().extent(1), field.data().extent(2));
  for (int k = 0; k < n_k; ++k) {
    for (int j = 0; j < block.ny; ++j) {
      for (int i = 0; i < block.nx; ++i) {
        host(k, j + halo_width, i + halo_width) = value(k, block.j_first + j, block.i_first + i);
      }
    }
  }
  Kokkos::deep_copy(field.data(), host);
  return field;
}

template <class P>
Field<P> noise_field(const Block& block, int n_k, int seed) {
  return field_of<P>(block, n_k, [seed](int k, int j, int i) { return noise(seed, k, j, i); });
}

/// Values of a field on the host; index 0 is the first owned point.
template <class P>
struct OnHost {
  HostField data;
  explicit OnHost(const Field<P>& field)
      : data("test", field.data().extent(0), field.data().extent(1), field.data().extent(2)) {
    Kokkos::deep_copy(data, field.data());
  }
  Real operator()(int k, int j, int i) const { return data(k, j + halo_width, i + halo_width); }
};

template <class PlaceA, class PlaceB>
struct Pair {
  Field<PlaceA> a;
  Field<PlaceB> b;
};

/// Filtered copies of a and b, which are used up.
template <bool at_once = on_device, class PlaceA, class PlaceB>
Pair<PlaceA, PlaceB> filtered(PolarFilter& filter, const Block& block, const Field<PlaceA>& a, const Field<PlaceB>& b,
                              int n_k) {
  const Field<PlaceA> result_a = make_field<PlaceA>("test", block, n_k);
  const Field<PlaceB> result_b = make_field<PlaceB>("test", block, n_k);
  filter.template apply<at_once>(
      "test/filtered", a, b, n_k, KOKKOS_LAMBDA(int k, int j, int i, Real of_a, Real of_b) {
        result_a(k, j, i) = of_a;
        result_b(k, j, i) = of_b;
      });
  return {result_a, result_b};
}

}  // namespace meridian::test
