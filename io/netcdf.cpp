#include "io/netcdf.hpp"

#include <fcntl.h>
#include <mpi.h>
#include <netcdf.h>
#include <netcdf_par.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iomanip>
#include <netcdf>
#include <numeric>

#include "grid/error.hpp"
#include "io/collective.hpp"

namespace meridian {
namespace {

/// Throws the library's words; callers add path and what was being done.
void check(int status) {
  if (status != NC_NOERR) throw std::runtime_error(nc_strerror(status));
}

/// The library's sentence without the place in its sources that the C++ interface adds.
std::string words_of(const std::exception& error) {
  const std::string words = error.what();
  return words.substr(0, words.find('\n'));
}

netCDF::NcType netcdf_type(NumberType type) {
  switch (type) {
    case NumberType::int32:
      return netCDF::ncInt;
    case NumberType::float32:
      return netCDF::ncFloat;
    default:
      return netCDF::ncDouble;
  }
}

template <class Target>  // NcVar or NcGroup
void put_attributes(const Target& target, const NetcdfAttributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      target.putAtt(name, *text);
    } else if (const auto* whole = std::get_if<int>(&value)) {
      target.putAtt(name, netCDF::ncInt, *whole);
    } else if (const auto* single = std::get_if<float>(&value)) {
      target.putAtt(name, netCDF::ncFloat, *single);
    } else {
      target.putAtt(name, netCDF::ncDouble, std::get<double>(value));
    }
  }
}

std::size_t product(const std::vector<std::size_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t(1), std::multiplies<>());
}

/// NetCDF takes some names for remote or special addresses.
void require_plain_path(const std::string& path) {
  require(path.find("://") == std::string::npos && path.find('#') == std::string::npos, ExitCode::configuration, "'",
          path, "' is not the path of a file: '://' and '#' are not allowed in it.");
}

/// What to add to an error where there is hardly any space left.
std::string free_space(const std::string& path) {
  std::error_code error;
  const auto space = std::filesystem::space(std::filesystem::absolute(path).parent_path(), error);
  if (error || space.available >= 100'000) return "";
  return "; the disk is full (" + std::to_string(space.available) + " bytes free)";
}

}  // namespace

void flush_to_disk(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  const std::string reason = flushed ? "" : std::strerror(errno);
  const bool closed = descriptor >= 0 && ::close(descriptor) == 0;
  require(flushed && closed, ExitCode::input_output, "'", path, "' could not be flushed to disk: ", reason, ".");
}

// ---- writer ----

template <class Action>
void NetcdfWriter::attempt(const std::string& what, const Action& action) {
  if (!first_error_.empty()) throw Error(ExitCode::input_output, first_error_);
  try {
    action();
  } catch (const std::exception& error) {
    first_error_ = "'" + part_ + "': " + what + " failed: " + words_of(error) + free_space(part_) + ".";
    throw Error(ExitCode::input_output, first_error_);
  }
}

void NetcdfWriter::attempt_on_first_rank(const std::string& what, const std::function<void()>& action) {
  agree(communicator_, [&] {
    attempt(what, [&] {
      if (rank_ == 0) action();
    });
  });
}

NetcdfWriter::NetcdfWriter(const std::string& path, MPI_Comm communicator)
    : path_(path), part_(path + ".part"), communicator_(communicator) {
  require_plain_path(path);
  MPI_Comm_rank(communicator_, &rank_);
  MPI_Comm_size(communicator_, &n_ranks_);
  attempt("creating it", [&] {
    const int mode = NC_NETCDF4 | NC_CLASSIC_MODEL | NC_CLOBBER;
    check(n_ranks_ == 1 ? nc_create(part_.c_str(), mode, &id_)
                        : nc_create_par(part_.c_str(), mode, communicator_, MPI_INFO_NULL, &id_));
    check(nc_set_fill(id_, NC_NOFILL, nullptr));  // every value is written
  });
}

NetcdfWriter::~NetcdfWriter() {
  // Closing is collective: after a failure the other ranks may never come.
  if (id_ >= 0 && n_ranks_ == 1) nc_close(id_);
}

void NetcdfWriter::add_dimension(const std::string& name, std::size_t length) {
  attempt("defining dimension '" + name + "'", [&] {
    const netCDF::NcGroup file(id_);
    length == unlimited ? file.addDim(name) : file.addDim(name, length);
  });
}

