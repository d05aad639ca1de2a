// `meridian check`: everything that a run would refuse, and what it costs.

#include <cmath>
#include <cstdio>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "driver/model.hpp"
#include "driver/progress.hpp"
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

CheckReport check_case(const Case& given) {
  // On fewer ranks than the layout has, the layout is checked by itself and the rest on the ranks that there are.
  Case c = given;
  int n_ranks = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const Layout asked{std::max(1, c.parallel.ranks_lon), std::max(1, c.parallel.ranks_lat)};
  const bool elsewhere = asked.ranks_lon * asked.ranks_lat > n_ranks;
  if (elsewhere) {
    require_layout(c.grid.n_lon, c.grid.n_lat, asked, asked.ranks_lon * asked.ranks_lat);
    c.parallel.ranks_lon = c.parallel.ranks_lat = 0;
  }
  Model model(c, "output", "");  // throws what a run would refuse
  model.start_without_output();
  const Block& block = model.grid().block;
  const DynamicsSummary s = model.dycore().summary();
  const double cells = static_cast<double>(block.n_lon) * block.n_lat * model.grid().n_levels();
  const double points = static_cast<double>(block.nx) * block.ny * model.grid().n_levels();  // of this rank
  const double words = model.dycore().words_per_cell() + model.suite().words() / points;
  const double field_bytes = words * sizeof(Real) * points;
  const double stream_bytes = model.streams().bytes_in_memory();
  const double state_words = c.dycore.shallow_water() ? 3 : 4;
  // A restart set is read back field by field (two copies as doubles), then its checksum in pieces of 16 MiB.
  const double copy_bytes =
      std::max(2 * sizeof(double) * points, std::min(16.0 * 1048576, state_words * sizeof(Real) * points));
  const double bytes = field_bytes + stream_bytes + copy_bytes;
  double total_bytes = 0;
  MPI_Allreduce(&bytes, &total_bytes, 1, MPI_DOUBLE, MPI_SUM, block.world);
  const double days = static_cast<double>(model.last_step()) * model.clock().step_seconds() / seconds_per_day;
  const double output_bytes = model.streams().bytes_per_day(model.clock()) * days;
  const double restart_bytes = state_words * sizeof(Real) * cells * std::max(1, c.restart.keep);
  // This process is the program with all of the model in it: what is not of the model is the program.
  const double program_bytes = std::max(0.0, largest_memory_bytes() - field_bytes - stream_bytes);

  nlohmann::ordered_json json = {
      {"case", c.name},
      {"file", c.file},
      {"grid", {{"n_lon", block.n_lon}, {"n_lat", block.n_lat}, {"levels", model.grid().n_levels()}}},
      {"ranks", {{"lon", block.layout.ranks_lon}, {"lat", block.layout.ranks_lat}}},
      {"steps", model.last_step()},
      {"days", days},
      {"dt_s", model.clock().step_seconds()},
      {"courant", s.largest_courant},
      {"courant_limit", courant_limit(c)},
      {"max_wind_m_per_s", s.largest_wind},
      {"memory_words_per_cell", words},
      {"memory_bytes_per_rank", bytes},
      {"memory_bytes_of_all_ranks", total_bytes},
      {"memory_bytes_of_fields", field_bytes},
      {"memory_bytes_of_streams", stream_bytes},
      {"memory_bytes_of_program", program_bytes},
      {"output_bytes", output_bytes},
      {"restart_bytes", restart_bytes},
      {"free_bytes", static_cast<double>(free_bytes("."))}};
  const std::string warning = courant_warning(c, s);
  if (!warning.empty()) json["warning"] = warning;
  if (elsewhere) json["layout"] = {{"lon", asked.ranks_lon}, {"lat", asked.ranks_lat}};
  char text[2000];
  std::snprintf(text, sizeof text,
                "Case %s (%s) is in order.\n"
                "  grid      %d x %d x %d = %.4g cells on %d x %d ranks\n"
                "  time      %ld steps of %g s, %g days\n"
                "  Courant   %.2f with the wind of the initial state (%.1f m/s); limit about %.2f\n"
                "  memory    %.1f MiB per rank, %.4g MiB in all: fields %.1f MiB (%.1f words per cell), output streams "
                "%.1f MiB, copies while writing %.1f MiB; and the program itself on each, here %.0f MiB\n"
                "  disk      output %.1f MiB uncompressed, restart sets %.1f MiB; free here %.0f MiB\n",
                c.name.c_str(), c.file.c_str(), block.n_lon, block.n_lat, model.grid().n_levels(), cells,
                block.layout.ranks_lon, block.layout.ranks_lat, model.last_step(), model.clock().step_seconds(), days,
                s.largest_courant, s.largest_wind, courant_limit(c), bytes / 1048576, total_bytes / 1048576,
                field_bytes / 1048576, words, stream_bytes / 1048576, copy_bytes / 1048576, program_bytes / 1048576,
                output_bytes / 1048576, restart_bytes / 1048576, static_cast<double>(free_bytes(".")) / 1048576);
  const std::string layout =
      elsewhere ? "  layout    " + std::to_string(asked.ranks_lon) + " x " + std::to_string(asked.ranks_lat) +
                      " ranks fit this grid; memory and halos " + "above are those of the ranks here\n"
                : "";
  return {text + layout + (warning.empty() ? "" : "  WARNING   " + warning + "\n"), json.dump(2)};
}

}  // namespace meridian
