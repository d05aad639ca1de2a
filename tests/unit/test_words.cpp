// Words that kernels declare, and those that they move: a build with MERIDIAN_COUNT_ACCESSES (preset cpu-count) sees each load
// and store.

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "driver/model.hpp"
#include "grid/loop.hpp"
#include "tests/access_count/access_count.hpp"

namespace meridian::test {
namespace {

namespace tools = Kokkos::Tools::Experimental;

/// Of all launches of a kernel.
struct Moved {
  Words declared, counted;
};
using MovedByKernel = std::map<std::string, Moved>;

/// What kernels declare, and move in arrays that are allocated while it exists. One at a time.
class WordCount {
 public:
  explicit WordCount(const Block& block)
      : ny_(block.ny),
        nx_(block.nx),
        plane_{static_cast<std::size_t>(ny_ + 2 * halo_width + 1), static_cast<std::size_t>(nx_ + 2 * halo_width),
               halo_width, static_cast<std::size_t>(ny_), static_cast<std::size_t>(nx_)} {
    require(Kokkos::DefaultExecutionSpace().concurrency() == 1, ExitCode::configuration,
            "Words are counted on one thread: set OMP_NUM_THREADS=1.");
    active_ = this;
    tools::set_allocate_data_callback(note_array);
    tools::set_deallocate_data_callback(drop_array);
  }
  ~WordCount() {
    tools::set_allocate_data_callback(nullptr);
    tools::set_deallocate_data_callback(nullptr);
    forget_all_arrays();
    active_ = nullptr;
  }
  WordCount(const WordCount&) = delete;
  WordCount& operator=(const WordCount&) = delete;

  /// Of what 'work' launches. Points in the halo do not count, neither as declared nor as counted.
  template <class Work>
  MovedByKernel of(const Work& work) {
    const LaunchLog log;
    moved_.clear();
    set_callbacks(begin, end);
    work();
    set_callbacks(nullptr, nullptr);
    for (const Launch& launch : log.launches()) {
      double points = launch.n_k;
      if (launch.n_j > 0) points *= std::min(launch.n_j, ny_) * std::min(launch.n_i, nx_);
      Words& declared = moved_[launch.kernel.name].declared;
      declared.read += launch.kernel.read * points;
      declared.written += launch.kernel.written * points;
    }
    return moved_;
  }

 private:
  static void set_callbacks(Kokkos_Profiling_beginFunction begin, Kokkos_Profiling_endFunction end) {
    tools::set_begin_parallel_for_callback(begin);
    tools::set_end_parallel_for_callback(end);
    tools::set_begin_parallel_reduce_callback(begin);
    tools::set_end_parallel_reduce_callback(end);
  }
  /// A callback gets the address of what Kokkos stores in front of the values.
  static const void* values_behind(const void* header) {
    return static_cast<const char*>(header) + sizeof(Kokkos::Impl::SharedAllocationHeader);
  }
  static void note_array(Kokkos::Tools::SpaceHandle, const char* label, const void* header, std::uint64_t bytes) {
    const std::string_view name = label;
    const bool is_row_factor =
        bytes <= sizeof(double) * active_->plane_.rows || name == "polar_filter_rows" || name == "polar_filter_weights";
    if (!is_row_factor) count_array(values_behind(header), bytes, active_->plane_);
  }
  static void drop_array(Kokkos::Tools::SpaceHandle, const char*, const void* header, std::uint64_t) {
    forget_array(values_behind(header));
  }
  static void begin(const char* name, std::uint32_t, std::uint64_t*) {
    active_->name_ = name;
    begin_counting();
  }
  static void end(std::uint64_t) {
    const Words words = end_counting();
    Words& counted = active_->moved_[active_->name_].counted;
    counted.read += words.read;
    counted.written += words.written;
  }

  static inline WordCount* active_ = nullptr;
  int ny_, nx_;
  Plane plane_;
  std::string name_;
  MovedByKernel moved_;
};

double all(const Words& words) { return words.read + words.written; }
bool differ(double declared, double counted) { return std::abs(declared - counted) > 0.05 * counted; }

/// Halos are priced with the messages.
bool counts(std::string_view kernel) { return !kernel.starts_with("grid/halo"); }

/// A line for each kernel that has more than a hundredth of the traffic and declares more than 5 % too much or too little, and
/// one for the sum; words per cell.
std::string wrong_declarations(const MovedByKernel& kernels, double cells) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2);
  Words declared, counted;
  for (const auto& [name, moved] : kernels) {
    if (!counts(name)) continue;
    declared.read += moved.declared.read, declared.written += moved.declared.written;
    counted.read += moved.counted.read, counted.written += moved.counted.written;
  }
  const auto add = [&](const std::string& name, const Words& d, const Words& c) {
    text << name << ": declared " << d.read / cells << " + " << d.written / cells << ", counted " << c.read / cells
         << " + " << c.written / cells << '\n';
  };
  for (const auto& [name, m] : kernels) {
    const bool is_large = std::max(all(m.declared), all(m.counted)) > 0.01 * all(counted);
    if (counts(name) && is_large && differ(all(m.declared), all(m.counted))) {
      add(name, m.declared, m.counted);
    }
  }
  if (differ(all(declared), all(counted))) add("the sum", declared, counted);
  return text.str();
}

