#include "grid/vertical_coordinate.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "grid/error.hpp"

namespace meridian {

namespace {

// Surface pressures over p0 for which every layer must have a thickness. ECMWF's tables allow none below 0.3033.
constexpr double lowest_ps = 0.305, highest_ps = 1.1;  // [1]

// Reference profiles of the equal-height levels (DCMIP 2012 test case document, sections 1-3), constants of its table 1.
constexpr double gravity = 9.80616;       // [m s-2]
constexpr double gas_constant = 287.0;    // [J kg-1 K-1]
constexpr double heat_capacity = 1004.5;  // [J kg-1 K-1]
constexpr double temperature = 300;       // [K] of the isothermal profile, and of the others at the ground
constexpr double lapse_rate = 0.0065;     // [K m-1] of tests 2-0
constexpr double stability = 0.01;        // [s-1] buoyancy frequency of test 3-1
constexpr double scale_height = gas_constant * temperature / gravity;  // [m] 8780.195

/// Pressure over surface pressure at height z [m] of a named profile.
double reference_eta(const std::string& profile, double z) {
  if (profile == "isothermal") return std::exp(-z / scale_height);
  if (profile == "lapse_rate") {
    return std::pow(1 - lapse_rate * z / temperature, gravity / (gas_constant * lapse_rate));
  }
  const double g = gravity * gravity / (stability * stability * heat_capacity);  // [K] the document's G
  const double warmth = g / temperature * std::expm1(-stability * stability * z / gravity);
  return std::pow(1 + warmth, heat_capacity / gas_constant);
}

std::vector<double> split_numbers(const std::string& name, std::string_view list, std::size_t count,
                                  const std::string& form) {
  std::vector<double> numbers;
  const std::string text(list);
  const char* at = text.c_str();
  for (;;) {
    char* end = nullptr;
    numbers.push_back(std::strtod(at, &end));
    const bool is_number = end != at && std::isfinite(numbers.back());
    require(is_number && (*end == ',' || *end == '\0') && (*end == '\0') == (numbers.size() == count),
            ExitCode::configuration, "Levels '", name, "' must be written ", form, ".");
    if (*end == '\0') return numbers;
    at = end + 1;
  }
}

int layers(const std::string& name, double count) {
  require(count >= 1 && count <= 1000 && count == std::floor(count), ExitCode::configuration, "Levels '", name,
          "' ask for ", count, " layers; it must be a whole number from 1 to 1000.");
  return static_cast<int>(count);
}

/// Coefficients from eta at half levels, top to bottom: B = ((eta - eta_top) / (1 - eta_top))^c, A = eta - B.
VerticalCoordinate from_eta(const std::vector<double>& eta, double c, double p0, const std::string& name) {
  std::vector<double> a, b;
  for (const double e : eta) {
    b.push_back(std::pow((e - eta.front()) / (1 - eta.front()), c));
    a.push_back(e - b.back());
  }
  return VerticalCoordinate(std::move(a), std::move(b), p0, "levels '" + name + "'");
}

VerticalCoordinate sigma_levels(const std::string& name, std::string_view list, double p0) {
  const int n = layers(name, split_numbers(name, list, 1, "sigma:N")[0]);
  std::vector<double> a(n + 1, 0.0), b;
  for (int k = 0; k <= n; ++k) b.push_back(static_cast<double>(k) / n);
  return VerticalCoordinate(std::move(a), std::move(b), p0, "levels '" + name + "'");
}

VerticalCoordinate equal_height_levels(const std::string& name, std::string_view list, double p0) {
  std::string profile = "isothermal";
  for (const std::string word : {"isothermal", "lapse_rate", "constant_stability"}) {
    if (!list.ends_with("," + word)) continue;
    profile = word;
    list.remove_suffix(word.size() + 1);
  }
  const auto numbers =
      split_numbers(name, list, 2, "equal_height:N,ztop[,isothermal|lapse_rate|constant_stability] with ztop in m");
  const int n = layers(name, numbers[0]);
  const double z_top = numbers[1];
  require(z_top > 0 && reference_eta(profile, z_top) > 0, ExitCode::configuration, "Levels '", name,
          "': the top is at ", z_top, " m; it must be above 0 and below the top of the reference profile.");
  std::vector<double> eta;
  for (int k = 0; k <= n; ++k) eta.push_back(reference_eta(profile, z_top * (n - k) / n));
  return from_eta(eta, 1, p0, name);
}

/// Heights z(s) = z_top (1 - tanh(g (1 - s)) / tanh(g)), s = 0 at the ground, 1 at the top, with g such that the
/// lowest layer is dz thick.
std::vector<double> stretched_heights(int n, double z_top, double dz) {
  const auto height = [&](double g, double s) {
    // tanh(g) - tanh(g (1 - s)) = sinh(g s) / (cosh(g) cosh(g (1 - s))), without cancellation
    return z_top * std::sinh(g * s) / (std::cosh(g * (1 - s)) * std::sinh(g));
  };
  double low = 1e-6, high = 100;
  for (int step = 0; step < 200; ++step) {
    const double g = 0.5 * (low + high);
    (height(g, 1.0 / n) > dz ? low : high) = g;
  }
  std::vector<double> z;
  for (int k = 0; k <= n; ++k) z.push_back(height(low, static_cast<double>(n - k) / n));
  return z;
}

VerticalCoordinate stretched_levels(const std::string& name, std::string_view list, double p0) {
  const auto numbers = split_numbers(name, list, 4, "stretched:N,ptop,c,dz0 with ptop in Pa and dz0 in m");
  const int n = layers(name, numbers[0]);
  const double p_top = numbers[1], c = numbers[2], dz = numbers[3];
  require(p_top > 0 && p_top < p0, ExitCode::configuration, "Levels '", name, "': the top pressure is ", p_top,
          " Pa; it must lie between 0 and ", p0, " Pa.");
  // dP/deta = p0 + (ps - p0) dB/deta must be positive at the ground, where dB/deta = c / (1 - eta_top)
  const double largest_c = (1 - p_top / p0) / (1 - lowest_ps);
  require(c >= 1 && c < largest_c, ExitCode::configuration, "Levels '", name, "': c is ", c,
          "; it must lie between 1 and ", largest_c, ", or layers vanish over high ground.");
  const double z_top = scale_height * std::log(p0 / p_top);
  require(dz >= 1e-4 * z_top / n && dz < z_top / n, ExitCode::configuration, "Levels '", name,
          "': the lowest layer is ", dz, " m thick; it must be thinner than the mean, ", z_top / n, " m.");
  std::vector<double> eta;
  for (const double z : stretched_heights(n, z_top, dz)) eta.push_back(std::exp(-z / scale_height));
  return from_eta(eta, c, p0, name);
}

VerticalCoordinate table(const std::string& path, double p0) {
  std::ifstream file(path);
  require(std::filesystem::is_regular_file(path) && file.good(), ExitCode::missing_input, "The level file '", path,
          "' does not exist or cannot be read.");
  std::vector<double> a, b;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line.erase(std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::istringstream words(line);
    double a_k = 0, b_k = 0;
    std::string more;
    const bool two = (words >> a_k >> b_k) && !(words >> more);
    require(two, ExitCode::bad_data, path, ":", number, ": '", line, "' is not two numbers A B.");
    a.push_back(a_k);
    b.push_back(b_k);
  }
  return VerticalCoordinate(std::move(a), std::move(b), p0, "level file '" + path + "'");
}

/// Path of a shipped table: $MERIDIAN_DATA_DIR/levels, else cases/levels of the sources.
std::string shipped_table(const std::string& name) {
  const std::string file = "levels/" + name + ".txt";
  if (const char* folder = std::getenv("MERIDIAN_DATA_DIR")) {
    const std::string path = std::string(folder) + "/" + file;
    if (std::filesystem::exists(path)) return path;
  }
  return std::string(MERIDIAN_SOURCE_DIR) + "/cases/" + file;
}

void copy_to_device(const char* label, const std::vector<double>& values, double factor, Array1<double>& array) {
  array = Array1<double>(label, values.size());
  const auto host = Kokkos::create_mirror_view(array);
  for (std::size_t k = 0; k < values.size(); ++k) host(k) = factor * values[k];
  Kokkos::deep_copy(array, host);
}

}  // namespace

VerticalCoordinate::VerticalCoordinate(std::vector<double> a, std::vector<double> b, double p0,
                                       const std::string& origin)
    : a_(std::move(a)), b_(std::move(b)), p0_(p0) {
  const auto check = [&](bool condition, const auto&... parts) {
    require(condition, ExitCode::bad_data, "The ", origin, ": ", parts...);
  };
  check(a_.size() == b_.size() && a_.size() >= 2, "there must be as many A as B, and at least 2; there are ", a_.size(),
        " and ", b_.size(), ".");
  const int n = n_layers();
  check(b_[0] == 0, "B at the top is ", b_[0], "; it must be 0.");
  check(a_[0] >= 0, "A at the top is ", a_[0], "; it must not be negative.");
  check(a_[n] == 0, "A at the ground is ", a_[n], "; it must be 0.");
  check(b_[n] == 1, "B at the ground is ", b_[n], "; it must be 1.");
  for (int k = 0; k < n; ++k) {
    check(a_[k + 1] + b_[k + 1] > a_[k] + b_[k], "A + B does not increase downwards from half level ", k, " (",
          a_[k] + b_[k], ") to ", k + 1, " (", a_[k + 1] + b_[k + 1], ").");
    for (const double ps : {lowest_ps * p0, highest_ps * p0}) {
      check(pressure(k + 1, ps) > pressure(k, ps), "layer ", k, " has no thickness where the surface pressure is ", ps,
            " Pa.");
    }
  }
  copy_to_device("a_p0", a_, p0_, a_p0_device_);
  copy_to_device("b", b_, 1, b_device_);
}

VerticalCoordinate single_layer() { return VerticalCoordinate({0, 0}, {0, 1}, 1e5, "single layer"); }

VerticalCoordinate read_levels(const std::string& name, double p0) {
  for (const char* shipped : {"L26", "L30", "L60", "L91", "L137"}) {
    if (name == shipped) return table(shipped_table(name), p0);
  }
  const std::size_t colon = name.find(':');
  const std::string kind = name.substr(0, colon);
  const std::string_view list =
      colon == std::string::npos ? std::string_view() : std::string_view(name).substr(colon + 1);
  if (kind == "sigma") return sigma_levels(name, list, p0);
  if (kind == "equal_height") return equal_height_levels(name, list, p0);
  if (kind == "stretched") return stretched_levels(name, list, p0);
  const bool is_path = name.find_first_of("/.") != std::string::npos || std::filesystem::exists(name);
  require(is_path, ExitCode::configuration, "There are no levels '", name,
          "'; allowed: L26, L30, L60, L91, L137, sigma:N, equal_height:N,ztop, stretched:N,ptop,c,dz0 or the "
          "path of a file.");
  return table(name, p0);
}

}  // namespace meridian
