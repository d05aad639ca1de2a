#pragma once
// Restart sets: a directory with one NetCDF file of exact values and a manifest of checksums, written under another
// name and renamed when complete.

#include <mpi.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "io/stream.hpp"

namespace meridian {

/// XXH3-128 of the XXH3-128 of the pieces (16 MiB) of a file, hexadecimal; the ranks share the work. Collective.
std::string hash_of_file(const std::string& path, MPI_Comm world);

struct RestartOptions {
  std::string every = "1 day";  // or "7 steps", "never"; the end of a run always writes a set
  int keep = 2;

  void visit(OptionVisitor& option);
};

/// Everything a set holds. 'facts' are short texts, compared or carried: grid, calendar, step, streams, config hash...
struct RestartContent {
  std::map<std::string, std::string> facts;
  std::vector<FieldSet::Entry> fields;    // prognostic fields
  std::vector<Accumulator> accumulators;  // of half-filled averages
};

/// Writes RUN/restart/<date>-<step>/ in this order: <date>-<step>.partial with the file of values, flushed and
/// read back; MANIFEST; rename; then the oldest sets beyond 'keep' (>= 1) are removed, never the one just
/// written. A set killed on the way leaves only a .partial, which the next call removes. A set of the same name
/// stays when it is intact and has this state hash, else it is renamed .bad; sets of later steps, of a run that
/// went on differently, are renamed .superseded. Collective. Returns the set's directory.
/// Throws input_output (older sets untouched), and numerical, before anything is written, where a field holds a
/// value that is not finite.
std::string write_restart_set(const std::string& run_directory, const RestartContent& content, const Block& block,
                              const Clock& clock, std::uint64_t state_hash, int keep);

/// What the MANIFEST of a verified set says. 'facts' are those given plus date, calendar, grid and precision.
struct RestartManifest {
  std::string directory;
  std::map<std::string, std::string> facts;
  std::vector<std::string> variables;  // short names of fields, and accumulated.NAME for accumulators
  std::uint64_t state_hash = 0;
  long step = 0;
  std::string file_hash;  // of state.nc
  std::uint64_t file_size = 0;

  bool has_accumulator(const std::string& name) const;
  std::string value_path() const;  // of state.nc
};

/// Newest set of a run directory whose manifest and files verify; directory is "" when there is none. Damaged newer
/// sets are reported through 'warnings', one sentence each. Collective.
RestartManifest newest_restart_set(const std::string& run_directory, const Block& block,
                                   std::vector<std::string>& warnings);
/// Verifies one set; 'directory' is that set, or a run directory: then its newest set, without falling back.
/// Throws bad_data (damaged) or missing_input (not there), naming file and reason. Collective.
RestartManifest verified_restart_set(const std::string& directory, const Block& block);
/// Same by one process alone: for `meridian hash` and `meridian compare`.
RestartManifest manifest_of(const std::string& directory);

/// Reads the points of this rank of the given fields and accumulators from a verified set, whatever layout wrote it;
/// the caller exchanges halos. Throws bad_data for a missing variable, another grid or precision, or values that are
/// not finite (in accumulators: NaN). Collective.
void read_restart_set(const RestartManifest& manifest, const RestartContent& content, const Block& block);

}  // namespace meridian
