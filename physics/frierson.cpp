#include "physics/frierson.hpp"

#include "grid/loop.hpp"
#include "physics/diffusion.hpp"
#include "physics/surface_exchange.hpp"

namespace meridian {

void FriersonOptions::visit(OptionVisitor& option) {
  option.real("roughness_m", roughness_m, "m", {1e-7, 1}, "roughness length of the surface");
  option.real("least_wind_m_per_s", least_wind_m_per_s, "m s-1", {1e-6, 10},
              "the wind at the surface is not taken below it");
}

namespace {

struct Air {
  ConstField<Cell> T, q, u, v, mass;
  ConstField<CellInterface> p, phi, exner;
  ConstField<CellSurface> ts;
  int last;          // the lowest layer
  double z0, least;  // [m], [m s-1]

  KOKKOS_FORCEINLINE_FUNCTION double wind(int k, int j, int i) const {
    const double speed = Kokkos::sqrt(double(u(k, j, i)) * u(k, j, i) + double(v(k, j, i)) * v(k, j, i));
    return speed > least ? speed : least;
  }
  /// Virtual potential temperature [K] of a layer.
  KOKKOS_FORCEINLINE_FUNCTION double theta(const MoistAir& air, int k, int j, int i) const {
    return T(k, j, i) * (1 + (1 / air.epsilon - 1) * q(k, j, i)) * 2 / (exner(k, j, i) + exner(k + 1, j, i));
  }
  KOKKOS_FORCEINLINE_FUNCTION double height(const MoistAir& air, int k, int j, int i) const {  // [m] of a layer
    return (0.5 * (phi(k, j, i) + phi(k + 1, j, i)) - phi(last + 1, j, i)) / air.g;
  }
  struct Surface {
    double height, wind, richardson, exchange, q_surface;
  };
  KOKKOS_FORCEINLINE_FUNCTION Surface surface(const MoistAir& air, int j, int i) const {
    const double q_s = air.saturated(ts(0, j, i), p(last + 1, j, i)).q;
    const double below = ts(0, j, i) * (1 + (1 / air.epsilon - 1) * q_s) / exner(last + 1, j, i);
    const double above = theta(air, last, j, i);
    const double z = height(air, last, j, i), speed = wind(last, j, i);
    const double richardson = air.g * z * (above - below) / (below * speed * speed);
    return {z, speed, richardson, exchange_coefficient(z, z0, richardson), q_s};
  }
};

Air air_of(const Columns& columns, const FriersonOptions& options) {
  return {columns.read(field::air_temperature),
          columns.read(field::water_vapour),
          columns.read(field::eastward_wind),
          columns.read(field::northward_wind),
          columns.read(field::layer_mass),
          columns.read(field::interface_pressure),
          columns.read(field::interface_geopotential),
          columns.read(field::interface_exner),
          columns.read(field::surface_temperature),
          columns.grid().n_levels() - 1,
          options.roughness_m,
          options.least_wind_m_per_s};
}

void exchange_with_surface(const Box& surface, const MoistAir& moist, const Air& air, double dt,
                           const SurfaceExchange& out) {
  const int k = air.last;
  for_each(
      "physics/frierson_surface_layer", surface, KOKKOS_LAMBDA(int, int j, int i) {
        const Air::Surface at = air.surface(moist, j, i);
        const double depth = (air.phi(k, j, i) - air.phi(k + 1, j, i)) / moist.g;       // [m]
        const double r = at.exchange * at.wind * dt / depth, share = r / (1 + r) / dt;  // [1], [s-1]
        const double mass = air.mass(k, j, i) / moist.g;                                // [kg m-2]
        const double warming = share * (air.ts(0, j, i) - air.T(k, j, i)),
                     wetting = share * (at.q_surface - air.q(k, j, i));
        const double u = air.u(k, j, i), v = air.v(k, j, i);
        const double friction = share * (1 - 0.5 * dt * share) * (u * u + v * v) / moist.cp;  // [K s-1]
        out.give(moist, k, j, i, mass, warming, wetting, share * u, share * v, friction);
      });
}

/// A kernel of its own: together with the fluxes it would need more than 128 registers.
void fill_near_surface(const Box& surface, const MoistAir& moist, const Air& air, const NearSurface& near) {
  const int k = air.last;
  for_each(
      "physics/frierson_near_surface", surface, KOKKOS_LAMBDA(int, int j, int i) {
        const Air::Surface at = air.surface(moist, j, i);
        const double f = similarity_profile(NearSurface::height, at.height, air.z0, at.richardson);
        const double f_wind = similarity_profile(NearSurface::height_of_wind, at.height, air.z0, at.richardson);
        near.give(j, i, air.ts(0, j, i), air.T(k, j, i), f, at.q_surface, air.q(k, j, i), f, air.u(k, j, i),
                  air.v(k, j, i), f_wind);
      });
}

/// What the profile of K needs of a column.
struct Profile {
  double depth, inner, slope, stability;  // h and f h [m], k U sqrt(C) [m s-1], Ri_a / Ric / (1 - Ri_a / Ric) [1]
  double z0;

