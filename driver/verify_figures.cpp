#include "driver/verify_figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>
#include <regex>
#include <tuple>

#include "cases/states.hpp"
#include "io/netcdf.hpp"
#include "io/problems.hpp"

namespace meridian {

namespace {

// ---- fields and their means ----

constexpr double degree = pi / 180;

double latitude(const GlobalField& x, int j) { return -pi / 2 + pi * (j + 0.5) / x.n_lat; }

/// Mean over globe and levels of f(k, j, i); extended precision keeps the figures of round-off.
template <class F>
double mean(const GlobalField& x, const F& f) {
  long double sum = 0;
  for (int k = 0; k < x.n_k; ++k) {
    for (int j = 0; j < x.n_lat; ++j) {
      long double row = 0;
      for (int i = 0; i < x.n_lon; ++i) row += f(k, j, i);
      sum += row * area_share(x.n_lat, x.n_lon, j);
    }
  }
  return static_cast<double>(sum / x.n_k);
}

template <class F>
double largest(const GlobalField& x, const F& f) {
  double result = -HUGE_VAL;
  for (int k = 0; k < x.n_k; ++k) {
    for (int j = 0; j < x.n_lat; ++j) {
      for (int i = 0; i < x.n_lon; ++i) {
        const double value = f(k, j, i);
        if (std::isnan(value)) return value;
        result = std::max(result, value);
      }
    }
  }
  return result;
}

double zonal_mean(const GlobalField& x, int k, int j) {
  const double* row = &x.values[(static_cast<std::size_t>(k) * x.n_lat + j) * x.n_lon];
  return std::accumulate(row, row + x.n_lon, 0.0) / x.n_lon;
}

/// sum over i of x_i exp(- i m lon_i) / n, the zonal wave m of a row.
std::complex<double> wave(const std::vector<double>& row, int m) {
  std::complex<double> sum = 0;
  const int n = static_cast<int>(row.size());
  for (int i = 0; i < n; ++i) sum += row[i] * std::polar(1.0, -2 * pi * (static_cast<long>(m) * i % n + 0.5 * m) / n);
  return sum / static_cast<double>(n);
}

std::vector<double> row_of(const GlobalField& x, int k, int j) {
  const auto first = x.values.begin() + (static_cast<std::ptrdiff_t>(k) * x.n_lat + j) * x.n_lon;
  return {first, first + x.n_lon};
}

/// The lowest level at a latitude [degrees], linear between rows.
std::vector<double> circle(const GlobalField& x, double latitude_degrees) {
  const double place = std::clamp((latitude_degrees + 90) / 180 * x.n_lat - 0.5, 0.0, x.n_lat - 1.0);
  const int j = std::clamp(static_cast<int>(place), 0, std::max(0, x.n_lat - 2));
  std::vector<double> row = row_of(x, x.n_k - 1, j), north = row_of(x, x.n_k - 1, std::min(j + 1, x.n_lat - 1));
  for (int i = 0; i < x.n_lon; ++i) row[i] += (place - j) * (north[i] - row[i]);
  return row;
}

// ---- figures ----

double error(FigureMeter& run, const VerifyFigure& figure, int power) {
  const GlobalField x = run.field(figure.field);
  const GlobalField& y = run.earlier(figure);
  if (power == 0) {
    return largest(x, [&](int k, int j, int i) { return std::abs(x.at(k, j, i) - y.at(k, j, i)); }) /
           largest(y, [&](int k, int j, int i) { return std::abs(y.at(k, j, i)); });
  }
  const auto norm = [&](double z) { return power == 1 ? std::abs(z) : z * z; };
  const double ratio = mean(x, [&](int k, int j, int i) { return norm(x.at(k, j, i) - y.at(k, j, i)); }) /
                       mean(y, [&](int k, int j, int i) { return norm(y.at(k, j, i)); });
  return power == 1 ? ratio : std::sqrt(ratio);
}
double l1_error(FigureMeter& run, const VerifyFigure& figure) { return error(run, figure, 1); }
double l2_error(FigureMeter& run, const VerifyFigure& figure) { return error(run, figure, 2); }
double linf_error(FigureMeter& run, const VerifyFigure& figure) { return error(run, figure, 0); }

double mean_change(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  const GlobalField& y = run.earlier(figure);
  return mean(x, [&](int k, int j, int i) { return std::abs(x.at(k, j, i) - y.at(k, j, i)); });
}
double rms_change(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  const GlobalField& y = run.earlier(figure);
  return std::sqrt(mean(x, [&](int k, int j, int i) { return std::pow(x.at(k, j, i) - y.at(k, j, i), 2); }));
}
double zonal_mean_change(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  const GlobalField& y = run.earlier(figure);
  const VerticalCoordinate& levels = run.model().grid().levels;
  double sum = 0, weight = 0;
  for (int k = 0; k < x.n_k; ++k) {
    const double p0 = levels.p0(), layer = x.n_k == 1 ? 1 : levels.pressure(k + 1, p0) - levels.pressure(k, p0);
    for (int j = 0; j < x.n_lat; ++j) {
      const double share = layer * area_share(x.n_lat, x.n_lon, j);
      sum += share * std::pow(zonal_mean(x, k, j) - zonal_mean(y, k, j), 2);
      weight += share;
    }
  }
  return std::sqrt(sum / weight);
}

double maximum(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  return largest(x, [&](int k, int j, int i) { return x.at(k, j, i); });
}
/// Linear in ln p between layers, the value of the end layers beyond them.
double mean_at_pressure(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field), p = run.field("pfull");
  return x.n_k * mean(x, [&](int k, int j, int i) {
           if (k > 0) return 0.0;
           int below = 1;
           while (below + 1 < x.n_k && p.at(below, j, i) < figure.pressure_pa) ++below;
           const double upper = std::log(p.at(below - 1, j, i)), lower = std::log(p.at(below, j, i));
           const double share = std::clamp((std::log(figure.pressure_pa) - upper) / (lower - upper), 0.0, 1.0);
           return x.at(below - 1, j, i) + share * (x.at(below, j, i) - x.at(below - 1, j, i));
         });
}
double rms_lowest_level(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  return std::sqrt(x.n_k *
                   mean(x, [&](int k, int j, int i) { return k == x.n_k - 1 ? std::pow(x.at(k, j, i), 2) : 0; }));
}
/// The lowest value and its place, in the frame of the state; only near 'longitude_degrees' where that is set.
struct Lowest {
  double value = std::numeric_limits<double>::infinity();
  Frame::Point place{};
};
Lowest lowest(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  const Frame frame(run.model().angle());
  Lowest lowest;
  for (int k = 0; k < x.n_k; ++k) {
    for (int j = 0; j < x.n_lat; ++j) {
      for (int i = 0; i < x.n_lon; ++i) {
        const double value = x.at(k, j, i);
        if (value >= lowest.value) continue;
        const Frame::Point place = frame.at(2 * pi * (i + 0.5) / x.n_lon, latitude(x, j));
        if (std::isnan(value)) return {value, place};
        const double away = std::remainder(place.lon - figure.longitude_degrees * degree, 2 * pi);
        if (figure.longitude_degrees < 0 || std::abs(away) <= 20 * degree) lowest = {value, place};
      }
    }
  }
  return lowest;
}
double minimum(FigureMeter& run, const VerifyFigure& figure) { return lowest(run, figure).value; }
double minimum_latitude(FigureMeter& run, const VerifyFigure& figure) { return lowest(run, figure).place.lat / degree; }
double minimum_longitude(FigureMeter& run, const VerifyFigure& figure) {
  const double lon = lowest(run, figure).place.lon / degree;
  return lon < 0 ? lon + 360 : lon;
}

double uniformness(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  return largest(x, [&](int k, int j, int i) { return std::abs(x.at(k, j, i) - 1); });
}
double eddy(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  double mean = 0;
  return largest(x, [&](int k, int j, int i) {
    if (i == 0) mean = zonal_mean(x, k, j);
    return std::abs(x.at(k, j, i) - mean);
  });
}
double symmetry(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  const int shift = x.n_lon / figure.wavenumber;
  return largest(x, [&](int k, int j, int i) { return std::abs(x.at(k, j, i) - x.at(k, j, (i + shift) % x.n_lon)); });
}
double mirror(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  return largest(x, [&](int k, int j, int i) { return std::abs(x.at(k, j, i) - x.at(k, x.n_lat - 1 - j, i)); });
}
double polar_noise(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField x = run.field(figure.field);
  double noise = 0;
  for (int k = 0; k < x.n_k; ++k) {
    for (int n = 0; n < std::min(5, x.n_lat); ++n) {
      for (const int j : {n, x.n_lat - 1 - n}) {
        const std::vector<double> row = row_of(x, k, j);
        for (int m = 10; m <= x.n_lon / 2; ++m) {
          noise = std::max(noise, (2 * m == x.n_lon ? 1 : 2) * std::abs(wave(row, m)));
        }
      }
    }
  }
  return noise;
}

double wave_amplitude(FigureMeter& run, const VerifyFigure& figure) {
  return 2 * std::abs(wave(circle(run.field(figure.field), figure.latitude_degrees), figure.wavenumber));
}
double wave_speed(FigureMeter& run, const VerifyFigure& figure) {
  const auto now = wave(circle(run.field(figure.field), figure.latitude_degrees), figure.wavenumber);
  const auto then = wave(circle(run.earlier(figure), figure.latitude_degrees), figure.wavenumber);
  const double moved = -std::arg(now / then) / figure.wavenumber;
  return moved / degree / (run.elapsed_s() / seconds_per_day - figure.since);
}

double mass_drift(FigureMeter& run, const VerifyFigure&) {
  return run.model().dycore().budgets().mass / run.budgets_at_start().mass - 1;
}
double energy_drift(FigureMeter& run, const VerifyFigure&) {
  return run.model().dycore().budgets().energy / run.budgets_at_start().energy - 1;
}
double energy_imbalance(FigureMeter& run, const VerifyFigure&) {
  return (run.model().dycore().budgets().energy - run.budgets_at_start().energy) / run.elapsed_s();
}
double enstrophy_drift(FigureMeter& run, const VerifyFigure&) {
  return run.model().dycore().budgets().enstrophy / run.budgets_at_start().enstrophy - 1;
}
double angular_momentum_drift(FigureMeter& run, const VerifyFigure&) {
  return run.model().dycore().budgets().angular_momentum / run.budgets_at_start().angular_momentum - 1;
}
double water_imbalance(FigureMeter& run, const VerifyFigure&) {
  return run.model().water_imbalance(run.model().dycore().budgets());
}
/// Since the start [W m-2].
double energy_residual(FigureMeter& run, const VerifyFigure&) {
  return run.model().energy_residual(run.model().dycore().budgets()) / run.elapsed_s();
}
double energy_correction(FigureMeter& run, const VerifyFigure&) {
  return run.model().energy_corrected() / run.elapsed_s();
}
double largest_wind(FigureMeter& run, const VerifyFigure&) { return run.model().dycore().summary().largest_wind; }

/// Of the air between 850 and 400 hPa, by mass [1].
double relative_humidity(FigureMeter& run, const VerifyFigure&) {
  const MoistAir air = run.model().air();
  const GlobalField q = run.field("qv"), T = run.field("ta"), p = run.field("pfull"), dm = run.field("dpi");
  const auto inside = [&](int k, int j, int i) {
    return p.at(k, j, i) > 4e4 && p.at(k, j, i) < 8.5e4 ? dm.at(k, j, i) : 0;
  };
  return mean(q,
              [&](int k, int j, int i) {
                return inside(k, j, i) * q.at(k, j, i) / air.saturated(T.at(k, j, i), p.at(k, j, i)).q;
              }) /
         mean(q, inside);
}

std::string mass_name(FigureMeter& run) {
  return std::string(run.model().fields().has(field::depth.name) ? field::depth.short_name
                                                                 : field::layer_mass.short_name);
}
double tracer_mass_drift(FigureMeter& run, const VerifyFigure& figure) {
  VerifyFigure mass = figure;
  mass.field = mass_name(run);
  const GlobalField q = run.field(figure.field), dm = run.field(mass.field);
  const GlobalField &q0 = run.earlier(figure), &dm0 = run.earlier(mass);
  const auto total = [](const GlobalField& a, const GlobalField& b) {
    return mean(a, [&](int k, int j, int i) { return static_cast<long double>(a.at(k, j, i)) * b.at(k, j, i); });
  };
  return total(q, dm) / total(q0, dm0) - 1;
}
double height_change(FigureMeter& run, const VerifyFigure& figure) {
  VerifyFigure mass = figure, height = figure;
  mass.field = mass_name(run);
  height.field = "zg";
  const auto mean_height = [](const GlobalField& q, const GlobalField& dm, const GlobalField& z) {
    return mean(q, [&](int k, int j, int i) { return q.at(k, j, i) * dm.at(k, j, i) * z.at(k, j, i); }) /
           mean(q, [&](int k, int j, int i) { return q.at(k, j, i) * dm.at(k, j, i); });
  };
  return mean_height(run.field(figure.field), run.field(mass.field), run.field("zg")) -
         mean_height(run.earlier(figure), run.earlier(mass), run.earlier(height));
}

// Mixing of two correlated tracers, xi = 0.9 - 0.8 chi^2 with chi from 0.1 to 1: Lauritzen and Thuburn (2012), Q. J. R.
// Meteorol. Soc. 138, 665-684. A cell's distance from the curve counts as real mixing inside the convex hull of the
// curve, as unmixing elsewhere within the range of both, as overshooting outside it.
enum class Mixing { real, unmixing, overshooting };
double mixing(FigureMeter& run, const VerifyFigure& figure, Mixing kind) {
  const GlobalField chi = run.field(figure.field), xi = run.field(figure.with);
  constexpr double slack = 1e-13;
  return mean(chi, [&](int k, int j, int i) {
    const double x = chi.at(k, j, i), y = xi.at(k, j, i);
    const bool in_range = x >= 0.1 - slack && x <= 1 + slack && y >= 0.1 - slack && y <= 0.892 + slack;
    const bool in_hull = in_range && y <= 0.9 - 0.8 * x * x + slack && y >= 0.892 - 0.88 * (x - 0.1) - slack;
    if (kind != (in_hull ? Mixing::real : in_range ? Mixing::unmixing : Mixing::overshooting)) return 0.0;
    const double c = std::cbrt(65340 * x + 12 * std::sqrt(12 * std::pow(125 * y - 52, 3) + 29648025 * x * x)) / 60;
    const double nearest = std::clamp(c + (13. / 75 - 5. / 12 * y) / c, 0.1, 1.0);
    return std::hypot((x - nearest) / 0.9, (y - (0.9 - 0.8 * nearest * nearest)) / 0.792);
  });
}
double real_mixing(FigureMeter& run, const VerifyFigure& figure) { return mixing(run, figure, Mixing::real); }
double unmixing(FigureMeter& run, const VerifyFigure& figure) { return mixing(run, figure, Mixing::unmixing); }
double overshooting(FigureMeter& run, const VerifyFigure& figure) { return mixing(run, figure, Mixing::overshooting); }

double filament(FigureMeter& run, const VerifyFigure& figure) {
  const auto area = [&](const GlobalField& q) {
    return mean(q, [&](int k, int j, int i) { return q.at(k, j, i) >= figure.threshold ? 1 : 0; });
  };
  return 100 * area(run.field(figure.field)) / area(run.earlier(figure));
}

double records(FigureMeter& run, const VerifyFigure& figure) { return run.statistics(figure).count(); }

using Section = ZonalStatistics::Section;
template <Section section>
double statistic(FigureMeter& run, const VerifyFigure& figure) {
  const ZonalStatistics& statistics = run.statistics(figure);
  const double north = statistics.extreme(section, 1).value, south = statistics.extreme(section, -1).value;
  if (figure.hemisphere == "difference") return std::abs(north - south) / std::max(north, south);
  return figure.hemisphere == "north" ? north : south;
}
double jet_latitude(FigureMeter& run, const VerifyFigure& figure) {
  const auto latitude_of = [&](int side) {
    return run.statistics(figure).extreme(Section::jet, side).latitude_degrees;
  };
  if (figure.hemisphere == "difference") return std::abs(latitude_of(1) + latitude_of(-1));
  return std::abs(latitude_of(figure.hemisphere == "north" ? 1 : -1));
}

double time_mean(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField& x = run.mean_over_time(figure);
  if (x.values.empty()) return std::nan("");
  const double cap = figure.latitude_degrees * degree;
  const auto inside = [&](int j) { return std::abs(latitude(x, j)) >= cap ? 1.0 : 0.0; };
  return mean(x, [&](int k, int j, int i) { return inside(j) * x.at(k, j, i); }) /
         mean(x, [&](int, int j, int) { return inside(j); });
}
/// Of the zonal means of both hemispheres: root mean square of north less south, relative to that of the mean.
double hemispheric_difference(FigureMeter& run, const VerifyFigure& figure) {
  const GlobalField& x = run.mean_over_time(figure);
  if (x.values.empty()) return std::nan("");
  double difference = 0, size = 0;
  for (int j = 0; j < x.n_lat; ++j) {
    const double here = zonal_mean(x, x.n_k - 1, j), there = zonal_mean(x, x.n_k - 1, x.n_lat - 1 - j);
    difference += area_share(x.n_lat, 1, j) * std::pow(here - there, 2);
    size += area_share(x.n_lat, 1, j) * std::pow(here, 2);
  }
  return std::sqrt(difference / size);
}

struct Figure {
  std::string_view name;
  double (*value)(FigureMeter&, const VerifyFigure&);
};

/// All figures: one line each. docs/how_to/verify.md says what they are.
constexpr Figure table[] = {
    {"l1_error", l1_error},
    {"l2_error", l2_error},
    {"linf_error", linf_error},
    {"mean_change", mean_change},
    {"rms_change", rms_change},
    {"zonal_mean_change", zonal_mean_change},
    {"minimum", minimum},
    {"maximum", maximum},
    {"mean_at_pressure", mean_at_pressure},
    {"rms_lowest_level", rms_lowest_level},
    {"minimum_latitude", minimum_latitude},
    {"minimum_longitude", minimum_longitude},
    {"uniformness", uniformness},
    {"eddy", eddy},
    {"symmetry", symmetry},
    {"mirror", mirror},
    {"polar_noise", polar_noise},
    {"wave_amplitude", wave_amplitude},
    {"wave_speed", wave_speed},
    {"mass_drift", mass_drift},
    {"energy_drift", energy_drift},
    {"energy_imbalance", energy_imbalance},
    {"enstrophy_drift", enstrophy_drift},
    {"angular_momentum_drift", angular_momentum_drift},
    {"water_imbalance", water_imbalance},
    {"energy_residual", energy_residual},
    {"energy_correction", energy_correction},
    {"relative_humidity", relative_humidity},
    {"largest_wind", largest_wind},
    {"tracer_mass_drift", tracer_mass_drift},
    {"height_change", height_change},
    {"real_mixing", real_mixing},
    {"unmixing", unmixing},
    {"overshooting", overshooting},
    {"filament", filament},
    {"records", records},
    {"jet", statistic<Section::jet>},
    {"jet_latitude", jet_latitude},
    {"heat_flux", statistic<Section::heat_flux>},
    {"temperature_variance", statistic<Section::temperature_variance>},
    {"momentum_flux", statistic<Section::momentum_flux>},
    {"eddy_energy", statistic<Section::eddy_energy>},
    {"time_mean", time_mean},
    {"hemispheric_difference", hemispheric_difference},
};

const Figure& entry(const std::string& name) {
  return *std::ranges::find(table, std::string_view(name), &Figure::name);
}

bool needs_statistics(const VerifyFigure& figure) {
  static constexpr std::string_view names[] = {
      "records", "jet", "jet_latitude", "heat_flux", "temperature_variance", "momentum_flux", "eddy_energy"};
  return std::ranges::find(names, std::string_view(figure.figure)) != std::end(names);
}

bool needs_time_mean(const VerifyFigure& figure) {
  return figure.figure == "time_mean" || figure.figure == "hemispheric_difference";
}

/// Pressures [Pa] on which statistics over time are made.
constexpr std::array<double, 24> pressures = {97500, 95000, 92500, 90000, 87500, 85000, 82500, 80000,
                                              75000, 70000, 60000, 50000, 40000, 35000, 30000, 27500,
                                              25000, 22500, 20000, 15000, 10000, 5000,  2000,  1000};
constexpr int n_pressures = static_cast<int>(pressures.size());

}  // namespace

