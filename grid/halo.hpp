#pragma once
// Halo exchange: longitude wrap, rows beyond the poles, neighbour ranks; one message per neighbour and direction
// with all fields of the exchange in it.

#include <initializer_list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "grid/decomposition.hpp"
#include "grid/field.hpp"
#include "grid/message.hpp"
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
  Halo(Halo&&) noexcept;
  ~Halo();

  /// Fills all halo points (corners included) of up to 8 fields. Collective over neighbours.
  void exchange(std::initializer_list<HaloItem> items) {
    begin(items);
    end();
  }
  /// The same in two parts. After begin() the columns in the west and east of owned rows are filled; where is_under_way(), rows
  /// in the south and north are only after end(). Without block.overlap begin() does all.
  void begin(std::initializer_list<HaloItem> items);
  void end();
  bool is_under_way() const { return under_way_ != nullptr; }

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
  /// Ranks at both sides, MPI_PROC_NULL: none. Across a pole the message comes from the same side of the partner, else from the
  /// opposite one.
  struct Sides {
    int low, high;  // west or south, east or north
    bool low_across_pole, high_across_pole;
    bool in_latitude;
  };
  Sides east_and_west() const;
  Sides south_and_north() const;
  void exchange_x(const HaloItems& items);
  void begin_y(const HaloItems& items);
  /// Starts the messages of send_low_ and send_high_, and those into receive_low_ and receive_high_.
  void start(const Sides& sides, std::size_t count);
  void wait(std::size_t count);
  void reserve(std::size_t count);

  Block block_;
  MessageBuffer<Real> send_low_, send_high_, receive_low_, receive_high_;  // they only grow
  std::map<std::pair<bool, std::size_t>, Requests> requests_;              // by direction and size of message
  Requests* started_ = nullptr;
  std::unique_ptr<HaloItems> items_;      // of the present exchange
  const HaloItems* under_way_ = nullptr;  // its rows are
  long exchanges_ = 0, levels_ = 0;
  int most_levels_ = 0;
  Traffic sent_;
};

}  // namespace meridian
