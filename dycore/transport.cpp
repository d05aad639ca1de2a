#include "dycore/transport.hpp"

#include <algorithm>
#include <cmath>

#include "dycore/tracer_parabola.hpp"
#include "grid/loop.hpp"

namespace meridian {

/// The rows whose cells are merged, on the device: row m is described by four numbers.
struct MergedRows {
  Array1<int> table;
  int n_rows, n_k, n_tracers, n_lon, length, blocks, first_block, my_blocks;
  int words;  // of one block on the ring

  /// Parts of a block, mean over the rows.
  double mean_parts() const { return words / ((2.0 + n_tracers) * n_k * n_rows); }
  KOKKOS_FORCEINLINE_FUNCTION int row(int m) const { return table(4 * m); }
  KOKKOS_FORCEINLINE_FUNCTION int size(int m) const { return table(4 * m + 1); }
  KOKKOS_FORCEINLINE_FUNCTION int parts(int m) const { return size(m) < length ? length / size(m) : 1; }
  KOKKOS_FORCEINLINE_FUNCTION int groups(int m) const { return n_lon / size(m); }
  /// Quantities of a part of a block: mass, flux through its western face, tracer mass of each tracer.
  KOKKOS_FORCEINLINE_FUNCTION int word(int m, int k, int quantity, int part) const {
    return table(4 * m + 2) + ((k * (2 + n_tracers) + quantity) * parts(m) + part);
  }
  KOKKOS_FORCEINLINE_FUNCTION int mean_at(int m, int line, int group) const {
    return table(4 * m + 3) + line * groups(m) + group;
  }
  KOKKOS_FORCEINLINE_FUNCTION int wrapped(int m, int group) const {
    const int n = groups(m);
    return group < 0 ? group + n : group < n ? group : group - n;
  }
};

namespace {

/// Largest part of a cell's mass that one meridional sweep may move in or out.
constexpr double largest_meridional_courant = 0.75;
/// Cells that the wind may cross in one zonal sweep, as part of the most that can be merged.
constexpr double largest_part_of_merges = 0.7;

/// Bounds the result of a sweep that took its mass from three cells: takes away no more than round-off.
template <Limiter limiter>
KOKKOS_FORCEINLINE_FUNCTION Real bounded(Real value, Real a, Real b, Real c) {
  if constexpr (limiter == Limiter::monotone) {
    const Real lowest = Kokkos::min(a, Kokkos::min(b, c));
    const Real highest = Kokkos::max(a, Kokkos::max(b, c));
    return Kokkos::min(highest, Kokkos::max(lowest, value));
  } else if constexpr (limiter == Limiter::positive) {
    return Kokkos::max(Real(0), value);
  } else {
    return value;
  }
}

/// Mean tracer of what crosses the face between cells c (upwind of a positive flux) and d, given three cells on either
/// side, mass M of the two, less the value 'base'.
template <Limiter limiter>
KOKKOS_FORCEINLINE_FUNCTION Real crossing(Real flux, Real mass_c, Real mass_d, Real a, Real b, Real c, Real d, Real e,
                                          Real f, Real base) {
  const bool forward = flux > 0;
  const Real here = forward ? c : d;
  const TracerParabola p =
      tracer_parabola<limiter>(forward ? a : f, forward ? b : e, here, forward ? d : c, forward ? e : b);
  const Real z = Kokkos::abs(flux) / (forward ? mass_c : mass_d);
  return (here - base) + p.mean_of_high_part(z);
}

/// q after the exchange of mass through the two faces of one cell, s[0..6] being the cells around it, s[3] itself.
template <Limiter limiter>
KOKKOS_FORCEINLINE_FUNCTION Real swept(const Real (&s)[7], Real flux_low, Real flux_high, Real mass_low, Real mass,
                                       Real mass_high) {
  const Real low = crossing<limiter>(flux_low, mass_low, mass, s[0], s[1], s[2], s[3], s[4], s[5], s[3]);
  const Real high = crossing<limiter>(flux_high, mass, mass_high, s[1], s[2], s[3], s[4], s[5], s[6], s[3]);
  const Real gain = low * flux_low - high * flux_high;
  return bounded<limiter>(s[3] + gain / (mass - (flux_high - flux_low)), s[2], s[3], s[4]);
}

/// Tracers [first, last) of one limiter, along the rows whose cells are not merged.
template <Limiter limiter>
void sweep_rows(const Grid& grid, const ConstField<Cell>& q, const ConstField<Cell>& mass,
                const ConstField<XFace>& flux, Real share, const Array1<int>& rows, int n_rows, int n_k, int first,
                int last, const Field<Cell>& q_new) {
  for_each(
      {"dycore/sweep_tracers_zonally", 3, 1}, Box{first * n_k, last * n_k, 0, n_rows, 0, grid.block.nx},
      KOKKOS_LAMBDA(int line, int row, int i) {
        const int k = line % n_k;
        enter_pass(line / n_k);
        const int j = rows(row);
        const Real s[7] = {q(line, j, i - 3), q(line, j, i - 2), q(line, j, i - 1), q(line, j, i),
                           q(line, j, i + 1), q(line, j, i + 2), q(line, j, i + 3)};
        q_new(line, j, i) = swept<limiter>(s, share * flux(k, j, i), share * flux(k, j, i + 1), mass(k, j, i - 1),
                                           mass(k, j, i), mass(k, j, i + 1));
      });
}

template <Limiter limiter>
void sweep_columns(const Grid& grid, const ConstField<Cell>& q, const ConstField<Cell>& mass,
                   const ConstField<YFace>& flux, Real share, int n_k, int first, int last, const Field<Cell>& q_new) {
  for_each(
      {"dycore/sweep_tracers_meridionally", 3, 1}, Box{first * n_k, last * n_k, 0, grid.block.ny, 0, grid.block.nx},
      KOKKOS_LAMBDA(int line, int j, int i) {
        const int k = line % n_k;
        enter_pass(line / n_k);
        const Real s[7] = {q(line, j - 3, i), q(line, j - 2, i), q(line, j - 1, i), q(line, j, i),
                           q(line, j + 1, i), q(line, j + 2, i), q(line, j + 3, i)};
        q_new(line, j, i) = swept<limiter>(s, share * flux(k, j, i), share * flux(k, j + 1, i), mass(k, j - 1, i),
                                           mass(k, j, i), mass(k, j + 1, i));
      });
}

/// Sums over the parts of this rank's blocks.
void sum_parts(const MergedRows& rows, const ConstField<Cell>& q, const ConstField<Cell>& mass,
               const ConstField<XFace>& flux, const Array1<double>& mine) {
  const int n_k = rows.n_k, n_tracers = rows.n_tracers;
  const double parts = rows.mean_parts() * words_of_double;
  for_range(
      {"dycore/merge_tracer_cells", (1.0 + n_tracers) * rows.length + parts, (2.0 + n_tracers) * parts},
      rows.n_rows * n_k * rows.my_blocks, KOKKOS_LAMBDA(const int n) {
        const int block = n % rows.my_blocks;
        const int k = n / rows.my_blocks % n_k;
        const int m = n / rows.my_blocks / n_k;
        const int j = rows.row(m), parts = rows.parts(m), cells = rows.length / parts;
        for (int part = 0; part < parts; ++part) {
          const int begin = block * rows.length + part * cells;
          double* const value = &mine(block * rows.words);
          double sum = 0;
          for (int i = begin; i < begin + cells; ++i) sum += mass(k, j, i);
          value[rows.word(m, k, 0, part)] = sum;
          value[rows.word(m, k, 1, part)] = flux(k, j, begin);
          for (int t = 0; t < n_tracers; ++t) {
            double tracer = 0;
            for (int i = begin; i < begin + cells; ++i) tracer += double(mass(k, j, i)) * q(t * n_k + k, j, i);
            value[rows.word(m, k, 2 + t, part)] = tracer;
          }
        }
      });
}

/// What all ranks know of the merged cells of one line.
struct MergedLine {
  const MergedRows& rows;
  const Array1<double>& all;
  int m, k, tracer;

