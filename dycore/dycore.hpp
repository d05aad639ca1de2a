#pragma once
// The dynamical core: one step of the shallow-water or the hydrostatic equations, or of a single column.

#include <functional>
#include <string>
#include <string_view>

#include "dycore/column.hpp"
#include "dycore/polar_filter.hpp"
#include "dycore/row_factors.hpp"
#include "dycore/state.hpp"
#include "dycore/transport.hpp"
#include "dycore/vertical_remap.hpp"
#include "dycore/vorticity.hpp"
#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "grid/halo.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/thermodynamics.hpp"

namespace meridian {

struct MassBlend;

/// 'dycore:' of a case.
struct DycoreOptions {
  std::string equations = "hydrostatic";
  double dt_s = 600;
  std::string time_scheme = "fb_rk3";
  std::string vorticity_flux = "s5";
  double divergence_damping = 0.005;
  double viscosity_m2_per_s = 0;
  double sponge = 0;
  int remap_every = 2;
  double remap_reference_k = 0;
  bool polar_filter = true;
  bool frozen_winds = false;
  LargeScaleOptions large_scale;

  void visit(OptionVisitor& option);
  bool shallow_water() const { return equations == "shallow_water"; }
  /// A single column of the hydrostatic equations.
  bool column() const { return equations == "column"; }
  Microseconds step_length() const;

 private:
  void visit_flow(OptionVisitor& option);  // what a single column does not have
};

/// Figures of the state that the log and the health check need; the same on every rank.
struct DynamicsSummary {
  double largest_wind = 0;     // [m s-1] largest |u| or |v| on faces; NaN or Inf when the state is not finite
  double largest_courant = 0;  // [1] (sqrt(g h) or the speed of sound, plus |u|) dt / Grid::spacing()
  double smallest_mass = 0;    // [Pa or m]
  double thinnest_layer = 1, thickest_layer = 1;  // [1] layer mass over its reference
  bool finite = true;
};

/// Conserved quantities, as exact global sums.
struct Budgets {
  double mass = 0;              // [kg m-2] area mean of the mass of dry air, or [m] of depth
  double energy = 0;            // [J m-2] area mean of total energy, or [m3 s-2] in shallow water
  double enstrophy = 0;         // [m-1 s-2] potential enstrophy, shallow water only
  double angular_momentum = 0;  // [kg s-1] about the axis of the grid, area mean; hydrostatic only
  std::vector<double> tracers;  // as mass: that of each tracer
};

class Dycore {
 public:
  /// Adds prognostic, fixed and diagnosed fields to the set.
  Dycore(const DycoreOptions& options, const Grid& grid, FieldSet& fields, const std::vector<Tracer>& tracers = {});

  /// To be called when the prognostic and fixed fields have been filled: makes halos valid.
  void start();
  /// Advances the state by one step; 'step' is its number, from 0. After those that remap, halos are valid one ring wide;
  /// then follow remap(), physics if there are any, and finish_step().
  void step(long step);
  bool remaps_after(long step) const { return !options_.shallow_water() && (step + 1) % options_.remap_every == 0; }
  /// True where tracers wait for the end of their step, which takes remap_every() steps.
  bool tracer_step_is_open(long step) const {
    return !transport_.empty() && !options_.column() && step % options_.remap_every != 0;
  }
  /// Puts the layers back on the reference levels.
  void remap();
  /// Physics acts after these steps: those that remap, and in shallow water as often.
  bool physics_after(long step) const { return (step + 1) % options_.remap_every == 0; }
  /// Adds the suite's tendencies over dt [s] to the state. Only right after remap().
  void add_physics(double dt);
  /// Makes the halos whole again.
  void finish_step();
  /// Multiplies all temperatures by 1 + x.
  void scale_temperature(double x);
  /// With frozen winds: calls this from now on to set the wind on the owned faces of a state, for its layers and this step.
  void prescribe_wind(std::function<void(const State&)> wind) { wind_ = std::move(wind); }
  /// Sets the prescribed wind, if there is one, before the first step, which sets it itself. After start().
  void show_prescribed_wind() { set_frozen_wind(now_); }

