#include <gtest/gtest.h>

#include "tests/support/carried_tracers.hpp"

namespace meridian {
namespace {

using namespace test;

TEST(DeformationalFlow, it_and_its_turned_twin_have_the_published_errors) {
  double l2[2];
  for (const int angle : {0, 90}) {
    Carried c("deformation_4", angle, 240, 1200, 1, {tracer("hills", "gaussian_hills"), tracer("one", "uniform")});
    c.run_days(12);
    l2[angle / 90] = c.errors_of("hills").l2;
    EXPECT_EQ(c.now("one").lowest(), 1);
    EXPECT_NEAR(c.mass_change("hills"), 0, round_off);
  }
  EXPECT_LE(l2[0], 0.10);  // target at 1.5 degrees, Lauritzen et al. (2012)
  EXPECT_LE(l2[1], 1.5 * l2[0]);
}

TEST(DeformationalFlow, a_divergent_flow_keeps_a_uniform_tracer_and_tracer_mass) {
  Carried c("deformation_3", 60, 96, 900, 2, {tracer("bells", "cosine_bells"), tracer("one", "uniform")});
  c.run_days(6);
  EXPECT_EQ(c.now("one").lowest(), 1);
  EXPECT_EQ(c.now("one").highest(), 1);
  EXPECT_NEAR(c.mass_change("bells"), 0, round_off);
  EXPECT_GE(c.now("bells").lowest(), 0.1 * (1 - round_off));
}

}  // namespace
}  // namespace meridian
