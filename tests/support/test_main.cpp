// Starts MPI and Kokkos around GoogleTest.
//   --source=test_field   only the tests written in test_field.cpp; no such test is a failure
// Under mpirun rank 0 reports; the other ranks speak only about failures. One failed rank fails the program.
#include <gtest/gtest.h>
#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace {

class FailuresOnly : public testing::EmptyTestEventListener {
 public:
  explicit FailuresOnly(int rank) : rank_(rank) {}

  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s:%d: %s\n", rank_, result.file_name() ? result.file_name() : "",
                 result.line_number(), result.message());
  }

 private:
  int rank_;
};

/// The filter that selects the tests of one source file; empty when there is none.
std::string filter_of_source(std::string_view stem) {
  std::string filter;
  const auto& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const auto& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const auto& test = *suite.GetTestInfo(t);
      if (std::filesystem::path(test.file()).stem() != stem) continue;
      filter += std::string(suite.name()) + "." + test.name() + ":";
    }
  }
  return filter;
}

int run_tests(int rank) {
  if (rank != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailuresOnly(rank));
  }
  const int failed = RUN_ALL_TESTS();
  int failed_anywhere = 0;
  MPI_Allreduce(&failed, &failed_anywhere, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (rank == 0 && failed_anywhere && !failed) std::fprintf(stderr, "A rank other than 0 failed.\n");
  return failed_anywhere ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  Kokkos::initialize(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  int status = EXIT_SUCCESS;
  constexpr std::string_view option = "--source=";
  for (int a = 1; a < argc; ++a) {
    const std::string_view argument = argv[a];
    if (!argument.starts_with(option)) continue;
    const std::string filter = filter_of_source(argument.substr(option.size()));
    if (filter.empty()) {
      std::fprintf(stderr, "%s: no test was written in that file.\n", argv[a]);
      status = EXIT_FAILURE;
    }
    testing::GTEST_FLAG(filter) = filter;
  }
  if (status == EXIT_SUCCESS) status = run_tests(rank);
  Kokkos::finalize();
  MPI_Finalize();
  return status;
}
