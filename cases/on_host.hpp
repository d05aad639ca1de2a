#pragma once
// What all initial states share: fields filled on the host, the ground, columns round the globe.

#include <functional>
#include <vector>

#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian {

/// A field's copy on the host; copied to the device when it goes out of scope.
template <class P>
class OnHost {
 public:
  explicit OnHost(const Field<P>& field) : device_(field.data()), host_(Kokkos::create_mirror_view(device_)) {}
  OnHost(const OnHost&) = delete;
  ~OnHost() { Kokkos::deep_copy(device_, host_); }
  void set(int k, int j, int i, double value) { host_(k, j + halo_width, i + halo_width) = static_cast<Real>(value); }

 private:
  Array3<Real> device_;
  typename Array3<Real>::HostMirror host_;
};

/// Geopotential [m2 s-2] of the ground of one cell, from the file's altitude or the state's own.
class Ground {
 public:
  Ground(const Grid& grid, const std::vector<double>& altitude) : grid_(grid), altitude_(altitude) {
    const std::size_t cells = static_cast<std::size_t>(grid.block.n_lon) * grid.block.n_lat;
    require(altitude.empty() || altitude.size() == cells, ExitCode::internal, "The surface altitude has ",
            altitude.size(), " values for ", cells, " cells.");
  }
  /// j in the globe, i in [-n_lon, n_lon) [local indices].
  double operator()(int j, int i, double own) const {
    if (altitude_.empty()) return own;
    const Block& block = grid_.block;
    const std::size_t column = (block.i_first + i + block.n_lon) % block.n_lon;
    return grid_.planet.gravity_m_per_s2 *
           altitude_[(block.j_first + j) * static_cast<std::size_t>(block.n_lon) + column];
  }

 private:
  const Grid& grid_;
  const std::vector<double>& altitude_;
};

/// Pressure [Pa] of the half levels of a column and its mixing ratios [1] of vapour.
struct ColumnState {
  std::vector<double> half, vapour;
};

/// Without vapour the half levels are those of this surface pressure [Pa]. With it they are those of the dry air and the
/// weight of the vapour above, so that the sum is this surface pressure:
///   p_{k+1} = p_k + [P_{k+1}(p_d) - P_k(p_d)] (1 + r_k),  r = q / (1 - q) at the middle of the layer,
/// for p_d and r by a fixed-point iteration, which gains about two digits a step.
/// specific_humidity: q [1] of layer k, whose middle has the pressure p [Pa]; none: no vapour.
ColumnState column_state(const std::function<double(int k, double p)>& specific_humidity,
                         const VerticalCoordinate& levels, double surface_pressure);

/// Local column index of the same cell inside the globe: its longitude has the same bits on every rank.
inline int wrapped(const Block& block, int i) {
  return (block.i_first + i + block.n_lon) % block.n_lon - block.i_first;
}

/// Calls action(j, i, longitude, latitude [radians]) for the owned faces of northward wind off the poles; v at the poles is 0.
template <class Action>
void for_each_yface(const Grid& grid, OnHost<YFace>& v, int n_k, const Action& action) {
  const Block& block = grid.block;
  for (int j = 0; j < block.ny + (block.at_north_pole() ? 1 : 0); ++j) {
    const bool pole = (j == 0 && block.at_south_pole()) || j == block.ny;
    for (int i = 0; i < block.nx; ++i) {
      if (pole) {
        for (int k = 0; k < n_k; ++k) v.set(k, j, i, 0);
      } else {
        action(j, i, grid.longitude_of_cell(i), grid.latitude_of_yface(j));
      }
    }
  }
}

}  // namespace meridian
