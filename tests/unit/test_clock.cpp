#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <vector>

#include "grid/clock.hpp"
#include "grid/error.hpp"
#include "tests/support/option_setter.hpp"

namespace meridian {
namespace {

constexpr Calendar calendars[] = {Calendar::proleptic_gregorian, Calendar::noleap, Calendar::day_360};
constexpr Microseconds hour = 3600 * microseconds_per_second;
constexpr Microseconds day = microseconds_per_day;

/// The next day by the rules taught in school, one by one: an oracle without arithmetic on day numbers.
Date next_day(Calendar calendar, Date date) {
  static constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int length = calendar == Calendar::day_360 ? 30 : lengths[date.month - 1];
  if (calendar == Calendar::proleptic_gregorian && date.month == 2) {
    if (date.year % 400 == 0 || (date.year % 4 == 0 && date.year % 100 != 0)) length = 29;
  }
  if (++date.day <= length) return date;
  date.day = 1;
  if (++date.month <= 12) return date;
  date.month = 1;
  ++date.year;
  return date;
}

std::string text(const Date& date) { return iso_text(date); }
Date at(const std::string& words, Calendar calendar = Calendar::proleptic_gregorian) {
  return parse_date(calendar, words);
}
bool refuses_date(Calendar calendar, const std::string& words) {
  try {
    parse_date(calendar, words);
  } catch (const Error& error) {
    return error.code() == ExitCode::configuration;
  }
  return false;
}

TEST(Clock, a_walk_through_all_days_agrees_with_the_day_numbers) {
  for (const Calendar calendar : calendars) {
    Date date{1, 1, 1, 0};
    for (std::int64_t n = 0; date.year <= 9999; ++n) {  // 3.6 million days
      ASSERT_EQ(day_number(calendar, date), n) << text(date);
      ASSERT_EQ(date_of_day(calendar, n), date) << n;
      date = next_day(calendar, date);
    }
  }
}

TEST(Clock, gregorian_days_agree_with_the_standard_library) {
  using namespace std::chrono;
  const sys_days origin = year{1} / January / 1;
  for (int n = 0; n < 3'652'059; n += 13) {
    const year_month_day expected{origin + days{n}};
    const Date date = date_of_day(Calendar::proleptic_gregorian, n);
    ASSERT_TRUE(date.year == static_cast<int>(expected.year()) &&
                date.month == static_cast<int>(static_cast<unsigned>(expected.month())) &&
                date.day == static_cast<int>(static_cast<unsigned>(expected.day())))
        << n;
  }
}

TEST(Clock, leap_years) {
  EXPECT_TRUE(refuses_date(Calendar::proleptic_gregorian, "1900-02-29"));
  EXPECT_TRUE(refuses_date(Calendar::proleptic_gregorian, "2100-02-29"));
  EXPECT_TRUE(refuses_date(Calendar::proleptic_gregorian, "2001-02-29"));
  EXPECT_FALSE(refuses_date(Calendar::proleptic_gregorian, "2000-02-29"));
  EXPECT_FALSE(refuses_date(Calendar::proleptic_gregorian, "2004-02-29"));
  EXPECT_TRUE(refuses_date(Calendar::noleap, "2000-02-29"));
  EXPECT_FALSE(refuses_date(Calendar::day_360, "2001-02-30"));
  EXPECT_TRUE(refuses_date(Calendar::day_360, "2001-01-31"));
  EXPECT_EQ(text(add(Calendar::proleptic_gregorian, at("1900-02-28"), day)), "1900-03-01T00:00:00");
  EXPECT_EQ(text(add(Calendar::proleptic_gregorian, at("2000-02-28"), day)), "2000-02-29T00:00:00");
  EXPECT_EQ(text(add(Calendar::noleap, at("2000-02-28"), day)), "2000-03-01T00:00:00");
}

TEST(Clock, dates_are_written_and_read_back) {
  for (const Calendar calendar : calendars) {
    Date date{1900, 1, 1, 0};
    for (int n = 0; n < 100'000; ++n) {
      date.of_day = (n * 7'919'000'003LL) % day;
      ASSERT_EQ(parse_date(calendar, iso_text(date)), date) << text(date);
      date = next_day(calendar, date);
    }
  }
  EXPECT_EQ(text(at("2000-01-01")), "2000-01-01T00:00:00");
  EXPECT_EQ(text(at("2000-01-01T06:30:05.25")), "2000-01-01T06:30:05.250000");
  EXPECT_EQ(compact_text(at("2000-01-01T06:00:00")), "20000101T060000");
  EXPECT_EQ(compact_text(at("0033-01-01T06:00:00.5")), "00330101T060000_500000");
}

TEST(Clock, what_is_no_date_is_refused) {
  for (const char* words : {"",
                            "2000",
                            "2000-1-1",
                            "2000-13-01",
                            "2000-00-01",
                            "2000-01-00",
                            "2000-04-31",
                            "0000-01-01",
                            "2000-01-01T24:00:00",
                            "2000-01-01T06:60:00",
                            "2000-01-01T06:00:60",
                            "2000-01-01T06",
                            "2000-01-01 06:00:00",
                            "2000-01-01T06:00:00.",
                            "2000-01-01T06:00:00.1234567",
                            "-200-01-01",
                            "2000-01-01x",
                            "20000-01-01",
                            "2000/01/01",
                            " 2000-01-01"}) {
    EXPECT_TRUE(refuses_date(Calendar::proleptic_gregorian, words)) << words;
  }
}

TEST(Clock, adding_is_exact_forwards_and_backwards) {
  for (const Calendar calendar : calendars) {
    const Date start{1999, 12, 30, 23 * hour + 5};
    for (std::int64_t n = 1; n < 3000; ++n) {
      const Microseconds interval = n * n * n * 7919;  // up to 2.1e14 microseconds: seven years
      const Date later = add(calendar, start, interval);
      ASSERT_EQ(add(calendar, later, -interval), start);
      ASSERT_EQ((day_number(calendar, later) - day_number(calendar, start)) * day + later.of_day - start.of_day,
                interval);
    }
  }
  EXPECT_EQ(text(add(Calendar::noleap, at("2000-12-31T23:59:59"), microseconds_per_second)), "2001-01-01T00:00:00");
  EXPECT_EQ(text(add(Calendar::noleap, at("9999-12-31"), day - 1)), "9999-12-31T23:59:59.999999");
  EXPECT_THROW(add(Calendar::noleap, at("9999-12-31"), day), Error);
  EXPECT_THROW(add(Calendar::noleap, at("0001-01-01"), -1), Error);
}

TEST(Clock, calendars_have_their_cf_names) {
  for (const Calendar calendar : calendars) EXPECT_EQ(calendar_of(cf_name(calendar)), calendar);
  EXPECT_EQ(cf_name(Calendar::day_360), "360_day");
  EXPECT_EQ(calendar_of("365_day"), Calendar::noleap);
  EXPECT_THROW(calendar_of("gregorian_like"), Error);
}

TEST(Interval, is_read_and_written) {
  for (const char* words : {"6 hours", "1 month", "7 steps", "never", "30 minutes", "5 days", "1 season", "10 years"}) {
    EXPECT_EQ(to_string(parse_interval(words)), words);
  }
  EXPECT_EQ(to_string(parse_interval("1 days")), "1 day");
  const std::pair<const char*, const char*> frequencies[] = {
      {"6 hours", "6hr"}, {"1 hour", "1hr"},    {"1 day", "day"},        {"5 days", "5day"},     {"1 month", "mon"},
      {"1 year", "yr"},   {"7 steps", "7step"}, {"30 minutes", "30min"}, {"1 season", "season"}, {"never", "never"}};
  for (const auto& [words, frequency] : frequencies) EXPECT_EQ(frequency_text(parse_interval(words)), frequency);
  for (const char* words : {"10000 years", "39997 seasons", "119989 months", "", "day", "0 days", "-1 days", "1.5 days",
                            "6hours", "6 hourss", "six hours", "6", "6 ", "12345678 days", "99999999999999999999 days",
                            "1 day ", " 1 day", "Never"}) {
    EXPECT_THROW(parse_interval(words), Error) << words;
  }
}

/// All boundaries at or before 'days' days, by asking for the next one again and again.
std::vector<std::string> boundaries(const Clock& clock, const char* interval, int days) {
  std::vector<std::string> dates;
  Microseconds at = 0;
  while ((at = clock.boundary_after(parse_interval(interval), at)) <= days * day)
    dates.push_back(text(clock.date_at(at)));
  for (std::string& date : dates) {
    if (date.ends_with("T00:00:00")) date.resize(10);
  }
  return dates;
}

using Dates = std::vector<std::string>;

TEST(Interval, boundaries_follow_the_calendar) {
  const Clock clock(Calendar::proleptic_gregorian, at("1999-11-14T03:00:00"), hour);
  EXPECT_EQ(boundaries(clock, "6 hours", 1),
            (Dates{"1999-11-14T06:00:00", "1999-11-14T12:00:00", "1999-11-14T18:00:00", "1999-11-15"}));
  EXPECT_EQ(boundaries(clock, "5 hours", 1),
            (Dates{"1999-11-14T08:00:00", "1999-11-14T13:00:00", "1999-11-14T18:00:00", "1999-11-14T23:00:00"}));
  EXPECT_EQ(boundaries(clock, "720 minutes", 1), (Dates{"1999-11-14T12:00:00", "1999-11-15"}));
  EXPECT_EQ(boundaries(clock, "1 day", 3), (Dates{"1999-11-15", "1999-11-16", "1999-11-17"}));
  EXPECT_EQ(boundaries(clock, "5 days", 17), (Dates{"1999-11-19", "1999-11-24", "1999-11-29"}));
  EXPECT_EQ(boundaries(clock, "7 steps", 1), (Dates{"1999-11-14T10:00:00", "1999-11-14T17:00:00", "1999-11-15"}));
  EXPECT_EQ(boundaries(clock, "1 month", 120), (Dates{"1999-12-01", "2000-01-01", "2000-02-01", "2000-03-01"}));
  EXPECT_EQ(boundaries(clock, "3 months", 250), (Dates{"2000-01-01", "2000-04-01", "2000-07-01"}));
  EXPECT_EQ(boundaries(clock, "5 months", 400), (Dates{"2000-04-01", "2000-09-01"}));
  EXPECT_EQ(boundaries(clock, "1 season", 430),
            (Dates{"1999-12-01", "2000-03-01", "2000-06-01", "2000-09-01", "2000-12-01"}));
  EXPECT_EQ(boundaries(clock, "2 seasons", 400), (Dates{"1999-12-01", "2000-06-01", "2000-12-01"}));
  EXPECT_EQ(boundaries(clock, "3 seasons", 700), (Dates{"2000-06-01", "2001-03-01"}));
  EXPECT_EQ(boundaries(clock, "1 year", 800), (Dates{"2000-01-01", "2001-01-01", "2002-01-01"}));
  EXPECT_EQ(boundaries(clock, "10 years", 8000), (Dates{"2009-01-01", "2019-01-01"}));
  EXPECT_EQ(clock.boundary_after(parse_interval("never"), 0), std::numeric_limits<Microseconds>::max());
}

TEST(Interval, boundaries_follow_the_other_calendars) {
  EXPECT_EQ(boundaries(Clock(Calendar::noleap, at("2000-01-31"), hour), "1 month", 60),
            (Dates{"2000-02-01", "2000-03-01", "2000-04-01"}));
  EXPECT_EQ(boundaries(Clock(Calendar::day_360, at("2000-01-30"), hour), "1 month", 70),
            (Dates{"2000-02-01", "2000-03-01", "2000-04-01"}));
  EXPECT_EQ(boundaries(Clock(Calendar::noleap, at("0001-01-01"), hour), "1 season", 430),
            (Dates{"0001-03-01", "0001-06-01", "0001-09-01", "0001-12-01", "0002-03-01"}));
}

TEST(Interval, boundaries_before_and_after_enclose_every_moment) {
  for (const Calendar calendar : calendars) {
    const Clock clock(calendar, Date{1999, 10, 17, 7 * hour}, hour);
    for (const char* words : {"7 steps", "90 minutes", "6 hours", "7 hours", "1 day", "5 days", "1 month", "5 months",
                              "1 season", "3 seasons", "1 year", "3 years"}) {
      const Interval interval = parse_interval(words);
      Microseconds last = 0, next = clock.boundary_after(interval, 0);
      ASSERT_EQ(clock.boundary_before(interval, 0), 0) << "cut to the start";
      for (Microseconds now = 0; now < 1500 * day; now += 11 * hour) {
        while (next <= now) {
          last = next;
          next = clock.boundary_after(interval, next);
          ASSERT_GT(next, last);
        }
        ASSERT_EQ(clock.boundary_before(interval, now), last) << words << " " << now;
        ASSERT_EQ(clock.boundary_after(interval, now), next) << words << " " << now;
      }
    }
  }
}

TEST(Interval, ends_exactly_at_its_boundaries) {
  Clock clock(Calendar::proleptic_gregorian, at("1999-12-01"), 2 * hour);
  const Interval month = parse_interval("1 month"), never = parse_interval("never"), steps = parse_interval("5 steps");
  EXPECT_FALSE(clock.ends(month)) << "the start is no end";
  Dates ends;
  for (int n = 1; n <= 12 * 100; ++n) {
    clock.advance();
    ASSERT_FALSE(clock.ends(never));
    ASSERT_EQ(clock.ends(steps), n % 5 == 0);
    if (clock.ends(month)) ends.push_back(text(clock.date()));
  }
  EXPECT_EQ(ends, (Dates{"2000-01-01T00:00:00", "2000-02-01T00:00:00", "2000-03-01T00:00:00"}));
  EXPECT_EQ(clock.elapsed(), 100 * day);
  EXPECT_EQ(clock.step_seconds(), 7200);
  clock.set_step(0);
  EXPECT_EQ(clock.date(), at("1999-12-01"));
}

bool fits(Calendar calendar, const char* start, Microseconds step, const char* interval) {
  try {
    Clock(calendar, parse_date(calendar, start), step).require_whole_steps(parse_interval(interval), "output.every");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'output.every'"), std::string::npos);
    return false;
  }
  return true;
}

TEST(Interval, may_have_to_be_a_multiple_of_some_steps) {
  const Clock clock(Calendar::noleap, parse_date(Calendar::noleap, "2000-01-01"), 2 * hour);
  EXPECT_NO_THROW(clock.require_whole_steps(parse_interval("9999 years"), "restart.every")) << "once, after all dates";
  EXPECT_NO_THROW(clock.require_whole_steps(parse_interval("1 day"), "output.budgets", 3));
  EXPECT_NO_THROW(clock.require_whole_steps(parse_interval("6 steps"), "output.budgets", 3));
  EXPECT_THROW(clock.require_whole_steps(parse_interval("4 steps"), "output.budgets", 3), Error);
  EXPECT_THROW(clock.require_whole_steps(parse_interval("1 day"), "output.budgets", 5), Error);
}

TEST(Interval, must_be_whole_steps) {
  constexpr Calendar gregorian = Calendar::proleptic_gregorian;
  EXPECT_TRUE(fits(gregorian, "2000-01-01", 600 * microseconds_per_second, "6 hours"));
  EXPECT_FALSE(fits(gregorian, "2000-01-01", 700 * microseconds_per_second, "6 hours"));
  EXPECT_TRUE(fits(gregorian, "2000-01-01", 700 * microseconds_per_second, "6 steps"));
  EXPECT_TRUE(fits(gregorian, "2000-01-01", 700 * microseconds_per_second, "never"));
  EXPECT_TRUE(fits(gregorian, "2000-01-01", 2 * hour, "1 month"));
  EXPECT_FALSE(fits(gregorian, "2000-01-01T01:00:00", 2 * hour, "1 month"));
  EXPECT_FALSE(fits(gregorian, "2000-01-01", 31 * day, "1 month"));
  EXPECT_FALSE(fits(gregorian, "2000-01-01", 1461 * day, "4 years")) << "2100 is no leap year";
  EXPECT_TRUE(fits(Calendar::noleap, "2000-01-01", 365 * day, "1 year"));
  EXPECT_TRUE(fits(Calendar::day_360, "2000-01-01", 5 * day, "1 month"));
  EXPECT_FALSE(fits(Calendar::day_360, "2000-01-02", 5 * day, "1 month"));
  EXPECT_THROW(Clock(gregorian, at("2000-01-01"), 0), Error);
}

/// What options complain of where some keys were given by the user.
std::vector<std::string> problems_of(TimeOptions options, const std::map<std::string, std::string>& given) {
  Setter setter;
  setter.values = given;
  options.visit(setter);
  return setter.problems;
}

TEST(TimeOptions, refuse_two_lengths_and_dates_that_do_not_exist) {
  EXPECT_TRUE(problems_of({}, {}).empty());
  EXPECT_TRUE(problems_of({}, {{"run_days", "1"}}).empty());
  EXPECT_TRUE(problems_of({}, {{"run_steps", "1"}}).empty());
  ASSERT_EQ(problems_of({}, {{"run_steps", "1"}, {"run_days", "1"}}).size(), 1u);
  EXPECT_NE(problems_of({}, {{"run_steps", "1"}, {"run_days", "1"}})[0].find("'run_days' and 'run_steps'"),
            std::string::npos);
  const std::map<std::string, std::string> leap_day = {{"start", "2000-02-29"}};
  ASSERT_EQ(problems_of({}, leap_day).size(), 1u);
  EXPECT_TRUE(problems_of({}, leap_day)[0].starts_with("start: "));
  EXPECT_TRUE(problems_of({}, {{"start", "2000-02-29"}, {"calendar", "proleptic_gregorian"}}).empty());
}

}  // namespace
}  // namespace meridian