void NetcdfWriter::add_variable(const std::string& name, NumberType type, const std::vector<std::string>& dimensions,
                                const NetcdfAttributes& attributes, const NetcdfStorage& storage) {
  attempt("defining variable '" + name + "'", [&] {
    const netCDF::NcGroup file(id_);
    std::vector<netCDF::NcDim> dims;
    for (const std::string& dimension : dimensions) dims.push_back(file.getDim(dimension));
    netCDF::NcVar variable = file.addVar(name, netcdf_type(type), dims);
    if (!storage.chunks.empty()) {
      std::vector<std::size_t> chunks = storage.chunks;
      variable.setChunking(netCDF::NcVar::nc_CHUNKED, chunks);
    }
    if (storage.deflate_level > 0) variable.setCompression(true, true, storage.deflate_level);
    put_attributes(variable, attributes);
  });
}

void NetcdfWriter::add_global_attributes(const NetcdfAttributes& attributes) {
  attempt("writing global attributes", [&] { put_attributes(netCDF::NcGroup(id_), attributes); });
}

void NetcdfWriter::end_definitions() {
  attempt("ending the definitions", [&] {
    check(nc_enddef(id_));
    for (const auto& [name, variable] : netCDF::NcGroup(id_).getVars()) {
      // One rank: what is written goes to the file at once, so that a full disk is seen, and takes no memory.
      check(n_ranks_ > 1 ? nc_var_par_access(id_, variable.getId(), NC_COLLECTIVE)
                         : nc_set_var_chunk_cache(id_, variable.getId(), 0, 0, 0));
    }
  });
}

void NetcdfWriter::write(const std::string& variable, const std::vector<std::size_t>& start,
                         const std::vector<std::size_t>& count, const std::vector<double>& values) {
  attempt("writing variable '" + variable + "'", [&] {
    if (values.size() != product(count)) throw std::runtime_error("the number of values is not that of the points");
    const double none = 0;  // a share without points still needs an address
    netCDF::NcGroup(id_).getVar(variable).putVar(start, count, values.empty() ? &none : values.data());
  });
}

void NetcdfWriter::write_whole(const std::string& variable, const std::vector<double>& values) {
  std::vector<std::size_t> start, count;
  for (const netCDF::NcDim& dimension : netCDF::NcGroup(id_).getVar(variable).getDims()) {
    start.push_back(0);
    count.push_back(rank_ == 0 ? dimension.getSize() : 0);
  }
  if (count.empty()) return write(variable, {}, {}, values);  // a scalar has no empty share
  write(variable, start, count, rank_ == 0 ? values : std::vector<double>());
}

void NetcdfWriter::close(const std::string& final_path) {
  attempt("closing it", [&] {
    const int id = std::exchange(id_, -1);
    check(nc_close(id));
  });
  agree(communicator_, [&] { attempt("flushing it", [&] { flush_to_disk(part_); }); });
  // Open MPI 4.1 may report success where the disk was full; the library then finds the file too short.
  attempt_on_first_rank("opening it again", [&] {
    int id = -1;
    check(nc_open(part_.c_str(), NC_NOWRITE, &id));
    check(nc_close(id));
  });
  if (!final_path.empty()) path_ = final_path;
  attempt_on_first_rank("renaming it", [&] {
    std::filesystem::rename(part_, path_);
    flush_to_disk(std::filesystem::absolute(path_).parent_path());
  });
}

void NetcdfWriter::require_space(double bytes) {
  attempt_on_first_rank("reserving space", [&] {
    constexpr double structure = 500'000;  // more than headers and HDF5's indices take between two calls
    const auto space = std::filesystem::space(std::filesystem::absolute(part_).parent_path());
    if (static_cast<double>(space.available) > bytes + structure) return;
    std::ostringstream sentence;
    sentence << "the disk is full: " << std::fixed << std::setprecision(0) << bytes + structure
             << " bytes are needed next, " << space.available << " are free";
    throw std::runtime_error(sentence.str());
  });
}

// ---- reader ----

namespace {

/// Runs what asks the library for something; its words become bad_data with the path.
template <class Action>
auto reading(const std::string& path, const std::string& what, const Action& action) {
  try {
    return action();
  } catch (const std::exception& error) {
    throw Error(ExitCode::bad_data, "'" + path + "': " + what + " failed: " + words_of(error) + ".");
  }
}

netCDF::NcVar variable_of(int id, const std::string& name) {
  const netCDF::NcVar variable = netCDF::NcGroup(id).getVar(name);
  if (variable.isNull()) throw std::runtime_error("there is no such variable");
  return variable;
}

}  // namespace

