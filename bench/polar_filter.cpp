// Cost of the polar filter: one Runge-Kutta stage filters (m, Theta) and (u, v) and writes the new state.
//   bench_polar_filter [n_lon n_lat n_k]      default 180 90 26; one core: OMP_NUM_THREADS=1

#include "dycore/polar_filter.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace meridian {
namespace {

int n_lon = 180, n_lat = 90, n_k = 26;

template <class P>
void fill(const Field<P>& field, const Box& box) {
  for_each(
      "bench/fill", box, KOKKOS_LAMBDA(int k, int j, int i) {
        field(k, j, i) = static_cast<Real>((k * 7 + j * 13 + i * 29) % 101) / 101;
      });
}

/// x = x_old + dt S(dx/dt): what a stage does with its tendencies.
template <class PlaceA, class PlaceB>
void update(PolarFilter& filter, const Field<PlaceA>& da_dt, const Field<PlaceB>& db_dt, const Field<PlaceA>& a,
            const Field<PlaceB>& b, Real dt) {
  filter.apply(
      "bench/update", da_dt, db_dt, n_k, KOKKOS_LAMBDA(int k, int j, int i, Real of_a, Real of_b) {
        a(k, j, i) += dt * of_a;
        b(k, j, i) += dt * of_b;
      });
}

template <class PlaceA, class PlaceB>
void update_only(const Box& box, const Field<PlaceA>& da_dt, const Field<PlaceB>& db_dt, const Field<PlaceA>& a,
                 const Field<PlaceB>& b, Real dt) {
  for_each(
      "bench/update_only", box, KOKKOS_LAMBDA(int k, int j, int i) {
        a(k, j, i) += dt * da_dt(k, j, i);
        b(k, j, i) += dt * db_dt(k, j, i);
      });
}

enum class Work { filter, update, copy };

void stage(benchmark::State& state, Work work) {
  const Grid grid(make_block(n_lon, n_lat, {1, 1}, MPI_COMM_SELF), Planet{}, VerticalCoordinate{});
  const Block& block = grid.block;
  PolarFilter filter(grid);
  const auto m = make_field<Cell>("m", block, n_k), theta = make_field<Cell>("theta", block, n_k);
  const auto dm = make_field<Cell>("dm", block, n_k), dtheta = make_field<Cell>("dtheta", block, n_k);
  const auto u = make_field<XFace>("u", block, n_k), du = make_field<XFace>("du", block, n_k);
  const auto v = make_field<YFace>("v", block, n_k), dv = make_field<YFace>("dv", block, n_k);
  const Box box = block.cells(n_k);
  fill(dm, box);
  fill(dtheta, box);
  fill(du, box);
  fill(dv, box);
  const Real dt = static_cast<Real>(1e-3);
  for (auto _ : state) {
    if (work == Work::filter) {
      update(filter, dm, dtheta, m, theta, dt);
      update(filter, du, dv, u, v, dt);
    } else if (work == Work::update) {
      update_only(box, dm, dtheta, m, theta, dt);
      update_only(box, du, dv, u, v, dt);
    } else {
      Kokkos::deep_copy(m.data(), dm.data());
      Kokkos::deep_copy(theta.data(), dtheta.data());
      Kokkos::deep_copy(u.data(), du.data());
      Kokkos::deep_copy(v.data(), dv.data());
    }
    Kokkos::fence();
  }
}

BENCHMARK_CAPTURE(stage, copy, Work::copy)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stage, update_without_filter, Work::update)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stage, filter_and_update, Work::filter)->Unit(benchmark::kMillisecond);

/// Adds the time of one field in one cell and the ratio to a copy of the same bytes: processor time of the main thread,
/// which other programs disturb least.
class WithRatio : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    double time = 1e30;  // [ms] fastest repetition
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) time = std::min(time, run.GetAdjustedCPUTime());
    }
    if (runs.front().run_type != Run::RT_Iteration) return;  // mean, median, ..
    if (copy_ == 0) copy_ = time;                            // the first benchmark
    std::printf("    %.2f ns a field and cell, %.1f copies\n", time * 1e6 / (4.0 * n_lon * n_lat * n_k), time / copy_);
  }

 private:
  double copy_ = 0;
};

}  // namespace
}  // namespace meridian

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  Kokkos::initialize(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (argc == 4) {
    meridian::n_lon = std::atoi(argv[1]);
    meridian::n_lat = std::atoi(argv[2]);
    meridian::n_k = std::atoi(argv[3]);
  }
  std::printf("%d x %d x %d, %zu bytes a number\n", meridian::n_lon, meridian::n_lat, meridian::n_k,
              sizeof(meridian::Real));
  meridian::WithRatio reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  Kokkos::finalize();
  MPI_Finalize();
}
