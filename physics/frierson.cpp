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
    double lowered;  // [1] temperature of the lowest layer brought down to the surface, over what it is
  };
  template <class Moist>
  KOKKOS_FORCEINLINE_FUNCTION Surface surface(const Moist& air, int j, int i) const {
    const double q_s = air.saturated(ts(0, j, i), p(last + 1, j, i)).q;
    const double below = ts(0, j, i) * (1 + (1 / air.epsilon - 1) * q_s) / exner(last + 1, j, i);
    const double above = theta(air, last, j, i);
    const double z = height(air, last, j, i), speed = wind(last, j, i);
    const double richardson = air.g * z * (above - below) / (below * speed * speed);
    const double lowered = 2 * exner(last + 1, j, i) / (exner(last, j, i) + exner(last + 1, j, i));
    return {z, speed, richardson, exchange_coefficient(z, z0, richardson), q_s, lowered};
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

template <class Moist>
void exchange_with_surface(const Box& surface, const Moist& moist, const Air& air, double dt,
                           const SurfaceExchange& out) {
  const int k = air.last;
  for_each(
      {"physics/frierson_surface_layer", 15, 9}, surface, KOKKOS_LAMBDA(int, int j, int i) {
        const Air::Surface at = air.surface(moist, j, i);
        const double depth = (air.phi(k, j, i) - air.phi(k + 1, j, i)) / moist.g;       // [m]
        const double r = at.exchange * at.wind * dt / depth, share = r / (1 + r) / dt;  // [1], [s-1]
        const double mass = air.mass(k, j, i) / moist.g;                                // [kg m-2]
        const double warming = r / (1 + r * at.lowered) / dt * (air.ts(0, j, i) - at.lowered * air.T(k, j, i)),
                     wetting = share * (at.q_surface - air.q(k, j, i));
        const double u = air.u(k, j, i), v = air.v(k, j, i);
        const double friction = share * (1 - 0.5 * dt * share) * (u * u + v * v) / moist.cp;  // [K s-1]
        out.give(moist, k, j, i, mass, warming, wetting, share * u, share * v, friction);
      });
}

/// A kernel of its own: together with the fluxes it would need more than 128 registers.
template <class Moist>
void fill_near_surface(const Box& surface, const Moist& moist, const Air& air, const NearSurface& near) {
  const int k = air.last;
  for_each(
      {"physics/frierson_near_surface", 11, 4}, surface, KOKKOS_LAMBDA(int, int j, int i) {
        const Air::Surface at = air.surface(moist, j, i);
        const double f = similarity_profile(NearSurface::height, at.height, air.z0, at.richardson);
        const double f_wind = similarity_profile(NearSurface::height_of_wind, at.height, air.z0, at.richardson);
        near.give(j, i, air.ts(0, j, i), at.lowered * air.T(k, j, i), f, at.q_surface, air.q(k, j, i), f,
                  air.u(k, j, i), air.v(k, j, i), f_wind);
        near.temperature(0, j, i) -=
            static_cast<Real>(moist.g * NearSurface::height / moist.cp);  // up from the surface
      });
}

/// Values of a column, each a level of one work array. K grows as slope z / (1 + stability ln(z / z0)) up to 'inner'.
enum : int {
  theta_lowest,  // virtual potential temperature of the lowest layer [K]
  slope,         // k U sqrt(C) [m s-1]
  stability,     // Ri_a / Ric / (1 - Ri_a / Ric) [1], 0 in unstable air
  depth,         // h [m], 0 until it is found
  per_inner,     // 1 / (f h) [m-1]
  per_outer,     // 1 / ((1 - f) h) [m-1]
  n_column_values
};
static_assert(n_column_values <= Columns::least_scratch_levels);

/// What is done at one level of one column.
template <class Moist>
struct BoundaryLayer {
  static constexpr double inner_share = 0.1;  // f
  Moist moist;
  Air air;
  ConstField<Cell> p_middle;
  Field<Cell> richardson, column, weights;
  double dt;  // [s]
  double per_g, per_z0, virtual_part;

  KOKKOS_FORCEINLINE_FUNCTION void start(int j, int i) const {
    const int last = air.last;
    const Air::Surface at = air.surface(moist, j, i);
    const double Ri = at.richardson;
    column(theta_lowest, j, i) = static_cast<Real>(air.theta(moist, last, j, i));
    column(slope, j, i) = static_cast<Real>(0.4 * at.wind * Kokkos::sqrt(at.exchange));
    column(stability, j, i) = static_cast<Real>(Ri > 0 && Ri < 1 ? Ri / (1 - Ri) : 0.0);
    column(depth, j, i) = 0;
    richardson(last, j, i) = 0;
  }

  /// On the way up: h is where Ri reaches 1 between two layers, or the middle of the top layer.
  KOKKOS_FORCEINLINE_FUNCTION void rise(int k, int j, int i) const {
    const double lowest = column(theta_lowest, j, i), h = column(depth, j, i), below = richardson(k + 1, j, i);
    const double z = air.height(moist, k, j, i), z_below = air.height(moist, k + 1, j, i);
    const double u = air.u(k, j, i), v = air.v(k, j, i), least = air.least * air.least;
    const double square = u * u + v * v > least ? u * u + v * v : least;
    const double Ri = moist.g * z * (air.theta(moist, k, j, i) - lowest) / (lowest * square);
    const double share = Ri > 1 && Ri > below ? (1 - below) / (Ri - below) : 1.0;
    const double here = z_below + (share > 0 ? share : 0.0) * (z - z_below);
    richardson(k, j, i) = static_cast<Real>(Ri);
    column(depth, j, i) = static_cast<Real>(h == 0 && (Ri >= 1 || k == 0) ? here : h);
  }

  KOKKOS_FORCEINLINE_FUNCTION void finish_profile(int j, int i) const {
    const double h = column(depth, j, i);
    column(per_inner, j, i) = static_cast<Real>(1 / (inner_share * h));
    column(per_outer, j, i) = static_cast<Real>(1 / ((1 - inner_share) * h));
  }

  KOKKOS_FORCEINLINE_FUNCTION void set_weight(int k, int j, int i) const {
    const double h = column(depth, j, i), steep = column(slope, j, i), stable = column(stability, j, i);
    const double z = (air.phi(k, j, i) - air.phi(air.last + 1, j, i)) * per_g, inner = inner_share * h;
    const double z_in = z < inner ? z : inner, x_in = z_in * per_z0;
    const double x = 1 - (z - z_in) * column(per_outer, j, i);
    const double relative = z < inner ? 1.0 : z * column(per_inner, j, i);
    const double K_in = steep * z_in / (1 + stable * elementary::log(x_in > 1 ? x_in : 1.0));
    const double K = z >= h ? 0.0 : K_in * relative * x * x;  // [m2 s-1]
    const double T = air.T(k - 1, j, i) + air.T(k, j, i), q = air.q(k - 1, j, i) + air.q(k, j, i);
    const double Tv = 0.5 * T * (1 + virtual_part * q);
    const double weight = moist.g * air.p(k, j, i) / (moist.R * Tv);  // g rho [kg m-2 s-2]
    weights(k, j, i) = static_cast<Real>(dt * weight * weight * K / (p_middle(k, j, i) - p_middle(k - 1, j, i)));
  }
};

template <class Moist>
void compute_weights(const Box& cells, const BoundaryLayer<Moist>& c) {
  const int last = c.air.last;
  Box lowest = cells, above = cells, below_top = cells;
  lowest.k_begin = above.k_end = last;
  below_top.k_begin = 1;
  const double share = 1.0 / cells.k_end;  // of a value of the column
  for_each_column_in_passes({"physics/frierson_weights", 6 + 5 + 15 * share, 1 + 1 + 8 * share}, cells,  //
                            downward(
                                lowest, KOKKOS_LAMBDA(int, int j, int i) { c.start(j, i); }),
                            upward(
                                above, KOKKOS_LAMBDA(int k, int j, int i) { c.rise(k, j, i); }),
                            downward(
                                lowest,
                                KOKKOS_LAMBDA(int, int j, int i) {
                                  c.finish_profile(j, i);
                                  c.weights(0, j, i) = c.weights(last + 1, j, i) = 0;
                                }),
                            downward(below_top, KOKKOS_LAMBDA(int k, int j, int i) { c.set_weight(k, j, i); }));
}

void mix(const Box& cells, const MoistAir& moist, const Air& air, const ConstField<Cell>& weights,
         const DiffusionWork<4>& work, Real per_dt, const Field<Cell>& dT, const Field<Cell>& dq, const Field<Cell>& du,
         const Field<Cell>& dv) {
  const Air s = air;
  const Real half_per_cp = static_cast<Real>(0.5 / moist.cp);
  diffuse<4>(
      {"physics/frierson_boundary_layer", 2 * 5 + 4, 4}, cells, s.mass, weights, work,
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
  by_formula(columns.air(), [&](const auto& moist) {
    exchange_with_surface(surface, moist, air, dt, SurfaceExchange::of(columns));
    fill_near_surface(surface, moist, air, NearSurface::of(columns));
  });
}

void FriersonBoundaryLayer::run(Columns& columns, double dt) const {
  const Air air = air_of(columns, options);
  const Box cells = columns.cells();
  const Field<Cell>& weights = columns.scratch(0);
  by_formula(columns.air(), [&](const auto& moist) {
    compute_weights(cells, BoundaryLayer<std::remove_cvref_t<decltype(moist)>>{
                               moist, air, columns.read(field::air_pressure), columns.scratch(1), columns.scratch(2),
                               weights, dt, 1 / moist.g, 1 / air.z0, 0.5 * (1 / moist.epsilon - 1)});
  });
  const DiffusionWork<4> work{columns.scratch(1),
                              {columns.scratch(3), columns.scratch(4), columns.scratch(5), columns.scratch(6)}};
  mix(cells, columns.air(), air, weights, work, static_cast<Real>(1 / dt), columns.tendency(field::air_temperature),
      columns.tendency(field::water_vapour), columns.tendency(field::eastward_wind),
      columns.tendency(field::northward_wind));
}

}  // namespace meridian
