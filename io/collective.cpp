#include "io/collective.hpp"

#include <filesystem>

#include "grid/error.hpp"

namespace meridian {

void agree(MPI_Comm world, const std::function<void()>& work) {
  int code = 0;
  std::string sentence;
  try {
    work();
  } catch (const Error& error) {
    code = static_cast<int>(error.code());
    sentence = error.what();
  } catch (const std::filesystem::filesystem_error& error) {
    code = static_cast<int>(ExitCode::input_output);
    sentence = error.what();
  } catch (const std::exception& error) {
    code = static_cast<int>(ExitCode::system);
    sentence = error.what();
  }
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(world, &rank);
  MPI_Comm_size(world, &n_ranks);
  const int mine = code == 0 ? n_ranks : rank;
  int first = n_ranks;
  MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, world);
  if (first == n_ranks) return;
  int header[2] = {code, static_cast<int>(sentence.size())};
  MPI_Bcast(header, 2, MPI_INT, first, world);
  sentence.resize(header[1]);
  MPI_Bcast(sentence.data(), header[1], MPI_CHAR, first, world);
  throw Error(static_cast<ExitCode>(header[0]), sentence);
}

}  // namespace meridian
