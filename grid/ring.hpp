#pragma once
// Values that one rank computes per filter block and every rank of the same rows needs: sums round a latitude circle.

#include "grid/decomposition.hpp"

namespace meridian {

/// Gathers per-block values round the latitude circle. 'mine' holds, for each item, this rank's blocks in order, each
/// of 'words' doubles: index (item * my_blocks + block) * words + word; 'all' likewise with all blocks of the circle.
/// With one rank in longitude 'all' is 'mine'. Buffers are owned here and grow on first use only.
class Ring {
 public:
  explicit Ring(const Block& block);

  int blocks() const { return blocks_; }          // round the whole circle
  int my_blocks() const { return my_blocks_; }    // of this rank
  int first_block() const { return first_block_; }

  /// Device buffer to fill for n_items of 'words' doubles; then gather() returns the values of all blocks.
  Array1<double> mine(int n_items, int words);
  Array1<double> gather(int n_items, int words);
  long messages() const { return messages_; }

 private:
  Block block_;
  int blocks_ = 0, my_blocks_ = 0, first_block_ = 0;
  Array1<double> mine_, all_, staged_;
  long messages_ = 0;
};

}  // namespace meridian
