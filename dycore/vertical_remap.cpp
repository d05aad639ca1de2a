#include "dycore/vertical_remap.hpp"

#include "grid/elementary.hpp"
#include "grid/loop.hpp"

namespace meridian {

namespace {

/// Layer mass and displacement of the column at a place: those of the cell, or the mean of a face's two cells.
template <class P>
struct Column {
  ConstField<Cell> cell_mass;
  ConstField<CellInterface> cell_displacement;

  KOKKOS_FORCEINLINE_FUNCTION Real mass(int k, int j, int i) const { return mean(cell_mass, k, j, i); }
  KOKKOS_FORCEINLINE_FUNCTION Real displacement(int k, int j, int i) const { return mean(cell_displacement, k, j, i); }

 private:
  template <class F>
  KOKKOS_FORCEINLINE_FUNCTION static Real mean(const F& f, int k, int j, int i) {
    if constexpr (P::horizontal == Horizontal::xface) {
      return Real(0.5) * (f(k, j, i - 1) + f(k, j, i));
    } else if constexpr (P::horizontal == Horizontal::yface) {
      return Real(0.5) * (f(k, j - 1, i) + f(k, j, i));
    } else {
      return f(k, j, i);
    }
  }
};

/// Parabola of a layer from its edges (l at the top, r at the bottom) and mean y; monotone after limit().
struct Parabola {
  Real l, r, y;

