#pragma once
// Fields with known values at every point and step, for tests of output and restart.

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian::test {

/// Hybrid levels: pure pressure above eta = 0.2, terrain-following towards the ground; top at 2 hPa.
inline VerticalCoordinate hybrid_levels(int n_layers) {
  std::vector<double> a, b;
  for (int k = 0; k <= n_layers; ++k) {
    const double eta = k == 0 ? 0.002 : static_cast<double>(k) / n_layers;
    const double above = std::max(0.0, (eta - 0.2) / 0.8);
    b.push_back(std::pow(above, 1.1));
    a.push_back(eta - b.back());
  }
  return VerticalCoordinate(a, b, 1e5, "test");
}

/// Fills the owned points of a field with value(k, global j, global i).
inline void fill(const Array3<Real>& data, const Block& block,
                 const std::function<double(int k, int j, int i)>& value) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data);
  for (int k = 0; k < static_cast<int>(data.extent(0)); ++k) {
    for (int j = 0; j < block.ny; ++j) {
      for (int i = 0; i < block.nx; ++i) {
        host(k, j + halo_width, i + halo_width) = static_cast<Real>(value(k, block.j_first + j, block.i_first + i));
      }
    }
  }
  Kokkos::deep_copy(data, host);
}

/// A hydrostatic model's diagnosed fields. At rest: ps = 1000 hPa and ta = 200 K + 100 K lev everywhere; else ps, ta
/// and ua change with place and step, and ps falls below 700 hPa over a mountain.
struct SyntheticAtmosphere {
  static constexpr int n_lon = 48, n_lat = 24, n_layers = 10;
  Grid grid;
  FieldSet fields;

  explicit SyntheticAtmosphere(MPI_Comm communicator)
      : grid(make_block(n_lon, n_lat, default_layout(n_lon, n_lat, ranks_of(communicator)), communicator), Planet(),
             hybrid_levels(n_layers)),
        fields(grid.block) {
    using namespace field;
    for (const auto& spec : {air_temperature, eastward_wind, northward_wind, air_pressure, geopotential_height,
                             relative_vorticity, divergence_of_wind}) {
      fields.add(spec, n_layers, Role::diagnostic);
    }
    fields.add(surface_air_pressure, 1, Role::diagnostic);
    fields.add(surface_altitude, 1, Role::fixed);
    fields.add(surface_geopotential, 1, Role::fixed);
    fields.add(xwind, n_layers, Role::prognostic);
    fill(fields.add(near_surface_temperature, 1, Role::diagnostic).data(), grid.block,
         [](int, int, int) { return 288; });
    fill(fields.add(near_surface_eastward_wind, 1, Role::diagnostic).data(), grid.block,
         [](int, int j, int) { return j; });
    fill(fields.get(surface_altitude).data(), grid.block, [](int, int j, int i) { return 10.0 * j + i; });
  }

  double lev(int k) const {
    return 0.5 * (grid.levels.a(k) + grid.levels.b(k) + grid.levels.a(k + 1) + grid.levels.b(k + 1));
  }
  double ps(bool at_rest, long step, int j, int i) const {
    if (at_rest) return 1e5;
    const bool mountain = j >= 14 && j < 18 && i >= 10 && i < 20;
    return (mountain ? 6.5e4 : 1e5) + 2e3 * std::sin(0.3 * i + 0.7 * step) * std::cos(0.2 * j);
  }
  double pfull(bool at_rest, long step, int k, int j, int i) const {
    const double surface = ps(at_rest, step, j, i);
    return 0.5 * (grid.levels.pressure(k, surface) + grid.levels.pressure(k + 1, surface));
  }
  double ta(bool at_rest, long step, int k, int j, int i) const {
    return 200 + 100 * lev(k) + (at_rest ? 0 : 3 * std::sin(0.5 * step + 0.1 * i * j));
  }
  double ua(long step, int k, int j, int i) const { return 0.1 * k + j - 0.5 * i + 0.25 * static_cast<double>(step); }

  void set(bool at_rest, long step) {
    const auto fill_with = [&](const auto& spec, const auto& value) {
      fill(fields.get(spec).data(), grid.block, value);
    };
    fill_with(field::surface_air_pressure, [&](int, int j, int i) { return ps(at_rest, step, j, i); });
    fill_with(field::air_pressure, [&](int k, int j, int i) { return pfull(at_rest, step, k, j, i); });
    fill_with(field::air_temperature, [&](int k, int j, int i) { return ta(at_rest, step, k, j, i); });
    fill_with(field::eastward_wind, [&](int k, int j, int i) { return ua(step, k, j, i); });
  }

 private:
  static int ranks_of(MPI_Comm communicator) {
    int n_ranks = 1;
    MPI_Comm_size(communicator, &n_ranks);
    return n_ranks;
  }
};

/// A Clock of six-hour steps from 2000-01-01, at a step.
inline Clock six_hourly_clock(long step = 0) {
  Clock clock(Calendar::noleap, Date(), 6 * 3600 * microseconds_per_second);
  clock.set_step(step);
  return clock;
}

}  // namespace meridian::test
