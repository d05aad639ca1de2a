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

/// Functions of longitude and latitude [radians] and pressure [Pa] of an atmosphere in hydrostatic balance.
struct AtmosphereState {
  using Function = std::function<double(double lon, double lat, double p)>;
  using SurfaceFunction = std::function<double(double lon, double lat)>;
  static double zero(double, double, double) { return 0; }
  Function geopotential;            // [m2 s-2]; d geopotential / d ln p = - R temperature
  Function temperature;             // [K] the virtual one where there is water vapour
  Function eastward_wind = zero;    // [m s-1]
  Function northward_wind = zero;   // [m s-1]
  double angle = 0;                 // [radians] tilt of the state against the grid, see Frame
  double noise = 0;                 // [K] largest random temperature, added point by point
  Function specific_humidity = {};  // [1] mass of vapour per mass of moist air; none: dry
  SurfaceFunction ground = {};      // [m2 s-2] where no file gives it; none: geopotential at the reference pressure
};

/// The state of a start file: what it is, is read by io/start_file.cpp and placed by cases/from_file.cpp.
struct FileState {
  double angle = 0;
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
    // Grid wind from wind of the state.
    KOKKOS_INLINE_FUNCTION double eastward(double u, double v) const { return cosine * u - sine * v; }
    KOKKOS_INLINE_FUNCTION double northward(double u, double v) const { return sine * u + cosine * v; }
  };
  KOKKOS_INLINE_FUNCTION Point at(double lon, double lat) const {
    Point point = place(lon, lat);
    if (angle_ == 0) return point;
    // The grid's eastward direction in the axes of the state, times the state's eastward and northward directions.
    const double e_x = -Kokkos::sin(lon) * cosine_;
    const double e_y = Kokkos::cos(lon);
    const double e_z = Kokkos::sin(lon) * sine_;
    point.cosine = -Kokkos::sin(point.lon) * e_x + Kokkos::cos(point.lon) * e_y;
    point.sine = Kokkos::sin(point.lat) * (Kokkos::cos(point.lon) * e_x + Kokkos::sin(point.lon) * e_y) -
                 Kokkos::cos(point.lat) * e_z;
    return point;
  }
  /// The same without the directions.
  KOKKOS_INLINE_FUNCTION Point place(double lon, double lat) const {
    if (angle_ == 0) return {lon, lat};
    const double x = Kokkos::cos(lat) * Kokkos::cos(lon);
    const double y = Kokkos::cos(lat) * Kokkos::sin(lon);
    const double z = Kokkos::sin(lat);
    const double x_state = x * cosine_ + z * sine_;  // axes of the state, turned about the y axis
    const double z_state = z * cosine_ - x * sine_;
    return {Kokkos::atan2(y, x_state), Kokkos::atan2(z_state, Kokkos::hypot(x_state, y))};
  }

 private:
  double angle_, cosine_, sine_;
};

/// Great-circle distance [radians] of two points; the chord form keeps its digits at small distances.
double great_circle_distance(double lon1, double lat1, double lon2, double lat2);
/// Longitude in (-pi, pi].
double centred_longitude(double lon);

inline void visit_angle(OptionVisitor& option, double& angle_degrees) {
  option.real(
      "angle_degrees", angle_degrees, "degrees", {-180, 180},
      "tilt of the state and of the planet's axis against the grid's axis, beside 'planet.rotation_axis_tilt_degrees'");
}

/// Common to states whose only option is the tilt.
struct Tilted {
  double angle_degrees = 0;
  void visit(OptionVisitor& option) { visit_angle(option, angle_degrees); }
};

struct FromFile {
  static constexpr std::string_view name = "file",
                                    meaning = "the state of a NetCDF file on any regular grid and levels",
                                    source = "the file";
  std::string path;
  void visit(OptionVisitor& option) {
    option.text("path", path, "a NetCDF file: looked up beside the case file, here, then in data/",
                "winds, temperature, surface pressure; or winds and depth");
    if (path.empty() && !option.shows_alternatives()) {
      option.problem("name", "'initial.name' is file, but there is no 'initial.path'");
    }
  }
  FileState state(const Planet&) const { return {}; }
};

// Shallow water

