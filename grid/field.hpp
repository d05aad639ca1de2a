#pragma once
// Fields: numbers with a place on the staggered grid.
//
//        corner(j+1,i)   yface(j+1,i)   corner(j+1,i+1)
//               +-------------v-------------+
//               |                           |
//   xface(j,i)  u        cell(j,i)          u  xface(j,i+1)          north is up, east is right
//               |                           |
//               +-------------v-------------+
//        corner(j,i)     yface(j,i)     corner(j,i+1)
//
// West, south and top own the lower index: xface i is west of cell i, yface j south of cell j, interface k above
// layer k, k = 0 at the model top. Cells sit half a spacing off the poles; yface rows 0 and n_lat are the poles.

#include "grid/base.hpp"

namespace meridian {

enum class Horizontal { cell, xface, yface, corner };
enum class Vertical { layer, interface, single };

template <Horizontal H, Vertical V>
struct Place {
  static constexpr Horizontal horizontal = H;
  static constexpr Vertical vertical = V;
};
using Cell = Place<Horizontal::cell, Vertical::layer>;
using XFace = Place<Horizontal::xface, Vertical::layer>;
using YFace = Place<Horizontal::yface, Vertical::layer>;
using Corner = Place<Horizontal::corner, Vertical::layer>;
using CellInterface = Place<Horizontal::cell, Vertical::interface>;
using CellSurface = Place<Horizontal::cell, Vertical::single>;
using CornerSurface = Place<Horizontal::corner, Vertical::single>;

/// Rows and columns of neighbours each block carries. The s5 potential-vorticity flux reaches four cells.
inline constexpr int halo_width = 4;

/// Index ranges [begin, end) of a loop, in block indices (0 is the first owned point).
struct Box {
  int k_begin, k_end;
  int j_begin, j_end;
  int i_begin, i_end;
};

/// Handle to a (k, j, i) array on the device; copies share the data. Index 0 is the first owned point.
/// All places of a block have the same extents: n_lat + 2 halo_width + 1 rows (the extra one holds the northern
/// faces of the last row) and n_lon + 2 halo_width columns.
template <class P, class Value = Real>
class Field {
 public:
  using place = P;
  using View = Array3<Value>;
  Field() = default;
  explicit Field(View data) : data_(data) {}
  template <class Other>
    requires std::is_convertible_v<Other (*)[], Value (*)[]>
  KOKKOS_FUNCTION Field(const Field<P, Other>& other) : data_(other.data()) {}

  KOKKOS_FORCEINLINE_FUNCTION Value& operator()(int k, int j, int i) const {
    return data_(k, j + halo_width, i + halo_width);
  }
  KOKKOS_FUNCTION const View& data() const { return data_; }
  int n_levels() const { return static_cast<int>(data_.extent(0)); }
  bool exists() const { return data_.data() != nullptr; }

 private:
  View data_;
};
template <class P>
using ConstField = Field<P, const Real>;

/// The same array from level k_first on, n_k levels of it.
template <class P>
Field<P> levels_of(const Field<P>& field, int k_first, int n_k) {
  if (!field.exists()) return field;
  return Field<P>(Kokkos::subview(field.data(), std::make_pair(k_first, k_first + n_k), Kokkos::ALL, Kokkos::ALL));
}

}  // namespace meridian
