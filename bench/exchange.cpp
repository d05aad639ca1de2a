// Halo exchange and ring gather on 180 x 90 x 26 over the ranks of the run, as one stage of the model needs them; ns per
// call on rank 0.     mpirun -n 4 bench_exchange [ranks in longitude]

#include <cstdlib>

#include "bench/support.hpp"
#include "dycore/polar_filter.hpp"
#include "grid/halo.hpp"

namespace meridian::bench {
namespace {

class Silent : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

void run(int ranks_lon) {
  constexpr int n_lon = 180, n_lat = 90, n_k = 26, iterations = 100;
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  Layout layout = default_layout(n_lon, n_lat, n_ranks);
  if (ranks_lon > 0) layout = {ranks_lon, n_ranks / ranks_lon};
  const Block block = make_block(n_lon, n_lat, layout, MPI_COMM_WORLD);
  const auto mass = make_field<Cell>("mass", block, n_k), theta = make_field<Cell>("theta", block, n_k);
  const auto u = make_field<XFace>("u", block, n_k);
  const auto v = make_field<YFace>("v", block, n_k);
  Halo halo(block);
  BlockSums sums(block, PolarFilter::reach_of_rows(block));
  halo.exchange({mass, theta});
  if (rank == 0) {
    std::printf("%d x %d ranks (longitude x latitude), %d x %d x %d; halo of mass and theta: %.1f KiB sent\n",
                layout.ranks_lon, layout.ranks_lat, n_lon, n_lat, n_k, halo.sent().bytes / 1024);
  }
  const int lines_of_row = 2 * n_k, lines = lines_of_row * block.ny;
  add("halo of mass and theta", 1, 0, [&] { halo.exchange({mass, theta}); }, iterations);
  add("halo of u and v", 1, 0, [&] { halo.exchange({u, v}); }, iterations);
  add(
      "sums of the polar filter, two fields", 1, 0,
      [&, lines, lines_of_row] {
        sums.all(lines, lines_of_row);
        sums.exchange(lines, lines_of_row);
      },
      iterations);
  Table table;
  Silent silent;
  benchmark::BenchmarkReporter* reporter = &silent;
  if (rank == 0) reporter = &table;
  benchmark::RunSpecifiedBenchmarks(reporter);
}

}  // namespace
}  // namespace meridian::bench

int main(int argc, char** argv) {
  return meridian::bench::run_all(argc, argv,
                                  [](int n, char** words) { meridian::bench::run(n > 1 ? std::atoi(words[1]) : 0); });
}
