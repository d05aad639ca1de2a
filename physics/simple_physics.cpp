#include "physics/simple_physics.hpp"

#include <array>

#include "grid/loop.hpp"
#include "physics/diffusion.hpp"
#include "physics/surface_exchange.hpp"

namespace meridian {

void BulkSurfaceFluxes::Options::visit(OptionVisitor& option) {
  option.real("heat_coefficient", heat_coefficient, "1", {0, 0.1}, "exchange coefficient of sensible heat");
  option.real("vapour_coefficient", vapour_coefficient, "1", {0, 0.1}, "exchange coefficient of vapour");
  option.flag("drag", drag, "the surface takes momentum");
}

void SimpleBoundaryLayer::Options::visit(OptionVisitor& option) {
  static constexpr std::array<std::string_view, 2> profiles = {"pressure", "depth_1km"};
  option.word("profile", profile, profiles, "pressure: mixing fades above 850 hPa; depth_1km: it ends at 1 km");
  option.real("vapour_coefficient", vapour_coefficient, "1", {0, 0.1},
              "surface exchange coefficient that scales the mixing of heat and vapour");
  option.flag("momentum", momentum, "wind is mixed, too");
}

namespace {

struct Air {
  ConstField<Cell> T, q, u, v, mass;
  ConstField<CellInterface> p;
  int last;  // the lowest layer

