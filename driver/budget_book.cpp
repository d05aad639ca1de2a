#include "driver/budget_book.hpp"

#include <cmath>
#include <cstdio>
#include <map>

#include "driver/model.hpp"

namespace meridian {

void BudgetBook::open(const Totals& now, const Totals& unknown) {
  last_ = now;
  sums_[earlier] = unknown;
}

void BudgetBook::enter(Process process, const Totals& now, const Totals& explained) {
  sums_[process].energy += (now.energy - last_.energy) - explained.energy;
  sums_[process].angular_momentum += (now.angular_momentum - last_.angular_momentum) - explained.angular_momentum;
  torque_ += explained.angular_momentum;
  last_ = now;
}

std::vector<double> BudgetBook::sums() const {
  std::vector<double> sums = {torque_, last_.energy, last_.angular_momentum};
  for (const Totals& sum : sums_) sums.insert(sums.end(), {sum.energy, sum.angular_momentum});
  return sums;
}

void BudgetBook::set_sums(const std::vector<double>& sums) {
  torque_ = sums.at(0);
  last_ = {sums.at(1), sums.at(2)};
  for (std::size_t n = 0; n < sums_.size(); ++n) sums_[n] = {sums.at(3 + 2 * n), sums.at(4 + 2 * n)};
}

Shares energy_shares(const Model& model) {
  Shares shares;
  for (std::size_t n = 0; n < BudgetBook::names.size(); ++n) {
    if (n == BudgetBook::physics) {
      for (const auto& scheme : model.suite().energies()) shares.emplace_back(scheme.scheme, scheme.unexplained);
    }
    shares.emplace_back(BudgetBook::names[n], model.book()->energy(n));
  }
  return shares;
}

Shares angular_momentum_shares(const Model& model) {
  Shares shares;
  for (std::size_t n = 0; n < BudgetBook::names.size(); ++n) {
    if (n != BudgetBook::correction) shares.emplace_back(BudgetBook::names[n], model.book()->angular_momentum(n));
  }
  return shares;
}

std::vector<BudgetFigure> budget_figures(const Model& model, const Budgets& now) {
  std::vector<BudgetFigure> figures;
  const auto add = [&](const std::string& name, const char* unit, const std::string& meaning, double value) {
    figures.push_back({name, unit, meaning, value});
  };
  const bool shallow = model.dycore().options().shallow_water();
  const char* mass_unit = shallow ? "m" : "kg m-2";
  if (shallow) {
    add("depth", "m", "depth", now.mass);
    add("energy", "m3 s-2", "kinetic and potential energy over density", now.energy);
    add("enstrophy", "m-1 s-2", "potential enstrophy", now.enstrophy);
  } else {
    add("dry_air", mass_unit, "mass of dry air", now.mass);
    add("energy", "J m-2", "enthalpy, kinetic energy, potential energy of the ground, latent heat of vapour",
        model.energy_of(now));
  }
  const auto& names = model.dycore().transport().names();
  for (std::size_t n = 0; n < names.size(); ++n) {
    add("tracer_" + names[n], mass_unit, "mass of tracer '" + names[n] + "'", now.tracers[n]);
  }
  if (model.has_water()) {
    add("water", mass_unit, "mass of all water", model.water_of(now));
    if (model.suite().knows_its_water()) {
      add("water_brought", mass_unit, "evaporation less precipitation since the start", model.suite().water_brought());
      add("water_residual", mass_unit, "change of the mass of water since the start that no flux explains",
          model.water_residual(now));
    }
  }
  if (const auto surface = model.suite().surface_heat()) {
    add("surface_heat_change", "J m-2", "heat of the store at the surface, since the start", surface->change);
    add("surface_heat_brought", "J m-2", "heat that its fluxes brought to it since the start", surface->brought);
    add("surface_heat_residual", "J m-2", "change of its heat that no flux explains",
        surface->change - surface->brought);
  }
  if (!model.book()) return figures;
  for (const auto& scheme : model.suite().energies()) {
    add("energy_brought_" + scheme.scheme, "J m-2",
        "energy that fluxes of '" + scheme.scheme + "' brought since the start", scheme.brought);
  }
  add("energy_residual", "J m-2", "change of energy since the start that no flux explains",
      model.energy_unexplained(now));
  for (const auto& [name, value] : energy_shares(model)) {
    add("energy_residual_" + name, "J m-2", "of the energy residual: " + name, value);
  }
  if (model.angle() != 0) return figures;
  add("angular_momentum", "kg s-1", "angular momentum about the axis", now.angular_momentum);
  add("angular_momentum_brought", "kg s-1", "brought since the start by the stress at the ground, evaporation and rain",
      model.book()->torque());
  add("angular_momentum_residual", "kg s-1", "change of angular momentum since the start that none of these explains",
      model.angular_momentum_unexplained(now));
  for (const auto& [name, value] : angular_momentum_shares(model)) {
    add("angular_momentum_residual_" + name, "kg s-1", "of the residual of angular momentum: " + name, value);
  }
  return figures;
}

/// A share of what no flux explains, in words: that of a process, or of a scheme.
std::string words_of(const std::string& share) {
  static const std::map<std::string, std::string> processes = {{"dynamics", "of it in the dynamics"},
                                                               {"remap", "of it in the vertical remap"},
                                                               {"physics", "of it where the dynamics take up physics"},
                                                               {"correction", "of it by the energy correction"},
                                                               {"earlier", "of it before these shares were counted"}};
  const auto known = processes.find(share);
  return known == processes.end() ? "of it in scheme " + share : known->second;
}

std::string budget_table(const Model& model, const Budgets& now) {
  std::string table = "Budgets since the start, means over the globe:\n";
  const double seconds = model.elapsed_s();
  const auto row = [&](const std::string& name, double value, const char* unit) {
    char text[160];
    std::snprintf(text, sizeof text, "  %-46s %12.4g %s\n", name.c_str(), value, unit);
    if (std::isfinite(value)) table += text;
  };
  const bool shallow = model.dycore().options().shallow_water();
  row(shallow ? "depth, change" : "dry air, change", now.mass / model.budgets_at_start().mass - 1, "of it");
  if (model.has_water() && model.suite().knows_its_water()) {
    row("water, change", model.water_of(now) - model.water_of(model.budgets_at_start()), "kg m-2");
    row("  evaporation less precipitation", model.suite().water_brought(), "kg m-2");
  }
  row("water, change that no flux explains", model.water_imbalance(now), "of it");
  if (seconds == 0) return table;
  const char* watts = shallow ? "m3 s-3" : "W m-2";
  row("energy, change", (model.energy_of(now) - model.energy_of(model.budgets_at_start())) / seconds, watts);
  for (const auto& scheme : model.suite().energies()) {
    if (scheme.brought != 0) row("  brought by " + scheme.scheme, scheme.brought / seconds, watts);
  }
  row("energy, change that no flux explains", model.energy_residual(now) / seconds, watts);
  if (const auto surface = model.suite().surface_heat()) {
    row("heat of the surface, change", surface->change / seconds, watts);
    row("  brought by its fluxes", surface->brought / seconds, watts);
    row("heat of the surface, change that no flux explains", (surface->change - surface->brought) / seconds, watts);
  }
  if (!model.book() && model.energy_corrected() != 0) {
    row("  " + words_of("correction"), model.energy_corrected() / seconds, watts);
  }
  if (!model.book()) return table;
  const auto rows = [&](const Shares& shares, const char* unit) {
    for (const auto& [name, share] : shares) {
      if (name != "earlier" || share != 0) row("  " + words_of(name), share / seconds, unit);
    }
  };
  rows(energy_shares(model), watts);
  if (model.angle() != 0) return table;
  const double momentum = now.angular_momentum - model.budgets_at_start().angular_momentum;
  row("angular momentum, change", momentum / seconds, "kg s-2");
  row("  brought by stress, evaporation and rain", model.book()->torque() / seconds, "kg s-2");
  row("angular momentum, change that no flux explains", model.angular_momentum_unexplained(now) / seconds, "kg s-2");
  rows(angular_momentum_shares(model), "kg s-2");
  return table;
}

}  // namespace meridian
