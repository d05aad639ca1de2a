#include "driver/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

namespace meridian {

namespace {

double seconds_between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

std::string duration_text(double seconds) {
  char text[64];
  const long s = std::lround(seconds);
  if (s >= 86400) {
    std::snprintf(text, sizeof text, "%ldd%02ldh", s / 86400, s / 3600 % 24);
  } else if (s >= 3600) {
    std::snprintf(text, sizeof text, "%ldh%02ldm", s / 3600, s / 60 % 60);
  } else {
    std::snprintf(text, sizeof text, "%ldm%02lds", s / 60, s % 60);
  }
  return text;
}

double drift(double now, double start) { return start == 0 ? 0 : now / start - 1; }

}  // namespace

double largest_memory_bytes() {  // getrusage would count what the parent held before exec
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return 0;
}

Progress::Progress(const LogOptions& options, Model& model, const std::string& log)
    : options_(options),
      model_(model),
      log_(log),
      speaks_(model.grid().block.rank == 0),
      on_terminal_(options.format == "line" || (options.format == "auto" && isatty(STDERR_FILENO))),
      begin_(std::chrono::steady_clock::now()),
      after_first_step_(begin_),
      last_report_(begin_),
      first_step_(model.clock().step()) {}

bool Progress::look() {
  const Dycore& dycore = model_.dycore();
  const bool floats = model_.is_floating() && !dycore.options().shallow_water();
  if (floats) layers_ = model_.dycore().summary();
  const bool waits = dycore.tracer_step_is_open(model_.clock().step()) ||
                     (!dycore.options().shallow_water() && dycore.remap_every() > 1 && !layers_);
  if (floats || waits) return false;
  report();
  layers_.reset();
  return true;
}

bool Progress::due() const {
  return speaks_ && seconds_between(last_report_, std::chrono::steady_clock::now()) >= options_.every_s;
}

Budgets Progress::report() {
  const auto now = std::chrono::steady_clock::now();
  last_report_ = now;
  if (!first_step_done_) {  // the first step pays for first use; speed is measured from its end
    first_step_done_ = true;
    after_first_step_ = now;
    first_step_ = model_.clock().step();
  }
  const DynamicsSummary s = model_.dycore().summary();
  const bool knows_layers = layers_ || model_.dycore().remap_every() == 1;
  const DynamicsSummary layers = layers_.value_or(s);
  const Budgets b = model_.dycore().budgets();
  ++reports_;
  const Clock& clock = model_.clock();
  const bool told = std::exchange(last_told_, clock.step()) == clock.step();
  if (!speaks_ || told) return b;
  const double wall = seconds_between(after_first_step_, now);
  const double steps = static_cast<double>(clock.step() - first_step_);
  const double years_per_day = wall > 0 ? steps * clock.step_seconds() / (365 * wall) : 0;
  const double remaining = static_cast<double>(model_.last_step() - clock.step());
  const double eta = steps > 0 ? remaining * wall / steps : 0;
  const double last = static_cast<double>(std::max(1L, model_.last_step()));
  const double percent = model_.last_step() == 0 ? 100 : 100.0 * static_cast<double>(clock.step()) / last;
  const Budgets& start = model_.budgets_at_start();
  const auto known = [](bool is_known, double value) {
    return is_known ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
  };
  const bool shallow = model_.dycore().options().shallow_water();
  const double elapsed = model_.elapsed_s();
  const bool has_imbalance = !shallow && elapsed > 0, has_momentum = !shallow && model_.angle() == 0;
  const double imbalance = has_imbalance ? (b.energy - start.energy) / elapsed : 0;
  const double momentum = drift(b.angular_momentum, start.angular_momentum);
  nlohmann::ordered_json tracers = nlohmann::ordered_json::object();
  const double water = model_.water_imbalance(b);
  const double residual = has_imbalance ? model_.energy_residual(b) / elapsed : 0;
  const double correction = has_imbalance ? model_.energy_corrected() / elapsed : 0;
  const bool whole = !model_.dycore().tracer_step_is_open(clock.step());
  for (std::size_t n = 0; n < b.tracers.size(); ++n) {
    tracers[model_.dycore().transport().names()[n]] = known(whole, drift(b.tracers[n], start.tracers[n]));
  }
  const double booked =
      elapsed - clock.step_seconds() * static_cast<double>(clock.step() % model_.dycore().remap_every());
  const auto rates = [&](const auto& shares_of) {
    nlohmann::ordered_json rates;
    if (!model_.book() || booked == 0) return rates;
    for (const auto& [name, share] : shares_of(model_)) rates[name] = share / booked;
    return rates;
  };
  const nlohmann::ordered_json line = {
      {"date", iso_text(clock.date())},
      {"step", clock.step()},
      {"percent", percent},
      {"simulated_years_per_day", known(steps > 0, years_per_day)},
      {"eta_s", known(steps > 0, eta)},
      {"max_wind_m_per_s", s.largest_wind},
      {"courant", s.largest_courant},
      {"thinnest_layer_ratio", known(knows_layers, layers.thinnest_layer)},
      {"thickest_layer_ratio", known(knows_layers, layers.thickest_layer)},
      {"mass_drift", drift(b.mass, start.mass)},
      {"energy_drift", drift(b.energy, start.energy)},
      {"energy_imbalance_w_per_m2", known(has_imbalance, imbalance)},
      {"angular_momentum_drift", known(has_momentum, momentum)},
      {"tracer_mass_drift", tracers},
      {"water_imbalance", known(whole && std::isfinite(water), water)},
      {"energy_residual_w_per_m2", known(has_imbalance && std::isfinite(residual), residual)},
      {"energy_correction_w_per_m2", known(has_imbalance, correction)},
      {"energy_residual_shares_w_per_m2", rates(energy_shares)},
      {"angular_momentum_residual_shares_kg_per_s2", rates(angular_momentum_shares)}};
  std::ofstream(log_ + "/progress.jsonl", std::ios::app) << line.dump() << '\n';
  if (options_.format == "none") return b;
  if (on_terminal_) {
    say_line(percent, years_per_day, reports_ > 2 ? eta : -1, s, drift(b.mass, start.mass));
  } else {
    std::cerr << line.dump() << std::endl;
  }
  return b;
}

void Progress::say_line(double percent, double years_per_day, double eta, const DynamicsSummary& s, double mass_drift) {
  const bool terminal = isatty(STDERR_FILENO);
  std::fprintf(stderr, "%s%s %5.1f %% | %8.2f years/day | ETA %s | wind %5.1f m/s | CFL %4.2f | mass %+.1e%s",
               terminal ? "\r" : "", iso_text(model_.clock().date()).c_str(), percent, years_per_day,
               eta < 0 ? "--" : duration_text(eta).c_str(), s.largest_wind, s.largest_courant, mass_drift,
               terminal ? "\x1b[K" : "\n");
}

void Progress::finish(bool stopped) {
  const Budgets budgets = report();
  if (!speaks_) return;
  if (on_terminal_ && options_.format != "none" && isatty(STDERR_FILENO)) std::fputc('\n', stderr);
  const double wall = seconds_between(begin_, std::chrono::steady_clock::now());
  std::ostringstream table;
  char text[160];
  const auto row = [&](const std::string& name, double seconds) {
    std::snprintf(text, sizeof text, "  %-34s %10.2f s %6.1f %%\n", name.c_str(), seconds, 100 * seconds / wall);
    table << text;
  };
  table << "Time on rank 0:\n";
  double known = 0;
  double outside_dynamics = 0;
  for (const auto& [name, seconds] : model_.timers().seconds()) {
    row(name, seconds);
    known += seconds;
    if (name == "output" || name == "restart") outside_dynamics += seconds;
    if (name != "physics") continue;
    for (const auto& scheme : model_.suite().times()) row("  of it " + scheme.scheme, scheme.seconds);
  }
  row("everything else", wall - known);
  row("sum", wall);
  const double simulated = static_cast<double>(model_.clock().step() - first_step_) * model_.clock().step_seconds();
  const double measured = seconds_between(after_first_step_, std::chrono::steady_clock::now());
  if (simulated > 0 && measured > outside_dynamics) {
    std::snprintf(text, sizeof text, "Simulated years per day: %.2f with output, %.2f without\n",
                  simulated / (365 * measured), simulated / (365 * (measured - outside_dynamics)));
    table << text;
  } else {
    table << "Simulated years per day: not measured, too short a run\n";
  }
  std::snprintf(text, sizeof text, "Memory of rank 0, largest: %.0f MiB\n", largest_memory_bytes() / 1048576);
  table << text;
  std::ofstream(log_ + "/timing.txt") << table.str();
  table << budget_table(model_, budgets);
  std::cerr << table.str() << (stopped ? "Stopped cleanly at " : "Finished at ") << iso_text(model_.clock().date())
            << ", step " << model_.clock().step() << std::endl;
}

}  // namespace meridian
