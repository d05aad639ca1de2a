// What the state means: fields for physics and output, figures for the log, conserved quantities.

#include <algorithm>
#include <cmath>
#include <limits>

#include "dycore/diffusion.hpp"
#include "dycore/dycore.hpp"
#include "dycore/pressure.hpp"
#include "grid/exact_sum.hpp"

namespace meridian {

namespace {

/// Vapour and all water for the virtual temperature; both absent in dry air.
struct Water {
  ConstField<Cell> vapour, loading;
  Real vapour_to_dry;  // Rv / R
  template <bool moist>
  KOKKOS_FORCEINLINE_FUNCTION Real factor(int k, int j, int i) const {
    if constexpr (moist) return virtual_factor(vapour_to_dry, vapour(k, j, i), loading(k, j, i));
    return 1;
  }
};

ConstField<Cell> vapour_of(const FieldSet& fields) {
  return fields.has(field::water_vapour.name) ? ConstField<Cell>(fields.get(field::water_vapour)) : ConstField<Cell>();
}
Water water_of(const Grid& grid, const ConstField<Cell>& vapour, const ConstField<Cell>& loading) {
  return {vapour, loading,
          static_cast<Real>(grid.planet.vapour_gas_constant_j_per_kg_k / grid.planet.gas_constant_j_per_kg_k)};
}

/// Mean of Pi over a layer, [p Pi] / ((1 + kappa) dp); inverse = 1 / (1 + kappa).
KOKKOS_FORCEINLINE_FUNCTION double layer_exner(double inverse, double p_above, double p_below, double exner_above,
                                               double exner_below) {
  return inverse * (p_below * exner_below - p_above * exner_above) / (p_below - p_above);
}

/// Layer temperature Tv / (virtual factor), Tv = thv PiL with PiL the mean of Pi; pressure of the layer's middle.
template <bool moist>
void compute_temperature(const Grid& grid, const State& s, const Water& water, const ConstField<CellInterface>& exner,
                         const ConstField<CellInterface>& p, int n_k, const Field<Cell>& temperature,
                         const Field<Cell>& pressure) {
  const ConstField<Cell> mass = s.mass, theta = s.theta;
  const double inverse = 1 / (1 + grid.planet.kappa());
  for_each(
      {"dycore/compute_temperature", moist ? 6.0 : 4.0, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const double above = p(k, j, i), below = p(k + 1, j, i);
        const double virtual_temperature =
            theta(k, j, i) / mass(k, j, i) * layer_exner(inverse, above, below, exner(k, j, i), exner(k + 1, j, i));
        temperature(k, j, i) = static_cast<Real>(virtual_temperature) / water.template factor<moist>(k, j, i);
        pressure(k, j, i) = static_cast<Real>(0.5 * (above + below));
      });
}

void copy_lowest_interface(const Grid& grid, const ConstField<CellInterface>& p, int n_k,
                           const Field<CellSurface>& ps) {
  for_each(
      {"dycore/copy_lowest_interface", 1, 1}, grid.block.cells(1),
      KOKKOS_LAMBDA(int k, int j, int i) { ps(k, j, i) = p(n_k, j, i); });
}

/// Winds at cell centres. Beside a pole the stored zero at the pole edge is no wind: the wind there is the mean of the
/// faces on both sides of the pole (the halo has turned the sign of the far one).
void compute_cell_winds(const Grid& grid, const State& s, int n_k, const Field<Cell>& eastward,
                        const Field<Cell>& northward) {
  const ConstField<XFace> u = s.u;
  const ConstField<YFace> v = s.v;
  const int south_row = grid.block.at_south_pole() ? 0 : -1;
  const int north_row = grid.block.at_north_pole() ? grid.block.ny - 1 : -1;
  for_each(
      {"dycore/compute_cell_winds", 2, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real south = j == south_row ? Real(0.5) * (v(k, j - 1, i) + v(k, j + 1, i)) : v(k, j, i);
        const Real north = j == north_row ? Real(0.5) * (v(k, j, i) + v(k, j + 2, i)) : v(k, j + 1, i);
        eastward(k, j, i) = Real(0.5) * (u(k, j, i) + u(k, j, i + 1));
        northward(k, j, i) = Real(0.5) * (south + north);
      });
}

/// Geopotential height where the temperature of a layer is that of the whole: phi + cp thv (Pi below - PiL).
void compute_heights(const Grid& grid, const State& s, const ConstField<CellInterface>& exner,
                     const ConstField<CellInterface>& phi, const ConstField<CellInterface>& p, int n_k,
                     const Field<Cell>& height) {
  const ConstField<Cell> mass = s.mass, theta = s.theta;
  const Real cp = static_cast<Real>(grid.planet.heat_capacity_j_per_kg_k);
  const Real per_g = static_cast<Real>(1 / grid.planet.gravity_m_per_s2);
  const double inverse = 1 / (1 + grid.planet.kappa());
  for_each(
      {"dycore/compute_heights", 5, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const double virtual_temperature =
            theta(k, j, i) / mass(k, j, i) *
            layer_exner(inverse, p(k, j, i), p(k + 1, j, i), exner(k, j, i), exner(k + 1, j, i));
        const Real thv = theta(k, j, i) / mass(k, j, i);
        height(k, j, i) =
            per_g * (phi(k + 1, j, i) + cp * (thv * exner(k + 1, j, i) - static_cast<Real>(virtual_temperature)));
      });
}

/// Mass of vapour over mass of air with all its water; loading: mass of this air over that of dry air.
void compute_specific_humidity(const Grid& grid, const ConstField<Cell>& vapour, const ConstField<Cell>& loading,
                               int n_k, const Field<Cell>& humidity) {
  for_each(
      {"dycore/compute_specific_humidity", 2, 1}, grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) { humidity(k, j, i) = vapour(k, j, i) / loading(k, j, i); });
}

/// Mixing ratio over that of saturation [%].
void compute_relative_humidity(const Grid& grid, const MoistAir& air, const ConstField<Cell>& vapour,
                               const ConstField<Cell>& temperature, const ConstField<Cell>& pressure, int n_k,
                               const Field<Cell>& humidity) {
  for_each(
      {"dycore/compute_relative_humidity", 3, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const double saturated = air.saturated(temperature(k, j, i), pressure(k, j, i)).q;
        humidity(k, j, i) = static_cast<Real>(100 * vapour(k, j, i) / saturated);
      });
}

/// Sum over layers of the mixing ratio times the dry weight, over g [kg m-2].
void compute_vapour_path(const Grid& grid, const ConstField<Cell>& vapour, const ConstField<Cell>& mass, int n_k,
                         const Field<CellSurface>& path) {
  const Real per_g = static_cast<Real>(1 / grid.planet.gravity_m_per_s2);
  march_down(
      {"dycore/compute_vapour_path", 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        path(0, j, i) = (k == 0 ? Real(0) : path(0, j, i)) + per_g * mass(k, j, i) * vapour(k, j, i);
      });
}

void mean_of_corners(const Grid& grid, const ConstField<Corner>& corner, int n_k, const Field<Cell>& cell) {
  for_each(
      {"dycore/mean_of_corners", 1, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        cell(k, j, i) =
            Real(0.25) * ((corner(k, j, i) + corner(k, j, i + 1)) + (corner(k, j + 1, i) + corner(k, j + 1, i + 1)));
      });
}

void compute_surface_height(const Grid& grid, const ConstField<Cell>& depth, const ConstField<CellSurface>& phi_s,
                            const Field<CellSurface>& height) {
  const Real per_g = static_cast<Real>(1 / grid.planet.gravity_m_per_s2);
  for_each(
      {"dycore/compute_surface_height", 2, 1}, grid.block.cells(1),
      KOKKOS_LAMBDA(int k, int j, int i) { height(k, j, i) = depth(k, j, i) + per_g * phi_s(0, j, i); });
}

void scale(const Grid& grid, const ConstField<CellSurface>& from, Real factor, const Field<CellSurface>& to) {
  for_each(
      {"dycore/scale", 1, 1}, grid.block.cells(1),
      KOKKOS_LAMBDA(int k, int j, int i) { to(k, j, i) = factor * from(k, j, i); });
}

/// Theta of a layer changes by theta dT/T at constant pressure and mass.
void add_heating(const Grid& grid, const State& s, const ConstField<Cell>& temperature, const ConstField<Cell>& dt_dt,
                 Real dt, int n_k) {
  const Field<Cell> theta = s.theta;
  for_each(
      {"dycore/add_heating", 3, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        theta(k, j, i) += theta(k, j, i) * (dt * dt_dt(k, j, i) / temperature(k, j, i));
      });
}

/// Theta follows the virtual factor from before (sign -1) to after (sign 1) a change of the water: divided, then times it.
void apply_virtual_factor(const Grid& grid, const State& s, const ConstField<Cell>& vapour,
                          const ConstField<Cell>& loading, int sign, int n_k) {
  const Field<Cell> theta = s.theta;
  const Water water = water_of(grid, vapour, loading);
  for_each(
      {"dycore/apply_virtual_factor", 3, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real factor = water.factor<true>(k, j, i);
        theta(k, j, i) *= sign > 0 ? factor : 1 / factor;
      });
}

void add_to_tracer(const Grid& grid, const Field<Cell>& q, const ConstField<Cell>& dq_dt, Real dt, int n_k) {
  for_each(
      {"dycore/add_to_tracer", 2, 1}, grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) { q(k, j, i) += dt * dq_dt(k, j, i); });
}

