#pragma once
// Which ranks write output files, and how the values of all ranks come to them.

#include <mpi.h>

#include <vector>

#include "grid/decomposition.hpp"

namespace meridian {

/// Levels [first, first + count) of a variable.
struct Levels {
  int first = 0, count = 0;
};

/// The ranks that write, evenly spread over all ranks. Each has whole levels, in whole chunks of the file, so chunks are
/// compressed where they are and no two writers touch the same one.
class Writers {
 public:
  /// 'count' is 1 to the number of ranks. Collective.
  Writers(int count, const Block& block);
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;
  ~Writers();

  int count() const { return count_; }
  bool writes() const { return communicator_ != MPI_COMM_NULL; }
  /// Of the writers alone: MPI_COMM_SELF where there is one, MPI_COMM_NULL on other ranks.
  MPI_Comm communicator() const { return communicator_; }

  /// This rank's share of n_k levels of which 'levels_of_a_chunk' form a chunk; none on ranks that do not write.
  Levels share(int n_k, int levels_of_a_chunk) const;
  /// Brings the values (k, j, i) of a variable on each rank's block to the writers: this rank's share of whole levels,
  /// (k, row, column). 'mine' is in host memory. Collective over all ranks.
  std::vector<double> gather(const double* mine, int n_k, int levels_of_a_chunk) const;

  /// True where this rank of 'n_ranks' is one of 'count' writers.
  static bool is_writer(int rank, int count, int n_ranks);

 private:
  Levels share_of(int writer, int n_k, int levels_of_a_chunk) const;

  const int count_;
  const Block block_;
  MPI_Comm communicator_ = MPI_COMM_NULL;
  int index_ = 0;  // among the writers
};

}  // namespace meridian
