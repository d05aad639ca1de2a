#pragma once
// Sea surface temperatures of a file, through the year.

#include <array>

#include "physics/columns.hpp"

namespace meridian {

/// Linear in time between the middles of months, of values whose interpolation has the given monthly means, for twelve months of equal
/// length.
struct MonthlySst {
  static constexpr std::string_view name = "monthly_sst";
  static constexpr std::string_view meaning = "sea surface temperatures of 'boundary.sea_surface_temperature', by date";
  static constexpr std::string_view source = "Taylor, Williamson and Zwiers (2000), PCMDI Report 60";
  static constexpr std::string_view equation = R"((T_m-1 + 6 T_m + T_m+1) / 8 = mean of month m)";
  static constexpr FieldUse fields[] = {reads(field::monthly_sea_surface_temperature),
                                        owns(field::surface_temperature)};

  struct Options {
    double warming_k = 0;

    void visit(OptionVisitor& option) { option.real("warming_k", warming_k, "K", {-50, 50}, "added everywhere"); }
  };
  Options options;

  void start(Columns& columns) const { run(columns, 0); }
  void run(Columns& columns, double dt) const;
};
static_assert(Parameterization<MonthlySst>);

/// Weights of the monthly means [1] in the temperature at a part of the year; they add up to 1.
std::array<double, 12> weights_of_months(double part_of_year);

}  // namespace meridian
