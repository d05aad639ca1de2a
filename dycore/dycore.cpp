#include "dycore/dycore.hpp"

#include <algorithm>
#include <cmath>

#include "dycore/continuity.hpp"
#include "dycore/diffusion.hpp"
#include "dycore/pressure.hpp"

namespace meridian {

void DycoreOptions::visit(OptionVisitor& option) {
  static constexpr std::string_view equation_sets[] = {"shallow_water", "hydrostatic", "column"};
  option.word("equations", equations, equation_sets,
              "which equations are solved: shallow_water: one layer of fluid; hydrostatic: air of the globe; column: "
              "air of one "
              "place");
  option.real("dt_s", dt_s, "s", {1e-3, 7200}, "length of a dynamics step; a whole number of microseconds");
  option.integer("remap_every", remap_every, "steps", {1, 20},
                 "steps between remaps of the floating layers to the reference levels; a tracer step takes as many");
  option.real("remap_reference_k", remap_reference_k, "K", {0, 400},
              "isothermal profile that the remap leaves exact (200 K is a good value); 0: none");
  const bool all = option.shows_alternatives();
  if (all) option.alternative("equations", "column");
  if (all || column()) option.group("large_scale", large_scale, "what the air around a single column does to it");
  if (all) option.alternative("equations", "shallow_water or hydrostatic");
  if (all || !column()) visit_flow(option);
  if (all) option.alternative("equations", "");
}

void DycoreOptions::visit_flow(OptionVisitor& option) {
  static constexpr std::string_view time_schemes[] = {"fb_rk3", "rk3"};
  static constexpr std::string_view vorticity_schemes[] = {"s5", "een", "sen"};
  option.word("time_scheme", time_scheme, time_schemes,
              "Runge-Kutta schemes of three stages: fb_rk3: forward-backward; rk3: plain, allows about half the step");
  option.word("vorticity_flux", vorticity_flux, vorticity_schemes,
              "s5: upwind-biased, energy-neutral; een: energy and enstrophy; sen: energy conserving");
  option.real("divergence_damping", divergence_damping, "1", {0, 0.02},
              "fourth-order damping of the divergence: coefficient times spacing^4 / dt, the spacing of rows or of "
              "columns at the equator, the smaller one");
  option.real("viscosity_m2_per_s", viscosity_m2_per_s, "m2 s-1", {0, 1e9},
              "Laplacian viscosity of the wind, and of the temperature, or of the depth in shallow water");
  option.real("sponge", sponge, "1", {0, 5},
              "Laplacian damping of the wind in the top three layers: times 0.02, 0.01, 0.005 spacing^2 / dt");
  option.flag("polar_filter", polar_filter, "zonal filter of the tendencies; without it steps must be very short");
  option.flag("frozen_winds", frozen_winds, "keep the wind and let it carry the mass only (advection tests)");
}

Microseconds DycoreOptions::step_length() const { return std::llround(dt_s * microseconds_per_second); }

namespace {

constexpr double stage_fraction[3] = {1.0 / 3, 1.0 / 2, 1.0};
constexpr double blend_of_early_stages = 0.531;  // beta of stages 1 and 2 (Lilly et al. 2023, JAMES 15)
constexpr double blend_of_last_stage = 0.313;    // beta_3

VorticityScheme scheme_named(const std::string& word) {
  if (word == "een") return VorticityScheme::een;
  if (word == "sen") return VorticityScheme::sen;
  return VorticityScheme::s5;
}

State make_state(const char* name, const Block& block, int n_k, bool with_theta) {
  const std::string label = name;
  State s;
  s.mass = make_field<Cell>(label + "_mass", block, n_k);
  if (with_theta) s.theta = make_field<Cell>(label + "_theta", block, n_k);
  s.u = make_field<XFace>(label + "_u", block, n_k);
  s.v = make_field<YFace>(label + "_v", block, n_k);
  return s;
}

/// mass and theta of a stage: start + dt tendency; tendencies are filtered on the way.
void update_mass(PolarFilter& filter, const State& start, const State& tendency, const State& next, Real dt, int n_k) {
  const ConstField<Cell> m0 = start.mass;
  const Field<Cell> m1 = next.mass;
  if (!start.theta.exists()) {
    filter.apply(
        {"dycore/update_depth", 2, 1}, tendency.mass, n_k,
        KOKKOS_LAMBDA(int k, int j, int i, Real dm) { m1(k, j, i) = m0(k, j, i) + dt * dm; });
    return;
  }
  const ConstField<Cell> t0 = start.theta;
  const Field<Cell> t1 = next.theta;
  filter.apply(
      {"dycore/update_mass", 4, 2}, tendency.mass, tendency.theta, n_k,
      KOKKOS_LAMBDA(int k, int j, int i, Real dm, Real dt_heat) {
        m1(k, j, i) = m0(k, j, i) + dt * dm;
        t1(k, j, i) = t0(k, j, i) + dt * dt_heat;
      });
}

/// Last stage: writes the new state over the start of the step and the blend b3 new + (1 - 2 b3) before + b3 start,
/// which the pressure gradient uses, to 'blend'.
void update_mass_and_blend(PolarFilter& filter, const State& now, const State& tendency, const State& before,
                           const State& blend, Real dt, int n_k) {
  const Real b3 = static_cast<Real>(blend_of_last_stage);
  const Real rest = static_cast<Real>(1 - 2 * blend_of_last_stage);
  const Field<Cell> m = now.mass, mb = blend.mass;
  const ConstField<Cell> m2 = before.mass;
  if (!now.theta.exists()) {
    filter.apply(
        {"dycore/update_depth_and_blend", 3, 2}, tendency.mass, n_k, KOKKOS_LAMBDA(int k, int j, int i, Real dm) {
          const Real start = m(k, j, i);
          const Real end = start + dt * dm;
          mb(k, j, i) = b3 * (end + start) + rest * m2(k, j, i);
          m(k, j, i) = end;
        });
    return;
  }
  const Field<Cell> t = now.theta, tb = blend.theta;
  const ConstField<Cell> t2 = before.theta;
  filter.apply(
      {"dycore/update_mass_and_blend", 6, 4}, tendency.mass, tendency.theta, n_k,
      KOKKOS_LAMBDA(int k, int j, int i, Real dm, Real dt_heat) {
        const Real start = m(k, j, i), theta_start = t(k, j, i);
        const Real end = start + dt * dm, theta_end = theta_start + dt * dt_heat;
        mb(k, j, i) = b3 * (end + start) + rest * m2(k, j, i);
        tb(k, j, i) = b3 * (theta_end + theta_start) + rest * t2(k, j, i);
        m(k, j, i) = end;
        t(k, j, i) = theta_end;
      });
}

/// f <- f + x f
void scale_cells(const Box& box, Real x, const Field<Cell>& f) {
  for_each({"dycore/scale_cells", 1, 1}, box, KOKKOS_LAMBDA(int k, int j, int i) { f(k, j, i) += x * f(k, j, i); });
}

/// loading = 1 + q of the first water, plus q of each further one.
void add_water(const Box& box, const ConstField<Cell>& q, bool first, const Field<Cell>& loading) {
  for_each(
      {"dycore/add_water", first ? 1.0 : 2.0, 1}, box,
      KOKKOS_LAMBDA(int k, int j, int i) { loading(k, j, i) = (first ? Real(1) : loading(k, j, i)) + q(k, j, i); });
}

void update_wind(PolarFilter& filter, const State& start, const State& tendency, const State& next, Real dt, int n_k) {
  const ConstField<XFace> u0 = start.u;
  const ConstField<YFace> v0 = start.v;
  const Field<XFace> u1 = next.u;
  const Field<YFace> v1 = next.v;
  filter.apply(
      {"dycore/update_wind", 4, 2}, tendency.u, tendency.v, n_k, KOKKOS_LAMBDA(int k, int j, int i, Real du, Real dv) {
        u1(k, j, i) = u0(k, j, i) + dt * du;
        v1(k, j, i) = v0(k, j, i) + dt * dv;
      });
}

}  // namespace

Dycore::Dycore(const DycoreOptions& options, const Grid& grid, FieldSet& fields, const std::vector<Tracer>& tracers)
    : options_(options),
      grid_(grid),
      fields_(fields),
      factors_(grid),
      filter_(grid, options.polar_filter),
      halo_(grid.block),
      n_k_(options.shallow_water() ? 1 : grid.n_levels()),
      n_k_at_once_(on_device ? n_k_ : std::min(n_k_, 4)),
      vorticity_(scheme_named(options.vorticity_flux)),
      transport_(grid, tracers, n_k_, fields),
      coriolis_(fields.add(field::coriolis_parameter, 1, Role::fixed)),
      poles_(grid, coriolis_, n_k_),
      large_scale_(options.large_scale) {
  const Block& block = grid.block;
  const bool shallow = options.shallow_water();
  now_.mass =
      shallow ? fields.add(field::depth, 1, Role::prognostic) : fields.add(field::layer_mass, n_k_, Role::prognostic);
  if (!shallow) now_.theta = fields.add(field::theta_mass, n_k_, Role::prognostic);
  now_.u = fields.add(field::xwind, n_k_, Role::prognostic);
  now_.v = fields.add(field::ywind, n_k_, Role::prognostic);
  surface_geopotential_ = fields.add(field::surface_geopotential, 1, Role::fixed);
  a_ = make_state("a", block, n_k_, !shallow);
  b_ = make_state("b", block, n_k_, !shallow);
  const State tendency = make_state("tendency", block, n_k_, !shallow);
  mass_tendency_ = tendency.mass;
  theta_tendency_ = tendency.theta;
  u_tendency_ = tendency.u;
  v_tendency_ = tendency.v;
  mass_flux_x_ = make_field<XFace>("mass_flux_x", block, n_k_at_once_);
  mass_flux_y_ = make_field<YFace>("mass_flux_y", block, n_k_at_once_);
  thv_ = make_field<Cell>("thv", block, n_k_at_once_);
  pv_ = make_field<Corner>("pv", block, n_k_at_once_);
  pv_x_ = make_field<XFace>("pv_x", block, n_k_at_once_);
  pv_y_ = make_field<YFace>("pv_y", block, n_k_at_once_);
  if (!shallow) {
    exner_ = fields.add(field::interface_exner, n_k_ + 1, Role::diagnostic);
    phi_ = fields.add(field::interface_geopotential, n_k_ + 1, Role::diagnostic);
    fields.add(field::interface_pressure, n_k_ + 1, Role::diagnostic);
    for (const auto& species : field::species) {
      if (species.is_water && fields.has(species.mixing_ratio->name))
        water_.push_back(fields.get(*species.mixing_ratio));
    }
    require(water_.empty() || fields.has(field::water_vapour.name), ExitCode::configuration,
            "'tracers' has water but no vapour: add {name: qv}.");
    if (!water_.empty()) {
      loading_ = make_field<Cell>("water_loading", block, n_k_);
      fields.add(field::specific_humidity, n_k_, Role::diagnostic);
      fields.add(field::relative_humidity, n_k_, Role::diagnostic);
      fields.add(field::water_vapour_path, 1, Role::diagnostic);
    }
  }
  one_weight_ = Array1<Real>("one_weight", n_k_);
  sponge_weight_ = Array1<Real>("sponge_weight", n_k_);
  const auto sponge = Kokkos::create_mirror_view(sponge_weight_);
  constexpr double top_three[3] = {0.02, 0.01, 0.005};
  for (int k = 0; k < std::min(n_k_, 3); ++k) sponge(k) = static_cast<Real>(options.sponge * top_three[k]);
  Kokkos::deep_copy(sponge_weight_, sponge);
  Kokkos::deep_copy(one_weight_, Real(1));
  fields.add(field::eastward_wind, n_k_, Role::diagnostic);
  fields.add(field::northward_wind, n_k_, Role::diagnostic);
  fields.add(field::relative_vorticity, n_k_, Role::diagnostic);
  fields.add(field::divergence_of_wind, n_k_, Role::diagnostic);
  fields.add(field::surface_altitude, 1, Role::fixed);
  if (shallow) {
    fields.add(field::surface_height, 1, Role::diagnostic);
  } else {
    fields.add(field::air_temperature, n_k_, Role::diagnostic);
    fields.add(field::air_pressure, n_k_, Role::diagnostic);
    fields.add(field::geopotential_height, n_k_, Role::diagnostic);
    fields.add(field::surface_air_pressure, 1, Role::diagnostic);
  }
}

void Dycore::start() {
  finish_step();
  halo_.exchange({surface_geopotential_});
  transport_.start(halo_);
}

void Dycore::finish_step() {
  repeat(end_, [&] {
    if (options_.shallow_water()) {
      halo_.exchange({now_.mass, now_.u, now_.v, transport_.mixing_ratios()});
    } else {
      halo_.exchange({now_.mass, now_.theta, now_.u, now_.v, transport_.mixing_ratios()});
      compute_loading();
    }
  });
}

void Dycore::scale_temperature(double x) {
  scale_cells(grid_.block.cells_with_halo(n_k_, halo_width), static_cast<Real>(x), now_.theta);
}

void Dycore::compute_loading() {
  bool first = true;
  for (const ConstField<Cell>& q : water_) {
    add_water(grid_.block.cells_with_halo(n_k_, 1), q, first, loading_);
    first = false;
  }
}

template <class Work>
void Dycore::repeat(LaunchGraph& graph, const Work& work) {
  if (!grid_.block.graph) return work();
  const Field<Cell>& q = transport_.mixing_ratios();  // may lie in either of two arrays
  graph.run(q.exists() ? q.data().data() : nullptr, work);
}

void Dycore::step(long step) {
  const double dt = options_.dt_s;
  if (options_.column()) return step_column(dt);
  const bool tracers = !transport_.empty();
  if (tracers && !tracer_step_is_open(step)) transport_.begin(now_.mass);
  if (options_.frozen_winds) set_frozen_wind(now_);
  repeat(stages_, [&] {
    for (int n = 0; n < 3; ++n) stage(n, dt);
  });
  if (tracers && !tracer_step_is_open(step + 1)) {
    transport_.step(now_.mass, halo_, (step + 1) / options_.remap_every % 2 == 1);
    if (options_.shallow_water()) halo_.exchange({transport_.mixing_ratios()});
  }
}

void Dycore::set_frozen_wind(const State& state) {
  if (wind_) {
    wind_(state);
    halo_.exchange({state.u, state.v});
  } else if (state.u.data() != now_.u.data()) {
    Kokkos::deep_copy(state.u.data(), now_.u.data());
    Kokkos::deep_copy(state.v.data(), now_.v.data());
  }
}

void Dycore::step_column(double dt) {
  const Budgets before = budgets();
  diagnose(false);
  turn_wind(large_scale_, grid_, fields_.get(field::air_pressure), coriolis_, dt, now_);
  add_large_scale_tendencies(dt);
  move_layers(large_scale_, grid_, fields_.get(field::interface_pressure), loading_, dt, now_);
  finish_step();
  const Budgets after = budgets();
  brought_.energy += after.energy - before.energy;
  brought_.tracers.resize(after.tracers.size());
  for (std::size_t n = 0; n < after.tracers.size(); ++n) brought_.tracers[n] += after.tracers[n] - before.tracers[n];
}

void Dycore::remap() {
  repeat(remap_, [&] {
    remap_to_reference_levels(grid_, now_, now_, 1, options_.remap_reference_k, remap_scratch(),
                              transport_.mixing_ratios());
  });
}

void Dycore::stage(int n, double dt) {
  // States: start n = now, stage 1 = a, stage 2 = b, end = now again (in place).
  const State& from = n == 0 ? now_ : n == 1 ? a_ : b_;
  const State& to = n == 0 ? a_ : n == 1 ? b_ : now_;
  const bool last = n == 2;
  const bool forward_backward = options_.time_scheme == "fb_rk3";
  const Real dt_stage = static_cast<Real>(stage_fraction[n] * dt);
  const State tendency{mass_tendency_, theta_tendency_, u_tendency_, v_tendency_};

  if (!options_.frozen_winds) poles_.compute(grid_, from, n_k_);
  slow_tendencies(from, last, dt);

  if (last && forward_backward) {
    update_mass_and_blend(filter_, now_, tendency, b_, a_, dt_stage, n_k_);
  } else {
    update_mass(filter_, now_, tendency, to, dt_stage, n_k_);
  }
  const bool shallow = options_.shallow_water();
  if (last && forward_backward) {
    if (shallow) halo_.begin({now_.mass, a_.mass});
    if (!shallow) halo_.begin({now_.mass, now_.theta, a_.mass, a_.theta});
  } else {
    if (shallow) halo_.begin({to.mass});
    if (!shallow) halo_.begin({to.mass, to.theta});
  }
  if (options_.frozen_winds) {
    halo_.end();
    if (!last) set_frozen_wind(to);
    return;
  }

  const Real beta = static_cast<Real>(blend_of_early_stages);
  if (!forward_backward) {
    pressure_gradient({from.mass, from.theta, 1, from.mass, from.theta, 0, loading_});
  } else if (last) {
    pressure_gradient({a_.mass, a_.theta, 1, a_.mass, a_.theta, 0, loading_});
  } else {
    pressure_gradient({to.mass, to.theta, beta, now_.mass, now_.theta, Real(1) - beta, loading_});
  }
  update_wind(filter_, now_, tendency, to, dt_stage, n_k_);
  halo_.begin({to.u, to.v});
  if (last) halo_.end();  // else under the fluxes of the next stage
}

namespace {

/// Calls work(box) for the rows of the box that need no row of another rank, with 'reach' rows of owned ones around them, ends the
/// exchange that is under way, and calls it for the other rows; for the whole box at once where none is.
template <class Work>
void while_rows_travel(Halo& halo, const Block& block, const Box& box, int reach, const Work& work) {
  Box inner = box, south = box, north = box;
  inner.j_begin = south.j_end = std::max(box.j_begin, reach);
  inner.j_end = north.j_begin = std::min(box.j_end, block.ny - reach);
  if (!halo.is_under_way() || inner.j_end <= inner.j_begin) {
    halo.end();
    return work(box);
  }
  work(inner);
  halo.end();
  work(south);
  work(north);
}

}  // namespace

void Dycore::slow_tendencies(const State& from, bool last, double dt) {
  const bool shallow = options_.shallow_water();
  const SlowWork work{mass_flux_x_, mass_flux_y_, thv_, pv_, pv_x_, pv_y_};
  for (int k = 0; k < n_k_; k += n_k_at_once_) {  // a few levels at a time: work arrays stay in the cache
    const int n = std::min(n_k_at_once_, n_k_ - k);
    const State part = levels_of(from, k, n);
    const Field<XFace> du_dt = levels_of(u_tendency_, k, n);
    const Field<YFace> dv_dt = levels_of(v_tendency_, k, n);
    const Continuity continuity{grid_.metrics.inverse_area_at_cell,
                                mass_flux_x_,
                                mass_flux_y_,
                                shallow ? Field<Cell>() : thv_,
                                levels_of(mass_tendency_, k, n),
                                levels_of(theta_tendency_, k, n)};
    if (options_.frozen_winds) {
      compute_mass_fluxes(grid_, part, n, mass_flux_x_, mass_flux_y_, thv_);
      compute_mass_and_heat_tendency(grid_, continuity, n);
    } else {
      while_rows_travel(halo_, grid_.block, box_of_fluxes(grid_.block, n), 1, [&](const Box& box) {
        compute_fluxes_and_potential_vorticity(grid_, factors_, part, coriolis_, poles_, k, box, work);
      });
    }
    if (last && !transport_.empty()) transport_.accumulate(mass_flux_x_, mass_flux_y_, dt, k, n);
    if (options_.frozen_winds) continue;
    if (vorticity_ == VorticityScheme::s5) {
      compute_face_vorticity(grid_, pv_, mass_flux_x_, mass_flux_y_, n, pv_x_, pv_y_);
      compute_slow_tendencies(grid_, factors_, part, work, continuity, n, du_dt, dv_dt);
    } else {
      compute_mass_and_heat_tendency(grid_, continuity, n);
      compute_centred_vorticity_flux_and_kinetic_energy(vorticity_, grid_, factors_, part, mass_flux_x_, mass_flux_y_,
                                                        pv_, n, du_dt, dv_dt);
    }
    if (last) add_damping(part, k, n, dt);
  }
}

void Dycore::add_damping(const State& from, int k_first, int n_k, double dt) {
  const double spacing = grid_.spacing();
  const Field<XFace> du_dt = levels_of(u_tendency_, k_first, n_k);
  const Field<YFace> dv_dt = levels_of(v_tendency_, k_first, n_k);
  const bool sponge = options_.sponge > 0 && k_first < 3;
  const bool viscous = options_.viscosity_m2_per_s > 0;
  if (options_.divergence_damping == 0 && !sponge && !viscous) return;
  const Real nu = static_cast<Real>(options_.viscosity_m2_per_s);
  if (viscous && options_.shallow_water()) {
    add_laplacian(grid_, factors_, from.mass, nu, n_k, levels_of(mass_tendency_, k_first, n_k));
  }
  if (viscous && !options_.shallow_water()) {
    // The Exner function is that of the pressure gradient of the stage before.
    add_temperature_laplacian(grid_, factors_, from.mass, thv_, levels_of(exner_, k_first, n_k + 1), nu, n_k,
                              levels_of(theta_tendency_, k_first, n_k));
  }
  // pv_x_ and thv_ are free from here: the divergence and its Laplacian use them.
  const Field<Cell> divergence(pv_x_.data()), laplacian(thv_.data());
  const Divergence of_wind(grid_, from.u, from.v);
  if (sponge || viscous) {
    compute_divergence(grid_, of_wind, n_k, 1, divergence);
    compute_relative_vorticity(grid_, from.u, from.v, levels_of_poles(poles_.relative_vorticity(), k_first, n_k), n_k,
                               pv_);
  }
  const auto level = std::make_pair(k_first, k_first + n_k);
  if (viscous) {
    add_wind_laplacian(grid_, divergence, pv_, nu, Kokkos::subview(one_weight_, level), n_k, du_dt, dv_dt);
  }
  if (sponge) {
    add_wind_laplacian(grid_, divergence, pv_, static_cast<Real>(spacing * spacing / dt),
                       Kokkos::subview(sponge_weight_, level), n_k, du_dt, dv_dt);
  }
  if (options_.divergence_damping > 0) {
    compute_reference_laplacian(grid_, factors_, of_wind, n_k, laplacian);
    add_gradient(grid_, laplacian, static_cast<Real>(-options_.divergence_damping * std::pow(spacing, 4) / dt), n_k,
                 du_dt, dv_dt);
  }
}

void Dycore::pressure_gradient(const MassBlend& blend) {
  if (options_.shallow_water()) {
    halo_.end();
    add_surface_gradient(grid_, blend, surface_geopotential_, u_tendency_, v_tendency_);
  } else {
    while_rows_travel(halo_, grid_.block, grid_.block.cells_with_halo(n_k_, 1), 0, [&](const Box& box) {
      compute_exner_and_geopotential(grid_, blend, surface_geopotential_, box, exner_, phi_);
    });
    add_pressure_gradient(grid_, exner_, phi_, n_k_, u_tendency_, v_tendency_);
  }
}

RemapScratch Dycore::remap_scratch() const {
  return {exner_, theta_tendency_, mass_tendency_, Field<Cell>(u_tendency_.data()), Field<Cell>(v_tendency_.data())};
}

std::vector<Array3<Real>> Dycore::work_arrays() const {
  std::vector<Array3<Real>> arrays = transport_.work_arrays();
  const auto add = [&](const auto& f) {
    if (f.exists()) arrays.push_back(f.data());
  };
  for (const State* s : {&a_, &b_}) {
    add(s->mass), add(s->theta), add(s->u), add(s->v);
  }
  add(mass_tendency_), add(theta_tendency_), add(u_tendency_), add(v_tendency_), add(loading_);
  add(mass_flux_x_), add(mass_flux_y_), add(thv_), add(pv_), add(pv_x_), add(pv_y_);
  return arrays;
}

}  // namespace meridian
