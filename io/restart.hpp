#pragma once
// Restart sets: a directory with one NetCDF file of exact values and a manifest of checksums, written under another
// name and renamed when complete.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "io/stream.hpp"

namespace meridian {

struct RestartOptions {
  std::string every = "1 day";  // or "7 steps", "never"; the end of a run always writes a set
  int keep = 2;

  void visit(OptionVisitor& option);
};

/// Everything a set holds. 'facts' are short texts, compared or carried: grid, calendar, step, streams, config hash...
struct RestartContent {
  std::map<std::string, std::string> facts;
  std::vector<FieldSet::Entry> fields;       // prognostic fields
  std::vector<Accumulator> accumulators;     // of half-filled averages
};

/// Writes RUN/restart/<date>-<step>/ atomically (partial name, flush, read back, compare, MANIFEST last, rename), then
/// removes the oldest sets beyond 'keep'. Collective; any failure leaves older sets untouched and throws input_output.
/// Returns the set's directory.
std::string write_restart_set(const std::string& run_directory, const RestartContent& content, const Block& block,
                              const Clock& clock, std::uint64_t state_hash, int keep);

/// What the MANIFEST of a verified set says.
struct RestartManifest {
  std::string directory;
  std::map<std::string, std::string> facts;
  std::uint64_t state_hash = 0;
  long step = 0;
};

/// Newest set of a run directory whose manifest and files verify; directory is "" when there is none. Damaged newer
/// sets are reported through 'warnings', one sentence each. Collective.
RestartManifest newest_restart_set(const std::string& run_directory, const Block& block,
                                   std::vector<std::string>& warnings);
/// Verifies one set. Throws bad_data (damaged) or missing_input (not there), naming file and reason.
RestartManifest verified_restart_set(const std::string& directory, const Block& block);
/// Same without MPI, reading the manifest alone: for `meridian hash`.
RestartManifest manifest_of(const std::string& directory);

/// Reads owned points of the given fields and accumulators from a verified set on any layout; the caller exchanges
/// halos. Throws bad_data for a missing variable, other dimensions or non-finite values.
void read_restart_set(const RestartManifest& manifest, const RestartContent& content, const Block& block);

}  // namespace meridian