const std::vector<std::string_view>& figure_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Figure& figure : table) all.push_back(figure.name);
    return all;
  }();
  return names;
}

double area_share(int n_lat, int n_lon, int j) {
  const double dp = pi / n_lat;
  return std::cos(-pi / 2 + (j + 0.5) * dp) * std::sin(dp / 2) / n_lon;
}

GlobalField gathered(const Grid& grid, const Field<Cell>& field) {
  const Block& block = grid.block;
  const int n_k = field.n_levels();
  const std::vector<double> mine = packed(field.data(), block.cells(n_k));
  const std::array<int, 4> here = {block.j_first, block.ny, block.i_first, block.nx};
  std::vector<int> blocks(4 * static_cast<std::size_t>(block.n_ranks)), counts(block.n_ranks), starts(block.n_ranks);
  MPI_Allgather(here.data(), 4, MPI_INT, blocks.data(), 4, MPI_INT, block.world);
  int total = 0;
  for (int r = 0; r < block.n_ranks; ++r) {
    counts[r] = n_k * blocks[4 * r + 1] * blocks[4 * r + 3];
    starts[r] = total;
    total += counts[r];
  }
  std::vector<double> all(total);
  MPI_Allgatherv(mine.data(), counts[block.rank], MPI_DOUBLE, all.data(), counts.data(), starts.data(), MPI_DOUBLE,
                 block.world);
  GlobalField global{n_k, block.n_lat, block.n_lon, std::vector<double>(total)};
  for (int r = 0; r < block.n_ranks; ++r) {
    const double* from = &all[starts[r]];
    for (int k = 0; k < n_k; ++k) {
      for (int j = 0; j < blocks[4 * r + 1]; ++j) {
        for (int i = 0; i < blocks[4 * r + 3]; ++i) {
          global.at(k, blocks[4 * r] + j, blocks[4 * r + 2] + i) = *from++;
        }
      }
    }
  }
  return global;
}

