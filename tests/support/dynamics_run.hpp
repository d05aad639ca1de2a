#pragma once
// A dynamical core on its own: grid, fields, initial state and steps, without files, physics or output.

#include <string>

#include "cases/initial_state.hpp"
#include "dycore/dycore.hpp"
#include "tests/support/option_setter.hpp"

namespace meridian::test {

struct DynamicsRun {
  DycoreOptions options;
  Grid grid;
  FieldSet fields;
  Dycore dycore;
  long steps = 0;

  DynamicsRun(const DycoreOptions& dynamics, const std::map<std::string, std::string>& initial, const Block& block,
              const Planet& planet, const VerticalCoordinate& levels, const std::vector<double>& altitude = {},
              const std::vector<Tracer>& tracers = {})
      : options(dynamics), grid(block, planet, levels), fields(block), dycore(options, grid, fields, tracers) {
    fill_initial_state(options_of(initial), grid, fields, altitude);
    dycore.start();
  }

  void step() {
    dycore.step(steps);
    if (dycore.remaps_after(steps)) {
      dycore.remap();
      dycore.finish_step();
    }
    ++steps;
  }
  void run_days(double days) {
    const long n = std::lround(days * 86400 / options.dt_s);
    for (long i = 0; i < n; ++i) step();
  }
  template <class P>
  auto on_host(const FieldSpec<P>& spec) const {
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), fields.get(spec).data());
  }
};

/// Fills a field with smooth bumps between 0 and 1 that follow from the place on the globe alone.
inline void fill_with_bumps(const Grid& grid, const Array3<Real>& data) {
  const auto host = Kokkos::create_mirror_view(data);
  for (int k = 0; k < static_cast<int>(data.extent(0)); ++k) {
    for (int j = 0; j < grid.block.ny; ++j) {
      for (int i = 0; i < grid.block.nx; ++i) {
        const double lat = grid.latitude_of_cell(j);
        const int column = grid.block.i_first + i;  // the longitude with the same bits on every rank
        const double wave = std::sin(3 * column * grid.dl() + k) * std::cos(lat);
        host(k, j + halo_width, i + halo_width) = static_cast<Real>(0.5 + 0.5 * wave * std::cos(2 * lat - k));
      }
    }
  }
  Kokkos::deep_copy(data, host);
}

/// sqrt(mean (f - g)^2 / mean g^2) with the areas of cells, level 0; arrays with halo as Field's.
template <class A, class B>
double relative_l2(const Grid& grid, const A& f, const B& g) {
  double difference = 0, norm = 0;
  for (int j = 0; j < grid.block.ny; ++j) {
    const double area = grid.area_of_global_row(grid.block.j_first + j);
    for (int i = 0; i < grid.block.nx; ++i) {
      const double x = f(0, j + halo_width, i + halo_width), y = g(0, j + halo_width, i + halo_width);
      difference += area * (x - y) * (x - y);
      norm += area * y * y;
    }
  }
  return std::sqrt(difference / norm);
}

/// Largest zonal amplitude of wavenumbers from 10 on in the five rows beside each pole, level k: the measure of polar
/// noise of docs/numerics. Deviation from 'from' if given.
template <class A>
double polar_noise(const Grid& grid, const A& f, int k = 0) {
  const int nx = grid.block.nx, ny = grid.block.ny;
  double largest = 0;
  for (int n = 0; n < 10 && n < ny; ++n) {
    const int j = n < 5 ? n : ny - 1 - (n - 5);
    for (int wave = 10; wave <= nx / 2; ++wave) {
      double c = 0, s = 0;
      for (int i = 0; i < nx; ++i) {
        const double angle = 2 * pi * ((static_cast<long>(wave) * i) % nx) / nx;
        c += f(k, j + halo_width, i + halo_width) * std::cos(angle);
        s += f(k, j + halo_width, i + halo_width) * std::sin(angle);
      }
      largest = std::max(largest, std::hypot(c, s) * (2 * wave == nx ? 1.0 : 2.0) / nx);
    }
  }
  return largest;
}

inline Block alone(int n_lon, int n_lat) { return make_block(n_lon, n_lat, {1, 1}, MPI_COMM_SELF); }

}  // namespace meridian::test
