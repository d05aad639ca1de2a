#pragma once
// The only file that knows Kokkos execution policies. On host back ends a loop is a range over rows with a plain
// vectorised inner loop over i; on devices it is a tiled three-dimensional range. The loop bodies are the same.

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "grid/base.hpp"
#include "grid/field.hpp"
#include "grid/kernel.hpp"
#include "grid/launch_graph.hpp"

namespace meridian {

// MERIDIAN_INLINE_BODY: inlines the whole loop body, however large; a call left in the loop stops vectorisation.
// Not with what follows each access (address sanitizer, MERIDIAN_COUNT_ACCESSES): inlined everywhere it takes minutes to
// compile.
#if defined(__GNUC__) && !defined(__CUDACC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MERIDIAN_INLINE_BODY __attribute__((flatten))
#else
#define MERIDIAN_INLINE_BODY
#endif

#ifdef __clang__
#define MERIDIAN_VECTORISE _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define MERIDIAN_VECTORISE _Pragma("GCC ivdep")
#else
#define MERIDIAN_VECTORISE
#endif

#ifdef MERIDIAN_COUNT_ACCESSES
/// Tells the count of accesses that a kernel begins pass n over its columns.
void enter_pass(int n);
#else
KOKKOS_FORCEINLINE_FUNCTION void enter_pass(int) {}
#endif

/// Host loops take their rows in descending order. For tests: a loop whose rows read what others of it write gives
/// other bits then, deterministically, where threads would do so now and then.
inline bool rows_in_descending_order = false;

namespace detail {

// Arguments of kernels go with their launch. Above 512 bytes Kokkos would keep them in one buffer on the device, which makes each launch
// wait for the one before, and a recorded one find those of the last.
using Light = Kokkos::Experimental::WorkItemProperty::HintLightWeight_t;
using Points = Kokkos::MDRangePolicy<Device, Kokkos::Rank<3, Kokkos::Iterate::Right, Kokkos::Iterate::Right>, Light>;
using Columns = Kokkos::MDRangePolicy<Device, Kokkos::Rank<2, Kokkos::Iterate::Right, Kokkos::Iterate::Right>, Light>;
using Rows = Kokkos::RangePolicy<Device, Light>;

/// The n-th row a host loop takes.
struct RowOrder {
  int first, step;
  explicit RowOrder(int rows)
      : first(rows_in_descending_order ? rows - 1 : 0), step(rows_in_descending_order ? -1 : 1) {}
  KOKKOS_FORCEINLINE_FUNCTION int operator()(int n) const { return first + step * n; }
};

}  // namespace detail

/// Calls body(k, j, i) for every point of the box. Bodies must be independent of each other.
template <class Body>
void for_each(const Kernel& kernel, const Box& box, const Body& body) {
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  if (n_k <= 0 || n_j <= 0 || box.i_end <= box.i_begin) return;
  LaunchLog::note(kernel, n_k, n_j, box.i_end - box.i_begin);
  if constexpr (on_device) {
    LaunchGraph::launch(
        kernel.name,
        detail::Points({box.k_begin, box.j_begin, box.i_begin}, {box.k_end, box.j_end, box.i_end}, {1, 4, 64}), body);
  } else {
    const detail::RowOrder order(n_k * n_j);
    LaunchGraph::launch(
        kernel.name, detail::Rows(0, n_k * n_j), KOKKOS_LAMBDA(const int n) MERIDIAN_INLINE_BODY {
          const int row = order(n);
          const int k = box.k_begin + row / n_j;
          const int j = box.j_begin + row % n_j;
          const int i_begin = box.i_begin;
          const int i_end = box.i_end;
          MERIDIAN_VECTORISE
          for (int i = i_begin; i < i_end; ++i) body(k, j, i);
        });
  }
}

/// A box and what is done at its points, for for_each_part().
template <class Body>
struct Part {
  Box box;
  Body body;