bool refines(int n_lon, int n_lat, int n_lon_coarse, int n_lat_coarse) {
  const int factor = n_lat / n_lat_coarse;
  return factor >= 1 && n_lat == factor * n_lat_coarse && n_lon == factor * n_lon_coarse;
}

GlobalField coarsened(const GlobalField& fine, int n_lon, int n_lat) {
  const int factor = fine.n_lat / n_lat;
  require(refines(fine.n_lon, fine.n_lat, n_lon, n_lat), ExitCode::internal, fine.n_lon, " x ", fine.n_lat,
          " cells do not fit into those of ", n_lon, " x ", n_lat, ".");
  GlobalField coarse{fine.n_k, n_lat, n_lon, std::vector<double>(static_cast<std::size_t>(fine.n_k) * n_lat * n_lon)};
  for (int k = 0; k < fine.n_k; ++k) {
    for (int j = 0; j < n_lat; ++j) {
      for (int i = 0; i < n_lon; ++i) {
        double sum = 0, area = 0;
        for (int m = 0; m < factor; ++m) {
          const double share = area_share(fine.n_lat, fine.n_lon, j * factor + m);
          for (int n = 0; n < factor; ++n) sum += share * fine.at(k, j * factor + m, i * factor + n);
          area += factor * share;
        }
        coarse.at(k, j, i) = sum / area;
      }
    }
  }
  return coarse;
}

