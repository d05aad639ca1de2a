#pragma once
// Work that is done beside the main thread.

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace meridian {

/// Does what it is given, one after the other: on a thread of its own, or at once. What work throws reaches the main
/// thread in its next call of a member, and what was to follow is not done. A main thread that does not come within
/// two seconds may wait for another rank, which waits for this work: the job then ends from here, as it would from there.
class Background {
 public:
  explicit Background(bool on_thread) : on_thread_(on_thread) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();  // does not begin what has not begun

  bool on_thread() const { return on_thread_; }
  void add(std::function<void()> work);
  /// Returns when all work is done.
  void wait();
  /// Throws what work has thrown.
  void check();

 private:
  void run();
  void throw_error(std::unique_lock<std::mutex>& lock);

  const bool on_thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;  // the first one is being done
  std::exception_ptr error_;
  bool ends_ = false;
  std::thread thread_;  // from the first work on
};

}  // namespace meridian
