#include "cases/prescribed_flow.hpp"

#include "cases/states.hpp"
#include "grid/loop.hpp"

namespace meridian {

namespace {

constexpr double reference_temperature = 300;  // [K] of the isothermal atmosphere of the three-dimensional flows

struct Wind {
  double eastward, northward;  // [m s-1]
};

// A flow gives its streamfunction [m2 s-1] and, where diverges(), the wind that this leaves out: wind() times -d integral/dp. As mean over
// a layer this is a difference of integral(): where the wind of a column adds up to nothing, that of its layers does.

/// Deformational flow 'kind' on a sphere of radius a, turned back after half a period. Kind 0: no deformation, once round in
/// a period.
struct Deformation {
  int kind;
  double a, period;

  KOKKOS_FUNCTION double streamfunction(double lon, double lat, double t) const {
    const double back = Kokkos::cos(pi * t / period);
    const double scale = a * a / period * square(Kokkos::cos(lat)) * back;
    const double background = -2 * pi * a * a / period * Kokkos::sin(lat);
    switch (kind) {
      case 1:
        return 12 * scale * square(Kokkos::sin(0.5 * lon));
      case 2:
        return 10 * scale * square(Kokkos::sin(lon));
      case 0:
      case 3:
        return background;
      default:
        return 10 * scale * square(Kokkos::sin(lon - 2 * pi * t / period)) + background;
    }
  }
  KOKKOS_FUNCTION bool diverges() const { return kind == 3; }
  KOKKOS_FUNCTION Wind wind(double lon, double lat, double t) const {
    const double moving = lon - 2 * pi * t / period;
    const double scale = 5 * a / period * square(Kokkos::cos(lat)) * Kokkos::cos(pi * t / period);
    return {-scale * square(Kokkos::sin(0.5 * moving)) * Kokkos::sin(2 * lat),
            0.5 * scale * Kokkos::sin(moving) * Kokkos::cos(lat)};
  }
  KOKKOS_FUNCTION double integral(double p) const { return -p; }
};

/// Test 1-1: deformation in three dimensions, 12 days.
struct DeformationInDepth {
  double a, p0, p_top;
  static constexpr double period = 12 * 86400.0;
  static constexpr double b = 0.2;

  KOKKOS_FUNCTION double streamfunction(double lon, double lat, double t) const {
    const double moving = lon - 2 * pi * t / period;
    return a * (10 * a / period * square(Kokkos::sin(moving) * Kokkos::cos(lat)) * Kokkos::cos(pi * t / period) -
                2 * pi * a / period * Kokkos::sin(lat));
  }
  KOKKOS_FUNCTION bool diverges() const { return true; }
  KOKKOS_FUNCTION Wind wind(double lon, double lat, double t) const {
    const double omega = 23000 * pi / period;  // [Pa s-1]
    const double moving = lon - 2 * pi * t / period;
    return {omega * a * Kokkos::cos(moving) * square(Kokkos::cos(lat)) * Kokkos::cos(2 * pi * t / period), 0};
  }
  KOKKOS_FUNCTION double integral(double p) const {
    return Kokkos::exp((p_top - p) / (b * p_top)) + Kokkos::exp((p - p0) / (b * p_top));
  }
};

/// Test 1-2: five overturning cells on either side of the equator, one day.
struct OverturningCells {
  double a, p0, scale_height;
  static constexpr double period = 86400;
  static constexpr double top = 12000;  // [m]

  KOKKOS_FUNCTION double streamfunction(double, double lat, double) const { return -a * 40 * Kokkos::sin(lat); }
  KOKKOS_FUNCTION bool diverges() const { return true; }
  KOKKOS_FUNCTION Wind wind(double, double lat, double t) const {
    return {0,
            -a * 0.15 / 5 * p0 / scale_height * Kokkos::cos(lat) * Kokkos::sin(5 * lat) * Kokkos::cos(pi * t / period)};
  }
  KOKKOS_FUNCTION double integral(double p) const { return Kokkos::sin(pi * scale_height * Kokkos::log(p0 / p) / top); }
};

/// The wind at a face from its column of layers.
template <class Flow>
struct WindOfLayers {
  Flow flow;
  double p, integral;

