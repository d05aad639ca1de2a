#pragma once
// The sums of the polar filter's blocks that a rank needs from others of its circle of latitude, and no more: |rho| falls
// with the distance, so most rows look at the next block, and only those beside a pole at the whole circle.

#include <map>
#include <vector>

#include "grid/decomposition.hpp"
#include "grid/message.hpp"
#include "grid/traffic.hpp"

namespace meridian {

/// The numbers f (part 0, 1) or g (part 2, 3) of one block of the circle in one row, all lines of it.
struct BlockSum {
  int block, part, row;
};

/// Sums of all blocks of the circle, of which own and needed ones are filled. A block has 4 'lines' doubles, part by part; a
/// line is a field and level of a row, rows one after the other.
class BlockSums {
 public:
  /// reach: how many blocks upstream count in each owned row. Collective in nothing: all ranks of a circle have the same rows.
  BlockSums(const Block& block, const std::vector<int>& reach);

  int blocks() const { return blocks_; }         // round the whole circle
  int my_blocks() const { return mine_.count; }  // of this rank
  int first_block() const { return mine_.first; }

  /// Device buffer for this many lines (a row's lines times rows, and padding); own blocks are to be filled. Allocates where it
  /// is larger than ever before.
  const Array1<double>& all(int lines, int lines_of_row);
  /// Fills what other ranks have: one message to and from each that is in reach. Collective over block.ring.
  void exchange(int lines, int lines_of_row);

  /// What this rank has received.
  const Traffic& received() const { return received_traffic_; }

  /// Bytes of the buffers for rows of so many lines; words: doubles of each block.
  static double bytes_in_memory(const Block& block, const std::vector<int>& reach, double words, int lines_of_row);
  /// What the rank at place 'from' of the circle sends to that at place 'to', in the order of the message.
  static std::vector<BlockSum> sent(const Block& block, const std::vector<int>& reach, int from, int to);
  static long number_sent(const Block& block, const std::vector<int>& reach, int from, int to);
  /// Doubles in a message of so many sums.
  static long words(long sums, int lines_of_row) { return 2 * sums * lines_of_row; }

 private:
  struct Partner {
    int place;
    Extent send, receive;  // of the lists of sums
  };
  struct Message {
    Array1<BlockSum> sums;
    MessageBuffer<double> buffer;
    std::size_t words(int lines_of_row) const {
      return static_cast<std::size_t>(BlockSums::words(static_cast<long>(sums.extent(0)), lines_of_row));
    }
  };
  Requests& requests_of(int lines_of_row);

  Block block_;
  int blocks_ = 0;
  Extent mine_{};
  std::vector<Partner> partners_;
  std::map<int, Requests> requests_;  // by lines of a row
  Message send_, receive_;
  Array1<double> all_;
  Traffic received_traffic_;
};

}  // namespace meridian
