#include "physics/grey_radiation.hpp"

#include <array>
#include <cmath>

#include "grid/loop.hpp"

namespace meridian {

namespace {
constexpr double stefan_boltzmann = 5.670374419e-8;  // [W m-2 K-4]
// [1e-6]. Below 2.2 the optical depth of dry air would be negative; growth may go on to twice the largest start.
constexpr double least_co2 = 10, most_co2 = 1e5;
}  // namespace

void GreyRadiation::Options::visit(OptionVisitor& option) {
  static constexpr std::array<std::string_view, 3> presets = {"frierson06", "ogorman08", "byrne13"};
  static constexpr std::array<std::string_view, 2> sources = {"linear", "isothermal"};
  option.word("preset", preset, presets,
              "optical depths: frierson06, ogorman08: fixed over latitude and pressure; byrne13: of vapour and "
              "co2_ppm; also the "
              "defaults of contrast and albedo");
  if (preset != applied_) {
    sun.insolation_contrast = sun.usual_contrast = preset == "frierson06" ? 1.4 : 1.2;
    albedo = preset == "frierson06" ? 0.31 : 0.38;
    applied_ = preset;
  }
  option.word("source", source, sources,
              "emission within a layer: linear: in the optical depth; isothermal: that of its middle");
  sun.visit(option);
  option.real("albedo", albedo, "1", {0, 1}, "share of the sunlight at the surface that leaves");
  option.flag("ice", ice, "a cold surface has another albedo");
  option.real("ice_albedo", ice_albedo, "1", {0, 1}, "albedo of the frozen surface");
  option.real("ice_below_k", ice_below_k, "K", {150, 350}, "surface temperature below which there is ice");
  option.real("ice_range_k", ice_range_k, "K", {0, 100},
              "below 'ice_below_k': the albedo changes linearly over it; 0: at once");
  option.real("optical_depth_factor", optical_depth_factor, "1", {0, 20}, "alpha of ogorman08");
  option.real("co2_ppm", co2_ppm, "ppm", {least_co2, most_co2 / 2},
              "carbon dioxide of byrne13 at the start of the run");
  option.real("co2_percent_per_year", co2_percent_per_year, "1", {-50, 50}, "its growth, compounded");
  option.real("emissivity", emissivity, "1", {0, 1}, "of the surface");

  const Options defaults;  // what has its default passes: a resolved case names everything
  if (preset != "byrne13" && co2_ppm != defaults.co2_ppm) option.no_effect("co2_ppm", "preset: byrne13");
  if (preset != "byrne13" && co2_percent_per_year != 0) option.no_effect("co2_percent_per_year", "preset: byrne13");
  if (preset != "ogorman08" && optical_depth_factor != 1) option.no_effect("optical_depth_factor", "preset: ogorman08");
  if (!ice && !option.given("ice")) {
    if (ice_albedo != defaults.ice_albedo) option.no_effect("ice_albedo", "ice: true");
    if (ice_below_k != defaults.ice_below_k) option.no_effect("ice_below_k", "ice: true");
    if (ice_range_k != defaults.ice_range_k) option.no_effect("ice_range_k", "ice: true");
  }
}

double GreyRadiation::Options::co2_at(double elapsed_s) const {
  return co2_ppm * std::pow(1 + co2_percent_per_year / 100, elapsed_s / (365 * seconds_per_day));
}

void GreyRadiation::require_length(double run_s) const {
  const double co2 = options.co2_at(run_s);
  require(options.preset != "byrne13" || (co2 >= least_co2 && co2 <= most_co2), ExitCode::configuration,
          "'co2_percent_per_year' = ", options.co2_percent_per_year, " makes ", co2, " ppm of carbon dioxide of ",
          options.co2_ppm, " in the ", run_s / (365 * seconds_per_day), " years of this run; allowed is ", least_co2,
          " to ", most_co2, ". Make the run shorter or the growth smaller.");
}

GreyOptics::GreyOptics(const GreyRadiation::Options& options, double co2_ppm)
    : tau_equator(6), tau_pole(1.5), linear(0.1), constant(0), vapour(0), shortwave(0), by_surface_pressure(false) {
  if (options.preset == "frierson06") return;
  shortwave = 0.22;
  if (options.preset == "ogorman08") {
    tau_equator = 7.2 * options.optical_depth_factor;
    tau_pole = 1.8 * options.optical_depth_factor;
    linear = 0.2;
    by_surface_pressure = true;
  } else {
    tau_equator = tau_pole = 0;
    constant = 0.8678 + 0.17 * std::log(co2_ppm / 360);
    vapour = 1997.9;
  }
}

namespace {

struct Air {
  ConstField<CellInterface> p;
  ConstField<Cell> p_middle, mass, q, T;
  ConstField<CellSurface> ts;
};
struct Fluxes {
  Field<CellSurface> rsdt, rsut, rlut, rsds, rsus, rlds, rlus;
};
/// Fluxes at interfaces and their parts of layers; ln(p / p0) of both, and the sunlight of interfaces over that of the top.
struct Work {
  Field<Cell> down, up, transmission, emission, log_middle, log_interface, sun;
};

KOKKOS_FORCEINLINE_FUNCTION double emission_at(double T) { return stefan_boltzmann * (T * T) * (T * T); }

/// Albedo of a surface: open water and ice.
struct SurfaceAlbedo {
  double water, ice, freezing, per_kelvin;
  explicit SurfaceAlbedo(const GreyRadiation::Options& options)
      : water(options.albedo),
        ice(options.ice ? options.ice_albedo : options.albedo),
        freezing(options.ice_below_k),
        per_kelvin(options.ice_range_k > 0 ? 1 / options.ice_range_k : 1e300) {}
  KOKKOS_FORCEINLINE_FUNCTION double at(double ts) const {
    const double share = (freezing - ts) * per_kelvin, some = share > 0 ? share : 0.0;
    return water + (some < 1 ? some : 1.0) * (ice - water);
  }
};

/// What is done at one level of one column; rsdt is read.
template <bool isothermal>
struct Transfer {
  Metrics metrics;
  GreyOptics optics;
  SurfaceAlbedo surface;
  Air s;
  Work work;
  Fluxes out;
  Field<Cell> dT_dt;
  int n_k;
  double emissivity, p0, per_p0, g_over_cp;
  double by_surface;  // 1: optical depths follow p / ps, 0: p / p0

