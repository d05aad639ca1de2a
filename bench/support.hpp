#pragma once
// What the benchmarks share: every case runs 9 times; one line each with the median and the best, beside the copy
// bandwidth of the same process. Times are processor time of the main thread, which other programs disturb least; on a
// GPU, where that thread waits, wall time.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "grid/loop.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian::bench {

/// Registers 'name'; run() is one repetition over n_cells cells that must read or write at least 'words' numbers a cell
/// (0: not said). iterations: 0 for as many as 20 ms hold; where several ranks take part, the same number on each.
template <class Run>
void add(const std::string& name, double n_cells, double words, const Run& run, int iterations = 0) {
  auto* const registered = benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    for ([[maybe_unused]] auto _ : state) {
      run();
      Kokkos::fence();
    }
    state.counters["cells"] = n_cells;
    state.counters["words"] = words;
  });
  registered->Repetitions(9)->Unit(benchmark::kNanosecond);
  if (on_device) registered->UseRealTime();
  if (iterations > 0) {
    registered->Iterations(iterations);
  } else {
    registered->MinTime(0.02);
  }
}

/// Copies more than the caches hold to another place. The first line of each table.
inline void add_copy() {
  const int n = ((on_device ? 512 : 64) << 20) / sizeof(Real);
  add(on_device ? "copy of 512 MiB" : "copy of 64 MiB", n, 2,
      [from = Array1<Real>("copy_from", n), to = Array1<Real>("copy_to", n)] { Kokkos::deep_copy(to, from); });
}

/// ns per cell (median, best), words per cell, GB/s, share of the copy bandwidth (the median of the first case).
class Table : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-52s %10s %10s %6s %7s %6s\n", "", "median ns", "best ns", "words", "GB/s", "copy");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<double> ns;
    for (const Run& run : runs) {
      const double time = on_device ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
      if (run.run_type == Run::RT_Iteration) ns.push_back(time / run.counters.at("cells"));
    }
    if (ns.empty()) return;  // mean, median, .. of Google Benchmark
    std::sort(ns.begin(), ns.end());
    const double median = ns[ns.size() / 2], words = runs.front().counters.at("words");
    const double bandwidth = words * sizeof(Real) / median;  // [GB/s]
    if (copy_ == 0) copy_ = bandwidth;
    std::string name = runs.front().benchmark_name();
    name = name.substr(0, name.find('/'));
    std::printf("%-52s %10.2f %10.2f", name.c_str(), median, ns.front());
    if (words > 0) std::printf(" %6.1f %7.1f %5.0f%%", words, bandwidth, 100 * bandwidth / copy_);
    std::printf("\n");
    std::fflush(stdout);
  }

 private:
  double copy_ = 0;
};

/// Initialises MPI and Kokkos; register_cases(argc, argv) registers the cases and runs them. Options of Google Benchmark
/// are understood.
template <class Register>
int run_all(int argc, char** argv, const Register& register_cases) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank > 0) {  // one process writes the file of results
    const auto is_of_file = [](const char* word) { return std::string_view(word).starts_with("--benchmark_out"); };
    argc = static_cast<int>(std::remove_if(argv, argv + argc, is_of_file) - argv);
  }
  Kokkos::initialize(argc, argv);
  benchmark::Initialize(&argc, argv);
  register_cases(argc, argv);
  benchmark::ClearRegisteredBenchmarks();  // they hold fields
  Kokkos::finalize();
  MPI_Finalize();
  return 0;
}

}  // namespace meridian::bench