  KOKKOS_FORCEINLINE_FUNCTION void limit() {
    const Real difference = r - l;
    const Real y6 = Real(6) * (y - Real(0.5) * (l + r));
    const bool extremum = (r - y) * (y - l) <= 0;
    const Real product = difference * y6;
    const Real square = difference * difference;
    const Real steep_l = product > square ? Real(3) * y - Real(2) * r : l;
    const Real steep_r = product < -square ? Real(3) * y - Real(2) * l : r;
    l = extremum ? y : steep_l;
    r = extremum ? y : steep_r;
  }
  /// Mean over the upper, or the lower, fraction x of the layer.
  KOKKOS_FORCEINLINE_FUNCTION Real mean_of_top(Real x) const {
    const Real y6 = Real(6) * (y - Real(0.5) * (l + r));
    return l + x * (Real(0.5) * (r - l + y6) - x * y6 * (Real(1) / 3));
  }
  KOKKOS_FORCEINLINE_FUNCTION Real mean_of_bottom(Real x) const {
    const Real y6 = Real(6) * (y - Real(0.5) * (l + r));
    return r - x * (Real(0.5) * (r - l - y6) + x * y6 * (Real(1) / 3));
  }
};

/// Integral of y from the old half level k to the new one where it lies beyond the neighbouring layer: whole layers,
/// then a part of one.
template <class P>
KOKKOS_FUNCTION Real distant_integral(const Column<P>& column, const ConstField<P>& y, const ConstField<P>& left,
                                      const ConstField<P>& right, int n_k, int k, int j, int i) {
  const Real displacement = column.displacement(k, j, i);
  Real rest = Kokkos::abs(displacement);
  Real sum = 0;
  int layer = displacement > 0 ? k : k - 1;
  while (layer > 0 && layer < n_k - 1 && rest > column.mass(layer, j, i)) {
    sum += y(layer, j, i) * column.mass(layer, j, i);
    rest -= column.mass(layer, j, i);
    layer += displacement > 0 ? 1 : -1;
  }
  const Parabola part{left(layer, j, i), right(layer, j, i), y(layer, j, i)};
  const Real x = Kokkos::min(Real(1), rest / column.mass(layer, j, i));
  return displacement > 0 ? sum + rest * part.mean_of_top(x) : -(sum + rest * part.mean_of_bottom(x));
}

/// New means of y on the owned points and 'margin' rings. left, right, slope: work arrays; slope ends as G.
template <class P>
void remap(const char* name, const Grid& grid, const Column<P>& column, const ConstField<P>& y, int margin,
           const Field<P>& slope, const Field<P>& left, const Field<P>& right, const Field<P>& y_new) {
  const int n_k = grid.n_levels();
  const auto limited_slope = KOKKOS_LAMBDA(int k, int j, int i_begin, int i_end) {
    if (k == 0 || k == n_k - 1) return;
    MERIDIAN_VECTORISE
    for (int i = i_begin; i < i_end; ++i) {
      const Real d0 = column.mass(k - 1, j, i), d1 = column.mass(k, j, i), d2 = column.mass(k + 1, j, i);
      const Real down = y(k + 1, j, i) - y(k, j, i);
      const Real up = y(k, j, i) - y(k - 1, j, i);
      const Real s = d1 / (d0 + d1 + d2) * ((2 * d0 + d1) / (d2 + d1) * down + (d1 + 2 * d2) / (d0 + d1) * up);
      const Real bound = Real(2) * Kokkos::min(Kokkos::abs(down), Kokkos::abs(up));
      const Real limited = Kokkos::min(Kokkos::abs(s), bound);
      slope(k, j, i) = down * up > 0 ? (s < 0 ? -limited : limited) : Real(0);
    }
  };
  const auto edge = KOKKOS_LAMBDA(int k, int j, int i_begin, int i_end) {
    if (k < 2 || k > n_k - 2) return;  // half level k, between layers k-1 and k
    MERIDIAN_VECTORISE
    for (int i = i_begin; i < i_end; ++i) {
      const Real d0 = column.mass(k - 2, j, i), d1 = column.mass(k - 1, j, i), d2 = column.mass(k, j, i),
                 d3 = column.mass(k + 1, j, i);
      const Real dy = y(k, j, i) - y(k - 1, j, i);
      const Real a = (d0 + d1) / (2 * d1 + d2);
      const Real b = (d3 + d2) / (2 * d2 + d1);
      const Real c = d1 / (d1 + d2);
      left(k, j, i) =
          y(k - 1, j, i) + c * dy +
          (2 * d2 * c * (a - b) * dy - d1 * a * slope(k, j, i) + d2 * b * slope(k - 1, j, i)) / (d0 + d1 + d2 + d3);
    }
  };
  const auto limit = KOKKOS_LAMBDA(int k, int j, int i_begin, int i_end) {
    const bool constant = k == 0 || k == n_k - 1;
    const bool linear = k == 1 || k == n_k - 2;
    MERIDIAN_VECTORISE
    for (int i = i_begin; i < i_end; ++i) {
      Parabola p{y(k, j, i), y(k, j, i), y(k, j, i)};
      if (!constant) {
        const Real half = Real(0.5) * slope(k, j, i);
        p.l = linear ? p.y - half : left(k, j, i);
        p.r = linear ? p.y + half : left(k + 1, j, i);
        p.limit();
      }
      left(k, j, i) = p.l;  // the edge above layer k is not read again; that below it, left(k + 1), is kept
      right(k, j, i) = p.r;
    }
  };
  const auto integral = KOKKOS_LAMBDA(int k, int j, int i_begin, int i_end) {
    if (k == 0) return;
    int distant = 0;
    MERIDIAN_VECTORISE
    for (int i = i_begin; i < i_end; ++i) {
      const Real displacement = column.displacement(k, j, i);
      const bool down = displacement > 0;
      const Real above_mass = column.mass(k - 1, j, i), here_mass = column.mass(k, j, i);
      const Real x = Kokkos::abs(displacement) / (down ? here_mass : above_mass);
      const Parabola here{left(k, j, i), right(k, j, i), y(k, j, i)};
      const Parabola above{left(k - 1, j, i), right(k - 1, j, i), y(k - 1, j, i)};
      slope(k, j, i) = displacement * (down ? here.mean_of_top(x) : above.mean_of_bottom(x));
      distant |= x > 1;
    }
    if (!distant) return;
    for (int i = i_begin; i < i_end; ++i) {
      const Real displacement = column.displacement(k, j, i);
      if (Kokkos::abs(displacement) > column.mass(displacement > 0 ? k : k - 1, j, i)) {
        slope(k, j, i) = distant_integral<P>(column, y, left, right, n_k, k, j, i);
      }
    }
  };
  const auto update = KOKKOS_LAMBDA(int k, int j, int i_begin, int i_end) {
    const Real has_upper = k > 0, has_lower = k < n_k - 1;
    const int below = k < n_k - 1 ? k + 1 : k;
    MERIDIAN_VECTORISE
    for (int i = i_begin; i < i_end; ++i) {
      const Real upper = has_upper * column.displacement(k, j, i);
      const Real lower = has_lower * column.displacement(below, j, i);
      const Real mean = y(k, j, i);
      const Real gain = (has_lower * slope(below, j, i) - mean * lower) - (has_upper * slope(k, j, i) - mean * upper);
      y_new(k, j, i) = mean + gain / (column.mass(k, j, i) + (lower - upper));
    }
  };
  // Pass by pass; the integral reads one parabola of two, of five words four in the mean.
  const Kernel kernel(name, 2 + 3 + 3 + 4 + 4, 1 + 1 + 2 + 1 + 1);
  for_each_column_in_passes(kernel, grid.block.cells_with_halo(n_k, margin), limited_slope, edge, limit, integral,
                            update);
}

template <class P>
Field<P> as(const Field<Cell>& field) {
  return Field<P>(field.data());
}

/// Mean of an isothermal potential temperature T0 (p0/p)^kappa over a layer, times its thickness:
/// T0 p0^kappa [p^(1-kappa)] / (1-kappa).
struct IsothermalProfile {
  double factor, exponent, inverse_p0, p0;
  IsothermalProfile(const Planet& planet, double temperature)
      : factor(temperature / (1 - planet.kappa())),
        exponent(1 - planet.kappa()),
        inverse_p0(1 / planet.reference_pressure_pa),
        p0(planet.reference_pressure_pa) {}
  KOKKOS_FORCEINLINE_FUNCTION double mean(double p_top, double p_bottom) const {
    return factor * p0 *
           (elementary::pow(p_bottom * inverse_p0, exponent) - elementary::pow(p_top * inverse_p0, exponent)) /
           (p_bottom - p_top);
  }
};

/// thv = theta / mass, less the isothermal profile on the old levels.
void compute_thv(const Grid& grid, const State& from, int margin, double reference_temperature,
                 const ConstField<CellInterface>& displacement, const Field<Cell>& thv) {
  const ConstField<Cell> mass = from.mass, theta = from.theta;
  const int n_k = grid.n_levels();
  const Box box = grid.block.cells_with_halo(n_k, margin);
  if (reference_temperature <= 0) {
    for_each(
        {"dycore/remap_thv", 2, 1}, box,
        KOKKOS_LAMBDA(int k, int j, int i) { thv(k, j, i) = theta(k, j, i) / mass(k, j, i); });
    return;
  }
  const IsothermalProfile profile(grid.planet, reference_temperature);
  const Array1<double> a = grid.levels.a_p0(), b = grid.levels.b();
  for_each(
      {"dycore/remap_thv_deviation", 3, 1}, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const double p_s = displacement(n_k, j, i);
        const double upper = a(k) + b(k) * p_s - displacement(k, j, i);
        thv(k, j, i) = static_cast<Real>(theta(k, j, i) / mass(k, j, i) - profile.mean(upper, upper + mass(k, j, i)));
      });
}

/// New mass and theta from remapped thv.
void finish_cells(const Grid& grid, const State& to, int margin, double reference_temperature,
                  const ConstField<CellInterface>& displacement, const ConstField<Cell>& thv) {
  const Field<Cell> mass = to.mass, theta = to.theta;
  const int n_k = grid.n_levels();
  const Array1<double> a = grid.levels.a_p0(), b = grid.levels.b();
  const Box box = grid.block.cells_with_halo(n_k, margin);
  if (reference_temperature <= 0) {
    for_each(
        {"dycore/remap_finish", 1, 2}, box, KOKKOS_LAMBDA(int k, int j, int i) {
          const double p_s = displacement(n_k, j, i);
          const Real m = static_cast<Real>((a(k + 1) + b(k + 1) * p_s) - (a(k) + b(k) * p_s));
          mass(k, j, i) = m;
          theta(k, j, i) = m * thv(k, j, i);
        });
    return;
  }
  const IsothermalProfile profile(grid.planet, reference_temperature);
  for_each(
      {"dycore/remap_finish_deviation", 1, 2}, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const double p_s = displacement(n_k, j, i);
        const double upper = a(k) + b(k) * p_s, lower = a(k + 1) + b(k + 1) * p_s;
        const Real m = static_cast<Real>(lower - upper);
        mass(k, j, i) = m;
        theta(k, j, i) = static_cast<Real>(m * (thv(k, j, i) + profile.mean(upper, lower)));
      });
}

}  // namespace

