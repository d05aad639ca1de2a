#include "io/guarded.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "grid/error.hpp"

namespace meridian {

namespace {

/// Reads the header of a classic NetCDF file. Source: NetCDF Classic Format Specification, appendix B of its guide.
class ClassicHeader {
 public:
  ClassicHeader(const std::string& path, std::string bytes) : path_(path), bytes_(std::move(bytes)) {}

  /// Bytes that the file must have at least.
  std::uint64_t size_of_file() {
    const char version = bytes_[3];
    count_bytes_ = version == 5 ? 8 : 4;
    at_ = 4;
    const std::uint64_t n_records = count();
    std::vector<std::uint64_t> lengths;  // 0: the record dimension
    for (std::uint64_t n = list(); n > 0; --n) {
      skip_padded(count());
      lengths.push_back(count());
    }
    skip_attributes();
    std::uint64_t end = 0, bytes_of_record = 0;
    std::vector<std::uint64_t> record_ends;
    for (std::uint64_t n = list(); n > 0; --n) {
      skip_padded(count());
      std::uint64_t size = 1;
      bool is_record = false;
      for (std::uint64_t d = count(); d > 0; --d) {
        const std::uint64_t dimension = count();
        require_sound(dimension < lengths.size());
        is_record |= lengths[dimension] == 0;
        size = product(size, lengths[dimension] == 0 ? 1 : lengths[dimension]);
      }
      skip_attributes();
      size = product(size, bytes_of_type(number(4)));
      count();
      const std::uint64_t begin = number(version == 1 ? 4 : 8);
      require_sound(begin < largest);
      if (is_record) {
        record_ends.push_back(begin + size);
        bytes_of_record += (size + 3) / 4 * 4;
      } else {
        end = std::max(end, begin + size);
      }
    }
    for (const std::uint64_t record_end : record_ends) {
      if (n_records > 0) end = std::max(end, record_end + product(n_records - 1, bytes_of_record));
    }
    return std::max(end, at_);
  }

 private:
  static constexpr std::uint64_t largest = std::uint64_t(1) << 50;

  void require_sound(bool condition) const {
    require(condition, ExitCode::bad_data, "File '", path_, "' is damaged: its NetCDF header is cut or wrong.");
  }
  std::uint64_t product(std::uint64_t a, std::uint64_t b) const {
    require_sound(a == 0 || b <= largest / a);
    return a * b;
  }
  std::uint64_t number(int n_bytes) {
    require_sound(at_ + n_bytes <= bytes_.size());
    std::uint64_t value = 0;
    for (int n = 0; n < n_bytes; ++n) value = value << 8 | static_cast<unsigned char>(bytes_[at_++]);
    return value;
  }
  std::uint64_t count() { return number(count_bytes_); }
  /// Number of elements of a list of dimensions, attributes or variables.
  std::uint64_t list() {
    number(4);
    const std::uint64_t n = count();
    require_sound(n < bytes_.size());
    return n;
  }
  void skip_padded(std::uint64_t n_bytes) {
    require_sound(n_bytes < bytes_.size());
    at_ += (n_bytes + 3) / 4 * 4;
  }
  void skip_attributes() {
    for (std::uint64_t n = list(); n > 0; --n) {
      skip_padded(count());
      const std::uint64_t size = bytes_of_type(number(4));
      skip_padded(product(size, count()));
    }
  }
  std::uint64_t bytes_of_type(std::uint64_t type) const {
    constexpr std::uint64_t sizes[] = {1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8};
    require_sound(type >= 1 && type <= 11);
    return sizes[type - 1];
  }

