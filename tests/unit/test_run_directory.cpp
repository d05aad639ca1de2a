#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

#include "grid/error.hpp"
#include "io/run_directory.hpp"

namespace meridian {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RunDirectories : public testing::Test {
 protected:
  void SetUp() override {
    parent_ = fs::temp_directory_path() / ("meridian_run_directory_" + std::to_string(getpid()));
    fs::create_directories(parent_);
    run_ = parent_ + "/a/run";
  }
  void TearDown() override { fs::remove_all(parent_); }

  void put_lock(const std::string& text) const {
    fs::create_directories(run_);
    std::ofstream(run_ + "/lock") << text;
  }
  void expect_refused(const std::string& path, ExitCode code, const std::string& words) const {
    try {
      RunDirectory run(path, MPI_COMM_SELF);
      ADD_FAILURE() << "accepted; expected: " << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }

  std::string parent_, run_;
};

std::string host() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

/// A process that does 'work' and then waits to be killed; the caller has to read one byte from 'ready'.
pid_t start_process(int& ready, const std::function<char()>& work) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    const char result = work();
    if (write(ends[1], &result, 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ends[1]);
  ready = ends[0];
  return child;
}

char result_of(int ready) {
  char byte = 0;
  if (read(ready, &byte, 1) != 1) byte = '!';
  close(ready);
  return byte;
}

void end_process(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(RunDirectories, have_their_folders_and_a_lock_while_they_live) {
  {
    const RunDirectory run(run_, MPI_COMM_SELF);
    for (const auto& folder : {run.log(), run.output(), run.restart()}) EXPECT_TRUE(fs::is_directory(folder));
    std::ifstream lock(run_ + "/lock");
    const std::string text((std::istreambuf_iterator<char>(lock)), {});
    EXPECT_THAT(text, HasSubstr("host " + host() + " pid " + std::to_string(getpid()) + " "));
    expect_refused(run_, ExitCode::not_creatable, "pid " + std::to_string(getpid()));
  }
  EXPECT_FALSE(fs::exists(run_ + "/lock"));
  const RunDirectory again(run_, MPI_COMM_SELF);
}

TEST_F(RunDirectories, with_a_folder_that_cannot_be_written_are_refused_at_once) {
  {
    const RunDirectory run(run_, MPI_COMM_SELF);
  }
  for (const char* folder : {"", "/log", "/output", "/restart"}) fs::permissions(run_ + folder, fs::perms::all);
  fs::permissions(run_ + "/restart",
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  int ready = 0;
  const pid_t child = start_process(ready, [&] {
    if (geteuid() == 0 && setuid(65534) != 0) return '!';  // root may write everywhere
    try {
      const RunDirectory run(run_, MPI_COMM_SELF);
    } catch (const Error& error) {
      const bool named = std::string(error.what()).find("/restart' cannot be written") != std::string::npos;
      return named && error.code() == ExitCode::not_creatable ? 'R' : 'E';
    }
    return 'A';
  });
  EXPECT_EQ(result_of(ready), 'R');
  end_process(child);
}

TEST_F(RunDirectories, of_another_living_run_are_refused_and_of_a_dead_one_taken_over) {
  int ready = 0;
  const pid_t other = start_process(ready, [&] {
    static const RunDirectory run(run_, MPI_COMM_SELF);
    return 'L';
  });
  ASSERT_EQ(result_of(ready), 'L');
  expect_refused(run_, ExitCode::not_creatable, "pid " + std::to_string(other));
  end_process(other);
  EXPECT_TRUE(fs::exists(run_ + "/lock"));
  const RunDirectory run(run_, MPI_COMM_SELF);
}

TEST_F(RunDirectories, with_a_lock_that_nobody_holds_by_the_file_system_follow_its_text) {
  put_lock("host " + host() + " pid " + std::to_string(getppid()) + " started 1\n");  // the number was used again
  {
    const RunDirectory run(run_, MPI_COMM_SELF);
  }
  put_lock("host " + host() + " pid 99999999 started 1\n");
  {
    const RunDirectory run(run_, MPI_COMM_SELF);
  }
  put_lock("host " + host() + " p");
  {
    const RunDirectory run(run_, MPI_COMM_SELF);
  }
  put_lock("host elsewhere pid 1 started 1\n");
  expect_refused(run_, ExitCode::not_creatable, "host elsewhere pid 1");
  EXPECT_TRUE(fs::exists(run_ + "/lock"));
}

TEST_F(RunDirectories, started_ten_times_at_once_have_one_winner) {
  for (int round = 0; round < 5; ++round) {
    int start[2];
    ASSERT_EQ(pipe(start), 0);
    std::vector<pid_t> children(10);
    std::vector<int> ready(10);
    for (int n = 0; n < 10; ++n) {
      children[n] = start_process(ready[n], [&] {
        char byte;
        close(start[1]);
        if (read(start[0], &byte, 1) < 0) return '!';  // returns when the parent closes its end
        try {
          static const RunDirectory run(run_, MPI_COMM_SELF);
          return 'W';
        } catch (const Error& error) {
          return error.code() == ExitCode::not_creatable ? 'L' : '!';
        }
      });
    }
    close(start[0]);
    close(start[1]);
    std::string results;
    for (int n = 0; n < 10; ++n) results += result_of(ready[n]);
    for (const pid_t child : children) end_process(child);
    std::ranges::sort(results);
    EXPECT_EQ(results, "LLLLLLLLLW");
  }
}

TEST_F(RunDirectories, that_cannot_be_made_are_refused) {
  std::ofstream(parent_ + "/file") << "in the way";
  expect_refused(parent_ + "/file", ExitCode::not_creatable, "file");
  expect_refused(parent_ + "/file/run", ExitCode::not_creatable, "cannot be created");
  fs::create_directories(run_);
  std::ofstream(run_ + "/restart") << "in the way";
  expect_refused(run_, ExitCode::not_creatable, run_ + "/restart");
  expect_refused("/sys/meridian_test", ExitCode::not_creatable, "/sys/meridian_test");  // also for root
  fs::create_directories(run_ + "2/lock");
  expect_refused(run_ + "2", ExitCode::not_creatable, "lock");
}

TEST_F(RunDirectories, know_the_free_space_also_before_they_exist) {
  EXPECT_GT(free_bytes(parent_), 1000u);
  EXPECT_GT(free_bytes(run_ + "/not/yet"), 1000u);
}

}  // namespace
}  // namespace meridian