  KOKKOS_FORCEINLINE_FUNCTION void begin(int j, int i) const {
    work.down(0, j, i) = 0;
    work.log_interface(0, j, i) = static_cast<Real>(elementary::log(s.p_middle(0, j, i) * per_p0));  // see T_top
    work.sun(0, j, i) = 1;  // the top layer absorbs what the air above it would
  }
  KOKKOS_FORCEINLINE_FUNCTION void prepare(int k, int j, int i) const {
    const double bottom = s.p(k + 1, j, i), sigma = bottom / s.p(n_k, j, i);
    work.log_middle(k, j, i) = static_cast<Real>(elementary::log(s.p_middle(k, j, i) * per_p0));
    work.log_interface(k + 1, j, i) = static_cast<Real>(elementary::log(bottom * per_p0));
    work.sun(k + 1, j, i) = static_cast<Real>(elementary::exp(-optics.shortwave * sigma * sigma));
  }
  /// Layer k. a: that above it; b and c: two neighbours about its lower interface, or the nearest two.
  KOKKOS_FORCEINLINE_FUNCTION void descend(int k, int a, int b, int c, int j, int i) const {
    const double sine2 = metrics.sin_at_cell(j) * metrics.sin_at_cell(j);
    const double top = s.p(k, j, i), bottom = s.p(k + 1, j, i), ps = s.p(n_k, j, i);
    const double per_ps = 1 / (by_surface * ps + (1 - by_surface) * p0);
    const double ratio = s.q(k, j, i), specific = ratio / (1 + ratio);
    const double tau = optics.depth(bottom * per_ps, sine2) - optics.depth(top * per_ps, sine2) +
                       (optics.constant + optics.vapour * specific) * (bottom - top) * per_p0;
    // Temperature of interfaces, linear in ln p between layers and on to the ground; the top has that of its layer.
    const double T = s.T(k, j, i);
    double T_top = T, T_bottom = T;
    if constexpr (!isothermal) {
      const double here = work.log_middle(k, j, i), from_above = here - work.log_middle(a, j, i);
      const double across = double(work.log_middle(b, j, i)) - work.log_middle(c, j, i);
      const double up = (here - work.log_interface(k, j, i)) / (from_above + (k == 0));
      const double down = (work.log_interface(k + 1, j, i) - here) / (across + (n_k == 1));
      T_top += up * (s.T(a, j, i) - T);
      T_bottom += down * (s.T(b, j, i) - s.T(c, j, i));
    }
    const double B_top = emission_at(T_top), B_bottom = emission_at(T_bottom);
    const double exact = elementary::exp(-tau),
                 thick = tau > 1e-3 ? 1.0 : 0.0;  // as a number: branches stop vectorisation
    const double through = thick * exact + (1 - thick) * (1 - tau);
    const double mean =
        thick * (1 - exact) / (tau + (1 - thick)) + (1 - thick) * (1 - tau / 2);  // of exp(-x), x to tau
    const double up = (B_top - through * B_bottom) + (B_bottom - B_top) * mean;
    const double down = (B_bottom - through * B_top) - (B_bottom - B_top) * mean;
    work.transmission(k, j, i) = static_cast<Real>(through);
    work.emission(k, j, i) = static_cast<Real>(up);
    work.down(k + 1, j, i) = static_cast<Real>(through * work.down(k, j, i) + down);
  }
  KOKKOS_FORCEINLINE_FUNCTION void reflect(int j, int i) const {
    const double down = work.down(n_k, j, i), ts = s.ts(0, j, i);
    const double up = emissivity * emission_at(ts) + (1 - emissivity) * down;
    const double at_surface = out.rsdt(0, j, i) * work.sun(n_k, j, i), reflected = surface.at(ts) * at_surface;
    work.up(n_k, j, i) = static_cast<Real>(up);
    out.rlds(0, j, i) = static_cast<Real>(down);
    out.rlus(0, j, i) = static_cast<Real>(up);
    out.rsds(0, j, i) = static_cast<Real>(at_surface);
    out.rsus(0, j, i) = static_cast<Real>(reflected);
    out.rsut(0, j, i) = static_cast<Real>(reflected);
  }
  KOKKOS_FORCEINLINE_FUNCTION void ascend(int k, int j, int i) const {
    const double up_below = work.up(k + 1, j, i);
    const double up = work.transmission(k, j, i) * up_below + work.emission(k, j, i);
    work.up(k, j, i) = static_cast<Real>(up);
    const double sunlight = out.rsdt(0, j, i) * (double(work.sun(k, j, i)) - work.sun(k + 1, j, i));
    const double absorbed = (up_below - up) + (work.down(k, j, i) - work.down(k + 1, j, i)) + sunlight;
    dT_dt(k, j, i) += static_cast<Real>(g_over_cp * absorbed / s.mass(k, j, i));
  }
};

template <bool isothermal>
void radiate(const Box& cells, const Transfer<isothermal>& c) {
  const int last = cells.k_end - 1, second = last > 0 ? 1 : 0;
  Box top = cells, inside = cells, bottom = cells;
  top.k_end = inside.k_begin = 1;
  inside.k_end = last;
  bottom.k_begin = last > 0 ? last : 1;
  const double share = 1.0 / cells.k_end;  // of a value of the column
  for_each_column_in_passes(
      {"physics/grey_radiation", 2 + (isothermal ? 3 : 5) + 6 + 29 * share, 3 + 3 + 2 + 10 * share}, cells,  //
      downward(
          top, KOKKOS_LAMBDA(int, int j, int i) { c.begin(j, i); }),
      downward(
          cells, KOKKOS_LAMBDA(int k, int j, int i) { c.prepare(k, j, i); }),
      downward(
          top, KOKKOS_LAMBDA(int, int j, int i) { c.descend(0, 0, second, 0, j, i); }),
      downward(
          inside, KOKKOS_LAMBDA(int k, int j, int i) { c.descend(k, k - 1, k + 1, k, j, i); }),
      downward(
          bottom, KOKKOS_LAMBDA(int k, int j, int i) { c.descend(k, k - 1, k, k - 1, j, i); }),
      downward(
          top, KOKKOS_LAMBDA(int, int j, int i) { c.reflect(j, i); }),
      upward(
          cells, KOKKOS_LAMBDA(int k, int j, int i) { c.ascend(k, j, i); }),
      downward(top, KOKKOS_LAMBDA(int, int j, int i) { c.out.rlut(0, j, i) = c.work.up(0, j, i); }));
}

}  // namespace

void GreyRadiation::run(Columns& columns, double dt) const {
  const Air air{columns.read(field::interface_pressure), columns.read(field::air_pressure),
                columns.read(field::layer_mass),         columns.read(field::water_vapour),
                columns.read(field::air_temperature),    columns.read(field::surface_temperature)};
  const Work work{columns.scratch(0), columns.scratch(1), columns.scratch(2), columns.scratch(3),
                  columns.scratch(4), columns.scratch(5), columns.scratch(6)};
  const Fluxes out{columns.write(field::incoming_shortwave),   columns.write(field::outgoing_shortwave),
                   columns.write(field::outgoing_longwave),    columns.write(field::surface_shortwave_down),
                   columns.write(field::surface_shortwave_up), columns.write(field::surface_longwave_down),
                   columns.write(field::surface_longwave_up)};
  const Grid& grid = columns.grid();
  fill_sunlight(grid, sun_during(options.sun, columns.begin(), dt), out.rsdt);
  const GreyOptics optics(options, options.co2_at(columns.begin().elapsed_s));
  const auto with = [&]<bool isothermal>(std::bool_constant<isothermal>) {
    radiate(columns.cells(),
            Transfer<isothermal>{grid.metrics, optics, SurfaceAlbedo(options), air, work, out,
                                 columns.tendency(field::air_temperature), grid.n_levels(), options.emissivity,
                                 columns.air().p0, 1 / columns.air().p0, columns.air().g / columns.air().cp,
                                 optics.by_surface_pressure ? 1.0 : 0.0});
  };
  if (options.source == "isothermal") {
    with(std::true_type());
  } else {
    with(std::false_type());
  }
}

}  // namespace meridian
