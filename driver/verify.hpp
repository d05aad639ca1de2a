#pragma once
// `meridian verify`: runs cases against the bounds of their own 'verify:' blocks.

#include <string>
#include <vector>

#include "driver/case.hpp"

namespace meridian {

struct VerifyArguments {
  std::string name;  // of a case, or "all"
  std::string tier = "quick";
  std::string directory = "runs/verify";
  std::vector<std::string> settings;
};

/// Refuses what would only show when the runs of a case are made, of all tiers up to this: settings, days, fields, grids of
/// references. Nothing is run. Throws configuration, and what a model with the settings of a run would. On each process by
/// itself.
void require_sound_runs(const CaseText& source, const std::string& tier);

/// Makes the runs of the tier and all tiers below, prints one line per figure, and writes verify.json and verify.md into
/// directory/<case>; of 'all', also directory/verification.md with every page. Returns done when every figure is within
/// its bounds, else missed: also when a run was not finite, when 'settings' change the published set-up, or when there is
/// nothing to verify. Collective.
int verify(const VerifyArguments& arguments);

}  // namespace meridian