  /// Fills ta, ua, va, pfull, ps (or h's companions ua, va, eta) from the state. 'floating': the layers are not on the
  /// reference levels, so copies are remapped first; the state itself never changes.
  void diagnose(bool floating);
  /// Those of the further fields orog, zg, vo, div, and in moist air hus, hur, prw, that 'wanted' names by their short
  /// names; hur by this formula of saturation. After diagnose().
  void diagnose_for_output(
      const std::function<bool(std::string_view)>& wanted = [](std::string_view) { return true; },
      Saturation formula = Saturation::clausius);

  /// False where the wind of this block is not finite or a layer has no mass. Cheap: for every step. Not collective.
  bool is_sound() const;
  DynamicsSummary summary();
  /// Of the state as it is, also between the parts of a step; halos of the wind must be valid one ring wide.
  Budgets budgets();
  /// What the large-scale terms of a column have brought since the start: energy and tracers.
  const Budgets& brought() const { return brought_; }
  void set_brought(const Budgets& brought) { brought_ = brought; }
  /// Torque about the axis of the grid, area mean [kg s-2], of an eastward stress [Pa] on the air at the ground.
  double torque_of(const ConstField<CellSurface>& stress) const;
  /// The same of a flux of mass [kg m-2 s-1] into air at rest: what moves with the ground has omega times distance.
  double torque_of_mass(const ConstField<CellSurface>& flux) const;

  const DycoreOptions& options() const { return options_; }
  const State& state() const { return now_; }
  const Halo& halo() const { return halo_; }
  const PolarFilter& filter() const { return filter_; }
  const PoleVorticity& poles() const { return poles_; }
  const Transport& transport() const { return transport_; }
  int remap_every() const { return options_.remap_every; }
  /// All arrays over levels and the block with its halo that the core holds besides the fields of the set.
  std::vector<Array3<Real>> work_arrays() const;

 private:
  /// Calls work(), or replays it: see LaunchGraph and block.graph.
  template <class Work>
  void repeat(LaunchGraph& graph, const Work& work);
  void stage(int stage, double dt);
  void step_column(double dt);
  void set_frozen_wind(const State& state);
  /// Adds the prescribed tendencies of temperature and vapour over dt [s]. After diagnose().
  void add_large_scale_tendencies(double dt);
  /// Calls change(), which changes water, at constant temperature.
  template <class Change>
  void change_water(const Change& change);
  void slow_tendencies(const State& from, bool last, double dt);
  void diagnose_humidity(const std::function<bool(std::string_view)>& wanted, Saturation formula);
  void pressure_gradient(const MassBlend& blend);
  /// Mass of all over mass of dry air, with valid halos; does nothing where no tracer is water.
  void compute_loading();
  void add_damping(const State& from, int k_first, int n_k, double dt);
  RemapScratch remap_scratch() const;

  DycoreOptions options_;
  const Grid& grid_;
  FieldSet& fields_;
  RowFactors factors_;
  PolarFilter filter_;
  Halo halo_;
  int n_k_ = 1;          // levels
  int n_k_at_once_ = 1;  // levels of the horizontal kernels' work arrays
  VorticityScheme vorticity_ = VorticityScheme::s5;
  Transport transport_;
  State now_, a_, b_;  // step start (and end), two stages
  Field<Cell> mass_tendency_, theta_tendency_;
  Field<XFace> u_tendency_;
  Field<YFace> v_tendency_;
  Field<CellInterface> exner_, phi_;
  std::vector<ConstField<Cell>> water_;  // mixing ratios of all water
  Field<Cell> loading_;                  // absent where there is no water
  // work arrays of a few levels
  Field<XFace> mass_flux_x_, pv_x_;
  Field<YFace> mass_flux_y_, pv_y_;
  Field<Cell> thv_;
  Field<Corner> pv_;
  Field<CellSurface> surface_geopotential_;
  Field<CornerSurface> coriolis_;
  PoleVorticity poles_;
  LargeScale large_scale_;
  Budgets brought_;
  std::function<void(const State&)> wind_;  // prescribed
  LaunchGraph stages_, remap_, end_;        // used with block.graph
  Array1<Real> one_weight_, sponge_weight_;
  State diagnosed_;  // what diagnose() read last
};

}  // namespace meridian