/// Cell tendencies to faces: half of each cell in the east-west, by area in the north-south direction.
void add_accelerations(const Grid& grid, const RowFactors& factors, const State& s, const ConstField<Cell>& eastward,
                       const ConstField<Cell>& northward, Real dt, int n_k) {
  const Field<XFace> u = s.u;
  const Field<YFace> v = s.v;
  const RowValues north_weight = factors.north_weight_at_corner;
  const int pole_row = grid.block.at_south_pole() ? 0 : -1;
  for_each(
      {"dycore/add_accelerations", 4, 2}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const Real north = 2 * north_weight(j);
        const Real dv = north * northward(k, j, i) + (1 - north) * northward(k, j - 1, i);
        u(k, j, i) += Real(0.5) * dt * (eastward(k, j, i - 1) + eastward(k, j, i));
        v(k, j, i) += j == pole_row ? Real(0) : dt * dv;
      });
}

/// Pressure of half levels from the layer masses, whether they float or not; of dry air alone where loading is absent.
template <bool moist>
void compute_pressure_of(const Grid& grid, const MassBlend& layers, int n_k, const Field<CellInterface>& p) {
  const Real top = static_cast<Real>(grid.levels.top_pressure());
  march_down(
      {"dycore/compute_pressure", moist ? 2.0 : 1.0, 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        if (k == 0) p(0, j, i) = top;
        p(k + 1, j, i) = p(k, j, i) + layers.template weight<moist>(k, j, i);
      });
}
void compute_pressure(const Grid& grid, const ConstField<Cell>& mass, const ConstField<Cell>& loading, int n_k,
                      const Field<CellInterface>& p) {
  const MassBlend layers{mass, mass, 1, mass, mass, 0, loading};
  if (loading.exists()) {
    compute_pressure_of<true>(grid, layers, n_k, p);
  } else {
    compute_pressure_of<false>(grid, layers, n_k, p);
  }
}

