#include "grid/clock.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <utility>

#include "grid/error.hpp"

namespace meridian {

namespace {

constexpr std::string_view calendar_names[] = {"proleptic_gregorian", "noleap", "360_day", "365_day"};
constexpr int other_name_of_noleap = 3;  // CF has two
constexpr int last_year = 9999;
constexpr Microseconds infinitely_late = std::numeric_limits<Microseconds>::max();

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
constexpr std::int64_t floor_modulo(std::int64_t a, std::int64_t b) { return a - floor_divide(a, b) * b; }

bool is_leap(Calendar calendar, std::int64_t year) {
  return calendar == Calendar::proleptic_gregorian && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_of_month(Calendar calendar, std::int64_t year, int month) {
  if (calendar == Calendar::day_360) return 30;
  if (month == 2) return is_leap(calendar, year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Days from 0001-01-01 to 1 January of a year, which may be 0 or negative.
std::int64_t day_of_year_start(Calendar calendar, std::int64_t year) {
  const std::int64_t before = year - 1;
  if (calendar == Calendar::day_360) return 360 * before;
  if (calendar == Calendar::noleap) return 365 * before;
  return 365 * before + floor_divide(before, 4) - floor_divide(before, 100) + floor_divide(before, 400);
}

/// Day number of the first of a month; months count from January of the year 0.
std::int64_t day_of_month_start(Calendar calendar, std::int64_t month_count) {
  const std::int64_t year = floor_divide(month_count, 12);
  std::int64_t day = day_of_year_start(calendar, year);
  const int month = static_cast<int>(month_count - 12 * year) + 1;
  for (int m = 1; m < month; ++m) day += days_of_month(calendar, year, m);
  return day;
}

std::int64_t month_count(const Date& date) { return 12 * std::int64_t{date.year} + date.month - 1; }

/// Text of a time of day, hhmmss with 'colon' between and its fraction (if any) after 'point'.
std::string time_text(Microseconds of_day, const char* colon, const char* point) {
  const auto seconds = static_cast<int>(of_day / microseconds_per_second);
  const auto fraction = static_cast<int>(of_day % microseconds_per_second);
  char text[40];
  std::snprintf(text, sizeof text, "%02d%s%02d%s%02d", seconds / 3600, colon, seconds / 60 % 60, colon, seconds % 60);
  std::string result = text;
  if (fraction != 0) {
    std::snprintf(text, sizeof text, "%s%06d", point, fraction);
    result += text;
  }
  return result;
}

using Unit = Interval::Unit;
struct UnitName {
  Unit unit;
  const char* singular;
  const char* short_name;  // in file names, CMIP's where there is one
  Microseconds length;     // 0 where the calendar or the step decides
  std::int64_t months;     // 0 where it is no number of months
};
constexpr Microseconds minute = 60 * microseconds_per_second;
constexpr std::array<UnitName, 7> units{{{Unit::steps, "step", "step", 0, 0},
                                         {Unit::minutes, "minute", "min", minute, 0},
                                         {Unit::hours, "hour", "hr", 60 * minute, 0},
                                         {Unit::days, "day", "day", microseconds_per_day, 0},
                                         {Unit::months, "month", "mon", 0, 1},
                                         {Unit::seasons, "season", "season", 0, 3},
                                         {Unit::years, "year", "yr", 0, 12}}};

const UnitName& name_of(Unit unit) {
  return *std::find_if(units.begin(), units.end(), [&](const UnitName& name) { return name.unit == unit; });
}

/// A boundary 'first' [microseconds since the start, or months] and the distance of boundaries.
struct Spacing {
  std::int64_t first, distance;
  std::int64_t before(std::int64_t at) const { return at - floor_modulo(at - first, distance); }
};

/// Boundaries of an interval of constant length.
Spacing spacing_in_time(const Interval& interval, const Date& start, Microseconds step_length) {
  if (interval.unit == Unit::steps) return {0, interval.count * step_length};
  const Microseconds distance = interval.count * name_of(interval.unit).length;
  const bool from_midnight = interval.unit == Unit::days || microseconds_per_day % distance == 0;
  return {from_midnight ? -start.of_day : 0, distance};
}

/// Boundaries of an interval of months, seasons or years, as month counts.
Spacing spacing_in_months(const Interval& interval, const Date& start) {
  const std::int64_t unit = name_of(interval.unit).months;
  const std::int64_t distance = interval.count * unit;
  const std::int64_t phase = interval.unit == Unit::seasons ? -1 : 0;  // a season begins in December
  if (12 % distance == 0) return {phase, distance};
  return {Spacing{phase, unit}.before(month_count(start)), distance};
}

}  // namespace

std::string_view cf_name(Calendar calendar) { return calendar_names[static_cast<int>(calendar)]; }

Calendar calendar_of(std::string_view cf_name) {
  const auto* found = std::find(std::begin(calendar_names), std::end(calendar_names), cf_name);
  require(found != std::end(calendar_names), ExitCode::configuration, "There is no calendar '", cf_name,
          "'; allowed: proleptic_gregorian, noleap, 360_day, 365_day.");
  const auto number = static_cast<int>(found - calendar_names);
  return number == other_name_of_noleap ? Calendar::noleap : static_cast<Calendar>(number);
}

std::int64_t day_number(Calendar calendar, const Date& date) {
  return day_of_month_start(calendar, month_count(date)) + date.day - 1;
}

Date date_of_day(Calendar calendar, std::int64_t day_number) {
  // A guess of the year that is at most one off, then the month by counting.
  const std::int64_t per_400_years = day_of_year_start(calendar, 401);
  std::int64_t year = floor_divide(400 * day_number, per_400_years) + 1;
  while (day_of_year_start(calendar, year) > day_number) --year;
  while (day_of_year_start(calendar, year + 1) <= day_number) ++year;
  auto day = static_cast<int>(day_number - day_of_year_start(calendar, year));
  int month = 1;
  for (; day >= days_of_month(calendar, year, month); ++month) day -= days_of_month(calendar, year, month);
  return {static_cast<int>(year), month, day + 1, 0};
}

Date add(Calendar calendar, const Date& date, Microseconds interval) {
  const std::int64_t days = floor_divide(interval, microseconds_per_day);
  const Microseconds of_day = date.of_day + (interval - days * microseconds_per_day);
  const std::int64_t carry = of_day / microseconds_per_day;
  Date result = date_of_day(calendar, day_number(calendar, date) + days + carry);
  result.of_day = of_day - carry * microseconds_per_day;
  require(result.year >= 1 && result.year <= last_year, ExitCode::configuration, "The date ", iso_text(date),
          " plus the time asked for lies in year ", result.year, "; years go from 1 to ", last_year, ".");
  return result;
}

Date parse_date(Calendar calendar, const std::string& text) {
  const auto check = [&](bool condition, const auto&... parts) {
    require(condition, ExitCode::configuration, "The date '", text, "' ", parts...);
  };
  // Digits stand where the pattern has 0; everything else must be the same.
  const auto matches = [&](std::string_view pattern) {
    return text.size() == pattern.size() &&
           std::equal(text.begin(), text.end(), pattern.begin(), [](char letter, char wanted) {
             return wanted == '0' ? letter >= '0' && letter <= '9' : letter == wanted;
           });
  };
  std::string fraction;
  bool well_formed = matches("0000-00-00") || matches("0000-00-00T00:00:00");
  for (std::string pattern = "0000-00-00T00:00:00."; !well_formed && pattern.size() < 26;) {
    pattern += '0';
    if (!matches(pattern)) continue;
    well_formed = true;
    fraction = text.substr(20);
  }
  check(well_formed, "must be written 2000-01-31 or 2000-01-31T06:00:00.");
  const auto number = [&](std::size_t at, std::size_t digits) { return std::stoi(text.substr(at, digits)); };
  Date date{number(0, 4), number(5, 2), number(8, 2), 0};
  check(date.year >= 1, "has the year 0; years go from 1 to ", last_year, ".");
  check(date.month >= 1 && date.month <= 12, "has the month ", date.month, "; months go from 1 to 12.");
  const int days = days_of_month(calendar, date.year, date.month);
  check(date.day >= 1 && date.day <= days, "does not exist: the month has ", days, " days in the calendar '",
        cf_name(calendar), "'.");
  if (text.size() == 10) return date;
  const int hours = number(11, 2), minutes = number(14, 2), seconds = number(17, 2);
  check(hours < 24 && minutes < 60 && seconds < 60, "has no such time of day; it goes from 00:00:00 to 23:59:59.");
  fraction.resize(6, '0');
  date.of_day = (hours * 3600 + minutes * 60 + seconds) * microseconds_per_second + std::stoi(fraction);
  return date;
}

std::string iso_text(const Date& date) {
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT", date.year, date.month, date.day);
  return text + time_text(date.of_day, ":", ".");
}

std::string compact_text(const Date& date) {
  char text[40];
  std::snprintf(text, sizeof text, "%04d%02d%02dT", date.year, date.month, date.day);
  return text + time_text(date.of_day, "", "_");
}

Interval parse_interval(const std::string& text) {
  if (text == "never") return {};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::size_t word = std::min(text.find_first_not_of(' ', digits), text.size());
  for (const UnitName& name : units) {
    const std::string_view unit = std::string_view(text).substr(word);
    if (unit != name.singular && unit != std::string(name.singular) + "s") continue;
    const int count = digits >= 1 && digits <= 7 && word > digits ? std::stoi(text.substr(0, digits)) : 0;
    if (count > 0 && count * name.months <= 12 * last_year) return {name.unit, count};
  }
  require(false, ExitCode::configuration, "'", text,
          "' is no interval; write a whole number from 1 to 9999999 (of years to 9999) and steps, minutes, hours, "
          "days, months, "
          "seasons or "
          "years, as in '6 hours', or 'never'.");
  return {};
}

std::string to_string(const Interval& interval) {
  if (interval.unit == Unit::never) return "never";
  return std::to_string(interval.count) + " " + name_of(interval.unit).singular + (interval.count == 1 ? "" : "s");
}

std::string frequency_text(const Interval& interval) {
  if (interval.unit == Unit::never) return "never";
  const bool with_one = interval.unit == Unit::hours || interval.unit == Unit::minutes;  // CMIP: 1hr, but day, mon, yr
  return (interval.count == 1 && !with_one ? "" : std::to_string(interval.count)) + name_of(interval.unit).short_name;
}

void TimeOptions::visit(OptionVisitor& option) {
  option.text("start", start, "2000-01-31 or 2000-01-31T06:00:00", "date of the first step");
  option.word("calendar", calendar, calendar_names,
              "proleptic_gregorian: with leap years; noleap, 365_day: 365 days a year; 360_day: 12 months of 30 days");
  option.real("run_days", run_days, "days", {0, 3.7e6}, "length of the run; or give 'run_steps'");
  option.integer("run_steps", run_steps, "steps", {-1, 2e9}, "length of the run; -1: 'run_days' gives it");
  if (option.given("run_days") && option.given("run_steps")) {
    option.problem("run_steps", "'run_days' and 'run_steps' both say how long the run is; give one of them.");
  }
  try {
    parse_date(calendar_of(calendar), start);
  } catch (const Error& error) {
    option.problem("start", error.what());
  }
}

Clock::Clock(Calendar calendar, const Date& start, Microseconds step_length)
    : calendar_(calendar), start_(start), step_length_(step_length) {
  require(step_length > 0, ExitCode::configuration, "The time step is ", 1e-6 * static_cast<double>(step_length),
          " s; it must be at least a microsecond.");
}

Instant Clock::instant_at(Microseconds elapsed) const {
  const Date date = date_at(elapsed);
  const std::int64_t first = day_number(calendar_, {date.year, 1, 1, 0});
  const std::int64_t length =
      day_number(calendar_, {date.year, 12, calendar_ == Calendar::day_360 ? 30 : 31, 0}) + 1 - first;
  const double of_day = static_cast<double>(date.of_day) / static_cast<double>(microseconds_per_day);
  return {1e-6 * static_cast<double>(elapsed),
          (static_cast<double>(day_number(calendar_, date) - first) + of_day) / static_cast<double>(length), of_day};
}

Microseconds Clock::elapsed_at_month(std::int64_t month_count) const {
  const std::int64_t days = day_of_month_start(calendar_, month_count) - day_number(calendar_, start_);
  return days * microseconds_per_day - start_.of_day;
}

std::pair<Microseconds, Microseconds> Clock::boundaries_around(const Interval& interval, Microseconds elapsed) const {
  if (interval.unit == Unit::never) return {0, infinitely_late};
  if (name_of(interval.unit).months == 0) {
    const Spacing spacing = spacing_in_time(interval, start_, step_length_);
    const Microseconds before = spacing.before(elapsed);
    return {std::max<Microseconds>(before, 0), before + spacing.distance};
  }
  const std::int64_t days = floor_divide(start_.of_day + elapsed, microseconds_per_day);
  const Spacing spacing = spacing_in_months(interval, start_);
  const std::int64_t before = spacing.before(month_count(date_of_day(calendar_, day_number(calendar_, start_) + days)));
  return {std::max<Microseconds>(elapsed_at_month(before), 0), elapsed_at_month(before + spacing.distance)};
}

bool Clock::ends(const Interval& interval) const {
  return interval.unit != Unit::never && step_ > 0 && boundary_before(interval, elapsed()) == elapsed();
}

Microseconds Clock::boundary_before(const Interval& interval, Microseconds elapsed) const {
  return boundaries_around(interval, elapsed).first;
}

Microseconds Clock::boundary_after(const Interval& interval, Microseconds elapsed) const {
  return boundaries_around(interval, elapsed).second;
}

void Clock::require_whole_steps(const Interval& interval, const std::string& what, int n_steps) const {
  if (interval.unit == Unit::never) return;
  // Enough boundaries to meet every length of a month and of a year, leap years and centuries.
  Microseconds boundary = 0;
  for (int n = 0; n < 50; ++n) {
    boundary = boundary_after(interval, boundary);
    if (boundary > 366 * last_year * microseconds_per_day) return;  // after all dates
    require(boundary % (n_steps * step_length_) == 0, ExitCode::configuration, "'", what, "' is '", to_string(interval),
            "', which ends ", static_cast<double>(boundary) / 1e6, " s after the start; that is no whole number of ",
            n_steps == 1 ? "" : std::to_string(n_steps) + " times ", "steps of ", step_seconds(),
            " s. Choose an interval, a step or a start so that it is.");
  }
}

}  // namespace meridian
