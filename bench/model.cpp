// Whole steps of the dynamics on one rank: halo, filter, damping and remap included, no physics and no output.
//   bench_model [large | N_LONxN_LAT ...] [kernels]
//     large: 360 x 180 x 26 as well; sizes: the hydrostatic step on these grids instead, 26 levels, with 300 s at one degree
//     kernels: where the time of a step goes, by label

#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>

#include "bench/support.hpp"
#include "grid/exact_sum.hpp"

namespace meridian::bench {
namespace {

using test::DynamicsRun;

std::map<std::string, double>* seconds_of = nullptr;
double started = 0;
std::string running;

double thread_seconds() {
  if (on_device) return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}
void begin_kernel(const char* label, std::uint32_t, std::uint64_t*) {
  running = label;
  started = thread_seconds();
}
void end_kernel(std::uint64_t) {
  Kokkos::fence();
  (*seconds_of)[running] += thread_seconds() - started;
}

/// Prints the time of each kernel in ns per cell and step.
void profile(DynamicsRun& run, double n_cells) {
  std::map<std::string, double> seconds;
  seconds_of = &seconds;
  const int n_steps = static_cast<int>(1 + 4e6 / n_cells) * 2;
  Kokkos::Tools::Experimental::set_begin_parallel_for_callback(begin_kernel);
  Kokkos::Tools::Experimental::set_end_parallel_for_callback(end_kernel);
  const double before = thread_seconds();
  for (int n = 0; n < n_steps; ++n) run.step();
  const double all = thread_seconds() - before;
  Kokkos::Tools::Experimental::set_begin_parallel_for_callback(nullptr);
  Kokkos::Tools::Experimental::set_end_parallel_for_callback(nullptr);
  std::vector<std::pair<double, std::string>> rows;
  double inside = 0;
  for (const auto& [label, t] : seconds) {
    rows.emplace_back(t, label);
    inside += t;
  }
  rows.emplace_back(all - inside, "outside of kernels");
  std::sort(rows.rbegin(), rows.rend());
  for (const auto& [t, label] : rows) std::printf("    %-48s %10.2f\n", label.c_str(), t * 1e9 / (n_cells * n_steps));
}

}  // namespace
}  // namespace meridian::bench

int main(int argc, char** argv) {
  using namespace meridian;
  using namespace meridian::bench;
  return run_all(argc, argv, [](int n_words, char** words) {
    struct Case {
      std::string name;
      int n_lon, n_lat;
      bool shallow;
      double dt_s;
      double words;  // numerics 11.2 of the design: 104 a hydrostatic step that remaps every second time
    };
    const auto hydrostatic = [](int n_lon, int n_lat) {
      const std::string size = std::to_string(n_lon) + " x " + std::to_string(n_lat) + " x 26";
      return Case{"hydrostatic " + size + ", per step", n_lon, n_lat, false, 108000.0 / n_lon, 104};
    };
    bool large = false, kernels = false;
    std::vector<Case> cases;
    for (int n = 1; n < n_words; ++n) {
      int n_lon = 0, n_lat = 0;
      large = large || std::string(words[n]) == "large";
      kernels = kernels || std::string(words[n]) == "kernels";
      if (std::sscanf(words[n], "%dx%d", &n_lon, &n_lat) == 2) cases.push_back(hydrostatic(n_lon, n_lat));
    }
    if (cases.empty()) cases = {hydrostatic(180, 90), {"shallow water 180 x 90, per step", 180, 90, true, 400, 0}};
    if (large) cases.push_back(hydrostatic(360, 180));
    add_copy();
    std::vector<std::unique_ptr<DynamicsRun>> runs;
    for (const Case& c : cases) {
      DycoreOptions options;
      options.dt_s = c.dt_s;
      if (c.shallow) options.equations = "shallow_water";
      const VerticalCoordinate levels = c.shallow ? single_layer() : read_levels("L26", 1e5);
      runs.push_back(std::make_unique<DynamicsRun>(
          options, std::map<std::string, std::string>{{"name", c.shallow ? "williamson_6" : "ullrich"}},
          test::alone(c.n_lon, c.n_lat), Planet(), levels));
      DynamicsRun& run = *runs.back();
      for (int n = 0; n < 4; ++n) run.step();
      require(run.dycore.is_sound(), ExitCode::numerical, "The state of '", c.name, "' is not finite.");
      std::printf("state of '%s' after 4 steps: %016llx\n", c.name.c_str(),
                  static_cast<unsigned long long>(state_hash(run.fields, 4)));
      add(c.name, 2.0 * c.n_lon * c.n_lat * run.grid.n_levels(), c.words, [&run] {
        run.step();
        run.step();
      });
    }
    Table table;
    benchmark::RunSpecifiedBenchmarks(&table);
    for (std::size_t n = 0; kernels && n < runs.size(); ++n) {
      std::printf("\n%s, ns per cell by kernel\n", cases[n].name.c_str());
      profile(*runs[n], static_cast<double>(cases[n].n_lon) * cases[n].n_lat * runs[n]->grid.n_levels());
    }
  });
}
