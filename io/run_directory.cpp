#include "io/run_directory.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "grid/error.hpp"
#include "io/collective.hpp"

namespace meridian {

namespace fs = std::filesystem;

namespace {

ExitCode code_of(int error) {
  if (error == ENOSPC || error == EDQUOT || error == EIO) return ExitCode::input_output;
  return ExitCode::not_creatable;
}

/// Start of a process in clock ticks since boot, "" when there is no such process or a dead one that nobody has waited
/// for: tells a process from a later one with the same number.
std::string start_of_process(long pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return "";
  std::istringstream words(text.substr(end_of_name + 1));  // the third value of 'man 5 proc' comes next
  std::string word;
  for (int n = 3; n <= 22; ++n) {
    words >> word;
    if (n == 3 && (word == "Z" || word == "X")) return "";
  }
  return word;
}

std::string this_host() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

/// True when the text of a lock file names a process that may still run.
bool may_be_alive(const std::string& text) {
  std::istringstream words(text);
  std::string label, host, start;
  long pid = 0;
  words >> label >> host >> label >> pid >> label >> start;
  if (!words) return false;  // cut short: its writer died, or flock would have held us
  if (host != this_host()) return true;
  return pid != getpid() && start_of_process(pid) == start && (kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

}  // namespace

void make_directory(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path)) error = std::make_error_code(std::errc::not_a_directory);
  require(!error, code_of(error.value()), "Directory '", path, "' cannot be created: ", error.message(),
          ". Choose another one with --run-dir.");
}

RunDirectory::RunDirectory(const std::string& path, MPI_Comm world) : path_(path) {
  int rank = 0;
  MPI_Comm_rank(world, &rank);
  agree(world, [&] {
    if (rank != 0) return;
    for (const std::string& folder : {path_, log(), output(), restart()}) {
      make_directory(folder);
      require(access(folder.c_str(), W_OK | X_OK) == 0, code_of(errno), "Directory '", folder,
              "' cannot be written: ", std::strerror(errno), ". Choose another one with --run-dir.");
    }
    take_lock();
  });
}

// The lock is a file with a name for people and for other hosts, and flock on it, which dies with its process. A
// finished run unlinks the file while it holds it, so after flock the name must still mean the same file.
void RunDirectory::take_lock() {
  const std::string name = path_ + "/lock";
  // mpirun does not wait until the ranks that it kills are gone: the run before this one may still be dying.
  const auto end_of_patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (;;) {
    lock_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    require(lock_ >= 0, code_of(errno), "File '", name, "' cannot be created: ", std::strerror(errno), ".");
    const bool held = flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    struct stat opened{}, named{};
    fstat(lock_, &opened);
    if (!held && (stat(name.c_str(), &named) != 0 || named.st_ino != opened.st_ino)) {
      close(lock_);
      continue;
    }
    char text[1024] = {};
    const bool read_failed = pread(lock_, text, sizeof(text) - 1, 0) < 0;
    if (held || read_failed || may_be_alive(text)) {
      close(lock_);
      lock_ = -1;
      if (std::chrono::steady_clock::now() < end_of_patience) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      throw Error(ExitCode::not_creatable,
                  "Directory '" + path_ + "' is in use by another run (" + std::string(text, std::strcspn(text, "\n")) +
                      "). Choose another one with --run-dir; if that run is surely gone, delete '" + name + "'.");
    }
    const std::string mine =
        "host " + this_host() + " pid " + std::to_string(getpid()) + " started " + start_of_process(getpid()) + "\n";
    if (ftruncate(lock_, 0) == 0 && pwrite(lock_, mine.data(), mine.size(), 0) == static_cast<ssize_t>(mine.size())) {
      return;
    }
    const int error = errno;
    unlink(name.c_str());
    close(lock_);
    lock_ = -1;
    throw Error(code_of(error), "File '" + name + "' cannot be written: " + std::strerror(error) + ".");
  }
}

void remove_lock(const std::string& run_directory) { unlink((run_directory + "/lock").c_str()); }

RunDirectory::~RunDirectory() {
  if (lock_ < 0) return;
  remove_lock(path_);
  close(lock_);
}

std::uint64_t free_bytes(const std::string& directory) {
  fs::path place = fs::absolute(directory);
  std::error_code error;
  while (!fs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  const auto space = fs::space(place, error);
  return error ? 0 : space.available;
}

}  // namespace meridian
