#pragma once
// Grey radiation: one thermal band without scattering, one beam of sunlight.

#include <string>

#include "physics/columns.hpp"
#include "physics/insolation.hpp"

namespace meridian {

/// One thermal band without scattering, its source linear in tau within a layer (source: linear) or constant (isothermal), the diffusivity
/// inside tau; one beam of sunlight, S_toa of Insolation, of which the part albedo S(surface) leaves without absorption.
/// With 'ice' the albedo is 'ice_albedo' where the surface is colder than 'ice_below_k' by 'ice_range_k' or more, and linear
/// in between. CO2 grows from 'co2_ppm' at the start of the run by 'co2_percent_per_year', compounded, a year of 365 days.
struct GreyRadiation {
  static constexpr std::string_view name = "grey_radiation";
  static constexpr std::string_view meaning = "thermal radiation of one band, and sunlight";
  static constexpr std::string_view source =
      "Frierson et al. (2006), J. Atmos. Sci. 63; O'Gorman and Schneider (2008), J. Climate 21; Byrne and O'Gorman "
      "(2013), "
      "J. Climate 26";
  static constexpr std::string_view equation =
      R"(dU/dtau = U - sigma T^4,  dD/dtau = sigma T^4 - D,  D(top) = 0,  U(surface) = e sigma Ts^4 + (1 - e) D(surface)
S = S_toa exp(- tau_sw);  profile: S_toa = S0 / 4 [1 + Ds (1 - 3 sin^2 lat) / 4]
orbit: S_toa = S0 (a / r)^2 max(0, sin lat sin d + cos lat cos d cos h)
frierson06  tau = tau0 [0.1 p / p0 + 0.9 (p / p0)^4], tau0 = 6 + (1.5 - 6) sin^2 lat;  tau_sw = 0
ogorman08   tau = alpha tau0 (0.2 s + 0.8 s^4), s = p / ps, tau0 = 7.2 + (1.8 - 7.2) sin^2 lat;  tau_sw = 0.22 s^2
byrne13     dtau = [0.8678 + 1997.9 q + 0.17 ln(CO2 / 360 ppm)] dp / p0, q specific humidity;  tau_sw = 0.22 s^2)";
  static constexpr FieldUse fields[] = {reads(field::interface_pressure),
                                        reads(field::air_pressure),
                                        reads(field::layer_mass),
                                        reads(field::water_vapour),
                                        reads(field::surface_temperature),
                                        updates(field::air_temperature),
                                        writes(field::incoming_shortwave),
                                        writes(field::outgoing_shortwave),
                                        writes(field::outgoing_longwave),
                                        writes(field::surface_shortwave_down),
                                        writes(field::surface_shortwave_up),
                                        writes(field::surface_longwave_down),
                                        writes(field::surface_longwave_up)};
  static constexpr std::array<FluxTerm, 7> enthalpy_budget{{{&field::incoming_shortwave, 1},
                                                            {&field::outgoing_shortwave, -1},
                                                            {&field::outgoing_longwave, -1},
                                                            {&field::surface_shortwave_down, -1},
                                                            {&field::surface_shortwave_up, 1},
                                                            {&field::surface_longwave_down, -1},
                                                            {&field::surface_longwave_up, 1}}};
  static constexpr int scratch_fields = 7;

  struct Options {
    std::string preset = "frierson06";
    std::string source = "linear";
    Insolation sun;
    double albedo = 0.31;
    bool ice = false;
    double ice_albedo = 0.6;
    double ice_below_k = 271.35;
    double ice_range_k = 0;
    double optical_depth_factor = 1;
    double co2_ppm = 360;
    double co2_percent_per_year = 0;
    double emissivity = 1;

    void visit(OptionVisitor& option);
    /// CO2 [1e-6] some time after the start [s].
    double co2_at(double elapsed_s) const;

   private:
    std::string applied_ = "frierson06";  // the preset that the defaults are of
  };
  Options options;

  void run(Columns& columns, double dt) const;
  /// Throws configuration where carbon dioxide leaves the range of its formula within so many seconds.
  void require_length(double run_s) const;
};
static_assert(Parameterization<GreyRadiation>);

/// Thermal optical depth and sunlight of the presets.
struct GreyOptics {
  double tau_equator, tau_pole, linear;  // tau0 [1] and the share of the part linear in p
  double constant, vapour;               // [1] dtau per dp / p0
  double shortwave;                      // [1] tau_sw at the surface
  bool by_surface_pressure;              // s instead of p / p0
  GreyOptics(const GreyRadiation::Options& options, double co2_ppm);

  /// tau [1] at x = p / p0 or s, and sin^2 of the latitude, without the part that follows the vapour.
  KOKKOS_FORCEINLINE_FUNCTION double depth(double x, double sine2) const {
    return (tau_equator + (tau_pole - tau_equator) * sine2) * (linear * x + (1 - linear) * x * x * x * x);
  }
};

}  // namespace meridian
