#pragma once
// Which rank owns which block of the latitude-longitude grid.

#include <mpi.h>

#include <string>
#include <vector>

#include "grid/error.hpp"
#include "grid/field.hpp"

namespace meridian {

/// Length of the blocks in longitude that the polar filter sums over: the divisor (>= 4) of n_lon / 2 nearest to 30, or to
/// n_lon / 80, at most 150, on fine grids, where whole circles beside the poles are summed from few blocks. It follows from n_lon alone, and ranks own whole blocks, so results do not depend on the rank layout.
int filter_block_length(int n_lon);

/// Ranks along longitude and latitude.
struct Layout {
  int ranks_lon = 1;
  int ranks_lat = 1;
};

/// All layouts of n_ranks that this grid allows: ranks in longitude 1 or even, each with whole filter blocks of at
/// least halo_width columns; each rank at least halo_width + 1 rows (or all of them).
std::vector<Layout> allowed_layouts(int n_lon, int n_lat, int n_ranks);

/// The layout used when the case names none: fewest halo points, ranks in latitude preferred.
/// Throws configuration when no layout fits, naming the rank counts that would.
Layout default_layout(int n_lon, int n_lat, int n_ranks);

/// The part of the global grid that this rank owns, and its neighbours.
struct Block {
  int n_lon = 0, n_lat = 0;      // global cells
  int i_first = 0, j_first = 0;  // global index of the first owned cell
  int nx = 0, ny = 0;            // owned cells
  int filter_block = 0;          // length of the polar filter's blocks
  bool is_column = false;        // one cell without neighbours and poles: its halo repeats it
  Layout layout;
  int px = 0, py = 0;  // this rank's place in the layout
  int rank = 0, n_ranks = 1;
  int west = 0, east = 0;          // neighbour ranks
  int south = 0, north = 0;        // across the pole: the rank half a circle away
  MPI_Comm world = MPI_COMM_SELF;  // all ranks of the run
  MPI_Comm ring = MPI_COMM_SELF;   // ranks of equal py, ordered by px
  bool stage_messages = false;     // they go through host memory
  bool overlap = true;             // halos travel while what needs none is computed
  bool graph = false;              // kernels of a step are recorded and replayed; one rank

  bool at_south_pole() const { return py == 0 && !is_column; }
  bool at_north_pole() const { return py == layout.ranks_lat - 1 && !is_column; }
  int blocks_per_row() const { return n_lon / filter_block; }
  /// Rows of yfaces of the globe: both poles have one.
  int yface_rows() const { return n_lat + (is_column ? 0 : 1); }

  Box cells(int n_k) const { return {0, n_k, 0, ny, 0, nx}; }
  Box xfaces(int n_k) const { return cells(n_k); }
  /// Owned northward-wind points off the poles: yface row 0 of the southernmost rank is the pole.
  Box yfaces(int n_k) const { return {0, n_k, at_south_pole() ? 1 : 0, ny, 0, nx}; }
  /// Cells and 'margin' rings of halo around them.
  Box cells_with_halo(int n_k, int margin) const { return {0, n_k, -margin, ny + margin, -margin, nx + margin}; }
};

/// Columns [first, first + count) and rows owned by rank (px, py) of a layout. Ranks at the poles own fewer rows where those cost
/// more, as the polar filter adds up more blocks there: docs/performance.md.
struct Extent {
  int first;
  int count;
};
Extent columns_of(int n_lon, const Layout& layout, int px);
Extent rows_of(int n_lon, int n_lat, const Layout& layout, int py);
/// Filter blocks, counted round the circle, of the rank at place px of it.
Extent filter_blocks_of(const Block& block, int px);

/// Throws configuration for a layout that is not allowed with this number of ranks, naming those that are.
void require_layout(int n_lon, int n_lat, const Layout& layout, int n_ranks);
/// The block of a rank of a layout, as make_block() gives it, without communicators. The layout must be allowed.
Block block_of_rank(int n_lon, int n_lat, const Layout& layout, int rank);
/// Splits the grid over the communicator. Throws configuration for a layout that is not allowed, naming those that are.
Block make_block(int n_lon, int n_lat, const Layout& layout, MPI_Comm communicator);
/// The block of a single column. Throws configuration where there is more than one rank.
Block make_column(MPI_Comm communicator);

/// Allocates a field of this block with n_k levels, filled with zeros.
template <class P>
Field<P> make_field(const std::string& label, const Block& block, int n_k) {
  return Field<P>(Array3<Real>(label, n_k, block.ny + 2 * halo_width + 1, block.nx + 2 * halo_width));
}

}  // namespace meridian
