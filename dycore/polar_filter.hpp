#pragma once
// Zonal filter of the total tendencies: S(n) = 1 / (1 + kappa^2 s^4), s = sin(n dl / 2), by recursion along the row.
// docs/numerics/polar_filter.md tells why this S, and why the filter acts on everything.
//
//   f_i = C b_i + rho f_{i-1}   eastward      g_i = C b_i + rho g_{i+1}   westward      (S b)_i = Re[ f_i + rho g_{i+1} ]
//
// Both sums start at zero in each block of the circle (pass 1); the ends of the blocks upstream, from other ranks where they
// are near enough to count, give the sums that enter each block (pass 2); they are added with their powers of rho in the
// loop of the caller (pass 3).

#include <cstring>
#include <map>
#include <type_traits>
#include <utility>

#include "dycore/block_sums.hpp"
#include "grid/field.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/loop.hpp"

namespace meridian {

namespace polar_filter {

/// Largest length of a filter block: bounds the work space of one sweep (on hosts only what is used costs anything).
inline constexpr int longest_block = on_device ? 192 : 2048;

/// Lines (fields x levels) that are taken at a time: as many numbers as fit a vector register on hosts.
template <class N>
inline constexpr int lanes = on_device ? 1 : __BIGGEST_ALIGNMENT__ / sizeof(N);

/// n or a little more.
constexpr int whole_vectors(int n) { return (n + lanes<Real> - 1) / lanes<Real> * lanes<Real>; }

/// W numbers with + - * of each lane by itself, so that the same formula has the same bits for every W.
template <class N, int W>
struct VectorOf {
  using type __attribute__((vector_size(W * sizeof(N)))) = N;
};
template <class N>
struct VectorOf<N, 1> {
  using type = N;
};
template <class N, int W>
using Vector = typename VectorOf<N, W>::type;

/// value(0), value(1), .. side by side
template <class N, class Value, int... lane>
KOKKOS_FORCEINLINE_FUNCTION Vector<N, sizeof...(lane)> vector_of(const Value& value,
                                                                 std::integer_sequence<int, lane...>) {
  return Vector<N, sizeof...(lane)>{static_cast<N>(value(lane))...};
}
template <class V>
KOKKOS_FORCEINLINE_FUNCTION auto lane_of(const V& vector, int lane) {
  if constexpr (std::is_arithmetic_v<V>) {
    return vector;
  } else {
    return vector[lane];
  }
}
template <class V>
KOKKOS_FORCEINLINE_FUNCTION V load(const double* from) {
  V vector;
  memcpy(&vector, from, sizeof(V));
  return vector;
}
template <class V>
KOKKOS_FORCEINLINE_FUNCTION void store(const V& vector, double* to) {
  memcpy(to, &vector, sizeof(V));
}

template <class V>
struct Complex {
  V re, im;
};
template <class V>
KOKKOS_FORCEINLINE_FUNCTION Complex<V> operator*(const Complex<V>& a, const Complex<V>& b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
/// z in the lanes where the condition holds, elsewhere 0.
template <class Condition, class V>
KOKKOS_FORCEINLINE_FUNCTION Complex<V> where(const Condition& condition, const Complex<V>& z) {
  return {condition ? z.re : V{}, condition ? z.im : V{}};
}
template <class V>
KOKKOS_FORCEINLINE_FUNCTION Complex<V> operator+(const Complex<V>& a, const Complex<V>& b) {
  return {a.re + b.re, a.im + b.im};
}

/// The recursion of one row of latitude.
struct Row {
  Complex<double> rho{0, 0};             // |rho| < 1, 0 on unfiltered rows; a number of precision Real
  Complex<double> gain{0, 0};            // C = (1 - rho) / (1 + rho); 0 at the pole
  Complex<double> rho_over_block{0, 0};  // rho^length
  Complex<double> closure{1, 0};         // 1 / (1 - rho^n_lon): sums go round and round the circle
  int reach = 1;                         // blocks upstream that matter: |rho|^(length reach) < 1e-17, or all
};

/// Rows of a block and the weights Re, Im rho^(l+1) (entering from the west), Re, Im rho^(length-l) (from the east) at
/// the places l of a filter block: weights((j 4 + part) length + l). Rounded as the fields are, to which pass 3 adds them.
struct Rows {
  Array1<Row> row;
  Array1<Real> weights;
};

/// kappa of a row: the smallest with s S(s) <= r for all s in [0, 1]. r = cos(latitude), 0 < r <= 1.
double kappa(double r);

/// Rows with r = min(1, cosine(j)), j = 0 .. block.ny - 1.
Rows make_rows(const Block& block, const RowValues& cosine);

/// How lines and blocks are numbered. Line j fields n_k + field n_k + k is level k of a field in row j; a vector may hold
/// lines of several rows. Sums and carries lie at (block 4 + part) lines + line, parts f.re, f.im, g.re, g.im.
struct Shape {
  int fields, n_k, n_j, blocks, length;
  int lines;  // n_j fields n_k rounded up to whole vectors, the last line repeated

  KOKKOS_FORCEINLINE_FUNCTION int at(int block, int part) const { return (block * 4 + part) * lines; }
  KOKKOS_FORCEINLINE_FUNCTION int line(int field, int k, int j) const { return (j * fields + field) * n_k + k; }
};

/// W lines side by side: level (of both fields one after the other) and row of each, and what its row says.
template <int W>
struct Lines {
  int k[W], j[W];
  const Row* row[W];
  double reach[W];  // the larger one of both fields

  KOKKOS_FORCEINLINE_FUNCTION Lines(const Shape& shape, const Rows& rows_a, const Rows& rows_b, int first) {
    const int n_levels = shape.fields * shape.n_k;
    first = Kokkos::min(first, n_levels * shape.n_j - 1);  // lines are padded to the longest vectors
    int place = first / n_levels;
    int level = first - place * n_levels;
    for (int w = 0; w < W; ++w) {
      k[w] = level;
      j[w] = place;
      row[w] = level < shape.n_k ? &rows_a.row(place) : &rows_b.row(place);
      reach[w] = Kokkos::max(rows_a.row(place).reach, rows_b.row(place).reach);
      const bool next_row = level + 1 == n_levels;
      if (next_row && place + 1 == shape.n_j) continue;  // the last line is repeated
      place += next_row ? 1 : 0;
      level = next_row ? 0 : level + 1;
    }
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION Complex<Vector<N, W>> of(Complex<double> Row::* member) const {
    constexpr auto all = std::make_integer_sequence<int, W>();
    return {vector_of<N>([&](int w) { return (row[w]->*member).re; }, all),
            vector_of<N>([&](int w) { return (row[w]->*member).im; }, all)};
  }
};

/// Replaces the values of one block in W lines by Re[ f_i + rho g_{i+1} ] with f = g = 0 outside the block.
/// sums: the block's f at its last and g at its first point, parts 'stride' apart.
template <int W>
KOKKOS_FORCEINLINE_FUNCTION void sweep(Real* const (&line)[W], int length, const Complex<Vector<Real, W>>& rho,
                                       const Complex<Vector<Real, W>>& gain, double* sums, int stride) {
  using V = Vector<Real, W>;
  constexpr auto all = std::make_integer_sequence<int, W>();
  V eastward[longest_block];
  Complex<V> f{}, g{};
  for (int l = 0; l < length; ++l) {
    const V b = vector_of<Real>([&](int w) { return line[w][l]; }, all);
    f = rho * f + Complex<V>{gain.re * b, gain.im * b};
    eastward[l] = f.re;
  }
  for (int l = length - 1; l >= 0; --l) {
    const V b = vector_of<Real>([&](int w) { return line[w][l]; }, all);
    const Complex<V> entering = rho * g;
    const V result = eastward[l] + entering.re;
    g = entering + Complex<V>{gain.re * b, gain.im * b};
    for (int w = 0; w < W; ++w) line[w][l] = lane_of(result, w);
  }
  const V parts[4] = {f.re, f.im, g.re, g.im};
  for (int part = 0; part < 4; ++part) {
    for (int w = 0; w < W; ++w) sums[part * stride + w] = lane_of(parts[part], w);
  }
}

/// The pole itself has no wind of its own.
template <class P>
void set_to_zero(const Field<P>& b, const Box& row) {
  for_each("dycore/polar_filter_pole", row, KOKKOS_LAMBDA(int k, int j, int i) { b(k, j, i) = 0; });
}

/// Sums of the whole circle, as far as they are needed, and where this rank's blocks lie in it.
struct Circle {
  Array1<double> all;
  int blocks, first_block;
};

/// Pass 1: sweeps all blocks of a and b in place and leaves the sums of each block in the circle.
template <int W, class PlaceA, class PlaceB>
void sweep_blocks(const Shape& shape, const Rows& rows_a, const Rows& rows_b, const Field<PlaceA>& a,
                  const Field<PlaceB>& b, const Circle& circle) {
  const int blocks_at_once = on_device ? 1 : shape.blocks;
  const int parts = shape.blocks / blocks_at_once;
  const double points = static_cast<double>(W) * blocks_at_once * shape.length;
  for_range(
      {"dycore/polar_filter_sweep", points, points + 4.0 * W * blocks_at_once * words_of_double},
      shape.lines / W * parts, KOKKOS_LAMBDA(const int n) {
        const int first_block = n % parts * blocks_at_once;
        const int first_line = n / parts * W;
        const Lines<W> lines(shape, rows_a, rows_b, first_line);
        const auto rho = lines.template of<Real>(&Row::rho);
        const auto gain = lines.template of<Real>(&Row::gain);
        Real* line[W];
        for (int w = 0; w < W; ++w) {
          const int k = lines.k[w];
          line[w] =
              (k < shape.n_k ? &a(k, lines.j[w], 0) : &b(k - shape.n_k, lines.j[w], 0)) + first_block * shape.length;
        }
        for (int block = first_block; block < first_block + blocks_at_once; ++block) {
          double* const sums = &circle.all(shape.at(circle.first_block + block, 0) + first_line);
          sweep<W>(line, shape.length, rho, gain, sums, shape.lines);
          for (int w = 0; w < W; ++w) line[w] += shape.length;
        }
      });
}

/// What enters a block from the west and from the east.
template <class V>
struct Carry {
  Complex<V> from_west{}, from_east{};
};

/// Pass 2: the carries of W lines from first_line on, by Horner's rule over the blocks upstream, the farthest first; the
/// order is that of the circle, whoever owns the blocks. reach: of each line; farthest: the largest of them.
template <class V>
KOKKOS_FORCEINLINE_FUNCTION Carry<V> carry_into(const Circle& circle, const Shape& shape, int block, int first_line,
                                                const Complex<V>& power, const Complex<V>& closure, const V& reach,
                                                double farthest) {
  const auto sum_of = [&](int upstream, int part) {
    const int at = shape.at(upstream, part) + first_line;
    return Complex<V>{load<V>(&circle.all(at)), load<V>(&circle.all(at + shape.lines))};
  };
  Carry<V> carry;
  for (int distance = static_cast<int>(farthest); distance > 0; --distance) {
    const int west = circle.first_block + block - distance;
    const int east = circle.first_block + block + distance;
    carry.from_west = carry.from_west * power + sum_of(west < 0 ? west + circle.blocks : west, 0);
    carry.from_east = carry.from_east * power + sum_of(east < circle.blocks ? east : east - circle.blocks, 2);
    const auto within = static_cast<double>(distance) <= reach;  // each lane's row by itself
    carry.from_west = where(within, carry.from_west);
    carry.from_east = where(within, carry.from_east);
  }
  return {carry.from_west * closure, carry.from_east * closure};
}

/// Pass 2 of all blocks and lines, as a kernel of its own.
template <int W>
void enter_blocks(const Shape& shape, const Circle& circle, const Rows& rows_a, const Rows& rows_b,
                  const Array1<double>& carries) {
  using V = Vector<double, W>;
  const int groups = shape.lines / W;
  for_range(
      {"dycore/polar_filter_carries", 4.0 * W * words_of_double, 4.0 * W * words_of_double}, shape.blocks * groups,
      KOKKOS_LAMBDA(const int n) {
        const int first_line = n % groups * W;
        const int block = n / groups;
        const Lines<W> lines(shape, rows_a, rows_b, first_line);
        const V reach = vector_of<double>([&](int w) { return lines.reach[w]; }, std::make_integer_sequence<int, W>());
        double farthest = 0;
        for (int w = 0; w < W; ++w) farthest = Kokkos::max(farthest, lines.reach[w]);
        const Carry<V> carry =
            carry_into<V>(circle, shape, block, first_line, lines.template of<double>(&Row::rho_over_block),
                          lines.template of<double>(&Row::closure), reach, farthest);
        double* const to = &carries(shape.at(block, 0) + first_line);
        store(carry.from_west.re, to);
        store(carry.from_west.im, to + shape.lines);
        store(carry.from_east.re, to + 2 * shape.lines);
        store(carry.from_east.im, to + 3 * shape.lines);
      });
}

/// What enters one block of one line, with the row's weights.
struct Entering {
  const Real* weights;
  int length;
  Complex<Real> from_west, from_east;

  KOKKOS_FORCEINLINE_FUNCTION Entering(const Real* row_weights, int block_length, const Carry<double>& carry)
      : weights(row_weights),
        length(block_length),
        from_west{static_cast<Real>(carry.from_west.re), static_cast<Real>(carry.from_west.im)},
        from_east{static_cast<Real>(carry.from_east.re), static_cast<Real>(carry.from_east.im)} {}
  /// (S b) at place l of the block, from the value that pass 1 left there.
  KOKKOS_FORCEINLINE_FUNCTION Real filtered(Real swept, int l) const {
    const Real western = weights[l] * from_west.re - weights[length + l] * from_west.im;
    const Real eastern = weights[2 * length + l] * from_east.re - weights[3 * length + l] * from_east.im;
    return swept + (western + eastern);
  }
};

/// What enters one block of one level and row, of one or two fields. 'at_once': pass 2 is done here, in each point, instead
/// of read from 'carries': a launch less, for a few sums that the cache holds (most rows look at one block upstream).
template <int fields, bool at_once, class PlaceA, class PlaceB>
struct Finisher {
  Shape shape;
  Rows rows_a, rows_b;
  Circle circle;
  Array1<double> carries;
  Field<PlaceA> a;
  Field<PlaceB> b;

  struct Block {
    Entering into_a, into_b;
  };
  KOKKOS_FORCEINLINE_FUNCTION Entering entering(const Rows& rows, int field, int k, int j, int block) const {
    const Real* const weights = &rows.weights(j * 4 * shape.length);
    const int line = shape.line(field, k, j);
    if constexpr (at_once) {
      const Row& row = rows.row(j);
      const double reach = Kokkos::max(rows_a.row(j).reach, rows_b.row(j).reach);
      return {weights, shape.length,
              carry_into<double>(circle, shape, block, line, row.rho_over_block, row.closure, reach, reach)};
    } else {
      const double* const from = &carries(shape.at(block, 0) + line);
      return {weights, shape.length, {{from[0], from[shape.lines]}, {from[2 * shape.lines], from[3 * shape.lines]}}};
    }
  }
  KOKKOS_FORCEINLINE_FUNCTION Block block(int k, int j, int block) const {
    return {entering(rows_a, 0, k, j, block), entering(rows_b, fields - 1, k, j, block)};
  }
  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void point(const Block& block, int k, int j, int i, int l, const Body& body) const {
    if constexpr (fields == 2) {
      body(k, j, i, block.into_a.filtered(a(k, j, i), l), block.into_b.filtered(b(k, j, i), l));
    } else {
      body(k, j, i, block.into_a.filtered(a(k, j, i), l));
    }
  }
};

/// Pass 3: completes the filtered values and hands them to the body. kernel: with the words of the body and the tendencies.
template <class Finisher, class Body>
void finish(const Kernel& kernel, const Shape& shape, const Finisher& finisher, const Body& body) {
  const double entering_words = 4.0 * shape.fields / shape.length * words_of_double;
  if constexpr (on_device) {
    for_each(
        {kernel.name, kernel.read + entering_words, kernel.written},
        {0, shape.n_k, 0, shape.n_j, 0, shape.blocks * shape.length}, KOKKOS_LAMBDA(int k, int j, int i) {
          const int block = i / shape.length;
          finisher.point(finisher.block(k, j, block), k, j, i, i - block * shape.length, body);
        });
  } else {
    const int nx = shape.blocks * shape.length;
    for_range(
        {kernel.name, (kernel.read + entering_words) * nx, kernel.written * nx}, shape.n_j * shape.n_k,
        KOKKOS_LAMBDA(const int row) MERIDIAN_INLINE_BODY {
          const int j = row % shape.n_j;
          const int k = row / shape.n_j;
          for (int block = 0; block < shape.blocks; ++block) {
            const auto entering = finisher.block(k, j, block);
            const int first = block * shape.length;
            MERIDIAN_VECTORISE
            for (int l = 0; l < shape.length; ++l) finisher.point(entering, k, j, first + l, l, body);
          }
        });
  }
}

}  // namespace polar_filter

/// The filter of one block. Rows have r = min(1, cos(latitude)); S(0) = 1 keeps the mean of each row, S is symmetric
/// and positive, and s S(s) <= r, so that every row allows the time step of the equator. Results have the same bits
/// for every layout of ranks and number of threads.
class PolarFilter {
 public:
  /// Throws configuration when the grid's filter blocks are longer than polar_filter::longest_block. Not enabled: values
  /// pass unchanged.
  explicit PolarFilter(const Grid& grid, bool enabled = true);

  /// Filters tendency a (cell or xface rows: r from cos phi_j) and tendency b (cell, xface or yface rows; yface: r from
  /// cos psi_j) on the owned points, and calls body(k, j, i, filtered_a, filtered_b) once for each owned cell (k, j, i),
  /// k in [0, n_k). Tendencies are used as work space: their values are undefined afterwards. One message from each rank in
  /// reach for both fields and all levels. On the row of yfaces at the south pole filtered_b is 0. at_once: two kernels
  /// instead of three, the same bits.
  template <bool at_once = on_device, class PlaceA, class PlaceB, class Body>
  void apply(const Kernel& kernel, const Field<PlaceA>& a, const Field<PlaceB>& b, int n_k, const Body& body);
  /// The same for one field.
  template <bool at_once = on_device, class PlaceA, class Body>
  void apply(const Kernel& kernel, const Field<PlaceA>& a, int n_k, const Body& body);

  /// S of a row with r = cos(latitude) for waves with s = |sin(n dl / 2)|.
  static double response(double r, double s);

  /// How many exchanges of sums there were with so many lines (fields x levels) in each row.
  const std::map<int, long>& exchanges_by_lines() const { return exchanges_by_lines_; }
  const BlockSums& sums() const { return sums_; }
  /// How many filter blocks upstream count in each row of a block.
  static std::vector<int> reach_of_rows(const Block& block);
  /// Bytes of memory of a filter of this block, with the reach of its rows and up to this many lines in each.
  static double bytes_in_memory(const Block& block, const std::vector<int>& reach, int lines_of_row);

 private:
  template <int fields, bool at_once, class PlaceA, class PlaceB, class Body>
  void apply_to(const Kernel& kernel, const Field<PlaceA>& a, const Field<PlaceB>& b, const polar_filter::Rows& rows_b,
                int n_k, const Body& body);
  /// Device buffer of at least n numbers for the sums that enter the blocks; grows on first use only.
  const Array1<double>& carries(int n);

  Block block_;
  polar_filter::Rows rows_at_cell_, rows_at_yface_;
  BlockSums sums_;
  Array1<double> carries_;
  std::map<int, long> exchanges_by_lines_;
  bool enabled_ = true;
};

template <int fields, bool at_once, class PlaceA, class PlaceB, class Body>
void PolarFilter::apply_to(const Kernel& kernel, const Field<PlaceA>& a, const Field<PlaceB>& b,
                           const polar_filter::Rows& rows_b, int n_k, const Body& body) {
  using namespace polar_filter;
  const int lines_of_row = fields * n_k;
  const int lines = whole_vectors(lines_of_row * block_.ny);
  ++exchanges_by_lines_[lines_of_row];
  const Shape shape{fields, n_k, block_.ny, sums_.my_blocks(), block_.filter_block, lines};
  const Circle circle{sums_.all(lines, lines_of_row), sums_.blocks(), sums_.first_block()};
  sweep_blocks<lanes<Real>>(shape, rows_at_cell_, rows_b, a, b, circle);
  sums_.exchange(lines, lines_of_row);
  if constexpr (!at_once) {
    enter_blocks<lanes<double>>(shape, circle, rows_at_cell_, rows_b, carries(4 * shape.blocks * lines));
  }
  finish(kernel, shape, Finisher<fields, at_once, PlaceA, PlaceB>{shape, rows_at_cell_, rows_b, circle, carries_, a, b},
         body);
}

template <bool at_once, class PlaceA, class PlaceB, class Body>
void PolarFilter::apply(const Kernel& kernel, const Field<PlaceA>& a, const Field<PlaceB>& b, int n_k,
                        const Body& body) {
  static_assert(PlaceA::horizontal == Horizontal::cell || PlaceA::horizontal == Horizontal::xface);
  static_assert(PlaceB::horizontal != Horizontal::corner);
  constexpr bool on_yface = PlaceB::horizontal == Horizontal::yface;
  if (enabled_) {  // the pole itself has no wind of its own: its row of yfaces has gain 0
    apply_to<2, at_once>(kernel, a, b, on_yface ? rows_at_yface_ : rows_at_cell_, n_k, body);
  } else {
    if (on_yface && block_.at_south_pole()) polar_filter::set_to_zero(b, {0, n_k, 0, 1, 0, block_.nx});
    for_each(kernel, block_.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) { body(k, j, i, a(k, j, i), b(k, j, i)); });
  }
}

template <bool at_once, class PlaceA, class Body>
void PolarFilter::apply(const Kernel& kernel, const Field<PlaceA>& a, int n_k, const Body& body) {
  static_assert(PlaceA::horizontal == Horizontal::cell || PlaceA::horizontal == Horizontal::xface);
  if (enabled_) {
    apply_to<1, at_once>(kernel, a, a, rows_at_cell_, n_k, body);
  } else {
    for_each(kernel, block_.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) { body(k, j, i, a(k, j, i)); });
  }
}

}  // namespace meridian
