#pragma once
// What a scheme of the surface gives the lowest layer and reports as fluxes: the same numbers, so that budgets close; and
// the air near the surface.

#include <array>

#include "physics/columns.hpp"

namespace meridian {

/// 'fields' of a scheme of the surface: what it reads, then what both structs below give.
template <class... Needs>
constexpr auto surface_fields(const Needs&... needs) {
  return std::array{needs...,
                    updates(field::air_temperature),
                    updates(field::water_vapour),
                    updates(field::eastward_wind),
                    updates(field::northward_wind),
                    writes(field::sensible_heat_flux),
                    writes(field::latent_heat_flux),
                    writes(field::evaporation),
                    writes(field::eastward_stress),
                    writes(field::northward_stress),
                    writes(field::near_surface_temperature),
                    writes(field::near_surface_humidity),
                    writes(field::near_surface_eastward_wind),
                    writes(field::near_surface_northward_wind)};
}
/// Its budgets.
inline constexpr std::array<FluxTerm, 1> surface_water{{{&field::evaporation, 1}}};
inline constexpr std::array<FluxTerm, 2> surface_enthalpy{
    {{&field::sensible_heat_flux, 1}, {&field::latent_heat_flux, 1}}};

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

/// Air at 2 m and wind at 10 m, from the profile that belongs to the fluxes: X(z) = X_s + f(z) (X_a - X_s), with f = 0 at
/// the surface, which is at rest, and 1 in the middle of the lowest layer.
struct NearSurface {
  static constexpr double height = 2, height_of_wind = 10;  // [m]
  Field<CellSurface> temperature, humidity, u, v;

  static NearSurface of(const Columns& columns) {
    return {columns.write(field::near_surface_temperature), columns.write(field::near_surface_humidity),
            columns.write(field::near_surface_eastward_wind), columns.write(field::near_surface_northward_wind)};
  }

  /// Temperatures [K] and mixing ratios of vapour [1] of the surface and the lowest layer, its wind [m s-1], and f of each.
  KOKKOS_FORCEINLINE_FUNCTION void give(int j, int i, double T_s, double T_a, double f_T, double q_s, double q_a,
                                        double f_q, double u_a, double v_a, double f_wind) const {
    const double q = q_s + f_q * (q_a - q_s);
    temperature(0, j, i) = static_cast<Real>(T_s + f_T * (T_a - T_s));
    humidity(0, j, i) = static_cast<Real>(q / (1 + q));
    u(0, j, i) = static_cast<Real>(f_wind * u_a);
    v(0, j, i) = static_cast<Real>(f_wind * v_a);
  }
};

}  // namespace meridian