  /// A quantity of a group: of its only part, or summed over its blocks.
  KOKKOS_FORCEINLINE_FUNCTION double sum(int group, int quantity) const {
    const int parts = rows.parts(m);
    if (rows.size(m) <= rows.length) {
      return all(group / parts * rows.words + rows.word(m, k, quantity, group % parts));
    }
    const int per_group = rows.size(m) / rows.length;
    double total = 0;
    for (int b = group * per_group; b < (group + 1) * per_group; ++b) {
      total += all(b * rows.words + rows.word(m, k, quantity, 0));
    }
    return total;
  }
  KOKKOS_FORCEINLINE_FUNCTION double flux(int group) const {
    const int parts = rows.parts(m);
    if (rows.size(m) <= rows.length) return all(group / parts * rows.words + rows.word(m, k, 1, group % parts));
    return all(group * (rows.size(m) / rows.length) * rows.words + rows.word(m, k, 1, 0));
  }
  KOKKOS_FORCEINLINE_FUNCTION Real mean(int group) const {
    return static_cast<Real>(sum(group, 2 + tracer) / sum(group, 0));
  }
};

/// Largest share of a group's mass that crosses one of its faces, per merged row and level.
void measure_groups(const MergedRows& rows, const Array1<double>& all, Real share, const Array1<double>& measure) {
  const int n_k = rows.n_k;
  for_range(
      {"dycore/measure_merged_cells", 2 * rows.mean_parts() * rows.blocks * words_of_double}, rows.n_rows * n_k,
      KOKKOS_LAMBDA(const int n) {
        const int k = n % n_k, m = n / n_k;
        const MergedLine line{rows, all, m, k, 0};
        double largest = 0;
        for (int group = 0; group < rows.groups(m); ++group) {
          const double flux = share * line.flux(group);
          const double mass = line.sum(flux > 0 ? rows.wrapped(m, group - 1) : group, 0);
          largest = Kokkos::max(largest, Kokkos::abs(flux) / mass);
        }
        measure(n) = largest;
      });
}

/// New means of the merged cells of the whole circle, tracers [first, last).
template <Limiter limiter>
void sweep_groups(const MergedRows& rows, const Array1<double>& all, Real share, int first, int last,
                  const Array1<double>& means) {
  const int n_k = rows.n_k, most = rows.n_lon / 2;
  const double groups = rows.mean_parts() * rows.blocks / most * words_of_double;
  for_range(
      {"dycore/sweep_merged_cells", 3 * groups, groups}, rows.n_rows * (last - first) * n_k * most,
      KOKKOS_LAMBDA(const int n) {
        const int group = n % most;
        const int k = n / most % n_k;
        const int tracer = first + n / most / n_k % (last - first);
        const int m = n / most / n_k / (last - first);
        if (group >= rows.groups(m)) return;
        enter_pass(tracer);
        const MergedLine line{rows, all, m, k, tracer};
        Real s[7];
        for (int d = -3; d <= 3; ++d) s[d + 3] = line.mean(rows.wrapped(m, group + d));
        const int west = rows.wrapped(m, group - 1), east = rows.wrapped(m, group + 1);
        means(rows.mean_at(m, tracer * n_k + k, group)) =
            swept<limiter>(s, static_cast<Real>(share * line.flux(group)), static_cast<Real>(share * line.flux(east)),
                           static_cast<Real>(line.sum(west, 0)), static_cast<Real>(line.sum(group, 0)),
                           static_cast<Real>(line.sum(east, 0)));
      });
}

/// Gives each cell the mean of its group's parabola over the part of the group's mass that it holds.
template <Limiter limiter>
void split_groups(const MergedRows& rows, const Array1<double>& all, const ConstField<Cell>& mass,
                  const ConstField<XFace>& flux, Real share, int first, int last, const Array1<double>& means,
                  const Field<Cell>& q_new) {
  const int n_k = rows.n_k;
  const double parts = rows.mean_parts() * words_of_double;
  for_range(
      {"dycore/split_merged_cells", 2.0 * rows.length + 3 * parts, 1.0 * rows.length},
      rows.n_rows * (last - first) * n_k * rows.my_blocks, KOKKOS_LAMBDA(const int n) {
        const int my_block = n % rows.my_blocks;
        const int k = n / rows.my_blocks % n_k;
        const int tracer = first + n / rows.my_blocks / n_k % (last - first);
        const int m = n / rows.my_blocks / n_k / (last - first);
        const int j = rows.row(m), parts = rows.parts(m), cells = rows.length / parts;
        const int block = rows.first_block + my_block;
        const MergedLine line{rows, all, m, k, tracer};
        const int q_line = tracer * n_k + k;
        enter_pass(tracer);
        for (int part = 0; part < parts; ++part) {
          const int group = (block * rows.length + part * cells) / rows.size(m);
          Real s[5];
          for (int d = -2; d <= 2; ++d)
            s[d + 2] = static_cast<Real>(means(rows.mean_at(m, q_line, rows.wrapped(m, group + d))));
          const TracerParabola parabola = tracer_parabola<limiter>(s[0], s[1], s[2], s[3], s[4]);
          const int east = rows.wrapped(m, group + 1);
          const double total = line.sum(group, 0) - share * (line.flux(east) - line.flux(group));
          // New mass west of this part inside the group: whole blocks before this one.
          double before = 0;
          if (rows.size(m) > rows.length) {
            const int begin = group * (rows.size(m) / rows.length);
            for (int b = begin; b < block; ++b) before += all(b * rows.words + rows.word(m, k, 0, 0));
            before -= share * (all(block * rows.words + rows.word(m, k, 1, 0)) - line.flux(group));
          }
          const int i_begin = my_block * rows.length + part * cells;
          for (int i = i_begin; i < i_begin + cells; ++i) {
            const double after = before + (mass(k, j, i) - share * (flux(k, j, i + 1) - flux(k, j, i)));
            const Real value =
                s[2] + parabola.mean_between(static_cast<Real>(before / total), static_cast<Real>(after / total));
            q_new(q_line, j, i) = bounded<limiter>(value, s[1], s[2], s[3]);
            before = after;
          }
        }
      });
}

/// Mass after the fluxes of one direction.
template <class Flux>
void take_mass(const char* label, const Grid& grid, const ConstField<Cell>& mass, int n_k, const Flux& outflow,
               const Field<Cell>& mass_new) {
  for_each(
      {label, 2, 1}, grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) { mass_new(k, j, i) = mass(k, j, i) - outflow(k, j, i); });
}

/// Mass that leaves a cell through its western and eastern, or its southern and northern faces.
struct ZonalOutflow {
  ConstField<XFace> flux;
  Real share;
  KOKKOS_FORCEINLINE_FUNCTION Real operator()(int k, int j, int i) const {
    return share * flux(k, j, i + 1) - share * flux(k, j, i);
  }
};
struct MeridionalOutflow {
  ConstField<YFace> flux;
  Real share;
  KOKKOS_FORCEINLINE_FUNCTION Real operator()(int k, int j, int i) const {
    return share * flux(k, j + 1, i) - share * flux(k, j, i);
  }
};

/// What the zonal flux lacks: pass 1, within the blocks. X is replaced by the sum of -(M1 - M0) - [Y(j+1) - Y(j)] from
/// the block's first cell to the one west of the face; word 0: the whole block's sum, word 1: that of X less the sums.
void sum_residuals(const Grid& grid, const ConstField<Cell>& start, const ConstField<Cell>& end, int n_k,
                   const Field<XFace>& x, const ConstField<YFace>& y, int blocks, const Array1<double>& mine) {
  const int n_j = grid.block.ny, length = grid.block.filter_block;
  const RowValues area = grid.metrics.area_at_cell;
  for_range(
      {"dycore/sum_mass_residuals", 4.0 * length, 1.0 * length}, n_k * n_j * blocks, KOKKOS_LAMBDA(const int n) {
        const int first = n % blocks * length;
        const int j = n / blocks % n_j;
        const int k = n / blocks / n_j;
        double sum = 0, difference = 0;
        for (int i = first; i < first + length; ++i) {
          difference += x(k, j, i) - sum;
          x(k, j, i) = static_cast<Real>(sum);
          const double change = double(area(j)) * end(k, j, i) - start(k, j, i);
          sum -= change + (double(y(k, j + 1, i)) - y(k, j, i));
        }
        mine(2 * n) = sum;
        mine(2 * n + 1) = difference;
      });
}

/// Pass 2: what is to be added in each block of this rank and at the end of the last one; the closing round-off of the
/// circle is spread evenly. carries: per line my_blocks + 1 numbers and the slope.
void enter_blocks(int lines, int length, int blocks, int first_block, int my_blocks, const Array1<double>& all,
                  const Array1<double>& carries) {
  for_range(
      "dycore/enter_mass_residuals", lines, KOKKOS_LAMBDA(const int line) {
        const int n_lon = blocks * length;
        double entering = 0, mean = 0;
        for (int b = 0; b < blocks; ++b) {
          mean += all(2 * (line * blocks + b) + 1) - length * entering;
          entering += all(2 * (line * blocks + b));
        }
        const double slope = entering / n_lon;
        mean = mean / n_lon + slope * (0.5 * (n_lon - 1));
        entering = 0;
        double* const carry = &carries(line * (my_blocks + 2));
        for (int b = 0; b <= first_block + my_blocks; ++b) {
          if (b >= first_block) carry[b - first_block] = mean + entering;
          if (b < blocks) entering += all(2 * (line * blocks + b));
        }
        carry[my_blocks + 1] = slope;
      });
}

/// Pass 3: X on the owned faces and the eastern one of the last cell.
void add_entering(const Grid& grid, int n_k, int my_blocks, const Array1<double>& carries, const Field<XFace>& x) {
  const int n_j = grid.block.ny, nx = grid.block.nx, length = grid.block.filter_block, first = grid.block.i_first;
  for_each(
      {"dycore/complete_zonal_flux", 1, 1}, Box{0, n_k, 0, n_j, 0, nx + 1}, KOKKOS_LAMBDA(int k, int j, int i) {
        const double* const carry = &carries((k * n_j + j) * (my_blocks + 2));
        const double inside = i < nx ? double(x(k, j, i)) : 0.0;
        x(k, j, i) = static_cast<Real>(carry[i / length] + inside - carry[my_blocks + 1] * (first + i));
      });
}

/// Per line (k, j): largest ratio of |X| to the mass of a cell beside the face; largest share of a cell's mass that Y
/// takes out or brings in.
void measure_rows(const Grid& grid, const ConstField<Cell>& mass, const ConstField<XFace>& x,
                  const ConstField<YFace>& y, int n_k, const Array1<double>& measure) {
  const int n_j = grid.block.ny, nx = grid.block.nx;
  for_range(
      {"dycore/measure_tracer_rows", 3.0 * nx}, n_k * n_j, KOKKOS_LAMBDA(const int line) MERIDIAN_INLINE_BODY {
        const int j = line % n_j, k = line / n_j;
        double zonal = 0, meridional = 0;
        for (int i = 0; i < nx; ++i) {
          const double m = mass(k, j, i), south = y(k, j, i), north = y(k, j + 1, i);
          const double flux = Kokkos::max(Kokkos::abs(double(x(k, j, i))), Kokkos::abs(double(x(k, j, i + 1))));
          const double out = Kokkos::max(north, 0.0) - Kokkos::min(south, 0.0);
          const double in = Kokkos::max(south, 0.0) - Kokkos::min(north, 0.0);
          zonal = Kokkos::max(zonal, flux / m);
          meridional = Kokkos::max(meridional, Kokkos::max(out, in) / m);
        }
        measure(2 * line) = zonal;
        measure(2 * line + 1) = meridional;
      });
}

/// Numbers of cells that may be merged: parts of a filter block or whole blocks, at least six groups on the circle.
std::vector<int> allowed_merges(const Block& block) {
  std::vector<int> sizes;
  for (int n = 1; n <= block.n_lon / 6; ++n) {
    if (block.n_lon % n == 0 && (block.filter_block % n == 0 || n % block.filter_block == 0)) sizes.push_back(n);
  }
  return sizes.empty() ? std::vector<int>{1} : sizes;
}

}  // namespace