  KOKKOS_FORCEINLINE_FUNCTION double unbounded(double z) const {
    return slope * z / (stability > 0 ? 1 + stability * elementary::log(z > z0 ? z / z0 : 1.0) : 1.0);
  }
  KOKKOS_FORCEINLINE_FUNCTION double at(double z) const {  // [m2 s-1]
    const bool low = z < inner;
    const double x = low ? 1.0 : 1 - (z - inner) / (depth - inner);
    return z >= depth ? 0.0 : unbounded(low ? z : inner) * (low ? 1.0 : z / inner) * x * x;
  }
};

/// Values of a column, each a level of one work array.
enum : int { depth_level, slope_level, stability_level, n_column_values };

/// Height h [m] of the boundary layer, on the way up: where Ri reaches 1 between two layers; and what K follows from.
void find_depth(const Box& cells, const MoistAir& moist, const Air& air, const Field<Cell>& richardson,
                const Field<Cell>& column) {
  const int last = air.last;
  march_down_up(
      "physics/frierson_depth", cells,
      KOKKOS_LAMBDA(int k, int j, int i) {
        const double lowest = air.theta(moist, last, j, i), speed = air.wind(k, j, i);
        richardson(k, j, i) = static_cast<Real>(moist.g * air.height(moist, k, j, i) *
                                                (air.theta(moist, k, j, i) - lowest) / (lowest * speed * speed));
      },
      KOKKOS_LAMBDA(int k, int j, int i) {
        const bool lowest = k == last;
        const int from = lowest ? last : k + 1;
        const double above = richardson(k, j, i), below = richardson(from, j, i);
        const double so_far = lowest ? 0.0 : double(column(depth_level, j, i));  // 0: not found yet
        const bool found = so_far == 0 && !lowest && (above >= 1 || k == 0);
        const double z_below = air.height(moist, from, j, i), z = air.height(moist, k, j, i);
        const double share = above > 1 && above > below ? (1 - below) / (above - below) : 1.0;
        const double here = z_below + (share > 0 ? share : 0.0) * (z - z_below);
        column(depth_level, j, i) = static_cast<Real>(found ? here : so_far);
      });
  for_each(
      "physics/frierson_column", Box{0, 1, cells.j_begin, cells.j_end, cells.i_begin, cells.i_end},
      KOKKOS_LAMBDA(int, int j, int i) {
        const Air::Surface at = air.surface(moist, j, i);
        column(slope_level, j, i) = static_cast<Real>(0.4 * at.wind * Kokkos::sqrt(at.exchange));
        column(stability_level, j, i) =
            static_cast<Real>(at.richardson > 0 && at.richardson < 1 ? at.richardson / (1 - at.richardson) : 0.0);
      });
}

void compute_weights(const Box& cells, const MoistAir& moist, const Air& air, const ConstField<Cell>& p_middle,
                     const ConstField<Cell>& column, double dt, const Field<Cell>& weights) {
  const int last = air.last;
  const double virtual_part = 0.5 * (1 / moist.epsilon - 1);
  for_each(
      "physics/frierson_weights", cells, KOKKOS_LAMBDA(int k, int j, int i) {
        const int above = k == 0 ? 0 : k - 1;  // the weight of the top is not used
        const double h = column(depth_level, j, i);
        const Profile profile{h, 0.1 * h, column(slope_level, j, i), column(stability_level, j, i), air.z0};
        const double K = profile.at((air.phi(k, j, i) - air.phi(last + 1, j, i)) / moist.g);
        const double Tv =
            0.5 * (air.T(above, j, i) + air.T(k, j, i)) * (1 + virtual_part * (air.q(above, j, i) + air.q(k, j, i)));
        const double weight = moist.g * air.p(k, j, i) / (moist.R * Tv);  // g rho [kg m-2 s-2]
        const double distance = k == 0 ? 1.0 : double(p_middle(k, j, i) - p_middle(above, j, i));
        weights(k, j, i) = static_cast<Real>(dt * weight * weight * K / distance);
      });
}

void mix(const Box& cells, const MoistAir& moist, const Air& air, const ConstField<Cell>& weights,
         const DiffusionWork<4>& work, Real per_dt, const Field<Cell>& dT, const Field<Cell>& dq, const Field<Cell>& du,
         const Field<Cell>& dv) {
  const Air s = air;
  const Real half_per_cp = static_cast<Real>(0.5 / moist.cp);
  diffuse<4>(
      "physics/frierson_boundary_layer", cells, s.mass, weights, work,
      KOKKOS_LAMBDA(int m, int k, int j, int i) {
        if (m == 0) return s.T(k, j, i) + half_per_cp * (s.phi(k, j, i) + s.phi(k + 1, j, i));
        return m == 1 ? s.q(k, j, i) : m == 2 ? s.u(k, j, i) : s.v(k, j, i);
      },
      KOKKOS_LAMBDA(int m, int k, int j, int i, Real change) {
        (m == 0 ? dT : m == 1 ? dq : m == 2 ? du : dv)(k, j, i) += change * per_dt;
        if (m < 2) return;
        const Real before = m == 2 ? s.u(k, j, i) : s.v(k, j, i);  // the kinetic energy that mixing takes is heat
        dT(k, j, i) -= (before + Real(0.5) * change) * change * per_dt * 2 * half_per_cp;
      });
}

}  // namespace

void FriersonSurfaceLayer::run(Columns& columns, double dt) const {
  const Box surface = columns.grid().block.cells(1);
  const Air air = air_of(columns, options);
  exchange_with_surface(surface, columns.air(), air, dt, SurfaceExchange::of(columns));
  fill_near_surface(surface, columns.air(), air, NearSurface::of(columns));
}

void FriersonBoundaryLayer::run(Columns& columns, double dt) const {
  const Air air = air_of(columns, options);
  const Box cells = columns.cells();
  const Field<Cell>&weights = columns.scratch(0), &richardson = columns.scratch(1);
  const Field<Cell>& column = columns.scratch(2);
  find_depth(cells, columns.air(), air, richardson, column);
  compute_weights(cells, columns.air(), air, columns.read(field::air_pressure), column, dt, weights);
  const DiffusionWork<4> work{columns.scratch(1),
                              {columns.scratch(3), columns.scratch(4), columns.scratch(5), columns.scratch(6)}};
  mix(cells, columns.air(), air, weights, work, static_cast<Real>(1 / dt), columns.tendency(field::air_temperature),
      columns.tendency(field::water_vapour), columns.tendency(field::eastward_wind),
      columns.tendency(field::northward_wind));
}

}  // namespace meridian
