#include "physics/prescribed_sst.hpp"

#include <array>
#include <cmath>

namespace meridian {

namespace {

constexpr std::array<std::string_view, 7> profiles = {
    "control", "peaked", "flat", "qobs", "control_5n", "thatcher_jablonowski", "uniform"};

}  // namespace

void PrescribedSst::Options::visit(OptionVisitor& option) {
  option.word(
      "profile", profile, profiles,
      "temperature over latitude: control, peaked, flat, qobs, control_5n: aquaplanets; thatcher_jablonowski: warm "
      "tropics, mild poles; uniform: 'temperature_k'");
  option.real("temperature_k", temperature_k, "K", {150, 350}, "of the profile 'uniform'");
  option.real("warming_k", warming_k, "K", {-50, 50}, "added everywhere");
  if (profile != "uniform" && temperature_k != Options().temperature_k) {
    option.no_effect("temperature_k", "profile: uniform");
  }
}

double sea_surface_temperature(const PrescribedSst::Options& options, double lat) {
  const std::string& profile = options.profile;
  if (profile == "uniform") return options.temperature_k + options.warming_k;
  if (profile == "thatcher_jablonowski") {
    return 271 + 29 * std::exp(-square(lat / (26 * pi / 180)) / 2) + options.warming_k;
  }
  double celsius = 0;
  if (std::abs(lat) < pi / 3) {
    const double control = 1 - square(std::sin(1.5 * lat)), flat = 1 - square(square(std::sin(1.5 * lat)));
    if (profile == "control") celsius = 27 * control;
    if (profile == "peaked") celsius = 27 * (1 - 3 * std::abs(lat) / pi);
    if (profile == "flat") celsius = 27 * flat;
    if (profile == "qobs") celsius = 27 * (control + flat) / 2;
    if (profile == "control_5n") {
      const double off = lat - pi / 36;
      celsius = 27 * (1 - square(std::sin(90. / (off > 0 ? 55 : 65) * off)));
    }
  }
  return 273.15 + celsius + options.warming_k;
}

void PrescribedSst::start(Columns& columns) const {
  const Grid& grid = columns.grid();
  const auto ts = columns.own(field::surface_temperature).data();
  const auto host = Kokkos::create_mirror_view(ts);
  for (int j = 0; j < grid.block.ny; ++j) {
    for (int i = 0; i < grid.block.nx; ++i) {
      host(0, j + halo_width, i + halo_width) =
          static_cast<Real>(sea_surface_temperature(options, grid.latitude_of_cell(j)));
    }
  }
  Kokkos::deep_copy(ts, host);
}

}  // namespace meridian
