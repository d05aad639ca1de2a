#pragma once
// What `meridian verify` measures: one line per figure in the table of verify_figures.cpp.

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "driver/model.hpp"
#include "driver/verify_options.hpp"

namespace meridian {

/// A field of the whole globe, the same on every rank: level, row from the south, column.
struct GlobalField {
  int n_k = 0, n_lat = 0, n_lon = 0;
  std::vector<double> values;
  double at(int k, int j, int i) const { return values[(static_cast<std::size_t>(k) * n_lat + j) * n_lon + i]; }
  double& at(int k, int j, int i) { return values[(static_cast<std::size_t>(k) * n_lat + j) * n_lon + i]; }
};

/// Collective.
GlobalField gathered(const Grid& grid, const Field<Cell>& field);
/// Means over blocks of cells, by area. Throws configuration where the cells do not fit into those of the coarse grid.
GlobalField coarsened(const GlobalField& fine, int n_lon, int n_lat);
/// True where a grid has n x n cells in each of another.
bool refines(int n_lon, int n_lat, int n_lon_coarse, int n_lat_coarse);
/// Share of a row in the area of the globe, per cell.
double area_share(int n_lat, int n_lon, int j);

/// Zonal-mean statistics over time, on pressure levels: a prime is the deviation from the zonal and time mean,
/// [a'b'] = [mean ab] - [mean a][mean b].
class ZonalStatistics {
 public:
  /// One record: winds [m s-1], temperature [K] and pressure [Pa] of layers.
  void add(const GlobalField& u, const GlobalField& v, const GlobalField& T, const GlobalField& p);
  int count() const { return count_; }
  /// Extremes of the sections in one hemisphere (+1 north, -1 south), as magnitudes: the jet between 100 and 500 hPa,
  /// v'T' and T'T' below 700 hPa, u'v' and (u'u' + v'v')/2 between 100 and 500 hPa.
  enum class Section { jet, heat_flux, temperature_variance, momentum_flux, eddy_energy };
  struct Extreme {
    double value, latitude_degrees, pressure;
  };
  Extreme extreme(Section section, int hemisphere) const;

 private:
  double value(Section section, int level, int row) const;
  int count_ = 0, n_lat_ = 0;
  std::vector<double> u_, v_, T_, uu_, vv_, uv_, vT_, TT_;  // sums of zonal means: level * n_lat + row
};

/// Fields of a reference run on the grid of another: by field and time [s].
using ReferenceFields = std::map<std::pair<std::string, long>, GlobalField>;

/// Looks at one run as it goes and measures its figures. All members are collective.
class FigureMeter {
 public:
  FigureMeter(Model& model, const std::vector<VerifyFigure>& figures, const ReferenceFields& reference);
  /// After the start and after each step: keeps what figures need of this time.
  void look();
  /// The figure at this time, without 'order_from' and 'less'.
  double value(const VerifyFigure& figure);
  /// Throws configuration where the figure, of this time and since the start, is of a field that the run does not have.
  void require_fields(const VerifyFigure& figure);

  // What the figures see.
  Model& model() { return model_; }
  GlobalField field(const std::string& sum) const;  // "0.5 q1 + q2"
  const GlobalField& earlier(const VerifyFigure& figure) const;
  const ZonalStatistics& statistics(const VerifyFigure& figure) const;
  /// Mean of one record a day over the days from 'since' to 'day'; without values where there was none.
  const GlobalField& mean_over_time(const VerifyFigure& figure) const;
  const Budgets& budgets_at_start() const { return model_.budgets_at_start(); }
  double elapsed_s() const { return model_.elapsed_s(); }

 private:
  bool is_now(double day) const;
  Model& model_;
  const std::vector<VerifyFigure>& figures_;
  const ReferenceFields& reference_;
  std::map<std::pair<std::string, double>, GlobalField> kept_;                            // field, since
  std::map<std::pair<double, double>, ZonalStatistics> statistics_;                       // since, day
  std::map<std::tuple<std::string, double, double>, std::pair<int, GlobalField>> means_;  // field, since, day
};

/// Time [s] of a figure's day in a run of this length.
long time_of(double day, const Model& model);

}  // namespace meridian
