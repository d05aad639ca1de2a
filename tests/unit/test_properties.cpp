// Symmetries of the equations that the whole model must keep: mirror, turn, reversed rotation, units. Each is a function
// that gives the mismatch of a run and its image; a canary shows that a wrong image is seen.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "cases/tracers.hpp"
#include "tests/support/dynamics_run.hpp"

namespace meridian {
namespace {

using test::DynamicsRun;

constexpr int n_lon = 32, n_lat = 16, n_steps = 8;

/// How a state is transformed: cell (j, i) of the image comes from cell (row(j), column(i)) of the original.
struct Image {
  bool mirror = false;                                     // across the equator
  bool reverse = false;                                    // east and west
  int shift = 0;                                           // cells eastward
  double mass = 1, theta = 1, wind = 1, geopotential = 1;  // units of the image over those of the original
  double u_sign = 1, v_sign = 1;
  bool forget_v_sign = false, forget_theta = false;  // canaries

  int row(int j, bool yface) const { return !mirror ? j : yface ? n_lat - j : n_lat - 1 - j; }
  int column(int i, bool xface) const {
    const int from = reverse ? (xface ? n_lon - i : n_lon - 1 - i) : i;
    return (from - shift + 2 * n_lon) % n_lon;
  }
};

/// The value by which a field of the image is the original's.
double factor(const Image& image, std::string_view name) {
  if (name == field::xwind.name) return image.wind * (image.reverse ? -1 : 1);
  if (name == field::ywind.name) return image.wind * (image.mirror && !image.forget_v_sign ? -1 : 1);
  if (name == field::layer_mass.name) return image.mass;
  if (name == field::depth.name) return image.mass;
  if (name == field::theta_mass.name) return image.mass * image.theta * (image.forget_theta ? 2 : 1);
  if (name == field::surface_geopotential.name) return image.geopotential;
  return 1;  // tracers
}

bool is_state(const FieldSet::Entry& entry) {
  return entry.role == Role::prognostic || entry.info.name == field::surface_geopotential.name;
}

/// Calls action(image value, value that it should have) for every owned point of the state.
template <class Action>
void compare(const DynamicsRun& original, const DynamicsRun& copy, const Image& image, const Action& action) {
  for (const FieldSet::Entry& entry : original.fields.entries()) {
    if (!is_state(entry)) continue;
    const bool xface = entry.info.horizontal == Horizontal::xface, yface = entry.info.horizontal == Horizontal::yface;
    const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entry.data);
    const auto& target = copy.fields.find(entry.info.name)->data;
    const auto to = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), target);
    const double scale = factor(image, entry.info.name);
    for (int k = 0; k < static_cast<int>(from.extent(0)); ++k) {
      for (int j = 0; j < n_lat + (yface ? 1 : 0); ++j) {
        for (int i = 0; i < n_lon; ++i) {
          const double value = scale * from(k, image.row(j, yface) + halo_width, image.column(i, xface) + halo_width);
          action(to(k, j + halo_width, i + halo_width), static_cast<Real>(value));
        }
      }
    }
    Kokkos::deep_copy(target, to);
  }
}

struct Mismatch {
  double largest = 0;  // relative to the largest value of the field
  long bits = 0;       // points that differ at all
};

Mismatch mismatch(const DynamicsRun& original, const DynamicsRun& copy, const Image& image) {
  Mismatch result;
  double size = 0, error = 0;
  compare(original, copy, image, [&](Real& is, Real should) {
    size = std::max(size, std::abs(static_cast<double>(should)));
    error = std::max(error, std::abs(static_cast<double>(is) - should) / (1 + std::abs(static_cast<double>(should))));
    result.bits += is != should && !(is == 0 && should == 0);
  });
  result.largest = error;
  return result;
}

std::vector<double> hills() {
  std::vector<double> altitude;
  for (int j = 0; j < n_lat; ++j) {
    for (int i = 0; i < n_lon; ++i)
      altitude.push_back(400 * (1 + std::sin(0.4 * i + 0.5 * j)) * std::cos(0.1 * (j - 7.5)));
  }
  return altitude;
}

struct Model {
  std::string equations = "hydrostatic";
  Planet planet;
  double dt_s = 1200;
  double p0 = 1e5;
  double remap_reference_k = 200;
};

