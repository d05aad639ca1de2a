// The figures of `meridian verify` on fields whose figures are known, each with a field that must not pass for it.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "driver/verify_figures.hpp"

namespace meridian {
namespace {

using Value = std::function<double(int k, int j, int i)>;

/// A small model whose fields a test fills itself.
struct Metered {
  Case c;
  Model model;
  std::vector<VerifyFigure> none;
  ReferenceFields no_reference;

  explicit Metered(const std::string& text) : c(parse_case({"test", "test.yaml", text}, {})), model(c, "none", "test") {
    model.start_without_output();
  }
  void set(const std::string& name, const Value& value) {
    for (const FieldSet::Entry& entry : model.fields().entries()) {
      if (entry.info.short_name != name) continue;
      const auto host = Kokkos::create_mirror_view(entry.data);
      for (int k = 0; k < static_cast<int>(host.extent(0)); ++k) {
        for (int j = 0; j < model.grid().block.ny; ++j) {
          for (int i = 0; i < model.grid().block.nx; ++i) {
            host(k, j + halo_width, i + halo_width) = static_cast<Real>(value(k, j, i));
          }
        }
      }
      Kokkos::deep_copy(entry.data, host);
    }
  }
};

VerifyFigure figure_of(const std::string& name, const std::string& field) {
  VerifyFigure figure;
  figure.figure = name;
  figure.field = field;
  return figure;
}

constexpr int n_lon = 48, n_lat = 24;
const std::string shallow = R"(
grid: {n_lon: 48, n_lat: 24}
time: {run_steps: 1}
dycore: {equations: shallow_water, frozen_winds: true, dt_s: 600, divergence_damping: 0}
initial: {name: rotation}
tracers: [{name: a}, {name: b}]
)";
double longitude(int i) { return 2 * pi * (i + 0.5) / n_lon; }
double latitude(int j) { return -pi / 2 + pi * (j + 0.5) / n_lat; }

/// The value of a figure after tracer a was 'before' and has become 'after'.
double measured(const VerifyFigure& figure, const Value& before, const Value& after, const Value& b = {}) {
  Metered m(shallow);
  m.set("a", before);
  const std::vector<VerifyFigure> figures = {figure};
  FigureMeter meter(m.model, figures, m.no_reference);
  m.set("a", after);
  if (b) m.set("b", b);
  return meter.value(figure);
}

constexpr double round_off = sizeof(Real) == 8 ? 1e-13 : 1e-5;

TEST(VerifyFigures, errors_are_relative_to_the_start) {
  const auto two = [](int, int, int) { return 2.0; };
  const auto three = [](int, int, int) { return 3.0; };
  for (const char* name : {"l1_error", "l2_error", "linf_error"}) {
    EXPECT_NEAR(measured(figure_of(name, "a"), two, three), 0.5, round_off) << name;
    EXPECT_EQ(measured(figure_of(name, "a"), two, two), 0) << name;
  }
  EXPECT_NEAR(measured(figure_of("mean_change", "a"), two, three), 1, round_off);
  EXPECT_NEAR(measured(figure_of("rms_change", "a"), two, three), 1, round_off);
  const auto northern = [](int, int j, int) { return j >= n_lat / 2 ? 4.0 : 2.0; };  // half of the area
  EXPECT_NEAR(measured(figure_of("mean_change", "a"), two, northern), 1, round_off);
  EXPECT_NEAR(measured(figure_of("rms_change", "a"), two, northern), std::sqrt(2), round_off);
}

TEST(VerifyFigures, fields_may_be_sums) {
  const auto third = [](int, int, int) { return 0.25; };
  const VerifyFigure sum = figure_of("uniformness", "2 a + 0.5 b");
  EXPECT_NEAR(measured(sum, third, third, [](int, int, int) { return 1.0; }), 0, round_off);
  EXPECT_NEAR(measured(sum, third, third, [](int, int, int) { return 1.5; }), 0.25, round_off);
  for (const char* wrong : {"a +", "a - b", "2", "nothing"}) {
    EXPECT_THROW(measured(figure_of("maximum", wrong), third, third), Error) << wrong;
  }
}

const std::string column = R"(
grid: {levels: "sigma:10"}
time: {run_steps: 1}
dycore: {equations: column}
initial: {name: rest, profile: isothermal, temperature_k: 280}
tracers: [{name: qv, initial: uniform, value: 0}]
)";
/// A figure of a column at rest with this vapour.
double of_column(const VerifyFigure& figure, const Value& vapour) {
  Metered m(column);
  m.set("qv", vapour);
  const std::vector<VerifyFigure> figures = {figure};
  return FigureMeter(m.model, figures, m.no_reference).value(figure);
}

