#pragma once
// The surface of an ocean of one layer.

#include <array>

#include "physics/columns.hpp"

namespace meridian {

/// With the fluxes that the air got: what the air loses the water gains. Explicit in time, stable down to a depth of 4 cm at steps of half an
/// hour. Q is transport of heat by the ocean, out of the tropics where Q0 < 0 (Merlis, Schneider, Bordoni and Eisenman 2013,
/// J. Climate 26, 754-771); its mean over the globe, as this grid sums it, is taken off.
struct SlabOcean {
  static constexpr std::string_view name = "slab_ocean";
  static constexpr std::string_view meaning = "a layer of water that warms and cools with the fluxes at the surface";
  static constexpr std::string_view source = "Frierson et al. (2006), J. Atmos. Sci. 63, 2548-2566";
  static constexpr std::string_view equation =
      R"(C dTs/dt = (rsds - rsus) + (rlds - rlus) - hfss - hfls + Q,  C = 4.18e6 J m-3 K-1 depth
Q = Q0 (1 - 2 lat^2 / w^2) exp(- lat^2 / w^2) / cos(lat), less its mean)";
  static constexpr FieldUse fields[] = {reads(field::surface_shortwave_down), reads(field::surface_shortwave_up),
                                        reads(field::surface_longwave_down),  reads(field::surface_longwave_up),
                                        reads(field::sensible_heat_flux),     reads(field::latent_heat_flux),
                                        owns(field::surface_temperature)};

  static constexpr std::array<FluxTerm, 6> heat_fluxes{{{&field::surface_shortwave_down, 1},
                                                        {&field::surface_shortwave_up, -1},
                                                        {&field::surface_longwave_down, 1},
                                                        {&field::surface_longwave_up, -1},
                                                        {&field::sensible_heat_flux, -1},
                                                        {&field::latent_heat_flux, -1}}};

  struct Options {
    double depth_m = 2.4;
    double initial_temperature_k = 285;
    double initial_contrast_k = 0;
    double heat_flux_w_per_m2 = 0;
    double heat_flux_width_degrees = 16;

    void visit(OptionVisitor& option);
  };
  Options options;

  double capacity() const { return 4.18e6 * options.depth_m; }  // [J m-2 K-1]
  HeatStore heat_store() const { return {&field::surface_temperature, capacity(), heat_fluxes}; }
  void start(Columns& columns) const;
  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<SlabOcean>);

}  // namespace meridian
