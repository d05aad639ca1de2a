#include "physics/slab_ocean.hpp"

#include <cmath>

#include "grid/loop.hpp"

namespace meridian {

void SlabOcean::Options::visit(OptionVisitor& option) {
  option.real("depth_m", depth_m, "m", {0.2, 1000}, "of the layer of water");
  option.real("initial_temperature_k", initial_temperature_k, "K", {150, 350}, "mean over the globe at the start");
  option.real("initial_contrast_k", initial_contrast_k, "K", {-100, 100},
              "at the start the equator is warmer than the poles by it, as 1 - 3 sin^2 of the latitude");
  option.real("heat_flux_w_per_m2", heat_flux_w_per_m2, "W m-2", {-500, 500},
              "Q0: what the ocean brings to the equator; negative takes heat away");
  option.real("heat_flux_width_degrees", heat_flux_width_degrees, "degrees", {1, 25}, "w: width of that transport");
  const Options defaults;
  if (heat_flux_w_per_m2 == 0 && heat_flux_width_degrees != defaults.heat_flux_width_degrees) {
    option.no_effect("heat_flux_width_degrees", "heat_flux_w_per_m2");
  }
}

void SlabOcean::start(Columns& columns) const {
  const Grid& grid = columns.grid();
  require(!grid.block.is_column || options.heat_flux_w_per_m2 == 0, ExitCode::configuration,
          "Scheme 'slab_ocean' in a single column has no transport of heat, whose mean over the globe is 0: remove "
          "'heat_flux_w_per_m2'.");
  const auto ts = columns.own(field::surface_temperature).data();
  const auto host = Kokkos::create_mirror_view(ts);
  for (int j = 0; j < grid.block.ny; ++j) {
    const double sine = std::sin(grid.latitude_of_cell(j));
    const double T = options.initial_temperature_k + options.initial_contrast_k * (1 - 3 * sine * sine) / 3;
    for (int i = 0; i < grid.block.nx; ++i) host(0, j + halo_width, i + halo_width) = static_cast<Real>(T);
  }
  Kokkos::deep_copy(ts, host);
}

namespace {

struct Fluxes {
  ConstField<CellSurface> rsds, rsus, rlds, rlus, hfss, hfls;
};

/// Q / Q0 [1] at a latitude [radians].
KOKKOS_INLINE_FUNCTION double transport_shape(double lat, double width) {
  const double x = lat * lat / (width * width);
  return (1 - 2 * x) * Kokkos::exp(-x) / Kokkos::cos(lat);
}

/// Mean of the shape over the cells of the whole globe.
double mean_shape(const Grid& grid, double width) {
  double sum = 0, area = 0;
  for (int j = 0; j < grid.block.n_lat; ++j) {
    const double lat = (j + 0.5) * pi / grid.block.n_lat - pi / 2;
    sum += grid.area_of_global_row(j) * transport_shape(lat, width);
    area += grid.area_of_global_row(j);
  }
  return sum / area;
}

void warm(const Grid& grid, const Fluxes& f, double dt_per_capacity, double transport, double width, double mean,
          const Field<CellSurface>& ts) {
  const int first = grid.block.j_first;
  const double spacing = pi / grid.block.n_lat;
  for_each(
      {"physics/slab_ocean", 7, 1}, grid.block.cells(1), KOKKOS_LAMBDA(int, int j, int i) {
        const double q =
            transport == 0 ? 0.0 : transport * (transport_shape((first + j + 0.5) * spacing - pi / 2, width) - mean);
        const double net = (double(f.rsds(0, j, i)) - f.rsus(0, j, i)) + (double(f.rlds(0, j, i)) - f.rlus(0, j, i)) -
                           f.hfss(0, j, i) - f.hfls(0, j, i) + q;
        ts(0, j, i) += static_cast<Real>(dt_per_capacity * net);
      });
}

}  // namespace

void SlabOcean::run(Columns& columns, double dt) const {
  const Fluxes fluxes{columns.read(field::surface_shortwave_down), columns.read(field::surface_shortwave_up),
                      columns.read(field::surface_longwave_down),  columns.read(field::surface_longwave_up),
                      columns.read(field::sensible_heat_flux),     columns.read(field::latent_heat_flux)};
  const double width = options.heat_flux_width_degrees * pi / 180;
  const double mean = options.heat_flux_w_per_m2 == 0 ? 0 : mean_shape(columns.grid(), width);
  warm(columns.grid(), fluxes, dt / capacity(), options.heat_flux_w_per_m2, width, mean,
       columns.own(field::surface_temperature));
}

}  // namespace meridian