/// Bits of |x| order as x does, and lie above those of infinity for NaN: an integer maximum finds both.
template <class P>
double largest_magnitude(const Grid& grid, const ConstField<P>& f, int n_k) {
  return reduce_largest_magnitude({"dycore/largest_magnitude", 1}, grid.block.cells(n_k), f);
}

/// True where a wind or theta is not finite, or a mass is not positive ('any_sign': not a number).
bool has_bad_value(const Grid& grid, const State& state, int n_k, bool any_sign) {
  constexpr Real largest = std::numeric_limits<Real>::max();
  const Real lowest = any_sign ? -largest : Real(0);
  const ConstField<Cell> mass = state.mass, theta = state.theta.exists() ? state.theta : state.mass;
  const ConstField<XFace> u = state.u;
  const ConstField<YFace> v = state.v;
  return any_point(
      {"dycore/has_bad_value", state.theta.exists() ? 4.0 : 3.0}, grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) {
        const Real m = mass(k, j, i);
        const bool good = (m > lowest) & (m <= largest) & (Kokkos::abs(theta(k, j, i)) <= largest) &
                          (Kokkos::abs(u(k, j, i)) <= largest) & (Kokkos::abs(v(k, j, i)) <= largest);
        return !good;
      });
}

/// Largest of -mass: the smallest mass with its sign turned.
double largest_of_minus(const Grid& grid, const ConstField<Cell>& mass, int n_k) {
  return reduce_max(
      {"dycore/smallest_mass", 1}, grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) { return -double(mass(k, j, i)); });
}

