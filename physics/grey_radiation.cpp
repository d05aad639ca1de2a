#include "physics/grey_radiation.hpp"

#include <array>
#include <cmath>

#include "grid/loop.hpp"

namespace meridian {

namespace {
constexpr double stefan_boltzmann = 5.670374419e-8;  // [W m-2 K-4]
constexpr double least_co2 = 1, most_co2 = 1e5;      // [1e-6]
}  // namespace

void GreyRadiation::Options::visit(OptionVisitor& option) {
  static constexpr std::array<std::string_view, 3> presets = {"frierson06", "ogorman08", "byrne13"};
  static constexpr std::array<std::string_view, 2> sources = {"linear", "isothermal"};
  option.word("preset", preset, presets, "optical depths; also the defaults of contrast and albedo");
  if (preset != applied_) {
    sun.insolation_contrast = preset == "frierson06" ? 1.4 : 1.2;
    albedo = preset == "frierson06" ? 0.31 : 0.38;
    applied_ = preset;
  }
  option.word("source", source, sources, "emission within a layer: linear in the optical depth, or that of its middle");
  sun.visit(option);
  option.real("albedo", albedo, "1", {0, 1}, "share of the sunlight at the surface that leaves");
  option.flag("ice", ice, "a cold surface has another albedo");
  option.real("ice_albedo", ice_albedo, "1", {0, 1}, "albedo of the frozen surface");
  option.real("ice_below_k", ice_below_k, "K", {150, 350}, "surface temperature below which there is ice");
  option.real("ice_range_k", ice_range_k, "K", {0, 100},
              "below 'ice_below_k': the albedo changes linearly over it; 0: at once");
  option.real("optical_depth_factor", optical_depth_factor, "1", {0, 20}, "alpha of ogorman08");
  option.real("co2_ppm", co2_ppm, "1e-6", {least_co2, most_co2}, "carbon dioxide of byrne13 at the start of the run");
  option.real("co2_percent_per_year", co2_percent_per_year, "1", {-50, 50}, "its growth, compounded");
  option.real("emissivity", emissivity, "1", {0, 1}, "of the surface");
}

double GreyRadiation::Options::co2_at(double elapsed_s) const {
  const double co2 = co2_ppm * std::pow(1 + co2_percent_per_year / 100, elapsed_s / (365 * seconds_per_day));
  require(co2 >= least_co2 && co2 <= most_co2, ExitCode::numerical, "Scheme 'grey_radiation': carbon dioxide is ", co2,
          " ppm after ", elapsed_s / (365 * seconds_per_day),
          " years of 'co2_percent_per_year' = ", co2_percent_per_year, "; allowed is ", least_co2, " to ", most_co2,
          ". Make the run shorter or the growth smaller.");
  return co2;
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
struct Work {
  Field<Cell> down, up, transmission, emission;  // fluxes at interfaces, of layers
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
    const double share = Kokkos::fmin(1.0, Kokkos::fmax(0.0, (freezing - ts) * per_kelvin));
    return water + share * (ice - water);
  }
};

/// 25 words a cell; rsdt is read.
template <bool isothermal>
void radiate(const Grid& grid, const MoistAir& air, const GreyOptics& optics, const SurfaceAlbedo& surface,
             double emissivity, const Air& s, const Work& work, const Fluxes& out, const Field<Cell>& dT_dt) {
  const int n_k = grid.n_levels();
  const Metrics metrics = grid.metrics;
  const double per_p0 = 1 / air.p0;
  const double g_over_cp = air.g / air.cp;
  march_down_up(
      "physics/grey_radiation", grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) {
        const double sine2 = metrics.sin_at_cell(j) * metrics.sin_at_cell(j);
        const double top = s.p(k, j, i), bottom = s.p(k + 1, j, i);
        const double per_ps = optics.by_surface_pressure ? 1 / double(s.p(n_k, j, i)) : per_p0;
        const double tau = optics.depth(bottom * per_ps, sine2) - optics.depth(top * per_ps, sine2) +
                           (optics.constant + optics.vapour * s.q(k, j, i)) * (bottom - top) * per_p0;
        // Temperature of interfaces, linear in ln p between layers and on to the ground; the top has that of its layer.
        const double T = s.T(k, j, i);
        double T_top = T, T_bottom = T;
        if constexpr (!isothermal) {
          const int a = k == 0 ? 0 : k - 1, b = k == n_k - 1 ? k : k + 1, c = k == n_k - 1 ? a : k;
          const double here = s.p_middle(k, j, i);
          const double p_above = k == 0 ? 0.5 * here : double(s.p_middle(a, j, i));
          const double lower = n_k == 1 ? 2 * here : double(s.p_middle(b, j, i));
          const double upper = n_k == 1 ? here : double(s.p_middle(c, j, i));
          T_top += elementary::log(here / (k == 0 ? here : top)) / elementary::log(here / p_above) * (s.T(a, j, i) - T);
          T_bottom += elementary::log(bottom / here) / elementary::log(lower / upper) * (s.T(b, j, i) - s.T(c, j, i));
        }
        const double B_top = emission_at(T_top), B_bottom = emission_at(T_bottom);
        const bool thick = tau > 1e-3;
        const double through = thick ? elementary::exp(-tau) : 1 - tau;
        const double slope = (B_bottom - B_top) / (thick ? tau : 1.0), thin = tau * (B_top + B_bottom) / 2;
        const double up = thick ? B_top + slope - through * (B_bottom + slope) : thin;
        const double down = thick ? B_bottom - slope - through * (B_top - slope) : thin;
        work.transmission(k, j, i) = static_cast<Real>(through);
        work.emission(k, j, i) = static_cast<Real>(up);
        if (k == 0) work.down(0, j, i) = 0;
        work.down(k + 1, j, i) = static_cast<Real>(through * work.down(k, j, i) + down);
      },
      KOKKOS_LAMBDA(int k, int j, int i) {
        // The top layer absorbs what the air above it would.
        const double ps = s.p(n_k, j, i), s_top = k == 0 ? 0.0 : s.p(k, j, i) / ps, s_bottom = s.p(k + 1, j, i) / ps;
        const double sun = out.rsdt(0, j, i);
        if (k == n_k - 1) {
          const double down = work.down(n_k, j, i);
          const double up = emissivity * emission_at(s.ts(0, j, i)) + (1 - emissivity) * down;
          const double albedo = surface.at(s.ts(0, j, i));
          const double at_surface = sun * elementary::exp(-optics.shortwave);
          work.up(n_k, j, i) = static_cast<Real>(up);
          out.rlds(0, j, i) = static_cast<Real>(down);
          out.rlus(0, j, i) = static_cast<Real>(up);
          out.rsds(0, j, i) = static_cast<Real>(at_surface);
          out.rsus(0, j, i) = static_cast<Real>(albedo * at_surface);
          out.rsut(0, j, i) = static_cast<Real>(albedo * at_surface);
        }
        const double up_below = work.up(k + 1, j, i);
        const double up = work.transmission(k, j, i) * up_below + work.emission(k, j, i);
        work.up(k, j, i) = static_cast<Real>(up);
        if (k == 0) out.rlut(0, j, i) = static_cast<Real>(up);
        const double sunlight = optics.shortwave == 0
                                    ? 0.0
                                    : sun * (elementary::exp(-optics.shortwave * s_top * s_top) -
                                             elementary::exp(-optics.shortwave * s_bottom * s_bottom));
        const double absorbed = (up_below - up) + (work.down(k, j, i) - work.down(k + 1, j, i)) + sunlight;
        dT_dt(k, j, i) += static_cast<Real>(g_over_cp * absorbed / s.mass(k, j, i));
      });
}

}  // namespace

