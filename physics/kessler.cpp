#include "physics/kessler.hpp"

#include <array>

#include "grid/loop.hpp"

namespace meridian {

void Kessler::Options::visit(OptionVisitor& option) {
  static constexpr std::array<std::string_view, 2> modes = {"conserving", "reference"};
  option.word("mode", mode, modes, "conserving: closed budgets; reference: the constants of published runs");
}

namespace {

constexpr FluxTerm rain_leaves[] = {{&field::large_scale_precipitation, -1}};

struct State {
  ConstField<Cell> p, mass, T, qv, qc, qr;
  ConstField<CellInterface> phi;
};
struct Tendencies {
  Field<Cell> dT, dqv, dqc, dqr;
};
/// The column while it is worked on.
struct Work {
  Field<Cell> T, qv, qc, qr;
};

/// x^y for x >= 0.
KOKKOS_FORCEINLINE_FUNCTION double power(double x, double y) {
  return x > 1e-30 ? elementary::exp(y * elementary::log(x)) : 0.0;
}
KOKKOS_FORCEINLINE_FUNCTION double greater(double a, double b) { return a > b ? a : b; }
KOKKOS_FORCEINLINE_FUNCTION double smaller(double a, double b) { return a < b ? a : b; }

/// One level in one sub-step.
struct Parcel {
  double T, qv, qc, qr;
};

/// Collection, condensation and evaporation over dt0 [s] after the fall has changed the rain by 'fallen' [1].
template <bool conserving>
KOKKOS_FORCEINLINE_FUNCTION void react(const MoistAir& air, double p, double rho, double dt0, double fallen,
                                       Parcel& x) {
  const double r = 0.001 * rho;
  const double latent = conserving ? air.L / air.cp : 2.5e6 / 1003;
  const double collected =
      x.qc - (x.qc - dt0 * greater(1e-3 * (x.qc - 1e-3), 0)) / (1 + 2.2 * dt0 * power(x.qr, 0.875));
  const double qc = greater(x.qc - collected, 0);
  const double qr = greater(x.qr + (x.qc - qc) + fallen, 0);
  const MoistAir::Saturated saturated = air.saturated(x.T, p);
  const double qvs = saturated.q;
  const double slope = conserving ? saturated.slope : qvs * 17.27 * 237.3 / ((x.T - 36) * (x.T - 36));
  const double prod = (x.qv - qvs) / (1 + latent * slope);
  const double pc = 380 / p * (air.p0 / 1e5);
  const double rain = r * qr;
  const double rate = dt0 * (1.6 + 124.9 * power(rain, 0.2046)) * power(rain, 0.525) /
                      (2.55e6 * pc / (3.8 * qvs) + 5.4e5) * greater(qvs - x.qv, 0) / (r * qvs);
  const double evaporated = smaller(smaller(rate, greater(-prod - qc, 0)), qr);
  const double condensed = greater(prod, -qc);
  x.T += latent * (condensed - evaporated);
  x.qv -= condensed - evaporated;
  x.qc = qc + condensed;
  x.qr = qr - evaporated;
}

/// Mass flux [kg m-2 s-1] and speed [m s-1] of the rain of one level.
KOKKOS_FORCEINLINE_FUNCTION double fall_speed(double qr, double rho, double rho_lowest) {
  return 36.34 * power(0.001 * rho * qr, 0.1364) * Kokkos::sqrt(rho_lowest / rho);
}

/// The words are those of one step of the rain; each further one moves 7 + 4 more.
template <bool conserving>
void rain_out(const Box& cells, const MoistAir& air, double dt, const State& s, const Tendencies& out, const Work& w,
              const Field<CellSurface>& rain) {
  const int n_k = cells.k_end;
  for_each_column(
      {"physics/kessler", 6 + 7 + 12, 4 + 4 + 4}, cells, KOKKOS_LAMBDA(int j, int i) {
        const auto depth = [&](int k) { return (s.phi(k, j, i) - s.phi(k + 1, j, i)) / air.g; };         // [m]
        const auto density = [&](int k) { return double(s.mass(k, j, i)) / (air.g * depth(k)); };        // [kg m-3]
        const auto middle = [&](int k) { return (s.phi(k, j, i) + s.phi(k + 1, j, i)) / (2 * air.g); };  // [m]
        const double rho_lowest = density(n_k - 1);
        double longest = dt;
        enter_pass(0);
        for (int k = 0; k < n_k; ++k) {
          w.T(k, j, i) = s.T(k, j, i);
          w.qv(k, j, i) = s.qv(k, j, i);
          w.qc(k, j, i) = s.qc(k, j, i);
          w.qr(k, j, i) = s.qr(k, j, i);
          const double speed = fall_speed(s.qr(k, j, i), density(k), rho_lowest);
          if (speed > 0) longest = smaller(longest, 0.8 * depth(k) / speed);
        }
        const int n_steps = static_cast<int>(Kokkos::ceil(smaller(dt / longest, 1e4)));
        const double dt0 = dt / n_steps;
        double fallen_out = 0;  // [kg m-2]
        for (int n = 0; n < n_steps; ++n) {
          double from_above = 0;  // [kg m-2 s-1]
          enter_pass(1 + n);
          for (int k = 0; k < n_k; ++k) {
            Parcel x{w.T(k, j, i), w.qv(k, j, i), w.qc(k, j, i), w.qr(k, j, i)};
            const double rho = density(k);
            double flux = greater(rho * x.qr * fall_speed(x.qr, rho, rho_lowest), 0);  // rain may be -1e-30
            double fallen = 0;
            if constexpr (conserving) {
              const double layer = s.mass(k, j, i) / air.g;
              flux = smaller(flux, greater(x.qr, 0) * layer / dt0);
              fallen = dt0 * (from_above - flux) / layer;
            } else {
              const double distance = k == 0 ? 0.5 * (middle(0) - middle(1)) : middle(k - 1) - middle(k);
              fallen = dt0 * (from_above - flux) / (rho * distance);
            }
            from_above = flux;
            react<conserving>(air, s.p(k, j, i), rho, dt0, fallen, x);
            w.T(k, j, i) = static_cast<Real>(x.T);
            w.qv(k, j, i) = static_cast<Real>(x.qv);
            w.qc(k, j, i) = static_cast<Real>(x.qc);
            w.qr(k, j, i) = static_cast<Real>(x.qr);
          }
          fallen_out += dt0 * from_above;
        }
        rain(0, j, i) = static_cast<Real>(fallen_out / dt);
        enter_pass(1 + n_steps);
        for (int k = 0; k < n_k; ++k) {
          out.dT(k, j, i) += static_cast<Real>((w.T(k, j, i) - s.T(k, j, i)) / dt);
          out.dqv(k, j, i) += static_cast<Real>((w.qv(k, j, i) - s.qv(k, j, i)) / dt);
          out.dqc(k, j, i) += static_cast<Real>((w.qc(k, j, i) - s.qc(k, j, i)) / dt);
          out.dqr(k, j, i) += static_cast<Real>((w.qr(k, j, i) - s.qr(k, j, i)) / dt);
        }
      });
}

}  // namespace

AnyScheme::FluxTerms Kessler::water_budget() const {
  if (options.conserving()) return rain_leaves;
  return {};
}
AnyScheme::FluxTerms Kessler::enthalpy_budget() const {
  if (options.conserving()) return std::span<const FluxTerm>();
  return {};
}

void Kessler::run(Columns& columns, double dt) const {
  const State state{columns.read(field::air_pressure),          columns.read(field::layer_mass),
                    columns.read(field::air_temperature),       columns.read(field::water_vapour),
                    columns.read(field::cloud_water),           columns.read(field::rain_water),
                    columns.read(field::interface_geopotential)};
  const Tendencies out{columns.tendency(field::air_temperature), columns.tendency(field::water_vapour),
                       columns.tendency(field::cloud_water), columns.tendency(field::rain_water)};
  const Work work{columns.scratch(0), columns.scratch(1), columns.scratch(2), columns.scratch(3)};
  const auto rain = columns.write(field::large_scale_precipitation);
  if (options.conserving()) {
    rain_out<true>(columns.cells(), columns.air(), dt, state, out, work, rain);
  } else {
    rain_out<false>(columns.cells(), columns.air(), dt, state, out, work, rain);
  }
}

}  // namespace meridian
