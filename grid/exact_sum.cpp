#include "grid/exact_sum.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace meridian {

namespace detail {

int agree_on_scales(const Block& block, const Box& box, int n, double* largest) {
  std::vector<double> values(largest, largest + n);
  values.push_back(box.k_end - box.k_begin);
  MPI_Allreduce(MPI_IN_PLACE, values.data(), n + 1, MPI_DOUBLE, MPI_MAX, block.world);
  std::copy_n(values.begin(), n, largest);
  // Cells, corners and faces of all ranks together are not more than this many.
  const double count = values[n] * (block.n_lat + 1.0) * block.n_lon;
  int bits_of_count = 0;
  std::frexp(std::max(count, 1.0), &bits_of_count);  // count < 2^bits_of_count
  return std::min(62 - bits_of_count, 52);
}

double scale_of(double largest, int bits) {
  if (largest == 0 || std::isinf(largest)) return 0;
  int exponent = 0;
  std::frexp(largest, &exponent);  // largest < 2^exponent
  return std::ldexp(1.0, std::min(bits - exponent, 1000));
}

void add_over_ranks(const Block& block, int n, std::int64_t* values) {
  MPI_Allreduce(MPI_IN_PLACE, values, n, MPI_INT64_T, MPI_SUM, block.world);
}

double value_of(std::int64_t high, std::int64_t low, int bits, double scale, double largest) {
  if (std::isinf(largest)) return std::numeric_limits<double>::quiet_NaN();
  if (scale == 0) return 0;
  high += low >> bits;  // now 0 <= low < 2^bits
  low &= (std::int64_t{1} << bits) - 1;
  const auto rounded = static_cast<double>(high);
  const auto rest = static_cast<double>(high - static_cast<std::int64_t>(rounded));
  return (rounded + (rest + std::ldexp(static_cast<double>(low), -bits))) / scale;
}

}  // namespace detail

namespace {

/// Finaliser of splitmix64 (Steele, Lea and Flood 2014): every input bit changes half of the output bits.
KOKKOS_FORCEINLINE_FUNCTION std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t hash_of_name(std::string_view name) {
  std::uint64_t hash = name.size();
  for (const char letter : name) hash = mix(hash ^ static_cast<unsigned char>(letter));
  return hash;
}

/// This rank's part of the hash of a field.
std::uint64_t my_part(const Array3<Real>& data, const Block& block, std::uint64_t name) {
  using Bits = std::conditional_t<sizeof(Real) == 8, std::uint64_t, std::uint32_t>;
  const Field<Cell> field(data);
  const int n_lon = block.n_lon, n_lat = block.n_lat, i_first = block.i_first, j_first = block.j_first;
  return reduce<std::uint64_t>(
      {"grid/hash", 1}, block.cells(field.n_levels()), KOKKOS_LAMBDA(int k, int j, int i, std::uint64_t& sum) {
        const std::uint64_t row = static_cast<std::uint64_t>(k) * n_lat + (j_first + j);
        const std::uint64_t index = row * n_lon + (i_first + i);
        sum += mix(mix(name ^ mix(index)) ^ Kokkos::bit_cast<Bits>(field(k, j, i)));
      });
}

std::uint64_t add_over_ranks(const Block& block, std::uint64_t sum) {
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, block.world);
  return sum;
}

}  // namespace

double largest_over_ranks(const Block& block, double value) {
  double values[2] = {std::isnan(value) ? -HUGE_VAL : value, std::isnan(value) ? 1.0 : 0.0};
  MPI_Allreduce(MPI_IN_PLACE, values, 2, MPI_DOUBLE, MPI_MAX, block.world);
  return values[1] > 0 ? std::numeric_limits<double>::quiet_NaN() : values[0];
}

std::uint64_t hash_of(const FieldSet::Entry& entry, const Block& block) {
  return add_over_ranks(block, my_part(entry.data, block, hash_of_name(entry.info.name)));
}

std::uint64_t state_hash(const FieldSet& fields, long step) {
  std::uint64_t sum = 0;
  for (const FieldSet::Entry& entry : fields.entries()) {
    if (entry.role == Role::prognostic) sum += my_part(entry.data, fields.block(), hash_of_name(entry.info.name));
  }
  return add_over_ranks(fields.block(), sum) + mix(static_cast<std::uint64_t>(step));
}

}  // namespace meridian
