#pragma once
// One segment of an output stream: a CF-1.8 file with its coordinates, written as *.part and named when complete.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_catalog.hpp"
#include "grid/latlon_grid.hpp"
#include "io/netcdf.hpp"
#include "io/writers.hpp"

namespace meridian {

enum class Statistic { instant, mean, minimum, maximum, sum };

/// One variable of a stream's files.
struct StreamVariable {
  FieldInfo info;
  Statistic statistic = Statistic::instant;
  int n_k = 1;              // levels in the file
  bool has_levels = false;  // along lev or plev; else one horizontal field
  bool fixed = false;       // without time
  bool of_globe = false;    // one number, the same on all ranks
  bool may_miss = false;    // values may be missing: fill_value
};

/// What all files of a stream have in common.
struct StreamLayout {
  std::string stem;  // DIRECTORY/<case>.<stream>.<freq>.<stat>
  Statistic statistic = Statistic::instant;
  bool model_levels = false;      // has lev, ilev and the hybrid coefficients
  std::vector<double> pressures;  // [Pa] of plev; empty: none
  NumberType type = NumberType::float32;
  int deflate_level = 1;
  std::vector<StreamVariable> variables;
  NetcdfAttributes global_attributes;
  /// False where all variables are numbers of the globe.
  bool has_grid() const {
    return !std::ranges::all_of(variables, [](const StreamVariable& variable) { return variable.of_globe; });
  }
};

inline constexpr std::size_t bytes_of_a_chunk = 4'000'000;  // or one level, where that is more
inline constexpr float fill_value = 1e20f;                  // where a value is missing

/// Names of what files hold beside the fields: dimensions, coordinates, their bounds and coefficients. No field may have
/// one of them.
std::vector<std::string> names_of_coordinates();

/// Levels of a variable that are stored, and compressed, together.
int levels_of_a_chunk(const StreamLayout& layout, const StreamVariable& variable, const Block& block);

/// Bytes of one record before compression.
double bytes_of_record(const StreamLayout& layout, const Block& block);

/// The date of file names: 20000101, 20000101T0600, or finer where it has to be.
std::string date_in_file_name(const Date& date);

/// An open segment. All members are collective over the communicator and throw input_output, as NetcdfWriter does.
class StreamFile {
 public:
  /// Creates the file and writes what has no time, but for the values of fixed variables. 'begin' [microseconds since
  /// the start of the clock] is that of the first record's interval, for its name.
  StreamFile(const StreamLayout& layout, const Grid& grid, const Clock& clock, Microseconds begin,
             MPI_Comm communicator);

  /// Starts a record: the interval (begin, end], or the instant 'end'.
  void begin_record(Microseconds begin, Microseconds end);
  /// Writes this rank's share of a variable into the present record: whole levels (k, row, column).
  void write(const StreamVariable& variable, const Levels& share, const std::vector<double>& values);
  /// Writes a number of the globe.
  void write(const StreamVariable& variable, double value);
  /// Closes and renames it to <stem>.<start>-<end>.nc.
  void close();

 private:
  void define(const Grid& grid);
  void define_grid(const Grid& grid);
  void define_levels(const Grid& grid);
  void define_variable(const StreamVariable& variable, const Grid& grid);
  void write_coordinates(const Grid& grid);

  const StreamLayout layout_;
  const Block block_;
  const MPI_Comm communicator_;
  const Clock clock_;
  const Microseconds begin_;
  Microseconds end_ = 0;  // of the last record
  std::size_t n_records_ = 0;
  NetcdfWriter file_;
};

/// End of the first record of a complete file [microseconds since the start of the clock]: its instant, or the upper
/// bound of its interval. Throws bad_data.
Microseconds end_of_first_record(const std::string& path, const Clock& clock);

}  // namespace meridian
