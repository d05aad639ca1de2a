#include "physics/betts_miller.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

struct State {
  ConstField<Cell> p, mass, T, q;
};

/// dT/dlnp [K] of saturated air that rises.
KOKKOS_FORCEINLINE_FUNCTION double slope_of_ascent(const MoistAir& air, double T, double p) {
  const double r = air.saturated(T, p).q;
  return (air.kappa * T + air.L / air.cp * r) / (1 + air.L * air.L * r / (air.cp * air.Rv * T * T));
}

/// A column. Levels are counted from the top; reference profiles are kept in scratch.
void convect(const Box& cells, const MoistAir& air, const BettsMiller::Options& options, double dt, const State& s,
             const Field<Cell>& T_ref, const Field<Cell>& q_ref, const Field<Cell>& dT_dt, const Field<Cell>& dq_dt,
             const Field<CellSurface>& rain) {
  const int last = cells.k_end - 1;
  const double humidity = options.relative_humidity;
  // A step longer than tau goes all the way, not beyond.
  const double per_time = 1 / (options.relaxation_time_s > dt ? options.relaxation_time_s : dt);  // [s-1]
  const double virtual_part = 1 / air.epsilon - 1;
  for_each_column(
      "physics/betts_miller", cells, KOKKOS_LAMBDA(int j, int i) {
        rain(0, j, i) = 0;
        double T = s.T(last, j, i), p = s.p(last, j, i);
        const double r = s.q(last, j, i);
        if (!(r > 0)) return;
        const auto set_reference = [&](int k, double T_parcel) {
          const double at = s.p(k, j, i), rs = air.saturated(T_parcel, at).q;
          const double e = humidity * at * rs / (rs + air.epsilon);
          T_ref(k, j, i) = static_cast<Real>(T_parcel);
          q_ref(k, j, i) = static_cast<Real>(air.epsilon * e / (at - e));
        };
        bool saturated = air.saturated(T, p).q <= r;
        // A parcel that is more than saturated starts from where condensation takes it.
        if (saturated) T += air.L / air.cp * air.condensate(T, p, r);
        set_reference(last, T);
        int top = last + 1;  // the level of the last buoyancy
        bool free = false;
        for (int k = last - 1; k >= 0; --k) {
          const double next = s.p(k, j, i), step = elementary::log(next / p);
          const double dry = T * elementary::exp(air.kappa * step);
          if (!saturated && air.saturated(dry, next).q > r) {
            T = dry;
          } else {
            // From here on moist; the level of condensation lies in between: dry to it, by bisection in ln p.
            double x = 0;
            if (!saturated) {
              double low = 0, high = step;  // step < 0: unsaturated at low, saturated at high
              for (int n = 0; n < 30; ++n) {
                x = 0.5 * (low + high);
                const bool above = air.saturated(T * elementary::exp(air.kappa * x), p * elementary::exp(x)).q <= r;
                (above ? high : low) = x;
              }
              T *= elementary::exp(air.kappa * x);
            }
            saturated = true;
            const double rest = step - x, p_start = p * elementary::exp(x);
            const double half = T + 0.5 * rest * slope_of_ascent(air, T, p_start);
            T += rest * slope_of_ascent(air, half, p_start * elementary::exp(0.5 * rest));
          }
          p = next;
          const double r_parcel = saturated ? air.saturated(T, p).q : r;
          const double lighter = T * (1 + virtual_part * r_parcel) - s.T(k, j, i) * (1 + virtual_part * s.q(k, j, i));
          if (saturated && lighter > 0) {
            free = true;
            top = k;
          } else if (free) {
            break;  // above the last buoyancy
          }
          set_reference(k, T);
        }
        if (!free) return;
        const double per_g = 1 / air.g;
        const auto drying = [&](int k) { return (q_ref(k, j, i) - s.q(k, j, i)) * per_time; };   // [s-1]
        const auto warming = [&](int k) { return (T_ref(k, j, i) - s.T(k, j, i)) * per_time; };  // [K s-1]
        double Pq = 0, Pt = 0, mass = 0;  // [kg m-2 s-1], [kg m-2]
        for (int k = top; k <= last; ++k) {
          const double layer = s.mass(k, j, i) * per_g;
          Pq -= drying(k) * layer;
          Pt += air.cp / air.L * warming(k) * layer;
          mass += layer;
        }
        if (!(Pt > 0)) return;
        if (Pq > 0) {  // deep
          const bool dry = Pq > Pt;
          const double scale = dry ? Pt / Pq : 1.0, shift = dry ? 0.0 : (Pq - Pt) * air.L / air.cp / mass;
          for (int k = top; k <= last; ++k) {
            dq_dt(k, j, i) += static_cast<Real>(scale * drying(k));
            dT_dt(k, j, i) += static_cast<Real>(warming(k) + shift);
          }
          rain(0, j, i) = static_cast<Real>(dry ? Pt : Pq);
          return;
        }
        // Shallow: the highest layer such that those from it down lose water, and the share of the one above for a sum of 0.
        double share = 0;
        int shallow = top;
        while (shallow <= last && !(Pq > 0)) {
          const double of_layer = -drying(shallow) * s.mass(shallow, j, i) * per_g;
          const double without = Pq - of_layer;
          if (without > 0) share = -without / of_layer;  // of_layer < 0 here
          Pq = without;
          ++shallow;
        }
        if (shallow > last) return;
        double heat = 0;
        mass = 0;
        for (int k = shallow - 1; k <= last; ++k) {
          const double part = k < shallow ? share : 1.0, layer = s.mass(k, j, i) * per_g;
          heat += part * warming(k) * layer;
          mass += layer;
        }
        for (int k = shallow - 1; k <= last; ++k) {
          const double part = k < shallow ? share : 1.0;
          dq_dt(k, j, i) += static_cast<Real>(part * drying(k));
          dT_dt(k, j, i) += static_cast<Real>(part * warming(k) - heat / mass);
        }
      });
}

}  // namespace

void BettsMiller::run(Columns& columns, double dt) const {
  const State state{columns.read(field::air_pressure), columns.read(field::layer_mass),
                    columns.read(field::air_temperature), columns.read(field::water_vapour)};
  convect(columns.cells(), columns.air(), options, dt, state, columns.scratch(0), columns.scratch(1),
          columns.tendency(field::air_temperature), columns.tendency(field::water_vapour),
          columns.write(field::convective_precipitation));
}

}  // namespace meridian
