#include "physics/betts_miller.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

/// Values of a column, each a level of one work array: of the parcel, of the layers that are lighter, of their sums.
enum : int {
  p_condensation,  // [Pa] where the parcel is saturated first
  T_condensation,  // [K] of it there
  phase,           // on the way up: 0 not lighter yet, 1 lighter, 2 above the last level where it was
  top_level,       // the last level where it is lighter
  drying_sum,      // Pq [kg m-2 s-1]
  warming_sum,     // Pt [kg m-2 s-1]
  mass_sum,        // [kg m-2]
  shallow_level,   // from here down, layers take part in full,
  shallow_share,   // the layer above with this share
  shallow_drying,  // these sums over the shallow layers
  shallow_warming,
  shallow_mass,
  first_level,  // of what takes part at all
  drying_scale,
  shift,  // [K s-1]
  n_column_values
};
static_assert(n_column_values <= Columns::least_scratch_levels);

/// What is done at one level of one column.
template <class Air>
struct Convection {
  ConstField<Cell> p, mass, T, q;
  Field<Cell> T_ref, q_ref, column;
  Field<Cell> dT_dt, dq_dt;
  Field<CellSurface> rain;
  Air air;
  int last;         // the lowest level
  double humidity;  // [1]
  double per_time;  // [s-1]
  double per_g;     // [s2 m-1]
  double L_per_cp;  // [K]
  double virtual_part;

  /// dT/dlnp [K] of saturated air that rises.
  KOKKOS_FORCEINLINE_FUNCTION double slope_of_ascent(double T, double p) const {
    const double r = air.saturated(T, p).q;
    return (air.kappa * T + L_per_cp * r) / (1 + L_per_cp * air.L * r / (air.Rv * T * T));
  }
  /// The reference: the parcel, and the mixing ratio of its relative humidity RH, from the saturated one.
  KOKKOS_FORCEINLINE_FUNCTION void set_reference(int k, int j, int i, double T_parcel, double saturated) const {
    const double part = humidity * saturated;
    T_ref(k, j, i) = static_cast<Real>(T_parcel);
    q_ref(k, j, i) = static_cast<Real>(air.epsilon * part / (saturated + air.epsilon - part));
  }
  KOKKOS_FORCEINLINE_FUNCTION double drying(int k, int j, int i) const {  // [s-1]
    return (q_ref(k, j, i) - q(k, j, i)) * per_time;
  }
  KOKKOS_FORCEINLINE_FUNCTION double warming(int k, int j, int i) const {  // [K s-1]
    return (T_ref(k, j, i) - T(k, j, i)) * per_time;
  }
  KOKKOS_FORCEINLINE_FUNCTION double layer(int k, int j, int i) const { return mass(k, j, i) * per_g; }  // [kg m-2]

  /// The parcel of the lowest level: where it is saturated first, by Newton's method in x = ln(p / p_lowest):
  /// ln(rs(T e^(kappa x), p e^x)) - ln r is concave and grows with x, so from the second step on x nears its zero from below.
  KOKKOS_FORCEINLINE_FUNCTION void start(int j, int i) const {
    const double T0 = T(last, j, i), p0 = p(last, j, i), r = q(last, j, i);
    const double above_model = elementary::log(p(0, j, i) / p0) - 1;
    const double log_r = elementary::log(Kokkos::abs(r) + 1e-12);  // not 0: so dry that its adiabat is the dry one
    double x = 0;
    unrolled<6>([&](int) {
      const double T_x = T0 * elementary::exp(air.kappa * x);
      const MoistAir::Saturated at = air.saturated(T_x, p0 * elementary::exp(x));
      x -= (elementary::log(at.q) - log_r) / (at.slope / at.q * air.kappa * T_x - 1);
    });
    const MoistAir::Saturated here = air.saturated(T0, p0);
    const double surplus = air.condensate(here, r);
    // A parcel that is more than saturated starts from where condensation takes it.
    const double T_start = T0 + L_per_cp * (surplus > 0 ? surplus : 0.0);
    x = surplus > 0 ? 0.0 : x;
    x = x > above_model ? x : above_model;
    column(p_condensation, j, i) = static_cast<Real>(p0 * elementary::exp(x));
    column(T_condensation, j, i) = static_cast<Real>(T_start * elementary::exp(air.kappa * x));
    column(phase, j, i) = static_cast<Real>(r > 0 ? 0.0 : 2.0);
    column(top_level, j, i) = static_cast<Real>(last + 1);
    column(drying_sum, j, i) = column(warming_sum, j, i) = column(mass_sum, j, i) = 0;
    set_reference(last, j, i, T_start, air.saturated(T_start, p0).q);
  }

