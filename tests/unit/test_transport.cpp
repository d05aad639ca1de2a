#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "cases/states.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

using test::DynamicsRun;

TEST(Explore, bell) {
  for (const char* angle : {"0", "45", "90"}) {
    DycoreOptions options;
    options.equations = "shallow_water";
    options.divergence_damping = 0;
    options.frozen_winds = true;
    options.dt_s = 900;
    const std::vector<Tracer> tracers = {{"one", Limiter::monotone},  {"bell", Limiter::monotone},
                                         {"hill", Limiter::monotone}, {"bellp", Limiter::positive},
                                         {"belln", Limiter::none},    {"hilln", Limiter::none}};
    DynamicsRun run(options, {{"name", "williamson_2"}, {"angle_degrees", angle}}, test::alone(180, 90), Planet(),
                    single_layer(), {}, tracers);
    const Frame frame(std::stod(angle) * pi / 180);
    for (auto& e : run.fields.entries()) {
      if (e.role != Role::prognostic || e.info.unit != "1") continue;
      const auto host = Kokkos::create_mirror_view(e.data);
      for (int j = 0; j < 90; ++j)
        for (int i = 0; i < 180; ++i) {
          const auto p = frame.at(run.grid.longitude_of_cell(i), run.grid.latitude_of_cell(j));
          const double r = great_circle_distance(p.lon, p.lat, 3 * pi / 2, 0);
          double x = 1;
          if (e.info.name.starts_with("bell")) x = r < 1. / 3 ? 0.5 * (1 + std::cos(3 * pi * r)) : 0;
          if (e.info.name.starts_with("hill")) x = std::exp(-5 * std::pow(2 * std::sin(r / 2), 2));
          host(0, j + halo_width, i + halo_width) = x;
        }
      Kokkos::deep_copy(e.data, host);
    }
    run.dycore.start();
    std::map<std::string, Array3<Real>> start;
    for (auto& e : run.fields.entries()) {
      start[std::string(e.info.name)] = Kokkos::create_mirror(Kokkos::HostSpace(), e.data);
      Kokkos::deep_copy(start[std::string(e.info.name)], e.data);
    }
    run.run_days(12);
    for (auto& e : run.fields.entries()) {
      if (e.role != Role::prognostic || e.info.unit != "1") continue;
      const auto a = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), e.data);
      const auto b = start[std::string(e.info.name)];
      double d1 = 0, d2 = 0, di = 0, n1 = 0, n2 = 0, ni = 0, mn = 1e9, mx = -1e9;
      for (int j = 0; j < 90; ++j)
        for (int i = 0; i < 180; ++i) {
          const double w = std::cos(run.grid.latitude_of_cell(j)), x = a(0, j + halo_width, i + halo_width),
                       y = b(0, j + halo_width, i + halo_width);
          d1 += w * std::abs(x - y);
          d2 += w * (x - y) * (x - y);
          di = std::max(di, std::abs(x - y));
          n1 += w * std::abs(y);
          n2 += w * y * y;
          ni = std::max(ni, std::abs(y));
          mn = std::min(mn, x);
          mx = std::max(mx, x);
        }
      std::printf("%s %-6s l1 %.3e l2 %.3e linf %.3e min %.3e max-1 %.3e  merged row0 %d row1 %d row2 %d sub %d\n",
                  angle, std::string(e.info.name).c_str(), d1 / n1, std::sqrt(d2 / n2), di / ni, mn, mx - 1,
                  run.dycore.transport().merged()[0], run.dycore.transport().merged()[1],
                  run.dycore.transport().merged()[2], run.dycore.transport().substeps());
    }
  }
}

}  // namespace
}  // namespace meridian
