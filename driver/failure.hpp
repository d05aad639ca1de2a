#pragma once
// How a job ends when something goes wrong: one message, one exit code, all ranks gone.

#include <functional>
#include <string>

#include "grid/error.hpp"

namespace meridian {

/// From now on every exception that nobody catches ends the whole job with its exit code, and so do MPI errors after
/// start_mpi(). The stack is not unwound: destructors of one failing rank would wait for the others.
void end_job_on_failure();

/// What the process that ends the job does first, once; it must not throw.
void on_failure(std::function<void(ExitCode)> act);

/// Prints "ERROR <name> <message>" to stderr, once per job, and ends all ranks: rank 0 speaks at once, another rank
/// only if rank 0 has not ended the job before.
[[noreturn]] void end_job(ExitCode code, const std::string& message);

/// True when a launcher (mpirun, srun) started this process.
bool has_launcher();

/// Initialises MPI, if it is not yet; errors of MPI then end the job.
void start_mpi();
/// Finalises MPI, if it was started.
void finish_mpi();

}  // namespace meridian