  KOKKOS_FUNCTION WindOfLayers(const Flow& f, double top) : flow(f), p(top), integral(f.integral(top)) {}
  /// Mean of -d integral/dp over the next layer, of mass dp.
  KOKKOS_FUNCTION double next(double dp) {
    p += dp;
    const double above = integral;
    integral = flow.integral(p);
    return (above - integral) / dp;
  }
};

template <class Flow>
void set_winds_of(const Flow& flow, const Frame& frame, const Grid& grid, const ConstField<Cell>& mass, double t,
                  const Field<XFace>& u, const Field<YFace>& v) {
  const int n_k = u.n_levels(), last_row = grid.block.n_lat - grid.block.j_first;
  const int first_row = -grid.block.j_first;
  const double half_lon = 0.5 * grid.dl(), half_lat = 0.5 * grid.dp();
  const int i_first = grid.block.i_first, j_first = grid.block.j_first, n_lat = grid.block.n_lat;
  const double top = grid.levels.top_pressure(), radius = grid.planet.radius_m;
  for_each_column(
      {"cases/prescribed_winds", 1 + 1, 2}, Box{0, n_k, 0, grid.block.ny + 1, 0, grid.block.nx},
      KOKKOS_LAMBDA(int j, int i) {
        const double west = 2 * (i_first + i) * half_lon, south = (2 * (j_first + j) - n_lat) * half_lat;
        const auto psi = [&](double lon, double lat) {
          const Frame::Point point = frame.place(lon, lat);
          return flow.streamfunction(point.lon, point.lat, t);
        };
        const double here = psi(west, south);
        if (j < last_row) {
          const double u_psi = (here - psi(west, south + 2 * half_lat)) / (2 * half_lat * radius);
          double u_other = 0;
          if (flow.diverges()) {
            const Frame::Point at = frame.at(west, south + half_lat);
            const Wind wind = flow.wind(at.lon, at.lat, t);
            u_other = at.eastward(wind.eastward, wind.northward);
          }
          WindOfLayers<Flow> layers(flow, top);
          enter_pass(0);
          for (int k = 0; k < n_k; ++k) {
            u(k, j, i) = static_cast<Real>(u_psi + u_other * layers.next(0.5 * (mass(k, j, i - 1) + mass(k, j, i))));
          }
        }
        const bool pole = j == first_row || j == last_row;
        const double v_psi =
            pole ? 0 : (psi(west + 2 * half_lon, south) - here) / (2 * half_lon * radius * Kokkos::cos(south));
        double v_other = 0;
        if (!pole && flow.diverges()) {
          const Frame::Point at = frame.at(west + half_lon, south);
          const Wind wind = flow.wind(at.lon, at.lat, t);
          v_other = at.northward(wind.eastward, wind.northward);
        }
        WindOfLayers<Flow> layers(flow, top);
        enter_pass(1);
        for (int k = 0; k < n_k; ++k) {
          v(k, j, i) = static_cast<Real>(v_psi + v_other * layers.next(0.5 * (mass(k, j - 1, i) + mass(k, j, i))));
        }
      });
}

/// Makes the column of an isothermal atmosphere end at p0 exp(- phi_s / (R T)): air that came out of the ground joins the
/// lowest layer, air that went into it is taken from the lowest layers, of which a thousandth stays.
void hold_isothermal_surface_pressure(const Grid& grid, const FieldSet& fields) {
  const Field<Cell> mass = fields.get(field::layer_mass), theta_mass = fields.get(field::theta_mass);
  const ConstField<CellSurface> phi_s = fields.get(field::surface_geopotential);
  const int last = mass.n_levels() - 1;
  const double p0 = grid.planet.reference_pressure_pa, top = grid.levels.top_pressure();
  const double per_scale = 1 / (grid.planet.gas_constant_j_per_kg_k * reference_temperature);
  for_each_column(
      {"cases/hold_surface_pressure", last + 1.0}, grid.block.cells_with_halo(1, 1), KOKKOS_LAMBDA(int j, int i) {
        double missing = p0 * Kokkos::exp(-phi_s(0, j, i) * per_scale) - top;
        for (int k = 0; k <= last; ++k) missing -= mass(k, j, i);
        for (int k = last; k >= 0; --k) {
          const double here = mass(k, j, i);
          const double change = Kokkos::max(missing, -0.999 * here);
          theta_mass(k, j, i) *= static_cast<Real>((here + change) / here);
          mass(k, j, i) = static_cast<Real>(here + change);
          missing -= change;
          if (missing >= 0) break;
        }
      });
}

template <class Flow>
class FlowOf : public PrescribedFlow {
 public:
  FlowOf(const Flow& flow, double angle, bool goes_through_the_ground = false)
      : flow_(flow), frame_(angle), goes_through_the_ground_(goes_through_the_ground) {}
  void set_winds(const Grid& grid, const ConstField<Cell>& mass, double time, const Field<XFace>& u,
                 const Field<YFace>& v) const override {
    set_winds_of(flow_, frame_, grid, mass, time, u, v);
  }
  void hold_surface_pressure(const Grid& grid, const FieldSet& fields) const override {
    if (goes_through_the_ground_) hold_isothermal_surface_pressure(grid, fields);
  }

 private:
  Flow flow_;
  Frame frame_;
  bool goes_through_the_ground_;
};

}  // namespace

std::unique_ptr<PrescribedFlow> prescribed_flow(std::string_view name, const Planet& planet, double angle) {
  const double a = planet.radius_m, p0 = planet.reference_pressure_pa;
  const double scale_height = planet.gas_constant_j_per_kg_k * reference_temperature / planet.gravity_m_per_s2;
  constexpr double twelve_days = 12 * seconds_per_day;
  if (name.starts_with("deformation_")) {
    return std::make_unique<FlowOf<Deformation>>(Deformation{name.back() - '0', a, twelve_days}, angle);
  }
  if (name == "dcmip_11") {
    return std::make_unique<FlowOf<DeformationInDepth>>(DeformationInDepth{a, p0, 25494.379 / 1e5 * p0}, angle);
  }
  if (name == "dcmip_12")
    return std::make_unique<FlowOf<OverturningCells>>(OverturningCells{a, p0, scale_height}, angle);
  if (name == "dcmip_13") return std::make_unique<FlowOf<Deformation>>(Deformation{0, a, twelve_days}, angle, true);
  return nullptr;
}

}  // namespace meridian
