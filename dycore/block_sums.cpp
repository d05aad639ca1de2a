#include "dycore/block_sums.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

/// Packs sums into a message, or unpacks them.
template <bool pack>
void move_sums(const Array1<BlockSum>& sums, const Array1<double>& message, const Array1<double>& all, int lines,
               int lines_of_row) {
  for_each(
      "dycore/polar_filter_message", {0, static_cast<int>(sums.extent(0)), 0, 2, 0, lines_of_row},
      KOKKOS_LAMBDA(int n, int part, int line) {
        const BlockSum& sum = sums(n);
        const auto place = static_cast<std::size_t>(sum.block * 4 + sum.part + part) * lines + sum.row * lines_of_row;
        double& value = all(place + line);
        double& slot = message((static_cast<std::size_t>(n) * 2 + part) * lines_of_row + line);
        if constexpr (pack) {
          slot = value;
        } else {
          value = slot;
        }
      });
}

/// Calls action(sum) for what the rank at place 'from' sends to that at place 'to', in the order of the message.
template <class Action>
void for_each_sum_sent(const Block& block, const std::vector<int>& reach, int from, int to, const Action& action) {
  const int blocks = block.blocks_per_row();
  const Extent mine = filter_blocks_of(block, from), other = filter_blocks_of(block, to);
  for (int b = mine.first; b < mine.first + mine.count; ++b) {
    const int eastward = (other.first - b + blocks) % blocks;                      // to the receiver's first block
    const int westward = (b - (other.first + other.count - 1) + blocks) % blocks;  // to its last
    for (int row = 0; row < static_cast<int>(reach.size()); ++row) {
      if (eastward <= reach[row]) action(BlockSum{b, 0, row});
      if (westward <= reach[row]) action(BlockSum{b, 2, row});
    }
  }
}

}  // namespace

std::vector<BlockSum> BlockSums::sent(const Block& block, const std::vector<int>& reach, int from, int to) {
  std::vector<BlockSum> sums;
  for_each_sum_sent(block, reach, from, to, [&](const BlockSum& sum) { sums.push_back(sum); });
  return sums;
}

long BlockSums::number_sent(const Block& block, const std::vector<int>& reach, int from, int to) {
  long number = 0;
  for_each_sum_sent(block, reach, from, to, [&](const BlockSum&) { ++number; });
  return number;
}

double BlockSums::bytes_in_memory(const Block& block, const std::vector<int>& reach, double words_of_block,
                                  int lines_of_row) {
  long sums = 0;
  for (int place = 0; place < block.layout.ranks_lon; ++place) {
    if (place == block.px) continue;
    sums += number_sent(block, reach, block.px, place) + number_sent(block, reach, place, block.px);
  }
  return sizeof(double) * (words_of_block * block.blocks_per_row() + static_cast<double>(words(sums, lines_of_row)));
}

BlockSums::BlockSums(const Block& block, const std::vector<int>& reach)
    : block_(block), blocks_(block.blocks_per_row()), mine_(filter_blocks_of(block, block.px)) {
  std::vector<BlockSum> to_send, to_receive;
  const auto append = [](std::vector<BlockSum>& all, const std::vector<BlockSum>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return Extent{static_cast<int>(all.size() - more.size()), static_cast<int>(more.size())};
  };
  for (int place = 0; place < block.layout.ranks_lon; ++place) {
    if (place == block.px) continue;
    const Extent send = append(to_send, sent(block, reach, block.px, place));
    const Extent receive = append(to_receive, sent(block, reach, place, block.px));
    if (send.count + receive.count > 0) partners_.push_back({place, send, receive});
  }
  send_.sums = array_of("block_sums", to_send);
  receive_.sums = array_of("block_sums", to_receive);
}

const Array1<double>& BlockSums::all(int lines, int lines_of_row) {
  const std::size_t count = static_cast<std::size_t>(4) * lines * blocks_;
  if (all_.extent(0) < count) all_ = Array1<double>("block_sums_of_circle", count);
  bool moved = false;
  for (Message* message : {&send_, &receive_}) {
    moved = message->buffer.reserve(message->words(lines_of_row), block_.stage_messages) || moved;
  }
  if (moved) requests_.clear();
  return all_;
}

Requests& BlockSums::requests_of(int lines_of_row) {
  Requests& requests = requests_[lines_of_row];
  if (!requests.empty()) return requests;
  const auto at = [&](const Message& message, const Extent& part) {
    return message.buffer.for_mpi() + words(part.first, lines_of_row);
  };
  for (const Partner& p : partners_) {
    requests.add_receive(at(receive_, p.receive), words(p.receive.count, lines_of_row), p.place, 0, block_.ring);
    requests.add_send(at(send_, p.send), words(p.send.count, lines_of_row), p.place, 0, block_.ring);
  }
  return requests;
}

void BlockSums::exchange(int lines, int lines_of_row) {
  if (partners_.empty()) return;
  move_sums<true>(send_.sums, send_.buffer.device(), all_, lines, lines_of_row);
  send_.buffer.to_host(send_.words(lines_of_row));
  Kokkos::fence("dycore/polar_filter: packed");
  Requests& requests = requests_of(lines_of_row);
  requests.start();
  requests.wait();
  receive_.buffer.to_device(receive_.words(lines_of_row));
  move_sums<false>(receive_.sums, receive_.buffer.device(), all_, lines, lines_of_row);
  received_traffic_ +=
      {static_cast<double>(partners_.size()), static_cast<double>(receive_.words(lines_of_row)) * sizeof(double)};
}

}  // namespace meridian