double largest_thickness_ratio(const Grid& grid, const ConstField<Cell>& mass, const ConstField<CellInterface>& p,
                               int n_k, bool thinnest) {
  const Array1<double> a = grid.levels.a_p0(), b = grid.levels.b();
  return reduce_max(
      {"dycore/thickness_ratio", 1}, grid.block.cells(n_k), KOKKOS_LAMBDA(int k, int j, int i) {
        const double p_s = p(n_k, j, i);
        const double ratio = mass(k, j, i) / ((a(k + 1) + b(k + 1) * p_s) - (a(k) + b(k) * p_s));
        return thinnest ? -ratio : ratio;
      });
}

double sphere_mean_factor(const Grid& grid) {
  const double a = grid.planet.radius_m;
  return 1 / (4 * pi * a * a);
}

Budgets shallow_water_budgets(const Grid& grid, const RowFactors& factors, const State& s,
                              const ConstField<CellSurface>& phi_s, const ConstField<CornerSurface>& coriolis,
                              const PoleVorticity& poles) {
  const ConstField<Cell> h = s.mass;
  const ConstField<XFace> u = s.u;
  const ConstField<YFace> v = s.v;
  const Metrics m = grid.metrics;
  const double g = grid.planet.gravity_m_per_s2;
  const RowValues north_weight = factors.north_weight_at_corner;
  const auto pole_zeta = poles.relative_vorticity();
  const double factor = sphere_mean_factor(grid);
  const int south_row = grid.block.at_south_pole() ? 0 : -1000;
  Budgets b;
  // Enstrophy: vertices, row 0 of a southern block being the pole; the owner of the last row adds the northern pole.
  const int north_row = grid.block.at_north_pole() ? grid.block.ny - 1 : -1000;
  const double per_point = m.area_of_pole / grid.block.n_lon;
  const int ny = grid.block.ny;
  const auto sums = exact_sums<3>(
      {"dycore/sum_budgets", 5}, grid.block, grid.block.cells(1), KOKKOS_LAMBDA(int k, int j, int i) {
        const double depth = h(k, j, i), area = m.area_at_cell(j);
        const double mass_u = 0.5 * (h(k, j, i) + h(k, j, i - 1)), mass_v = 0.5 * (h(k, j, i) + h(k, j - 1, i));
        const double energy = area * depth * (0.5 * g * depth + phi_s(0, j, i)) +
                              0.5 * m.dy *
                                  (m.dx_at_cell(j) * mass_u * u(k, j, i) * u(k, j, i) +
                                   m.dx_at_yface(j) * mass_v * v(k, j, i) * v(k, j, i));
        const auto of_pole = [&](int pole, int corner_row, int cell_row) {
          const double eta = coriolis(0, corner_row, i) + pole_zeta(k, pole);
          return 0.5 * per_point * eta * eta / h(k, cell_row, i);
        };
        double enstrophy = 0;
        if (j == south_row) {
          enstrophy = of_pole(0, 0, 0);
        } else {
          const double zeta = curl_at_corner(m, u, v, k, j, i);
          const double north = north_weight(j);
          const double mass =
              north * (h(k, j, i) + h(k, j, i - 1)) + (0.5 - north) * (h(k, j - 1, i) + h(k, j - 1, i - 1));
          const double eta = coriolis(0, j, i) + zeta;
          enstrophy = 0.5 * m.area_at_corner(j) * eta * eta / mass;
        }
        if (j == north_row) enstrophy += of_pole(1, ny, j);
        return Kokkos::Array<double, 3>{area * depth, energy, enstrophy};
      });
  b.mass = factor * sums[0];
  b.energy = factor * sums[1];
  b.enstrophy = factor * sums[2];
  return b;
}

