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
  int writers = 0;  // 0: chosen by the model
  std::string asynchronous = "auto";

  void visit(OptionVisitor& option);
  /// Throws OptionError where there are fewer ranks than 'writers'.
  void require_ranks(int n_ranks) const;
};

/// Size of what the streams write when all are due.
struct RecordSize {
  double levels = 0;          // of all variables
  int most_levels = 0;        // of one variable
  int bytes_of_a_column = 0;  // of that in the file
};

/// Ranks that write: those asked for, or as many as the largest variable has pieces of 4 MB, or levels; at most all.
int writers_of(const OutputOptions& options, const RecordSize& size, int n_lon, int n_lat, int n_ranks);
/// True where a thread of each writer writes while the model goes on.
bool writes_on_a_thread(const OutputOptions& options, int n_writers);

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
  /// Samples the diagnosed fields, and writes records that are complete, or hands them to the thread that writes while
  /// the model goes on. Collective. Throws input_output on the ranks that write, also for what the thread met earlier.
  void sample(const Clock& clock, int samples_every);
  /// Adds the stream 'budgets': instantaneous numbers of the globe, one record per interval of 'output.budgets', which may
  /// not be never. Names and texts of 'numbers' must live as long.
  void add_budgets(const std::vector<FieldInfo>& numbers, const OutputOptions& options, const Clock& clock,
                   const Provenance& provenance);
  /// Writes a record of it; the values are the same on all ranks. Collective. Throws as sample().
  void write_budgets(const Clock& clock, const std::vector<double>& values);
  /// Throws what the writing thread has met. To be called in every step.
  void check();
  /// Closes and renames all open files: they are complete when it returns, and no thread writes any more. The next
  /// record begins a new segment. Called before a restart set is written, or anything else uses NetCDF. Collective.
  void close_files();
  /// State of half-filled averages for a restart set, and back. counts: samples so far, interval begin, per stream.
  std::vector<Accumulator> accumulators();
  std::string state_text() const;  // one line of JSON
  /// Returns a sentence for each half-filled average that these streams do not continue. Throws bad_data.
  std::vector<std::string> restore_state_text(const std::string& text, const Clock& clock);
  /// Removes files and segments that begin at or after 'clock', and *.part leftovers. Rank 0 acts. Called on resume.
  void remove_newer_than(const Clock& clock);
  double bytes_per_day(const Clock& clock) const;  // forecast of the volume
  double bytes_in_memory() const;                  // of accumulators and pressure levels on this rank
  RecordSize record_size() const;
  int writers() const;
  bool asynchronous() const;  // where a thread writes

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meridian
