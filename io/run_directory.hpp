#pragma once
// The directory of a run and its lock.

#include <mpi.h>

#include <cstdint>
#include <string>

namespace meridian {

/// RUN with its folders log, output and restart, held by the lock file RUN/lock until the object is gone.
class RunDirectory {
 public:
  /// Creates what is missing and takes the lock; the lock of a process of this host that is no more is taken over.
  /// Rank 0 acts; collective. Throws not_creatable (another run holds the lock: names it; a file in the way; no
  /// permission), input_output (disk full).
  RunDirectory(const std::string& path, MPI_Comm world);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string log() const { return path_ + "/log"; }
  std::string output() const { return path_ + "/output"; }
  std::string restart() const { return path_ + "/restart"; }

 private:
  void take_lock();

  std::string path_;
  int lock_ = -1;  // descriptor of RUN/lock on rank 0
};

/// Lets go of RUN/lock for a job that ends without the end of its RunDirectory.
void remove_lock(const std::string& run_directory);

/// Creates a directory and those above it, where they are missing. Throws not_creatable, input_output (disk full).
void make_directory(const std::string& path);

/// Bytes that an unprivileged process may still write below this directory (or its nearest existing parent).
std::uint64_t free_bytes(const std::string& directory);

}  // namespace meridian