  std::string path_, bytes_;
  std::uint64_t at_ = 0;
  int count_bytes_ = 4;
};

/// Child: sends 0 and the values, or the code and sentence of the error, and ends.
[[noreturn]] void send_result(int pipe, const std::function<std::vector<double>()>& work) {
  std::string message(sizeof(int), '\0');
  int code = 0;
  try {
    const std::vector<double> values = work();
    message.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
  } catch (const Error& error) {
    code = static_cast<int>(error.code());
    message += error.what();
  } catch (...) {
    _exit(1);
  }
  std::memcpy(message.data(), &code, sizeof(int));
  for (std::size_t sent = 0; sent < message.size();) {
    const ssize_t n = write(pipe, message.data() + sent, message.size() - sent);
    if (n < 0 && errno != EINTR) _exit(1);
    if (n > 0) sent += n;
  }
  _exit(0);
}

void prepare_child() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGUSR1}) {
    signal(signal_number, SIG_DFL);
  }
  setenv("HDF5_PLUGIN_PRELOAD", "::", 1);  // a file must not make us load code
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t most = pages * sysconf(_SC_PAGESIZE) + (rlim_t(4) << 30);
  const rlimit none{0, 0}, memory{most, most};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_AS, &memory);
}

/// Receives until the child closes the pipe (true) or the time is over.
bool receive(int pipe, std::chrono::seconds limit, std::string& message) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::vector<char> bytes(1 << 16);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{pipe, POLLIN, 0};
    if (left.count() <= 0 || (poll(&waiting, 1, static_cast<int>(left.count())) <= 0 && errno != EINTR)) return false;
    const ssize_t n = read(pipe, bytes.data(), bytes.size());
    if (n == 0 || (n < 0 && errno != EINTR)) return true;
    if (n > 0) message.append(bytes.data(), n);
  }
}

}  // namespace

void require_netcdf_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), errno == EACCES ? ExitCode::no_permission : ExitCode::bad_data, "File '", path,
          "' cannot be opened: ", std::strerror(errno), ".");
  const std::uint64_t size = std::filesystem::file_size(path);
  constexpr std::uint64_t longest_header = 16 << 20;
  std::string bytes(std::min(size, longest_header), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(file.good(), ExitCode::bad_data, "File '", path, "' cannot be read.");
  if (bytes.starts_with("\211HDF\r\n\032\n")) return;
  const bool is_classic = bytes.starts_with("CDF") && size >= 32 && (bytes[3] == 1 || bytes[3] == 2 || bytes[3] == 5);
  require(is_classic, ExitCode::bad_data, "File '", path,
          "' is not NetCDF: ", size == 0 ? "it is empty." : "it does not begin like one.");
  const std::uint64_t needed = ClassicHeader(path, std::move(bytes)).size_of_file();
  require(size >= needed, ExitCode::bad_data, "File '", path, "' is cut: it has ", size,
          " bytes, its header announces at least ", needed, ".");
}

std::vector<double> in_child_process(const std::string& path, std::optional<std::size_t> count,
                                     const std::function<std::vector<double>()>& work) {
  constexpr std::chrono::seconds limit(60);
  int pipe_ends[2];
  require(pipe(pipe_ends) == 0, ExitCode::system, "No pipe can be made: ", std::strerror(errno), ".");
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[0]);
    prepare_child();
    send_result(pipe_ends[1], work);
  }
  close(pipe_ends[1]);
  require(child > 0, ExitCode::system, "No child process can be started to read '", path, "': ", std::strerror(errno),
          ".");
  std::string message;
  const bool over_time = !receive(pipe_ends[0], limit, message);
  close(pipe_ends[0]);
  if (over_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  int code = 0;
  if (message.size() >= sizeof(int)) std::memcpy(&code, message.data(), sizeof(int));
  if (code != 0 && !over_time) throw Error(static_cast<ExitCode>(code), message.substr(sizeof(int)));
  const std::size_t received = message.size() < sizeof(int) ? 0 : (message.size() - sizeof(int)) / sizeof(double);
  const bool complete = !over_time && WIFEXITED(status) && WEXITSTATUS(status) == 0 && message.size() >= sizeof(int);
  require(complete && received == count.value_or(received), ExitCode::bad_data, "File '", path,
          "' is damaged: reading it ",
          over_time             ? "took more than " + std::to_string(limit.count()) + " s."
          : WIFSIGNALED(status) ? "crashed (signal " + std::to_string(WTERMSIG(status)) + ")."
                                : "failed.");
  std::vector<double> values(received);
  std::memcpy(values.data(), message.data() + sizeof(int), received * sizeof(double));
  return values;
}

}  // namespace meridian