  KOKKOS_FORCEINLINE_FUNCTION double speed(int j, int i) const {
    return Kokkos::sqrt(double(u(last, j, i)) * u(last, j, i) + double(v(last, j, i)) * v(last, j, i));
  }
  KOKKOS_FORCEINLINE_FUNCTION double virtual_temperature(const MoistAir& air, int k, int j, int i) const {
    return T(k, j, i) * (1 + (1 / air.epsilon - 1) * q(k, j, i));
  }
  /// Height [m] of the middle of the lowest layer.
  KOKKOS_FORCEINLINE_FUNCTION double height(const MoistAir& air, int j, int i) const {
    return air.R * virtual_temperature(air, last, j, i) / air.g *
           elementary::log(double(p(last + 1, j, i)) / p(last, j, i)) / 2;
  }
};

Air air_of(const Columns& columns) {
  return {columns.read(field::air_temperature), columns.read(field::water_vapour),
          columns.read(field::eastward_wind),   columns.read(field::northward_wind),
          columns.read(field::layer_mass),      columns.read(field::interface_pressure),
          columns.grid().n_levels() - 1};
}

void exchange_with_surface(const Box& surface, const MoistAir& moist, const Air& air,
                           const BulkSurfaceFluxes::Options& options, const ConstField<CellSurface>& ts, double dt,
                           const SurfaceExchange& out, const NearSurface& near) {
  const double heat = options.heat_coefficient, vapour = options.vapour_coefficient, drags = options.drag ? 1 : 0;
  const int k = air.last;
  for_each(
      {"physics/bulk_surface_fluxes", 12, 13}, surface, KOKKOS_LAMBDA(int, int j, int i) {
        const double speed = air.speed(j, i), height = air.height(moist, j, i), per_height = speed * dt / height;
        const auto share = [&](double c) { return c * per_height / (1 + c * per_height) / dt; };  // [s-1]
        const double C = drag_coefficient(speed), drag = drags * share(C);
        const double q_surface = moist.saturated(ts(0, j, i), air.p(k + 1, j, i)).q;
        const double mass = air.mass(k, j, i) / moist.g;                      // [kg m-2]
        const double warming = share(heat) * (ts(0, j, i) - air.T(k, j, i));  // [K s-1]
        const double wetting = share(vapour) * (q_surface - air.q(k, j, i));  // [s-1]
        const double u = air.u(k, j, i), v = air.v(k, j, i);
        out.give(moist, k, j, i, mass, warming, wetting, drag * u, drag * v, 0);
        const double slope = Kokkos::sqrt(C) / 0.4;
        near.give(j, i, ts(0, j, i), air.T(k, j, i), logarithmic_profile(NearSurface::height, height, slope * heat / C),
                  q_surface, air.q(k, j, i), logarithmic_profile(NearSurface::height, height, slope * vapour / C), u, v,
                  logarithmic_profile(NearSurface::height_of_wind, height, slope));
      });
}

/// Weights of the diffusion at interfaces: of the wind and of the rest.
void compute_weights(const Box& cells, const MoistAir& moist, const Air& air, bool by_depth, double vapour_coefficient,
                     const ConstField<CellInterface>& phi, const ConstField<Cell>& p_middle, double dt,
                     const Field<Cell>& of_wind, const Field<Cell>& of_rest) {
  const int last = air.last;
  Box interfaces = cells;
  ++interfaces.k_end;
  for_each(
      {"physics/simple_boundary_layer_weights", by_depth ? 5.0 : 4.0, 2}, interfaces,
      KOKKOS_LAMBDA(int k, int j, int i) {
        if (k == 0 || k > last) {
          of_wind(k, j, i) = of_rest(k, j, i) = 0;
          return;
        }
        const double p = air.p(k, j, i), speed = air.speed(j, i);
        double drag = drag_coefficient(speed), rest = vapour_coefficient, shape = 0;
        if (by_depth) {
          const double z = (phi(k, j, i) - phi(last + 1, j, i)) / moist.g, x = 1 - z / 1000;
          shape = x > 0 ? 0.4 * speed * z * x * x : 0;
          drag = Kokkos::sqrt(drag);
          rest = Kokkos::sqrt(rest);
        } else {
          const double above = (85000 - p) / 10000;
          shape = speed * air.height(moist, j, i) * (above > 0 ? elementary::exp(-above * above) : 1.0);
        }
        const double Tv = 0.5 * (air.virtual_temperature(moist, k - 1, j, i) + air.virtual_temperature(moist, k, j, i));
        const double weight = moist.g * p / (moist.R * Tv);  // g rho [kg m-2 s-2]
        const double common = dt * weight * weight * shape / (p_middle(k, j, i) - p_middle(k - 1, j, i));
        of_wind(k, j, i) = static_cast<Real>(drag * common);
        of_rest(k, j, i) = static_cast<Real>(rest * common);
      });
}

void mix_wind(const Box& cells, const Air& air, const ConstField<Cell>& weights, const DiffusionWork<2>& work,
              Real per_dt, const Field<Cell>& du, const Field<Cell>& dv) {
  const Air s = air;
  diffuse<2>(
      {"physics/simple_boundary_layer_wind", 2 * 2 + 2, 2}, cells, s.mass, weights, work,
      KOKKOS_LAMBDA(int m, int k, int j, int i) { return m == 0 ? s.u(k, j, i) : s.v(k, j, i); },
      KOKKOS_LAMBDA(int m, int k, int j, int i, Real change) { (m == 0 ? du : dv)(k, j, i) += change * per_dt; });
}

/// Potential temperature, as T / (p / p0)^kappa of the layer, and vapour.
void mix_heat_and_vapour(const Box& cells, const MoistAir& moist, const Air& air, const ConstField<Cell>& p,
                         const Field<Cell>& exner, const ConstField<Cell>& weights, const DiffusionWork<2>& work,
                         Real per_dt, const Field<Cell>& dT, const Field<Cell>& dq) {
  const Air s = air;
  const double per_p0 = 1 / moist.p0, kappa = moist.kappa;
  for_each(
      {"physics/exner_of_layers", 1, 1}, cells, KOKKOS_LAMBDA(int k, int j, int i) {
        exner(k, j, i) = static_cast<Real>(elementary::exp(kappa * elementary::log(p(k, j, i) * per_p0)));
      });
  diffuse<2>(
      {"physics/simple_boundary_layer_heat", 2 * 3 + 2, 2}, cells, s.mass, weights, work,
      KOKKOS_LAMBDA(int m, int k, int j, int i) { return m == 0 ? s.T(k, j, i) / exner(k, j, i) : s.q(k, j, i); },
      KOKKOS_LAMBDA(int m, int k, int j, int i, Real change) {
        if (m == 0) dT(k, j, i) += change * exner(k, j, i) * per_dt;
        if (m == 1) dq(k, j, i) += change * per_dt;
      });
}

}  // namespace

void BulkSurfaceFluxes::run(Columns& columns, double dt) const {
  exchange_with_surface(columns.grid().block.cells(1), columns.air(), air_of(columns), options,
                        columns.read(field::surface_temperature), dt, SurfaceExchange::of(columns),
                        NearSurface::of(columns));
}

void SimpleBoundaryLayer::run(Columns& columns, double dt) const {
  const Air air = air_of(columns);
  const Box cells = columns.cells();
  const Field<Cell>&of_wind = columns.scratch(0), &of_rest = columns.scratch(1);
  const auto p = columns.read(field::air_pressure);
  compute_weights(cells, columns.air(), air, options.profile == "depth_1km", options.vapour_coefficient,
                  columns.read(field::interface_geopotential), p, dt, of_wind, of_rest);
  const DiffusionWork<2> work{columns.scratch(2), {columns.scratch(3), columns.scratch(4)}};
  const Real per_dt = static_cast<Real>(1 / dt);
  if (options.momentum) {
    mix_wind(cells, air, of_wind, work, per_dt, columns.tendency(field::eastward_wind),
             columns.tendency(field::northward_wind));
  }
  mix_heat_and_vapour(cells, columns.air(), air, p, of_wind, of_rest, work, per_dt,
                      columns.tendency(field::air_temperature), columns.tendency(field::water_vapour));
}

}  // namespace meridian
