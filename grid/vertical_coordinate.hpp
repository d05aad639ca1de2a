#pragma once
// Hybrid sigma-pressure levels: half-level pressure P_k(ps) = A_k p0 + B_k ps (Simmons and Burridge 1981, MWR 109).

#include <string>
#include <vector>

#include "grid/base.hpp"

namespace meridian {

/// Coefficients of the half levels (interfaces), k = 0 at the top; n_layers + 1 of them.
class VerticalCoordinate {
 public:
  VerticalCoordinate() = default;
  /// a [1] and b [1] at half levels, p0 [Pa]. Throws bad_data unless B_0 = 0, A_last = 0, B_last = 1, A + B increases
  /// and every layer has positive thickness for ps in 0.305 p0..1.1 p0 (ECMWF's tables end at 303.3 hPa).
  VerticalCoordinate(std::vector<double> a, std::vector<double> b, double p0, const std::string& origin);

  int n_layers() const { return static_cast<int>(a_.size()) - 1; }
  double a(int k) const { return a_[k]; }                                       // [1]
  double b(int k) const { return b_[k]; }                                       // [1]
  double p0() const { return p0_; }                                             // [Pa]
  double top_pressure() const { return a_.empty() ? 0 : a_[0] * p0_; }          // [Pa]
  double pressure(int k, double ps) const { return a_[k] * p0_ + b_[k] * ps; }  // [Pa] of half level k
  /// Coefficients on the device: A_k p0 [Pa] and B_k [1], in double in every build.
  const Array1<double>& a_p0() const { return a_p0_device_; }
  const Array1<double>& b() const { return b_device_; }

 private:
  std::vector<double> a_, b_;
  double p0_ = 1e5;
  Array1<double> a_p0_device_, b_device_;
};

/// One layer without pressure: shallow water.
VerticalCoordinate single_layer();

/// Levels by name; p0 [Pa]. Heights are those of a reference profile over the ground, eta = p_ref(z) / p0.
///   L26, L30, L60, L91, L137   tables in cases/levels; $MERIDIAN_DATA_DIR/levels is looked at first
///   sigma:N                    B_k = k/N, A = 0
///   equal_height:N,ztop        N layers of equal thickness up to ztop [m], B linear in eta; isothermal at 300 K, or with
///                              a third word lapse_rate (6.5 K/km) or constant_stability (N = 0.01 s-1): DCMIP 2012
///   stretched:N,ptop,c,dz0     up to ptop [Pa], the lowest layer dz0 [m], thicker upwards by a tanh; isothermal at
///                              300 K; B = ((eta - eta_top) / (1 - eta_top))^c with c in 1..1.43
///   PATH                       text file with two columns A B, top to bottom; # begins a comment
/// Throws missing_input, bad_data or configuration with the reason.
VerticalCoordinate read_levels(const std::string& name, double p0);

}  // namespace meridian
