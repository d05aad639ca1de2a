#pragma once
// Messages between ranks, as counted and as announced.

namespace meridian {

/// Messages of one rank, and the bytes in them.
struct Traffic {
  double messages = 0;
  double bytes = 0;

  Traffic& operator+=(const Traffic& other) {
    messages += other.messages;
    bytes += other.bytes;
    return *this;
  }
};

}  // namespace meridian
