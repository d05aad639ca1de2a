#include "driver/signals.hpp"

#include <unistd.h>

#include <csignal>

#include "grid/error.hpp"

namespace meridian {

namespace {

volatile std::sig_atomic_t requests = 0;

void on_signal(int) {
  requests = requests + 1;
  if (requests > 1) _exit(static_cast<int>(ExitCode::stopped));
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) sigaction(signal, &action, nullptr);
}

bool stop_requested() { return requests > 0; }

}  // namespace meridian