void ZonalStatistics::add(const GlobalField& u, const GlobalField& v, const GlobalField& T, const GlobalField& p) {
  n_lat_ = u.n_lat;
  for (auto* sum : {&u_, &v_, &T_, &uu_, &vv_, &uv_, &vT_, &TT_}) {
    sum->resize(static_cast<std::size_t>(n_pressures) * n_lat_);
  }
  ++count_;
  const double share = 1. / u.n_lon;
  for (int j = 0; j < n_lat_; ++j) {
    for (int i = 0; i < u.n_lon; ++i) {
      for (int n = 0; n < n_pressures; ++n) {
        int upper = 0;
        while (upper + 2 < p.n_k && p.at(upper + 1, j, i) <= pressures[n]) ++upper;
        const double above = std::log(p.at(upper, j, i)), below = std::log(p.at(upper + 1, j, i));
        const double weight = std::clamp((std::log(pressures[n]) - above) / (below - above), 0.0, 1.0);
        const auto here = [&](const GlobalField& x) {
          return x.at(upper, j, i) + weight * (x.at(upper + 1, j, i) - x.at(upper, j, i));
        };
        const double a = here(u), b = here(v), t = here(T);
        const std::size_t at = static_cast<std::size_t>(n) * n_lat_ + j;
        u_[at] += a * share, v_[at] += b * share, T_[at] += t * share;
        uu_[at] += a * a * share, vv_[at] += b * b * share, uv_[at] += a * b * share;
        vT_[at] += b * t * share, TT_[at] += t * t * share;
      }
    }
  }
}