DynamicsRun made(const Model& m) {
  const bool shallow = m.equations == "shallow_water";
  DycoreOptions options;
  options.equations = m.equations;
  options.dt_s = m.dt_s;
  options.sponge = shallow ? 0 : 1;
  options.remap_reference_k = m.remap_reference_k;
  const std::vector<Tracer> tracers = {{"q", Limiter::monotone}, {"r", Limiter::none}};
  DynamicsRun run(options, {{"name", shallow ? "williamson_5" : "ullrich"}}, test::alone(n_lon, n_lat), m.planet,
                  shallow ? single_layer() : read_levels("L26", m.p0), shallow ? std::vector<double>() : hills(),
                  tracers);
  return run;
}

/// A smooth field that has no symmetry, added to the state so that every term of the equations acts.
void disturb(DynamicsRun& run) {
  for (const FieldSet::Entry& entry : run.fields.entries()) {
    if (entry.role != Role::prognostic) continue;
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entry.data);
    const bool tracer = entry.info.name == "q" || entry.info.name == "r";
    const bool wind = entry.info.name == field::xwind.name || entry.info.name == field::ywind.name;
    const bool yface = entry.info.horizontal == Horizontal::yface;
    for (int k = 0; k < static_cast<int>(host.extent(0)); ++k) {
      for (int j = 0; j < n_lat + (yface ? 1 : 0); ++j) {
        for (int i = 0; i < n_lon; ++i) {
          const double wave = std::sin(2 * pi * 3 * i / n_lon + 0.7 * j + 0.3 * k) * std::sin(pi * (j + 0.5) / n_lat);
          Real& x = host(k, j + halo_width, i + halo_width);
          if (yface && (j == 0 || j == n_lat)) continue;
          if (tracer) x = static_cast<Real>(2 + wave + (i % 7 == 0));
          if (wind) x += static_cast<Real>(5 * wave);
          if (!tracer && !wind && entry.info.name != field::layer_mass.name) x *= static_cast<Real>(1 + 0.01 * wave);
        }
      }
    }
    Kokkos::deep_copy(entry.data, host);
  }
}

/// Runs the disturbed state and its image; their mismatch at the end.
Mismatch after_some_steps(const Model& m, const Model& m_image, const Image& image) {
  DynamicsRun original = made(m), copy = made(m_image);
  disturb(original);
  compare(original, copy, image, [](Real& is, Real should) { is = should; });
  Image sound = image;
  sound.forget_v_sign = sound.forget_theta = false;
  for (DynamicsRun* run : {&original, &copy}) {
    run->dycore.start();
    for (int n = 0; n < n_steps; ++n) run->step();
  }
  return mismatch(original, copy, sound);
}

constexpr double round_off = sizeof(Real) == 8 ? 1e-11 : 1e-3;
constexpr const char* both[] = {"shallow_water", "hydrostatic"};

Model of(const char* equations) {
  Model m;
  m.equations = equations;
  if (m.equations == "shallow_water") m.dt_s = 1800;
  return m;
}

TEST(Properties, a_mirrored_state_has_a_mirrored_future) {
  for (const char* equations : both) {
    const Image mirror{.mirror = true};
    EXPECT_LT(after_some_steps(of(equations), of(equations), mirror).largest, round_off) << equations;
    EXPECT_GT(after_some_steps(of(equations), of(equations), {.mirror = true, .forget_v_sign = true}).largest, 1e-2);
  }
}

// To round-off, not to the bit: sums round the poles and recursions of the polar filter begin at fixed columns.
TEST(Properties, a_turned_state_has_a_turned_future) {
  for (const char* equations : both) {
    EXPECT_LT(after_some_steps(of(equations), of(equations), {.shift = 5}).largest, round_off) << equations;
    Model tilted = of(equations);
    tilted.planet.rotation_axis_tilt_degrees = 5;  // then longitudes are not alike
    EXPECT_GT(after_some_steps(tilted, tilted, {.shift = 5}).largest, 1e-6) << equations;
  }
}

