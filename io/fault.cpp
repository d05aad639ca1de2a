#include "io/fault.hpp"

#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "grid/error.hpp"

namespace meridian {

namespace {

struct Fault {
  std::string item, name, action;
  int visit = 1;
  int rank = -1;
};

/// 'NAME[:VISIT][@RANK]=ACTION'
Fault parse_fault(const std::string& item) {
  std::string text = item;
  Fault fault;
  const auto cut = [&](char mark) {  // what follows the last 'mark', removed from text
    const auto at = text.rfind(mark);
    if (at == std::string::npos) return std::string();
    const std::string tail = text.substr(at + 1);
    text.resize(at);
    return tail;
  };
  fault.action = cut('=');
  const std::string rank = cut('@'), visit = cut(':');
  if (!rank.empty()) fault.rank = std::atoi(rank.c_str());
  if (!visit.empty()) fault.visit = std::atoi(visit.c_str());
  fault.name = text;
  fault.item = item;
  constexpr std::string_view actions[] = {"kill", "throw", "enospc", "hang", "nan"};
  require(std::ranges::find(actions, fault.action) != std::end(actions), ExitCode::usage, "MERIDIAN_FAULTS: '",
          fault.action, "' is not one of kill, throw, enospc, hang, nan.");
  return fault;
}

/// The faults asked for at this visit of a point on this rank.
std::vector<Fault> faults_at(std::string_view name) {
  const char* faults = std::getenv("MERIDIAN_FAULTS");
  if (faults == nullptr) return {};
  static std::mutex mutex;  // output has a thread of its own
  static std::map<std::pair<std::string, std::string>, int> visits;
  const int visit = [&] {
    const std::lock_guard lock(mutex);
    return ++visits[{faults, std::string(name)}];
  }();
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  std::vector<Fault> here;
  std::istringstream list(faults);
  for (std::string item; std::getline(list, item, ',');) {
    const Fault fault = parse_fault(item);
    if (fault.name == name && fault.visit == visit && (fault.rank < 0 || fault.rank == rank)) here.push_back(fault);
  }
  return here;
}

}  // namespace

void fault_point(std::string_view name) {
  for (const Fault& fault : faults_at(name)) {
    if (fault.action == "kill") raise(SIGKILL);
    while (fault.action == "hang") pause();
    require(fault.action != "enospc", ExitCode::input_output, "No space left on device (fault '", fault.item, "').");
    require(fault.action != "throw", ExitCode::internal, "Fault '", fault.item, "' of MERIDIAN_FAULTS.");
  }
}

bool nan_is_asked_at(std::string_view name) {
  const std::vector<Fault> faults = faults_at(name);
  return std::any_of(faults.begin(), faults.end(), [](const Fault& fault) { return fault.action == "nan"; });
}

}  // namespace meridian