struct Williamson1 : Tilted {
  static constexpr std::string_view name = "williamson_1", meaning = "cosine bell carried once round the sphere",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 1";
  ShallowWaterState state(const Planet& planet) const;
};

struct Williamson2 : Tilted {
  static constexpr std::string_view name = "williamson_2", meaning = "steady zonal flow in geostrophic balance",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 2";
  ShallowWaterState state(const Planet& planet) const;
};

struct Williamson5 : Tilted {
  static constexpr std::string_view name = "williamson_5", meaning = "zonal flow over an isolated mountain",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 5";
  ShallowWaterState state(const Planet& planet) const;
};

struct Williamson6 : Tilted {
  static constexpr std::string_view name = "williamson_6", meaning = "Rossby-Haurwitz wave of zonal wavenumber 4",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 6";
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

struct UnsteadyRotation {
  static constexpr std::string_view name = "unsteady_rotation",
                                    meaning = "rotation steady in space, seen from a planet that turns beneath it",
                                    source = "Laeuter, Handorf and Dethloff (2005), J. Comput. Phys. 210, example 3";
  double angle_degrees = 0;
  double flow_angle_degrees = 45;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("flow_angle_degrees", flow_angle_degrees, "degrees", {0, 180},
                "angle between the axes of the flow and of the planet");
  }
  ShallowWaterState state(const Planet& planet) const;
};

struct CrossPolarFlow : Tilted {
  static constexpr std::string_view name = "cross_polar_flow", meaning = "highs and lows that wander over the poles",
                                    source = "McDonald and Bates (1989), Mon. Wea. Rev. 117, 130-137";
  ShallowWaterState state(const Planet& planet) const;
};

/// Common to states whose wind is prescribed over a uniform depth of 1000 m: tracers only are of interest.
struct UniformDepth : Tilted {
  ShallowWaterState state(const Planet& planet) const;
};

struct Rotation : UniformDepth {
  static constexpr std::string_view name = "rotation", meaning = "solid-body rotation, once round in 12 days",
                                    source = "Williamson et al. (1992), J. Comput. Phys. 102, test 1";
  ShallowWaterState state(const Planet& planet) const;
};
struct Deformation1 : UniformDepth {
  static constexpr std::string_view name = "deformation_1", meaning = "prescribed deformation, one vortex",
                                    source = "Nair and Lauritzen (2010), J. Comput. Phys. 229, 8868-8887, case 1";
};
struct Deformation2 : UniformDepth {
  static constexpr std::string_view name = "deformation_2", meaning = "prescribed deformation, two vortices",
                                    source = "Nair and Lauritzen (2010), J. Comput. Phys. 229, 8868-8887, case 2";
};
struct Deformation3 : UniformDepth {
  static constexpr std::string_view name = "deformation_3", meaning = "prescribed divergent deformation and rotation",
                                    source = "Nair and Lauritzen (2010), J. Comput. Phys. 229, 8868-8887, case 3";
};
struct Deformation4 : UniformDepth {
  static constexpr std::string_view name = "deformation_4", meaning = "prescribed deformation and rotation",
                                    source = "Nair and Lauritzen (2010), J. Comput. Phys. 229, 8868-8887, case 4";
};

// Dry atmosphere

/// Common to states whose wind is prescribed in an isothermal atmosphere of 300 K: tracers only are of interest.
struct IsothermalAir : Tilted {
  AtmosphereState state(const Planet& planet) const;
};

struct Dcmip11 : IsothermalAir {
  static constexpr std::string_view name = "dcmip_11", meaning = "prescribed deformation in three dimensions",
                                    source = "Kent, Ullrich and Jablonowski (2014), Q. J. R. Meteorol. Soc. 140, 1-1";
};
struct Dcmip12 : IsothermalAir {
  static constexpr std::string_view name = "dcmip_12", meaning = "prescribed overturning cells",
                                    source = "Kent, Ullrich and Jablonowski (2014), Q. J. R. Meteorol. Soc. 140, 1-2";
};