Transport::Transport(const Grid& grid, const std::vector<Tracer>& tracers, int n_k, FieldSet& fields)
    : grid_(grid),
      n_tracers_(static_cast<int>(tracers.size())),
      n_k_(n_k),
      allowed_merges_(allowed_merges(grid.block)),
      merged_(grid.block.ny, 1),
      ring_(grid.block) {
  if (empty()) return;
  for (const Limiter limiter : {Limiter::none, Limiter::positive, Limiter::monotone}) {
    first_of_[static_cast<int>(limiter)] = static_cast<int>(names_.size());
    for (const Tracer& tracer : tracers) {
      if (tracer.limiter == limiter) names_.push_back(tracer.name);
    }
  }
  first_of_[3] = n_tracers_;
  q_ = fields.add_tracers(names_, n_k);
  q_new_ = make_field<Cell>("tracers_new", grid.block, n_tracers_ * n_k);
  mass_new_ = make_field<Cell>("tracer_mass_new", grid.block, n_k);
  mass_ = fields.add(field::tracer_start_mass, n_k, Role::between_tracer_steps);
  flux_x_ = fields.add(field::tracer_flux_x, n_k, Role::between_tracer_steps);
  flux_y_ = fields.add(field::tracer_flux_y, n_k, Role::between_tracer_steps);
  row_measure_ = Array1<double>("tracer_row_measure", 2 * static_cast<std::size_t>(n_k) * grid.block.ny);
  carries_ = Array1<double>("tracer_carries", static_cast<std::size_t>(n_k) * grid.block.ny * (ring_.my_blocks() + 2));
  row_table_ = Array1<int>("tracer_row_table", 4 * grid.block.ny);
  plain_rows_ = Array1<int>("tracer_plain_rows", grid.block.ny);
}

