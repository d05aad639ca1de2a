#pragma once
// Device kernels of output: statistics at every point, and interpolation to pressure levels.

#include "grid/decomposition.hpp"
#include "io/stream_file.hpp"

namespace meridian {

/// Where pressure levels lie among the layers of every column, with halo storage as Field.
/// value at level n = (1 - weight) x(layer) + weight x(layer + 1); a negative weight: missing.
struct PressureLevels {
  Array1<double> pressure;  // [Pa]
  Array3<int> layer;
  Array3<double> weight;
  Array3<double> samples;  // samples so far that were not missing

  PressureLevels() = default;
  PressureLevels(const std::vector<double>& pressures, const Block& block);
  bool exist() const { return pressure.extent(0) > 0; }
};

/// Finds the levels, linear in ln p between the layers' pressures 'p' [Pa] and constant between the lowest layer and
/// the ground; missing below the ground (p > ps) and above the middle of the top layer. Adds 1 to 'samples' elsewhere.
void locate(const PressureLevels& levels, const Array3<Real>& p, const Array3<Real>& ps, const Block& block);

/// Sets accumulated values to those of no sample.
void reset(Statistic statistic, const Array3<double>& accumulated);
/// Adds a sample of a field: on its own levels, or at the located pressure levels, where missing ones change nothing.
void accumulate(Statistic statistic, const Array3<Real>& source, const Array3<double>& accumulated, const Block& block);
void accumulate_at(const PressureLevels& levels, Statistic statistic, const Array3<Real>& source,
                   const Array3<double>& accumulated, const Block& block);

/// Values of a record, (k, j, i) without halo, on the device: as they are, or divided by the number of samples.
void pack(const Array3<Real>& source, const Box& box, const Array1<double>& packed);
void pack(const Array3<double>& accumulated, double samples, const Box& box, const Array1<double>& packed);
/// The same at pressure levels: fill_value where all samples were missing.
void pack_at(const PressureLevels& levels, const Array3<double>& accumulated, bool divide, const Box& box,
             const Array1<double>& packed);

}  // namespace meridian
