#pragma once
// The model: owns grid, fields, dynamics, physics and output; step() is one time step.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cases/prescribed_flow.hpp"
#include "driver/budget_book.hpp"
#include "driver/case.hpp"
#include "driver/commands.hpp"
#include "driver/timers.hpp"
#include "grid/exact_sum.hpp"

namespace meridian {

/// Runs a case to its end. Collective; MPI and Kokkos are running. Returns the exit code: done or stopped.
int run_case(const Case& c, const RunOptions& options);

/// Everything that a run would refuse, and what it costs: memory, output, CFL. Writes nothing.
/// With options, or where the case asks for more ranks than there are, nothing of the size of the run is allocated. Throws
/// configuration where a rank needs more memory than the machine has.
CheckReport check_case(const Case& c, const CheckOptions& options = {});
/// What to expect of a state whose Courant number is above the scheme's limit; "" below it.
std::string courant_warning(const Case& c, const DynamicsSummary& state);
/// Bytes of the restart sets that a run keeps: the state and the tracers, on so many levels.
double restart_bytes(const Case& c, int n_levels);
/// The levels of a case. Throws configuration where they do not suit its dynamics, bad_data for a table that is none.
VerticalCoordinate levels_of(const Case& c);
/// What to expect of settings that are possible, but seldom meant; one sentence each.
std::vector<std::string> setting_warnings(const Case& c);
/// Why the ranks of this node have no room for so many bytes each; "" where they have. Of a GPU: the device of this rank alone. Collective.
std::string room_warning(double bytes_per_rank, MPI_Comm world);
/// What to expect where a run is to write more than the file system of its directory has left; "" where it has room.
std::string disk_warning(double bytes_to_write, const std::string& directory);

class Model {
 public:
  /// Allocates everything and checks the case as a whole; writes nothing. output: folder of the NetCDF files.
  /// Throws configuration, missing_input, bad_data.
  Model(const Case& c, const std::string& output, const std::string& run_id, MPI_Comm world = MPI_COMM_WORLD);

  /// The state at step 0, and the first record of instantaneous streams.
  void start_from_initial_state();
  /// The same without output, for `check`.
  void start_without_output();
  /// Throws configuration when a set is of a run with other settings that the state depends on.
  void require_same_settings(const RestartManifest& set) const;
  /// Continues from a verified set, whatever layout wrote it. Throws configuration when its case was another one, bad_data
  /// when its values do not give its state hash. Returns warnings for the user.
  std::vector<std::string> start_from(const RestartManifest& set);

  /// One time step: dynamics; where layers were remapped, physics; then output. The state changes in the first two only.
  void step();
  /// The same without output.
  void advance();
  /// Ends the job, naming field, place and step: some rank found that its state is not sound. Collective.
  [[noreturn]] void fail_numerically(const std::string& last_good_set) const;
  /// Writes a restart set into the run's directory; output files are closed first. Returns the set's directory.
  std::string write_restart_set(const std::string& run_directory);

  const Clock& clock() const { return clock_; }
  double elapsed_s() const { return 1e-6 * static_cast<double>(clock_.elapsed()); }
  long last_step() const { return last_step_; }
  /// What to expect of a start file whose ground is not known; "" where it is.
  std::string start_file_warning() const;
  /// Hashes of the content of the files that the case reads, by their paths.
  const std::map<std::string, std::string>& input_hashes() const { return input_hashes_; }
  bool writes_restart_now() const { return clock_.ends(restart_every_); }
  std::uint64_t hash() const { return state_hash(fields_, clock_.step()); }
  /// Conserved quantities at step 0, also after a restart.
  const Budgets& budgets_at_start() const { return budgets_at_start_; }
  /// Fills every diagnosed field from the state, as output does.
  void diagnose_all();
  bool is_floating() const;  // the layers are off the reference levels
  const FieldSet& fields() const { return fields_; }
  const Grid& grid() const { return grid_; }
  double angle() const { return case_.initial.angle(grid_.planet); }  // [radians] of the state, see Frame
  Dycore& dycore() { return dycore_; }
  const Dycore& dycore() const { return dycore_; }
  Streams& streams() { return *streams_; }
  const Streams& streams() const { return *streams_; }
  const Suite& suite() const { return suite_; }
  MoistAir air() const { return {grid_.planet, case_.physics.saturation()}; }
  bool has_water() const;
  double water_of(const Budgets& b) const;   // [kg m-2]
  double energy_of(const Budgets& b) const;  // [J m-2] with the latent heat of vapour
  /// Water of the air less that at the start and what physics and large-scale terms brought [kg m-2].
  double water_residual(const Budgets& now) const;
  /// The same relative to what there is. NaN where there is none or a scheme does not say what it brings.
  double water_imbalance(const Budgets& now) const;
  /// Energy of the air less that at the start and what the fluxes of the schemes and large-scale terms brought [J m-2].
  double energy_unexplained(const Budgets& now) const;
  /// The same; NaN where a scheme does not say what it brings.
  double energy_residual(const Budgets& now) const;
  double energy_corrected() const { return energy_corrected_; }  // [J m-2] since the start
  /// The same of angular momentum [kg s-1] and the stress at the ground; for a run with a book.
  double angular_momentum_unexplained(const Budgets& now) const;
  /// What each process does, up to the last remap; null without 'output.budgets' and in shallow water.
  const BudgetBook* book() const { return book_ ? &*book_ : nullptr; }
  Timers& timers() { return timers_; }

 private:
  /// Scales temperatures so that energy_residual() is 0.
  void correct_energy(const Budgets& now);
  /// Adds the stream of budgets to the output.
  void add_budgets(const Provenance& provenance);
  void open_book();
  /// Energy that the tendencies of all schemes have given [J m-2], as far as the suite counts it.
  double energy_given() const;
  /// Torque on the air [kg s-2] of the stress at the ground, and of evaporation less precipitation moving with it.
  double torque() const;
  void enter(BudgetBook::Process process, const Budgets& now, const Totals& explained = {});
  Budgets timed_budgets();
  /// Fixed fields, state and tracers of step 0, on the owned points.
  void fill();
  void sample_output();
  RestartContent restart_content();

  Case case_, case_by_content_;  // as given; with the content of its input files
  Grid grid_;
  FieldSet fields_;
  Dycore dycore_;
  std::unique_ptr<PrescribedFlow> flow_;  // of cases that prescribe the wind
  Suite suite_;
  Clock clock_;
  std::map<std::string, std::string> input_hashes_;
  long last_step_ = 0;
  Interval restart_every_, budgets_every_;
  std::unique_ptr<Streams> streams_;
  std::vector<double> surface_altitude_;
  GriddedState start_file_;  // where the case starts from one
  Timers timers_;
  Budgets budgets_at_start_;
  double energy_corrected_ = 0;
  std::optional<BudgetBook> book_;
};

}  // namespace meridian