void Transport::start(Halo& halo) {
  if (!empty()) halo.exchange({q_, mass_, flux_x_, flux_y_});
}

void Transport::begin(const ConstField<Cell>& mass) {
  const Field<Cell> start = mass_;
  const Field<XFace> x = flux_x_;
  const Field<YFace> y = flux_y_;
  const RowValues area = grid_.metrics.area_at_cell;
  for_each(
      {"dycore/begin_tracer_step", 1, 3}, grid_.block.cells_with_halo(n_k_, halo_width),
      KOKKOS_LAMBDA(int k, int j, int i) {
        start(k, j, i) = Kokkos::abs(area(j)) * mass(k, j, i);
        x(k, j, i) = 0;
        y(k, j, i) = 0;
      });
}

void Transport::accumulate(const ConstField<XFace>& mass_flux_x, const ConstField<YFace>& mass_flux_y, double dt,
                           int k_first, int n_k) {
  const Field<XFace> x = levels_of(flux_x_, k_first, n_k);
  const Field<YFace> y = levels_of(flux_y_, k_first, n_k);
  const Real step = static_cast<Real>(dt);
  for_each(
      {"dycore/accumulate_tracer_fluxes", 4, 2}, grid_.block.cells_with_halo(n_k, 1),
      KOKKOS_LAMBDA(int k, int j, int i) {
        x(k, j, i) += step * mass_flux_x(k, j, i);
        y(k, j, i) += step * mass_flux_y(k, j, i);
      });
}

