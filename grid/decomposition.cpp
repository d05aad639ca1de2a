#include "grid/decomposition.hpp"

#include <algorithm>
#include <cmath>

namespace meridian {

int filter_block_length(int n_lon) {
  const int half = n_lon / 2;
  const int wanted = std::clamp(n_lon / 80, 30, 150);
  for (int away = 0; away < half + wanted; ++away) {
    for (const int length : {wanted - away, wanted + away}) {
      if (length >= 4 && length <= half && half % length == 0) return length;
    }
  }
  return half;
}

Extent columns_of(int n_lon, const Layout& layout, int px) {
  if (layout.ranks_lon == 1) return {0, n_lon};
  const int length = filter_block_length(n_lon);
  const int blocks = n_lon / 2 / length;   // per half circle: the second half repeats the first,
  const int ranks = layout.ranks_lon / 2;  // so that over-pole partners own the same blocks
  const int half = px / ranks;
  const int p = px % ranks;
  const int begin = blocks * p / ranks;
  const int end = blocks * (p + 1) / ranks;
  return {half * (n_lon / 2) + begin * length, (end - begin) * length};
}

Extent filter_blocks_of(const Block& block, int px) {
  const Extent columns = columns_of(block.n_lon, block.layout, px);
  return {columns.first / block.filter_block, columns.count / block.filter_block};
}

namespace {

/// What the polar filter's carries of one more block in reach cost, for each column of a block: 0.97 ns a cell of 81 ns in a
/// hydrostatic step, with blocks of 30 columns (docs/performance.md).
constexpr double cost_of_reach = 0.36;

/// Rows south of rank py: as many as cost the share py / ranks_lat of all, at least so many that each rank can exchange halos.
int rows_south_of(int n_lon, int n_lat, int ranks_lat, int py) {
  if (2 * py > ranks_lat) return n_lat - rows_south_of(n_lon, n_lat, ranks_lat, ranks_lat - py);
  if (2 * py == ranks_lat) return n_lat / 2;
  const int length = filter_block_length(n_lon);
  const auto cost = [&](int row) {  // 1 in middle latitudes; the reach as in docs/numerics/polar_filter.md
    const double reach = 15.8 / (length * std::sin((row + 0.5) * (pi / n_lat)));
    return 1 + cost_of_reach / length * (std::clamp(reach, 1.0, static_cast<double>(n_lon / length)) - 1);
  };
  double all = n_lat;
  for (int row = 0; row < n_lat / 2 && cost(row) > 1; ++row) all += 2 * (cost(row) - 1);
  double left = all * py / ranks_lat;
  int rows = 0;
  for (; cost(rows) > 1 && left >= cost(rows); ++rows) left -= cost(rows);
  if (cost(rows) == 1) rows += static_cast<int>(left);
  return std::max(rows, py * (halo_width + 1));
}

}  // namespace

Extent rows_of(int n_lon, int n_lat, const Layout& layout, int py) {
  const int begin = rows_south_of(n_lon, n_lat, layout.ranks_lat, py);
  return {begin, rows_south_of(n_lon, n_lat, layout.ranks_lat, py + 1) - begin};
}

namespace {

bool is_allowed(int n_lon, int n_lat, const Layout& layout) {
  if (layout.ranks_lon < 1 || layout.ranks_lat < 1) return false;
  if (layout.ranks_lon > 1) {
    if (layout.ranks_lon % 2 != 0) return false;
    if (layout.ranks_lon / 2 > n_lon / 2 / filter_block_length(n_lon)) return false;
  }
  return layout.ranks_lat == 1 || n_lat / layout.ranks_lat >= halo_width + 1;
}

std::string words_for(const std::vector<Layout>& layouts) {
  std::string words;
  for (const Layout& layout : layouts) {
    if (!words.empty()) words += ", ";
    words += std::to_string(layout.ranks_lon) + "x" + std::to_string(layout.ranks_lat);
  }
  return words;
}

void require_grid(int n_lon, int n_lat) {
  require(n_lon >= 8 && n_lon % 2 == 0, ExitCode::configuration, "'grid.n_lon' is ", n_lon,
          "; it must be even and at least 8.");
  require(n_lat >= 4, ExitCode::configuration, "'grid.n_lat' is ", n_lat, "; it must be at least 4.");
}

}  // namespace

std::vector<Layout> allowed_layouts(int n_lon, int n_lat, int n_ranks) {
  std::vector<Layout> layouts;
  for (int ranks_lon = 1; ranks_lon <= n_ranks; ++ranks_lon) {
    const Layout layout{ranks_lon, n_ranks / ranks_lon};
    if (n_ranks % ranks_lon == 0 && is_allowed(n_lon, n_lat, layout)) layouts.push_back(layout);
  }
  return layouts;
}

Layout default_layout(int n_lon, int n_lat, int n_ranks) {
  require_grid(n_lon, n_lat);
  const std::vector<Layout> layouts = allowed_layouts(n_lon, n_lat, n_ranks);
  if (layouts.empty()) {
    int fewer = n_ranks - 1;
    while (fewer > 1 && allowed_layouts(n_lon, n_lat, fewer).empty()) --fewer;
    int more = n_ranks + 1;
    const int most = n_lon / filter_block_length(n_lon) * n_lat;
    while (more <= most && allowed_layouts(n_lon, n_lat, more).empty()) ++more;
    require(false, ExitCode::configuration, n_ranks, " ranks do not fit a grid of ", n_lon, " x ", n_lat,
            " cells; the nearest number that fits is ", fewer,
            more <= most ? " below and " + std::to_string(more) + " above." : ", and none above.");
  }
  const auto halo_points = [&](const Layout& layout) {
    const int x = layout.ranks_lon == 1 ? 0 : 2 * (n_lat / layout.ranks_lat);
    return x + 2 * (n_lon / layout.ranks_lon);
  };
  return *std::min_element(layouts.begin(), layouts.end(),
                           [&](const Layout& a, const Layout& b) { return halo_points(a) < halo_points(b); });
}

void require_layout(int n_lon, int n_lat, const Layout& layout, int n_ranks) {
  default_layout(n_lon, n_lat, n_ranks);  // refuses a grid or a number of ranks that no layout fits
  require(layout.ranks_lon * layout.ranks_lat == n_ranks && is_allowed(n_lon, n_lat, layout), ExitCode::configuration,
          "The layout 'parallel.ranks_lon' x 'parallel.ranks_lat' = ", layout.ranks_lon, "x", layout.ranks_lat,
          " is not possible with ", n_ranks, n_ranks == 1 ? " rank on " : " ranks on ", n_lon, " x ", n_lat,
          " cells; allowed: ", words_for(allowed_layouts(n_lon, n_lat, n_ranks)),
          " (ranks in longitude are 1 or even and own whole filter blocks of ", filter_block_length(n_lon),
          " columns; at least ", halo_width + 1, " rows a rank).");
}

Block block_of_rank(int n_lon, int n_lat, const Layout& layout, int rank) {
  Block block;
  block.rank = rank;
  block.n_ranks = layout.ranks_lon * layout.ranks_lat;
  block.n_lon = n_lon;
  block.n_lat = n_lat;
  block.layout = layout;
  block.filter_block = filter_block_length(n_lon);
  block.px = block.rank / layout.ranks_lat;  // latitude fastest
  block.py = block.rank % layout.ranks_lat;
  const Extent columns = columns_of(n_lon, layout, block.px);
  const Extent rows = rows_of(n_lon, n_lat, layout, block.py);
  block.i_first = columns.first;
  block.nx = columns.count;
  block.j_first = rows.first;
  block.ny = rows.count;
  const auto rank_at = [&](int px, int py) { return (px % layout.ranks_lon) * layout.ranks_lat + py; };
  block.west = rank_at(block.px + layout.ranks_lon - 1, block.py);
  block.east = rank_at(block.px + 1, block.py);
  const int across = rank_at(block.px + layout.ranks_lon / 2, block.py);
  block.south = block.at_south_pole() ? across : rank_at(block.px, block.py - 1);
  block.north = block.at_north_pole() ? across : rank_at(block.px, block.py + 1);
  return block;
}

Block make_block(int n_lon, int n_lat, const Layout& layout, MPI_Comm communicator) {
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(communicator, &rank);
  MPI_Comm_size(communicator, &n_ranks);
  require_layout(n_lon, n_lat, layout, n_ranks);
  Block block = block_of_rank(n_lon, n_lat, layout, rank);
  MPI_Comm_dup(communicator, &block.world);
  MPI_Comm_split(communicator, block.py, block.px, &block.ring);
  return block;
}

Block make_column(MPI_Comm communicator) {
  Block block;
  MPI_Comm_size(communicator, &block.n_ranks);
  require(block.n_ranks == 1, ExitCode::configuration,
          "A single column ('dycore.equations' = column) runs on 1 rank, not ", block.n_ranks,
          ": start it without mpirun.");
  block.is_column = true;
  block.n_lon = block.n_lat = block.nx = block.ny = block.filter_block = 1;
  MPI_Comm_dup(communicator, &block.world);
  MPI_Comm_dup(communicator, &block.ring);
  return block;
}

}  // namespace meridian
