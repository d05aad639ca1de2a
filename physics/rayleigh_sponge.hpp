#pragma once
// Drag on the wind near the model top.

#include "physics/columns.hpp"

namespace meridian {

/// Drag on the wind, as the exact solution over dt.
struct RayleighSponge {
  static constexpr std::string_view name = "rayleigh_sponge";
  static constexpr std::string_view meaning = "drag on the wind near the model top";
  static constexpr std::string_view source = "Polvani and Kushner (2002), Geophys. Res. Lett. 29, 1114";
  static constexpr std::string_view equation =
      R"(du/dt = - k u,  dv/dt = - k v,  k = [(pb - p) / pb]^2 / tau where p < pb)";
  static constexpr FieldUse fields[] = {reads(field::air_pressure), updates(field::eastward_wind),
                                        updates(field::northward_wind)};

  struct Options {
    double below_pa = 50;
    double time_days = 0.5;

    void visit(OptionVisitor& option) {
      option.real("below_pa", below_pa, "Pa", {1e-3, 1e5}, "pb: there is drag where the pressure is below it");
      option.real("time_days", time_days, "days", {1e-3, 1e4}, "tau: time of damping at zero pressure");
    }
  };
  Options options;

  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<RayleighSponge>);

}  // namespace meridian
