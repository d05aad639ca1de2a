// The kernels of a hydrostatic step by their launchers, on 180 x 90 x 26 (or other sizes), as the model calls them: those
// with work arrays on four levels at a time. Words are the fewest that a kernel of its own must read and write per cell;
// work arrays that stay in the cache can beat the copy.
//   bench_kernels [n_lon n_lat]

#include <cstdlib>

#include "bench/support.hpp"
#include "dycore/continuity.hpp"
#include "dycore/diffusion.hpp"
#include "dycore/dycore.hpp"
#include "dycore/pressure.hpp"
#include "grid/halo.hpp"
#include "physics/columns.hpp"
#include "physics/held_suarez.hpp"
#include "physics/suite.hpp"

namespace meridian::bench {
namespace {

/// x = x_old + dt S(tendency), as a Runge-Kutta stage does it.
template <class PlaceA, class PlaceB>
void filter_and_update(PolarFilter& filter, int n_k, const Field<PlaceA>& da_dt, const Field<PlaceB>& db_dt,
                       const ConstField<PlaceA>& a0, const ConstField<PlaceB>& b0, const Field<PlaceA>& a,
                       const Field<PlaceB>& b) {
  const Real dt = 200;
  filter.apply(
      "bench/update", da_dt, db_dt, n_k, KOKKOS_LAMBDA(int k, int j, int i, Real of_a, Real of_b) {
        a(k, j, i) = a0(k, j, i) + dt * of_a;
        b(k, j, i) = b0(k, j, i) + dt * of_b;
      });
}

void run(int n_lon, int n_lat) {
  DycoreOptions options;
  options.dt_s = 600.0 * 180 / n_lon;
  test::DynamicsRun model(options, {{"name", "ullrich"}}, test::alone(n_lon, n_lat), Planet(), read_levels("L26", 1e5));
  model.step();
  require(model.dycore.is_sound(), ExitCode::internal, "The state is not finite.");
  const Grid& grid = model.grid;
  const Block& block = grid.block;
  const int n_k = grid.n_levels(), at_once = on_device ? n_k : std::min(n_k, 4);
  const double n = static_cast<double>(n_lon) * n_lat * n_k;
  const State& state = model.dycore.state();
  const RowFactors factors(grid);
  const auto coriolis = model.fields.get(field::coriolis_parameter);
  const auto ground = model.fields.get(field::surface_geopotential);
  PoleVorticity poles(grid, coriolis, n_k);
  poles.compute(grid, state, n_k);
  PolarFilter filter(grid);
  Halo halo(block);
  // As in the model: three states, tendencies and half levels on all levels, the rest on a few.
  const auto dm = make_field<Cell>("dm", block, n_k), dtheta = make_field<Cell>("dtheta", block, n_k);
  const auto m1 = make_field<Cell>("m1", block, n_k), theta1 = make_field<Cell>("theta1", block, n_k);
  const auto du = make_field<XFace>("du", block, n_k), u1 = make_field<XFace>("u1", block, n_k);
  const auto dv = make_field<YFace>("dv", block, n_k), v1 = make_field<YFace>("v1", block, n_k);
  const auto exner = make_field<CellInterface>("exner", block, n_k + 1);
  const auto phi = make_field<CellInterface>("phi", block, n_k + 1);
  const auto fx = make_field<XFace>("fx", block, at_once), pv_x = make_field<XFace>("pv_x", block, at_once);
  const auto fy = make_field<YFace>("fy", block, at_once), pv_y = make_field<YFace>("pv_y", block, at_once);
  const auto thv = make_field<Cell>("thv", block, at_once);
  const auto pv = make_field<Corner>("pv", block, at_once);
  const MassBlend blend{state.mass, state.theta, Real(0.5), state.mass, state.theta, Real(0.5)};
  const RemapScratch scratch{exner, dm, dtheta, Field<Cell>(du.data()), Field<Cell>(dv.data())};
  const State remapped{m1, theta1, u1, v1};

  const auto in_parts = [n_k, at_once](const auto& kernel) {
    for (int k = 0; k < n_k; k += at_once) kernel(k, std::min(at_once, n_k - k));
  };
  add_copy();
  const SlowWork work{fx, fy, thv, pv, pv_x, pv_y};
  add("mass fluxes, thv and potential vorticity", n, 8, [&] {
    in_parts([&](int k, int n_part) {
      compute_fluxes_and_potential_vorticity(grid, factors, levels_of(state, k, n_part), coriolis, poles, k,
                                             box_of_fluxes(block, n_part), work);
    });
  });
  add("face vorticity", n, 5,
      [&] { in_parts([&](int, int n_part) { compute_face_vorticity(grid, pv, fx, fy, n_part, pv_x, pv_y); }); });
  add("tendencies of mass, heat and wind", n, 11, [&] {
    in_parts([&](int k, int n_part) {
      const Continuity continuity{grid.metrics.inverse_area_at_cell, fx, fy, thv, levels_of(dm, k, n_part),
                                  levels_of(dtheta, k, n_part)};
      compute_slow_tendencies(grid, factors, levels_of(state, k, n_part), work, continuity, n_part,
                              levels_of(du, k, n_part), levels_of(dv, k, n_part));
    });
  });
  add("Exner function and geopotential", n, 6,
      [&] { compute_exner_and_geopotential(grid, blend, ground, grid.block.cells_with_halo(n_k, 1), exner, phi); });
  add("pressure gradient", n, 6, [&] { add_pressure_gradient(grid, exner, phi, n_k, du, dv); });
  add("filter and update of mass and theta", n, 6,
      [&] { filter_and_update<Cell, Cell>(filter, n_k, dm, dtheta, state.mass, state.theta, m1, theta1); });
  add("filter and update of u and v", n, 6,
      [&] { filter_and_update<XFace, YFace>(filter, n_k, du, dv, state.u, state.v, u1, v1); });
  add("remap of mass, theta, u and v", n, 8,
      [&] { remap_to_reference_levels(grid, state, remapped, 1, options.remap_reference_k, scratch); });
  add("halo of mass, theta, u and v", n, 0, [&] { halo.exchange({state.mass, state.theta, state.u, state.v}); });

  Suite::Entries entries;
  entries.emplace_back(any_scheme(HeldSuarez{}));
  Suite suite(std::move(entries), Saturation::clausius, grid, model.fields);
  const auto scheme = any_scheme(HeldSuarez{});
  std::vector<Columns::Slot> slots;
  for (const FieldUse& use : scheme->fields) {
    Columns::Slot slot{use, model.fields.find(use.field->name)->data, nullptr, {}};
    if (use.use == Use::updates) {
      slot.result_field = &tendency_of(scheme->name, *use.field);
      slot.result = model.fields.find(slot.result_field->name)->data;
    }
    slots.push_back(slot);
  }
  Columns columns(*scheme, grid, MoistAir(grid.planet, Saturation::clausius), slots, {});
  model.dycore.diagnose(true);
  add("Held-Suarez forcing", n, 10, [&] { HeldSuarez{}.run(columns, 1200); });
  add("the suite with it, checks included", n, 0, [&] { suite.run(0, 1200); });
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
}

}  // namespace
}  // namespace meridian::bench

int main(int argc, char** argv) {
  return meridian::bench::run_all(argc, argv, [](int n, char** words) {
    meridian::bench::run(n > 2 ? std::atoi(words[1]) : 180, n > 2 ? std::atoi(words[2]) : 90);
  });
}
