#pragma once
// Series of kernels that are launched again and again: recorded once, then replayed with one launch.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "grid/base.hpp"
#if defined(KOKKOS_ENABLE_CUDA) || defined(KOKKOS_ENABLE_HIP)
#include <Kokkos_Graph.hpp>
#endif

namespace meridian {

inline constexpr bool on_device =
    !Kokkos::SpaceAccessibility<Kokkos::DefaultHostExecutionSpace, DeviceMemory>::accessible;

/// On devices a graph of the back end, which saves the launches; on hosts a list, which saves nothing and shows that a replay
/// gives the same bits. Only kernels are recorded: no messages, no copies, no work of the host between them.
class LaunchGraph {
 public:
  /// Does what work() does: calls it at first, as its kernels may need set-up, then records it, and replays it from then on. Its
  /// kernels must get the same arguments every time; there is a recording for each 'variant', an address that they depend on.
  template <class Work>
  void run(const void* variant, const Work& work) {
    Recording& recording = recordings_[variant];
    if (++recording.calls == 1) return work();
    if (recording.calls == 2) record(recording, work);
    replay(recording);
  }

  /// Launches a kernel, or on hosts notes it in the recording under way.
  template <class Policy, class Functor>
  static void launch(const char* name, const Policy& policy, const Functor& functor) {
    if constexpr (!on_device) {
      if (under_way_ != nullptr) {
        under_way_->push_back([=] { Kokkos::parallel_for(name, policy, functor); });
        return;
      }
    }
    Kokkos::parallel_for(name, policy, functor);
  }

 private:
  using List = std::vector<std::function<void()>>;
#if defined(KOKKOS_ENABLE_CUDA) || defined(KOKKOS_ENABLE_HIP)
  struct Recording {
    int calls = 0;
    std::optional<Kokkos::Experimental::Graph<Device>> graph;
  };
  template <class Work>
  static void record(Recording& recording, const Work& work) {
    const auto captured = [&work](const Device&) { work(); };
    recording.graph = Kokkos::Experimental::create_graph(Device(), [&](const auto& root) {
#ifdef KOKKOS_ENABLE_CUDA
      root.cuda_capture(Device(), captured);
#else
      root.hip_capture(Device(), captured);
#endif
    });
    recording.graph->instantiate();
  }
  static void replay(const Recording& recording) { recording.graph->submit(Device()); }
#else
  struct Recording {
    int calls = 0;
    List kernels;
  };
  template <class Work>
  static void record(Recording& recording, const Work& work) {
    under_way_ = &recording.kernels;
    const std::shared_ptr<void> at_the_end(nullptr, [](void*) { under_way_ = nullptr; });  // also where work() throws
    work();
  }
  static void replay(const Recording& recording) {
    for (const auto& kernel : recording.kernels) kernel();
  }
#endif

  static inline List* under_way_ = nullptr;
  std::map<const void*, Recording> recordings_;
};

}  // namespace meridian
