#pragma once
// A machine: one short YAML file that says how a run is started there. docs/how_to/port_to_a_machine.md explains each key.

#include <string>
#include <vector>

#include "grid/options.hpp"
#include "io/config.hpp"

namespace meridian {

/// 'model:' of a machine file; of one rank, that is one device.
struct MachineModel {
  std::string name;          // of the machine
  double copy_gb_per_s = 0;  // bandwidth of a copy in memory, read and written
  double memory_gb = 0;      // of the device
  double node_link_gb_per_s = 0, network_gb_per_s = 0;
  double latency_us = 0, node_latency_us = 0;  // of a message over the network, and within a node
  double price_per_hour = 0;
  double fixed_us = 40;  // of a step: what starting its kernels costs

  void visit(OptionVisitor& option);
};

struct Machine {
  std::string name;  // of the file, without folder and ending
  std::string file;

  std::string description;
  std::string preset = "this";       // whose build/<preset>/meridian runs
  std::vector<std::string> modules;  // of 'module load'
  std::string launcher = "mpirun -n {ranks}";
  int nodes = 1;
  int ranks_per_node = 0;  // 0: as many as this computer has cores for
  int threads_per_rank = 1;
  std::string gpu_binding = "none";
  std::string scratch = "runs";
  std::string scheduler = "none";
  std::vector<std::string> header;
  bool has_model = false;
  MachineModel model;  // for the prices of 'meridian check'

  void visit(OptionVisitor& option);
  bool is_slurm() const { return scheduler == "slurm"; }
  /// The ranks that fill a node.
  int full_node() const;
};

/// Reads a machine: a bare name in the project's machines/, anything with '/' or '.yaml' as a path. Throws
/// ConfigurationError with all mistakes at once, missing_input, no_permission.
Machine read_machine(const std::string& name_or_path);

/// Keys of a machine file, with the values of this machine as defaults.
std::vector<OptionInfo> options_of(Machine machine);

}  // namespace meridian
