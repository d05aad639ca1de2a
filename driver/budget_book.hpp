#pragma once
// Where energy and angular momentum go: what each process of the step does to the air.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace meridian {

class Model;
struct Budgets;

/// Means over the globe.
struct Totals {
  double energy = 0;            // [J m-2] with the latent heat of vapour
  double angular_momentum = 0;  // [kg s-1] about the axis
};

/// What the processes have added to the air since the start that no flux through the ground or the top explains.
class BudgetBook {
 public:
  /// dynamics: advection, pressure gradient, damping, filter, transport of tracers. physics: what the dynamics make of
  /// the tendencies of the schemes beyond what these give to cp T + L qv and to kinetic energy at cell centres, or beyond
  /// the torque at the ground. earlier: all from before the book was begun.
  enum Process { dynamics, remap, physics, correction, earlier };
  static constexpr std::array<std::string_view, 5> names = {"dynamics", "remap", "physics", "correction", "earlier"};

  /// Begins with the state as it is; 'unknown': residual from before.
  void open(const Totals& now, const Totals& unknown);
  /// The process led from the state of the last call to this one.
  void enter(Process process, const Totals& now, const Totals& explained = {});

  double energy(std::size_t process) const { return sums_[process].energy; }
  double angular_momentum(std::size_t process) const { return sums_[process].angular_momentum; }
  double torque() const { return torque_; }  // [kg s-1] that stress at the ground, evaporation and rain have brought
  /// All that it holds for a restart set, and back.
  std::vector<double> sums() const;
  void set_sums(const std::vector<double>& sums);

 private:
  Totals last_;
  std::array<Totals, names.size()> sums_;
  double torque_ = 0;
};

/// A share of a process.
using Shares = std::vector<std::pair<std::string, double>>;
/// Shares of processes and schemes in the residual of energy since the start, mean over the globe [J m-2].
Shares energy_shares(const Model& model);
/// The same of angular momentum [kg s-1].
Shares angular_momentum_shares(const Model& model);

/// One number of the files of 'output.budgets'.
struct BudgetFigure {
  std::string name, unit, meaning;
  double value;
};
/// All of them; which there are does not depend on the state.
std::vector<BudgetFigure> budget_figures(const Model& model, const Budgets& now);
/// What the end of a run says of them, as rates since the start.
std::string budget_table(const Model& model, const Budgets& now);

}  // namespace meridian
