#pragma once
// What a scheme of the surface gives the lowest layer and reports as fluxes: the same numbers, so that budgets close.

#include "physics/columns.hpp"

namespace meridian {

/// Tendencies of the lowest layer and fluxes at the surface.
struct SurfaceExchange {
  Field<Cell> dT, dq, du, dv;
  Field<CellSurface> sensible, latent, evaporation, stress_x, stress_y;

  static SurfaceExchange of(const Columns& columns) {
    return {columns.tendency(field::air_temperature), columns.tendency(field::water_vapour),
            columns.tendency(field::eastward_wind),   columns.tendency(field::northward_wind),
            columns.write(field::sensible_heat_flux), columns.write(field::latent_heat_flux),
            columns.write(field::evaporation),        columns.write(field::eastward_stress),
            columns.write(field::northward_stress)};
  }

  /// mass [kg m-2] of layer k; warming [K s-1], wetting [s-1], deceleration [m s-2] and heat of friction [K s-1] of it.
  KOKKOS_FORCEINLINE_FUNCTION void give(const MoistAir& air, int k, int j, int i, double mass, double warming,
                                        double wetting, double slowing_u, double slowing_v, double friction) const {
    dT(k, j, i) += static_cast<Real>(warming + friction);
    dq(k, j, i) += static_cast<Real>(wetting);
    du(k, j, i) -= static_cast<Real>(slowing_u);
    dv(k, j, i) -= static_cast<Real>(slowing_v);
    sensible(0, j, i) = static_cast<Real>(air.cp * mass * warming);
    latent(0, j, i) = static_cast<Real>(air.L * mass * wetting);
    evaporation(0, j, i) = static_cast<Real>(mass * wetting);
    stress_x(0, j, i) = static_cast<Real>(mass * slowing_u);
    stress_y(0, j, i) = static_cast<Real>(mass * slowing_v);
  }
};

}  // namespace meridian
