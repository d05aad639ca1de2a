#pragma once
// Every named field once: from these lines come allocation, restart membership, output attributes, range checks,
// `meridian describe` and the table in the docs.

#include <string_view>

#include "grid/field.hpp"
#include "grid/options.hpp"

namespace meridian {

/// What a field is, without its place.
struct FieldInfo {
  std::string_view name;           // CF standard name where one exists, and "..._at_2_m" of a field at a height
  std::string_view short_name;     // name in output files (CMIP where one exists)
  std::string_view unit;           // UDUNITS spelling
  Range valid;                     // outside: the health check speaks
  std::string_view meaning;        // long_name in files; not the name again
  std::string_view standard_name;  // of the CF table; "" where there is none
  Horizontal horizontal = Horizontal::cell;
  Vertical vertical = Vertical::layer;
  int height = 0;  // [m] over the ground; 0: not a field at one height

  /// Output streams take fields at cells, of layers or of one level.
  constexpr bool fits_a_stream() const { return horizontal == Horizontal::cell && vertical != Vertical::interface; }
};

template <class P>
struct FieldSpec : FieldInfo {
  using place = P;
  constexpr FieldSpec(std::string_view name, std::string_view short_name, std::string_view unit, Range valid,
                      std::string_view meaning, bool standard = true)
      : FieldInfo{name,          short_name, unit, valid, meaning, standard ? name : std::string_view(),
                  P::horizontal, P::vertical} {}
  /// A field with another standard name than its own: at a height [m] over the ground, that of the field of the layers.
  constexpr FieldSpec(std::string_view name, std::string_view short_name, std::string_view unit, Range valid,
                      std::string_view meaning, std::string_view standard_name, int height)
      : FieldInfo{name, short_name, unit, valid, meaning, standard_name, P::horizontal, P::vertical, height} {}
  explicit constexpr FieldSpec(const FieldInfo& info) : FieldInfo(info) {}
};

namespace field {

// Prognostic, hydrostatic
inline constexpr FieldSpec<Cell> layer_mass{
    "air_pressure_thickness", "dpi", "Pa", {0, 1.2e5}, "weight of the dry air of a layer per area", false};
inline constexpr FieldSpec<Cell> theta_mass{
    "mass_weighted_virtual_potential_temperature",    "dpi_thetav", "Pa K", {0, 1e9},
    "layer mass times virtual potential temperature", false};
// Prognostic, shallow water
inline constexpr FieldSpec<Cell> depth{"fluid_depth", "h", "m", {0, 1e5}, "depth of the fluid layer", false};
// Prognostic, both
inline constexpr FieldSpec<XFace> xwind{"x_wind", "u", "m s-1", {-400, 400}, "wind through western faces"};
inline constexpr FieldSpec<YFace> ywind{"y_wind", "v", "m s-1", {-400, 400}, "wind through southern faces"};
// Of physics that is not called in each of its steps
inline constexpr FieldSpec<Cell> mass_of_held_tendencies{
    "air_pressure_thickness_at_last_step_of_physics",
    "held_mass",
    "Pa",
    {0, 1.2e5},
    "weight of the dry air of a layer that held tendencies belong to",
    false};
// Sums of a tracer step that has not ended
inline constexpr FieldSpec<Cell> tracer_start_mass{
    "cell_mass_at_start_of_tracer_step",     "tracer_mass", "m2 Pa", {0, 1e20},
    "mass of cells that tracers start from", false};
inline constexpr FieldSpec<XFace> tracer_flux_x{
    "mass_through_western_faces", "tracer_flux_x", "m2 Pa", {-1e20, 1e20}, "mass since the last tracer step", false};
inline constexpr FieldSpec<YFace> tracer_flux_y{
    "mass_through_southern_faces", "tracer_flux_y", "m2 Pa", {-1e20, 1e20}, "mass since the last tracer step", false};
// Fixed
inline constexpr FieldSpec<CellSurface> surface_geopotential{
    "surface_geopotential", "phis", "m2 s-2", {-2e4, 1.2e5}, "geopotential of the ground"};
inline constexpr FieldSpec<CornerSurface> coriolis_parameter{
    "coriolis_parameter", "fcor", "s-1", {-1, 1}, "twice the planet's rotation about the local vertical"};
// Diagnosed for physics and output, on the reference levels
inline constexpr FieldSpec<Cell> air_temperature{"air_temperature", "ta", "K", {100, 400}, "air temperature"};
inline constexpr FieldSpec<Cell> eastward_wind{"eastward_wind", "ua", "m s-1", {-400, 400}, "eastward wind"};
inline constexpr FieldSpec<Cell> northward_wind{"northward_wind", "va", "m s-1", {-400, 400}, "northward wind"};
inline constexpr FieldSpec<Cell> air_pressure{"air_pressure", "pfull", "Pa", {0, 1.2e5}, "air pressure of a layer"};
inline constexpr FieldSpec<CellInterface> interface_pressure{"air_pressure_at_interfaces",  "phalf", "Pa", {0, 1.3e5},
                                                             "air pressure between layers", false};
inline constexpr FieldSpec<CellInterface> interface_exner{"exner_function_at_interfaces",  "pihalf", "1", {0, 1.2},
                                                          "Exner function between layers", false};
inline constexpr FieldSpec<CellInterface> interface_geopotential{
    "geopotential_at_interfaces", "phihalf", "m2 s-2", {-2e4, 2e6}, "geopotential between layers", false};
inline constexpr FieldSpec<Cell> geopotential_height{
    "geopotential_height", "zg", "m", {-2e3, 2e5}, "geopotential height of the middle of a layer"};
inline constexpr FieldSpec<Cell> relative_vorticity{
    "atmosphere_upward_relative_vorticity", "vo", "s-1", {-1e-2, 1e-2}, "relative vorticity"};
inline constexpr FieldSpec<Cell> divergence_of_wind{
    "divergence_of_wind", "div", "s-1", {-1e-2, 1e-2}, "horizontal divergence"};
inline constexpr FieldSpec<Cell> specific_humidity{
    "specific_humidity", "hus", "1", {-1e-8, 1}, "mass of water vapour per mass of air with all its water"};
inline constexpr FieldSpec<Cell> relative_humidity{
    "relative_humidity", "hur", "%", {-1, 1e4}, "water vapour relative to saturation over water"};
inline constexpr FieldSpec<CellSurface> water_vapour_path{
    "atmosphere_mass_content_of_water_vapor", "prw", "kg m-2", {-1e-3, 1e3}, "water vapour of the column"};
inline constexpr FieldSpec<CellSurface> surface_air_pressure{
    "surface_air_pressure", "ps", "Pa", {3e4, 1.2e5}, "surface air pressure"};
inline constexpr FieldSpec<CellSurface> surface_altitude{
    "surface_altitude", "orog", "m", {-500, 12000}, "altitude of the ground"};
// Shallow water, for output
inline constexpr FieldSpec<CellSurface> surface_height{
    "free_surface_height", "eta", "m", {-1e5, 1e5}, "height of the free surface: depth plus ground", false};
// Tracers that schemes know: a case that has them lists them under 'tracers' by their short names. Water below 0 is
// round-off: 1e-8 is 300 times less than the stratosphere has.
inline constexpr FieldSpec<Cell> atomic_chlorine{"atomic_chlorine_mixing_ratio",   "cl", "1", {-1, 1},
                                                 "mass of Cl per mass of dry air", false};
inline constexpr FieldSpec<Cell> molecular_chlorine{"molecular_chlorine_mixing_ratio", "cl2", "1", {-1, 1},
                                                    "mass of Cl2 per mass of dry air", false};
inline constexpr FieldSpec<Cell> water_vapour{
    "humidity_mixing_ratio", "qv", "1", {-1e-8, 0.2}, "mass of water vapour per mass of dry air"};
inline constexpr FieldSpec<Cell> cloud_water{
    "cloud_liquid_water_mixing_ratio", "qc", "1", {-1e-8, 0.2}, "mass of cloud water per mass of dry air"};
inline constexpr FieldSpec<Cell> rain_water{
    "rain_water_mixing_ratio", "qr", "1", {-1e-8, 0.2}, "mass of rain water per mass of dry air", false};
// From files: a level for each month of the year
inline constexpr FieldSpec<CellInterface> monthly_sea_surface_temperature{
    "monthly_sea_surface_temperature", "tos_months", "K", {200, 350}, "sea surface temperature of each month", false};
// Made by schemes
inline constexpr FieldSpec<CellSurface> surface_temperature{
    "surface_temperature", "ts", "K", {100, 400}, "temperature of the surface under the air"};
inline constexpr FieldSpec<CellSurface> precipitation{
    "precipitation_flux", "pr", "kg m-2 s-1", {0, 1}, "rain of all schemes"};
inline constexpr FieldSpec<CellSurface> large_scale_precipitation{
    "large_scale_precipitation_flux", "prl", "kg m-2 s-1", {0, 1}, "rain of what condenses in whole cells"};
inline constexpr FieldSpec<CellSurface> convective_precipitation{
    "convective_precipitation_flux", "prc", "kg m-2 s-1", {0, 1}, "rain of convection"};
inline constexpr FieldSpec<CellSurface> evaporation{
    "water_evapotranspiration_flux", "evspsbl", "kg m-2 s-1", {-1, 1}, "evaporation of the surface, positive upward"};
inline constexpr FieldSpec<CellSurface> sensible_heat_flux{
    "surface_upward_sensible_heat_flux", "hfss", "W m-2", {-1e5, 1e5}, "turbulent heat flux"};
inline constexpr FieldSpec<CellSurface> latent_heat_flux{
    "surface_upward_latent_heat_flux", "hfls", "W m-2", {-1e5, 1e5}, "evaporation times the latent heat"};
inline constexpr FieldSpec<CellSurface> eastward_stress{
    "surface_downward_eastward_stress", "tauu", "Pa", {-100, 100}, "momentum that the surface takes"};
inline constexpr FieldSpec<CellSurface> northward_stress{
    "surface_downward_northward_stress", "tauv", "Pa", {-100, 100}, "momentum that the surface takes"};
inline constexpr FieldSpec<CellSurface> near_surface_temperature{
    "air_temperature_at_2_m", "tas", "K", {100, 400}, "air temperature near the surface", "air_temperature", 2};
inline constexpr FieldSpec<CellSurface> near_surface_humidity{
    "specific_humidity_at_2_m", "huss", "1", {-1e-8, 1}, "specific humidity near the surface", "specific_humidity", 2};
inline constexpr FieldSpec<CellSurface> near_surface_eastward_wind{
    "eastward_wind_at_10_m", "uas", "m s-1", {-400, 400}, "eastward wind near the surface", "eastward_wind", 10};
inline constexpr FieldSpec<CellSurface> near_surface_northward_wind{
    "northward_wind_at_10_m", "vas", "m s-1", {-400, 400}, "northward wind near the surface", "northward_wind", 10};
inline constexpr Range most_sunlight{0, 1.2e5};  // [W m-2] S0 / (1 - e)^2 of the options of the sun
inline constexpr FieldSpec<CellSurface> incoming_shortwave{"toa_incoming_shortwave_flux", "rsdt", "W m-2",
                                                           most_sunlight, "sunlight at the top"};
inline constexpr FieldSpec<CellSurface> outgoing_shortwave{"toa_outgoing_shortwave_flux", "rsut", "W m-2",
                                                           most_sunlight, "sunlight that leaves"};
inline constexpr FieldSpec<CellSurface> outgoing_longwave{
    "toa_outgoing_longwave_flux", "rlut", "W m-2", {0, 2000}, "thermal radiation that leaves"};
inline constexpr FieldSpec<CellSurface> surface_shortwave_down{"surface_downwelling_shortwave_flux_in_air", "rsds",
                                                               "W m-2", most_sunlight, "sunlight at the surface"};
inline constexpr FieldSpec<CellSurface> surface_shortwave_up{"surface_upwelling_shortwave_flux_in_air", "rsus", "W m-2",
                                                             most_sunlight, "sunlight that the surface reflects"};
inline constexpr FieldSpec<CellSurface> surface_longwave_down{
    "surface_downwelling_longwave_flux_in_air", "rlds", "W m-2", {0, 2000}, "thermal radiation of the air"};
inline constexpr FieldSpec<CellSurface> surface_longwave_up{
    "surface_upwelling_longwave_flux_in_air", "rlus", "W m-2", {0, 2000}, "thermal radiation of the surface"};
// Sums of the tendencies of the physics suite, handed to the dynamics
inline constexpr FieldSpec<Cell> temperature_tendency{"tendency_of_air_temperature",
                                                      "tnt",
                                                      "K s-1",
                                                      {-1, 1},
                                                      "tendency of air temperature by physics",
                                                      "tendency_of_air_temperature_due_to_model_physics",
                                                      0};
inline constexpr FieldSpec<Cell> eastward_wind_tendency{"tendency_of_eastward_wind",
                                                        "tnua",
                                                        "m s-2",
                                                        {-1, 1},
                                                        "tendency of eastward wind by physics",
                                                        "tendency_of_eastward_wind_due_to_parameterized_physics",
                                                        0};
inline constexpr FieldSpec<Cell> northward_wind_tendency{"tendency_of_northward_wind",
                                                         "tnva",
                                                         "m s-2",
                                                         {-1, 1},
                                                         "tendency of northward wind by physics",
                                                         "tendency_of_northward_wind_due_to_parameterized_physics",
                                                         0};
inline constexpr FieldSpec<Cell> atomic_chlorine_tendency{
    "tendency_of_atomic_chlorine_mixing_ratio", "tncl", "s-1", {-1, 1}, "tendency of Cl by chemistry", false};
inline constexpr FieldSpec<Cell> molecular_chlorine_tendency{
    "tendency_of_molecular_chlorine_mixing_ratio", "tncl2", "s-1", {-1, 1}, "tendency of Cl2 by chemistry", false};

inline constexpr FieldSpec<Cell> water_vapour_tendency{"tendency_of_humidity_mixing_ratio",   "tnqv", "s-1", {-1, 1},
                                                       "tendency of water vapour by physics", false};
inline constexpr FieldSpec<Cell> cloud_water_tendency{
    "tendency_of_cloud_liquid_water_mixing_ratio", "tnqc", "s-1", {-1, 1}, "tendency of cloud water by physics", false};
inline constexpr FieldSpec<Cell> rain_water_tendency{"tendency_of_rain_water_mixing_ratio", "tnqr", "s-1", {-1, 1},
                                                     "tendency of rain water by physics",   false};

/// Tracers of the catalog, and the tendencies that physics may give them. Water has weight.
struct Species {
  const FieldSpec<Cell>*mixing_ratio, *tendency;
  bool is_water = false;
};
inline constexpr Species species[] = {{&atomic_chlorine, &atomic_chlorine_tendency},
                                      {&molecular_chlorine, &molecular_chlorine_tendency},
                                      {&water_vapour, &water_vapour_tendency, true},
                                      {&cloud_water, &cloud_water_tendency, true},
                                      {&rain_water, &rain_water_tendency, true}};
/// The species of a mixing ratio, or nullptr.
constexpr const Species* species_of(std::string_view name) {
  for (const Species& known : species) {
    if (known.mixing_ratio->name == name) return &known;
  }
  return nullptr;
}

/// The whole catalog.
inline constexpr FieldInfo all[] = {layer_mass,
                                    theta_mass,
                                    depth,
                                    xwind,
                                    ywind,
                                    surface_geopotential,
                                    coriolis_parameter,
                                    air_temperature,
                                    eastward_wind,
                                    northward_wind,
                                    air_pressure,
                                    geopotential_height,
                                    relative_vorticity,
                                    divergence_of_wind,
                                    specific_humidity,
                                    relative_humidity,
                                    water_vapour_path,
                                    surface_air_pressure,
                                    surface_altitude,
                                    surface_height,
                                    atomic_chlorine,
                                    molecular_chlorine,
                                    water_vapour,
                                    cloud_water,
                                    rain_water,
                                    interface_pressure,
                                    interface_exner,
                                    interface_geopotential,
                                    surface_temperature,
                                    precipitation,
                                    large_scale_precipitation,
                                    convective_precipitation,
                                    evaporation,
                                    sensible_heat_flux,
                                    latent_heat_flux,
                                    eastward_stress,
                                    northward_stress,
                                    near_surface_temperature,
                                    near_surface_humidity,
                                    near_surface_eastward_wind,
                                    near_surface_northward_wind,
                                    incoming_shortwave,
                                    outgoing_shortwave,
                                    outgoing_longwave,
                                    surface_shortwave_down,
                                    surface_shortwave_up,
                                    surface_longwave_down,
                                    surface_longwave_up,
                                    temperature_tendency,
                                    eastward_wind_tendency,
                                    northward_wind_tendency,
                                    atomic_chlorine_tendency,
                                    molecular_chlorine_tendency,
                                    water_vapour_tendency,
                                    cloud_water_tendency,
                                    rain_water_tendency};

}  // namespace field
}  // namespace meridian