template <bool moist>
Budgets hydrostatic_budgets(const Grid& grid, const RowFactors& factors, const State& s,
                            const ConstField<Cell>& loading, const ConstField<CellInterface>& p,
                            const ConstField<CellInterface>& exner, const ConstField<CellSurface>& phi_s, int n_k) {
  const ConstField<Cell> mass = s.mass, theta = s.theta;
  const ConstField<XFace> u = s.u;
  const ConstField<YFace> v = s.v;
  const Metrics m = grid.metrics;
  const RowValues ke_u = factors.ke_u, ke_south = factors.ke_v_south, ke_north = factors.ke_v_north;
  const double cp = grid.planet.heat_capacity_j_per_kg_k / (1 + grid.planet.kappa());
  const double per_g = 1 / grid.planet.gravity_m_per_s2;
  const double radius = grid.planet.radius_m, omega = grid.planet.rotation_rate_per_s;
  const double factor = sphere_mean_factor(grid);
  const MassBlend layers{mass, mass, 1, mass, mass, 0, loading};
  const Box box = grid.block.cells(n_k);
  Budgets b;
  const auto sums = exact_sums<3>(
      {"dycore/sum_budgets", moist ? 7.0 : 6.0}, grid.block, box, KOKKOS_LAMBDA(int k, int j, int i) {
        const double area = m.area_at_cell(j);
        const double west = u(k, j, i), east = u(k, j, i + 1), south = v(k, j, i), north = v(k, j + 1, i);
        const double kinetic =
            ke_u(j) * (west * west + east * east) + ke_south(j) * south * south + ke_north(j) * north * north;
        const double enthalpy = cp * theta(k, j, i) / mass(k, j, i) *
                                (double(p(k + 1, j, i)) * exner(k + 1, j, i) - double(p(k, j, i)) * exner(k, j, i));
        const double ground = k == n_k - 1 ? double(phi_s(0, j, i)) * p(n_k, j, i) : 0.0;
        const double arm = radius * m.cos_at_cell(j);
        const double wind = 0.5 * (west + east);
        const double weight = layers.template weight<moist>(k, j, i);
        return Kokkos::Array<double, 3>{area * mass(k, j, i), area * (enthalpy + weight * kinetic + ground),
                                        area * weight * arm * (wind + omega * arm)};
      });
  b.mass = factor * per_g * sums[0];
  b.energy = factor * per_g * sums[1];
  b.angular_momentum = factor * per_g * sums[2];
  return b;
}

/// Sum over cells of area times mass times mixing ratio. While a tracer step is open, q belongs to the mass at its start.
double sum_of_tracer(const Grid& grid, const ConstField<Cell>& mass, const ConstField<Cell>& q, int n_k) {
  const RowValues area = grid.metrics.area_at_cell;
  return exact_sum(
      {"dycore/sum_tracer", 2}, grid.block, grid.block.cells(n_k),
      KOKKOS_LAMBDA(int k, int j, int i) { return double(area(j)) * mass(k, j, i) * q(k, j, i); });
}

/// Sum over the globe of area times distance from the axis times stress, or times omega times distance times flux of mass.
double sum_of_torque(const Grid& grid, const ConstField<CellSurface>& flux, bool of_mass) {
  const Metrics m = grid.metrics;
  const double radius = grid.planet.radius_m, omega = grid.planet.rotation_rate_per_s;
  return exact_sum(
      {"dycore/sum_of_torque", 1}, grid.block, grid.block.cells(1), KOKKOS_LAMBDA(int k, int j, int i) {
        const double arm = radius * m.cos_at_cell(j);
        return double(m.area_at_cell(j)) * arm * (of_mass ? omega * arm : 1.0) * flux(k, j, i);
      });
}

}  // namespace

void Dycore::diagnose(bool floating) {
  diagnosed_ = now_;
  if (floating && !options_.shallow_water()) {
    remap_to_reference_levels(grid_, now_, a_, 1, options_.remap_reference_k, remap_scratch());
    diagnosed_ = a_;
  }
  compute_cell_winds(grid_, diagnosed_, n_k_, fields_.get(field::eastward_wind), fields_.get(field::northward_wind));
  if (options_.shallow_water()) {
    compute_surface_height(grid_, now_.mass, surface_geopotential_, fields_.get(field::surface_height));
    return;
  }
  compute_loading();
  const MassBlend mass{diagnosed_.mass, diagnosed_.theta, 1, diagnosed_.mass, diagnosed_.theta, 0, loading_};
  const auto p = fields_.get(field::interface_pressure);
  compute_pressure(grid_, diagnosed_.mass, loading_, n_k_, p);
  copy_lowest_interface(grid_, p, n_k_, fields_.get(field::surface_air_pressure));
  compute_exner_and_geopotential(grid_, mass, surface_geopotential_, grid_.block.cells(n_k_), exner_, phi_);
  const auto temperature = fields_.get(field::air_temperature), pressure = fields_.get(field::air_pressure);
  if (const auto vapour = vapour_of(fields_); vapour.exists()) {
    compute_temperature<true>(grid_, diagnosed_, water_of(grid_, vapour, loading_), exner_, p, n_k_, temperature,
                              pressure);
  } else {
    compute_temperature<false>(grid_, diagnosed_, {}, exner_, p, n_k_, temperature, pressure);
  }
}