  /// From level k + 1 to k: dry below the level of condensation, else along the moist adiabat by the midpoint rule.
  KOKKOS_FORCEINLINE_FUNCTION void rise(int k, int j, int i) const {
    const double p_below = p(k + 1, j, i), here = p(k, j, i), T_below = T_ref(k + 1, j, i);
    const double p_lcl = column(p_condensation, j, i), T_lcl = column(T_condensation, j, i);
    const bool dry = here > p_lcl, through = !dry && p_below > p_lcl;
    const double p_from = through ? p_lcl : p_below, T_from = through ? T_lcl : T_below;
    const double step = elementary::log(here / p_from);  // < 0
    const double half = T_from + 0.5 * step * slope_of_ascent(T_from, p_from);
    const double T_moist = T_from + step * slope_of_ascent(half, Kokkos::sqrt(p_from * here));
    const double T_parcel = dry ? T_from * elementary::exp(air.kappa * step) : T_moist;
    const double saturated = air.saturated(T_parcel, here).q;
    const bool lighter =
        !dry && T_parcel * (1 + virtual_part * saturated) > T(k, j, i) * (1 + virtual_part * q(k, j, i));
    const double before = column(phase, j, i), top = column(top_level, j, i);
    const bool counts = lighter && before < 2;
    column(phase, j, i) = static_cast<Real>(counts ? 1.0 : (before > 0 ? 2.0 : 0.0));
    column(top_level, j, i) = static_cast<Real>(counts ? k : top);
    set_reference(k, j, i, T_parcel, saturated);
  }

  KOKKOS_FORCEINLINE_FUNCTION void add_up(int k, int j, int i) const {
    const double here = k >= column(top_level, j, i) ? layer(k, j, i) : 0.0;
    column(drying_sum, j, i) -= static_cast<Real>(drying(k, j, i) * here);
    column(warming_sum, j, i) += static_cast<Real>(warming(k, j, i) / L_per_cp * here);
    column(mass_sum, j, i) += static_cast<Real>(here);
  }

  /// Shallow convection: layers are dropped from the top until Pq is positive, and a share of the last makes it 0.
  KOKKOS_FORCEINLINE_FUNCTION void begin_shallow(int j, int i) const {
    column(shallow_level, j, i) = column(top_level, j, i);
    column(shallow_share, j, i) = 0;
    column(shallow_drying, j, i) = column(drying_sum, j, i);
    column(shallow_warming, j, i) = column(shallow_mass, j, i) = 0;
  }
  KOKKOS_FORCEINLINE_FUNCTION void drop(int k, int j, int i) const {
    const double left = column(shallow_drying, j, i);
    const double share = column(shallow_share, j, i), level = column(shallow_level, j, i);
    const bool dropped = k >= level && !(left > 0);
    const double of_layer = -drying(k, j, i) * layer(k, j, i);  // < 0 where the rest becomes positive
    const double without = left - of_layer;
    column(shallow_drying, j, i) = static_cast<Real>(dropped ? without : left);
    column(shallow_share, j, i) = static_cast<Real>(dropped && without > 0 ? -without / of_layer : share);
    column(shallow_level, j, i) = static_cast<Real>(dropped ? k + 1.0 : level);
  }
  KOKKOS_FORCEINLINE_FUNCTION void add_up_shallow(int k, int j, int i) const {
    const double begin = column(shallow_level, j, i), share = column(shallow_share, j, i);
    const double here = k >= begin - 1 ? layer(k, j, i) : 0.0;
    const double part = k >= begin ? 1.0 : share;
    column(shallow_warming, j, i) += static_cast<Real>(part * warming(k, j, i) / L_per_cp * here);
    column(shallow_mass, j, i) += static_cast<Real>(here);
  }

