#include "dycore/row_factors.hpp"

namespace meridian {

RowFactors::RowFactors(const Grid& grid) {
  const Metrics& m = grid.metrics;
  const auto on_host = [](const RowValues& values) {
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values.data);
  };
  const auto area = on_host(m.area_at_cell);
  const auto dx = on_host(m.dx_at_cell);
  const auto dx_face = on_host(m.dx_at_yface);
  const auto cos_cell = on_host(m.cos_at_cell);
  const auto cos_face = on_host(m.cos_at_yface);
  const int count = static_cast<int>(area.extent(0));
  const double dy = m.dy;
  const auto fill = [count](RowValues& values, const char* label, auto&& of_row) {
    values.data = Array1<Real>(label, count);
    const auto host = Kokkos::create_mirror_view(values.data);
    for (int n = 0; n < count; ++n) host(n) = static_cast<Real>(of_row(n));
    Kokkos::deep_copy(values.data, host);
  };
  const int last = count - 1;
  fill(north_weight_at_corner, "north_weight_at_corner", [&](int n) {
    const double both = n == 0 ? 0 : 2.0 * area(n) + 2.0 * area(n - 1);
    return n == 0 || cos_face(n) == 0 ? 0.25 : area(n) / both;  // a pole has its own formula
  });
  fill(ke_u, "ke_u", [&](int n) { return dx(n) * dy / (4.0 * area(n)); });
  fill(ke_v_south, "ke_v_south", [&](int n) { return dx_face(n) * dy / (4.0 * area(n)); });
  fill(ke_v_north, "ke_v_north", [&](int n) { return n == last ? 0 : dx_face(n + 1) * dy / (4.0 * area(n)); });
  fill(lap_south, "lap_south", [&](int n) { return cos_face(n) / (cos_cell(n) * dy * dy); });
  fill(lap_north, "lap_north", [&](int n) { return n == last ? 0 : cos_face(n + 1) / (cos_cell(n) * dy * dy); });
}

}  // namespace meridian
