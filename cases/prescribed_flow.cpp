#include "cases/prescribed_flow.hpp"

#include "cases/states.hpp"
#include "grid/loop.hpp"

namespace meridian {

namespace {

constexpr double reference_temperature = 300;  // [K] of the isothermal atmosphere of the three-dimensional flows

KOKKOS_INLINE_FUNCTION double square(double x) { return x * x; }

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
  KOKKOS_FUNCTION double eastward(double lon, double lat, double, double t) const {
    if (kind != 3) return 0;
    const double moving = lon - 2 * pi * t / period;
    return -5 * a / period * square(Kokkos::sin(0.5 * moving)) * Kokkos::sin(2 * lat) * square(Kokkos::cos(lat)) *
           Kokkos::cos(pi * t / period);
  }
  KOKKOS_FUNCTION double northward(double lon, double lat, double, double t) const {
    if (kind != 3) return 0;
    const double moving = lon - 2 * pi * t / period;
    const double c = Kokkos::cos(lat);
    return 2.5 * a / period * Kokkos::sin(moving) * c * c * c * Kokkos::cos(pi * t / period);
  }
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
  KOKKOS_FUNCTION double eastward(double lon, double lat, double p, double t) const {
    const double omega = 23000 * pi / period;  // [Pa s-1]
    const double moving = lon - 2 * pi * t / period;
    return omega * a / (b * p_top) * Kokkos::cos(moving) * square(Kokkos::cos(lat)) * Kokkos::cos(2 * pi * t / period) *
           (Kokkos::exp((p_top - p) / (b * p_top)) - Kokkos::exp((p - p0) / (b * p_top)));
  }
  KOKKOS_FUNCTION double northward(double, double, double, double) const { return 0; }
};

/// Test 1-2: five overturning cells on either side of the equator, one day.
struct OverturningCells {
  double a, p0, scale_height;
  static constexpr double period = 86400;
  static constexpr double top = 12000;  // [m]

  KOKKOS_FUNCTION double streamfunction(double, double lat, double) const { return -a * 40 * Kokkos::sin(lat); }
  KOKKOS_FUNCTION double eastward(double, double, double, double) const { return 0; }
  KOKKOS_FUNCTION double northward(double, double lat, double p, double t) const {
    const double z = scale_height * Kokkos::log(p0 / p);
    return -(p0 / p) * (a * 0.15 * pi / (5 * top)) * Kokkos::cos(lat) * Kokkos::sin(5 * lat) *
           Kokkos::cos(pi * z / top) * Kokkos::cos(pi * t / period);
  }
};

template <class Flow>
void set_winds_of(const Flow& flow, const Frame& frame, const Grid& grid, const FieldSet& fields, double t) {
  const Field<XFace> u = fields.get(field::xwind);
  const Field<YFace> v = fields.get(field::ywind);
  const int n_k = u.n_levels(), last_row = grid.block.n_lat - grid.block.j_first;
  const int first_row = -grid.block.j_first;
  const double half_lon = 0.5 * grid.dl(), half_lat = 0.5 * grid.dp();
  const int i_first = grid.block.i_first, j_first = grid.block.j_first, n_lat = grid.block.n_lat;
  const Array1<double> a = grid.levels.a_p0(), b = grid.levels.b();
  const double p0 = grid.planet.reference_pressure_pa, radius = grid.planet.radius_m;
  for_each_column(
      "cases/prescribed_winds", Box{0, n_k, 0, grid.block.ny + 1, 0, grid.block.nx}, KOKKOS_LAMBDA(int j, int i) {
        const double west = 2 * (i_first + i) * half_lon, south = (2 * (j_first + j) - n_lat) * half_lat;
        const auto psi = [&](double lon, double lat) {
          const Frame::Point point = frame.at(lon, lat);
          return flow.streamfunction(point.lon, point.lat, t);
        };
        const double here = psi(west, south);
        const double u_psi = (here - psi(west, south + 2 * half_lat)) / (2 * half_lat * radius);
        const double dx = 2 * half_lon * radius * Kokkos::cos(south);
        const double v_psi = (psi(west + 2 * half_lon, south) - here) / dx;
        const Frame::Point at_u = frame.at(west, south + half_lat), at_v = frame.at(west + half_lon, south);
        const bool pole = j == first_row || j == last_row;
        for (int k = 0; k < n_k; ++k) {
          const double p = 0.5 * (a(k) + a(k + 1) + (b(k) + b(k + 1)) * p0);
          if (j < last_row) {
            u(k, j, i) = static_cast<Real>(u_psi + at_u.eastward(flow.eastward(at_u.lon, at_u.lat, p, t),
                                                                 flow.northward(at_u.lon, at_u.lat, p, t)));
          }
          const double v_other =
              at_v.northward(flow.eastward(at_v.lon, at_v.lat, p, t), flow.northward(at_v.lon, at_v.lat, p, t));
          v(k, j, i) = pole ? Real(0) : static_cast<Real>(v_psi + v_other);
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
      "cases/hold_surface_pressure", grid.block.cells_with_halo(1, 1), KOKKOS_LAMBDA(int j, int i) {
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
  void set_winds(const Grid& grid, const FieldSet& fields, double time) const override {
    set_winds_of(flow_, frame_, grid, fields, time);
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
