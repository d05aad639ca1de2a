#include "driver/doctor.hpp"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "driver/version.hpp"
#include "grid/base.hpp"
#include "grid/device.hpp"
#include "grid/error.hpp"
#include "grid/loop.hpp"
#include "grid/message.hpp"
#include "io/netcdf.hpp"
#include "io/run_directory.hpp"

namespace meridian {
namespace {

using SteadyTime = std::chrono::steady_clock;
constexpr double gib = 1073741824.0;

double seconds_since(SteadyTime::time_point begin) {
  return std::chrono::duration<double>(SteadyTime::now() - begin).count();
}

/// One thing that was looked at.
struct Finding {
  std::string name, value;      // for people
  nlohmann::ordered_json data;  // for programs
  ExitCode code = ExitCode::done;
};

/// A number with three digits and a unit.
Finding figure(const std::string& name, double value, double scale, const char* unit, ExitCode code = ExitCode::done) {
  char text[80];
  std::snprintf(text, sizeof text, "%.3g %s", value / scale, unit);
  return {name, text, value, code};
}

/// Bytes read and written per second by copies in device memory, of all ranks at once; the best of ten. 0 where a copy
/// differs.
double copy_bandwidth() {
  const std::size_t n = (on_device ? 256 : 64) * 1048576 / sizeof(double);
  const Kokkos::View<double*, DeviceMemory> from("doctor/from", n), to("doctor/to", n);
  Kokkos::deep_copy(from, 1.5);
  double best = 1e300;
  for (int n_try = 0; n_try < 10; ++n_try) {
    Kokkos::fence();
    MPI_Barrier(MPI_COMM_WORLD);
    const auto begin = SteadyTime::now();
    Kokkos::deep_copy(to, from);
    Kokkos::fence();
    best = std::min(best, seconds_since(begin));
  }
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), to);
  const bool same = std::all_of(host.data(), host.data() + n, [](double x) { return x == 1.5; });
  double bandwidth = same ? 2 * sizeof(double) * static_cast<double>(n) / best : -HUGE_VAL;
  MPI_Allreduce(MPI_IN_PLACE, &bandwidth, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return std::max(0.0, bandwidth);
}

/// Smallest step of the clock that times the model [s].
double clock_resolution() {
  double smallest = 1e300;
  for (int n_try = 0; n_try < 100; ++n_try) {
    const auto begin = SteadyTime::now();
    double step = 0;
    while (step == 0) step = seconds_since(begin);
    smallest = std::min(smallest, step);
  }
  return smallest;
}

/// Bytes per second of a collective write of 16 MiB a rank, to the disk; throws input_output where it fails, bad_data where
/// something else is read back.
double write_bandwidth(const std::string& directory, int rank, int n_ranks) {
  const std::size_t n = 2 * 1048576;
  const std::size_t first = n * static_cast<std::size_t>(rank);
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = std::sqrt(static_cast<double>(first + i));
  long pid = getpid();
  MPI_Bcast(&pid, 1, MPI_LONG, 0, MPI_COMM_WORLD);
  const std::string path = directory + "/meridian_doctor_" + std::to_string(pid) + ".nc";
  const double bytes = static_cast<double>(n * sizeof(double)) * n_ranks;
  MPI_Barrier(MPI_COMM_WORLD);
  const auto begin = SteadyTime::now();
  {
    NetcdfWriter writer(path, MPI_COMM_WORLD);
    writer.require_space(bytes);
    writer.add_dimension("x", n * static_cast<std::size_t>(n_ranks));
    writer.add_variable("values", NumberType::float64, {"x"});
    writer.end_definitions();
    writer.write("values", {first}, {n}, values);
    writer.close();
  }
  const double seconds = seconds_since(begin);
  int same = NetcdfReader(path, MPI_COMM_WORLD).read("values", {first}, {n}) == values ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  std::error_code ignored;
  if (rank == 0) std::filesystem::remove(path, ignored);
  require(same, ExitCode::bad_data, "What ", n_ranks, " ranks wrote to ", path, " is read back differently.");
  return bytes / seconds;
}

/// The largest number of ranks that share one GPU; 0 on host back ends.
int ranks_per_gpu(const DeviceInfo& device, int n_ranks) {
  if (!on_device) return 0;
  char host[200] = "";
  gethostname(host, sizeof host - 1);
  char mine[256] = "";
  std::snprintf(mine, sizeof mine, "%s %.40s", host, device.identity.c_str());
  std::vector<char> all(sizeof mine * static_cast<std::size_t>(n_ranks));
  MPI_Allgather(mine, sizeof mine, MPI_CHAR, all.data(), sizeof mine, MPI_CHAR, MPI_COMM_WORLD);
  std::map<std::string, int> count;
  int most = 0;
  for (int r = 0; r < n_ranks; ++r)
    most = std::max(most, ++count[all.data() + sizeof mine * static_cast<std::size_t>(r)]);
  return most;
}

std::string text_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& f : findings) {
    text += f.name + std::string(f.name.size() < 24 ? 24 - f.name.size() : 1, ' ') + f.value +
            (f.code == ExitCode::done ? "" : "   NOT USABLE") + "\n";
  }
  return text;
}

}  // namespace

