#pragma once
// Files from outside are read in a child process: whatever they do to a library, the run ends with a sentence.

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace meridian {

/// Throws bad_data where the file is no NetCDF, or ends before its data: the library fills the missing part of a
/// classic file (CDF-1, 2, 5) with zeros and says nothing; it notices by itself in a NetCDF-4 file. no_permission
/// where the file must not be read.
void require_netcdf_bytes(const std::string& path);

/// What 'work' returns, computed in a child process of at most 4 GiB and 60 s. An Error is thrown on; a crash, too many
/// bytes, too long a time or another number of values than 'count', where one is given, throw bad_data naming 'path'.
std::vector<double> in_child_process(const std::string& path, std::optional<std::size_t> count,
                                     const std::function<std::vector<double>()>& work);

}  // namespace meridian
