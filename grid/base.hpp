#pragma once
// Number types and the few macros every other file relies on.

#include <Kokkos_Core.hpp>
#include <vector>

namespace meridian {

#ifdef MERIDIAN_REAL_FLOAT
using Real = float;
#else
using Real = double;
#endif

/// What a double counts in words of Real.
inline constexpr double words_of_double = static_cast<double>(sizeof(double)) / sizeof(Real);

using Device = Kokkos::DefaultExecutionSpace;
using DeviceMemory = Device::memory_space;

/// Three-dimensional storage, index order (k, j, i) with i contiguous.
template <class Value>
using Array3 = Kokkos::View<Value***, Kokkos::LayoutRight, DeviceMemory>;

/// One-dimensional storage (metric terms of rows, vertical coefficients).
template <class Value>
using Array1 = Kokkos::View<Value*, Kokkos::LayoutRight, DeviceMemory>;

/// Values of the host in an array of their own.
template <class Value>
Array1<Value> array_of(const char* label, const std::vector<Value>& values) {
  const Array1<Value> array(label, values.size());
  const auto host = Kokkos::create_mirror_view(array);
  for (std::size_t n = 0; n < values.size(); ++n) host(n) = values[n];
  Kokkos::deep_copy(array, host);
  return array;
}

inline constexpr double pi = 3.14159265358979323846;

KOKKOS_INLINE_FUNCTION double square(double x) { return x * x; }

}  // namespace meridian
