#pragma once
// Messages between ranks: memory that MPI is given, and requests that are made once and started in every step.

#include <mpi.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "grid/loop.hpp"

namespace meridian {

/// Whether MPI takes pointers to device memory, "yes", "no" or "unknown": asked of the library itself, where it has a function that
/// says so (Open MPI since 2.0: MPIX_Query_cuda_support, since 5.0 MPIX_Query_rocm_support; MPICH since 4.0:
/// MPIX_GPU_query_support).
std::string mpi_takes_device_memory();

/// Numbers on the device that MPI sends or receives; staged: through a copy in host memory, pinned where there is a GPU.
template <class T>
class MessageBuffer {
 public:
  /// Room for so many numbers. True where they have moved, so that requests made before are stale.
  bool reserve(std::size_t count, bool staged) {
    if (device_.extent(0) >= count) return false;
    device_ = Array1<T>("message", count);
    if (staged) staged_ = Staged("message_on_host", count);
    return true;
  }
  const Array1<T>& device() const { return device_; }
  T* for_mpi() const { return staged_.extent(0) > 0 ? staged_.data() : device_.data(); }
  void to_host(std::size_t count) const { copy(staged_, device_, count); }
  void to_device(std::size_t count) const { copy(device_, staged_, count); }

 private:
#ifdef KOKKOS_HAS_SHARED_HOST_PINNED_SPACE
  using HostMemory = Kokkos::SharedHostPinnedSpace;
#else
  using HostMemory = Kokkos::HostSpace;
#endif
  using Staged = Kokkos::View<T*, HostMemory>;
  template <class To, class From>
  void copy(const To& to, const From& from, std::size_t count) const {
    if (staged_.extent(0) == 0 || count == 0) return;
    const auto range = std::make_pair(std::size_t{0}, count);
    Kokkos::deep_copy(Kokkos::subview(to, range), Kokkos::subview(from, range));
  }

  Array1<T> device_;
  Staged staged_;
};

/// Persistent requests that are started together. Freed with this object.
class Requests {
 public:
  Requests() = default;
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;
  ~Requests();

  bool empty() const { return requests_.empty(); }
  template <class T>
  void add_send(T* data, std::size_t count, int rank, int tag, MPI_Comm communicator) {
    MPI_Send_init(data, static_cast<int>(count), type_of<T>(), rank, tag, communicator, &requests_.emplace_back());
  }
  template <class T>
  void add_receive(T* data, std::size_t count, int rank, int tag, MPI_Comm communicator) {
    MPI_Recv_init(data, static_cast<int>(count), type_of<T>(), rank, tag, communicator, &requests_.emplace_back());
  }
  void start();
  void wait();

 private:
  template <class T>
  static MPI_Datatype type_of() {
    static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>);
    return sizeof(T) == 8 ? MPI_DOUBLE : MPI_FLOAT;
  }
  std::vector<MPI_Request> requests_;
};

}  // namespace meridian
