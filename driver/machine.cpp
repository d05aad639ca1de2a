#include "driver/machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "io/config.hpp"
#include "io/yaml.hpp"

namespace meridian {

namespace {

namespace fs = std::filesystem;

constexpr double share_of_copy = 0.85;     // that kernels reach
constexpr double share_of_network = 0.85;  // that messages reach
constexpr double exposed_computing = 0.1;  // boundary strips, packing: not overlapped with messages
constexpr double phases_of_exchange = 2;   // west and east, then south and north

std::string machines_folder() {
  std::error_code ignored;
  const char* data = std::getenv("MERIDIAN_DATA_DIR");
  const std::string own = data ? std::string(data) + "/machines" : "";
  return fs::is_directory(own, ignored) ? own : MERIDIAN_SOURCE_DIR "/machines";
}

std::string known_machines() {
  std::string names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(machines_folder(), ignored)) {
    if (entry.path().extension() == ".yaml") names += (names.empty() ? "" : ", ") + entry.path().stem().string();
  }
  return names.empty() ? "none" : names;
}

double seconds(const LinkTraffic& traffic, const MachineModel& machine) {
  return traffic.node.bytes / (1e9 * machine.node_link_gb_per_s) +
         traffic.network.bytes / (1e9 * share_of_network * machine.network_gb_per_s);
}

/// Latency [s] of one message of this traffic, 0 without messages.
double latency(const LinkTraffic& traffic, const MachineModel& machine) {
  if (traffic.network.messages > 0) return 1e-6 * machine.latency_us;
  return traffic.node.messages > 0 ? 1e-6 * machine.node_latency_us : 0;
}

}  // namespace

void MachineModel::visit(OptionVisitor& option) {
  option.real("copy_gb_per_s", copy_gb_per_s, "GB s-1", {1, 1e6}, "bandwidth of a copy in the memory of a device");
  option.real("memory_gb", memory_gb, "GB", {0.01, 1e6}, "memory of a device");
  option.real("node_link_gb_per_s", node_link_gb_per_s, "GB s-1", {0.1, 1e6},
              "usable bandwidth between devices of a node");
  option.real("network_gb_per_s", network_gb_per_s, "GB s-1", {0.01, 1e6}, "bandwidth of the network for each device");
  option.real("latency_us", latency_us, "us", {0, 1e6}, "of a message over the network");
  option.real("node_latency_us", node_latency_us, "us", {0, 1e6},
              "of a message within a node; latency_us unless given");
  option.integer("ranks_per_node", ranks_per_node, "1", {1, 1024}, "devices of a node");
  option.real("price_per_hour", price_per_hour, "1", {0, 1e6}, "of a device, in any currency");
  option.real("fixed_us", fixed_us, "us", {0, 1e6}, "what starting the kernels of a step costs");
  for (const char* key :
       {"copy_gb_per_s", "memory_gb", "node_link_gb_per_s", "network_gb_per_s", "latency_us", "ranks_per_node"}) {
    if (!option.given(key) && !option.shows_alternatives()) {
      option.problem(key, std::string("'") + key + "' is missing; 'model' of a machine file needs it.");
    }
  }
  if (!option.given("node_latency_us")) node_latency_us = latency_us;
}

MachineModel read_machine(const std::string& name_or_path) {
  const fs::path path(name_or_path);
  const bool bare = name_or_path.find('/') == std::string::npos && path.extension() != ".yaml";
  const std::string file = bare ? machines_folder() + "/" + name_or_path + ".yaml" : name_or_path;
  std::ifstream stream(file, std::ios::binary);
  require(stream.is_open(), ExitCode::missing_input, "There is no machine file '", file, "'. Name one of machines/ (",
          known_machines(), ") or give the path of a YAML file.");
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  Problems problems;
  Node root = parse_yaml(text, file, problems);
  const Entry* model = root.find("model");
  if (problems.empty() && (model == nullptr || model->value.kind != Node::Kind::map)) {
    problems.add({{file, 1, 1}, "The machine file has no group 'model', which the scaling model needs.", "", 1});
  }
  problems.throw_if_any();
  Node group;
  group.kind = Node::Kind::map;
  group.location = model->location;
  group.entries = model->value.entries;
  MachineModel machine;
  Reader reader(group, problems);
  machine.visit(reader);
  Describer describer;
  MachineModel().visit(describer);
  reader.report_unknown_keys(describer.options());
  problems.throw_if_any();
  machine.name = path.stem().string();
  return machine;
}

double StepTime::total() const { return std::max(compute, halo) + exposed_computing * compute + filter + fixed; }

StepTime step_time(const MachineModel& machine, const RankCost& cost, double exchanges, double gathers) {
  StepTime time;
  time.compute = cost.words * sizeof(Real) / (1e9 * share_of_copy * machine.copy_gb_per_s);
  time.halo = exchanges * phases_of_exchange * latency(cost.halo, machine) + seconds(cost.halo, machine);
  time.filter = gathers * latency(cost.filter, machine) + seconds(cost.filter, machine);
  time.fixed = 1e-6 * machine.fixed_us;
  return time;
}

}  // namespace meridian
