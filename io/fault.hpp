#pragma once
// Fault points: named places where tests make a run fail. Without the environment variable MERIDIAN_FAULTS nothing
// happens.

#include <string_view>

namespace meridian {

/// Fails here when MERIDIAN_FAULTS asks for it: a list 'NAME[:VISIT][@RANK]=ACTION', separated by commas.
/// VISIT counts the calls of this process with that name from 1 (default 1), RANK is one of MPI_COMM_WORLD (default:
/// all). Actions: kill, SIGKILL; throw, an internal error; enospc, the error of a full disk; hang, no return; nan, see
/// below. For tests alone. The points:
///   restart_begin     before anything of a restart set is written
///   restart_write     directory and file of the set exist, no values yet
///   restart_written   file written and flushed, not read back
///   restart_manifest  before the MANIFEST
///   restart_rename    set complete, before it gets its name
///   restart_renamed   before older sets are removed
///   stream_write      before a record of an output stream, on the ranks and in the thread that write
///   stream_rename     output file closed and flushed, before it gets its name
///   step              after a time step, before its output
void fault_point(std::string_view name);

/// True when MERIDIAN_FAULTS asks for the action 'nan' here: the caller puts a NaN into its data. The point:
///   state_nan         after a time step, before its output
bool nan_is_asked_at(std::string_view name);

}  // namespace meridian
