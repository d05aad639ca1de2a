#include "grid/halo.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "grid/loop.hpp"

namespace meridian {

namespace {
constexpr int h = halo_width;
constexpr int most_items = 8;
}  // namespace

/// The fields of one exchange stacked in k, as plain pointers a kernel can copy.
struct HaloItems {
  Real* data[most_items];
  int k_first[most_items + 1];  // stacked level where each field begins; huge after the last
  int yface_shift[most_items];  // 1 for yface rows
  int sign[most_items];         // across a pole
  int count = 0;
  int pitch = 0, rows = 0;  // allocated columns and rows

  int levels() const { return k_first[count]; }
  KOKKOS_FORCEINLINE_FUNCTION int item_of(int k) const {
    int n = 0;
    for (int m = 1; m < most_items; ++m) n += k >= k_first[m] ? 1 : 0;  // no branch: vectorises
    return n;
  }
  KOKKOS_FORCEINLINE_FUNCTION Real* row(int n, int k, int j) const {  // column -halo_width of a row
    return data[n] + (static_cast<std::size_t>(k - k_first[n]) * rows + (j + h)) * pitch;
  }
};

namespace {

/// Copies over a pole with one rank in longitude: rows mirrored, half a circle away. Two places of a row at a time, so
/// that there is no remainder to take. Reads owned columns only.
struct OverPole {
  HaloItems items;
  bool north;
  int ny, nx;
  KOKKOS_FORCEINLINE_FUNCTION void operator()(int k, int n, int i) const {
    const int item = items.item_of(k);
    const int shift = items.yface_shift[item];
    const Real sign = static_cast<Real>(items.sign[item]);
    const Real* from = items.row(item, k, north ? ny - n : n - 1 + shift);
    Real* to = items.row(item, k, north ? ny - 1 + shift + n : -n);
    to[i] = sign * from[i + nx / 2];
    to[i + nx / 2 + h] = sign * from[i + h];
  }
};

/// The same columns at both ends of a row; not of rows beyond the north pole, which OverPole fills whole.
struct Wrap {
  HaloItems items;
  int nx, rows;  // of a cell field; one more where rows are on yfaces
  KOKKOS_FORCEINLINE_FUNCTION void operator()(int k, int j, int i) const {
    const int item = items.item_of(k);
    if (j >= rows + items.yface_shift[item]) return;
    Real* row = items.row(item, k, j);
    row[i] = row[i + nx];
    row[i + nx + h] = row[i + h];
  }
};

/// All that one rank in longitude copies within itself: the ends of rows 0 .. ny, which at the north pole is a row of faces
/// alone, and the rows beyond the poles it has.
void fill_own_halo(const HaloItems& items, const Block& block) {
  const int ny = block.ny, nx = block.nx, levels = items.levels();
  const int south = block.at_south_pole() ? h : 0, north = block.at_north_pole() ? h : 0;
  for_each_part("grid/halo", Part<Wrap>{{0, levels, 0, ny + 1, 0, h}, {items, nx, block.at_north_pole() ? ny : ny + 1}},
                Part<OverPole>{{0, levels, 1, south + 1, 0, nx / 2 + h}, {items, false, ny, nx}},
                Part<OverPole>{{0, levels, 1, north + 1, 0, nx / 2 + h}, {items, true, ny, nx}});
}

/// Around a single column everything is as in it.
void repeat_column(const HaloItems& items) {
  for_each(
      "grid/halo_column", {0, items.levels(), -h, items.rows - h, 0, items.pitch}, KOKKOS_LAMBDA(int k, int j, int i) {
        const int item = items.item_of(k);
        if (j != 0 || i != h) items.row(item, k, j)[i] = items.row(item, k, 0)[h];
      });
}

/// Packs (or unpacks) h columns from 'column' (allocated index) of rows 0..ny.
template <bool pack>
void move_columns(const HaloItems& items, const Array1<Real>& buffer, int column, int ny) {
  const int rows = ny + 1;
  Real* message = buffer.data();
  for_each(
      "grid/halo_columns", {0, items.levels(), 0, rows, 0, h}, KOKKOS_LAMBDA(int k, int j, int i) {
        Real& value = items.row(items.item_of(k), k, j)[column + i];
        Real& slot = message[(static_cast<std::size_t>(k) * rows + j) * h + i];
        if constexpr (pack) {
          slot = value;
        } else {
          value = slot;
        }
      });
}

/// Where the rows of a message stand on this block. Slot r = 0..h-1 is the r-th row away from the shared edge.
struct RowPlace {
  bool north;        // the edge of this block
  bool across_pole;  // the neighbour lies beyond a pole
  bool halo;         // halo rows to fill, else owned rows to send
  int ny;
  KOKKOS_FORCEINLINE_FUNCTION int row(int r, int yface_shift) const {
    if (halo) {
      if (!north) return -1 - r;
      return across_pole ? ny + yface_shift + r : ny + r;
    }
    if (north) return ny - 1 - r;  // for the rank north of here, or mirrored over the pole
    return across_pole ? r + yface_shift : r;
  }
};

template <bool pack>
void move_rows(const HaloItems& items, const Array1<Real>& buffer, const RowPlace& place) {
  Real* message = buffer.data();
  const int pitch = items.pitch;
  for_each(
      "grid/halo_rows", {0, items.levels(), 0, h, 0, pitch}, KOKKOS_LAMBDA(int k, int r, int i) {
        const int item = items.item_of(k);
        Real& value = items.row(item, k, place.row(r, items.yface_shift[item]))[i];
        Real& slot = message[(static_cast<std::size_t>(k) * h + r) * pitch + i];
        if constexpr (pack) {
          slot = value;
        } else {
          value = place.across_pole ? static_cast<Real>(items.sign[item]) * slot : slot;
        }
      });
}

}  // namespace

Halo::Halo(const Block& block) : block_(block), items_(std::make_unique<HaloItems>()) {}
Halo::Halo(Halo&&) noexcept = default;
Halo::~Halo() = default;

void Halo::begin(std::initializer_list<HaloItem> list) {
  require(list.size() <= most_items, ExitCode::internal, "An exchange of more than 8 fields.");
  require(!is_under_way(), ExitCode::internal, "An exchange of halos begins before the one before has ended.");
  HaloItems& items = *items_;
  items = HaloItems();
  items.pitch = block_.nx + 2 * h;
  items.rows = block_.ny + 2 * h + 1;
  std::fill(std::begin(items.k_first), std::end(items.k_first), std::numeric_limits<int>::max());
  items.k_first[0] = 0;
  for (const HaloItem& item : list) {
    const int n = items.count++;
    items.data[n] = item.data;
    items.k_first[n + 1] = items.k_first[n] + item.n_k;
    items.yface_shift[n] = item.on_yface ? 1 : 0;
    items.sign[n] = item.changes_sign ? -1 : 1;
  }
  ++exchanges_;
  levels_ += items.levels();
  most_levels_ = std::max(most_levels_, items.levels());
  if (block_.is_column) return repeat_column(items);
  exchange_x(items);
  begin_y(items);
  if (!block_.overlap) end();
}

namespace {

/// Words per level of a message east or west, and of one north or south.
long words_of_columns(const Block& block) { return static_cast<long>(block.ny + 1) * h; }
long words_of_rows(const Block& block) { return static_cast<long>(block.nx + 2 * h) * h; }

/// With one rank in longitude the partner across a pole is this rank: no message.
int receiver_in_south(const Block& block) {
  return block.layout.ranks_lon == 1 && block.at_south_pole() ? MPI_PROC_NULL : block.south;
}
int receiver_in_north(const Block& block) {
  return block.layout.ranks_lon == 1 && block.at_north_pole() ? MPI_PROC_NULL : block.north;
}

}  // namespace

std::vector<Halo::Neighbour> Halo::neighbours(const Block& block) {
  std::vector<Neighbour> all;
  if (block.is_column) return all;
  if (block.layout.ranks_lon > 1) {
    all.push_back({block.west, words_of_columns(block)});
    all.push_back({block.east, words_of_columns(block)});
  }
  for (const int rank : {receiver_in_south(block), receiver_in_north(block)}) {
    if (rank != MPI_PROC_NULL) all.push_back({rank, words_of_rows(block)});
  }
  return all;
}

double Halo::bytes_in_memory(const Block& block, int most_levels) {
  long words = 0;
  for (const Neighbour& neighbour : neighbours(block)) words = std::max(words, neighbour.words);
  return 4.0 * static_cast<double>(sizeof(Real)) * static_cast<double>(words) * most_levels;
}

Halo::Sides Halo::east_and_west() const { return {block_.west, block_.east, false, false, false}; }

Halo::Sides Halo::south_and_north() const {
  return {receiver_in_south(block_), receiver_in_north(block_), block_.at_south_pole(), block_.at_north_pole(), true};
}

void Halo::reserve(std::size_t count) {
  bool moved = false;
  for (MessageBuffer<Real>* buffer : {&send_low_, &send_high_, &receive_low_, &receive_high_}) {
    moved = buffer->reserve(count, block_.stage_messages) || moved;
  }
  if (moved) requests_.clear();
}

void Halo::exchange_x(const HaloItems& items) {
  const int nx = block_.nx;
  const int ny = block_.ny;
  if (block_.layout.ranks_lon == 1) return fill_own_halo(items, block_);
  const std::size_t count = static_cast<std::size_t>(items.levels()) * words_of_columns(block_);
  reserve(count);
  move_columns<true>(items, send_low_.device(), h, ny);
  move_columns<true>(items, send_high_.device(), nx, ny);
  start(east_and_west(), count);
  wait(count);
  move_columns<false>(items, receive_low_.device(), 0, ny);
  move_columns<false>(items, receive_high_.device(), nx + h, ny);
}

void Halo::begin_y(const HaloItems& items) {
  const int ny = block_.ny;
  const Sides sides = south_and_north();  // across a pole that is this rank: fill_own_halo()
  if (sides.low == MPI_PROC_NULL && sides.high == MPI_PROC_NULL) return;
  const std::size_t count = static_cast<std::size_t>(items.levels()) * words_of_rows(block_);
  reserve(count);
  if (sides.low != MPI_PROC_NULL) move_rows<true>(items, send_low_.device(), {false, sides.low_across_pole, false, ny});
  if (sides.high != MPI_PROC_NULL) {
    move_rows<true>(items, send_high_.device(), {true, sides.high_across_pole, false, ny});
  }
  start(sides, count);
  under_way_ = &items;
}

void Halo::end() {
  if (!is_under_way()) return;
  const HaloItems& items = *std::exchange(under_way_, nullptr);
  const int ny = block_.ny;
  const Sides sides = south_and_north();
  wait(static_cast<std::size_t>(items.levels()) * words_of_rows(block_));
  if (sides.low != MPI_PROC_NULL)
    move_rows<false>(items, receive_low_.device(), {false, sides.low_across_pole, true, ny});
  if (sides.high != MPI_PROC_NULL) {
    move_rows<false>(items, receive_high_.device(), {true, sides.high_across_pole, true, ny});
  }
}

void Halo::start(const Sides& sides, std::size_t count) {
  send_low_.to_host(count);
  send_high_.to_host(count);
  Kokkos::fence("grid/halo: packed");
  started_ = &requests_[{sides.in_latitude, count}];
  if (started_->empty()) {
    constexpr int from_low = 0, from_high = 1;  // tags: the side of the sender a message leaves from
    const auto add = [&](int rank, bool across_pole, const MessageBuffer<Real>& send,
                         const MessageBuffer<Real>& receive, int tag, int tag_of_opposite) {
      if (rank == MPI_PROC_NULL) return;
      started_->add_receive(receive.for_mpi(), count, rank, across_pole ? tag : tag_of_opposite, block_.world);
      started_->add_send(send.for_mpi(), count, rank, tag, block_.world);
    };
    add(sides.low, sides.low_across_pole, send_low_, receive_low_, from_low, from_high);
    add(sides.high, sides.high_across_pole, send_high_, receive_high_, from_high, from_low);
  }
  started_->start();
  const int messages = (sides.low != MPI_PROC_NULL ? 1 : 0) + (sides.high != MPI_PROC_NULL ? 1 : 0);
  sent_ += {static_cast<double>(messages),
            static_cast<double>(messages) * static_cast<double>(count) * static_cast<double>(sizeof(Real))};
}

void Halo::wait(std::size_t count) {
  started_->wait();
  receive_low_.to_device(count);
  receive_high_.to_device(count);
}

}  // namespace meridian
