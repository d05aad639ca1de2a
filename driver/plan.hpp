#pragma once
// What a case costs before it runs: memory, memory traffic and messages of each rank of a layout. The counts are those of
// the model itself, taken on a small grid with the levels and options of the case and carried over to any block.

#include <map>
#include <string>
#include <vector>

#include "driver/case.hpp"
#include "grid/kernel.hpp"
#include "grid/traffic.hpp"

namespace meridian {

/// A name and how much of something it has.
struct Share {
  std::string name;
  double amount = 0;
};

/// Messages of one rank in a mean step: to or from ranks of its node, and over the network.
struct LinkTraffic {
  Traffic node, network;
  Traffic all() const { return {node.messages + network.messages, node.bytes + network.bytes}; }
};

/// Of one rank.
struct RankCost {
  Block block;
  double words = 0;           // that kernels read and write in a mean step, rings of halo and messages included
  LinkTraffic halo;           // sent
  LinkTraffic filter;         // sums of the polar filter's blocks, received
  LinkTraffic others;         // sums beside the poles and of the mass of tracers, received
  std::vector<Share> memory;  // [bytes] by consumer, largest first
  double memory_bytes() const;
};

/// The case on the smallest grid with two filter blocks as long as its own, for one process.
Case on_small_grid(Case c);

class Plan {
 public:
  /// Runs a few steps on a small grid on this process alone. Throws what a model with these options would.
  explicit Plan(const Case& c);

  /// Costs of a rank of a layout; each node has this many ranks, in their order.
  RankCost cost_of(const Layout& layout, int rank, int ranks_per_node) const;

  double exchanges() const { return exchanges_; }                // of halos, in a mean step
  double filter_exchanges() const { return filter_exchanges_; }  // of sums round circles of latitude, in a mean step
  double launches() const { return launches_; }                  // of kernels, in a mean step
  /// Words per cell that kernels read and write in a mean step, without rings of halo; by kernel, largest first.
  const std::vector<Share>& words_per_cell() const { return words_per_cell_; }
  /// Of the initial state, with the spacing of the case's grid.
  double courant() const { return courant_; }
  double largest_wind() const { return largest_wind_; }
  long steps() const { return steps_; }
  double output_bytes() const { return output_bytes_; }  // of the run
  const std::string& start_file_warning() const { return start_file_warning_; }
  int n_levels() const { return n_k_; }

 private:
  void count_launches(const std::vector<Launch>& launches);
  void list_memory(class Model& model);
  void add_filter(RankCost& cost, const std::vector<int>& reach, int ranks_per_node) const;
  /// Bytes of records on their way to the files.
  double bytes_of_records(const Block& block) const;
  /// Words of all launches on a block of nx x ny cells, in a mean step.
  double words_of(int nx, int ny) const;
  double words_of(const Launch& launch, int nx, int ny) const;

  Case case_;
  int counted_steps_ = 1, nx_ = 0, ny_ = 0, n_k_ = 1;  // of the small grid
  std::map<int, double> filter_lines_;  // exchanges of the filter in a mean step by their lines in each row
  std::vector<Launch> launches_with_words_;
  std::vector<Share> words_per_cell_, arrays_;  // arrays_: levels of arrays over a block with its halo
  double exchanges_ = 0, levels_ = 0, filter_exchanges_ = 0, launches_ = 0;
  double pole_gathers_ = 0, pole_words_ = 0, tracer_gathers_ = 0, tracer_words_ = 0;
  int most_levels_ = 0;
  RecordSize record_;  // of the output
  double stream_bytes_ = 0, output_bytes_ = 0, courant_ = 0, largest_wind_ = 0;
  long steps_ = 0;
  std::string start_file_warning_;
};

/// Total of all shares.
double sum_of(const std::vector<Share>& shares);

}  // namespace meridian
