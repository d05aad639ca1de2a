#include "io/fault.hpp"

#include <mpi.h>
#include <signal.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "grid/error.hpp"

namespace meridian {

namespace {

struct Fault {
  std::string name, action;
  int visit = 1;
  int rank = -1;
};

/// 'NAME[:VISIT][@RANK]=ACTION'
Fault parse_fault(std::string text) {
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
  require(fault.action == "kill" || fault.action == "throw" || fault.action == "enospc", ExitCode::usage,
          "MERIDIAN_FAULTS: '", fault.action, "' is not one of kill, throw, enospc.");
  return fault;
}

}  // namespace

void fault_point(std::string_view name) {
  const char* faults = std::getenv("MERIDIAN_FAULTS");
  if (faults == nullptr) return;
  static std::map<std::pair<std::string, std::string>, int> visits;
  const int visit = ++visits[{faults, std::string(name)}];
  std::istringstream list(faults);
  for (std::string item; std::getline(list, item, ',');) {
    const Fault fault = parse_fault(item);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (fault.name != name || fault.visit != visit || (fault.rank >= 0 && fault.rank != rank)) continue;
    if (fault.action == "kill") raise(SIGKILL);
    require(fault.action != "enospc", ExitCode::input_output, "No space left on device (fault '", item,
            "').");
    throw Error(ExitCode::internal, "Fault '" + item + "' of MERIDIAN_FAULTS.");
  }
}

}  // namespace meridian