double ZonalStatistics::value(Section section, int level, int row) const {
  const std::size_t at = static_cast<std::size_t>(level) * n_lat_ + row;
  const auto prime = [&](const std::vector<double>& ab, const std::vector<double>& a, const std::vector<double>& b) {
    return ab[at] / count_ - a[at] / count_ * (b[at] / count_);
  };
  switch (section) {
    case Section::jet:
      return u_[at] / count_;
    case Section::heat_flux:
      return prime(vT_, v_, T_);
    case Section::temperature_variance:
      return prime(TT_, T_, T_);
    case Section::momentum_flux:
      return prime(uv_, u_, v_);
    default:
      return (prime(uu_, u_, u_) + prime(vv_, v_, v_)) / 2;
  }
}

ZonalStatistics::Extreme ZonalStatistics::extreme(Section section, int hemisphere) const {
  const bool flux = section == Section::heat_flux || section == Section::momentum_flux;
  const bool low = section == Section::heat_flux || section == Section::temperature_variance;
  const int sign = flux ? hemisphere : 1;  // poleward
  Extreme found{std::nan(""), 0, 0};
  for (int n = 0; n < n_pressures; ++n) {
    if (low ? pressures[n] < 70000 : pressures[n] < 10000 || pressures[n] > 50000) continue;
    for (int j = 0; j < n_lat_; ++j) {
      const double lat = -90 + 180 * (j + 0.5) / n_lat_;
      if (lat * hemisphere <= 0 || count_ == 0) continue;
      const double x = sign * value(section, n, j);
      if (!(x <= found.value)) found = {x, lat, pressures[n]};
    }
  }
  return found;
}

