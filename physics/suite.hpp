#pragma once
// The ordered list of schemes of a run.

#include <memory>
#include <string>
#include <vector>

#include "grid/clock.hpp"
#include "grid/field_set.hpp"
#include "grid/latlon_grid.hpp"

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
  std::unique_ptr<Impl> impl;
};

/// Runs the schemes in order on the diagnosed state (ta, ua, va, pfull, ps of the FieldSet) and leaves the sum of their
/// tendencies in tnt, tnua, tnva. Never touches the state itself.
class Suite {
 public:
  /// Adds the tendency fields to the FieldSet. Throws configuration when a need is unmet or a field has two writers.
  Suite(const PhysicsOptions& options, const Grid& grid, FieldSet& fields);
  ~Suite();

  bool empty() const;
  /// dt [s]: length of the physics interval. Throws numerical naming scheme, field, level, lat, lon.
  void run(double dt);

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
