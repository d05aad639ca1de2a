#include "physics/held_suarez.hpp"

#include "grid/loop.hpp"

namespace meridian {

void HeldSuarez::Options::visit(OptionVisitor& option) {
  option.real("equator_temperature_k", equator_temperature_k, "K", {100, 1000},
              "equilibrium temperature at the equator at the reference pressure");
  option.real("equator_pole_difference_k", equator_pole_difference_k, "K", {-500, 500},
              "equilibrium temperature of the equator less that of the poles");
  option.real("static_stability_k", static_stability_k, "K", {-100, 100},
              "growth of equilibrium potential temperature at the equator per e-folding of pressure");
  option.real("minimum_temperature_k", minimum_temperature_k, "K", {1, 1000}, "equilibrium of the stratosphere");
  option.real("relaxation_time_days", relaxation_time_days, "days", {0.01, 1e6},
              "relaxation time of temperature above the boundary layer");
  option.real("surface_relaxation_time_days", surface_relaxation_time_days, "days", {0.01, 1e6},
              "relaxation time of temperature at the ground on the equator");
  option.real("friction_time_days", friction_time_days, "days", {0.01, 1e6}, "damping time of wind at the ground");
  option.real("boundary_layer_sigma", boundary_layer_sigma, "1", {0, 0.99},
              "no drag where pressure over surface pressure is smaller than this");
}

namespace {

struct Winds {
  ConstField<Cell> u, v;     // [m s-1]
  Field<Cell> du_dt, dv_dt;  // [m s-2]
};

void add_relaxation_and_drag(const HeldSuarez::Options& options, const Grid& grid, double dt, const ConstField<Cell>& p,
                             const ConstField<CellSurface>& p_sfc, const ConstField<Cell>& T, const Field<Cell>& dT_dt,
                             const Winds& winds) {
  const Metrics metrics = grid.metrics;
  const double kappa = grid.planet.kappa();
  const double inverse_p0 = 1 / grid.planet.reference_pressure_pa;                     // [Pa-1]
  const double inverse_depth = 1 / (1 - options.boundary_layer_sigma);                 // [1]
  const double per_dt = 1 / dt;                                                        // [s-1]
  const double ka_dt = dt / (options.relaxation_time_days * seconds_per_day);          // [1]
  const double ks_dt = dt / (options.surface_relaxation_time_days * seconds_per_day);  // [1]
  const double kf_dt = dt / (options.friction_time_days * seconds_per_day);            // [1]
  for_each(
      {"physics/held_suarez", 7, 3}, grid.block.cells(grid.n_levels()), KOKKOS_LAMBDA(int k, int j, int i) {
        const double sine = metrics.sin_at_cell(j);                                                  // [1]
        const double cosine2 = 1 - sine * sine;                                                      // [1]
        const double weight = boundary_layer_weight(p(k, j, i) / p_sfc(0, j, i), inverse_depth);     // [1]
        const double kT_dt = ka_dt + (ks_dt - ka_dt) * weight * cosine2 * cosine2;                   // [1]
        const double kv_dt = kf_dt * weight;                                                         // [1]
        const double T_eq = equilibrium_temperature(options, kappa, sine, p(k, j, i) * inverse_p0);  // [K]
        const double relaxation = (1 - elementary::exp(-kT_dt)) * per_dt;                            // [s-1]
        const double drag = (1 - elementary::exp(-kv_dt)) * per_dt;                                  // [s-1]
        dT_dt(k, j, i) += static_cast<Real>(relaxation * (T_eq - T(k, j, i)));
        winds.du_dt(k, j, i) -= static_cast<Real>(drag * winds.u(k, j, i));
        winds.dv_dt(k, j, i) -= static_cast<Real>(drag * winds.v(k, j, i));
      });
}

}  // namespace

void HeldSuarez::run(Columns& columns, double dt) const {
  const Winds winds{columns.read(field::eastward_wind), columns.read(field::northward_wind),
                    columns.tendency(field::eastward_wind), columns.tendency(field::northward_wind)};
  add_relaxation_and_drag(options, columns.grid(), dt, columns.read(field::air_pressure),
                          columns.read(field::surface_air_pressure), columns.read(field::air_temperature),
                          columns.tendency(field::air_temperature), winds);
}

}  // namespace meridian
