#include "grid/halo.hpp"

#include "grid/loop.hpp"

namespace meridian {

namespace {
constexpr int h = halo_width;
constexpr int most_items = 8;
}  // namespace

/// The fields of one exchange stacked in k, as plain pointers a kernel can copy.
struct Halo::Items {
  Real* data[most_items];
  int k_first[most_items + 1];  // stacked level where each field begins
  int yface_shift[most_items];  // 1 for yface rows
  Real sign[most_items];        // across a pole
  int count = 0;
  int pitch = 0, rows = 0;      // allocated columns and rows

  int levels() const { return k_first[count]; }
  KOKKOS_FORCEINLINE_FUNCTION int item_of(int k) const {
    int n = 0;
    while (k >= k_first[n + 1]) ++n;
    return n;
  }
  KOKKOS_FORCEINLINE_FUNCTION Real* row(int n, int k, int j) const {  // column -halo_width of a row
    return data[n] + (static_cast<std::size_t>(k - k_first[n]) * rows + (j + h)) * pitch;
  }
};

namespace {

/// The pole copy with one rank in longitude: rows mirrored, half a circle away.
template <class Items>
void copy_over_pole(const Items& items, bool north, int ny, int nx) {
  Kokkos::parallel_for(
      "grid/halo_over_pole", Kokkos::RangePolicy<Device>(0, items.levels() * h), KOKKOS_LAMBDA(const int line) {
        const int k = line / h;
        const int n = 1 + line % h;
        const int item = items.item_of(k);
        const int shift = items.yface_shift[item];
        const Real sign = items.sign[item];
        const Real* from = items.row(item, k, north ? ny - n : n - 1 + shift);
        Real* to = items.row(item, k, north ? ny - 1 + shift + n : -n);
        const int half = nx / 2;
        for (int i = 0; i < nx + 2 * h; ++i) {
          int source = i - h + half;
          source = source >= nx ? source - nx : source;
          source = source >= nx ? source - nx : source;
          source = source < 0 ? source + nx : source;
          to[i] = sign * from[source + h];
        }
      });
}

template <class Items>
void wrap_longitude(const Items& items, int ny, int nx) {
  const int rows = ny + 1;
  Kokkos::parallel_for(
      "grid/halo_wrap", Kokkos::RangePolicy<Device>(0, items.levels() * rows), KOKKOS_LAMBDA(const int line) {
        const int k = line / rows;
        Real* row = items.row(items.item_of(k), k, line % rows);
        for (int i = 0; i < h; ++i) {
          row[i] = row[i + nx];
          row[i + nx + h] = row[i + h];
        }
      });
}

/// Packs (or unpacks) h columns from 'column' (allocated index) of rows 0..ny.
template <bool pack, class Items>
void move_columns(const Items& items, const Array1<Real>& buffer, int column, int ny) {
  const int rows = ny + 1;
  Real* message = buffer.data();
  Kokkos::parallel_for(
      "grid/halo_columns", Kokkos::RangePolicy<Device>(0, items.levels() * rows), KOKKOS_LAMBDA(const int line) {
        const int k = line / rows;
        Real* row = items.row(items.item_of(k), k, line % rows) + column;
        for (int i = 0; i < h; ++i) {
          if constexpr (pack) {
            message[line * h + i] = row[i];
          } else {
            row[i] = message[line * h + i];
          }
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
    if (north) return ny - 1 - r;                 // for the rank north of here, or mirrored over the pole
    return across_pole ? r + yface_shift : r;
  }
};

template <bool pack, class Items>
void move_rows(const Items& items, const Array1<Real>& buffer, const RowPlace& place) {
  Real* message = buffer.data();
  const int pitch = items.pitch;
  Kokkos::parallel_for(
      "grid/halo_rows", Kokkos::RangePolicy<Device>(0, items.levels() * h), KOKKOS_LAMBDA(const int line) {
        const int k = line / h;
        const int item = items.item_of(k);
        Real* row = items.row(item, k, place.row(line % h, items.yface_shift[item]));
        Real* slot = message + static_cast<std::size_t>(line) * pitch;
        const Real sign = place.across_pole ? items.sign[item] : Real(1);
        for (int i = 0; i < pitch; ++i) {
          if constexpr (pack) {
            slot[i] = row[i];
          } else {
            row[i] = sign * slot[i];
          }
        }
      });
}

}  // namespace

Halo::Halo(const Block& block) : block_(block) {}

void Halo::exchange(std::initializer_list<HaloItem> list) {
  require(list.size() <= most_items, ExitCode::internal, "An exchange of more than 8 fields.");
  Items items;
  items.pitch = block_.nx + 2 * h;
  items.rows = block_.ny + 2 * h + 1;
  items.k_first[0] = 0;
  for (const HaloItem& item : list) {
    const int n = items.count++;
    items.data[n] = item.data;
    items.k_first[n + 1] = items.k_first[n] + item.n_k;
    items.yface_shift[n] = item.on_yface ? 1 : 0;
    items.sign[n] = item.changes_sign ? Real(-1) : Real(1);
  }
  exchange_x(items);
  exchange_y(items);
  ++exchanges_;
}

void Halo::reserve(std::size_t count) {
  if (send_low_.extent(0) >= count) return;
  send_low_ = Array1<Real>("halo_send_low", count);
  send_high_ = Array1<Real>("halo_send_high", count);
  receive_low_ = Array1<Real>("halo_receive_low", count);
  receive_high_ = Array1<Real>("halo_receive_high", count);
}

void Halo::exchange_x(const Items& items) {
  const int nx = block_.nx;
  const int ny = block_.ny;
  if (block_.layout.ranks_lon == 1) return wrap_longitude(items, ny, nx);
  const std::size_t count = static_cast<std::size_t>(items.levels()) * (ny + 1) * h;
  reserve(count);
  move_columns<true>(items, send_low_, h, ny);
  move_columns<true>(items, send_high_, nx, ny);
  send_receive(block_.west, block_.east, false, false, count);
  move_columns<false>(items, receive_low_, 0, ny);
  move_columns<false>(items, receive_high_, nx + h, ny);
}

void Halo::exchange_y(const Items& items) {
  const int nx = block_.nx;
  const int ny = block_.ny;
  const bool south_pole = block_.at_south_pole();
  const bool north_pole = block_.at_north_pole();
  const bool alone = block_.layout.ranks_lon == 1;  // then the partner across a pole is this rank
  if (alone && south_pole) copy_over_pole(items, false, ny, nx);
  if (alone && north_pole) copy_over_pole(items, true, ny, nx);
  const int low = alone && south_pole ? MPI_PROC_NULL : block_.south;
  const int high = alone && north_pole ? MPI_PROC_NULL : block_.north;
  if (low == MPI_PROC_NULL && high == MPI_PROC_NULL) return;
  const std::size_t count = static_cast<std::size_t>(items.levels()) * h * items.pitch;
  reserve(count);
  if (low != MPI_PROC_NULL) move_rows<true>(items, send_low_, {false, south_pole, false, ny});
  if (high != MPI_PROC_NULL) move_rows<true>(items, send_high_, {true, north_pole, false, ny});
  send_receive(low, high, south_pole, north_pole, count);
  if (low != MPI_PROC_NULL) move_rows<false>(items, receive_low_, {false, south_pole, true, ny});
  if (high != MPI_PROC_NULL) move_rows<false>(items, receive_high_, {true, north_pole, true, ny});
}

void Halo::send_receive(int low, int high, bool low_across_pole, bool high_across_pole, std::size_t count) {
  const MPI_Datatype type = sizeof(Real) == 8 ? MPI_DOUBLE : MPI_FLOAT;
  const int n = static_cast<int>(count);
  constexpr int from_low = 0, from_high = 1;  // tags: the side of the sender a message leaves from
  const auto transfer = [&](Real* low_out, Real* high_out, Real* low_in, Real* high_in) {
    MPI_Request requests[4];
    MPI_Irecv(low_in, n, type, low, low_across_pole ? from_low : from_high, block_.world, &requests[0]);
    MPI_Irecv(high_in, n, type, high, high_across_pole ? from_high : from_low, block_.world, &requests[1]);
    MPI_Isend(low_out, n, type, low, from_low, block_.world, &requests[2]);
    MPI_Isend(high_out, n, type, high, from_high, block_.world, &requests[3]);
    MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
  };
  Kokkos::fence("grid/halo: packed");
  if constexpr (on_device) {
    // The message library is not assumed to read device memory: stage through the host.
    const auto low_out = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), send_low_);
    const auto high_out = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), send_high_);
    const auto low_in = Kokkos::create_mirror_view(Kokkos::HostSpace(), receive_low_);
    const auto high_in = Kokkos::create_mirror_view(Kokkos::HostSpace(), receive_high_);
    transfer(low_out.data(), high_out.data(), low_in.data(), high_in.data());
    Kokkos::deep_copy(receive_low_, low_in);
    Kokkos::deep_copy(receive_high_, high_in);
  } else {
    transfer(send_low_.data(), send_high_.data(), receive_low_.data(), receive_high_.data());
  }
  const int messages = (low != MPI_PROC_NULL ? 1 : 0) + (high != MPI_PROC_NULL ? 1 : 0);
  bytes_sent_ += static_cast<long long>(messages) * n * static_cast<long long>(sizeof(Real));
}

}  // namespace meridian
