// Work beside the main thread: its order, its end, and its errors.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "grid/error.hpp"
#include "io/background.hpp"

namespace meridian {
namespace {

TEST(Background, WorkIsDoneInItsOrderWhileTheMainThreadGoesOn) {
  Background background(true);
  std::atomic<bool> main_went_on = false;
  std::vector<int> done;
  std::thread::id worker;
  background.add([&] {
    main_went_on.wait(false);
    worker = std::this_thread::get_id();
  });
  for (int n = 0; n < 100; ++n) background.add([&done, n] { done.push_back(n); });
  main_went_on = true;  // with the work done at once, the test would hang above
  main_went_on.notify_all();
  background.wait();
  ASSERT_EQ(done.size(), 100u);
  for (int n = 0; n < 100; ++n) EXPECT_EQ(done[n], n);
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(Background, WithoutAThreadWorkIsDoneAtOnce) {
  Background background(false);
  int done = 0;
  background.add([&] { ++done; });
  EXPECT_EQ(done, 1);
  EXPECT_THROW(background.add([] { throw Error(ExitCode::input_output, "full"); }), Error);
  EXPECT_NO_THROW(background.wait());
}

TEST(Background, AnErrorReachesTheNextCallOnceAndWhatFollowsIsNotDone) {
  for (const std::string next : {"wait", "check", "add"}) {
    Background background(true);
    std::atomic<bool> all_added = false;
    bool followed = false, later = false;
    background.add([&] {
      all_added.wait(false);
      throw Error(ExitCode::input_output, "full");
    });
    background.add([&] { followed = true; });
    all_added = true;
    all_added.notify_all();
    try {
      if (next == "wait") background.wait();
      for (int n = 0; next == "check" && n < 1000; ++n) {
        background.check();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      for (int n = 0; next == "add" && n < 1000; ++n) {
        background.add([] {});
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      ADD_FAILURE() << "the error did not come: " << next;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "full");
    }
    EXPECT_NO_THROW(background.check());
    background.add([&] { later = true; });
    background.wait();
    EXPECT_FALSE(followed);
    EXPECT_TRUE(later);
  }
}

TEST(Background, WhatHasNotBegunAtTheEndIsNotDone) {
  std::atomic<bool> begun = false;
  bool followed = false;
  {
    Background background(true);
    background.add([&] {
      begun = true;
      begun.notify_all();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    });
    background.add([&] { followed = true; });
    begun.wait(false);
  }
  EXPECT_FALSE(followed);
}

}  // namespace
}  // namespace meridian
