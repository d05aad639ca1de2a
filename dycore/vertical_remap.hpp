#pragma once
// Brings layers that have floated with the flow back to the reference levels, by piecewise parabolas.

#include "dycore/state.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian {

/// Work arrays of the remap; contents are lost. All on the whole block with halo.
struct RemapScratch {
  Field<CellInterface> displacement;
  Field<Cell> thv, slope, left, right;
};

/// Remaps wind and potential temperature of 'from' to the reference levels of its surface pressure and writes 'to'
/// (which may be 'from'), on the owned points and 'margin' (0..2) rings; 'from' needs valid halos one ring wider.
///   p_s = p_top + sum mass;  new half level P_k = A_k p0 + B_k p_s;  D_k = P_k - p_k (displacement)
///   y_new mass_new = y mass - G_k + G_{k+1},   G_k = integral of the parabolas of y from p_k to P_k
/// Mass, momentum at faces (mass of a face: mean of its cells) and theta of each column are kept to round-off; a column
/// that is on its reference levels is not changed at all. Parabolas: Colella and Woodward (1984), JCP 54, monotone; end
/// layers constant, their neighbours linear.
/// reference_temperature > 0 [K]: thv is remapped as deviation from an isothermal atmosphere of that temperature, which
/// keeps the top layers from diffusing (needs p_top > 0).
/// tracers: mixing ratios, n_levels() of each tracer after the other, remapped in place on the owned points; may be absent.
void remap_to_reference_levels(const Grid& grid, const State& from, const State& to, int margin,
                               double reference_temperature, const RemapScratch& scratch,
                               const Field<Cell>& tracers = {});

/// The column kernel alone, for tests and for other quantities at cells: y [any unit] of layers 'mass' [Pa].
void remap_cells(const Grid& grid, const ConstField<Cell>& mass, const ConstField<CellInterface>& displacement,
                 const ConstField<Cell>& y, int margin, const RemapScratch& scratch, const Field<Cell>& y_new);

/// Displacement D_k [Pa] of half levels 0..n-1, on 'margin' rings; the last level of the field holds p_s [Pa].
void compute_displacement(const Grid& grid, const ConstField<Cell>& mass, int margin,
                          const Field<CellInterface>& displacement);

}  // namespace meridian