  /// Deep: where Pq > Pt the drying is scaled, else the warming is shifted. Shallow: the warming is shifted to a sum of 0.
  KOKKOS_FORCEINLINE_FUNCTION void close(int j, int i) const {
    const double Pq = column(drying_sum, j, i), Pt = column(warming_sum, j, i), level = column(shallow_level, j, i);
    const double deep = Pq > 0 ? 1.0 : 0.0, dry = Pq > Pt ? deep : 0.0, some = Pt > 0 ? 1.0 : 0.0;
    const double surplus = deep * (1 - dry) * (Pt - Pq) + (1 - deep) * column(shallow_warming, j, i);
    const double of_mass = deep * column(mass_sum, j, i) + (1 - deep) * column(shallow_mass, j, i);
    const double first = some * (level - 1 + deep) + (1 - some) * (last + 1);
    column(drying_scale, j, i) = static_cast<Real>((1 - dry) + dry * Pt / (dry * Pq + (1 - dry)));
    column(shift, j, i) = static_cast<Real>(L_per_cp * surplus / of_mass);
    column(first_level, j, i) = static_cast<Real>(level > last ? last + 1.0 : first);
    rain(0, j, i) = static_cast<Real>(level > last ? 0.0 : some * deep * (dry * Pt + (1 - dry) * Pq));
  }
  KOKKOS_FORCEINLINE_FUNCTION void relax(int k, int j, int i) const {
    const double first = column(first_level, j, i), full = column(shallow_level, j, i);
    const double share = column(shallow_share, j, i);
    const double in = k >= first ? 1.0 : 0.0, part = in * (k >= full ? 1.0 : share);
    dq_dt(k, j, i) += static_cast<Real>(part * column(drying_scale, j, i) * drying(k, j, i));
    dT_dt(k, j, i) += static_cast<Real>(part * warming(k, j, i) - in * column(shift, j, i));
  }
};

template <class Air>
void convect(const Box& cells, const Convection<Air>& c) {
  Box lowest = cells, above = cells;
  lowest.k_begin = above.k_end = c.last;
  for_each_column_in_passes({"physics/betts_miller", 3 + 5 + 3 + 3 + 6, 2 + 2}, cells,
                            downward(
                                lowest, KOKKOS_LAMBDA(int, int j, int i) { c.start(j, i); }),
                            upward(
                                above, KOKKOS_LAMBDA(int k, int j, int i) { c.rise(k, j, i); }),
                            downward(
                                cells, KOKKOS_LAMBDA(int k, int j, int i) { c.add_up(k, j, i); }),
                            downward(
                                lowest, KOKKOS_LAMBDA(int, int j, int i) { c.begin_shallow(j, i); }),
                            downward(
                                cells, KOKKOS_LAMBDA(int k, int j, int i) { c.drop(k, j, i); }),
                            downward(
                                cells, KOKKOS_LAMBDA(int k, int j, int i) { c.add_up_shallow(k, j, i); }),
                            downward(
                                lowest, KOKKOS_LAMBDA(int, int j, int i) { c.close(j, i); }),
                            downward(cells, KOKKOS_LAMBDA(int k, int j, int i) { c.relax(k, j, i); }));
}

}  // namespace

void BettsMiller::run(Columns& columns, double dt) const {
  const Box cells = columns.cells();
  // A step longer than tau goes all the way, not beyond.
  const double per_time = 1 / (options.relaxation_time_s > dt ? options.relaxation_time_s : dt);
  by_formula(columns.air(), [&](const auto& air) {
    convect(cells,
            Convection<std::remove_cvref_t<decltype(air)>>{
                columns.read(field::air_pressure), columns.read(field::layer_mass),
                columns.read(field::air_temperature), columns.read(field::water_vapour), columns.scratch(0),
                columns.scratch(1), columns.scratch(2), columns.tendency(field::air_temperature),
                columns.tendency(field::water_vapour), columns.write(field::convective_precipitation), air,
                cells.k_end - 1, options.relative_humidity, per_time, 1 / air.g, air.L / air.cp, 1 / air.epsilon - 1});
  });
}

}  // namespace meridian