struct Dcmip13 {
  static constexpr std::string_view name = "dcmip_13",
                                    meaning = "prescribed rotation along surfaces of height, over ridges",
                                    source = "Kent, Ullrich and Jablonowski (2014), Q. J. R. Meteorol. Soc. 140, 1-3";
  double angle_degrees = 30;
  void visit(OptionVisitor& option) { visit_angle(option, angle_degrees); }
  AtmosphereState state(const Planet& planet) const;
};

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
  double specific_humidity = 0;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("perturbation_m_per_s", perturbation_m_per_s, "m s-1", {-50, 50},
                "eastward wind added near 20 E, 40 N below 15 km; 0 for the steady state");
    option.real("specific_humidity", specific_humidity, "1", {0, 0.1},
                "at the ground on the equator; 0.018 in the moist wave of DCMIP 2016, 0 for dry air");
  }
  AtmosphereState state(const Planet& planet) const;
};

struct PolvaniScottThomas {
  static constexpr std::string_view name = "polvani_scott_thomas",
                                    meaning = "one balanced jet in the north; grows a wave that viscosity resolves",
                                    source = "Polvani, Scott and Thomas (2004), Mon. Wea. Rev. 132, 2539-2552";
  double angle_degrees = 0;
  double perturbation_k = 1;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("perturbation_k", perturbation_k, "K", {-50, 50},
                "temperature added near 0 E, 45 N at all heights; 0 for the jet alone");
  }
  AtmosphereState state(const Planet& planet) const;
};

struct TropicalCyclone : Tilted {
  static constexpr std::string_view name = "tropical_cyclone",
                                    meaning = "a weak vortex over a warm sea, with its water vapour",
                                    source = "Reed and Jablonowski (2011), Mon. Wea. Rev. 139, 689-710; DCMIP 2016";
  AtmosphereState state(const Planet& planet) const;
};

struct RossbyHaurwitz : Tilted {
  static constexpr std::string_view name = "rossby_haurwitz",
                                    meaning = "wave of zonal wavenumber 4, the same wind at all heights",
                                    source = "Jablonowski, Lauritzen, Nair and Taylor (2008), NCAR colloquium, test 4";
  AtmosphereState state(const Planet& planet) const;
};

struct MountainRossbyWave {
  static constexpr std::string_view name = "mountain_rossby_wave",
                                    meaning = "balanced zonal flow; a mountain sends out a train of Rossby waves",
                                    source = "Jablonowski, Lauritzen, Nair and Taylor (2008), NCAR colloquium, test 5";
  double angle_degrees = 0;
  double mountain_m = 2000;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("mountain_m", mountain_m, "m", {0, 8000}, "height of the mountain at 90 E, 30 N; 0 for steady flow");
  }
  AtmosphereState state(const Planet& planet) const;
};

struct SchaerRest {
  static constexpr std::string_view name = "schaer_rest", meaning = "rest over a range of steep ridges",
                                    source = "Ullrich et al. (2012), DCMIP test case document, test 2-0-0";
  double angle_degrees = 0;
  double mountain_m = 2000;
  void visit(OptionVisitor& option) {
    visit_angle(option, angle_degrees);
    option.real("mountain_m", mountain_m, "m", {0, 8000}, "height of the highest ridge, at 270 E on the equator");
  }
  AtmosphereState state(const Planet& planet) const;
};

struct Rest {
  static constexpr std::string_view name = "rest", meaning = "no wind; temperature depends on pressure alone",
                                    source =
                                        "exact solution; profiles of Ullrich et al. (2012), DCMIP test case document";
  std::string profile = "isothermal";
  double temperature_k = 0;
  double perturbation_k = 0;
  void visit(OptionVisitor& option) {
    static constexpr std::string_view profiles[] = {"isothermal", "uniform_theta", "standard_atmosphere"};
    option.word(
        "profile", profile, profiles,
        "isothermal: one temperature; uniform_theta: one potential temperature; standard_atmosphere: it falls by 6.5 K "
        "per km to 216.65 K");
    option.real("temperature_k", temperature_k, "K", {0, 400},
                "that of the profile at the reference pressure; 0: 300, 280 K for standard_atmosphere");
    if (temperature_k > 0 && temperature_k < 100) {
      option.problem("temperature_k", "'temperature_k' is below 100 K; it must be 100 to 400 K, or 0 for the default");
    }
    option.real("perturbation_k", perturbation_k, "K", {0, 10},
                "largest random temperature added to each point; the same on any number of ranks");
  }
  AtmosphereState state(const Planet& planet) const;
};

}  // namespace meridian
