#include "driver/machine.hpp"

#include <algorithm>
#include <regex>
#include <thread>

#include "driver/named_file.hpp"

namespace meridian {

void MachineModel::visit(OptionVisitor& option) {
  option.real("copy_gb_per_s", copy_gb_per_s, "GB s-1", {1, 1e6}, "bandwidth of a copy in the memory of a device");
  option.real("memory_gb", memory_gb, "GB", {0.01, 1e6}, "memory of a device");
  option.real("node_link_gb_per_s", node_link_gb_per_s, "GB s-1", {0.1, 1e6},
              "usable bandwidth between devices of a node");
  option.real("network_gb_per_s", network_gb_per_s, "GB s-1", {0.01, 1e6}, "bandwidth of the network for each device");
  option.real("latency_us", latency_us, "us", {0, 1e6}, "of a message over the network");
  option.real("node_latency_us", node_latency_us, "us", {0, 1e6},
              "of a message within a node; latency_us unless given");
  option.real("price_per_hour", price_per_hour, "1", {0, 1e6}, "of a device, in any currency");
  option.real("fixed_us", fixed_us, "us", {0, 1e6}, "what starting the kernels of a step costs");
  for (const char* key : {"copy_gb_per_s", "memory_gb", "node_link_gb_per_s", "network_gb_per_s", "latency_us"}) {
    if (!option.given(key) && !option.shows_alternatives()) {
      option.problem(key, std::string("'") + key + "' is missing; 'model' of a machine file needs it.");
    }
  }
  if (!option.given("node_latency_us")) node_latency_us = latency_us;
}

void Machine::visit(OptionVisitor& option) {
  static constexpr std::string_view presets[] = {"this",       "cpu",       "cpu-debug",      "fp32",
                                                 "portable",   "cuda-h100", "cuda-h100-fp32", "cuda-a100",
                                                 "hip-mi300a", "hip-mi250x"};
  static constexpr std::string_view bindings[] = {"none", "local_rank"};
  static constexpr std::string_view schedulers[] = {"none", "slurm"};
  option.text("description", description, "one line of text", "what this machine is");
  option.word("preset", preset, presets,
              "whose build/PRESET/meridian runs, built by scripts/build PRESET; this: the program itself");
  option.texts("modules", modules, "names of 'module avail'", "what 'module load' brings before a run");
  option.text("launcher", launcher, "a command with {ranks}; {nodes}, {ranks_per_node} and {threads} may be used, too",
              "what starts the ranks, in front of the program");
  option.integer("nodes", nodes, "1", {1, 1e6}, "nodes there are");
  option.integer("ranks_per_node", ranks_per_node, "1", {0, 1e4},
                 "ranks that fill a node: with GPUs one each; 0: cores of this computer / threads_per_rank");
  option.integer("threads_per_rank", threads_per_rank, "1", {1, 1024}, "OpenMP threads, and cores, of a rank");
  option.word("gpu_binding", gpu_binding, bindings,
              "local_rank: rank n of a node takes the n-th GPU of its node; none: all see all GPUs");
  option.text("scratch", scratch, "a folder; $NAME is taken from the environment", "run directories are made here");
  option.word("scheduler", scheduler, schedulers, "slurm: jobs go through sbatch; none: runs start at once");
  option.texts("header", header, "lines of a shell script", "put at the top of the job: partition, account, exports");
  has_model = option.given("model");
  if (has_model || option.shows_alternatives()) option.group("model", model, "of one rank, for the scaling model");
  static const std::regex hole(R"(\{([a-z_]*)\})");
  for (auto found = std::sregex_iterator(launcher.begin(), launcher.end(), hole); found != std::sregex_iterator();
       ++found) {
    static const std::vector<std::string> known = {"ranks", "nodes", "ranks_per_node", "threads"};
    if (std::find(known.begin(), known.end(), found->str(1)) != known.end()) continue;
    option.problem("launcher", "'launcher' has " + found->str() +
                                   "; it must be one of {ranks}, {nodes}, {ranks_per_node}, {threads}");
  }
  if (launcher.find("{ranks}") == std::string::npos) {
    option.problem("launcher", "'launcher' = " + launcher + " must say where the number of ranks goes, as {ranks}");
  }
}

int Machine::full_node() const {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return ranks_per_node > 0 ? ranks_per_node : std::max(1, cores / threads_per_rank);
}

Machine read_machine(const std::string& name_or_path) {
  const NamedFile source = find_named_file("machine", name_or_path);
  Problems problems;
  const Node root = parse_yaml(source.text, source.file, problems, "machine");
  Machine machine;
  Reader reader(root, problems);
  machine.visit(reader);
  reader.report_unknown_keys(options_of({}));
  problems.throw_if_any();
  machine.name = source.name;
  machine.file = source.file;
  machine.model.name = source.name;
  return machine;
}

std::vector<OptionInfo> options_of(Machine machine) {
  Describer describer;
  machine.visit(describer);
  return describer.options();
}

}  // namespace meridian
