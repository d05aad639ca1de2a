#pragma once
// Fields and accumulators with known values at every point of the globe, for tests of restart sets.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "io/netcdf.hpp"
#include "io/restart.hpp"

namespace meridian::test {

/// A number with all its bits in use, from the global place.
inline double value_at(std::uint64_t seed, int k, int row, int column) {
  std::uint64_t x = (seed << 48) + (std::uint64_t(k) << 32) + (std::uint64_t(row) << 16) + column;
  for (int n = 0; n < 3; ++n) x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u + 0x9e3779b97f4a7c15u;
  return (static_cast<double>(x >> 11) / static_cast<double>(std::uint64_t(1) << 53) - 0.5) * 1e5;
}

/// Points of this rank, with the row of the north pole for yfaces and corners.
inline Box points(Horizontal horizontal, int n_k, const Block& block) {
  Box box = block.cells(n_k);
  const bool on_yface = horizontal == Horizontal::yface || horizontal == Horizontal::corner;
  if (on_yface && block.at_north_pole()) ++box.j_end;
  return box;
}

template <class Value>
std::vector<double> values_of(std::uint64_t seed, const Box& box, const Block& block) {
  std::vector<double> values;
  for (int k = 0; k < box.k_end; ++k) {
    for (int j = 0; j < box.j_end; ++j) {
      for (int i = 0; i < box.i_end; ++i) {
        values.push_back(static_cast<Value>(value_at(seed, k, block.j_first + j, block.i_first + i)));
      }
    }
  }
  return values;
}

inline Accumulator accumulator(const std::string& name, Horizontal horizontal, int n_k, const Block& block) {
  return {name, Array3<double>(name, n_k, block.ny + 2 * halo_width + 1, block.nx + 2 * halo_width), horizontal};
}

/// Layer mass, both winds and a surface field; two accumulators. All zero.
inline RestartContent empty_content(const Block& block, int n_layers = 3) {
  FieldSet fields(block);
  fields.add(field::layer_mass, n_layers, Role::prognostic);
  fields.add(field::xwind, n_layers, Role::prognostic);
  fields.add(field::ywind, n_layers, Role::prognostic);
  fields.add(field::surface_geopotential, 1, Role::prognostic);
  return {.facts = {{"case", "a test"}, {"streams", "{\"daily\": [1, 2]}\nand \\n a backslash"}},
          .fields = fields.entries(),
          .accumulators = {accumulator("daily.ta", Horizontal::cell, n_layers, block),
                           accumulator("daily.vorticity", Horizontal::corner, n_layers + 1, block)}};
}

inline RestartContent filled_content(const Block& block, std::uint64_t seed, int n_layers = 3) {
  RestartContent content = empty_content(block, n_layers);
  for (const auto& entry : content.fields) {
    const Box box = points(entry.info.horizontal, static_cast<int>(entry.data.extent(0)), block);
    unpack(values_of<Real>(seed++, box, block), entry.data, box);
  }
  for (const auto& item : content.accumulators) {
    const Box box = points(item.horizontal, static_cast<int>(item.data.extent(0)), block);
    auto values = values_of<double>(seed++, box, block);
    // A minimum without samples, at the first point of the globe
    if (block.i_first == 0 && block.j_first == 0) values[0] = std::numeric_limits<double>::infinity();
    unpack(values, item.data, box);
  }
  return content;
}

/// Number of points where two contents differ.
inline long differing_points(const RestartContent& one, const RestartContent& other, const Block& block) {
  long count = 0;
  const auto compare = [&](Horizontal horizontal, const auto& a, const auto& b) {
    const Box box = points(horizontal, static_cast<int>(a.extent(0)), block);
    const auto left = packed(a, box), right = packed(b, box);
    for (std::size_t n = 0; n < left.size(); ++n) count += left[n] != right[n];
  };
  for (std::size_t n = 0; n < one.fields.size(); ++n) {
    compare(one.fields[n].info.horizontal, one.fields[n].data, other.fields[n].data);
  }
  for (std::size_t n = 0; n < one.accumulators.size(); ++n) {
    compare(one.accumulators[n].horizontal, one.accumulators[n].data, other.accumulators[n].data);
  }
  return count;
}

inline Clock clock_at(long step) {
  Clock clock(Calendar::noleap, Date{}, 600 * microseconds_per_second);
  clock.set_step(step);
  return clock;
}

}  // namespace meridian::test