void Transport::step(const ConstField<Cell>& mass_end, Halo& halo, bool zonal_first) {
  complete_zonal_flux(mass_end);
  substeps_ = substeps_needed();
  const Real share = Real(1) / static_cast<Real>(substeps_);
  for (int n = 0; n < substeps_; ++n) {
    if (n > 0) halo.exchange({q_, mass_});
    zonal_first ? sweep_zonally(share) : sweep_meridionally(share);
    halo.exchange({q_, mass_});
    zonal_first ? sweep_meridionally(share) : sweep_zonally(share);
  }
}

void Transport::complete_zonal_flux(const ConstField<Cell>& mass_end) {
  const int lines = n_k_ * grid_.block.ny;
  const int my_blocks = ring_.my_blocks();
  sum_residuals(grid_, mass_, mass_end, n_k_, flux_x_, flux_y_, my_blocks, ring_.mine(lines, 2));
  const Array1<double> all = ring_.gather(lines, 2);
  enter_blocks(lines, grid_.block.filter_block, ring_.blocks(), ring_.first_block(), my_blocks, all, carries_);
  add_entering(grid_, n_k_, my_blocks, carries_, flux_x_);
}

int Transport::substeps_needed() const {
  measure_rows(grid_, mass_, flux_x_, flux_y_, n_k_, row_measure_);
  const auto measure = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), row_measure_);
  double steps = 1;
  for (std::size_t n = 0; n < measure.extent(0); n += 2) {
    // A meridional sweep that leaves the part 1 - m / s of a cell in one of s steps lets the wind cross 1 / (1 - m / s) times
    // as many cells after it: z / s <= most (1 - m / s).
    const double z = measure(n) / allowed_merges_.back(), m = measure(n + 1);
    steps = std::max({steps, z / largest_part_of_merges, z > 0.5 ? z + m : 0.0, m / largest_meridional_courant});
  }
  MPI_Allreduce(MPI_IN_PLACE, &steps, 1, MPI_DOUBLE, MPI_MAX, grid_.block.world);
  require(steps < 1000, ExitCode::numerical, "The tracers would need ", steps,
          " parts of a tracer step; the wind is no longer sound. A shorter 'dycore.dt_s' is the usual cure.");
  return static_cast<int>(std::ceil(steps));
}

