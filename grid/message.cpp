#include "grid/message.hpp"

#include <dlfcn.h>

namespace meridian {

std::string mpi_takes_device_memory() {
  using Query = int();
  using QueryOfKind = int(int, int*);
  const auto find = [](const char* name) { return dlsym(RTLD_DEFAULT, name); };
  bool asked = false;
  for (const char* name : {"MPIX_Query_cuda_support", "MPIX_Query_rocm_support"}) {
    const auto query = reinterpret_cast<Query*>(find(name));
    asked = asked || query;
    if (query && query() == 1) return "yes";
  }
  if (const auto query = reinterpret_cast<QueryOfKind*>(find("MPIX_GPU_query_support"))) {
    for (int kind = 0; kind < 3; ++kind) {  // CUDA, Level Zero, HIP
      int supported = 0;
      asked = true;
      if (query(kind, &supported) == MPI_SUCCESS && supported) return "yes";
    }
  }
  return asked ? "no" : "unknown";
}

Requests::~Requests() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized) return;
  for (MPI_Request& request : requests_) MPI_Request_free(&request);
}

void Requests::start() { MPI_Startall(static_cast<int>(requests_.size()), requests_.data()); }

void Requests::wait() { MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE); }

}  // namespace meridian
