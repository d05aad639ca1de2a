#pragma once
// Words that a kernel moves, counted: in a build with MERIDIAN_COUNT_ACCESSES the compiler calls a function before each
// load and store (those of its thread sanitizer; access_count.cpp has them instead of the sanitizer's library).

#include <cstddef>

namespace meridian::test {

/// Words of 8 bytes, each counted once for a pass over the arrays; one that is written before it is read is not read.
struct Words {
  double read = 0, written = 0;
};

/// Extents of the fields [rows, columns of a level], and how many of them are owned.
struct Plane {
  std::size_t rows, columns, halo, owned_rows, owned_columns;
};

/// Accesses to this array count. Of arrays that are whole levels of fields those to owned points do, else all.
void count_array(const void* begin, std::size_t bytes, const Plane& plane);
void forget_array(const void* begin);
void forget_all_arrays();
/// Between these two, on one thread.
void begin_counting();
Words end_counting();

}  // namespace meridian::test
