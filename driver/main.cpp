#include "driver/commands.hpp"
#include "driver/failure.hpp"

int main(int argc, char** argv) {
  meridian::end_job_on_failure();  // instead of a catch: see there
  return meridian::run_command(argc, argv);
}