void compute_displacement(const Grid& grid, const ConstField<Cell>& mass, int margin,
                          const Field<CellInterface>& displacement) {
  const int n_k = grid.n_levels();
  const double top = grid.levels.top_pressure();
  const Array1<double> a = grid.levels.a_p0(), b = grid.levels.b();
  march_down_up(
      {"dycore/compute_displacement", 2, 2}, grid.block.cells_with_halo(n_k, margin),
      KOKKOS_LAMBDA(int k, int j, int i) {
        const double above = k == 0 ? top : double(displacement(k, j, i));
        displacement(k + 1, j, i) = static_cast<Real>(above + mass(k, j, i));
      },
      KOKKOS_LAMBDA(int k, int j, int i) {
        const double p = k == 0 ? top : double(displacement(k, j, i));
        displacement(k, j, i) = static_cast<Real>(a(k) + b(k) * displacement(n_k, j, i) - p);
      });
}

void remap_cells(const Grid& grid, const ConstField<Cell>& mass, const ConstField<CellInterface>& displacement,
                 const ConstField<Cell>& y, int margin, const RemapScratch& scratch, const Field<Cell>& y_new) {
  remap<Cell>("dycore/remap_cells", grid, {mass, displacement}, y, margin, scratch.slope, scratch.left, scratch.right,
              y_new);
}

