#pragma once
// Warm rain: vapour, cloud water and rain that falls.

#include <string>

#include "physics/columns.hpp"

namespace meridian {

/// The form of Klemp and Wilhelmson (1978) and of the DCMIP 2016 test case document (Ullrich et al. 2016), section 4.
/// mode: conserving   heat capacity and latent heat of the planet, fall between layers by their mass: water and cp T + L qv
///                    of each column are kept
///       reference    heat capacity 1003, latent heat 2.5e6, dqvs/dT with 237.3, fall by the distance of layers: what
///                    published runs used; water is not kept to round-off
struct Kessler {
  static constexpr std::string_view name = "kessler";
  static constexpr std::string_view meaning = "warm rain: condensation, collection, fall and evaporation";
  static constexpr std::string_view source =
      "Kessler (1969), Meteorol. Monogr. 10; Klemp and Wilhelmson (1978), J. Atmos. Sci. 35, 1070-1096";
  static constexpr std::string_view equation =
      R"(mixing ratios to dry air of density rho, r = 0.001 rho, in sub-steps dt0 <= 0.8 dz / Vr:
fall       Vr = 36.34 (qr r)^0.1364 sqrt(rho_lowest / rho), upstream
collect    dqc = qc - (qc - dt0 max(1e-3 (qc - 1e-3), 0)) / (1 + 2.2 dt0 qr^0.875)
evaporate  E = min{dt0 (1.6 + 124.9 (r qr)^0.2046) (r qr)^0.525 / (2.55e6 pc / (3.8 qvs) + 5.4e5)
               max(qvs - qv, 0) / (r qvs),  max(- prod - qc, 0),  qr}
adjust     prod = (qv - qvs) / (1 + (L / cp) dqvs/dT),  m = max(prod, - qc): cloud gains m, rain loses E)";
  static constexpr FieldUse fields[] = {reads(field::air_pressure),           reads(field::layer_mass),
                                        reads(field::interface_geopotential), updates(field::air_temperature),
                                        updates(field::water_vapour),         updates(field::cloud_water),
                                        updates(field::rain_water),           writes(field::large_scale_precipitation)};
  static constexpr int scratch_fields = 4;

  struct Options {
    std::string mode = "conserving";

    void visit(OptionVisitor& option);
    bool conserving() const { return mode == "conserving"; }
  };
  Options options;

  AnyScheme::FluxTerms water_budget() const;
  AnyScheme::FluxTerms enthalpy_budget() const;
  std::string_view saturation() const { return "tetens"; }
  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<Kessler>);

}  // namespace meridian
