#pragma once
// `meridian submit`: the job of a run on a machine.

#include <string>
#include <vector>

namespace meridian {

struct SubmitArguments {
  std::string name;  // of a case, or a run directory that is continued
  std::vector<std::string> settings;
  std::string machine;
  int ranks = 0;              // 0: those that fill a node
  std::string time;           // "HH:MM:SS", or "": what the scheduler allows
  std::string run_directory;  // <scratch>/<case> unless given
  bool dry_run = false;
  bool json = false;
};

/// Writes RUN/job.sh and hands it to the scheduler, or starts it where there is none; --dry-run only prints it. Returns the
/// exit code. Throws usage (bad --time), configuration (case, machine, ranks that do not fit), missing_input (no program of
/// that preset), not_creatable (run directory), system (the scheduler refuses).
int submit(const SubmitArguments& arguments);

}  // namespace meridian
