#include "driver/failure.hpp"

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <thread>
#include <utility>

#include "io/problems.hpp"

namespace meridian {
namespace {

bool mpi_is_running() {
  int initialized = 0, finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  return initialized && !finalized;
}

void print(const std::string& text) {
  std::fflush(stdout);
  std::fputs((text + "\n").c_str(), stderr);  // one call, so that lines of ranks do not mix
  std::fflush(stderr);
}

std::function<void(ExitCode)>& last_act() {
  static std::function<void(ExitCode)> act;
  return act;
}

[[noreturn]] void end_all(ExitCode code, const std::string& text) {
  const int exit_code = static_cast<int>(code);
  if (const auto act = std::exchange(last_act(), nullptr)) act(code);
  int rank = 0, n_ranks = 1;
  if (mpi_is_running()) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  }
  if (n_ranks == 1 && !has_launcher()) {  // nobody else to end, and MPI_Abort would print more lines
    print(text);
    std::_Exit(exit_code);
  }
  if (rank > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1500 + 100 * std::min(rank, 30)));
  const bool found_by_all = code == ExitCode::configuration || code == ExitCode::usage;
  print(found_by_all || n_ranks == 1 ? text
                                     : text + "\n  rank " + std::to_string(rank) + " of " + std::to_string(n_ranks));
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

[[noreturn]] void end_job_with_current_exception() {
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
  } catch (const ConfigurationError& error) {
    end_all(error.code(), error.what());
  } catch (const Error& error) {
    end_job(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    end_job(ExitCode::system, "There is not enough memory. Use more ranks, or a smaller grid.");
  } catch (const std::filesystem::filesystem_error& error) {
    end_job(ExitCode::input_output, error.what());
  } catch (const std::exception& error) {
    end_job(ExitCode::internal, error.what());
  } catch (...) {
  }
  end_job(ExitCode::internal, "The program broke off for an unknown reason.");
}

void end_job_on_mpi_error(MPI_Comm*, int* error, ...) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(*error, text, &length);
  end_job(ExitCode::system, "MPI: " + std::string(text));
}

}  // namespace

void on_failure(std::function<void(ExitCode)> act) { last_act() = std::move(act); }

void end_job_on_failure() { std::set_terminate(end_job_with_current_exception); }

void end_job(ExitCode code, const std::string& message) {
  end_all(code, "ERROR " + std::string(name_of(code)) + " " + message);
}

bool has_launcher() {
  constexpr const char* signs[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK", "MV2_COMM_WORLD_SIZE"};
  static const bool found =
      std::any_of(std::begin(signs), std::end(signs), [](const char* name) { return std::getenv(name) != nullptr; });
  return found;
}

void start_mpi() {
  if (mpi_is_running()) return;
  has_launcher();  // asked before MPI_Init, which sets these variables itself
  // Open MPI: the default components of collective file access report success where the disk is full (4.1.4); this one
  // does not. Read by MPI_Init.
  setenv("OMPI_MCA_fcoll", "individual", 0);
  setenv("OMPI_MCA_orte_execute_quiet", "1", 0);  // an error has one message: ours
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  MPI_Errhandler handler;
  MPI_Comm_create_errhandler(end_job_on_mpi_error, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Errhandler_free(&handler);
}

void finish_mpi() {
  if (mpi_is_running()) MPI_Finalize();
}

}  // namespace meridian