NetcdfReader::NetcdfReader(const std::string& path, MPI_Comm communicator)
    : path_(path), collective_(communicator != MPI_COMM_NULL) {
  require_plain_path(path);
  require(std::filesystem::is_regular_file(path), ExitCode::missing_input, "There is no file '", path, "'.");
  reading(path_, "opening it as NetCDF", [&] {
    check(collective_ ? nc_open_par(path.c_str(), NC_NOWRITE, communicator, MPI_INFO_NULL, &id_)
                      : nc_open(path.c_str(), NC_NOWRITE, &id_));
  });
}

NetcdfReader::~NetcdfReader() {
  if (id_ >= 0) nc_close(id_);
}

std::vector<std::string> NetcdfReader::variables() const {
  std::vector<std::string> names;
  reading(path_, "listing its variables", [&] {
    for (const auto& [name, variable] : netCDF::NcGroup(id_).getVars()) names.push_back(name);
  });
  return names;
}

bool NetcdfReader::has_variable(const std::string& name) const {
  int variable = -1;
  return nc_inq_varid(id_, name.c_str(), &variable) == NC_NOERR;
}

std::vector<NetcdfDimension> NetcdfReader::dimensions_of(const std::string& variable) const {
  return reading(path_, "reading the dimensions of '" + variable + "'", [&] {
    std::vector<NetcdfDimension> dimensions;
    for (const netCDF::NcDim& dimension : variable_of(id_, variable).getDims()) {
      dimensions.push_back({dimension.getName(), dimension.getSize()});
    }
    return dimensions;
  });
}

NumberType NetcdfReader::type_of(const std::string& variable) const {
  return reading(path_, "reading the type of '" + variable + "'", [&] {
    switch (variable_of(id_, variable).getType().getId()) {
      case NC_INT:
        return NumberType::int32;
      case NC_FLOAT:
        return NumberType::float32;
      case NC_DOUBLE:
        return NumberType::float64;
      default:
        return NumberType::other;
    }
  });
}

std::optional<std::string> NetcdfReader::text_attribute(const std::string& variable, const std::string& name) const {
  return reading(path_, "reading attribute '" + name + "' of '" + variable + "'", [&]() -> std::optional<std::string> {
    const int of = variable.empty() ? NC_GLOBAL : variable_of(id_, variable).getId();
    nc_type type;
    std::size_t length = 0;
    if (nc_inq_att(id_, of, name.c_str(), &type, &length) != NC_NOERR) return std::nullopt;
    if (type == NC_CHAR) {
      std::string text(length, '\0');
      check(nc_get_att_text(id_, of, name.c_str(), text.data()));
      return text;
    }
    if (type != NC_STRING || length != 1) return std::nullopt;
    char* pointer = nullptr;
    check(nc_get_att_string(id_, of, name.c_str(), &pointer));
    const std::string text = pointer ? pointer : "";
    check(nc_free_string(1, &pointer));
    return text;
  });
}

std::optional<double> NetcdfReader::number_attribute(const std::string& variable, const std::string& name) const {
  return reading(path_, "reading attribute '" + name + "' of '" + variable + "'", [&]() -> std::optional<double> {
    const int of = variable.empty() ? NC_GLOBAL : variable_of(id_, variable).getId();
    nc_type type;
    std::size_t length = 0;
    if (nc_inq_att(id_, of, name.c_str(), &type, &length) != NC_NOERR) return std::nullopt;
    if (type == NC_CHAR || type == NC_STRING || length != 1) return std::nullopt;
    double value = 0;
    check(nc_get_att_double(id_, of, name.c_str(), &value));
    return value;
  });
}

std::vector<double> NetcdfReader::read(const std::string& variable) const {
  std::vector<std::size_t> start, count;
  for (const NetcdfDimension& dimension : dimensions_of(variable)) {
    start.push_back(0);
    count.push_back(dimension.length);
  }
  return read(variable, start, count);
}

std::vector<double> NetcdfReader::read(const std::string& variable, const std::vector<std::size_t>& start,
                                       const std::vector<std::size_t>& count) const {
  return reading(path_, "reading variable '" + variable + "'", [&] {
    const netCDF::NcVar source = variable_of(id_, variable);
    if (collective_) check(nc_var_par_access(id_, source.getId(), NC_COLLECTIVE));
    std::vector<double> values(product(count));
    double none = 0;
    source.getVar(start, count, values.empty() ? &none : values.data());
    return values;
  });
}

bool is_degrees(std::string unit, const std::string& direction) {
  std::erase_if(unit, [](char c) { return c == '_' || c == ' '; });
  const char letter = static_cast<char>(direction[0] - 'a' + 'A');
  for (const std::string number : {"degree", "degrees"}) {
    if (unit == number + direction || unit == number + letter) return true;
  }
  return false;
}

}  // namespace meridian
