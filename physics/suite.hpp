#pragma once
// The ordered list of schemes of a run.

#include <memory>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"
#include "physics/parameterization.hpp"

namespace meridian {

/// 'physics:' of a case. suite: a list of scheme names with their options.
struct PhysicsOptions {
  struct Impl;
  PhysicsOptions();
  PhysicsOptions(const PhysicsOptions&);
  PhysicsOptions& operator=(const PhysicsOptions&);
  ~PhysicsOptions();
  void visit(OptionVisitor& option);
  bool empty() const;
  bool uses_tracers_only() const;  // no scheme needs air: shallow water will do
  std::unique_ptr<Impl> impl;
};

/// What a run of a scheme is checked for. Always: NaN and range of what it computes. every_field: also that no field
/// changed that the scheme does not list (hashes before and after); the default of debug builds.
enum class Watch { results, every_field };
#ifdef NDEBUG
inline constexpr Watch default_watch = Watch::results;
#else
inline constexpr Watch default_watch = Watch::every_field;
#endif

/// Runs the schemes in order on the diagnosed state (ta, ua, va, pfull, ps, tracers of the FieldSet) and leaves the sum of
/// their tendencies in tnt, tnua, tnva and those of tracers. Never touches the state itself. Coupling is parallel: every scheme sees the state at
/// the start of the step.
class Suite {
 public:
  using Schemes = std::vector<std::unique_ptr<AnyScheme>>;

  /// Adds to the FieldSet the tendencies, where there is a scheme, and the fields that schemes write; the state must be
  /// there. Throws configuration when a need is unmet or a field has two writers. Grid and FieldSet must outlive it.
  Suite(const PhysicsOptions& options, const Grid& grid, FieldSet& fields, Watch watch = default_watch);
  /// The same for schemes that need not be in the table.
  Suite(Schemes schemes, const Grid& grid, FieldSet& fields, Watch watch = default_watch);
  ~Suite();

  bool empty() const;
  /// dt [s]: length of the physics interval. Throws numerical naming scheme, field, level, lat, lon.
  void run(double dt);

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

/// Names of all schemes, and what one reads, updates and writes in words: `meridian list schemes`, `describe`.
struct SchemeInfo {
  std::string name, meaning, source;
  std::vector<std::string> reads, updates, writes;
};
std::vector<SchemeInfo> all_schemes();

}  // namespace meridian
