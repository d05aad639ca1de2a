#pragma once
// Wall time per component, for the summary of a run.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace meridian {

class Timers {
 public:
  using Clock = std::chrono::steady_clock;

  /// Calls action() and adds its wall time to the component.
  template <class Action>
  void time(const std::string& component, Action&& action) {
    const auto begin = Clock::now();
    action();
    add(component, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  void add(const std::string& component, double seconds) {
    for (auto& [name, sum] : seconds_) {
      if (name == component) {
        sum += seconds;
        return;
      }
    }
    seconds_.emplace_back(component, seconds);
  }
  const std::vector<std::pair<std::string, double>>& seconds() const { return seconds_; }

 private:
  std::vector<std::pair<std::string, double>> seconds_;
};

}  // namespace meridian
