#pragma once
// What kernels move to and from memory: declared where each is launched, added up while somebody counts.

#include <vector>

namespace meridian {

/// Name of a kernel, and the words (numbers of type Real) that it reads and writes per point if values of neighbours come
/// from the cache: each array counts once, an array that is changed once each way, and again in each further pass over
/// whole columns. Row factors do not count. A name alone declares nothing. Tested by tests/unit/test_words.cpp.
struct Kernel {
  const char* name;
  double read = 0, written = 0;
  Kernel(const char* kernel, double words_read = 0, double words_written = 0)
      : name(kernel), read(words_read), written(words_written) {}
};

/// One launch: levels, rows and columns of its box. Of a loop without a box (for_range): n_k of [0, n_k), n_j = 0.
struct Launch {
  Kernel kernel;
  int n_k, n_j, n_i;
};

/// Lists the launches of this process while it exists. One at a time, on the thread that launches.
class LaunchLog {
 public:
  LaunchLog() { active_ = this; }
  ~LaunchLog() { active_ = nullptr; }
  LaunchLog(const LaunchLog&) = delete;
  LaunchLog& operator=(const LaunchLog&) = delete;

  const std::vector<Launch>& launches() const { return launches_; }
  /// For the launchers of grid/loop.hpp.
  static void note(const Kernel& kernel, int n_k, int n_j, int n_i) {
    if (active_ != nullptr) active_->launches_.push_back({kernel, n_k, n_j, n_i});
  }

 private:
  static inline LaunchLog* active_ = nullptr;
  std::vector<Launch> launches_;
};

}  // namespace meridian
