#include "dycore/column.hpp"

#include "grid/elementary.hpp"
#include "grid/loop.hpp"

namespace meridian {

void LargeScaleOptions::visit(OptionVisitor& option) {
  visit_profile(option, "vertical_velocity_pa_per_s", vertical_velocity_pa_per_s,
                "omega = dp/dt of the air [Pa s-1], positive downward; carries all; 0 at the top and at the ground");
  visit_profile(option, "temperature_tendency_k_per_day", temperature_tendency_k_per_day,
                "warming by horizontal advection [K day-1]");
  visit_profile(option, "vapour_tendency_g_per_kg_per_day", vapour_tendency_g_per_kg_per_day,
                "moistening by horizontal advection [g kg-1 day-1]");
  visit_profile(option, "geostrophic_eastward_wind_m_per_s", geostrophic_eastward_wind_m_per_s,
                "eastward wind that balances the pressure gradient [m s-1]");
  visit_profile(option, "geostrophic_northward_wind_m_per_s", geostrophic_northward_wind_m_per_s,
                "northward wind that balances the pressure gradient [m s-1]");
  visit_profile(option, "target_eastward_wind_m_per_s", target_eastward_wind_m_per_s,
                "eastward wind that is relaxed to [m s-1]");
  visit_profile(option, "target_northward_wind_m_per_s", target_northward_wind_m_per_s,
                "northward wind that is relaxed to [m s-1]");
  option.real("wind_relaxation_time_s", wind_relaxation_time_s, "s", {0, 1e9},
              "time scale of the relaxation to the target wind; 0: none");
  if (wind_relaxation_time_s == 0 && !(target_eastward_wind_m_per_s.empty() && target_northward_wind_m_per_s.empty())) {
    option.problem("wind_relaxation_time_s",
                   "A target wind needs 'wind_relaxation_time_s', the time scale to reach it.");
  }
}

namespace {

constexpr double per_day = 1 / seconds_per_day;  // [s-1]

Profile times(double factor, Profile profile) {
  for (ProfilePoint& point : profile) point.value *= factor;
  return profile;
}

/// How far half levels move down within dt [Pa of dry air].
struct Displacement {
  ProfileValues omega;
  ConstField<CellInterface> p;
  ConstField<Cell> loading;
  double dt;
  int n_k;

  template <bool moist>
  KOKKOS_FORCEINLINE_FUNCTION double at(int k, int j, int i) const {
    if (k == 0 || k == n_k) return 0;
    const double start = p(k, j, i);
    const double moved = dt * omega.at(start + 0.5 * dt * omega.at(start));  // [Pa]
    if constexpr (moist) return 2 * moved / (double(loading(k - 1, j, i)) + loading(k, j, i));
    return moved;
  }
};

template <bool moist>
void move_layers_of(const Grid& grid, const Displacement& displacement, const State& state) {
  const Field<Cell> mass = state.mass, theta = state.theta;
  for_each(
      {"dycore/move_layers", moist ? 4.0 : 3.0, 2}, grid.block.cells(displacement.n_k),
      KOKKOS_LAMBDA(int k, int j, int i) {
        const double gain = displacement.template at<moist>(k + 1, j, i) - displacement.template at<moist>(k, j, i);
        const double before = mass(k, j, i);
        const double after = before + gain;
        mass(k, j, i) = static_cast<Real>(after);
        theta(k, j, i) = static_cast<Real>(theta(k, j, i) * (after / before));
      });
}

}  // namespace

LargeScale::LargeScale(const LargeScaleOptions& options)
    : vertical_velocity(options.vertical_velocity_pa_per_s),
      temperature_tendency(times(per_day, options.temperature_tendency_k_per_day)),
      vapour_tendency(times(1e-3 * per_day, options.vapour_tendency_g_per_kg_per_day)),
      geostrophic_eastward(options.geostrophic_eastward_wind_m_per_s),
      geostrophic_northward(options.geostrophic_northward_wind_m_per_s),
      target_eastward(options.target_eastward_wind_m_per_s),
      target_northward(options.target_northward_wind_m_per_s),
      relaxation_rate(options.wind_relaxation_time_s > 0 ? 1 / options.wind_relaxation_time_s : 0),
      changes_temperature(!options.temperature_tendency_k_per_day.empty()),
      changes_vapour(!options.vapour_tendency_g_per_kg_per_day.empty()) {}

void turn_wind(const LargeScale& terms, const Grid& grid, const ConstField<Cell>& p,
               const ConstField<CornerSurface>& coriolis, double dt, const State& state) {
  const Field<XFace> u = state.u;
  const Field<YFace> v = state.v;
  const LargeScale t = terms;
  for_each(
      {"dycore/turn_wind", 3, 2}, grid.block.cells(grid.n_levels()), KOKKOS_LAMBDA(int k, int j, int i) {
        const double f = coriolis(0, j, i), r = t.relaxation_rate;  // [s-1]
        const double size = f * f + r * r;
        if (size == 0) return;
        // With w = u + i v: dw/dt = - (r + i f) (w - w0), w0 = (i f wg + r wt) / (r + i f).
        const double here = p(k, j, i);
        const double force_u = r * t.target_eastward.at(here) - f * t.geostrophic_northward.at(here);
        const double force_v = r * t.target_northward.at(here) + f * t.geostrophic_eastward.at(here);
        const double u0 = (r * force_u + f * force_v) / size, v0 = (r * force_v - f * force_u) / size;
        const double decay = elementary::exp(-r * dt);
        const double cosine = decay * Kokkos::cos(f * dt), sine = decay * Kokkos::sin(f * dt);
        const double du = u(k, j, i) - u0, dv = v(k, j, i) - v0;
        u(k, j, i) = static_cast<Real>(u0 + cosine * du + sine * dv);
        v(k, j, i) = static_cast<Real>(v0 + cosine * dv - sine * du);
      });
}

void fill_tendency(const ProfileValues& profile, const Grid& grid, const ConstField<Cell>& p,
                   const Field<Cell>& tendency) {
  const ProfileValues values = profile;
  for_each(
      {"dycore/fill_tendency", 1, 1}, grid.block.cells(grid.n_levels()),
      KOKKOS_LAMBDA(int k, int j, int i) { tendency(k, j, i) = static_cast<Real>(values.at(p(k, j, i))); });
}

void move_layers(const LargeScale& terms, const Grid& grid, const ConstField<CellInterface>& p,
                 const ConstField<Cell>& loading, double dt, const State& state) {
  const Displacement displacement{terms.vertical_velocity, p, loading, dt, grid.n_levels()};
  if (loading.exists()) {
    move_layers_of<true>(grid, displacement, state);
  } else {
    move_layers_of<false>(grid, displacement, state);
  }
}

}  // namespace meridian
