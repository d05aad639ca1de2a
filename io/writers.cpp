#include "io/writers.hpp"

#include <algorithm>

namespace meridian {
namespace {

constexpr int tag_of_output = 100;

/// The rank of a writer.
int rank_of(int writer, int count, int n_ranks) {
  return static_cast<int>(static_cast<long>(writer) * n_ranks / count);
}

/// The first writer at this rank or behind it.
int writer_from(int rank, int count, int n_ranks) {
  return static_cast<int>((static_cast<long>(rank) * count + n_ranks - 1) / n_ranks);
}

/// A block's place among whole levels, as MPI sees it.
MPI_Datatype type_of_block(int levels, const Block& block) {
  const int whole[] = {levels, block.n_lat, block.n_lon}, part[] = {levels, block.ny, block.nx},
            first[] = {0, block.j_first, block.i_first};
  MPI_Datatype type;
  MPI_Type_create_subarray(3, whole, part, first, MPI_ORDER_C, MPI_DOUBLE, &type);
  MPI_Type_commit(&type);
  return type;
}

}  // namespace

bool Writers::is_writer(int rank, int count, int n_ranks) {
  const int writer = writer_from(rank, count, n_ranks);
  return writer < count && rank_of(writer, count, n_ranks) == rank;
}

Writers::Writers(int count, const Block& block) : count_(count), block_(block) {
  const bool writes = is_writer(block.rank, count, block.n_ranks);
  if (count > 1) {
    MPI_Comm_split(block.world, writes ? 0 : MPI_UNDEFINED, block.rank, &communicator_);
  } else if (writes) {
    communicator_ = MPI_COMM_SELF;
  }
  index_ = writer_from(block.rank, count, block.n_ranks);
}

Writers::~Writers() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (count_ > 1 && writes() && !finalized) MPI_Comm_free(&communicator_);
}

Levels Writers::share_of(int writer, int n_k, int levels_of_a_chunk) const {
  const int chunks = (n_k + levels_of_a_chunk - 1) / levels_of_a_chunk;
  const auto begin = [&](int w) {
    return std::min<int>(n_k, static_cast<int>(static_cast<long>(chunks) * w / count_) * levels_of_a_chunk);
  };
  return {begin(writer), begin(writer + 1) - begin(writer)};
}

Levels Writers::share(int n_k, int levels_of_a_chunk) const {
  return writes() ? share_of(index_, n_k, levels_of_a_chunk) : Levels{};
}

std::vector<double> Writers::gather(const double* mine, int n_k, int levels_of_a_chunk) const {
  const std::size_t level = static_cast<std::size_t>(block_.ny) * block_.nx;
  if (block_.n_ranks == 1) return {mine, mine + n_k * level};
  const Levels share_here = share(n_k, levels_of_a_chunk);
  std::vector<double> whole(static_cast<std::size_t>(share_here.count) * block_.n_lat * block_.n_lon);
  std::vector<MPI_Request> requests;
  for (int rank = 0; rank < block_.n_ranks && share_here.count > 0; ++rank) {
    const Block there = block_of_rank(block_.n_lon, block_.n_lat, block_.layout, rank);
    MPI_Datatype type = type_of_block(share_here.count, there);
    MPI_Irecv(whole.data(), 1, type, rank, tag_of_output, block_.world, &requests.emplace_back());
    MPI_Type_free(&type);  // when it has served
  }
  for (int writer = 0; writer < count_; ++writer) {
    const Levels levels = share_of(writer, n_k, levels_of_a_chunk);
    if (levels.count == 0) continue;
    MPI_Isend(mine + levels.first * level, static_cast<int>(levels.count * level), MPI_DOUBLE,
              rank_of(writer, count_, block_.n_ranks), tag_of_output, block_.world, &requests.emplace_back());
  }
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
  return whole;
}

}  // namespace meridian
