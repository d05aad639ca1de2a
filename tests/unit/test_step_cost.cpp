// What a step asks of a device, counted by the callbacks of Kokkos Tools: kernels, and nothing else.

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <string_view>

#include "tests/support/dynamics_run.hpp"

namespace meridian::test {
namespace {

struct Count {
  int kernels = 0, fences = 0, copies = 0, allocations = 0;
};
Count count;

void count_kernel(const char*, std::uint32_t, std::uint64_t*) { ++count.kernels; }
void count_fence(const char* name, std::uint32_t, std::uint64_t*) {
  count.fences += std::string_view(name).find("Tool Fence") == std::string_view::npos;  // not those of counting
}
void count_copy(Kokkos::Tools::SpaceHandle, const char*, const void*, Kokkos::Tools::SpaceHandle, const char*,
                const void*, std::uint64_t) {
  ++count.copies;
}
void count_allocation(Kokkos::Tools::SpaceHandle, const char*, const void*, std::uint64_t) { ++count.allocations; }

/// What 'work' asks for.
template <class Work>
Count counted(const Work& work) {
  namespace tools = Kokkos::Tools::Experimental;
  count = {};
  tools::set_begin_parallel_for_callback(count_kernel);
  tools::set_begin_parallel_reduce_callback(count_kernel);
  tools::set_begin_fence_callback(count_fence);
  tools::set_begin_deep_copy_callback(count_copy);
  tools::set_allocate_data_callback(count_allocation);
  work();
  tools::set_begin_parallel_for_callback(nullptr);
  tools::set_begin_parallel_reduce_callback(nullptr);
  tools::set_begin_fence_callback(nullptr);
  tools::set_begin_deep_copy_callback(nullptr);
  tools::set_allocate_data_callback(nullptr);
  return count;
}

/// Of 12 steps, after four that may allocate.
Count of_steps(DynamicsRun& run) {
  for (int n = 0; n < 4; ++n) run.step();
  return counted([&] {
    for (int n = 0; n < 12; ++n) run.step();
  });
}

// On hosts the slow tendencies take four levels at a time, on devices all: a grid of four levels has the count of a device, but
// for the carries of the polar filter, six kernels a step that devices do not have.
TEST(StepCost, a_hydrostatic_step_is_at_most_46_kernels_and_nothing_else) {
  DycoreOptions options;
  options.dt_s = 1200;
  options.remap_every = 4;
  DynamicsRun run(options, {{"name", "rest"}}, alone(48, 24), Planet(), read_levels("sigma:4", 1e5));
  const Count steps = of_steps(run);
  EXPECT_LE(steps.kernels, 12 * 46);  // 40 on devices
  EXPECT_GE(steps.kernels, 12 * 30);  // it does count
  EXPECT_EQ(steps.fences, 0);
  EXPECT_EQ(steps.copies, 0);
  EXPECT_EQ(steps.allocations, 0);
}

TEST(StepCost, a_shallow_water_step_is_at_most_41_kernels_and_nothing_else) {
  DycoreOptions options;
  options.equations = "shallow_water";
  options.dt_s = 300;
  DynamicsRun run(options, {{"name", "rotation"}}, alone(48, 24), Planet(), single_layer());
  const Count steps = of_steps(run);
  EXPECT_LE(steps.kernels, 12 * 41);
  EXPECT_GE(steps.kernels, 12 * 20);
  EXPECT_EQ(steps.fences, 0);
  EXPECT_EQ(steps.copies, 0);
  EXPECT_EQ(steps.allocations, 0);
}

TEST(StepCost, a_fence_a_copy_and_an_allocation_are_noticed) {
  const Count some = counted([] {
    const Array1<Real> a("a", 8), b("b", 8);
    Kokkos::deep_copy(a, b);
    Kokkos::fence("here");
  });
  EXPECT_EQ(some.allocations, 2);
  EXPECT_EQ(some.copies, 1);
  EXPECT_GE(some.fences, 1);
}

}  // namespace
}  // namespace meridian::test
