#pragma once
// `meridian compare`: how far apart are two runs of the same case?

#include <string>

namespace meridian {

/// Prints the largest difference of each field between the newest restart sets of two runs (or two sets), divided by the
/// largest magnitude of the field in the first. Sets of different precision can be compared. Needs MPI; one rank.
/// Returns done, or missed where a difference is larger than at_most or not a number.
/// Throws missing_input or bad_data (a damaged set), and usage where the two are of different steps, grids or fields.
int compare(const std::string& run, const std::string& other, double at_most);

}  // namespace meridian
