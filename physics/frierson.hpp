#pragma once
// Surface layer and boundary layer of the idealised moist model of Frierson, Held and Zurita-Gotor (2006), J. Atmos. Sci. 63,
// 2548-2566 ("FHZ06").

#include "physics/columns.hpp"
#include "physics/surface_exchange.hpp"

namespace meridian {

/// What the surface is like, for both schemes.
struct FriersonOptions {
  double roughness_m = 3.21e-5;
  double least_wind_m_per_s = 0.1;

  void visit(OptionVisitor& option);
};

/// Exchange with the surface by a simplified similarity theory (FHZ06, section 2.c), implicit in the lowest layer; air near the surface by
/// the profile that has these fluxes, with phi = 1 + zeta / Ric in stable air.
struct FriersonSurfaceLayer {
  static constexpr std::string_view name = "frierson_surface_layer";
  static constexpr std::string_view meaning = "drag, heat and vapour from the surface, less of them in stable air";
  static constexpr std::string_view source = "Frierson et al. (2006), J. Atmos. Sci. 63, 2548-2566";
  static constexpr std::string_view equation =
      R"(C = [k / ln(za / z0)]^2 for Ri <= 0, times (1 - Ri / Ric)^2 for 0 < Ri < Ric = 1, 0 from there on
Ri = g za (thv_a - thv_s) / (thv_s U^2),  k = 0.4,  za: height of the middle of the lowest layer
fluxes rho C U (X - X_s):  X <- (X + r X_s) / (1 + r),  r = C U dt / (depth of the layer), of wind and vapour
heat by potential temperature:  T <- (T + r Ts) / (1 + r Pi_s / Pi_a)
near the surface X(z) = X_s + f(z) (X - X_s),  f(z) = (1 - Ri) ln(z / z0) / ln(za / z0) + Ri z / za,  Ri between 0 and 1
of temperature X = T Pi_s / Pi, less g z / cp)";
  static constexpr auto fields =
      surface_fields(reads(field::interface_pressure), reads(field::interface_geopotential),
                     reads(field::interface_exner), reads(field::layer_mass), reads(field::surface_temperature));
  static constexpr auto water_budget = surface_water;
  static constexpr auto enthalpy_budget = surface_enthalpy;
  static constexpr bool lowest_layer_only = true;
  static constexpr bool friction_is_heat = true;

  using Options = FriersonOptions;
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<FriersonSurfaceLayer>);

/// Diffusion of wind, dry static energy cp T + g z and vapour, implicit, without flux through both ends, up to the height h (FHZ06,
/// section 2.d).
struct FriersonBoundaryLayer {
  static constexpr std::string_view name = "frierson_boundary_layer";
  static constexpr std::string_view meaning = "vertical diffusion up to the height that a bulk Richardson number gives";
  static constexpr std::string_view source = "Frierson et al. (2006), J. Atmos. Sci. 63, 2548-2566";
  static constexpr std::string_view equation = R"(h: where Ri(z) = g z [thv(z) - thv_a] / (thv_a |V(z)|^2) reaches 1
K_b(z) = k U sqrt(C) z for Ri_a <= 0, divided by 1 + (Ri_a / Ric) ln(z / z0) / (1 - Ri_a / Ric) for Ri_a > 0
K = K_b(z) below f h,  K_b(f h) (z / (f h)) [1 - (z - f h) / ((1 - f) h)]^2 up to h,  f = 0.1)";
  static constexpr FieldUse fields[] = {reads(field::interface_pressure), reads(field::interface_geopotential),
                                        reads(field::interface_exner),    reads(field::air_pressure),
                                        reads(field::layer_mass),         reads(field::surface_temperature),
                                        updates(field::air_temperature),  updates(field::water_vapour),
                                        updates(field::eastward_wind),    updates(field::northward_wind)};
  static constexpr std::array<FluxTerm, 0> water_budget{};
  static constexpr std::array<FluxTerm, 0> enthalpy_budget{};
  static constexpr bool friction_is_heat = true;
  static constexpr int scratch_fields = 7;

  using Options = FriersonOptions;
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<FriersonBoundaryLayer>);

/// Exchange coefficient [1] for a height [m] over roughness z0 [m] and a Richardson number [1] of the surface layer.
KOKKOS_FORCEINLINE_FUNCTION double exchange_coefficient(double height, double z0, double richardson) {
  const double neutral = 0.4 / elementary::log(height / z0), stable = 1 - richardson;
  return neutral * neutral * (richardson <= 0 ? 1.0 : stable > 0 ? stable * stable : 0.0);
}

/// f of FriersonSurfaceLayer: 0 at z0, 1 at the height of the lowest layer and above. All heights in m.
KOKKOS_FORCEINLINE_FUNCTION double similarity_profile(double z, double height, double z0, double richardson) {
  const double stable = richardson > 0 ? (richardson < 1 ? richardson : 1.0) : 0.0;
  const double neutral = elementary::log(z / z0) / elementary::log(height / z0);
  return z < height ? (1 - stable) * neutral + stable * z / height : 1.0;
}

}  // namespace meridian
