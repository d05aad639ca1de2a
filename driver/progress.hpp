#pragma once
// What a run says while it runs and at its end: a line on a terminal, JSON lines elsewhere and in log/progress.jsonl.

#include <chrono>
#include <optional>
#include <string>

#include "driver/model.hpp"

namespace meridian {

/// Most memory [byte] that this process has taken so far; 0 where the system does not say.
double largest_memory_bytes();

class Progress {
 public:
  /// Rank 0 speaks. log: folder for progress.jsonl and timing.txt.
  Progress(const LogOptions& options, Model& model, const std::string& log);

  /// True on rank 0 when a report is due by the clock on the wall.
  bool due() const;
  /// To be called after each step while a report is due. Keeps how far the layers are off their reference levels where they
  /// float, and reports after the remap, where tracers have had their step, too. True when it has reported. Collective.
  bool look();
  /// Last report and the table of times. stopped: before the end of the run.
  void finish(bool stopped);

 private:
  /// Returns the budgets that it told.
  Budgets report();
  double seconds_since_start() const;
  void say_line(double percent, double years_per_day, double eta, const DynamicsSummary& s, double mass_drift);

  LogOptions options_;
  Model& model_;
  std::string log_;
  bool speaks_, on_terminal_;
  std::chrono::steady_clock::time_point begin_, after_first_step_, last_report_;
  long first_step_ = 0;
  bool first_step_done_ = false;
  int reports_ = 0;
  long last_told_ = -1;                    // step of the last report
  std::optional<DynamicsSummary> layers_;  // before the last remap
};

}  // namespace meridian