long time_of(double day, const Model& model) {
  const double seconds = model.clock().step_seconds();
  return std::lround(day < 0 ? static_cast<double>(model.last_step()) * seconds : day * seconds_per_day);
}

FigureMeter::FigureMeter(Model& model, const std::vector<VerifyFigure>& figures, const ReferenceFields& reference)
    : model_(model), figures_(figures), reference_(reference) {
  look();
}

bool FigureMeter::is_now(double day) const {
  return std::abs(elapsed_s() - day * seconds_per_day) < 0.5 * model_.clock().step_seconds();
}

void FigureMeter::look() {
  bool diagnosed = false;
  const auto diagnose = [&] {
    if (!diagnosed) model_.diagnose_all();
    diagnosed = true;
  };
  const auto keep = [&](const std::string& name, double since) {
    if (name.empty() || kept_.contains({name, since})) return;
    diagnose();
    kept_[{name, since}] = field(name);
  };
  const double day = elapsed_s() / seconds_per_day;
  const bool once_a_day = model_.clock().step() > 0 && std::abs(day - std::round(day)) < 1e-9;
  std::map<std::pair<double, double>, bool> added;
  std::map<std::tuple<std::string, double, double>, bool> summed;
  for (const VerifyFigure& figure : figures_) {
    const bool inside = day > figure.since + 1e-9 && (figure.day < 0 || day < figure.day + 1e-9);
    if (needs_statistics(figure)) {
      const std::pair period{figure.since, figure.day};
      if (!inside || !once_a_day || added[period]) continue;
      added[period] = true;
      diagnose();
      statistics_[period].add(field("ua"), field("va"), field("ta"), field("pfull"));
    } else if (needs_time_mean(figure)) {
      const std::tuple key{figure.field, figure.since, figure.day};
      if (!inside || !once_a_day || summed[key]) continue;
      summed[key] = true;
      diagnose();
      auto& [count, mean] = means_[key];
      const GlobalField now = field(figure.field);
      if (count++ == 0) {
        mean = now;
      } else {
        for (std::size_t n = 0; n < now.values.size(); ++n) mean.values[n] += (now.values[n] - mean.values[n]) / count;
      }
    } else if (is_now(figure.since)) {
      keep(figure.field, figure.since);
      const bool height = figure.figure == "height_change";
      if (height || figure.figure == "tracer_mass_drift") keep(mass_name(*this), figure.since);
      if (height) keep("zg", figure.since);
    }
  }
}