void Transport::find_merged_rows(double share) {
  const int ny = grid_.block.ny;
  measure_rows(grid_, mass_, flux_x_, flux_y_, n_k_, row_measure_);
  const auto measure = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), row_measure_);
  std::vector<double> courant(ny * n_k_);  // of each line, over the circle
  for (int n = 0; n < ny * n_k_; ++n) courant[n] = measure(2 * n);
  if (grid_.block.layout.ranks_lon > 1) {
    MPI_Allreduce(MPI_IN_PLACE, courant.data(), ny * n_k_, MPI_DOUBLE, MPI_MAX, grid_.block.ring);
  }
  std::fill(merged_.begin(), merged_.end(), 1);
  for (int n = 0; n < ny * n_k_; ++n) {
    merged_[n % ny] = std::max(merged_[n % ny], merge_of_at_least(share * courant[n], n % ny));
  }
}

int Transport::merge_of_at_least(double cells, int j) const {
  const auto size = std::ranges::find_if(allowed_merges_, [&](int allowed) { return allowed >= cells; });
  require(size != allowed_merges_.end(), ExitCode::numerical, "The wind crosses ", cells,
          " cells in one tracer step at latitude ", grid_.latitude_of_cell(j) * 180 / pi, "; at most ",
          allowed_merges_.back(), " are possible. A shorter 'dycore.dt_s' is the usual cure.");
  return *size;
}

