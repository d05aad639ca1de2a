#pragma once
// Convection that relaxes a column towards a moist adiabat of fixed relative humidity.

#include "physics/columns.hpp"

namespace meridian {

/// Simplified Betts-Miller scheme. A parcel of the lowest layer rises dry to its level of condensation, then along a moist adiabat (midpoint
/// rule) up to the last level where it is lighter than the air around it. Between there and the ground, where it has been
/// lighter at all, temperature and vapour relax within tau towards the parcel's temperature and the mixing ratio of the
/// relative humidity RH at it.
struct BettsMiller {
  static constexpr std::string_view name = "betts_miller";
  static constexpr std::string_view meaning = "convection that relaxes columns towards a moist adiabat";
  static constexpr std::string_view source =
      "Frierson (2007), J. Atmos. Sci. 64, 1959-1976; O'Gorman and Schneider (2008), J. Climate 21, 3815-3832";
  static constexpr std::string_view equation =
      R"(dT/dlnp = [kappa T + (L / cp) rs] / [1 + L^2 rs / (cp Rv T^2)]  along the adiabat
dq = - (q - qref) dt / tau,  dT = - (T - Tref) dt / tau;  Pq = - sum dq dp / g,  Pt = (cp / L) sum dT dp / g
deep     Pq > 0 and Pt > 0: where Pq > Pt, dq is scaled by Pt / Pq; else dT is shifted so that cp dT + L dq sums to 0
shallow  Pt > 0 and Pq <= 0: layers are dropped from the top until Pq is 0, dT is shifted to a sum of 0; no rain)";
  static constexpr FieldUse fields[] = {reads(field::air_pressure), reads(field::layer_mass),
                                        updates(field::air_temperature), updates(field::water_vapour),
                                        writes(field::convective_precipitation)};
  static constexpr std::array<FluxTerm, 1> water_budget{{{&field::convective_precipitation, -1}}};
  static constexpr std::array<FluxTerm, 0> enthalpy_budget{};
  static constexpr int scratch_fields = 3;

  struct Options {
    double relaxation_time_s = 7200;
    double relative_humidity = 0.7;

    void visit(OptionVisitor& option) {
      option.real("relaxation_time_s", relaxation_time_s, "s", {1, 1e6}, "tau");
      option.real("relative_humidity", relative_humidity, "1", {0.01, 1}, "RH, of the column that is relaxed to");
    }
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<BettsMiller>);

}  // namespace meridian
