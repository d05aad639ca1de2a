#pragma once
// Values that one rank computes per filter block and every rank of the same rows needs: sums round a latitude circle.

#include <vector>

#include "grid/decomposition.hpp"
#include "grid/message.hpp"
#include "grid/traffic.hpp"

namespace meridian {

/// Gathers per-block values round the latitude circle. 'mine' holds, for each item, this rank's blocks in order, each
/// of 'words' doubles: index (item * my_blocks + block) * words + word; 'all' likewise with all blocks of the circle.
/// With one rank in longitude 'all' is 'mine'. Buffers are owned here and grow on first use only.
class Ring {
 public:
  explicit Ring(const Block& block);

  int blocks() const { return blocks_; }        // round the whole circle
  int my_blocks() const { return my_blocks_; }  // of this rank
  int first_block() const { return first_block_; }

  /// Device buffer to fill for n_items of 'words' doubles; then gather() with the same numbers returns the values of
  /// all blocks. Both may be longer than needed. Collective over block.ring; allocates where a size is new.
  Array1<double> mine(int n_items, int words);
  Array1<double> gather(int n_items, int words);
  /// For who, having the whole circle, does without a gather() that other layouts need: counts it all the same.
  void count_gather(int n_items, int words) {
    ++gathers_;
    words_ += static_cast<long long>(n_items) * words;
  }

  /// Gathers so far, and the doubles of each block of the circle in them, added up; on one rank they cost no message.
  long gathers() const { return gathers_; }
  long long words() const { return words_; }
  /// What this rank has received from the others of the circle.
  const Traffic& received() const { return received_traffic_; }
  /// Bytes of the buffers after a gather of 'words' doubles for each block of the circle.
  static double bytes_in_memory(const Block& block, double words);

 private:
  Block block_;
  int blocks_ = 0, my_blocks_ = 0, first_block_ = 0;
  std::vector<int> first_of_rank_, rank_of_block_;  // of the ranks round the circle, west to east
  std::vector<int> counts_, offsets_;               // of the present message, in doubles
  Array1<int> first_of_rank_device_, rank_of_block_device_;
  MessageBuffer<double> mine_, received_;
  Array1<double> all_;
  long gathers_ = 0;
  long long words_ = 0;
  Traffic received_traffic_;
};

}  // namespace meridian
