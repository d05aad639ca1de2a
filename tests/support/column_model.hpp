#pragma once
// A few rows of columns with a random state: all that a scheme sees of the model.

#include <cmath>
#include <cstdint>
#include <functional>

#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian::test {

/// Sigma levels of equal thickness, top at 0 Pa.
inline VerticalCoordinate sigma_levels(int n, double p0 = 1e5) {
  std::vector<double> a(n + 1, 0.0), b(n + 1);
  for (int k = 0; k <= n; ++k) b[k] = static_cast<double>(k) / n;
  return {a, b, p0, "sigma levels of a test"};
}

/// Rows [first_row, first_row + n_rows) of a grid with 16 rows, the first n_columns of 512 cells in each.
inline Block column_block(int n_columns, int n_rows, int first_row) {
  Block block;
  block.n_lon = 512;
  block.nx = n_columns;
  block.n_lat = 16;
  block.ny = n_rows;
  block.j_first = first_row;
  return block;
}

/// Grid and diagnosed state of some columns.
class ColumnModel {
 public:
  explicit ColumnModel(int n_columns, int n_levels = 6, int n_rows = 1, int first_row = 9, const Planet& planet = {})
      : grid(column_block(n_columns, n_rows, first_row), planet, sigma_levels(n_levels, planet.reference_pressure_pa)),
        fields(grid.block) {
    fields.add(field::air_temperature, n_levels, Role::diagnostic);
    fields.add(field::eastward_wind, n_levels, Role::diagnostic);
    fields.add(field::northward_wind, n_levels, Role::diagnostic);
    fields.add(field::air_pressure, n_levels, Role::diagnostic);
    fields.add(field::surface_air_pressure, 1, Role::diagnostic);
    fields.add(field::interface_pressure, n_levels + 1, Role::diagnostic);
    fields.add(field::interface_exner, n_levels + 1, Role::diagnostic);
    fields.add(field::interface_geopotential, n_levels + 1, Role::diagnostic);
    fields.add(field::layer_mass, n_levels, Role::prognostic);
    fields.add_tracers({"cl", "cl2", "qv", "qc", "qr"}, n_levels);
    randomise(1);
  }

  /// Random columns: T 150..350 K, wind -100..100 m/s, surface pressure 500..1080 hPa, layers in the middle of sigma,
  /// mixing ratios up to 4e-6 of chlorine, 0.03 of vapour, 2e-3 of cloud water, 4e-3 of rain.
  /// Column n of the list is the n-th drawn, wherever it stands.
  void randomise(unsigned seed) {
    randomise(seed, [](int, int i) { return i; });
  }
  void randomise(unsigned seed, const std::function<int(int j, int i)>& column_at) {
    const auto uniform = [seed](int column, int item, int k) {  // in [0, 1), from its key alone: splitmix64
      std::uint64_t x = ((seed * 1000ull + column) * 1000ull + item) * 1000ull + k;
      for (int n = 0; n < 2; ++n) {
        x += 0x9e3779b97f4a7c15u;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        x ^= x >> 31;
      }
      return static_cast<double>(x >> 11) * 0x1p-53;
    };
    const double p0 = grid.planet.reference_pressure_pa;
    const int n = grid.n_levels();
    const auto ps = [=](int j, int i) { return p0 * (0.5 + 0.58 * uniform(column_at(j, i), 0, 0)); };
    set(field::surface_air_pressure, [&](int, int j, int i) { return ps(j, i); });
    set(field::air_pressure, [&](int k, int j, int i) { return ps(j, i) * (k + 0.5) / n; });
    set(field::air_temperature, [&](int k, int j, int i) { return 150 + 200 * uniform(column_at(j, i), 1, k); });
    // Pressure of all air; water adds to that of the dry air.
    set(field::interface_pressure, [&](int k, int j, int i) { return ps(j, i) * k / n; });
    set(field::interface_exner,
        [&](int k, int j, int i) { return std::pow(ps(j, i) * k / n / p0, grid.planet.kappa()); });
    const auto vapour = [=](int k, int j, int i) {
      const double dry = uniform(column_at(j, i), 6, 0) < 0.1 ? 0 : 1;  // one column in ten holds no vapour
      return dry * 0.03 * std::pow((k + 0.5) / n, 3) * uniform(column_at(j, i), 7, k);
    };
    const auto cloud = [=](int k, int j, int i) { return std::fmax(0, 4e-3 * uniform(column_at(j, i), 8, k) - 2e-3); };
    const auto rain = [=](int k, int j, int i) { return std::fmax(0, 8e-3 * uniform(column_at(j, i), 9, k) - 4e-3); };
    set(field::water_vapour, vapour);
    set(field::cloud_water, cloud);
    set(field::rain_water, rain);
    set(field::layer_mass,
        [&](int k, int j, int i) { return ps(j, i) / n / (1 + vapour(k, j, i) + cloud(k, j, i) + rain(k, j, i)); });
    set(field::eastward_wind, [&](int k, int j, int i) { return 200 * uniform(column_at(j, i), 2, k) - 100; });
    set(field::northward_wind, [&](int k, int j, int i) { return 200 * uniform(column_at(j, i), 3, k) - 100; });
    const auto temperature = values(field::air_temperature), vapours = values(field::water_vapour);
    const auto exner = values(field::interface_exner);
    const double cp = grid.planet.heat_capacity_j_per_kg_k;
    set(field::interface_geopotential, [&](int k, int j, int i) {  // the ground is at 0
      const int columns = grid.block.ny * grid.block.nx, at = j * grid.block.nx + i;
      double phi = 0;
      for (int l = n - 1; l >= k; --l) {
        const double above = exner[l * columns + at], below = exner[(l + 1) * columns + at];
        phi += cp * temperature[l * columns + at] * (1 + 0.61 * vapours[l * columns + at]) * (below - above) * 2 /
               (below + above);
      }
      return phi;
    });
    set(field::atomic_chlorine, [&](int k, int j, int i) { return 4e-6 * uniform(column_at(j, i), 4, k); });
    set(field::molecular_chlorine, [&](int k, int j, int i) { return 2e-6 * uniform(column_at(j, i), 5, k); });
  }

  template <class P>
  void set(const FieldSpec<P>& spec, const std::function<double(int k, int j, int i)>& value) {
    const auto data = fields.get(spec).data();
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, data);
    for (int k = 0; k < static_cast<int>(data.extent(0)); ++k) {
      for (int j = 0; j < grid.block.ny; ++j) {
        for (int i = 0; i < grid.block.nx; ++i) {
          host(k, j + halo_width, i + halo_width) = static_cast<Real>(value(k, j, i));
        }
      }
    }
    Kokkos::deep_copy(data, host);
  }

  /// Owned values, index (k * rows + j) * columns + i.
  template <class P>
  std::vector<Real> values(const FieldSpec<P>& spec) const {
    return values(fields.get(spec).data());
  }
  std::vector<Real> values(const Array3<Real>& data) const {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, data);
    std::vector<Real> result;
    for (std::size_t k = 0; k < host.extent(0); ++k) {
      for (int j = 0; j < grid.block.ny; ++j) {
        for (int i = 0; i < grid.block.nx; ++i) result.push_back(host(k, j + halo_width, i + halo_width));
      }
    }
    return result;
  }

  Grid grid;
  FieldSet fields;
};

}  // namespace meridian::test