void Dycore::diagnose_humidity(const std::function<bool(std::string_view)>& wanted, Saturation formula) {
  const auto vapour = vapour_of(fields_);
  if (wanted(field::specific_humidity.short_name)) {
    compute_specific_humidity(grid_, vapour, loading_, n_k_, fields_.get(field::specific_humidity));
  }
  if (wanted(field::relative_humidity.short_name)) {
    compute_relative_humidity(grid_, MoistAir(grid_.planet, formula), vapour, fields_.get(field::air_temperature),
                              fields_.get(field::air_pressure), n_k_, fields_.get(field::relative_humidity));
  }
  if (wanted(field::water_vapour_path.short_name)) {
    compute_vapour_path(grid_, vapour, diagnosed_.mass, n_k_, fields_.get(field::water_vapour_path));
  }
}

void Dycore::diagnose_for_output(const std::function<bool(std::string_view)>& wanted, Saturation formula) {
  if (!water_.empty()) diagnose_humidity(wanted, formula);
  if (wanted(field::surface_altitude.short_name)) {
    scale(grid_, surface_geopotential_, static_cast<Real>(1 / grid_.planet.gravity_m_per_s2),
          fields_.get(field::surface_altitude));
  }
  if (!options_.shallow_water() && wanted(field::geopotential_height.short_name)) {
    compute_heights(grid_, diagnosed_, exner_, phi_, fields_.get(field::interface_pressure), n_k_,
                    fields_.get(field::geopotential_height));
  }
  if (wanted(field::divergence_of_wind.short_name)) {
    compute_divergence(grid_, Divergence(grid_, diagnosed_.u, diagnosed_.v), n_k_, 0,
                       fields_.get(field::divergence_of_wind));
  }
  if (!wanted(field::relative_vorticity.short_name)) return;
  poles_.compute(grid_, diagnosed_, n_k_);
  for (int k = 0; k < n_k_; k += n_k_at_once_) {
    const int n = std::min(n_k_at_once_, n_k_ - k);
    compute_relative_vorticity(grid_, levels_of(diagnosed_.u, k, n), levels_of(diagnosed_.v, k, n),
                               levels_of_poles(poles_.relative_vorticity(), k, n), n, pv_);
    mean_of_corners(grid_, pv_, n, levels_of(fields_.get(field::relative_vorticity), k, n));
  }
}

void Dycore::add_physics(double dt) {
  if (fields_.has(field::eastward_wind_tendency.name)) {
    const auto eastward = fields_.get(field::eastward_wind_tendency);
    const auto northward = fields_.get(field::northward_wind_tendency);
    halo_.exchange({HaloItem(eastward, true), HaloItem(northward, true)});
    add_accelerations(grid_, factors_, now_, eastward, northward, static_cast<Real>(dt), n_k_);
  }
  if (fields_.has(field::temperature_tendency.name)) {
    add_heating(grid_, now_, fields_.get(field::air_temperature), fields_.get(field::temperature_tendency),
                static_cast<Real>(dt), n_k_);
  }
  const bool water_changes = std::ranges::any_of(
      field::species, [&](const field::Species& known) { return known.is_water && fields_.has(known.tendency->name); });
  const auto add = [&] {
    for (const field::Species& known : field::species) {
      if (!fields_.has(known.tendency->name)) continue;
      add_to_tracer(grid_, fields_.get(*known.mixing_ratio), fields_.get(*known.tendency), static_cast<Real>(dt), n_k_);
    }
  };
  if (water_changes) {
    change_water(add);
  } else {
    add();
  }
}

