#pragma once
// Model time: whole microseconds and whole steps; dates follow from them. No floating point decides when things happen.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "grid/options.hpp"

namespace meridian {

using Microseconds = std::int64_t;
inline constexpr Microseconds microseconds_per_second = 1'000'000;
inline constexpr Microseconds microseconds_per_day = 86'400 * microseconds_per_second;

enum class Calendar { proleptic_gregorian, noleap, day_360 };
std::string_view cf_name(Calendar calendar);  // "proleptic_gregorian", "noleap", "360_day"
/// Also of "365_day", which is noleap. Throws configuration for another name.
Calendar calendar_of(std::string_view cf_name);

/// A civil date. Years from 1 to 9999.
struct Date {
  int year = 2000, month = 1, day = 1;
  Microseconds of_day = 0;
  auto operator<=>(const Date&) const = default;
};

/// Days since 0001-01-01 of the calendar, and back.
std::int64_t day_number(Calendar calendar, const Date& date);
Date date_of_day(Calendar calendar, std::int64_t day_number);
/// The date some time later (or earlier, if negative). Throws configuration when it leaves the years 1 to 9999.
Date add(Calendar calendar, const Date& date, Microseconds interval);

/// "2000-01-01" or "2000-01-01T06:00:00"; throws configuration with what is wrong (also for 30 February).
Date parse_date(Calendar calendar, const std::string& text);
std::string iso_text(const Date& date);      // 2000-01-01T06:00:00 (fraction only where there is one)
std::string compact_text(const Date& date);  // 20000101T060000, for file names

/// "6 hours", "1 month", "7 steps", "never"; also minutes, days, seasons, years, and the singular.
struct Interval {
  enum class Unit { never, steps, minutes, hours, days, months, seasons, years };
  Unit unit = Unit::never;
  int count = 0;
};
Interval parse_interval(const std::string& text);  // throws configuration
std::string to_string(const Interval& interval);
std::string frequency_text(const Interval& interval);  // for file names: 1hr, 6hr, day, 5day, mon, yr, season, 7step

/// 'time:' of a case.
struct TimeOptions {
  std::string start = "2000-01-01";
  std::string calendar = "noleap";
  double run_days = 10;
  int run_steps = -1;  // -1: not given

  void visit(OptionVisitor& option);
};

/// A moment of a run, as column schemes see it.
struct Instant {
  double elapsed_s = 0;     // [s] since the start of the run
  double part_of_year = 0;  // [1] of the calendar's year that has passed
  double part_of_day = 0;   // [1] of the day at longitude 0
};

/// Step count, length of a step, calendar and start; the date and the boundaries of intervals follow.
class Clock {
 public:
  Clock() = default;
  Clock(Calendar calendar, const Date& start, Microseconds step_length);

  long step() const { return step_; }
  Microseconds step_length() const { return step_length_; }
  double step_seconds() const { return 1e-6 * static_cast<double>(step_length_); }
  Microseconds elapsed() const { return step_ * step_length_; }
  Calendar calendar() const { return calendar_; }
  const Date& start() const { return start_; }
  Date date() const { return date_at(elapsed()); }
  Date date_at(Microseconds elapsed) const { return add(calendar_, start_, elapsed); }
  Instant instant_at(Microseconds elapsed) const;
  void advance() { ++step_; }
  void set_step(long step) { step_ = step; }

  /// True when an interval ends at the present step. Boundaries are aligned with the calendar: n minutes or hours from
  /// midnight (where n divides the day), n days from midnight of the first day, n months from January (where n divides
  /// 12), seasons DJF MAM JJA SON (n of them from December, where n divides 4), n years from January of the first year.
  /// Other counts begin with the start, its month or its season; steps with the start. Always false for 'never', and at
  /// step 0.
  bool ends(const Interval& interval) const;
  /// Last boundary at or before 'elapsed', first boundary after it [microseconds since start]; the first one before
  /// the start is cut to the start. For 'never': 0 and the largest number there is.
  Microseconds boundary_before(const Interval& interval, Microseconds elapsed) const;
  Microseconds boundary_after(const Interval& interval, Microseconds elapsed) const;
  /// Throws configuration unless every boundary falls on a step, or on each 'n'th; 'what' names the setting.
  void require_whole_steps(const Interval& interval, const std::string& what, int n = 1) const;

 private:
  Microseconds elapsed_at_month(std::int64_t month_count) const;
  std::pair<Microseconds, Microseconds> boundaries_around(const Interval& interval, Microseconds elapsed) const;

  Calendar calendar_ = Calendar::noleap;
  Date start_;
  Microseconds step_length_ = microseconds_per_second;
  long step_ = 0;
};

}  // namespace meridian