/// Steps a case, in both orders of the tracers' sweeps.
std::string wrong_declarations_of(const std::string& name, std::vector<std::string> settings) {
  settings.insert(settings.end(), {"log.format=none", "output.streams=[]"});
  const Case c = read_case(name, settings);
  WordCount count(make_block(c.grid.n_lon, c.grid.n_lat, {1, 1}, MPI_COMM_SELF));
  Model model(c, "output", "", MPI_COMM_SELF);
  model.start_without_output();
  const int steps = 2 * c.dycore.remap_every;
  const MovedByKernel kernels = count.of([&] {
    for (int n = 0; n < steps; ++n) model.advance();
  });
  const double cells = static_cast<double>(c.grid.n_lon) * c.grid.n_lat * model.fields().get(field::xwind).n_levels();
  return wrong_declarations(kernels, cells * steps);
}

const std::vector<std::string> coarse = {"grid.n_lon=48", "grid.n_lat=16"};
std::vector<std::string> operator+(std::vector<std::string> settings, const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

TEST(Words, of_a_hydrostatic_step_are_declared) {
  EXPECT_EQ(wrong_declarations_of("held_suarez", coarse + std::vector<std::string>{"dycore.sponge=0.5"}), "");
}
TEST(Words, of_other_schemes_of_the_dynamics_are_declared) {
  EXPECT_EQ(wrong_declarations_of("polvani_scott_thomas", coarse), "");
  EXPECT_EQ(wrong_declarations_of(
                "ullrich_wave", coarse + std::vector<std::string>{"dycore.vorticity_flux=een", "dycore.time_scheme=rk3",
                                                                  "dycore.remap_reference_k=200"}),
            "");
}
TEST(Words, of_a_shallow_water_step_are_declared) {
  EXPECT_EQ(wrong_declarations_of("williamson_6", {"grid.n_lon=96", "grid.n_lat=96", "dycore.dt_s=200"}), "");
}
TEST(Words, of_tracers_are_declared) {
  EXPECT_EQ(wrong_declarations_of("dcmip_11", coarse + std::vector<std::string>{"grid.levels='equal_height:20,12000'"}),
            "");
  EXPECT_EQ(wrong_declarations_of("terminator", coarse), "");
}
TEST(Words, of_moist_suites_are_declared) {
  for (const char* name : {"aquaplanet_betts_miller", "moist_held_suarez", "moist_baroclinic_wave"}) {
    EXPECT_EQ(wrong_declarations_of(name, coarse), "") << name;
  }
}

// ---- the count itself ----

void add_twice(const Kernel& kernel, const Box& box, const Field<Cell>& a, const Field<Cell>& b) {
  for_each(kernel, box, KOKKOS_LAMBDA(int k, int j, int i) { a(k, j, i) += b(k, j, i - 1) + b(k, j, i + 1); });
}
void copy_through_pointers(const Kernel& kernel, const Field<Cell>& from, const Array1<Real>& to) {
  const int count = static_cast<int>(to.extent(0));
  const Real* const source = &from(0, 0, 0);
  Real* const target = to.data();
  for_range(kernel, count, KOKKOS_LAMBDA(int n) { target[n] = source[n]; });
}
void sum_up(const Kernel& kernel, const Box& box, const Field<Cell>& f, const Field<Cell>& sum) {
  march_down(
      kernel, box,
      KOKKOS_LAMBDA(int k, int j, int i) { sum(k, j, i) = k == 0 ? f(k, j, i) : sum(k - 1, j, i) + f(k, j, i); });
}
void square_twice(const Kernel& kernel, const Box& box, const Field<Cell>& f) {
  const auto square = KOKKOS_LAMBDA(int k, int j, int i) { f(k, j, i) *= f(k, j, i); };
  for_each_column_in_passes(kernel, box, downward(box, square), upward(box, square));
}

TEST(WordCount, sees_wrong_declarations_and_no_others) {
  const Block block = make_block(48, 24, {1, 1}, MPI_COMM_SELF);
  WordCount count(block);
  const int n_k = 4;
  const auto a = make_field<Cell>("a", block, n_k), b = make_field<Cell>("b", block, n_k);
  const Array1<Real> line("line", 48);
  const MovedByKernel kernels = count.of([&] {
    const Box cells = block.cells(n_k);
    add_twice({"right", 2, 1}, cells, a, b);
    add_twice({"in the halo, too", 2, 1}, block.cells_with_halo(n_k, 2), a, b);
    add_twice({"too few", 1, 1}, cells, a, b);
    add_twice({"too many", 3, 1}, cells, a, b);
    add_twice("undeclared", cells, a, b);
    copy_through_pointers({"pointers", 1, 1}, a, line);
    sum_up({"march", 1, 1}, cells, a, b);
    square_twice({"passes", 2, 2}, cells, a);
    square_twice({"one of two passes", 1, 1}, cells, a);
  });
  const std::string wrong = wrong_declarations(kernels, static_cast<double>(block.nx) * block.ny * n_k);
  EXPECT_EQ(wrong,
            "one of two passes: declared 1.00 + 1.00, counted 2.00 + 2.00\n"
            "too few: declared 1.00 + 1.00, counted 2.00 + 1.00\n"
            "too many: declared 3.00 + 1.00, counted 2.00 + 1.00\n"
            "undeclared: declared 0.00 + 0.00, counted 2.00 + 1.00\n"
            "the sum: declared 12.01 + 8.01, counted 15.01 + 10.01\n");
  EXPECT_EQ(all(kernels.at("pointers").counted), 2 * 48);
}

}  // namespace
}  // namespace meridian::test
