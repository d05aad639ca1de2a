#pragma once
// Transport of tracers by the mass fluxes of several dynamics steps; docs/numerics/transport.md.

#include <vector>

#include "dycore/state.hpp"
#include "grid/field_set.hpp"
#include "grid/halo.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/ring.hpp"
#include "grid/tracer.hpp"

namespace meridian {

struct MergedRows;

/// Mixing ratios q of all tracers, relative to the mass that the dynamics carry. The dynamics hand over their mass
/// fluxes, X [xface] and Y [yface], summed over a tracer step; from mass M0 and to mass M1 per cell
///   M1 = M0 - [X(i+1) - X(i)] - [Y(j+1) - Y(j)]
/// holds once X has been completed by what the polar filter did to the mass. Then one sweep along each direction, in
/// alternating order, each in the form q <- q - sum over faces (qface - q) flux / M: a uniform q stays uniform exactly,
/// sum M q is kept to round-off, and bounds are those of the sweeps in one dimension.
class Transport {
 public:
  /// Adds the tracers, and what a tracer step has summed so far, to the fields.
  Transport(const Grid& grid, const std::vector<Tracer>& tracers, int n_k, FieldSet& fields);

  bool empty() const { return n_tracers_ == 0; }
  int n_tracers() const { return n_tracers_; }
  const std::vector<std::string>& names() const { return names_; }  // in the order of the tracers here
  /// Mixing ratios of all tracers: level n * n_k + k is level k of tracer n.
  const Field<Cell>& mixing_ratios() const { return q_; }
  Field<Cell> mixing_ratio(int tracer) const { return levels_of(q_, tracer * n_k_, n_k_); }

  /// After the state was filled or restored: makes the halos of the sums valid.
  void start(Halo& halo);
  /// Begins a tracer step with this mass per area, halo included.
  void begin(const ConstField<Cell>& mass);
  /// Adds fluxes [mass m2 s-1] of levels k_first .. k_first + n_k - 1 over dt [s].
  void accumulate(const ConstField<XFace>& mass_flux_x, const ConstField<YFace>& mass_flux_y, double dt, int k_first,
                  int n_k);
  /// Carries the tracers to the mass at the end of the tracer step. q needs a valid halo before and has none after.
  /// Winds that cross too much of a cell, or of a circle of latitude, are taken in several equal parts of the step.
  /// Throws numerical where that is not enough.
  void step(const ConstField<Cell>& mass_end, Halo& halo, bool zonal_first);

  /// Cells that were merged in each row of this rank for the last zonal sweep; 1 where none were.
  const std::vector<int>& merged() const { return merged_; }
  int substeps() const { return substeps_; }
  /// What it holds besides the fields of the set.
  std::vector<Array3<Real>> work_arrays() const;
  const Ring& ring() const { return ring_; }

 private:
  /// One sweep of this share of the fluxes, on the owned points.
  void sweep_zonally(Real share);
  void sweep_meridionally(Real share);
  /// X <- X plus the flux that the polar filter added, from the change of mass.
  void complete_zonal_flux(const ConstField<Cell>& mass_end);
  /// Sets merged_ from the fluxes and the mass; merge_of_at_least: the smallest allowed number of cells.
  void find_merged_rows(double share);
  int merge_of_at_least(double cells, int j) const;
  MergedRows make_merged_rows();
  void sweep_merged_rows(Real share);
  int substeps_needed() const;
  void swap();

  const Grid& grid_;
  int n_tracers_ = 0, n_k_ = 1;
  std::vector<std::string> names_;
  int first_of_[4] = {};  // first tracer of each limiter, and the end
  std::vector<int> allowed_merges_;
  std::vector<int> merged_;
  int substeps_ = 1;
  Field<Cell> q_, q_new_, mass_, mass_new_;
  Field<XFace> flux_x_;
  Field<YFace> flux_y_;
  Ring ring_;
  Array1<int> row_table_;   // of the merged rows: row, cells merged, first word, first group
  Array1<int> plain_rows_;  // the others
  Array1<double> carries_, row_measure_, group_means_;
};

}  // namespace meridian
