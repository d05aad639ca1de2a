#include "io/stream_sampling.hpp"

#include "grid/loop.hpp"

namespace meridian {
namespace {

constexpr double larger_than_any = 1e300;

struct Add {
  KOKKOS_FORCEINLINE_FUNCTION double operator()(double all, double value) const { return all + value; }
};
struct Smaller {
  KOKKOS_FORCEINLINE_FUNCTION double operator()(double all, double value) const { return value < all ? value : all; }
};
struct Larger {
  KOKKOS_FORCEINLINE_FUNCTION double operator()(double all, double value) const { return value > all ? value : all; }
};

/// Calls action with the functor that combines the samples of a statistic.
template <class Action>
void with_combination(Statistic statistic, const Action& action) {
  if (statistic == Statistic::minimum) return action(Smaller());
  if (statistic == Statistic::maximum) return action(Larger());
  action(Add());
}

template <class Combine>
void add_sample(const Combine& combine, const Array3<Real>& source_data, const Array3<double>& accumulated_data,
                const Box& box) {
  const ConstField<Cell> source = Field<Cell>(source_data);
  const Field<Cell, double> accumulated(accumulated_data);
  for_each(
      "io/accumulate", box, KOKKOS_LAMBDA(int k, int j, int i) {
        accumulated(k, j, i) = combine(accumulated(k, j, i), static_cast<double>(source(k, j, i)));
      });
}

template <class Combine>
void add_sample_at(const Combine& combine, const PressureLevels& levels, const Array3<Real>& source_data,
                   const Array3<double>& accumulated_data, const Box& box) {
  const ConstField<Cell> source = Field<Cell>(source_data);
  const Field<Cell, double> accumulated(accumulated_data), weights(levels.weight);
  const Field<Cell, int> layers(levels.layer);
  const int last = source.n_levels() - 1;
  for_each(
      "io/accumulate_at", box, KOKKOS_LAMBDA(int n, int j, int i) {
        const double weight = weights(n, j, i);  // [1]
        const int upper = layers(n, j, i);
        const int lower = upper < last ? upper + 1 : last;
        const double value = (1 - weight) * source(upper, j, i) + weight * source(lower, j, i);
        const double all = accumulated(n, j, i);
        accumulated(n, j, i) = weight < 0 ? all : combine(all, value);
      });
}

/// Place of a point of a box that begins at 0 among its packed values.
KOKKOS_FORCEINLINE_FUNCTION std::size_t place(const Box& box, int k, int j, int i) {
  return (static_cast<std::size_t>(k) * box.j_end + j) * box.i_end + i;
}

template <class Value>
void pack_values(const Array3<Value>& data, double samples, const Box& box, const Array1<double>& packed) {
  const Field<Cell, Value> values(data);
  for_each(
      "io/pack", box, KOKKOS_LAMBDA(int k, int j, int i) {
        packed(place(box, k, j, i)) = static_cast<double>(values(k, j, i)) / samples;
      });
}

}  // namespace

PressureLevels::PressureLevels(const std::vector<double>& pressures, const Block& block)
    : pressure("pressure", pressures.size()) {
  if (pressures.empty()) return;
  const auto host = Kokkos::create_mirror_view(pressure);
  for (std::size_t n = 0; n < pressures.size(); ++n) host(n) = pressures[n];
  Kokkos::deep_copy(pressure, host);
  const int n_j = block.ny + 2 * halo_width + 1, n_i = block.nx + 2 * halo_width;
  layer = Array3<int>("layer", pressures.size(), n_j, n_i);
  weight = Array3<double>("weight", pressures.size(), n_j, n_i);
  samples = Array3<double>("samples", pressures.size(), n_j, n_i);
}

void locate(const PressureLevels& levels, const Array3<Real>& p_data, const Array3<Real>& ps_data, const Block& block) {
  const ConstField<Cell> p = Field<Cell>(p_data);
  const ConstField<CellSurface> ps = Field<CellSurface>(ps_data);
  const Array1<double> pressure = levels.pressure;
  const Field<Cell, int> layer(levels.layer);
  const Field<Cell, double> weight(levels.weight), samples(levels.samples);
  const int last = p.n_levels() - 1;
  for_each(
      "io/locate", block.cells(static_cast<int>(pressure.extent(0))), KOKKOS_LAMBDA(int n, int j, int i) {
        const double target = pressure(n);  // [Pa]
        int lower = 0;                      // first layer with a pressure of at least the target
        while (lower <= last && p(lower, j, i) < target) ++lower;
        const int upper = lower > 0 ? lower - 1 : 0;
        double w = 0;  // [1]
        if (target > ps(0, j, i) || (lower == 0 && p(0, j, i) > target)) {
          w = -1;
        } else if (lower > 0 && lower <= last) {
          const double above = p(upper, j, i), below = p(lower, j, i);  // [Pa]
          w = Kokkos::log(target / above) / Kokkos::log(below / above);
        }
        layer(n, j, i) = upper;
        weight(n, j, i) = w;
        samples(n, j, i) += w < 0 ? 0 : 1;
      });
}

void reset(Statistic statistic, const Array3<double>& accumulated) {
  Kokkos::deep_copy(accumulated, statistic == Statistic::minimum   ? larger_than_any
                                 : statistic == Statistic::maximum ? -larger_than_any
                                                                   : 0.0);
}

void accumulate(Statistic statistic, const Array3<Real>& source, const Array3<double>& accumulated,
                const Block& block) {
  const Box box = block.cells(static_cast<int>(accumulated.extent(0)));
  with_combination(statistic, [&](const auto& combine) { add_sample(combine, source, accumulated, box); });
}

void accumulate_at(const PressureLevels& levels, Statistic statistic, const Array3<Real>& source,
                   const Array3<double>& accumulated, const Block& block) {
  const Box box = block.cells(static_cast<int>(accumulated.extent(0)));
  with_combination(statistic, [&](const auto& combine) { add_sample_at(combine, levels, source, accumulated, box); });
}

void pack(const Array3<Real>& source, const Box& box, const Array1<double>& packed) {
  pack_values(source, 1, box, packed);
}

void pack(const Array3<double>& accumulated, double samples, const Box& box, const Array1<double>& packed) {
  pack_values(accumulated, samples, box, packed);
}

void pack_at(const PressureLevels& levels, const Array3<double>& accumulated, bool divide, const Box& box,
             const Array1<double>& packed) {
  const Field<Cell, double> values(accumulated), samples(levels.samples);
  for_each(
      "io/pack_at", box, KOKKOS_LAMBDA(int k, int j, int i) {
        const double n = samples(k, j, i);  // [1]
        packed(place(box, k, j, i)) = n == 0 ? static_cast<double>(fill_value) : values(k, j, i) / (divide ? n : 1);
      });
}

}  // namespace meridian