TEST(VerifyFigures, a_mean_at_a_pressure_is_linear_in_its_logarithm) {
  VerifyFigure figure = figure_of("mean_at_pressure", "pfull");
  const auto dry = [](int, int, int) { return 0.0; };
  const double between = 45000 + 10000 * std::log(50. / 45) / std::log(55. / 45);
  for (const auto& [pressure, expected] :
       {std::pair{45000., 45000.}, {50000., between}, {100., 5000.}, {1e5, 95000.}}) {
    figure.pressure_pa = pressure;
    EXPECT_NEAR(of_column(figure, dry) / expected, 1, 10 * round_off) << pressure;
  }
}

TEST(VerifyFigures, relative_humidity_is_that_of_the_air_between_850_and_400_hpa) {
  const MoistAir air(Planet(), Saturation::clausius);
  const auto half = [&](int k, int, int) {  // layers are 100 hPa thick
    return (k >= 4 && k <= 7 ? 0.5 : 0) * air.saturated(280, 1e4 * (k + 0.5)).q;
  };
  // Vapour adds its weight to the pressure and, above, changes the temperature that the virtual one stands for.
  EXPECT_NEAR(of_column(figure_of("relative_humidity", ""), half), 0.5, 0.05);
}

TEST(VerifyFigures, symmetries_and_eddies) {
  const auto four = [](int, int j, int i) { return std::cos(4 * longitude(i)) * std::cos(latitude(j)); };
  const auto five = [](int, int, int i) { return std::cos(5 * longitude(i)); };
  VerifyFigure symmetry = figure_of("symmetry", "a");
  symmetry.wavenumber = 4;
  EXPECT_LT(measured(symmetry, four, four), 10 * round_off);
  EXPECT_GT(measured(symmetry, four, five), 1);
  EXPECT_LT(measured(figure_of("mirror", "a"), four, four), 10 * round_off);
  EXPECT_GT(measured(figure_of("mirror", "a"), four, [](int, int j, int) { return latitude(j); }), 1);
  EXPECT_NEAR(measured(figure_of("eddy", "a"), four, five), 1, 0.01);
  EXPECT_LT(measured(figure_of("eddy", "a"), four, [](int, int j, int) { return latitude(j); }), 10 * round_off);
}

TEST(VerifyFigures, waves_have_their_amplitude_and_speed) {
  VerifyFigure wave = figure_of("wave_amplitude", "a");
  wave.wavenumber = 4;
  wave.latitude_degrees = 29;
  const auto at = [](double degrees) {
    return [degrees](int, int, int i) {
      return 7 + 3 * std::cos(4 * (longitude(i) - degrees * pi / 180)) + std::cos(3 * longitude(i));
    };
  };
  EXPECT_NEAR(measured(wave, at(0), at(10)), 3, 50 * round_off);
  wave.wavenumber = 5;
  EXPECT_LT(measured(wave, at(0), at(10)), 50 * round_off);
  // The clock stands at the start, so the speed is that of a day before it.
  wave.figure = "wave_speed";
  wave.wavenumber = 4;
  Metered m(shallow);
  m.set("a", at(0));
  const std::vector<VerifyFigure> figures = {wave};
  FigureMeter meter(m.model, figures, m.no_reference);
  m.set("a", at(-12));
  m.model.step();  // 600 s: the tracer is carried a little, the time passes
  m.set("a", at(-12));
  EXPECT_NEAR(meter.value(wave) * 600 / 86400, -12, 1e-9 + 1e6 * (sizeof(Real) == 8 ? 0 : round_off));
}

