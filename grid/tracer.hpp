#pragma once
// What a tracer is to the dynamics: a name and a limiter.

#include <array>
#include <string>
#include <string_view>

namespace meridian {

/// How the parabolas of a tracer are bounded.
///   none      unlimited: most accurate on smooth fields, may leave the range of its data
///   positive  never negative
///   monotone  no new extremes
enum class Limiter { none, positive, monotone };
inline constexpr std::array<std::string_view, 3> limiter_words = {"none", "positive", "monotone"};

struct Tracer {
  std::string name;  // short name in files and cases
  Limiter limiter = Limiter::monotone;
};

}  // namespace meridian
