#pragma once
// What is more than saturated rains out at once.

#include "physics/columns.hpp"

namespace meridian {

/// Vapour above saturation condenses, by one step of Newton's method, and leaves as rain. reevaporate: the rain of a layer falls into those
/// below and evaporates there until they are saturated or it ends (Frierson, Held and Zurita-Gotor 2006). cp T + L q of
/// each layer stays. Source: RJ12, section 2.1.
struct LargeScaleCondensation {
  static constexpr std::string_view name = "large_scale_condensation";
  static constexpr std::string_view meaning = "vapour above saturation rains out at once";
  static constexpr std::string_view source =
      "Reed and Jablonowski (2012), J. Adv. Model. Earth Syst. 4, M04001; Frierson et al. (2006), J. Atmos. Sci. 63, "
      "2548-2566";
  static constexpr std::string_view equation = R"(dq = (q - qs) / (1 + (L / cp) dqs/dT) where q > qs
q <- q - dq,  T <- T + (L / cp) dq,  P = sum dq dp / (g dt))";
  static constexpr FieldUse fields[] = {reads(field::air_pressure), reads(field::layer_mass),
                                        updates(field::air_temperature), updates(field::water_vapour),
                                        writes(field::large_scale_precipitation)};
  static constexpr std::array<FluxTerm, 1> water_budget{{{&field::large_scale_precipitation, -1}}};
  static constexpr std::array<FluxTerm, 0> enthalpy_budget{};

  struct Options {
    bool reevaporate = false;

    void visit(OptionVisitor& option) {
      option.flag("reevaporate", reevaporate, "rain evaporates in layers below that are not saturated");
    }
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<LargeScaleCondensation>);

}  // namespace meridian