TEST(VerifyFigures, polar_noise_sees_short_waves_beside_the_poles_only) {
  const auto smooth = [](int, int j, int i) { return std::cos(latitude(j)) * std::cos(longitude(i)); };
  EXPECT_LT(measured(figure_of("polar_noise", "a"), smooth, smooth), 10 * round_off);
  const auto noisy = [](int, int j, int i) { return j == 2 ? 0.3 * std::cos(12 * longitude(i)) : 0.0; };
  EXPECT_NEAR(measured(figure_of("polar_noise", "a"), smooth, noisy), 0.3, 10 * round_off);
  const auto far = [](int, int j, int i) { return j == 12 ? 0.3 * std::cos(12 * longitude(i)) : 0.0; };
  EXPECT_LT(measured(figure_of("polar_noise", "a"), smooth, far), 10 * round_off);
}

TEST(VerifyFigures, the_place_of_a_minimum_is_that_of_its_cell) {
  const auto zero = [](int, int, int) { return 0.0; };
  const auto low = [](int, int j, int i) { return j == 20 && i == 7 ? -1.0 : 0.0; };
  EXPECT_NEAR(measured(figure_of("minimum_latitude", "a"), zero, low), 63.75, 1e-9);
  EXPECT_NEAR(measured(figure_of("minimum_longitude", "a"), zero, low), 56.25, 1e-9);
}

TEST(VerifyFigures, a_minimum_near_a_longitude_is_not_the_deeper_one_elsewhere) {
  const auto zero = [](int, int, int) { return 0.0; };
  const auto lows = [](int, int j, int i) { return j == 20 && i == 7 ? -2.0 : j == 18 && i == 0 ? -1.0 : 0.0; };
  VerifyFigure figure = figure_of("minimum", "a");
  EXPECT_NEAR(measured(figure, zero, lows), -2, 1e-6);
  figure.longitude_degrees = 350;  // the second low is 13.75 degrees east of it
  EXPECT_NEAR(measured(figure, zero, lows), -1, 1e-6);
  figure.figure = "minimum_latitude";
  EXPECT_NEAR(measured(figure, zero, lows), 48.75, 1e-9);
  figure.figure = "minimum_longitude";
  EXPECT_NEAR(measured(figure, zero, lows), 3.75, 1e-9);
}

TEST(VerifyFigures, mixing_is_told_apart) {
  VerifyFigure figure = figure_of("real_mixing", "a");
  figure.with = "b";
  const auto value = [&](const char* name, double chi, double xi) {
    figure.figure = name;
    const auto flat = [chi](int, int, int) { return chi; };
    return measured(figure, flat, flat, [xi](int, int, int) { return xi; });
  };
  const double on_curve = 0.9 - 0.8 * 0.25, on_chord = 0.892 - 0.88 * 0.4;
  for (const char* name : {"real_mixing", "unmixing", "overshooting"}) {
    EXPECT_NEAR(value(name, 0.5, on_curve), 0, 1e-6) << name;
  }
  EXPECT_GT(value("real_mixing", 0.5, on_chord + 0.01), 0.05);  // between curve and chord
  EXPECT_EQ(value("unmixing", 0.5, on_chord + 0.01), 0);
  EXPECT_GT(value("unmixing", 0.5, 0.3), 0.1);  // below the chord, in range
  EXPECT_EQ(value("real_mixing", 0.5, 0.3), 0);
  EXPECT_GT(value("overshooting", 0.5, 0.05), 0.1);
  EXPECT_GT(value("overshooting", 1.1, 0.1), 0.05);
  // The nearest point of the curve: checked by a search.
  double nearest = 1;
  for (double x = 0.1; x <= 1; x += 1e-5) {
    nearest = std::min(nearest, std::hypot((0.5 - x) / 0.9, (0.6 - (0.9 - 0.8 * x * x)) / 0.792));
  }
  EXPECT_NEAR(value("real_mixing", 0.5, 0.6), nearest, 1e-6);
}

TEST(VerifyFigures, filaments_compare_areas) {
  VerifyFigure figure = figure_of("filament", "a");
  figure.threshold = 0.5;
  const auto half = [](int, int j, int) { return j >= n_lat / 2 ? 1.0 : 0.0; };
  const auto quarter = [](int, int j, int i) { return j >= n_lat / 2 && i < n_lon / 2 ? 0.5 : 0.0; };
  EXPECT_NEAR(measured(figure, half, half), 100, 1e-9);
  EXPECT_NEAR(measured(figure, half, quarter), 50, 1e-9);
}

