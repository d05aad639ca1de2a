#pragma once
// A surface temperature that does not change: profiles in latitude of published aquaplanets.

#include <string>

#include "physics/columns.hpp"

namespace meridian {

/// Profiles of Neale and Hoskins, and that of Thatcher and Jablonowski; everywhere plus warming_k.
struct PrescribedSst {
  static constexpr std::string_view name = "prescribed_sst";
  static constexpr std::string_view meaning = "a temperature of the sea surface that does not change";
  static constexpr std::string_view source =
      "Neale and Hoskins (2000), Atmos. Sci. Lett. 1, 101-107; Thatcher and Jablonowski (2016), Geosci. Model Dev. 9, "
      "1263-1292";
  static constexpr std::string_view equation = R"(x = 3 lat / 2, below 60 degrees (0 Celsius elsewhere), in Celsius:
control     27 (1 - sin^2 x)      peaked  27 (1 - 3 |lat| / pi)      flat  27 (1 - sin^4 x)
qobs        mean of control and flat
control_5n  27 (1 - sin^2[90/55 (lat - 5)]) north of 5 N, 27 (1 - sin^2[90/65 (lat - 5)]) south of it
thatcher_jablonowski  271 K + 29 K exp[- lat^2 / (2 (26 degrees)^2)]
uniform     temperature_k)";
  static constexpr FieldUse fields[] = {owns(field::surface_temperature)};

  struct Options {
    std::string profile = "control";
    double temperature_k = 302.15;
    double warming_k = 0;

    void visit(OptionVisitor& option);
  };
  Options options;

  void start(Columns& columns) const;
  void run(Columns&, double) const {}
};
static_assert(Parameterization<PrescribedSst>);

/// Surface temperature [K] at a latitude [radians].
double sea_surface_temperature(const PrescribedSst::Options& options, double lat);

}  // namespace meridian