int doctor(const std::string& directory, bool json) {
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const BuildInfo& build = build_info();
  const DeviceInfo device = device_info();
  const auto fit = [](bool good, ExitCode code) { return good ? ExitCode::done : code; };
  std::vector<Finding> findings;
  const auto say = [&](const char* name, std::string_view value) {
    findings.push_back({name, std::string(value), value});
  };
  say("program", "Meridian " + std::string(build.version) + ", commit " + std::string(build.commit));
  say("compiler", build.compiler);
  say("kokkos", std::string(build.kokkos) + ", " + std::string(build.backend));
  say("precision", build.precision);
  say("mpi", build.mpi);
  say("mpi_gpu_aware", mpi_takes_device_memory());
  say("netcdf", build.netcdf);
  findings.push_back({"ranks", std::to_string(n_ranks), n_ranks});
  say("device", device.name.empty() ? "unknown" : device.name);
  if (const int shared = ranks_per_gpu(device, n_ranks); shared > 0) {
    findings.push_back({"ranks_per_gpu", std::to_string(shared) + (shared > 1 ? ": ranks share a GPU" : ""), shared});
  }
  findings.push_back(figure("device_memory", device.memory_bytes, gib, "GiB"));
  findings.push_back(figure("device_memory_free", device.free_bytes, gib, "GiB"));
  const double copy = copy_bandwidth();
  findings.push_back(figure("copy_bandwidth", copy, 1e9, "GB/s", fit(copy > 0, ExitCode::system)));
  const double tick = clock_resolution();
  findings.push_back(figure("clock_resolution", tick, 1e-9, "ns", fit(tick < 1e-5, ExitCode::system)));
  const auto free = static_cast<double>(free_bytes(directory));
  findings.push_back(figure("disk_free", free, gib, "GiB", fit(free > gib, ExitCode::input_output)));
  try {
    findings.push_back(figure("parallel_write", write_bandwidth(directory, rank, n_ranks), 1e6, "MB/s"));
  } catch (const Error& error) {
    if (n_ranks > 1) throw;  // the other ranks may wait for this one
    findings.push_back({"parallel_write", error.what(), nullptr, error.code()});
  }
  const auto bad =
      std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return f.code != ExitCode::done; });
  if (rank == 0) {
    nlohmann::ordered_json record, unusable = nlohmann::ordered_json::array();
    for (const Finding& f : findings) {
      record[f.name] = f.data;
      if (f.code != ExitCode::done) unusable.push_back(f.name);
    }
    record["not_usable"] = unusable;
    std::cout << (json ? record.dump(2) + "\n" : text_of(findings)) << std::flush;
  }
  return static_cast<int>(bad == findings.end() ? ExitCode::done : bad->code);
}

}  // namespace meridian
