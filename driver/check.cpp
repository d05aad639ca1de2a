// `meridian check`: everything that a run would refuse, and what it costs.

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "driver/machine.hpp"
#include "driver/model.hpp"
#include "driver/progress.hpp"
#include "driver/scaling.hpp"
#include "grid/device.hpp"
#include "grid/launch_graph.hpp"
#include "io/run_directory.hpp"

namespace meridian {

double courant_limit(const Case& c) {
  return c.dycore.time_scheme == "rk3" ? 0.61 : c.dycore.shallow_water() ? 1.0 : 1.25;
}

std::string courant_warning(const Case& c, const DynamicsSummary& state) {
  if (state.largest_courant <= courant_limit(c)) return "";
  std::ostringstream words;
  words << std::setprecision(2) << std::fixed << "The Courant number is " << state.largest_courant
        << ", above the limit of this scheme, about " << courant_limit(c)
        << ": expect the run to fail; a shorter 'dycore.dt_s' is the cure.";
  return words.str();
}

double restart_bytes(const Case& c, int n_levels) {
  const double words = (c.dycore.shallow_water() ? 3 : 4) + static_cast<double>(c.tracers.size());
  const int sets = c.restart.every == "never" ? 1 : std::max(1, c.restart.keep);
  return words * sizeof(Real) * sets * c.grid.n_lon * c.grid.n_lat * n_levels;
}

std::vector<std::string> setting_warnings(const Case& c) {
  std::vector<std::string> warnings;
  if (c.planet.rotation_axis_tilt_degrees != 0 && !c.physics.empty() && !c.physics.uses_tracers_only()) {
    warnings.emplace_back(
        "'planet.rotation_axis_tilt_degrees' tilts the rotation and the initial state; "
        "the schemes of 'physics.suite' keep the latitudes of the grid.");
  }
  const double own = c.boundary.topography == "flat" ? 0 : c.initial.highest_ground_m(c.planet);
  if (own > 1) {
    std::ostringstream words;
    words << "'boundary.topography' replaces the ground of 'initial.name' = " << c.initial.name() << ", up to "
          << std::lround(own) << " m high: the state is not in balance with it.";
    warnings.push_back(words.str());
  }
  if (c.dycore.shallow_water()) {
    for (const char* key : {"grid.levels", "dycore.remap_every", "dycore.remap_reference_k"}) {
      const bool remaps = std::string_view(key) != "dycore.remap_every" || c.tracers.empty();
      if (c.origins.contains(key) && remaps) {
        warnings.push_back("'" + std::string(key) + "' has no effect: shallow water is one layer.");
      }
    }
  } else if (!c.dycore.column()) {
    const VerticalCoordinate levels = levels_of(c);
    const double thickness = levels.pressure(1, c.planet.reference_pressure_pa);
    if (levels.top_pressure() == 0 && thickness > 300) {
      std::ostringstream words;
      words << "The layer at the top of 'grid.levels' reaches from 0 to " << thickness / 100
            << " hPa: the vertical remap mixes it with the next, and the energy of the air drifts by some "
            << std::setprecision(1) << 2e-4 * thickness
            << " W m-2; levels that begin above 0 Pa, such as L26, do not, nor do L60, L91 and L137.";
      warnings.push_back(words.str());
    }
  }
  return warnings;
}

std::string disk_warning(double bytes_to_write, const std::string& directory) {
  const auto free = static_cast<double>(free_bytes(directory));
  if (bytes_to_write <= free) return "";
  std::ostringstream words;
  words << std::setprecision(1) << std::fixed << "Output and restart sets may take " << bytes_to_write / 1048576
        << " MiB, and '" << directory << "' has " << free / 1048576
        << " MiB left: expect the run to end with a full disk; "
           "fewer or coarser 'output.streams', a smaller 'restart.keep' or another --run-dir is the cure.";
  return words.str();
}

namespace {

using Json = nlohmann::ordered_json;

/// Costs over the ranks of a layout: in sum, and of the rank that has most of each.
struct Costs {
  Layout layout;
  int n_ranks = 1;
  double memory_bytes = 0, words = 0;
  Traffic halo, filter, others;
  RankCost most_memory, most_words, slowest_halo, slowest_filter;
};

/// Links are compared by their time on the machine; without one, whose node holds all ranks, by bytes.
Costs costs_of(const Plan& plan, const Layout& layout, const MachineModel& machine, int ranks_per_node) {
  Costs costs;
  costs.layout = layout;
  costs.n_ranks = layout.ranks_lon * layout.ranks_lat;
  double halo = -1, filter = -1;
  for (int rank = 0; rank < costs.n_ranks; ++rank) {
    RankCost cost = plan.cost_of(layout, rank, ranks_per_node);
    const StepTime time = step_time(machine, cost, plan.exchanges(), plan.filter_exchanges());
    const double bytes = cost.memory_bytes();
    costs.memory_bytes += bytes;
    costs.words += cost.words;
    costs.halo += cost.halo.all();
    costs.filter += cost.filter.all();
    costs.others += cost.others.all();
    if (bytes > costs.most_memory.memory_bytes()) costs.most_memory = cost;
    if (cost.words > costs.most_words.words) costs.most_words = cost;
    if (time.halo > halo) costs.slowest_halo = cost;
    if (time.filter > filter) costs.slowest_filter = cost;
    halo = std::max(halo, time.halo);
    filter = std::max(filter, time.filter);
  }
  return costs;
}

/// The fewest ranks from 'fewest' on whose largest share of the memory fits; 0 where none do.
int ranks_that_fit(const Plan& plan, Case c, double memory_bytes, int fewest) {
  c.parallel = {};
  for (int n = std::max(1, fewest); n <= 65536; ++n) {
    if (allowed_layouts(c.grid.n_lon, c.grid.n_lat, n).empty()) continue;
    const Layout layout = layout_of(c, n);
    double most = 0;  // the largest blocks are not all at the same end: all are looked at, but not for long
    for (int rank = 0; rank < n && most <= memory_bytes; ++rank) {
      most = std::max(most, plan.cost_of(layout, rank, n).memory_bytes());
    }
    if (most <= memory_bytes) return n;
  }
  return 0;
}

Json json_of(const Traffic& most, const Traffic& sum) {
  return {{"messages", {{"largest", most.messages}, {"sum", sum.messages}}},
          {"bytes", {{"largest", most.bytes}, {"sum", sum.bytes}}}};
}

Json json_of(const LinkTraffic& traffic) {
  return {{"node_messages", traffic.node.messages},
          {"node_bytes", traffic.node.bytes},
          {"network_messages", traffic.network.messages},
          {"network_bytes", traffic.network.bytes}};
}

Json json_of(const std::vector<Share>& shares) {
  Json json = Json::object();
  for (const Share& share : shares) json[share.name] = share.amount;
  return json;
}

/// What a mean step costs, for programs.
Json step_json(const Plan& plan, const Costs& costs) {
  const double exchanges = std::max(plan.exchanges(), 1e-300);
  Json halo = json_of(costs.slowest_halo.halo.all(), costs.halo);
  halo["bytes_per_exchange"] = {{"largest", costs.slowest_halo.halo.all().bytes / exchanges},
                                {"sum", costs.halo.bytes / exchanges}};
  halo["largest_rank"] = json_of(costs.slowest_halo.halo);
  Json filter = json_of(costs.slowest_filter.filter.all(), costs.filter);
  filter["exchanges"] = plan.filter_exchanges();
  filter["largest_rank"] = json_of(costs.slowest_filter.filter);
  return {{"bytes_per_word", sizeof(Real)},
          {"kernels", plan.launches()},
          {"words_per_cell", sum_of(plan.words_per_cell())},
          {"words_per_cell_by_kernel", json_of(plan.words_per_cell())},
          {"words_of_largest_rank", costs.most_words.words},
          {"words_of_all_ranks", costs.words},
          {"exchanges", plan.exchanges()},
          {"halo", halo},
          {"filter", filter},
          {"other_gathers",
           {{"messages_of_all_ranks", costs.others.messages}, {"bytes_of_all_ranks", costs.others.bytes}}}};
}

std::string line(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string line(const char* format, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

/// "12 B", "3.4 kB", "5.6 MB".
std::string bytes_text(double bytes) {
  const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  int n = 0;
  for (; bytes >= 1000 && n < 4; ++n) bytes /= 1000;
  return line(n == 0 ? "%.0f %s" : "%.3g %s", bytes, units[n]);
}

/// The largest shares: "mass 12 MB, u 12 MB".
std::string largest_of(const std::vector<Share>& shares, std::size_t count) {
  std::string text;
  for (std::size_t n = 0; n < std::min(count, shares.size()); ++n) {
    text += (n == 0 ? "" : ", ") + shares[n].name + " " + bytes_text(shares[n].amount);
  }
  return text;
}

std::string step_text(const Plan& plan, const Costs& costs) {
  const Traffic halo = costs.slowest_halo.halo.all(), filter = costs.slowest_filter.filter.all();
  std::string text =
      line("  step      %.4g words per cell read or written by %.4g kernels, %s in all\n",
           sum_of(plan.words_per_cell()), plan.launches(), bytes_text(costs.words * sizeof(Real)).c_str());
  if (costs.n_ranks == 1)
    return text + line("  messages  none on one rank; %.4g exchanges of halos\n", plan.exchanges());
  text += line("  messages  a step and rank, at most: %.4g exchanges of halos, %.4g messages, %s; %s in all\n",
               plan.exchanges(), halo.messages, bytes_text(halo.bytes).c_str(), bytes_text(costs.halo.bytes).c_str());
  return text + line("            polar filter: %.4g exchanges, %.4g messages, %s; %s in all\n",
                     plan.filter_exchanges(), filter.messages, bytes_text(filter.bytes).c_str(),
                     bytes_text(costs.filter.bytes).c_str());
}

/// The scaling model's answer.
struct Speed {
  StepTime time;
  double years_per_day = 0;
  int ranks_that_fit = 0;
};

Speed speed_of(const Plan& plan, const Costs& costs, const MachineModel& machine, const Case& c) {
  Speed speed;
  const auto of = [&](const RankCost& cost) {
    return step_time(machine, cost, plan.exchanges(), plan.filter_exchanges());
  };
  speed.time = {of(costs.most_words).compute, of(costs.slowest_halo).halo, of(costs.slowest_filter).filter,
                1e-6 * machine.fixed_us};
  speed.years_per_day = c.dycore.dt_s / (speed.time.total() * 365);
  return speed;
}

Json machine_json(const Speed& speed, const MachineModel& machine, int n_ranks) {
  const double total = speed.time.total();
  return {{"name", machine.name},
          {"memory_bytes_per_device", 1e9 * machine.memory_gb},
          {"fewest_ranks_by_memory", speed.ranks_that_fit},
          {"compute_s", speed.time.compute},
          {"halo_s", speed.time.halo},
          {"filter_s", speed.time.filter},
          {"fixed_s", speed.time.fixed},
          {"step_s", total},
          {"simulated_years_per_day", speed.years_per_day},
          {"price_of_a_year", machine.price_per_hour * 24 * n_ranks / speed.years_per_day}};
}

std::string machine_text(const Speed& speed, const MachineModel& machine, int n_ranks) {
  const StepTime& t = speed.time;
  return line(
             "  speed     %.3g simulated years per day on %d devices of %s by the scaling model: a step takes %.3g ms "
             "(computing %.3g, halos %.3g, filter %.3g, start of kernels %.3g)\n",
             speed.years_per_day, n_ranks, machine.name.c_str(), 1e3 * t.total(), 1e3 * t.compute, 1e3 * t.halo,
             1e3 * t.filter, 1e3 * t.fixed) +
         line(
             "            memory of a device %.4g GB: %d or more of them hold the case; price of a simulated year "
             "%.4g\n",
             machine.memory_gb, speed.ranks_that_fit, machine.price_per_hour * 24 * n_ranks / speed.years_per_day);
}

void require_memory(const Plan& plan, const Costs& costs, const MachineModel& machine, const Case& c, int fitting) {
  const double device = 1e9 * machine.memory_gb, most = costs.most_memory.memory_bytes();
  require(most <= device, ExitCode::configuration, "The case does not fit: on ", costs.layout.ranks_lon, " x ",
          costs.layout.ranks_lat, " ranks one needs ", bytes_text(most), " (", largest_of(costs.most_memory.memory, 3),
          "); a device of '", machine.name, "' has ", bytes_text(device), ". ",
          fitting > 0 ? "Use " + std::to_string(fitting) + " or more ranks (--ranks), or a coarser grid."
                      : "Use a coarser grid than " + std::to_string(c.grid.n_lon) + " x " +
                            std::to_string(c.grid.n_lat) + " x " + std::to_string(plan.n_levels()) + ".");
}

/// What the state on the grid itself tells; without it, what the plan's small grid does.
struct Start {
  double courant = 0, largest_wind = 0, output_bytes = 0;
  long steps = 0;
  double program_bytes = 0;  // of this process beyond the model's memory; 0 where nothing was allocated
};

double amount_of(const std::vector<Share>& shares, std::string_view name) {
  const auto share = std::ranges::find(shares, name, &Share::name);
  return share == shares.end() ? 0 : share->amount;
}

Start start_of(const Plan& plan, const Case& c, bool allocates) {
  if (!allocates) return {plan.courant(), plan.largest_wind(), plan.output_bytes(), plan.steps(), 0};
  Model model(c, "output", "");  // throws what a run would refuse
  model.start_without_output();
  const DynamicsSummary s = model.dycore().summary();
  const double days = static_cast<double>(model.last_step()) * model.clock().step_seconds() / seconds_per_day;
  const Block& block = model.grid().block;
  const RankCost cost = plan.cost_of(block.layout, block.rank, block.n_ranks);
  const double not_yet = amount_of(cost.memory, "copies while writing");
  // This process is the program with all of the model in it but those copies: what is not of the model is the program.
  return {s.largest_courant, s.largest_wind, model.streams().bytes_per_day(model.clock()) * days, model.last_step(),
          std::max(0.0, largest_memory_bytes() - (cost.memory_bytes() - not_yet))};
}

}  // namespace

std::string room_warning(double bytes_per_rank, MPI_Comm world) {
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  double bytes = bytes_per_rank;
  if (!on_device) MPI_Allreduce(&bytes_per_rank, &bytes, 1, MPI_DOUBLE, MPI_SUM, node);
  MPI_Comm_free(&node);
  const double free = device_info().free_bytes;
  if (free == 0 || bytes <= free) return "";
  return "The fields need " + bytes_text(bytes) + (on_device ? " of a device" : " on this machine") + ", which has " +
         bytes_text(free) + " free: use more machines, or a coarser grid.";
}

CheckReport check_case(const Case& given, const CheckOptions& options) {
  Case c = given;
  int here = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &here);
  const bool column = c.dycore.column();
  const int asked = std::max(1, c.parallel.ranks_lon) * std::max(1, c.parallel.ranks_lat);
  const int n_ranks = options.ranks > 0 ? options.ranks : std::max(asked, here);
  const Layout layout = layout_of(c, n_ranks);
  c.output.require_ranks(n_ranks);
  require_graph(c, n_ranks);

  const Plan plan(c);
  MachineModel machine;
  int ranks_per_node = n_ranks;
  if (options.machine.empty()) {
    machine.copy_gb_per_s = machine.node_link_gb_per_s = machine.network_gb_per_s = 1;
  } else {
    const Machine known = read_machine(options.machine);
    require(known.has_model, ExitCode::configuration, "The machine file '", known.file,
            "' has no group 'model', which the scaling model needs.");
    machine = known.model;
    ranks_per_node = known.full_node();
  }
  const Costs costs = costs_of(plan, layout, machine, ranks_per_node);
  const bool is_here = options.ranks == 0 && options.machine.empty() && n_ranks == here;
  const std::string no_room = is_here ? room_warning(costs.most_memory.memory_bytes(), MPI_COMM_WORLD) : "";
  const bool allocates = is_here && no_room.empty();
  Speed speed;
  if (!options.machine.empty()) {
    speed = speed_of(plan, costs, machine, c);
    const double device = 1e9 * machine.memory_gb;
    const double whole = column ? 0 : plan.cost_of(Layout{}, 0, 1).memory_bytes();
    speed.ranks_that_fit = column ? 1 : ranks_that_fit(plan, c, device, static_cast<int>(0.8 * whole / device));
    require_memory(plan, costs, machine, c, speed.ranks_that_fit);
  }
  const Start s = start_of(plan, c, allocates);

  const int n_levels = plan.n_levels();
  const double cells = static_cast<double>(c.grid.n_lon) * c.grid.n_lat * n_levels;
  const double days = static_cast<double>(s.steps) * c.dycore.dt_s / seconds_per_day;
  const double sets = restart_bytes(c, n_levels);
  const RankCost& most = costs.most_memory;
  const double bytes = most.memory_bytes(), streams = amount_of(most.memory, "output streams");
  const double copies = amount_of(most.memory, "copies while writing");
  const double fields = bytes - streams - copies;
  const double rank_cells = static_cast<double>(most.block.nx) * most.block.ny * n_levels;
  const double words = fields / sizeof(Real) / rank_cells;

  Json json = {{"case", c.name},
               {"file", c.file},
               {"grid", {{"n_lon", c.grid.n_lon}, {"n_lat", c.grid.n_lat}, {"levels", n_levels}}},
               {"ranks", {{"lon", layout.ranks_lon}, {"lat", layout.ranks_lat}}},
               {"largest_block", {{"n_lon", costs.most_words.block.nx}, {"n_lat", costs.most_words.block.ny}}},
               {"allocated", allocates},
               {"steps", s.steps},
               {"days", days},
               {"dt_s", c.dycore.dt_s},
               {"courant", s.courant},
               {"courant_limit", courant_limit(c)},
               {"max_wind_m_per_s", s.largest_wind},
               {"memory_words_per_cell", words},
               {"memory_bytes_per_rank", bytes},
               {"memory_bytes_of_all_ranks", costs.memory_bytes},
               {"memory_bytes_of_fields", fields},
               {"memory_bytes_of_streams", streams},
               {"memory_bytes_of_program", s.program_bytes},
               {"memory_by_consumer", json_of(most.memory)},
               {"step", step_json(plan, costs)},
               {"output_bytes", s.output_bytes},
               {"restart_bytes", sets},
               {"free_bytes", static_cast<double>(free_bytes("."))}};
  if (!options.machine.empty()) json["machine"] = machine_json(speed, machine, n_ranks);
  DynamicsSummary summary;
  summary.largest_courant = s.courant;
  std::vector<std::string> all = setting_warnings(c);
  all.insert(all.end(), {plan.start_file_warning(), courant_warning(c, summary), no_room,
                         disk_warning(s.output_bytes + sets, ".")});
  std::string warnings;
  for (const std::string& warning : all) {
    if (warning.empty()) continue;
    json["warnings"].push_back(warning);
    warnings += "  WARNING   " + warning + "\n";
  }

  std::string text =
      line("Case %s (%s) is in order.\n", c.name.c_str(), c.file.c_str()) +
      line("  grid      %d x %d x %d = %.4g cells on %d x %d ranks\n", c.grid.n_lon, c.grid.n_lat, n_levels, cells,
           layout.ranks_lon, layout.ranks_lat) +
      line("  time      %ld steps of %g s, %g days\n", s.steps, c.dycore.dt_s, days) +
      line("  Courant   %.2f with the wind of the initial state%s (%.1f m/s); limit about %.2f\n", s.courant,
           allocates ? "" : " on a coarse grid", s.largest_wind, courant_limit(c)) +
      line(
          "  memory    %.1f MiB per rank, %.4g MiB in all: fields %.1f MiB (%.1f words per cell), output streams "
          "%.1f MiB, copies while writing %.1f MiB",
          bytes / 1048576, costs.memory_bytes / 1048576, fields / 1048576, words, streams / 1048576, copies / 1048576) +
      (allocates ? line("; and the program itself on each, here %.0f MiB\n", s.program_bytes / 1048576) : "\n") +
      "            largest   " + largest_of(most.memory, 6) + "\n" + step_text(plan, costs) +
      line("  disk      output %.1f MiB uncompressed, restart sets %.1f MiB; free here %.0f MiB\n",
           s.output_bytes / 1048576, sets / 1048576, static_cast<double>(free_bytes(".")) / 1048576);
  if (!options.machine.empty()) text += machine_text(speed, machine, n_ranks);
  if (!allocates) text += "  small     nothing of this size was allocated: the case was tried on a small grid\n";
  return {text + warnings, json.dump(2)};
}

}  // namespace meridian
