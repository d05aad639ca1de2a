// Why grid/loop.hpp looks as it does: one small and one large kernel in every shape of loop that Kokkos offers, and the
// cost of a power. 180 x 90 x 26, ns per point.

#include <cmath>

#include "bench/support.hpp"
#include "grid/elementary.hpp"

namespace meridian::bench {
namespace {

constexpr int n_lon = 180, n_lat = 90, n_k = 26;

/// Divergence of a mass flux.
template <class T>
struct Divergence {
  Field<XFace, const T> fx;
  Field<YFace, const T> fy;
  Field<Cell, T> result;
  T per_area;

  KOKKOS_FORCEINLINE_FUNCTION void operator()(int k, int j, int i) const {
    result(k, j, i) = -per_area * (fx(k, j, i + 1) - fx(k, j, i) + (fy(k, j + 1, i) - fy(k, j, i)));
  }
};

/// Flux of potential vorticity in the energy-neutral pairing, order 5, every face value computed where it is needed.
template <class T>
struct VorticityFlux {
  Field<Corner, const T> pv;
  Field<XFace, const T> fx;
  Field<YFace, const T> fy;
  Field<XFace, T> du_dt;
  Field<YFace, T> dv_dt;

  KOKKOS_FORCEINLINE_FUNCTION static T face(T flux, T a, T b, T c, T d, T e, T f) {
    const T sign = T(flux > 0) - T(flux < 0);
    return ((T(37) * (c + d) - T(8) * (b + e) + (a + f)) - sign * ((f - a) - T(5) * (e - b) + T(10) * (d - c))) *
           (T(1) / T(60));
  }
  KOKKOS_FORCEINLINE_FUNCTION T at_xface(int k, int j, int i) const {
    const T flux = (fy(k, j, i) + fy(k, j, i - 1)) + (fy(k, j + 1, i) + fy(k, j + 1, i - 1));
    return face(flux, pv(k, j - 2, i), pv(k, j - 1, i), pv(k, j, i), pv(k, j + 1, i), pv(k, j + 2, i), pv(k, j + 3, i));
  }
  KOKKOS_FORCEINLINE_FUNCTION T at_yface(int k, int j, int i) const {
    const T flux = (fx(k, j, i) + fx(k, j - 1, i)) + (fx(k, j, i + 1) + fx(k, j - 1, i + 1));
    return face(flux, pv(k, j, i - 2), pv(k, j, i - 1), pv(k, j, i), pv(k, j, i + 1), pv(k, j, i + 2), pv(k, j, i + 3));
  }
  KOKKOS_FORCEINLINE_FUNCTION void operator()(int k, int j, int i) const {
    const T qu = at_xface(k, j, i), qv = at_yface(k, j, i);
    du_dt(k, j, i) =
        ((qu + qv) * fy(k, j, i) + (qu + at_yface(k, j, i - 1)) * fy(k, j, i - 1)) +
        ((qu + at_yface(k, j + 1, i)) * fy(k, j + 1, i) + (qu + at_yface(k, j + 1, i - 1)) * fy(k, j + 1, i - 1));
    dv_dt(k, j, i) =
        ((qv + qu) * fx(k, j, i) + (qv + at_xface(k, j, i + 1)) * fx(k, j, i + 1)) +
        ((qv + at_xface(k, j - 1, i)) * fx(k, j - 1, i) + (qv + at_xface(k, j - 1, i + 1)) * fx(k, j - 1, i + 1));
  }
};

template <class Body>
void tiled(const Body& body) {
  using Policy = Kokkos::MDRangePolicy<Device, Kokkos::Rank<3, Kokkos::Iterate::Right, Kokkos::Iterate::Right>>;
  Kokkos::parallel_for("bench/tiled", Policy({0, 0, 0}, {n_k, n_lat, n_lon}, {1, 4, 64}), body);
}
template <class Body>
void flat(const Body& body) {
  Kokkos::parallel_for(
      "bench/flat", Kokkos::RangePolicy<Device>(0, n_k * n_lat * n_lon),
      KOKKOS_LAMBDA(int n) { body(n / n_lon / n_lat, n / n_lon % n_lat, n % n_lon); });
}
template <class Body>
void teams(const Body& body) {
  using Policy = Kokkos::TeamPolicy<Device>;
  Kokkos::parallel_for(
      "bench/teams", Policy(n_k * n_lat, Kokkos::AUTO, 32), KOKKOS_LAMBDA(const Policy::member_type& team) {
        const int k = team.league_rank() / n_lat, j = team.league_rank() % n_lat;
        Kokkos::parallel_for(Kokkos::TeamVectorRange(team, n_lon), [&](int i) { body(k, j, i); });
      });
}
template <class Body>
void ours(const Body& body) {
  for_each("bench/for_each", {0, n_k, 0, n_lat, 0, n_lon}, body);
}

template <class Body>
void add_shapes(const std::string& kernel, double words, const Body& body) {
  const double n = static_cast<double>(n_lon) * n_lat * n_k;
  add(kernel + ", tiles (MDRangePolicy)", n, words, [=] { tiled(body); });
  add(kernel + ", flat index with division", n, words, [=] { flat(body); });
  add(kernel + ", teams (ThreadVectorRange)", n, words, [=] { teams(body); });
  add(kernel + ", rows and vectors (for_each)", n, words, [=] { ours(body); });
}

template <class P, class T>
Field<P, T> filled(const char* label, double offset) {
  const Field<P, T> field(Array3<T>(label, n_k, n_lat + 2 * halo_width + 1, n_lon + 2 * halo_width));
  for_each(
      "bench/fill", {0, n_k, -3, n_lat + 4, -3, n_lon + 4}, KOKKOS_LAMBDA(int k, int j, int i) {
        field(k, j, i) = static_cast<T>(offset + ((k * 7 + j * 13 + i * 29) % 101 + 101) % 101 / 101.0);
      });
  return field;
}

template <class T>
void add_kernels(const std::string& precision) {
  const auto fx = filled<XFace, T>("fx", -0.5);
  const auto fy = filled<YFace, T>("fy", -0.5);
  const auto result = filled<Cell, T>("result", 0);
  add_shapes("div" + precision, 3, Divergence<T>{fx, fy, result, T(1)});
  add_shapes(
      "PV" + precision, 5,
      VorticityFlux<T>{filled<Corner, T>("pv", 1), fx, fy, Field<XFace, T>(result.data()), filled<YFace, T>("dv", 0)});
}

void add_powers() {
  const double n = static_cast<double>(n_lon) * n_lat * n_k;
  const auto x = filled<Cell, double>("x", 0.01), y = filled<Cell, double>("y", 0);
  add("power, std::pow", n, 2,
      [=] { ours(KOKKOS_LAMBDA(int k, int j, int i) { y(k, j, i) = Kokkos::pow(x(k, j, i), 0.2857); }); });
  add("power, elementary::pow", n, 2,
      [=] { ours(KOKKOS_LAMBDA(int k, int j, int i) { y(k, j, i) = elementary::pow(x(k, j, i), 0.2857); }); });
}

}  // namespace
}  // namespace meridian::bench

int main(int argc, char** argv) {
  using namespace meridian::bench;
  return run_all(argc, argv, [](int, char**) {
    add_copy();
    add_kernels<double>("");
    add_kernels<float>(", FP32");
    add_powers();
    Table table;
    benchmark::RunSpecifiedBenchmarks(&table);
  });
}
