#pragma once
// Winds that a case prescribes as functions of time: tests of transport.

#include <memory>
#include <string_view>

#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian {

/// A wind that is known for all times. Its nondivergent part is the difference of a streamfunction along each face, so
/// it has no divergence on the grid either.
class PrescribedFlow {
 public:
  virtual ~PrescribedFlow() = default;
  /// The wind u, v [m s-1] on the owned faces for a time [s] since the start, as means over layers of this mass, one ring of halo: their
  /// fluxes add up to that of the whole column.
  virtual void set_winds(const Grid& grid, const ConstField<Cell>& mass, double time, const Field<XFace>& u,
                         const Field<YFace>& v) const = 0;
  /// Where the flow passes through the ground: sets the mass of the lowest layer so that the surface pressure stays what
  /// the flow says. Before the layers are remapped; the owned cells and one ring of halo.
  virtual void hold_surface_pressure(const Grid&, const FieldSet&) const {}
};

/// The flow of a name; angle [radians]: tilt against the grid, see Frame. Names are those of the initial states.
///   deformation_1 .. _4   Nair and Lauritzen (2010), J. Comput. Phys. 229, 8868-8887; period 12 days
///   dcmip_11 .. _13       Kent, Ullrich and Jablonowski (2014), Q. J. R. Meteorol. Soc. 140, 1279-1293
std::unique_ptr<PrescribedFlow> prescribed_flow(std::string_view name, const Planet& planet, double angle);

}  // namespace meridian