double FigureMeter::value(const VerifyFigure& figure) {
  model_.diagnose_all();
  return entry(figure.figure).value(*this, figure);
}

void FigureMeter::require_fields(const VerifyFigure& figure) {
  model_.diagnose_all();
  if (needs_statistics(figure)) {
    for (const char* name : {"ua", "va", "ta", "pfull"}) field(name);
  } else if (needs_time_mean(figure)) {
    field(figure.field);
  } else {
    value(figure);
  }
}

const GlobalField& FigureMeter::earlier(const VerifyFigure& figure) const {
  if (figure.against == "reference") return reference_.at({figure.field, time_of(figure.day, model_)});
  return kept_.at({figure.field, figure.since});
}

const ZonalStatistics& FigureMeter::statistics(const VerifyFigure& figure) const {
  static const ZonalStatistics none;
  const auto found = statistics_.find({figure.since, figure.day});
  return found == statistics_.end() ? none : found->second;
}

const GlobalField& FigureMeter::mean_over_time(const VerifyFigure& figure) const {
  static const GlobalField none;
  const auto found = means_.find({figure.field, figure.since, figure.day});
  return found == means_.end() ? none : found->second.second;
}

GlobalField FigureMeter::field(const std::string& sum) const {
  static const std::regex form(R"(\s*(?:([0-9.eE+-]+)\s*\*?\s+)?([A-Za-z]\w*)\s*(\+|$))");
  GlobalField total;
  auto from = sum.begin();
  for (bool more = true; more;) {
    std::smatch part;
    require(std::regex_search(from, sum.end(), part, form, std::regex_constants::match_continuous),
            ExitCode::configuration, "A figure of 'verify' is of '", sum,
            "'; its 'field' (of mixing also 'with') must be the name of a field or a sum like '0.5 q1 + q2'.");
    from = part[0].second;
    more = part[3].length() > 0;
    const double factor = part[1].matched ? std::stod(part[1]) : 1;
    const std::string name = part[2];
    std::string known;
    const FieldSet::Entry* found = nullptr;
    for (const FieldSet::Entry& entry : model_.fields().entries()) {
      if (entry.info.horizontal != Horizontal::cell) continue;
      known += (known.empty() ? "" : ", ") + std::string(entry.info.short_name);
      if (entry.info.short_name == name) found = &entry;
    }
    require(found != nullptr, ExitCode::configuration, "A figure of 'verify' is of the field '", name,
            "', which this run does not have; the fields of cells are ", known, ".");
    GlobalField term = gathered(model_.grid(), Field<Cell>(found->data));
    if (factor != 1) {
      for (double& x : term.values) x *= factor;
    }
    if (total.values.empty()) {
      total = std::move(term);
    } else {
      for (std::size_t n = 0; n < total.values.size(); ++n) total.values[n] += term.values[n];
    }
  }
  return total;
}

}  // namespace meridian
