#pragma once
// The only place that knows NetCDF: files written and read by all ranks together, complete under their name or absent.

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "grid/base.hpp"
#include "grid/field.hpp"

namespace meridian {

enum class NumberType { int32, float32, float64, other };

/// Text, or a number stored in the type given. Text becomes a char attribute.
using NetcdfAttribute = std::pair<std::string, std::variant<std::string, double, float, int>>;
using NetcdfAttributes = std::vector<NetcdfAttribute>;

/// Storage of a variable: chunk lengths per dimension (empty: the library's choice, contiguous where sizes are fixed)
/// and deflate level with shuffle (0: none).
struct NetcdfStorage {
  std::vector<std::size_t> chunks;
  int deflate_level = 0;
};

/// Values of a box of a device array, packed as (k, j, i) on the host; double holds both kinds of Real exactly.
template <class Value>
std::vector<double> packed(const Array3<Value>& data, const Box& box) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data);
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(box.k_end - box.k_begin) * (box.j_end - box.j_begin) *
                 (box.i_end - box.i_begin));
  for (int k = box.k_begin; k < box.k_end; ++k) {
    for (int j = box.j_begin; j < box.j_end; ++j) {
      for (int i = box.i_begin; i < box.i_end; ++i) values.push_back(host(k, j + halo_width, i + halo_width));
    }
  }
  return values;
}

/// The inverse of packed(): points outside the box keep their values.
template <class Value>
void unpack(const std::vector<double>& values, const Array3<Value>& data, const Box& box) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data);
  auto value = values.begin();
  for (int k = box.k_begin; k < box.k_end; ++k) {
    for (int j = box.j_begin; j < box.j_end; ++j) {
      for (int i = box.i_begin; i < box.i_end; ++i) {
        host(k, j + halo_width, i + halo_width) = static_cast<Value>(*value++);
      }
    }
  }
  Kokkos::deep_copy(data, host);
}

/// Writes a NetCDF-4 file (classic model) under PATH.part; close() flushes it to disk and gives it its name. One rank
/// alone writes it through the operating system, several write it through MPI-IO.
/// Every member is collective over the communicator and every argument but the values, start and count of write() is
/// the same on all ranks. A failure throws input_output, naming path and reason; after it the writer only repeats
/// that error, and the file stays a *.part. A failure inside the library may be known to one rank alone while others
/// wait in a collective call for ever: it must end the job (MPI_Abort), and no rank may wait for the others first.
class NetcdfWriter {
 public:
  NetcdfWriter(const std::string& path, MPI_Comm communicator);
  NetcdfWriter(const NetcdfWriter&) = delete;
  NetcdfWriter& operator=(const NetcdfWriter&) = delete;
  ~NetcdfWriter();  // without close(): leaves the *.part behind

  static constexpr std::size_t unlimited = 0;
  void add_dimension(const std::string& name, std::size_t length);
  void add_variable(const std::string& name, NumberType type, const std::vector<std::string>& dimensions,
                    const NetcdfAttributes& attributes = {}, const NetcdfStorage& storage = {});
  void add_global_attributes(const NetcdfAttributes& attributes);
  /// Ends the definitions; writing starts here.
  void end_definitions();

  /// Writes this rank's hyperslab, converted to the variable's type; counts of zero are a share without points.
  void write(const std::string& variable, const std::vector<std::size_t>& start, const std::vector<std::size_t>& count,
             const std::vector<double>& values);
  /// Writes a variable that every rank holds completely (coordinates, bounds): rank 0's values.
  void write_whole(const std::string& variable, const std::vector<double>& values);
  /// Throws on all ranks where the disk has no room for so many more bytes and half a megabyte of the library's own:
  /// before definitions and before writing, since a full disk met inside a collective call may go unnoticed or hang.
  void require_space(double bytes);
  /// Flushes, closes and renames PATH.part to PATH, or to the name given.
  void close(const std::string& final_path = "");

  const std::string& path() const { return path_; }
  bool is_first_rank() const { return rank_ == 0; }

 private:
  template <class Action>
  void attempt(const std::string& what, const Action& action);
  void attempt_on_first_rank(const std::string& what, const std::function<void()>& action);
  std::string path_, part_;
  MPI_Comm communicator_;
  int rank_ = 0, n_ranks_ = 1;
  int id_ = -1;
  std::string first_error_;
};

struct NetcdfDimension {
  std::string name;
  std::size_t length = 0;
};

/// Reads a NetCDF file: each rank by itself, or all ranks of a communicator together (then read() is collective).
/// Throws missing_input where there is no such file, bad_data where it or what is asked of it is wrong.
class NetcdfReader {
 public:
  explicit NetcdfReader(const std::string& path, MPI_Comm communicator = MPI_COMM_NULL);
  NetcdfReader(const NetcdfReader&) = delete;
  NetcdfReader& operator=(const NetcdfReader&) = delete;
  ~NetcdfReader();

  std::vector<std::string> variables() const;
  bool has_variable(const std::string& name) const;
  std::vector<NetcdfDimension> dimensions_of(const std::string& variable) const;
  NumberType type_of(const std::string& variable) const;
  /// Attributes of a variable, or global ones for the empty name; nothing where absent or of another kind.
  std::optional<std::string> text_attribute(const std::string& variable, const std::string& name) const;
  std::optional<double> number_attribute(const std::string& variable, const std::string& name) const;

  /// Whole variable, raw values (no scale factor, fill values as they are), last dimension fastest.
  std::vector<double> read(const std::string& variable) const;
  /// One hyperslab; counts of zero are a share without points.
  std::vector<double> read(const std::string& variable, const std::vector<std::size_t>& start,
                           const std::vector<std::size_t>& count) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool collective_ = false;
  int id_ = -1;
};

/// Makes what was written to a file or directory durable. Throws input_output.
void flush_to_disk(const std::string& path);

/// True for the units of latitude (direction "north") or longitude ("east") as CF spells them: degrees_north, degree_N, ...
bool is_degrees(std::string unit, const std::string& direction);

}  // namespace meridian
