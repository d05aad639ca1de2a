#include "driver/plan.hpp"

#include <algorithm>
#include <numeric>

#include "driver/model.hpp"
#include "io/writers.hpp"

namespace meridian {

namespace {

/// Rows (or columns) of a launch on a block that has 'there' of them, if it was n where a block had 'here'.
double extent_on(int n, int here, int there) {
  if (n >= here - 1) return there + (n - here);                     // the block and a margin
  return 2 * n > here ? static_cast<double>(there) * n / here : n;  // most rows, or a fixed number beside an edge
}

/// What halo and rings have counted so far.
struct Counters {
  double exchanges, levels, pole_gathers, pole_words, tracer_gathers, tracer_words;
  explicit Counters(const Dycore& d)
      : exchanges(static_cast<double>(d.halo().exchanges())),
        levels(static_cast<double>(d.halo().levels())),
        pole_gathers(static_cast<double>(d.poles().ring().gathers())),
        pole_words(static_cast<double>(d.poles().ring().words())),
        tracer_gathers(static_cast<double>(d.transport().ring().gathers())),
        tracer_words(static_cast<double>(d.transport().ring().words())) {}
};

void sort(std::vector<Share>& shares) { std::ranges::stable_sort(shares, std::ranges::greater(), &Share::amount); }

void add(std::vector<Share>& shares, const std::string& name, double amount) {
  const auto there = std::ranges::find(shares, name, &Share::name);
  if (there != shares.end()) {
    there->amount += amount;
  } else if (amount > 0) {
    shares.push_back({name, amount});
  }
}

/// What a rank receives in 'gathers' gathers of 'words' doubles a block in all, from ranks of its node and from others.
LinkTraffic ring_traffic(const Block& block, double gathers, double words, int ranks_per_node) {
  LinkTraffic traffic;
  for (int px = 0; px < block.layout.ranks_lon; ++px) {
    if (px == block.px) continue;
    const int rank = px * block.layout.ranks_lat + block.py;
    const int blocks = columns_of(block.n_lon, block.layout, px).count / block.filter_block;
    Traffic& link = rank / ranks_per_node == block.rank / ranks_per_node ? traffic.node : traffic.network;
    link += {gathers, sizeof(double) * words * blocks};
  }
  return traffic;
}

}  // namespace

double sum_of(const std::vector<Share>& shares) {
  return std::accumulate(shares.begin(), shares.end(), 0.0, [](double sum, const Share& s) { return sum + s.amount; });
}

double RankCost::memory_bytes() const { return sum_of(memory); }

Case on_small_grid(Case c) {
  if (c.dycore.column()) return c;
  const int length = filter_block_length(c.grid.n_lon);
  c.grid.n_lon = 2 * length;
  c.grid.n_lat = 8;
  c.parallel = {};
  c.parallel.filter_block = length;
  c.output.writers = 0;
  return c;
}

Plan::Plan(const Case& c) : case_(c) {
  Model model(on_small_grid(c), "output", "", MPI_COMM_SELF);
  model.start_without_output();
  start_file_warning_ = model.start_file_warning();
  const Block& block = model.grid().block;
  nx_ = block.nx, ny_ = block.ny, n_k_ = model.grid().n_levels();
  steps_ = model.last_step();
  const double refinement =  // of what bounds the time step
      model.grid().spacing() / (c.planet.radius_m * std::min(2 * pi / c.grid.n_lon, pi / c.grid.n_lat));
  DynamicsSummary summary = model.dycore().summary();
  if (!c.dycore.column()) summary.largest_courant *= refinement;
  courant_ = summary.largest_courant;
  largest_wind_ = summary.largest_wind;
  const double cells = static_cast<double>(c.grid.n_lon) * c.grid.n_lat;
  const double days = static_cast<double>(steps_) * model.clock().step_seconds() / seconds_per_day;
  output_bytes_ = model.streams().bytes_per_day(model.clock()) * days * cells / (nx_ * ny_);

  counted_steps_ = 2 * c.dycore.remap_every;  // tracers sweep in the other order every second time
  const Counters before(model.dycore());
  const LaunchLog log;
  try {
    for (int n = 0; n < counted_steps_; ++n) model.advance();
  } catch (const Error& error) {
    const std::string courant = courant_warning(c, summary);
    throw Error(error.code(), "The first steps were tried on a small grid and failed. " + courant +
                                  (courant.empty() ? "" : " ") + error.what());
  }
  const Counters after(model.dycore());
  const auto mean = [&](double Counters::* number) { return (after.*number - before.*number) / counted_steps_; };
  exchanges_ = mean(&Counters::exchanges);
  levels_ = mean(&Counters::levels);
  most_levels_ = model.dycore().halo().most_levels();
  for (const auto& [lines, exchanges] : model.dycore().filter().exchanges_by_lines()) {  // none before the first step
    filter_lines_[lines] = static_cast<double>(exchanges) / counted_steps_;
    filter_exchanges_ += filter_lines_[lines];
  }
  pole_gathers_ = mean(&Counters::pole_gathers);
  pole_words_ = mean(&Counters::pole_words);
  tracer_gathers_ = mean(&Counters::tracer_gathers);
  tracer_words_ = mean(&Counters::tracer_words);
  count_launches(log.launches());
  list_memory(model);
}

void Plan::count_launches(const std::vector<Launch>& launches) {
  launches_ = static_cast<double>(launches.size()) / counted_steps_;
  constexpr int large = 1 << 20;  // a block so large that its halo does not count
  const double cells = static_cast<double>(large) * large * n_k_;
  for (const Launch& launch : launches) {
    if (launch.kernel.read + launch.kernel.written == 0) continue;
    launches_with_words_.push_back(launch);
    add(words_per_cell_, launch.kernel.name, words_of(launch, large, large) / cells / counted_steps_);
  }
  std::erase_if(words_per_cell_, [](const Share& share) { return share.amount < 1e-3; });
  sort(words_per_cell_);
}

double Plan::words_of(const Launch& launch, int nx, int ny) const {
  const double words = (launch.kernel.read + launch.kernel.written) * launch.n_k;
  if (launch.n_j == 0) return words * (static_cast<double>(nx) * ny) / (static_cast<double>(nx_) * ny_);
  return words * extent_on(launch.n_j, ny_, ny) * extent_on(launch.n_i, nx_, nx);
}

double Plan::words_of(int nx, int ny) const {
  double words = 0;
  for (const Launch& launch : launches_with_words_) words += words_of(launch, nx, ny);
  return words / counted_steps_;
}

void Plan::list_memory(Model& model) {
  for (const FieldSet::Entry& entry : model.fields().entries()) {
    add(arrays_, std::string(entry.info.short_name), static_cast<double>(entry.data.extent(0)));
  }
  for (const auto& arrays : {model.dycore().work_arrays(), model.suite().work_arrays()}) {
    for (const Array3<Real>& array : arrays) add(arrays_, array.label(), static_cast<double>(array.extent(0)));
  }
  stream_bytes_ = model.streams().bytes_in_memory();
  record_ = model.streams().record_size();
}

void Plan::add_filter(RankCost& cost, const std::vector<int>& reach, int ranks_per_node) const {
  const Block& block = cost.block;
  for (int px = 0; px < block.layout.ranks_lon; ++px) {
    const long sums = px == block.px ? 0 : BlockSums::number_sent(block, reach, px, block.px);
    if (sums == 0) continue;
    const int rank = px * block.layout.ranks_lat + block.py;
    Traffic& link = rank / ranks_per_node == block.rank / ranks_per_node ? cost.filter.node : cost.filter.network;
    for (const auto& [lines, n] : filter_lines_) {
      link += {n, n * static_cast<double>(BlockSums::words(sums, lines)) * sizeof(double)};
    }
  }
}

double Plan::bytes_of_records(const Block& block) const {
  if (record_.most_levels == 0) return 0;
  const int writers = writers_of(case_.output, record_, block.n_lon, block.n_lat, block.n_ranks);
  const double packed = static_cast<double>(record_.most_levels) * block.nx * block.ny;
  const double levels = writes_on_a_thread(case_.output, writers) ? record_.levels : record_.most_levels;
  const double whole = levels / writers * block.n_lon * block.n_lat;  // in the host's memory
  return sizeof(double) * (packed + (!on_device && Writers::is_writer(block.rank, writers, block.n_ranks) ? whole : 0));
}

RankCost Plan::cost_of(const Layout& layout, int rank, int ranks_per_node) const {
  RankCost cost;
  if (case_.dycore.column()) {
    cost.block.nx = cost.block.ny = cost.block.n_lon = cost.block.n_lat = cost.block.filter_block = 1;
    cost.block.is_column = true;
  } else {
    cost.block = block_of_rank(case_.grid.n_lon, case_.grid.n_lat, layout, rank);
  }
  const Block& block = cost.block;
  for (const Halo::Neighbour& neighbour : Halo::neighbours(block)) {
    Traffic& link = neighbour.rank / ranks_per_node == rank / ranks_per_node ? cost.halo.node : cost.halo.network;
    link += {exchanges_, levels_ * static_cast<double>(neighbour.words) * sizeof(Real)};
  }
  std::vector<int> reach;
  if (!filter_lines_.empty()) reach = PolarFilter::reach_of_rows(block);
  add_filter(cost, reach, ranks_per_node);
  const double tracer_words = tracer_words_ * block.ny / ny_;
  const double at_pole = block.at_south_pole() || block.at_north_pole() ? 1 : 0;
  cost.others = ring_traffic(block, tracer_gathers_ + at_pole * pole_gathers_, tracer_words + at_pole * pole_words_,
                             ranks_per_node);
  const double packed =
      4 * (cost.halo.all().bytes + cost.filter.all().bytes) / sizeof(Real);  // read and written at either end
  cost.words = words_of(block.nx, block.ny) + packed;

  const double cells = static_cast<double>(block.nx) * block.ny;
  const double points = static_cast<double>(block.nx + 2 * halo_width) * (block.ny + 2 * halo_width + 1);
  for (const Share& array : arrays_) cost.memory.push_back({array.name, array.amount * points * sizeof(Real)});
  const double small_points = static_cast<double>(nx_ + 2 * halo_width) * (ny_ + 2 * halo_width + 1);
  add(cost.memory, "output streams", stream_bytes_ * points / small_points);
  add(cost.memory, "messages of halos", Halo::bytes_in_memory(block, most_levels_));
  if (!filter_lines_.empty()) {
    add(cost.memory, "polar filter", PolarFilter::bytes_in_memory(block, reach, filter_lines_.rbegin()->first));
  }
  // A restart set is read back field by field (two copies as doubles), then its checksum in pieces of 16 MiB. Records of
  // output are gone by then.
  const double state_words = case_.dycore.shallow_water() ? 3 : 4;
  add(cost.memory, "copies while writing",
      std::max({2 * sizeof(double) * cells * n_k_, std::min(16.0 * 1048576, state_words * sizeof(Real) * cells * n_k_),
                bytes_of_records(block)}));
  sort(cost.memory);
  return cost;
}

}  // namespace meridian