TEST(Properties, the_image_of_a_planet_that_turns_the_other_way_runs_backwards_in_longitude) {
  for (const char* equations : both) {
    Model other = of(equations);
    other.planet.rotation_rate_per_s = -other.planet.rotation_rate_per_s;
    EXPECT_LT(after_some_steps(of(equations), other, {.reverse = true}).largest, round_off) << equations;
    EXPECT_GT(after_some_steps(of(equations), of(equations), {.reverse = true}).largest, 1e-2) << equations;
  }
}

TEST(Properties, other_units_give_the_same_bits) {
  for (const char* equations : both) {
    const bool shallow = std::string(equations) == "shallow_water";
    const double length = 4, time = 0.5, pressure = shallow ? length : 8, temperature = shallow ? 1 : 2;
    Model m = of(equations), other = m;
    Planet& p = other.planet;
    p.radius_m *= length;
    p.rotation_rate_per_s /= time;
    p.gravity_m_per_s2 *= length / (time * time);
    p.gas_constant_j_per_kg_k *= length * length / (time * time) / temperature;
    p.heat_capacity_j_per_kg_k *= length * length / (time * time) / temperature;
    if (!shallow) p.reference_pressure_pa *= pressure;
    other.dt_s *= time;
    other.p0 *= shallow ? 1 : pressure;
    other.remap_reference_k *= temperature;
    const Image units{
        .mass = pressure, .theta = temperature, .wind = length / time, .geopotential = length * length / (time * time)};
    EXPECT_EQ(after_some_steps(m, other, units).bits, 0) << equations;
    other.dt_s *= 1.0625;
    EXPECT_GT(after_some_steps(m, other, units).largest, 1e-6) << equations;
  }
}

// Tracers

/// Mixing ratios of two tracers of which the second starts as slope q + offset; largest | r - (slope q + offset) |.
double departure_from_line(Limiter limiter, double slope, double offset, bool disturb_line = false) {
  DycoreOptions options;
  options.dt_s = 1200;
  const std::vector<Tracer> tracers = {{"q", limiter}, {"r", limiter}};
  DynamicsRun run(options, {{"name", "ullrich"}, {"angle_degrees", "50"}}, test::alone(n_lon, n_lat), Planet(),
                  read_levels("L26", 1e5), {}, tracers);
  const auto q = Kokkos::create_mirror_view(run.fields.find("q")->data),
             r = Kokkos::create_mirror_view(run.fields.find("r")->data);
  const auto each = [&](const auto& action) {
    for (int k = 0; k < 26; ++k) {
      for (int j = 0; j < n_lat; ++j) {
        for (int i = 0; i < n_lon; ++i)
          action(k, j, i, q(k, j + halo_width, i + halo_width), r(k, j + halo_width, i + halo_width));
      }
    }
  };
  each([&](int k, int j, int i, Real& a, Real& b) {
    a = static_cast<Real>((i + 2 * j + 3 * k) % 9 < 4 ? 1 : 0.125 * std::sin(0.5 * i));
    b = static_cast<Real>(slope * a + offset + (disturb_line && i == 3 && j == 8 ? 0.01 : 0));
  });
  Kokkos::deep_copy(run.fields.find("q")->data, q);
  Kokkos::deep_copy(run.fields.find("r")->data, r);
  run.dycore.start();
  for (int n = 0; n < 24; ++n) run.step();
  Kokkos::deep_copy(q, run.fields.find("q")->data);
  Kokkos::deep_copy(r, run.fields.find("r")->data);
  double worst = 0;
  each([&](int, int, int, Real& a, Real& b) { worst = std::max(worst, std::abs(b - (slope * a + offset))); });
  return worst;
}

TEST(Properties, tracers_on_a_line_stay_on_it) {
  for (const Limiter limiter : {Limiter::none, Limiter::monotone}) {
    EXPECT_LT(departure_from_line(limiter, 0.7, 0.3), round_off) << static_cast<int>(limiter);
    EXPECT_LT(departure_from_line(limiter, -0.7, 1.3), round_off) << static_cast<int>(limiter);
    EXPECT_GT(departure_from_line(limiter, 0.7, 0.3, true), 1e-4) << static_cast<int>(limiter);
  }
  // 'positive' knows where 0 is: a shifted tracer is limited elsewhere.
  EXPECT_GT(departure_from_line(Limiter::positive, 0.7, 0.3), 1e-6);
}

}  // namespace
}  // namespace meridian