TEST(VerifyFigures, a_lost_flux_shows_in_the_mass_of_a_tracer) {
  const auto bump = [](int, int j, int i) { return 1 + std::cos(latitude(j)) * std::cos(longitude(i)); };
  const auto hole = [&](int k, int j, int i) { return bump(k, j, i) - (i == 3 && j == 11 ? 1e-6 : 0); };
  EXPECT_EQ(measured(figure_of("tracer_mass_drift", "a"), bump, bump), 0);
  EXPECT_LT(measured(figure_of("tracer_mass_drift", "a"), bump, hole), sizeof(Real) == 8 ? -1e-10 : 1e-10);
}

TEST(VerifyFigures, coarsening_keeps_means) {
  GlobalField fine{1, 24, 48, {}};
  for (int j = 0; j < 24; ++j) {
    for (int i = 0; i < 48; ++i) fine.values.push_back(std::sin(0.3 * i) + j * j);
  }
  const GlobalField coarse = coarsened(fine, 16, 8);
  double mean_fine = 0, mean_coarse = 0, area = 0;
  for (int j = 0; j < 24; ++j) {
    for (int i = 0; i < 48; ++i) mean_fine += area_share(24, 48, j) * fine.at(0, j, i), area += area_share(24, 48, j);
  }
  for (int j = 0; j < 8; ++j) {
    for (int i = 0; i < 16; ++i) mean_coarse += area_share(8, 16, j) * coarse.at(0, j, i);
  }
  EXPECT_NEAR(area, 1, 1e-14);
  EXPECT_NEAR(mean_coarse, mean_fine, 1e-11);
  EXPECT_THROW(coarsened(fine, 20, 10), Error);
}

/// Statistics of waves that go round: v = V cos(x), T = T0 + A cos(x + phase), u = jet(lat) + U cos(x).
ZonalStatistics of_waves(double phase, double jet_latitude) {
  ZonalStatistics statistics;
  const int n_k = 20, rows = 36, columns = 32;
  const auto field = [&](const std::function<double(int, double, double)>& f) {
    GlobalField x{n_k, rows, columns, {}};
    for (int k = 0; k < n_k; ++k) {
      for (int j = 0; j < rows; ++j) {
        for (int i = 0; i < columns; ++i) x.values.push_back(f(k, -90 + 180 * (j + 0.5) / rows, 2 * pi * i / columns));
      }
    }
    return x;
  };
  const auto p = field([](int k, double, double) { return 5000. * k + 2500; });
  for (int record = 0; record < 8; ++record) {
    const double turn = 2 * pi * record / 8;
    statistics.add(field([&](int, double lat, double x) {
                     return 30 * std::exp(-std::pow((std::abs(lat) - jet_latitude) / 10, 2)) + 4 * std::cos(x + turn);
                   }),
                   field([&](int, double lat, double x) { return (lat > 0 ? 1 : -1) * 5 * std::cos(x + turn); }),
                   field([&](int, double, double x) { return 280 + 6 * std::cos(x + turn + phase); }), p);
  }
  return statistics;
}

TEST(VerifyFigures, statistics_over_time_find_jets_and_fluxes) {
  using Section = ZonalStatistics::Section;
  const ZonalStatistics statistics = of_waves(0, 42.5);
  EXPECT_EQ(statistics.count(), 8);
  for (const int side : {1, -1}) {
    EXPECT_NEAR(statistics.extreme(Section::jet, side).value, 30, 1e-9);
    EXPECT_NEAR(statistics.extreme(Section::jet, side).latitude_degrees, side * 42.5, 1e-9);
    EXPECT_NEAR(statistics.extreme(Section::heat_flux, side).value, 15, 1e-9);  // poleward: 5 x 6 / 2
    EXPECT_NEAR(statistics.extreme(Section::temperature_variance, side).value, 18, 1e-7);
    EXPECT_NEAR(statistics.extreme(Section::momentum_flux, side).value, 10, 1e-9);
    EXPECT_NEAR(statistics.extreme(Section::eddy_energy, side).value, (8 + 12.5) / 2, 1e-9);
    EXPECT_NEAR(of_waves(pi, 42.5).extreme(Section::heat_flux, side).value, -15, 1e-9);  // a wrong sign is seen
    EXPECT_NEAR(of_waves(pi / 2, 42.5).extreme(Section::heat_flux, side).value, 0, 1e-9);
  }
}

}  // namespace
}  // namespace meridian