void remap_to_reference_levels(const Grid& grid, const State& from, const State& to, int margin,
                               double reference_temperature, const RemapScratch& scratch, const Field<Cell>& tracers) {
  compute_displacement(grid, from.mass, margin + 1, scratch.displacement);
  remap<XFace>("dycore/remap_u", grid, {from.mass, scratch.displacement}, from.u, margin, as<XFace>(scratch.slope),
               as<XFace>(scratch.left), as<XFace>(scratch.right), to.u);
  remap<YFace>("dycore/remap_v", grid, {from.mass, scratch.displacement}, from.v, margin, as<YFace>(scratch.slope),
               as<YFace>(scratch.left), as<YFace>(scratch.right), to.v);
  const int n_k = grid.n_levels();
  for (int first = 0; tracers.exists() && first < tracers.n_levels(); first += n_k) {
    const Field<Cell> q = levels_of(tracers, first, n_k);
    remap<Cell>("dycore/remap_tracer", grid, {from.mass, scratch.displacement}, q, 0, scratch.slope, scratch.left,
                scratch.right, q);
  }
  compute_thv(grid, from, margin, reference_temperature, scratch.displacement, scratch.thv);
  remap<Cell>("dycore/remap_thv", grid, {from.mass, scratch.displacement}, scratch.thv, margin, scratch.slope,
              scratch.left, scratch.right, scratch.thv);
  finish_cells(grid, to, margin, reference_temperature, scratch.displacement, scratch.thv);
}

}  // namespace meridian