void GreyRadiation::run(Columns& columns, double dt) const {
  const Air air{columns.read(field::interface_pressure), columns.read(field::air_pressure),
                columns.read(field::layer_mass),         columns.read(field::water_vapour),
                columns.read(field::air_temperature),    columns.read(field::surface_temperature)};
  const Work work{columns.scratch(0), columns.scratch(1), columns.scratch(2), columns.scratch(3)};
  const Fluxes out{columns.write(field::incoming_shortwave),   columns.write(field::outgoing_shortwave),
                   columns.write(field::outgoing_longwave),    columns.write(field::surface_shortwave_down),
                   columns.write(field::surface_shortwave_up), columns.write(field::surface_longwave_down),
                   columns.write(field::surface_longwave_up)};
  const auto dT_dt = columns.tendency(field::air_temperature);
  fill_sunlight(columns.grid(), sun_during(options.sun, columns.begin(), dt), out.rsdt);
  const GreyOptics optics(options, options.co2_at(columns.begin().elapsed_s));
  const SurfaceAlbedo surface(options);
  if (options.source == "isothermal") {
    radiate<true>(columns.grid(), columns.air(), optics, surface, options.emissivity, air, work, out, dT_dt);
  } else {
    radiate<false>(columns.grid(), columns.air(), optics, surface, options.emissivity, air, work, out, dT_dt);
  }
}

}  // namespace meridian