void Transport::swap() {
  std::swap(q_, q_new_);
  std::swap(mass_, mass_new_);
}

void Transport::sweep_zonally(Real share) {
  find_merged_rows(share);
  const auto host = Kokkos::create_mirror_view(plain_rows_);
  int n = 0;
  for (int j = 0; j < grid_.block.ny; ++j) {
    if (merged_[j] == 1) host(n++) = j;
  }
  Kokkos::deep_copy(plain_rows_, host);
  sweep_rows<Limiter::none>(grid_, q_, mass_, flux_x_, share, plain_rows_, n, n_k_, first_of_[0], first_of_[1], q_new_);
  sweep_rows<Limiter::positive>(grid_, q_, mass_, flux_x_, share, plain_rows_, n, n_k_, first_of_[1], first_of_[2],
                                q_new_);
  sweep_rows<Limiter::monotone>(grid_, q_, mass_, flux_x_, share, plain_rows_, n, n_k_, first_of_[2], first_of_[3],
                                q_new_);
  sweep_merged_rows(share);
  take_mass("dycore/take_mass_zonally", grid_, mass_, n_k_, ZonalOutflow{flux_x_, share}, mass_new_);
  swap();
}

MergedRows Transport::make_merged_rows() {
  const int length = grid_.block.filter_block;
  const auto table = Kokkos::create_mirror_view(row_table_);
  int n_rows = 0, words = 0, groups = 0;
  for (int j = 0; j < grid_.block.ny; ++j) {
    if (merged_[j] == 1) continue;
    table(4 * n_rows) = j;
    table(4 * n_rows + 1) = merged_[j];
    table(4 * n_rows + 2) = words;
    table(4 * n_rows + 3) = groups;
    words += n_k_ * (2 + n_tracers_) * std::max(1, length / merged_[j]);
    groups += n_k_ * n_tracers_ * (grid_.block.n_lon / merged_[j]);
    ++n_rows;
  }
  Kokkos::deep_copy(row_table_, table);
  if (static_cast<int>(group_means_.extent(0)) < groups) group_means_ = Array1<double>("tracer_group_means", groups);
  return {row_table_,        n_rows, n_k_, n_tracers_, grid_.block.n_lon, length, ring_.blocks(), ring_.first_block(),
          ring_.my_blocks(), words};
}

