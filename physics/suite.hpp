#pragma once
// The ordered list of schemes of a run.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"
#include "grid/thermodynamics.hpp"
#include "physics/parameterization.hpp"

namespace meridian {

/// One entry of the suite: a scheme, how often it is called, and whose state it sees.
struct SuiteEntry {
  SuiteEntry(std::unique_ptr<AnyScheme> scheme, int every = 1, bool parallel = false)
      : scheme(std::move(scheme)), every(every), parallel(parallel) {}
  std::unique_ptr<AnyScheme> scheme;
  int every = 1;          // physics steps between calls; what it computed is held and applied in each of them
  bool parallel = false;  // it sees the state at the start of the step, and entries after it do not see what it did
};

/// 'physics:' of a case. suite: a list of scheme names with their options; saturation: the formula for all of them.
struct PhysicsOptions {
  struct Impl;
  PhysicsOptions();
  PhysicsOptions(const PhysicsOptions&);
  PhysicsOptions& operator=(const PhysicsOptions&);
  ~PhysicsOptions();
  void visit(OptionVisitor& option);
  bool empty() const;
  bool corrects_energy() const;
  Saturation saturation() const;
  /// The suite. Throws configuration where it names a scheme that there is not.
  std::vector<SuiteEntry> entries() const;
  bool uses_tracers_only() const;  // no scheme needs air: shallow water will do
  std::unique_ptr<Impl> impl;
};

/// What a run of a scheme is checked for. Always: NaN and range of what it is handed and what it computes. every_field: also that no field
/// changed that the scheme does not list (hashes before and after); the default of debug builds.
enum class Watch { results, every_field };
#ifdef NDEBUG
inline constexpr Watch default_watch = Watch::results;
#else
inline constexpr Watch default_watch = Watch::every_field;
#endif

/// Runs the schemes in order on the diagnosed state (ta, ua, va, pfull, ps, tracers of the FieldSet) and leaves the sum of
/// their tendencies in tnt, tnua, tnva and those of tracers. Never touches the state itself: in sequential coupling
/// entries see copies of what those before them have changed.
class Suite {
 public:
  using Entries = std::vector<SuiteEntry>;
  /// True for short names of fields that somebody wants to see, "tnt_held_suarez" of a single scheme among them.
  using Wanted = std::function<bool(std::string_view)>;

  /// Adds to the FieldSet the tendencies, where there is a scheme, and the fields that schemes write or own; the state must
  /// be there. Throws OptionError when a need is unmet, a field has two writers or formulas of saturation are mixed.
  /// Grid and FieldSet must outlive it.
  Suite(const PhysicsOptions& options, const Grid& grid, FieldSet& fields, Watch watch = default_watch,
        const Wanted& wanted = {});
  /// The same for schemes that need not be in the table.
  Suite(Entries entries, Saturation saturation, const Grid& grid, FieldSet& fields, Watch watch = default_watch,
        const Wanted& wanted = {});
  ~Suite();

  bool empty() const;
  /// Throws OptionError where a scheme cannot run for so long [s].
  void require_length(double run_s) const;
  /// All arrays that the suite holds beside the fields of the FieldSet.
  std::vector<Array3<Real>> work_arrays() const;
  /// Fills what schemes own, before the first step, which begins at 'begin'.
  void start(const Instant& begin = {});
  /// step: number of the physics step, from 0; dt [s]: its length; begin: when it begins. Throws numerical naming scheme,
  /// field, level, lat, lon, where the state that schemes are handed is not finite or not in its range, and where a scheme
  /// computes such or is not in the balance that it declares.
  void run(long step, double dt, const Instant& begin = {});

  /// True where every scheme that changes water says what it gives and takes.
  bool knows_its_water() const;
  /// Water that the schemes have brought into the air since the start, mean over the globe [kg m-2]; exact sums.
  double water_brought() const;
  /// The first scheme that changes temperature or vapour and does not say what it brings; "" where all do.
  std::string_view hides_its_energy() const;
  /// Energy that the fluxes of the schemes have brought into the air since the start, mean over the globe [J m-2].
  double energy_brought() const;
  /// Of each scheme [J m-2], mean over the globe: what its fluxes have brought since the start, and what its tendencies
  /// of cp T + L qv and of the kinetic energy have given beyond that, in the steps after count_unexplained().
  struct SchemeEnergy {
    std::string scheme;
    double brought = 0, unexplained = 0;
  };
  const std::vector<SchemeEnergy>& energies() const;
  /// Heat of the store at the surface [J m-2], mean over the globe: what it gained since the start, and what its fluxes
  /// brought. None where no scheme has such a store.
  struct SurfaceHeat {
    double change, brought;
  };
  std::optional<SurfaceHeat> surface_heat() const;
  void count_unexplained();
  /// All of the sums above for a restart set, and back, with the state in place. Collective. Throws bad_data where they are those of another
  /// suite.
  std::vector<double> sums() const;
  void set_sums(const std::vector<double>& sums);

  /// Time [s] spent in each scheme so far, checks included.
  struct SchemeTime {
    std::string scheme;
    double seconds;
  };
  std::vector<SchemeTime> times() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Every scheme of the model with its default options.
const std::vector<std::unique_ptr<AnyScheme>>& scheme_table();

/// Names of all schemes, and what one reads, updates and writes in words: `meridian list schemes`, `describe`.
struct SchemeInfo {
  std::string name, meaning, source, equation;
  std::vector<std::string> reads, updates, writes, owns;  // names
  std::vector<std::string> outputs;  // short names for streams: what it writes and owns, and its own tendencies
};
std::vector<SchemeInfo> all_schemes();

}  // namespace meridian
