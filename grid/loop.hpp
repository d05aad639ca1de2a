#pragma once
// The only file that knows Kokkos execution policies. On host back ends a loop is a range over rows with a plain
// vectorised inner loop over i; on devices it is a tiled three-dimensional range. The loop bodies are the same.

#include <string>

#include "grid/base.hpp"
#include "grid/field.hpp"

namespace meridian {

inline constexpr bool on_device =
    !Kokkos::SpaceAccessibility<Kokkos::DefaultHostExecutionSpace, DeviceMemory>::accessible;

#ifdef __clang__
#define MERIDIAN_VECTORISE _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define MERIDIAN_VECTORISE _Pragma("GCC ivdep")
#else
#define MERIDIAN_VECTORISE
#endif

/// Calls body(k, j, i) for every point of the box. Bodies must be independent of each other.
template <class Body>
void for_each(const char* label, const Box& box, const Body& body) {
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  if (n_k <= 0 || n_j <= 0 || box.i_end <= box.i_begin) return;
  if constexpr (on_device) {
    using Policy = Kokkos::MDRangePolicy<Device, Kokkos::Rank<3, Kokkos::Iterate::Right, Kokkos::Iterate::Right>>;
    Kokkos::parallel_for(label,
                         Policy({box.k_begin, box.j_begin, box.i_begin}, {box.k_end, box.j_end, box.i_end},
                                {1, 4, 64}),
                         body);
  } else {
    Kokkos::parallel_for(
        label, Kokkos::RangePolicy<Device>(0, n_k * n_j), KOKKOS_LAMBDA(const int row) {
          const int k = box.k_begin + row / n_j;
          const int j = box.j_begin + row % n_j;
          const int i_begin = box.i_begin;
          const int i_end = box.i_end;
          MERIDIAN_VECTORISE
          for (int i = i_begin; i < i_end; ++i) body(k, j, i);
        });
  }
}

/// Calls body(j, i) for every column of the box; the body marches in k itself (scalar on the host: use march_down
/// or march_up where the recurrence can go through a field).
template <class Body>
void for_each_column(const char* label, const Box& box, const Body& body) {
  const int n_j = box.j_end - box.j_begin;
  if (n_j <= 0 || box.i_end <= box.i_begin) return;
  if constexpr (on_device) {
    using Policy = Kokkos::MDRangePolicy<Device, Kokkos::Rank<2, Kokkos::Iterate::Right, Kokkos::Iterate::Right>>;
    Kokkos::parallel_for(label, Policy({box.j_begin, box.i_begin}, {box.j_end, box.i_end}, {4, 64}), body);
  } else {
    Kokkos::parallel_for(
        label, Kokkos::RangePolicy<Device>(0, n_j), KOKKOS_LAMBDA(const int row) {
          const int j = box.j_begin + row;
          for (int i = box.i_begin; i < box.i_end; ++i) body(j, i);
        });
  }
}

enum class March { down, up };

/// Calls body(k, j, i) for every point, in ascending (down) or descending (up) k within each column: body(k) may read
/// what body wrote for the level before, at the same (j, i). One thread per column on devices, vectors over i on hosts.
template <March direction, class Body>
void march(const char* label, const Box& box, const Body& body) {
  const int n_j = box.j_end - box.j_begin;
  const int n_k = box.k_end - box.k_begin;
  if (n_j <= 0 || n_k <= 0 || box.i_end <= box.i_begin) return;
  if constexpr (on_device) {
    using Policy = Kokkos::MDRangePolicy<Device, Kokkos::Rank<2, Kokkos::Iterate::Right, Kokkos::Iterate::Right>>;
    Kokkos::parallel_for(
        label, Policy({box.j_begin, box.i_begin}, {box.j_end, box.i_end}, {4, 64}), KOKKOS_LAMBDA(int j, int i) {
          for (int n = 0; n < n_k; ++n) {
            body(direction == March::down ? box.k_begin + n : box.k_end - 1 - n, j, i);
          }
        });
  } else {
    Kokkos::parallel_for(
        label, Kokkos::RangePolicy<Device>(0, n_j), KOKKOS_LAMBDA(const int row) {
          const int j = box.j_begin + row;
          const int i_begin = box.i_begin;
          const int i_end = box.i_end;
          for (int n = 0; n < n_k; ++n) {
            const int k = direction == March::down ? box.k_begin + n : box.k_end - 1 - n;
            MERIDIAN_VECTORISE
            for (int i = i_begin; i < i_end; ++i) body(k, j, i);
          }
        });
  }
}
template <class Body>
void march_down(const char* label, const Box& box, const Body& body) {
  march<March::down>(label, box, body);
}
template <class Body>
void march_up(const char* label, const Box& box, const Body& body) {
  march<March::up>(label, box, body);
}

/// Calls body(n) for n in [0, count).
template <class Body>
void for_range(const char* label, int count, const Body& body) {
  if (count > 0) Kokkos::parallel_for(label, Kokkos::RangePolicy<Device>(0, count), body);
}

/// Largest value of body(k, j, i) over the box (order-free, so the same on any layout); identity if empty.
template <class Body>
double reduce_max(const char* label, const Box& box, const Body& body) {
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  const int n_i = box.i_end - box.i_begin;
  double largest = -1e300;
  if (n_k <= 0 || n_j <= 0 || n_i <= 0) return largest;
  Kokkos::parallel_reduce(
      label, Kokkos::RangePolicy<Device>(0, n_k * n_j),
      KOKKOS_LAMBDA(const int row, double& result) {
        const int k = box.k_begin + row / n_j;
        const int j = box.j_begin + row % n_j;
        for (int i = box.i_begin; i < box.i_end; ++i) {
          const double value = body(k, j, i);
          if (value > result) result = value;
        }
      },
      Kokkos::Max<double>(largest));
  return largest;
}

/// Joins what body(k, j, i, value) adds to 'value' over the box. Value{} is the identity and Value::operator+= the join;
/// it must not depend on the order (integers, maxima).
template <class Value, class Body>
Value reduce(const char* label, const Box& box, const Body& body) {
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  Value result{};
  if (n_k <= 0 || n_j <= 0 || box.i_end <= box.i_begin) return result;
  Kokkos::parallel_reduce(
      label, Kokkos::RangePolicy<Device>(0, n_k * n_j),
      KOKKOS_LAMBDA(const int row, Value& value) {
        const int k = box.k_begin + row / n_j;
        const int j = box.j_begin + row % n_j;
        for (int i = box.i_begin; i < box.i_end; ++i) body(k, j, i, value);
      },
      result);
  return result;
}

}  // namespace meridian