void Transport::sweep_merged_rows(Real share) {
  Array1<double> all;
  MergedRows rows = make_merged_rows();
  for (bool more = rows.n_rows > 0; more;) {
    sum_parts(rows, q_, mass_, flux_x_, ring_.mine(1, rows.words));
    all = ring_.gather(1, rows.words);
    measure_groups(rows, all, share, row_measure_);
    // Where a group's own mass does not hold what leaves it, a larger group is taken.
    const auto measure = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), row_measure_);
    more = false;
    for (int j = 0, m = 0; j < grid_.block.ny; ++j) {
      if (merged_[j] == 1) continue;
      const double largest = *std::max_element(measure.data() + m * n_k_, measure.data() + (m + 1) * n_k_);
      if (largest > 1) {
        merged_[j] = merge_of_at_least(merged_[j] + 1, j);
        more = true;
      }
      ++m;
    }
    if (more) rows = make_merged_rows();
  }
  if (rows.n_rows == 0) return;
  sweep_groups<Limiter::none>(rows, all, share, first_of_[0], first_of_[1], group_means_);
  sweep_groups<Limiter::positive>(rows, all, share, first_of_[1], first_of_[2], group_means_);
  sweep_groups<Limiter::monotone>(rows, all, share, first_of_[2], first_of_[3], group_means_);
  split_groups<Limiter::none>(rows, all, mass_, flux_x_, share, first_of_[0], first_of_[1], group_means_, q_new_);
  split_groups<Limiter::positive>(rows, all, mass_, flux_x_, share, first_of_[1], first_of_[2], group_means_, q_new_);
  split_groups<Limiter::monotone>(rows, all, mass_, flux_x_, share, first_of_[2], first_of_[3], group_means_, q_new_);
}

void Transport::sweep_meridionally(Real share) {
  sweep_columns<Limiter::none>(grid_, q_, mass_, flux_y_, share, n_k_, first_of_[0], first_of_[1], q_new_);
  sweep_columns<Limiter::positive>(grid_, q_, mass_, flux_y_, share, n_k_, first_of_[1], first_of_[2], q_new_);
  sweep_columns<Limiter::monotone>(grid_, q_, mass_, flux_y_, share, n_k_, first_of_[2], first_of_[3], q_new_);
  take_mass("dycore/take_mass_meridionally", grid_, mass_, n_k_, MeridionalOutflow{flux_y_, share}, mass_new_);
  swap();
}

std::vector<Array3<Real>> Transport::work_arrays() const {
  return empty() ? std::vector<Array3<Real>>() : std::vector<Array3<Real>>{q_new_.data(), mass_new_.data()};
}

}  // namespace meridian
