#pragma once
// 'tracers:' of a case, and the table of their initial shapes.

#include <string>
#include <vector>

#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/tracer.hpp"

namespace meridian {

/// One element of 'tracers:'.
struct TracerOptions {
  std::string name = "tracer";
  std::string initial = "uniform";
  double value = 1;
  std::string limiter = "monotone";

  void visit(OptionVisitor& option);
  Tracer tracer() const;
};

/// Fills the mixing ratios [1] on the owned points of a block whose state is filled. angle [radians]: tilt of the shapes
/// against the grid, see Frame. Heights of shapes are those of an isothermal atmosphere of 300 K.
void fill_tracers(const std::vector<TracerOptions>& tracers, const Grid& grid, const FieldSet& fields, double angle);

/// Names, meanings, equations (of q / value) and sources of all shapes, for `meridian describe`.
struct TracerShapeInfo {
  std::string_view name, meaning, equation, source;
};
/// The terms of these equations.
inline constexpr std::string_view tracer_shape_terms =
    "lon, lat: longitude, latitude [radians] in the frame of the initial state; r: great-circle distance [radians] "
    "from a point of the equator, c = 2 sin(r / 2) its chord; z = (R 300 K / g) ln(p0 / p) [m]";
std::vector<TracerShapeInfo> all_tracer_shapes();

}  // namespace meridian
