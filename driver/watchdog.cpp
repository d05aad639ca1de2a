#include "driver/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "grid/error.hpp"

namespace meridian {

Watchdog::Watchdog(double least_seconds, int rank) {
  if (least_seconds > 0) thread_ = std::thread([this, least_seconds, rank] { watch(least_seconds, rank); });
}

Watchdog::~Watchdog() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  end_.notify_all();
  thread_.join();
}

void Watchdog::watch(double least_seconds, int rank) {
  long steps = 0;
  double waited = 0, longest = 0;  // [s]
  std::unique_lock lock(mutex_);
  while (!end_.wait_for(lock, std::chrono::seconds(1), [this] { return ends_; })) {
    if (steps_ != steps) {
      steps = steps_;
      longest = std::max(longest, waited);
      waited = 0;
      continue;
    }
    if (++waited < std::max(least_seconds, 20 * longest) + (rank > 0 ? 5 : 0)) continue;
    const std::string text = "ERROR " + std::string(name_of(ExitCode::system)) + " No step has ended for " +
                             std::to_string(std::lround(waited)) +
                             " s: a rank waits for another, or the disk does not answer. The job ends; run the same "
                             "command to go on from the newest restart set. ('log.watchdog_s' is the least time.)\n";
    std::fputs(text.c_str(), stderr);
    _exit(static_cast<int>(ExitCode::system));
  }
}

}  // namespace meridian
