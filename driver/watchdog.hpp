#pragma once
// Ends a job that hangs.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace meridian {

/// While it lives, a thread ends the process with code 71 when no step has ended for 'least_seconds', and for 20 times
/// the longest step so far: a rank that waits for another, or a disk that does not answer, would wait for ever. It
/// counts seconds in which this process runs, so a job may be suspended. 0: never. Without MPI, which may be what
/// hangs: the launcher ends the other ranks. Rank 0 speaks; the others follow, in case it cannot.
class Watchdog {
 public:
  Watchdog(double least_seconds, int rank);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// A step has ended, with its output.
  void step_ended() { ++steps_; }

 private:
  void watch(double least_seconds, int rank);

  std::atomic<long> steps_ = 0;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace meridian
