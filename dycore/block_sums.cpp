#include "dycore/block_sums.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {

/// Filter blocks of the rank at this place of the circle.
Extent blocks_of(const Block& block, int place) {
  const Extent columns = columns_of(block.n_lon, block.layout, place);
  return {columns.first / block.filter_block, columns.count / block.filter_block};
}

Array1<BlockSum> on_device_from(const std::vector<BlockSum>& sums) {
  const Array1<BlockSum> array("block_sums", sums.size());
  const auto host = Kokkos::create_mirror_view(array);
  for (std::size_t n = 0; n < sums.size(); ++n) host(n) = sums[n];
  Kokkos::deep_copy(array, host);
  return array;
}

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

}  // namespace

std::vector<BlockSum> BlockSums::sent(const Block& block, const std::vector<int>& reach, int from, int to) {
  const int blocks = block.blocks_per_row();
  const Extent mine = blocks_of(block, from), other = blocks_of(block, to);
  std::vector<BlockSum> sums;
  for (int b = mine.first; b < mine.first + mine.count; ++b) {
    const int eastward = (other.first - b + blocks) % blocks;                      // to the receiver's first block
    const int westward = (b - (other.first + other.count - 1) + blocks) % blocks;  // to its last
    for (int row = 0; row < static_cast<int>(reach.size()); ++row) {
      if (eastward <= reach[row]) sums.push_back({b, 0, row});
      if (westward <= reach[row]) sums.push_back({b, 2, row});
    }
  }
  return sums;
}

double BlockSums::bytes_in_memory(const Block& block, const std::vector<int>& reach, double words_of_block,
                                  int lines_of_row) {
  long sums = 0;
  for (int place = 0; place < block.layout.ranks_lon; ++place) {
    if (place == block.px) continue;
    sums += static_cast<long>(sent(block, reach, block.px, place).size() + sent(block, reach, place, block.px).size());
  }
  return sizeof(double) * (words_of_block * block.blocks_per_row() + static_cast<double>(words(sums, lines_of_row)));
}

BlockSums::BlockSums(const Block& block, const std::vector<int>& reach)
    : block_(block), blocks_(block.blocks_per_row()), mine_(blocks_of(block, block.px)) {
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
  requests_.resize(2 * partners_.size());
  send_.sums = on_device_from(to_send);
  receive_.sums = on_device_from(to_receive);
}

const Array1<double>& BlockSums::all(int lines, int lines_of_row) {
  const std::size_t count = static_cast<std::size_t>(4) * lines * blocks_;
  if (all_.extent(0) < count) all_ = Array1<double>("block_sums_of_circle", count);
  for (Message* message : {&send_, &receive_}) {
    const auto words =
        static_cast<std::size_t>(BlockSums::words(static_cast<long>(message->sums.extent(0)), lines_of_row));
    if (message->device.extent(0) >= words) continue;
    message->device = Array1<double>("block_sums_message", words);
    message->host = Kokkos::create_mirror_view(message->device);  // is the same where the host can read it
  }
  return all_;
}

void BlockSums::exchange(int lines, int lines_of_row) {
  if (partners_.empty()) return;
  move_sums<true>(send_.sums, send_.device, all_, lines, lines_of_row);
  if constexpr (on_device) Kokkos::deep_copy(send_.host, send_.device);
  Kokkos::fence("dycore/polar_filter: packed");
  const auto at = [&](const Message& message, const Extent& part) {
    return message.host.data() + words(part.first, lines_of_row);
  };
  const auto count = [&](const Extent& part) { return static_cast<int>(words(part.count, lines_of_row)); };
  MPI_Request* request = requests_.data();
  for (const Partner& p : partners_) {
    MPI_Irecv(at(receive_, p.receive), count(p.receive), MPI_DOUBLE, p.place, 0, block_.ring, request++);
    received_traffic_ += {p.receive.count > 0 ? 1.0 : 0.0, static_cast<double>(count(p.receive)) * sizeof(double)};
  }
  for (const Partner& p : partners_) {
    MPI_Isend(at(send_, p.send), count(p.send), MPI_DOUBLE, p.place, 0, block_.ring, request++);
  }
  MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
  if constexpr (on_device) Kokkos::deep_copy(receive_.device, receive_.host);
  move_sums<false>(receive_.sums, receive_.device, all_, lines, lines_of_row);
}

}  // namespace meridian
