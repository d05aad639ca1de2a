#pragma once
// Surface fluxes and boundary layer of the simple physics of Reed and Jablonowski (2012), J. Adv. Model. Earth Syst. 4,
// M04001 ("RJ12"). With large_scale_condensation before them they are the whole of it.

#include "physics/columns.hpp"
#include "physics/surface_exchange.hpp"

namespace meridian {

/// Bulk formulas over water, implicit in the lowest layer (RJ12, section 2.2); air near the surface by the neutral profiles that have these
/// coefficients, that of the wind also where 'drag' is off.
struct BulkSurfaceFluxes {
  static constexpr std::string_view name = "bulk_surface_fluxes";
  static constexpr std::string_view meaning = "drag, heat and vapour from a sea surface by bulk formulas";
  static constexpr std::string_view source = "Reed and Jablonowski (2012), J. Adv. Model. Earth Syst. 4, M04001";
  static constexpr std::string_view equation =
      R"(V <- V / (1 + Cd U dt / za),  T <- (T + CH U Ts dt / za) / (1 + CH U dt / za)
q <- (q + CE U qs(Ts, ps) dt / za) / (1 + CE U dt / za)
U = |V|,  Cd = 7e-4 + 6.5e-5 U below 20 m/s and 2e-3 from there on,  za = (R Tv / g) ln(ps / p above) / 2
near the surface X(z) = X_s + f(z) (X - X_s),  f(z) = 1 - b ln(za / z), at least 0,  k = 0.4
b = sqrt(Cd) / k for the wind, C / (k sqrt(Cd)) for temperature and vapour)";
  static constexpr auto fields =
      surface_fields(reads(field::interface_pressure), reads(field::layer_mass), reads(field::surface_temperature));
  static constexpr auto water_budget = surface_water;
  static constexpr bool lowest_layer_only = true;
  static constexpr auto enthalpy_budget = surface_enthalpy;

  struct Options {
    double heat_coefficient = 1.1e-3;
    double vapour_coefficient = 1.1e-3;
    bool drag = true;

    void visit(OptionVisitor& option);
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<BulkSurfaceFluxes>);

/// Diffusion of wind, potential temperature and vapour, implicit, without flux through both ends (RJ12, section 2.3).
struct SimpleBoundaryLayer {
  static constexpr std::string_view name = "simple_boundary_layer";
  static constexpr std::string_view meaning = "vertical diffusion that the wind at the surface drives";
  static constexpr std::string_view source = "Reed and Jablonowski (2012), J. Adv. Model. Earth Syst. 4, M04001";
  static constexpr std::string_view equation =
      R"(K = C U za below 850 hPa, times exp[- ((850 hPa - p) / 100 hPa)^2] above, C = Cd for the wind and CE for the rest
profile: depth_1km  K = 0.4 sqrt(C) U z (1 - z / 1 km)^2 below 1 km, 0 above (for cyclones))";
  static constexpr FieldUse fields[] = {reads(field::interface_pressure), reads(field::interface_geopotential),
                                        reads(field::air_pressure),       reads(field::layer_mass),
                                        updates(field::air_temperature),  updates(field::water_vapour),
                                        updates(field::eastward_wind),    updates(field::northward_wind)};
  static constexpr std::array<FluxTerm, 0> water_budget{};
  static constexpr int scratch_fields = 5;

  struct Options {
    std::string profile = "pressure";
    double vapour_coefficient = 1.1e-3;
    bool momentum = true;

    void visit(OptionVisitor& option);
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<SimpleBoundaryLayer>);

/// Drag coefficient [1] of RJ12 at a wind speed [m s-1].
KOKKOS_FORCEINLINE_FUNCTION double drag_coefficient(double speed) { return speed < 20 ? 7e-4 + 6.5e-5 * speed : 2e-3; }

/// f of BulkSurfaceFluxes, between 0 and 1; heights in m, slope b [1].
KOKKOS_FORCEINLINE_FUNCTION double logarithmic_profile(double z, double height, double slope) {
  const double f = 1 - slope * elementary::log(height / z);
  return f > 0 ? (f < 1 ? f : 1.0) : 0.0;
}

}  // namespace meridian
