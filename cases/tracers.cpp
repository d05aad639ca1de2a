#include "cases/tracers.hpp"

#include <array>
#include <cmath>
#include <regex>

#include "cases/states.hpp"

namespace meridian {

namespace {

/// A point of the atmosphere, in the frame of the state: longitude, latitude [radians], height [m].
struct ShapePoint {
  double lon, lat, z;
};

struct Shape {
  TracerShapeInfo info;
  double (*at)(const ShapePoint&);
};

constexpr double reference_temperature = 300;  // [K]

// One shape, centred at 270 E on the equator: Williamson et al. (1992)

double single_distance(const ShapePoint& p) { return great_circle_distance(p.lon, p.lat, 3 * pi / 2, 0); }

double cosine_bell(const ShapePoint& p) {
  const double r = 3 * single_distance(p);
  return r < 1 ? 0.5 * (1 + std::cos(pi * r)) : 0;
}

double gaussian_hill(const ShapePoint& p) {
  return std::exp(-5 * square(2 * std::sin(single_distance(p) / 2)));  // of the chord
}

double slotted_cylinder(const ShapePoint& p) {
  const double r = single_distance(p);
  const bool in_slot = std::abs(centred_longitude(p.lon - 3 * pi / 2)) < 1. / 18 && p.lat > -5. / 18;
  return r < 1. / 3 && !in_slot ? 1 : 0;
}

// Two shapes: Lauritzen et al. (2012), section 3.2

constexpr double centre_of[2] = {5 * pi / 6, 7 * pi / 6};  // longitudes, on the equator

double distance(const ShapePoint& p, int n) { return great_circle_distance(p.lon, p.lat, centre_of[n], 0); }

double cosine_bells(const ShapePoint& p) {
  double bells = 0;
  for (int n = 0; n < 2; ++n) {
    const double r = 2 * distance(p, n);
    if (r < 1) bells += 0.5 * (1 + std::cos(pi * r));
  }
  return 0.1 + 0.9 * bells;
}

double gaussian_hills(const ShapePoint& p) {
  double hills = 0;
  for (int n = 0; n < 2; ++n) hills += std::exp(-5 * square(2 * std::sin(distance(p, n) / 2)));
  return 0.95 * hills;
}

double slotted_cylinders(const ShapePoint& p) {
  for (int n = 0; n < 2; ++n) {
    const bool in_slot = std::abs(p.lon - centre_of[n]) < 1. / 12;
    const bool in_bridge = n == 0 ? p.lat < -5. / 24 : p.lat > 5. / 24;
    if (distance(p, n) <= 0.5 && (!in_slot || in_bridge)) return 1;
  }
  return 0.1;
}

double correlated_cosine_bells(const ShapePoint& p) { return 0.9 - 0.8 * square(cosine_bells(p)); }

// Three-dimensional shapes: Kent, Ullrich and Jablonowski (2014), tests 1-1 to 1-3

double ellipsoid(const ShapePoint& p, int n) {
  return std::fmin(1, square(2 * distance(p, n)) + square((p.z - 5000) / 1000));
}

double dcmip_11_q1(const ShapePoint& p) {
  return 0.5 * (1 + std::cos(pi * ellipsoid(p, 0))) + 0.5 * (1 + std::cos(pi * ellipsoid(p, 1)));
}

double dcmip_11_q2(const ShapePoint& p) { return 0.9 - 0.8 * square(dcmip_11_q1(p)); }

double dcmip_11_q3(const ShapePoint& p) {
  const bool inside = ellipsoid(p, 0) <= 0.5 || ellipsoid(p, 1) <= 0.5;
  return inside && !(p.z > 5000 && std::abs(p.lat) < 0.125) ? 1 : 0.1;
}

double dcmip_11_q4(const ShapePoint& p) { return 1 - 0.3 * (dcmip_11_q1(p) + dcmip_11_q2(p) + dcmip_11_q3(p)); }

/// Cloud 1000 m thick round a height [m], within 45 degrees of 90 E on the equator.
double thin_cloud(const ShapePoint& p, double height) {
  const double r = 4 * great_circle_distance(p.lon, p.lat, pi / 2, 0) / pi, above = std::abs(p.z - height);
  return above < 500 && r < 1 ? 0.25 * (1 + std::cos(2 * pi * above / 1000)) * (1 + std::cos(pi * r)) : 0;
}

double dcmip_13_q1(const ShapePoint& p) { return thin_cloud(p, 3050); }
double dcmip_13_q2(const ShapePoint& p) { return thin_cloud(p, 5050); }
double dcmip_13_q3(const ShapePoint& p) {
  return std::abs(p.z - 8200) < 200 && great_circle_distance(p.lon, p.lat, pi / 2, 0) < pi / 4 ? 1 : 0;
}
double dcmip_13_q4(const ShapePoint& p) { return dcmip_13_q1(p) + dcmip_13_q2(p) + dcmip_13_q3(p); }

double dcmip_12(const ShapePoint& p) {
  return p.z > 2000 && p.z < 5000 ? 0.5 * (1 + std::cos(2 * pi * (p.z - 3500) / 3000)) : 0;
}

// Equilibrium of the terminator chemistry (physics/terminator.hpp): Lauritzen et al. (2015)

double terminator_cl(const ShapePoint& p) {
  constexpr double total = 4e-6, lat_sun = pi / 9, lon_sun = 5 * pi / 3;
  const double light =
      std::sin(p.lat) * std::sin(lat_sun) + std::cos(p.lat) * std::cos(lat_sun) * std::cos(p.lon - lon_sun);
  const double r = std::fmax(0, light) / 4;
  return std::sqrt(r * r + 2 * r * total) - r;
}
double terminator_cl2(const ShapePoint& p) { return (4e-6 - terminator_cl(p)) / 2; }

constexpr std::string_view lauritzen_2015 = "Lauritzen et al. (2015), Geosci. Model Dev. 8, 1299-1313";
constexpr std::string_view lauritzen = "Lauritzen et al. (2012), Geosci. Model Dev. 5, 887-901";
constexpr std::string_view kent = "Kent, Ullrich and Jablonowski (2014), Q. J. R. Meteorol. Soc. 140, 1279-1293";

/// All shapes: one line each. 'uniform' takes the tracer's value, 'state' that of the initial state. Equations are in the
/// terms of tracer_shape_terms.
constexpr Shape shapes[] = {
    {{"uniform", "the same everywhere: 'value'", "1", ""}, nullptr},
    {{"state", "what the initial state says; for 'qv'",
      "mixing ratio of the vapour of the initial state, without 'value'", ""},
     nullptr},
    {{"cosine_bell", "bell of radius 1/3 at 270 E", "(1 + cos(3 pi r)) / 2 where r < 1/3, else 0; r from 270 E",
      "Williamson et al. (1992), J. Comput. Phys. 102"},
     cosine_bell},
    {{"gaussian_hill", "smooth hill at 270 E", "exp(-5 c^2); c from 270 E",
      "after Levy et al. (2007), Mon. Wea. Rev. 135"},
     gaussian_hill},
    {{"slotted_cylinder", "cylinder with a slot at 270 E",
      "1 where r < 1/3, r from 270 E; 0 elsewhere and in the slot |lon - 270 E| < 1/18, lat > -5/18",
      "after Zalesak (1979), J. Comput. Phys. 31"},
     slotted_cylinder},
    {{"cosine_bells", "two bells on a background of 0.1",
      "0.1 + 0.9 (sum of (1 + cos(2 pi r)) / 2 where r < 1/2); r from 150 E and 210 E", lauritzen},
     cosine_bells},
    {{"gaussian_hills", "two smooth hills", "0.95 (sum of exp(-5 c^2)); c from 150 E and 210 E", lauritzen},
     gaussian_hills},
    {{"slotted_cylinders", "two slotted cylinders on a background of 0.1",
      "1 where r <= 1/2, r from 150 E or 210 E; 0.1 elsewhere and in the slots |lon - centre| < 1/12, lat >= -5/24 of "
      "the western, lat <= 5/24 of the eastern",
      lauritzen},
     slotted_cylinders},
    {{"correlated_cosine_bells", "0.9 - 0.8 times the square of cosine_bells", "0.9 - 0.8 cosine_bells^2", lauritzen},
     correlated_cosine_bells},
    {{"dcmip_11_q1", "two ellipsoids at 5 km",
      "sum of (1 + cos(pi e)) / 2, e = min(1, (2 r)^2 + ((z - 5000) / 1000)^2); r from 150 E and 210 E", kent},
     dcmip_11_q1},
    {{"dcmip_11_q2", "0.9 - 0.8 times the square of dcmip_11_q1", "0.9 - 0.8 dcmip_11_q1^2", kent}, dcmip_11_q2},
    {{"dcmip_11_q3", "two slotted ellipsoids at 5 km",
      "1 where an e of dcmip_11_q1 is <= 1/2; 0.1 elsewhere and in the slot z > 5000, |lat| < 1/8", kent},
     dcmip_11_q3},
    {{"dcmip_11_q4", "what makes 0.3 (q1 + q2 + q3) + q4 equal to 1",
      "1 - 0.3 (dcmip_11_q1 + dcmip_11_q2 + dcmip_11_q3)", kent},
     dcmip_11_q4},
    {{"dcmip_12", "layer between 2 and 5 km", "(1 + cos(2 pi (z - 3500) / 3000)) / 2 where 2000 < z < 5000, else 0",
      kent},
     dcmip_12},
    {{"dcmip_13_q1", "cloud 1 km thick at 3050 m",
      "(1 + cos(2 pi (z - 3050) / 1000)) (1 + cos(4 r)) / 4 where |z - 3050| < 500, r < pi/4, else 0; r from 90 E",
      kent},
     dcmip_13_q1},
    {{"dcmip_13_q2", "cloud 1 km thick at 5050 m",
      "(1 + cos(2 pi (z - 5050) / 1000)) (1 + cos(4 r)) / 4 where |z - 5050| < 500, r < pi/4, else 0; r from 90 E",
      kent},
     dcmip_13_q2},
    {{"dcmip_13_q3", "cloud with sharp edges, 400 m thick at 8200 m",
      "1 where |z - 8200| < 200, r < pi/4, else 0; r from 90 E", kent},
     dcmip_13_q3},
    {{"terminator_cl", "Cl in balance with the light of the terminator test",
      "sqrt(k^2 + 8e-6 k) - k, k = max(0, sin(lat) sin(20 N) + cos(lat) cos(20 N) cos(lon - 300 E)) / 4",
      lauritzen_2015},
     terminator_cl},
    {{"terminator_cl2", "Cl2 in balance with the light of the terminator test", "(4e-6 - terminator_cl) / 2",
      lauritzen_2015},
     terminator_cl2},
    {{"dcmip_13_q4", "sum of dcmip_13_q1 to q3", "dcmip_13_q1 + dcmip_13_q2 + dcmip_13_q3", kent}, dcmip_13_q4},
};

Array3<Real> data_of_tracer(const FieldSet& fields, std::string_view short_name) {
  const auto& entries = fields.entries();
  return std::ranges::find(entries, short_name, [](const FieldSet::Entry& e) { return e.info.short_name; })->data;
}

/// Largest mixing ratio that a tracer may start from; 'state' does not use 'value'.
double highest_value_of(const TracerOptions& tracer) {
  for (const field::Species& known : field::species) {
    if (known.mixing_ratio->short_name == tracer.name && tracer.initial != "state")
      return known.mixing_ratio->valid.highest;
  }
  return 1e6;
}

constexpr auto shape_names = [] {
  std::array<std::string_view, std::size(shapes)> names;
  for (std::size_t n = 0; n < names.size(); ++n) names[n] = shapes[n].info.name;
  return names;
}();

}  // namespace

void TracerOptions::visit(OptionVisitor& option) {
  option.text("name", name, "a word", "short name in files; fields of output streams name it");
  option.word("initial", initial, shape_names, "distribution at the start: meridian describe tells of each");
  const double highest = highest_value_of(*this);
  option.real("value", value, "1", {0, highest}, "mixing ratio of a uniform tracer; factor of all others");
  option.word("limiter", limiter, limiter_words,
              "monotone: no new extremes; positive: no new negative values; none: most accurate on smooth fields");
  if (!std::regex_match(name, std::regex("[A-Za-z][A-Za-z0-9_]*"))) {
    option.problem("name", "'name' is '" + name + "'; it must be a letter, then letters, digits or '_'");
  }
  if (initial == "state" && name != field::water_vapour.short_name) {
    option.problem("initial", "'initial' is state, but the initial state knows water vapour, 'qv', only");
  }
  if (!option.given("value") && value > highest) {
    option.problem("value", "'value' is not given; for '" + name + "' the default, 1, is not possible");
  }
  for (const FieldInfo& field : field::all) {
    const bool is_species = field::species_of(field.name) && name == field.short_name;
    if (!is_species && (name == field.short_name || name == field.name)) {
      option.problem("name", "'name' is '" + name + "', which is a field of the model; take one that is not in " +
                                 "'meridian list fields'");
    }
  }
}

Tracer TracerOptions::tracer() const {
  const auto word = std::find(limiter_words.begin(), limiter_words.end(), limiter);
  return {name, static_cast<Limiter>(word - limiter_words.begin())};
}

void fill_tracers(const std::vector<TracerOptions>& tracers, const Grid& grid, const FieldSet& fields, double angle) {
  const Block& block = grid.block;
  const Frame frame(angle);
  const Planet& planet = grid.planet;
  const double scale = planet.gas_constant_j_per_kg_k * reference_temperature / planet.gravity_m_per_s2;  // [m]
  const auto mass = Kokkos::create_mirror_view_and_copy(
      Kokkos::HostSpace(),
      (fields.has(field::depth.name) ? fields.get(field::depth) : fields.get(field::layer_mass)).data());
  for (const TracerOptions& tracer : tracers) {
    const auto shape = std::ranges::find_if(shapes, [&](const Shape& s) { return s.info.name == tracer.initial; });
    if (tracer.initial == "state") continue;
    const Array3<Real> data = data_of_tracer(fields, tracer.name);
    const auto host = Kokkos::create_mirror_view(data);
    for (int j = 0; j < block.ny; ++j) {
      for (int i = 0; i < block.nx; ++i) {
        const auto point = frame.at(grid.longitude_of_cell(i), grid.latitude_of_cell(j));
        const double lon = point.lon < 0 ? point.lon + 2 * pi : point.lon;
        double p = grid.levels.top_pressure();
        for (int k = 0; k < static_cast<int>(data.extent(0)); ++k) {
          const double thickness = mass(k, j + halo_width, i + halo_width);
          const double z = scale * std::log(planet.reference_pressure_pa / (p + 0.5 * thickness));
          p += thickness;
          const double size = shape->at ? shape->at({lon, point.lat, z}) : 1;
          host(k, j + halo_width, i + halo_width) = static_cast<Real>(tracer.value * size);
        }
      }
    }
    Kokkos::deep_copy(data, host);
  }
}

std::vector<TracerShapeInfo> all_tracer_shapes() {
  std::vector<TracerShapeInfo> all;
  for (const Shape& shape : shapes) all.push_back(shape.info);
  return all;
}

}  // namespace meridian
