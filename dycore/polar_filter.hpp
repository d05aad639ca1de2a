#pragma once
// Zonal filter of the total tendencies: S(n) = 1 / (1 + kappa^2 s^4), s = sin(n dl / 2), by recursion along the row.
// docs/numerics/polar_filter.md tells why this S, and why the filter acts on everything.
//
//   f_i = C b_i + rho f_{i-1}   eastward      g_i = C b_i + rho g_{i+1}   westward      (S b)_i = Re[ f_i + rho g_{i+1} ]
//
// Both sums start at zero in each block of the circle (pass 1); the blocks' ends, gathered round the circle, give the
// sums that enter each block (pass 2); they are added with their powers of rho in the loop of the caller (pass 3).

#include <cstring>
#include <type_traits>
#include <utility>

#include "grid/field.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/loop.hpp"
#include "grid/ring.hpp"

namespace meridian {

namespace polar_filter {

/// Largest length of a filter block: bounds the work space of one sweep (on hosts only what is used costs anything).
inline constexpr int longest_block = on_device ? 128 : 2048;

/// Lines (fields x levels) that one sweep takes at a time: as many doubles as fit a vector register on hosts.
inline constexpr int lanes = on_device ? 1 : __BIGGEST_ALIGNMENT__ / sizeof(double);

/// W doubles with + - * of each lane by itself, so that the same formula has the same bits for every W.
template <int W>
struct VectorOf {
  using type __attribute__((vector_size(W * sizeof(double)))) = double;
};
template <>
struct VectorOf<1> {
  using type = double;
};
template <int W>
using Vector = typename VectorOf<W>::type;

/// V{value(0), value(1), ..}
template <class V, class Value, int... lane>
KOKKOS_FORCEINLINE_FUNCTION V vector_of(const Value& value, std::integer_sequence<int, lane...>) {
  return V{static_cast<double>(value(lane))...};
}
template <class V>
KOKKOS_FORCEINLINE_FUNCTION double lane_of(const V& vector, int lane) {
  if constexpr (std::is_same_v<V, double>) {
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
template <class V>
KOKKOS_FORCEINLINE_FUNCTION Complex<V> operator+(const Complex<V>& a, const Complex<V>& b) {
  return {a.re + b.re, a.im + b.im};
}

/// The recursion of one row of latitude; always double.
struct Row {
  Complex<double> rho{0, 0};             // |rho| < 1, 0 on unfiltered rows
  Complex<double> gain{0, 0};            // C = (1 - rho) / (1 + rho); 0 at the pole
  Complex<double> rho_over_block{0, 0};  // rho^length
  Complex<double> closure{1, 0};         // 1 / (1 - rho^n_lon): sums go round and round the circle
  int reach = 1;                         // blocks upstream that matter: |rho|^(length reach) < 1e-17, or all
};

/// Rows of a block and the weights Re, Im rho^(l+1) (entering from the west), Re, Im rho^(length-l) (from the east) at
/// the places l of a filter block: weights((j 4 + part) length + l).
struct Rows {
  Array1<Row> row;
  Array1<double> weights;
};

/// kappa of a row: the smallest with s S(s) <= r for all s in [0, 1]. r = cos(latitude), 0 < r <= 1.
double kappa(double r);

/// Rows with r = min(1, cosine(j)), j = 0 .. block.ny - 1.
Rows make_rows(const Block& block, const RowValues& cosine);

/// How lines, rows and blocks are numbered. Line n is level n of field a, or level n - n_k of field b; numbers of the
/// ring and carries lie at ((j blocks + block) 4 + part) lines + line, parts f.re, f.im, g.re, g.im.
struct Shape {
  int n_k, n_j, blocks, length, lines;  // lines: 2 n_k rounded up to whole vectors, the last line repeated

  KOKKOS_FORCEINLINE_FUNCTION int at(int j, int block, int part) const {
    return ((j * blocks + block) * 4 + part) * lines;
  }
};

/// The same member of the rows of 'a' or 'b' in each lane.
template <int W>
KOKKOS_FORCEINLINE_FUNCTION Complex<Vector<W>> in_lanes(const Complex<double>& of_a,
                                                        const Complex<double>& of_b, int first_line,
                                                        int n_k) {
  using V = Vector<W>;
  constexpr auto all = std::make_integer_sequence<int, W>();
  return {vector_of<V>([&](int w) { return first_line + w < n_k ? of_a.re : of_b.re; }, all),
          vector_of<V>([&](int w) { return first_line + w < n_k ? of_a.im : of_b.im; }, all)};
}

/// Replaces the values of one block in W lines by Re[ f_i + rho g_{i+1} ] with f = g = 0 outside the block.
/// sums: the block's f at its last and g at its first point, parts 'stride' apart.
template <int W>
KOKKOS_FORCEINLINE_FUNCTION void sweep(Real* const (&line)[W], int length, const Complex<Vector<W>>& rho,
                                       const Complex<Vector<W>>& gain, double* sums, int stride) {
  using V = Vector<W>;
  constexpr auto all = std::make_integer_sequence<int, W>();
  V eastward[longest_block];
  Complex<V> f{}, g{};
  for (int l = 0; l < length; ++l) {
    const V b = vector_of<V>([&](int w) { return line[w][l]; }, all);
    f = rho * f + Complex<V>{gain.re * b, gain.im * b};
    eastward[l] = f.re;
  }
  for (int l = length - 1; l >= 0; --l) {
    const V b = vector_of<V>([&](int w) { return line[w][l]; }, all);
    const Complex<V> entering = rho * g;
    const V result = eastward[l] + entering.re;
    g = entering + Complex<V>{gain.re * b, gain.im * b};
    for (int w = 0; w < W; ++w) line[w][l] = static_cast<Real>(lane_of(result, w));
  }
  store(f.re, sums);
  store(f.im, sums + stride);
  store(g.re, sums + 2 * stride);
  store(g.im, sums + 3 * stride);
}

/// The pole itself has no wind of its own.
template <class P>
void set_to_zero(const Field<P>& b, const Box& row) {
  for_each("dycore/polar_filter_pole", row, KOKKOS_LAMBDA(int k, int j, int i) { b(k, j, i) = 0; });
}

/// Pass 1: sweeps all blocks of a and b in place and leaves the sums of each block in 'mine'.
template <int W, class PlaceA, class PlaceB>
void sweep_blocks(const Shape& shape, const Rows& rows_a, const Rows& rows_b, const Field<PlaceA>& a,
                  const Field<PlaceB>& b, const Array1<double>& mine) {
  const int groups = shape.lines / W;
  for_range(
      "dycore/polar_filter_sweep", shape.n_j * groups * shape.blocks, KOKKOS_LAMBDA(const int n) {
        const int block = n % shape.blocks;
        const int first_line = n / shape.blocks % groups * W;
        const int j = n / shape.blocks / groups;
        Real* line[W];
        for (int w = 0; w < W; ++w) {
          const int k = Kokkos::min(first_line + w, 2 * shape.n_k - 1);
          line[w] =
              k < shape.n_k ? &a(k, j, block * shape.length) : &b(k - shape.n_k, j, block * shape.length);
        }
        const Row& row_a = rows_a.row(j);
        const Row& row_b = rows_b.row(j);
        sweep<W>(line, shape.length, in_lanes<W>(row_a.rho, row_b.rho, first_line, shape.n_k),
                 in_lanes<W>(row_a.gain, row_b.gain, first_line, shape.n_k),
                 &mine(shape.at(j, block, 0) + first_line), shape.lines);
      });
}

/// Pass 2: sums entering each block from the west and from the east, by Horner's rule over the blocks upstream, the
/// farthest first; the order is that of the circle, whoever owns the blocks. all: sums of the whole circle.
template <int W>
void enter_blocks(const Shape& shape, const Shape& circle, int first_block, const Rows& rows_a,
                  const Rows& rows_b, const Array1<double>& all, const Array1<double>& carries) {
  using V = Vector<W>;
  const int groups = shape.lines / W;
  for_range(
      "dycore/polar_filter_carries", shape.n_j * shape.blocks * groups, KOKKOS_LAMBDA(const int n) {
        const int first_line = n % groups * W;
        const int block = n / groups % shape.blocks;
        const int j = n / groups / shape.blocks;
        const Row& row_a = rows_a.row(j);
        const Row& row_b = rows_b.row(j);
        const auto power = in_lanes<W>(row_a.rho_over_block, row_b.rho_over_block, first_line, shape.n_k);
        const auto closure = in_lanes<W>(row_a.closure, row_b.closure, first_line, shape.n_k);
        const auto sum_of = [&](int upstream, int part) {
          const int at = circle.at(j, upstream, part) + first_line;
          return Complex<V>{load<V>(&all(at)), load<V>(&all(at + circle.lines))};
        };
        Complex<V> from_west{}, from_east{};
        for (int distance = Kokkos::max(row_a.reach, row_b.reach); distance > 0; --distance) {
          const int west = first_block + block - distance;
          const int east = first_block + block + distance;
          from_west = from_west * power + sum_of(west < 0 ? west + circle.blocks : west, 0);
          from_east = from_east * power + sum_of(east < circle.blocks ? east : east - circle.blocks, 2);
        }
        from_west = from_west * closure;
        from_east = from_east * closure;
        double* const carry = &carries(shape.at(j, block, 0) + first_line);
        store(from_west.re, carry);
        store(from_west.im, carry + shape.lines);
        store(from_east.re, carry + 2 * shape.lines);
        store(from_east.im, carry + 3 * shape.lines);
      });
}

/// What enters one block of one line, with the row's weights.
struct Entering {
  const double* weights;
  int length;
  Complex<double> from_west, from_east;

  KOKKOS_FORCEINLINE_FUNCTION Entering(const Rows& rows, const Shape& shape, const Array1<double>& carries,
                                       int j, int block, int line)
      : weights(&rows.weights(j * 4 * shape.length)),
        length(shape.length),
        from_west{carries(shape.at(j, block, 0) + line), carries(shape.at(j, block, 1) + line)},
        from_east{carries(shape.at(j, block, 2) + line), carries(shape.at(j, block, 3) + line)} {}

  /// (S b) at place l of the block, from the value that pass 1 left there.
  KOKKOS_FORCEINLINE_FUNCTION Real filtered(Real swept, int l) const {
    const double western = weights[l] * from_west.re - weights[length + l] * from_west.im;
    const double eastern = weights[2 * length + l] * from_east.re - weights[3 * length + l] * from_east.im;
    return static_cast<Real>(swept + (western + eastern));
  }
};

/// Pass 3: completes the filtered values and hands them to the body.
template <class PlaceA, class PlaceB, class Body>
void finish(const char* label, const Shape& shape, const Rows& rows_a, const Rows& rows_b,
            const Array1<double>& carries, const Field<PlaceA>& a, const Field<PlaceB>& b, const Body& body) {
  const int n_k = shape.n_k;
  if constexpr (on_device) {
    for_each(
        label, {0, n_k, 0, shape.n_j, 0, shape.blocks * shape.length}, KOKKOS_LAMBDA(int k, int j, int i) {
          const int block = i / shape.length;
          const int l = i - block * shape.length;
          const Entering into_a(rows_a, shape, carries, j, block, k);
          const Entering into_b(rows_b, shape, carries, j, block, n_k + k);
          body(k, j, i, into_a.filtered(a(k, j, i), l), into_b.filtered(b(k, j, i), l));
        });
  } else {
    for_range(
        label, shape.n_j * n_k, KOKKOS_LAMBDA(const int row) {
          const int j = row % shape.n_j;
          const int k = row / shape.n_j;
          for (int block = 0; block < shape.blocks; ++block) {
            const Entering into_a(rows_a, shape, carries, j, block, k);
            const Entering into_b(rows_b, shape, carries, j, block, n_k + k);
            const int first = block * shape.length;
            MERIDIAN_VECTORISE
            for (int l = 0; l < shape.length; ++l) {
              const int i = first + l;
              body(k, j, i, into_a.filtered(a(k, j, i), l), into_b.filtered(b(k, j, i), l));
            }
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
  /// k in [0, n_k). Tendencies are used as work space: their values are undefined afterwards. One message round the
  /// circle for both fields and all levels. On the row of yfaces at the south pole filtered_b is 0.
  template <class PlaceA, class PlaceB, class Body>
  void apply(const char* label, const Field<PlaceA>& a, const Field<PlaceB>& b, int n_k, const Body& body);
  /// The same for one field.
  template <class PlaceA, class Body>
  void apply(const char* label, const Field<PlaceA>& a, int n_k, const Body& body);

  /// S of a row with r = cos(latitude) for waves with s = |sin(n dl / 2)|.
  static double response(double r, double s);

  /// Messages sent round latitude circles so far.
  long messages() const { return ring_.messages(); }

 private:
  /// Device buffer of at least n numbers for the sums that enter the blocks; grows on first use only.
  const Array1<double>& carries(int n);

  Block block_;
  polar_filter::Rows rows_at_cell_, rows_at_yface_;
  Ring ring_;
  Array1<double> carries_;
  Array3<Real> spare_;
  bool enabled_ = true;
};

template <class PlaceA, class PlaceB, class Body>
void PolarFilter::apply(const char* label, const Field<PlaceA>& a, const Field<PlaceB>& b, int n_k,
                        const Body& body) {
  static_assert(PlaceA::horizontal == Horizontal::cell || PlaceA::horizontal == Horizontal::xface);
  static_assert(PlaceB::horizontal != Horizontal::corner);
  using namespace polar_filter;
  if (!enabled_) {
    if (PlaceB::horizontal == Horizontal::yface && block_.at_south_pole())
      set_to_zero(b, {0, n_k, 0, 1, 0, block_.nx});
    for_each(
        label, block_.cells(n_k),
        KOKKOS_LAMBDA(int k, int j, int i) { body(k, j, i, a(k, j, i), b(k, j, i)); });
    return;
  }
  constexpr bool on_yface = PlaceB::horizontal == Horizontal::yface;
  const Rows& rows_b = on_yface ? rows_at_yface_ : rows_at_cell_;
  const int lines = (2 * n_k + lanes - 1) / lanes * lanes;
  const Shape shape{n_k, block_.ny, ring_.my_blocks(), block_.filter_block, lines};
  const Shape circle{n_k, block_.ny, ring_.blocks(), block_.filter_block, lines};
  if (on_yface && block_.at_south_pole()) set_to_zero(b, {0, n_k, 0, 1, 0, block_.nx});
  sweep_blocks<lanes>(shape, rows_at_cell_, rows_b, a, b, ring_.mine(shape.n_j, 4 * lines));
  const Array1<double> all = ring_.gather(shape.n_j, 4 * lines);
  const Array1<double>& entering = carries(shape.n_j * shape.blocks * 4 * lines);
  enter_blocks<lanes>(shape, circle, ring_.first_block(), rows_at_cell_, rows_b, all, entering);
  finish(label, shape, rows_at_cell_, rows_b, entering, a, b, body);
}

template <class PlaceA, class Body>
void PolarFilter::apply(const char* label, const Field<PlaceA>& a, int n_k, const Body& body) {
  if (spare_.extent(0) < static_cast<std::size_t>(n_k)) {
    spare_ = Array3<Real>("polar_filter_spare", a.data().extent(0), a.data().extent(1), a.data().extent(2));
  }
  apply(
      label, a, Field<PlaceA>(spare_), n_k,
      KOKKOS_LAMBDA(int k, int j, int i, Real filtered, Real) { body(k, j, i, filtered); });
}

}  // namespace meridian
