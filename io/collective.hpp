#pragma once
// Errors that all ranks agree on.

#include <mpi.h>

#include <functional>

namespace meridian {

/// Runs 'work' on this rank; when it throws on any rank, every rank throws the error of the lowest such rank.
/// Collective. 'work' must not leave out collective calls that other ranks make.
void agree(MPI_Comm world, const std::function<void()>& work);

}  // namespace meridian
