#pragma once
// The initial states and their options: one struct each. state(planet) makes its point functions, which tests can call.
// A new state: a struct here, its functions in the family's .cpp, one line in the table of initial_state.cpp.

#include <functional>
#include <string>
#include <string_view>

#include "grid/planet.hpp"

namespace meridian {

/// Functions of longitude and latitude [radians] of a shallow-water state.
struct ShallowWaterState {
  using Function = std::function<double(double lon, double lat)>;
  static double zero(double, double) { return 0; }
  Function free_surface;           // [m] height of the free surface: depth plus ground
  Function ground = zero;          // [m] height of the ground, where no file gives it
  Function eastward_wind = zero;   // [m s-1]
  Function northward_wind = zero;  // [m s-1]
  double angle = 0;                // [radians] tilt of the state against the grid, see Frame
};

/// Functions of longitude and latitude [radians] and pressure [Pa] of a dry atmosphere in hydrostatic balance.
struct AtmosphereState {
  using Function = std::function<double(double lon, double lat, double p)>;
  static double zero(double, double, double) { return 0; }
  Function geopotential;           // [m2 s-2]; d geopotential / d ln p = - R temperature
  Function temperature;            // [K]
  Function eastward_wind = zero;   // [m s-1]
  Function northward_wind = zero;  // [m s-1]
  double angle = 0;                // [radians] tilt of the state against the grid, see Frame
  double noise = 0;                // [K] largest random temperature, added point by point
};

/// The frame of a state whose axis of rotation is tilted against the grid's by an angle, about the point at longitude
/// 270, latitude 0 (Williamson et al. 1992, J. Comput. Phys. 102, section 3.1). The planet turns about the tilted axis.
class Frame {
 public:
  explicit Frame(double angle);

  /// A point of the grid, seen from the state: place and components of wind.
  struct Point {
    double lon, lat;              // [radians] in the frame of the state
    double cosine = 1, sine = 0;  // of the angle between the two eastward directions
    double eastward(double u, double v) const { return cosine * u - sine * v; }  // grid wind from wind of the state
    double northward(double u, double v) const { return sine * u + cosine * v; }
  };
  Point at(double lon, double lat) const;

 private:
  double angle_, cosine_, sine_;
};

/// Great-circle distance [radians] of two points; the chord form keeps its digits at small distances.
double great_circle_distance(double lon1, double lat1, double lon2, double lat2);
/// Longitude in (-pi, pi].
double centred_longitude(double lon);

inline void visit_angle(OptionVisitor& option, double& angle_degrees) {
  option.real("angle_degrees", angle_degrees, "degrees", {-180, 180},
              "tilt of the state and of the planet's axis against the grid's axis");
}

// Shallow water

struct Williamson1 {
  static constexpr std::string_view name = "williamson_1", meaning = "cosine bell carried once round the sphere",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 1";
  double angle_degrees = 0;
  void visit(OptionVisitor& option) { visit_angle(option, angle_degrees); }
  ShallowWaterState state(const Planet& planet) const;
};

struct Williamson2 {
  static constexpr std::string_view name = "williamson_2", meaning = "steady zonal flow in geostrophic balance",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 2";
  double angle_degrees = 0;
  void visit(OptionVisitor& option) { visit_angle(option, angle_degrees); }
  ShallowWaterState state(const Planet& planet) const;
};

struct Williamson5 {
  static constexpr std::string_view name = "williamson_5", meaning = "zonal flow over an isolated mountain",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 5";
  double angle_degrees = 0;
  void visit(OptionVisitor& option) { visit_angle(option, angle_degrees); }
  ShallowWaterState state(const Planet& planet) const;
};

struct Williamson6 {
  static constexpr std::string_view name = "williamson_6", meaning = "Rossby-Haurwitz wave of zonal wavenumber 4",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 6";
  double angle_degrees = 0;
  void visit(OptionVisitor& option) { visit_angle(option, angle_degrees); }
  ShallowWaterState state(const Planet& planet) const;
};

struct Galewsky {
  static constexpr std::string_view name = "galewsky", meaning = "narrow balanced jet that breaks up into vortices",
                                    source = "Galewsky, Scott and Polvani (2004), Tellus 56A, 429-440";
  double angle_degrees = 0;
  double perturbation_m = 120;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("perturbation_m", perturbation_m, "m", {-5000, 5000},
                "height of the bump that starts the instability; 0 for the balanced jet");
  }
  ShallowWaterState state(const Planet& planet) const;
};

// Dry atmosphere

struct JablonowskiWilliamson {
  static constexpr std::string_view name = "jablonowski_williamson",
                                    meaning = "balanced mid-latitude jets; a disturbed one grows a baroclinic wave",
                                    source =
                                        "Jablonowski and Williamson (2006), Q. J. R. Meteorol. Soc. 132, 2943-2975";
  double angle_degrees = 0;
  double perturbation_m_per_s = 1;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("perturbation_m_per_s", perturbation_m_per_s, "m s-1", {-50, 50},
                "eastward wind added near 20 E, 40 N; 0 for the steady state");
  }
  AtmosphereState state(const Planet& planet) const;
};

struct Ullrich {
  static constexpr std::string_view name = "ullrich",
                                    meaning = "balanced jets over flat ground; grow a baroclinic wave",
                                    source = "Ullrich et al. (2014), Q. J. R. Meteorol. Soc. 140, 1590-1602";
  double angle_degrees = 0;
  double perturbation_m_per_s = 1;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("perturbation_m_per_s", perturbation_m_per_s, "m s-1", {-50, 50},
                "eastward wind added near 20 E, 40 N below 15 km; 0 for the steady state");
  }
  AtmosphereState state(const Planet& planet) const;
};

struct Rest {
  static constexpr std::string_view name = "rest", meaning = "no wind; temperature depends on pressure alone",
                                    source =
                                        "exact solution; profiles of Ullrich et al. (2012), DCMIP test case document";
  std::string profile = "isothermal";
  double perturbation_k = 0;
  void visit(OptionVisitor& option) {
    static constexpr std::string_view profiles[] = {"isothermal", "uniform_theta", "standard_atmosphere"};
    option.word("profile", profile, profiles,
                "temperature 300 K, potential temperature 300 K, or 280 K at the reference pressure falling "
                "by 6.5 K per "
                "km to 216.65 K");
    option.real("perturbation_k", perturbation_k, "K", {0, 10},
                "largest random temperature added to each point; the same on any number of ranks");
  }
  AtmosphereState state(const Planet& planet) const;
};

}  // namespace meridian
