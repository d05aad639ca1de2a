#pragma once

namespace meridian {

/// From now on USR1, TERM and INT ask for a stop after the step; a second one ends the process at once.
void catch_stop_signals();
bool stop_requested();

}  // namespace meridian