template <class Change>
void Dycore::change_water(const Change& change) {
  const auto vapour = vapour_of(fields_);
  apply_virtual_factor(grid_, now_, vapour, loading_, -1, n_k_);
  change();
  compute_loading();
  apply_virtual_factor(grid_, now_, vapour, loading_, 1, n_k_);
}

void Dycore::add_large_scale_tendencies(double dt) {
  const auto p = fields_.get(field::air_pressure);
  if (large_scale_.changes_temperature) {
    fill_tendency(large_scale_.temperature_tendency, grid_, p, theta_tendency_);
    add_heating(grid_, now_, fields_.get(field::air_temperature), theta_tendency_, static_cast<Real>(dt), n_k_);
  }
  if (!large_scale_.changes_vapour) return;
  fill_tendency(large_scale_.vapour_tendency, grid_, p, mass_tendency_);
  change_water(
      [&] { add_to_tracer(grid_, fields_.get(field::water_vapour), mass_tendency_, static_cast<Real>(dt), n_k_); });
}

bool Dycore::is_sound() const { return !has_bad_value(grid_, now_, n_k_, options_.frozen_winds); }

DynamicsSummary Dycore::summary() {
  DynamicsSummary s;
  const Block& block = grid_.block;
  const double wind = largest_over_ranks(
      block, std::max(largest_magnitude<XFace>(grid_, now_.u, n_k_), largest_magnitude<YFace>(grid_, now_.v, n_k_)));
  const double mass = largest_over_ranks(block, largest_magnitude<Cell>(grid_, now_.mass, n_k_));
  const double heat =
      options_.shallow_water() ? 0 : largest_over_ranks(block, largest_magnitude<Cell>(grid_, now_.theta, n_k_));
  s.largest_wind = wind;
  s.finite = std::isfinite(wind) && std::isfinite(mass) && std::isfinite(heat);
  s.smallest_mass = -largest_over_ranks(block, largest_of_minus(grid_, now_.mass, n_k_));
  const double fastest_wave = options_.shallow_water() ? std::sqrt(grid_.planet.gravity_m_per_s2 * std::max(mass, 0.0))
                                                       : grid_.planet.speed_of_sound();
  const double speed = options_.frozen_winds ? 0 : fastest_wave;
  s.largest_courant = (speed + wind) * options_.dt_s / grid_.spacing();
  if (!options_.shallow_water() && s.finite) {
    compute_pressure(grid_, now_.mass, {}, n_k_, phi_);
    s.thickest_layer = largest_over_ranks(block, largest_thickness_ratio(grid_, now_.mass, phi_, n_k_, false));
    s.thinnest_layer = -largest_over_ranks(block, largest_thickness_ratio(grid_, now_.mass, phi_, n_k_, true));
  }
  return s;
}

Budgets Dycore::budgets() {
  Budgets b;
  compute_loading();
  if (options_.shallow_water()) {
    poles_.compute(grid_, now_, n_k_);
    b = shallow_water_budgets(grid_, factors_, now_, surface_geopotential_, coriolis_, poles_);
  } else {
    compute_exner_and_geopotential(grid_, {now_.mass, now_.theta, 1, now_.mass, now_.theta, 0, loading_},
                                   surface_geopotential_, grid_.block.cells(n_k_), exner_, phi_);
    compute_pressure(grid_, now_.mass, loading_, n_k_, phi_);
    b = loading_.exists()
            ? hydrostatic_budgets<true>(grid_, factors_, now_, loading_, phi_, exner_, surface_geopotential_, n_k_)
            : hydrostatic_budgets<false>(grid_, factors_, now_, {}, phi_, exner_, surface_geopotential_, n_k_);
  }
  const double per_area = sphere_mean_factor(grid_) / (options_.shallow_water() ? 1 : grid_.planet.gravity_m_per_s2);
  for (int n = 0; n < transport_.n_tracers(); ++n) {
    b.tracers.push_back(per_area * sum_of_tracer(grid_, now_.mass, transport_.mixing_ratio(n), n_k_));
  }
  return b;
}

double Dycore::torque_of(const ConstField<CellSurface>& stress) const {
  return sphere_mean_factor(grid_) * sum_of_torque(grid_, stress, false);
}
double Dycore::torque_of_mass(const ConstField<CellSurface>& flux) const {
  return sphere_mean_factor(grid_) * sum_of_torque(grid_, flux, true);
}

}  // namespace meridian
