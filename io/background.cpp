#include "io/background.hpp"

#include <chrono>
#include <csignal>
#include <utility>

namespace meridian {

Background::~Background() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Background::add(std::function<void()> work) {
  if (!on_thread_) return work();
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  throw_error(lock);
  work_.push_back(std::move(work));
  changed_.notify_all();
}

void Background::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return work_.empty() || error_; });
  throw_error(lock);
}

void Background::check() {
  std::unique_lock lock(mutex_);
  throw_error(lock);
}

void Background::throw_error(std::unique_lock<std::mutex>& lock) {
  if (!error_) return;
  const std::exception_ptr error = std::exchange(error_, nullptr);
  lock.unlock();
  changed_.notify_all();
  std::rethrow_exception(error);
}

void Background::run() {
  sigset_t all;  // signals are the main thread's
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !work_.empty(); });
    if (ends_) return;
    const std::function<void()>& work = work_.front();  // a deque's elements stay where they are
    lock.unlock();
    std::exception_ptr error;
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error) {
      work_.clear();
      error_ = error;
    } else {
      work_.pop_front();
    }
    changed_.notify_all();
    if (!error) continue;
    const bool seen = changed_.wait_for(lock, std::chrono::seconds(2), [this] { return ends_ || !error_; });
    if (!seen) std::rethrow_exception(error);  // caught by nobody: ends the job
  }
}

}  // namespace meridian
