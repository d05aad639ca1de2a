#pragma once
// Output streams: which fields, how often, which statistic, on which levels, written as CF NetCDF.

#include <memory>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"

namespace meridian {

struct StreamOptions {
  std::string name;
  std::vector<std::string> fields;
  std::string statistic = "instant";  // instant, mean, min, max, sum
  std::string every = "1 day";
  std::vector<std::string> vertical = {"model"};  // model, plev19, plev8, or pressures in hPa
  std::string precision = "single";

  void visit(OptionVisitor& option);
};

struct OutputOptions {
  std::vector<StreamOptions> streams;
  int deflate_level = 1;
  std::string budgets = "never";

  void visit(OptionVisitor& option);
};

/// What a run's files say about where they come from; written as global attributes.
struct Provenance {
  std::string case_name, title, source, history, references, institution, run_id, config, backend, precision;
};

/// One array of the state of a half-filled average: goes into restart sets under its name.
struct Accumulator {
  std::string name;     // "stream.field"
  Array3<double> data;  // (k, row, column) with halo, as Field
  Horizontal horizontal;
};

/// All streams of a run. Observers: they read fields and change nothing.
class Streams {
 public:
  /// Checks names, intervals, statistics and levels; throws OptionError with the stream's name. Writes nothing.
  /// 'fields' holds every diagnosed and fixed field that exists in this run.
  Streams(const OutputOptions& options, const Grid& grid, const FieldSet& fields, const Clock& clock,
          const Provenance& provenance, const std::string& directory);
  ~Streams();

  /// True when a stream wants the diagnosed fields of the present step: at step 0 for instantaneous ones, at the end
  /// of their interval, and for statistics every sampling step (every 'samples_every' steps, or every step where an
  /// interval is no multiple of it).
  bool wants(const Clock& clock, int samples_every) const;
  /// True when a stream reads the field of this short name.
  bool reads(std::string_view short_name) const;
  /// Samples the diagnosed fields, and writes records that are complete. Collective. Throws input_output.
  void sample(const Clock& clock, int samples_every);
  /// Adds the stream 'budgets': instantaneous numbers of the globe, one record per interval of 'output.budgets', which may
  /// not be never. Names and texts of 'numbers' must live as long.
  void add_budgets(const std::vector<FieldInfo>& numbers, const OutputOptions& options, const Clock& clock,
                   const Provenance& provenance);
  /// Writes a record of it; the values are the same on all ranks. Collective. Throws input_output.
  void write_budgets(const Clock& clock, const std::vector<double>& values);
  /// Closes and renames all open files; the next record begins a new segment. Called before a restart set is written.
  void close_files();
  /// State of half-filled averages for a restart set, and back. counts: samples so far, interval begin, per stream.
  std::vector<Accumulator> accumulators();
  std::string state_text() const;  // one line of JSON
  void restore_state_text(const std::string& text, const Clock& clock);
  /// Removes files and segments that begin at or after 'clock', and *.part leftovers. Rank 0 acts. Called on resume.
  void remove_newer_than(const Clock& clock);
  std::vector<std::string> files_written() const;
  double bytes_per_day(const Clock& clock) const;  // forecast of the volume
  double bytes_in_memory() const;                  // of accumulators and pressure levels on this rank

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meridian
