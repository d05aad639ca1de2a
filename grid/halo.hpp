#pragma once
// Halo exchange: longitude wrap, rows beyond the poles, neighbour ranks; one message per neighbour and direction
// with all fields of the exchange in it.

#include <initializer_list>
#include <vector>

#include "grid/decomposition.hpp"
#include "grid/field.hpp"
#include "grid/traffic.hpp"

namespace meridian {

/// One field of an exchange.
struct HaloItem {
  Real* data = nullptr;
  int n_k = 0;
  bool on_yface = false;      // rows at yfaces: the row at the pole is not repeated beyond it
  bool changes_sign = false;  // a vector component: changes sign across the pole

  template <class P>
  HaloItem(const Field<P>& field,
           bool vector = P::horizontal == Horizontal::xface || P::horizontal == Horizontal::yface)
      : data(field.data().data()),
        n_k(field.n_levels()),
        on_yface(P::horizontal == Horizontal::yface || P::horizontal == Horizontal::corner),
        changes_sign(vector) {}
  HaloItem() = default;
};

struct HaloItems;  // the fields of one exchange, for its kernels

/// Fills the halo of fields on one block. Beyond a pole the row is that of the longitude half a circle away:
///   cell rows   s(i, n_lat-1+n) = +-s(i + n_lon/2, n_lat-n)     yface rows   v(i, n_lat+n) = +-v(i + n_lon/2, n_lat-n)
/// with minus for vector components (u, v), n = 1..halo_width; likewise in the south. Around a single column all is as in it.
class Halo {
 public:
  explicit Halo(const Block& block);

  /// Fills all halo points (corners included) of up to 8 fields. Collective over neighbours.
  void exchange(std::initializer_list<HaloItem> items);

  /// Exchanges done so far, the levels of all fields in them added up, and the most in one.
  long exchanges() const { return exchanges_; }
  long levels() const { return levels_; }
  int most_levels() const { return most_levels_; }
  /// What this rank has sent to others.
  const Traffic& sent() const { return sent_; }

  /// Where an exchange goes from a block: each neighbour that gets a message, and the words of it per level.
  struct Neighbour {
    int rank;
    long words;
  };
  static std::vector<Neighbour> neighbours(const Block& block);
  /// Bytes of the buffers after exchanges of at most this many levels.
  static double bytes_in_memory(const Block& block, int most_levels);

 private:
  void exchange_x(const HaloItems& items);
  void exchange_y(const HaloItems& items);
  /// Sends send_low_ to the rank 'low' and send_high_ to 'high', and receives from both (MPI_PROC_NULL: nothing).
  /// Across a pole the message comes from the same side of the partner, else from the opposite one.
  void send_receive(int low, int high, bool low_across_pole, bool high_across_pole, std::size_t count);
  void reserve(std::size_t count);

  /// A message on the device and where the host can read it: the same memory where it can read the device's.
  struct Buffer {
    Array1<Real> device;
    Array1<Real>::host_mirror_type host;
  };

  Block block_;
  Buffer send_low_, send_high_, receive_low_,
      receive_high_;  // low: west or south, high: east or north; they only grow
  long exchanges_ = 0, levels_ = 0;
  int most_levels_ = 0;
  Traffic sent_;
};

}  // namespace meridian
