#pragma once
// Tracers in prescribed flows of shallow water, and what tests ask of them.

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cases/prescribed_flow.hpp"
#include "cases/tracers.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian::test {

/// A tracer's values on the host, without halo, and the sums that the tests need.
struct Snapshot {
  int n_k, ny, nx;
  std::vector<double> values, areas;

  Snapshot(const DynamicsRun& run, const std::string& name) {
    const auto data = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), run.fields.find(name)->data);
    n_k = static_cast<int>(data.extent(0));
    ny = run.grid.block.ny;
    nx = run.grid.block.nx;
    for (int k = 0; k < n_k; ++k) {
      for (int j = 0; j < ny; ++j) {
        for (int i = 0; i < nx; ++i) {
          values.push_back(data(k, j + halo_width, i + halo_width));
          areas.push_back(run.grid.area_of_global_row(j));
        }
      }
    }
  }
  double lowest() const { return *std::min_element(values.begin(), values.end()); }
  double highest() const { return *std::max_element(values.begin(), values.end()); }
  double sum_with(const Snapshot& mass) const {
    long double sum = 0;
    for (std::size_t n = 0; n < values.size(); ++n)
      sum += static_cast<long double>(values[n]) * mass.values[n] * areas[n];
    return static_cast<double>(sum);
  }
};

struct Errors {
  double l1, l2, linf;
};
inline Errors errors(const Snapshot& now, const Snapshot& start) {
  double d1 = 0, d2 = 0, d = 0, n1 = 0, n2 = 0, n = 0;
  for (std::size_t m = 0; m < now.values.size(); ++m) {
    const double e = std::abs(now.values[m] - start.values[m]), y = std::abs(start.values[m]), a = now.areas[m];
    d1 += a * e, d2 += a * e * e, d = std::max(d, e);
    n1 += a * y, n2 += a * y * y, n = std::max(n, y);
  }
  return {d1 / n1, std::sqrt(d2 / n2), d / n};
}

inline TracerOptions tracer(const std::string& name, const std::string& initial,
                            const std::string& limiter = "monotone") {
  TracerOptions options;
  options.name = name;
  options.initial = initial;
  options.limiter = limiter;
  return options;
}

/// Tracers in a prescribed flow of shallow water.
struct Carried {
  std::vector<TracerOptions> tracers;
  double angle;
  DynamicsRun run;
  std::unique_ptr<PrescribedFlow> flow;
  std::map<std::string, Snapshot> start;

  static DycoreOptions options(double dt, int remap_every) {
    DycoreOptions options;
    options.equations = "shallow_water";
    options.divergence_damping = 0;
    options.frozen_winds = true;
    options.dt_s = dt;
    options.remap_every = remap_every;
    return options;
  }
  static std::vector<Tracer> list(const std::vector<TracerOptions>& tracers) {
    std::vector<Tracer> all;
    for (const TracerOptions& t : tracers) all.push_back(t.tracer());
    return all;
  }
  Carried(const char* state, int angle_degrees, int n_lon, double dt, int remap_every,
          const std::vector<TracerOptions>& what)
      : tracers(what),
        angle(angle_degrees * pi / 180),
        run(options(dt, remap_every), {{"name", state}, {"angle_degrees", std::to_string(angle_degrees)}},
            alone(n_lon, n_lon / 2), Planet(), single_layer(), {}, list(what)),
        flow(prescribed_flow(state, Planet(), angle)) {
    fill_tracers(tracers, run.grid, run.fields, angle);
    if (flow) {
      run.dycore.prescribe_wind([this](const State& state) {
        const double middle = (static_cast<double>(run.steps) + 0.5) * run.options.dt_s;
        flow->set_winds(run.grid, state.mass, middle, state.u, state.v);
      });
    }
    run.dycore.start();
    for (const TracerOptions& t : tracers) start.insert({t.name, Snapshot(run, t.name)});
    start.insert({"fluid_depth", Snapshot(run, "fluid_depth")});
  }
  void run_days(double days) {
    const long n = std::lround(days * 86400 / run.options.dt_s);
    for (long step = 0; step < n; ++step) run.step();
  }
  Snapshot now(const std::string& name) const { return Snapshot(run, name); }
  Errors errors_of(const std::string& name) const { return errors(now(name), start.at(name)); }
  double mass_change(const std::string& name) const {
    return now(name).sum_with(now("fluid_depth")) / start.at(name).sum_with(start.at("fluid_depth")) - 1;
  }
};

inline constexpr double round_off = sizeof(Real) == 8 ? 1e-13 : 1e-5;

}  // namespace meridian::test