  int n_k() const { return box.k_end > box.k_begin ? box.k_end - box.k_begin : 0; }
  int n_j() const { return box.j_end > box.j_begin ? box.j_end - box.j_begin : 0; }
  int n_i() const { return box.i_end > box.i_begin ? box.i_end - box.i_begin : 0; }
  int rows() const { return n_i() > 0 ? n_k() * n_j() : 0; }
};

namespace detail {

/// The parts of one kernel, numbered one after the other: by rows on hosts, by points on devices.
template <class... Parts>
struct PartList {
  KOKKOS_FORCEINLINE_FUNCTION void run(int) const {}
  int count() const { return 0; }
};
template <class First, class... Rest>
struct PartList<First, Rest...> {
  First first;
  int n_i, n_j, items;
  PartList<Rest...> rest;
  PartList(const First& f, const Rest&... r)
      : first(f), n_i(f.n_i()), n_j(f.n_j()), items(on_device ? f.rows() * f.n_i() : f.rows()), rest(r...) {}
  KOKKOS_FORCEINLINE_FUNCTION void run(int n) const {
    if (n >= items) return rest.run(n - items);
    const Box& box = first.box;
    const int row = on_device ? n / n_i : n;
    const int k = box.k_begin + row / n_j, j = box.j_begin + row % n_j;
    if constexpr (on_device) {
      first.body(k, j, box.i_begin + n % n_i);
    } else {
      const auto body = first.body;
      const int i_begin = box.i_begin, i_end = box.i_end;
      MERIDIAN_VECTORISE
      for (int i = i_begin; i < i_end; ++i) body(k, j, i);
    }
  }
  int count() const { return items + rest.count(); }
};

template <class List>
struct RunParts {
  List list;
  RowOrder order;
  MERIDIAN_INLINE_BODY KOKKOS_FUNCTION void operator()(int n) const { list.run(order(n)); }
};

}  // namespace detail

/// For each part, calls its body(k, j, i) for every point of its box, all in one kernel. Points must be independent of each
/// other, those of different parts, too. For small boxes: on devices a launch costs more than they do.
template <class... Bodies>
void for_each_part(const Kernel& kernel, const Part<Bodies>&... parts) {
  using List = detail::PartList<Part<Bodies>...>;
  const List list(parts...);
  if (list.count() > 0) {
    LaunchLog::note(kernel, list.count(), 0, 0);
    LaunchGraph::launch(kernel.name, detail::Rows(0, list.count()),
                        detail::RunParts<List>{list, detail::RowOrder(list.count())});
  }
}

/// Calls body(j, i) for every column of the box; the body marches in k itself (scalar on the host: use march_down
/// where the recurrence can go through a field).
template <class Body>
void for_each_column(const Kernel& kernel, const Box& box, const Body& body) {
  const int n_j = box.j_end - box.j_begin;
  if (n_j <= 0 || box.i_end <= box.i_begin) return;
  LaunchLog::note(kernel, box.k_end - box.k_begin, n_j, box.i_end - box.i_begin);
  if constexpr (on_device) {
    LaunchGraph::launch(kernel.name, detail::Columns({box.j_begin, box.i_begin}, {box.j_end, box.i_end}, {4, 64}),
                        body);
  } else {
    const detail::RowOrder order(n_j);
    LaunchGraph::launch(
        kernel.name, detail::Rows(0, n_j), KOKKOS_LAMBDA(const int n) MERIDIAN_INLINE_BODY {
          const int j = box.j_begin + order(n);
          for (int i = box.i_begin; i < box.i_end; ++i) body(j, i);
        });
  }
}

namespace detail {

template <class Body, int... m>
KOKKOS_FORCEINLINE_FUNCTION void call_each(const Body& body, std::integer_sequence<int, m...>) {
  (body(m), ...);
}

}  // namespace detail

/// Calls body(m) for m = 0 .. n - 1, written out one after the other, m a constant once it is inlined: a loop left in the loop over i
/// stops vectorisation.
template <int n, class Body>
KOKKOS_FORCEINLINE_FUNCTION void unrolled(const Body& body) {
  detail::call_each(body, std::make_integer_sequence<int, n>{});
}

namespace detail {

/// The passes of for_each_column_in_passes, stored without std::tuple so that every device compiler takes them.
template <class... Passes>
struct PassList {
  KOKKOS_FORCEINLINE_FUNCTION void run(const Box&, int, int, int) const {}
};
template <class First, class... Rest>
struct PassList<First, Rest...> {
  First first;
  PassList<Rest...> rest;
  PassList(const First& f, const Rest&... r) : first(f), rest(r...) {}
  KOKKOS_FORCEINLINE_FUNCTION void run(const Box& box, int j, int i_begin, int i_end) const {
    enter_pass(static_cast<int>(sizeof...(Rest)));
    for (int k = box.k_begin; k < box.k_end; ++k) first(k, j, i_begin, i_end);
    rest.run(box, j, i_begin, i_end);
  }
};

template <class... Passes>
struct ColumnPasses {
  Box box;
  PassList<Passes...> passes;
  RowOrder order;
  KOKKOS_FUNCTION void operator()(int j, int i) const { passes.run(box, j, i, i + 1); }
  MERIDIAN_INLINE_BODY KOKKOS_FUNCTION void operator()(int n) const {
    passes.run(box, box.j_begin + order(n), box.i_begin, box.i_end);
  }
};

}  // namespace detail

/// Calls body(k, j, i) for every point, in ascending k within each column: body(k) may read what body wrote for the level
/// before, at the same (j, i). One thread per column on devices, vectors over i on hosts.
template <class Body>
void march_down(const Kernel& kernel, const Box& box, const Body& body) {
  const int n_j = box.j_end - box.j_begin;
  const int n_k = box.k_end - box.k_begin;
  if (n_j <= 0 || n_k <= 0 || box.i_end <= box.i_begin) return;
  LaunchLog::note(kernel, n_k, n_j, box.i_end - box.i_begin);
  if constexpr (on_device) {
    LaunchGraph::launch(
        kernel.name, detail::Columns({box.j_begin, box.i_begin}, {box.j_end, box.i_end}, {4, 64}),
        KOKKOS_LAMBDA(int j, int i) {
          for (int k = box.k_begin; k < box.k_end; ++k) body(k, j, i);
        });
  } else {
    const detail::RowOrder order(n_j);
    LaunchGraph::launch(
        kernel.name, detail::Rows(0, n_j), KOKKOS_LAMBDA(const int n) MERIDIAN_INLINE_BODY {
          const int j = box.j_begin + order(n);
          const int i_begin = box.i_begin;
          const int i_end = box.i_end;
          for (int k = box.k_begin; k < box.k_end; ++k) {
            MERIDIAN_VECTORISE
            for (int i = i_begin; i < i_end; ++i) body(k, j, i);
          }
        });
  }
}

/// In each column down(k, j, i) for ascending k, then up(k, j, i) for descending k; both as in march_down(). One pass over
/// the rows on hosts, so that what down() wrote is still in the cache.
template <class Down, class Up>
void march_down_up(const Kernel& kernel, const Box& box, const Down& down, const Up& up) {
  const int n_j = box.j_end - box.j_begin;
  if (n_j <= 0 || box.k_end <= box.k_begin || box.i_end <= box.i_begin) return;
  LaunchLog::note(kernel, box.k_end - box.k_begin, n_j, box.i_end - box.i_begin);
  if constexpr (on_device) {
    LaunchGraph::launch(
        kernel.name, detail::Columns({box.j_begin, box.i_begin}, {box.j_end, box.i_end}, {4, 64}),
        KOKKOS_LAMBDA(int j, int i) {
          for (int k = box.k_begin; k < box.k_end; ++k) down(k, j, i);
          for (int k = box.k_end - 1; k >= box.k_begin; --k) up(k, j, i);
        });
  } else {
    const detail::RowOrder order(n_j);
    LaunchGraph::launch(
        kernel.name, detail::Rows(0, n_j), KOKKOS_LAMBDA(const int n) MERIDIAN_INLINE_BODY {
          const int j = box.j_begin + order(n);
          const int i_begin = box.i_begin;
          const int i_end = box.i_end;
          enter_pass(0);
          for (int k = box.k_begin; k < box.k_end; ++k) {
            MERIDIAN_VECTORISE
            for (int i = i_begin; i < i_end; ++i) down(k, j, i);
          }
          enter_pass(1);
          for (int k = box.k_end - 1; k >= box.k_begin; --k) {
            MERIDIAN_VECTORISE
            for (int i = i_begin; i < i_end; ++i) up(k, j, i);
          }
        });
  }
}

/// In each column one pass after the other, each for ascending k from 0 on: pass(k, j, i_begin, i_end) works on a piece of a row
/// and may read what earlier passes, or itself at smaller k, wrote in the same columns. Pieces are whole rows on hosts
/// (write the loop over i with MERIDIAN_VECTORISE), single points on devices.
template <class... Passes>
void for_each_column_in_passes(const Kernel& kernel, const Box& box, const Passes&... passes) {
  const int n_j = box.j_end - box.j_begin;
  if (n_j <= 0 || box.k_end <= box.k_begin || box.i_end <= box.i_begin) return;
  LaunchLog::note(kernel, box.k_end - box.k_begin, n_j, box.i_end - box.i_begin);
  const detail::ColumnPasses<Passes...> run{box, {passes...}, detail::RowOrder(n_j)};
  if constexpr (on_device) {
    LaunchGraph::launch(kernel.name, detail::Columns({box.j_begin, box.i_begin}, {box.j_end, box.i_end}, {4, 64}), run);
  } else {
    LaunchGraph::launch(kernel.name, detail::Rows(0, n_j), run);
  }
}

namespace detail {

template <bool descending, class Body>
struct PointPass {
  Body body;
  Box box;
  KOKKOS_FORCEINLINE_FUNCTION void operator()(int k, int j, int i_begin, int i_end) const {
    const int level = descending ? box.k_end - 1 - k : k;
    if (level < box.k_begin || level >= box.k_end) return;
    const Body local = body;  // its members stay in registers, whatever it writes
    MERIDIAN_VECTORISE
    for (int i = i_begin; i < i_end; ++i) local(level, j, i);
  }
};

}  // namespace detail

/// Passes of for_each_column_in_passes() that call body(k, j, i) for the levels of this box, in ascending and in descending
/// order. What differs at the ends of a column is a pass of its own: a condition on k in a long body stops vectorisation.
template <class Body>
detail::PointPass<false, Body> downward(const Box& box, const Body& body) {
  return {body, box};
}
template <class Body>
detail::PointPass<true, Body> upward(const Box& box, const Body& body) {
  return {body, box};
}

/// Calls body(n) for n in [0, count).
template <class Body>
void for_range(const Kernel& kernel, int count, const Body& body) {
  if (count <= 0) return;
  LaunchLog::note(kernel, count, 0, 0);
  const detail::RowOrder order(on_device ? 0 : count);
  LaunchGraph::launch(kernel.name, detail::Rows(0, count), KOKKOS_LAMBDA(const int n) { body(order(n)); });
}

/// Largest value of body(k, j, i) over the box (order-free, so the same on any layout); identity if empty.
template <class Body>
double reduce_max(const Kernel& kernel, const Box& box, const Body& body) {
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  const int n_i = box.i_end - box.i_begin;
  double largest = -1e300;
  if (n_k <= 0 || n_j <= 0 || n_i <= 0) return largest;
  LaunchLog::note(kernel, n_k, n_j, n_i);
  Kokkos::parallel_reduce(
      kernel.name, Kokkos::RangePolicy<Device>(0, n_k * n_j),
      KOKKOS_LAMBDA(const int row, double& result) MERIDIAN_INLINE_BODY {
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

/// Largest |f| over the box of one rank; NaN where f holds NaN. The bits of |x|, taken as an integer, order as |x| does
/// and those of NaN lie above infinity, so the maximum is one of integers: vectorised, order-free.
template <class F>
double reduce_largest_magnitude(const Kernel& kernel, const Box& box, const F& f) {
  using Value = std::remove_cvref_t<decltype(f(0, 0, 0))>;
  using Bits = std::conditional_t<sizeof(Value) == 8, std::int64_t, std::int32_t>;
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  Bits largest = 0;
  if (n_k <= 0 || n_j <= 0 || box.i_end <= box.i_begin) return 0;
  LaunchLog::note(kernel, n_k, n_j, box.i_end - box.i_begin);
  Kokkos::parallel_reduce(
      kernel.name, Kokkos::RangePolicy<Device>(0, n_k * n_j),
      KOKKOS_LAMBDA(const int row, Bits& result) MERIDIAN_INLINE_BODY {
        const int k = box.k_begin + row / n_j;
        const int j = box.j_begin + row % n_j;
        Bits of_row = 0;
        for (int i = box.i_begin; i < box.i_end; ++i) {
          const Bits bits = Kokkos::bit_cast<Bits>(Kokkos::abs(f(k, j, i)));
          of_row = bits > of_row ? bits : of_row;
        }
        result = of_row > result ? of_row : result;
      },
      Kokkos::Max<Bits>(largest));
  return static_cast<double>(Kokkos::bit_cast<Value>(largest));
}

/// True if body(k, j, i) is true at any point of the box; vectorised on hosts where reduce_max is not.
template <class Body>
bool any_point(const Kernel& kernel, const Box& box, const Body& body) {
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  int found = 0;
  if (n_k <= 0 || n_j <= 0 || box.i_end <= box.i_begin) return false;
  LaunchLog::note(kernel, n_k, n_j, box.i_end - box.i_begin);
  if constexpr (on_device) {
    using Policy = Kokkos::MDRangePolicy<Device, Kokkos::Rank<3, Kokkos::Iterate::Right, Kokkos::Iterate::Right>>;
    Kokkos::parallel_reduce(
        kernel.name, Policy({box.k_begin, box.j_begin, box.i_begin}, {box.k_end, box.j_end, box.i_end}, {1, 4, 64}),
        KOKKOS_LAMBDA(int k, int j, int i, int& result) { result |= body(k, j, i) ? 1 : 0; }, Kokkos::BOr<int>(found));
  } else {
    Kokkos::parallel_reduce(
        kernel.name, Kokkos::RangePolicy<Device>(0, n_k * n_j),
        KOKKOS_LAMBDA(const int row, int& result) MERIDIAN_INLINE_BODY {
          const int k = box.k_begin + row / n_j;
          const int j = box.j_begin + row % n_j;
          const int i_begin = box.i_begin;
          const int i_end = box.i_end;
          int in_row = 0;
          MERIDIAN_VECTORISE
          for (int i = i_begin; i < i_end; ++i) in_row |= body(k, j, i) ? 1 : 0;
          result |= in_row;
        },
        Kokkos::BOr<int>(found));
  }
  return found != 0;
}

/// Joins what body(k, j, i, value) adds to 'value' over the box. Value{} is the identity and Value::operator+= the join;
/// it must not depend on the order (integers, maxima).
template <class Value, class Body>
Value reduce(const Kernel& kernel, const Box& box, const Body& body) {
  const int n_k = box.k_end - box.k_begin;
  const int n_j = box.j_end - box.j_begin;
  Value result{};
  if (n_k <= 0 || n_j <= 0 || box.i_end <= box.i_begin) return result;
  LaunchLog::note(kernel, n_k, n_j, box.i_end - box.i_begin);
  Kokkos::parallel_reduce(
      kernel.name, Kokkos::RangePolicy<Device>(0, n_k * n_j),
      KOKKOS_LAMBDA(const int row, Value& value) MERIDIAN_INLINE_BODY {
        const int k = box.k_begin + row / n_j;
        const int j = box.j_begin + row % n_j;
        for (int i = box.i_begin; i < box.i_end; ++i) body(k, j, i, value);
      },
      result);
  return result;
}

}  // namespace meridian
