#pragma once
// A state on the points of a regular latitude-longitude grid: what a start file holds.

#include <array>
#include <vector>

namespace meridian {

/// Values at (level * n_lat + j) * n_lon + i; latitudes northward, longitudes eastward within one turn, levels from the
/// top. Of an atmosphere: winds, virtual temperature, humidity, surface pressure; of shallow water: winds and depth or free
/// surface. What the file does not have is empty.
struct GriddedState {
  std::vector<double> lon, lat;                       // [radians]
  std::vector<double> ap, b;                          // [Pa], [1]: pressure of a level is ap + b ps
  std::vector<double> ap_half, b_half;                // the same of the edges of layers, where the levels are layers
  std::vector<double> eastward_wind, northward_wind;  // [m s-1]
  std::vector<double> virtual_temperature;            // [K]
  std::vector<double> specific_humidity;              // [1], not negative
  std::vector<double> surface_pressure;               // [Pa]
  std::vector<double> surface_altitude;               // [m]
  std::vector<double> depth, free_surface;            // [m]

  std::array<std::vector<double>*, 14> arrays() {
    return {&lon,
            &lat,
            &ap,
            &b,
            &ap_half,
            &b_half,
            &eastward_wind,
            &northward_wind,
            &depth,
            &free_surface,
            &virtual_temperature,
            &specific_humidity,
            &surface_pressure,
            &surface_altitude};
  }
};

}  // namespace meridian
