#include "grid/ring.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

/// Puts what each rank sent, (item, block of the rank, word), into the order (item, block of the circle, word).
void order_by_block(const Array1<double>& received, const Array1<int>& first_of_rank, const Array1<int>& rank_of_block,
                    int n_items, int words, const Array1<double>& all) {
  const int blocks = static_cast<int>(rank_of_block.extent(0));
  for_range(
      "grid/ring_order", n_items * blocks * words, KOKKOS_LAMBDA(const int n) {
        const int word = n % words;
        const int block = n / words % blocks;
        const int item = n / words / blocks;
        const int first = first_of_rank(rank_of_block(block));
        const int count = first_of_rank(rank_of_block(block) + 1) - first;
        all(n) = received((n_items * first + item * count + block - first) * words + word);
      });
}

}  // namespace

Ring::Ring(const Block& block) : block_(block), blocks_(block.blocks_per_row()) {
  for (int px = 0; px < block.layout.ranks_lon; ++px) {
    const Extent blocks = filter_blocks_of(block, px);
    first_of_rank_.push_back(blocks.first);
    rank_of_block_.resize(blocks.first + blocks.count, px);
  }
  first_of_rank_.push_back(blocks_);
  first_block_ = first_of_rank_[block.px];
  my_blocks_ = first_of_rank_[block.px + 1] - first_block_;
  counts_.resize(block.layout.ranks_lon);
  offsets_.resize(block.layout.ranks_lon);
  first_of_rank_device_ = array_of("ring_first_of_rank", first_of_rank_);
  rank_of_block_device_ = array_of("ring_rank_of_block", rank_of_block_);
}

Array1<double> Ring::mine(int n_items, int words) {
  const std::size_t count = static_cast<std::size_t>(n_items) * words;
  const bool alone = block_.layout.ranks_lon == 1;
  if (mine_.reserve(count * my_blocks_, !alone && block_.stage_messages) && !alone) {
    received_.reserve(count * blocks_, block_.stage_messages);
    all_ = Array1<double>("ring_all", count * blocks_);
  }
  return mine_.device();
}

Array1<double> Ring::gather(int n_items, int words) {
  const int count = n_items * words;
  count_gather(n_items, words);
  if (block_.layout.ranks_lon == 1) return mine_.device();
  for (int px = 0; px < block_.layout.ranks_lon; ++px) {
    offsets_[px] = first_of_rank_[px] * count;
    counts_[px] = first_of_rank_[px + 1] * count - offsets_[px];
  }
  const int to_send = my_blocks_ * count, to_receive = blocks_ * count;
  mine_.to_host(to_send);
  Kokkos::fence("grid/ring: filled");
  MPI_Allgatherv(mine_.for_mpi(), to_send, MPI_DOUBLE, received_.for_mpi(), counts_.data(), offsets_.data(), MPI_DOUBLE,
                 block_.ring);
  received_.to_device(to_receive);
  const int from_others = to_receive - to_send;
  received_traffic_ += {static_cast<double>(counts_.size() - 1), static_cast<double>(from_others) * sizeof(double)};
  order_by_block(received_.device(), first_of_rank_device_, rank_of_block_device_, n_items, words, all_);
  return all_;
}

double Ring::bytes_in_memory(const Block& block, double words) {
  const int mine = block.nx / block.filter_block;
  const int all = block.layout.ranks_lon == 1 ? 0 : 2 * block.blocks_per_row();  // as received, and in order
  return sizeof(double) * words * (mine + all);
}

}  // namespace meridian
