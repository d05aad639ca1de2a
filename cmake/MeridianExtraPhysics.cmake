# Schemes of the user's own: every header of MERIDIAN_EXTRA_PHYSICS that says static_assert(Parameterization<NAME>) brings the
# scheme NAME, as if it stood in the table of physics/scheme_table.cpp; the .cpp files beside it are compiled with physics/.
set(meridian_extra_physics "${PROJECT_BINARY_DIR}/generated_physics/extra_schemes.hpp")
set(meridian_extra_includes "")
set(meridian_extra_lines "")
set(meridian_extra_sources "")
if(MERIDIAN_EXTRA_PHYSICS)
  get_filename_component(folder "${MERIDIAN_EXTRA_PHYSICS}" ABSOLUTE BASE_DIR "${CMAKE_SOURCE_DIR}")
  file(GLOB headers CONFIGURE_DEPENDS "${folder}/*.hpp")
  file(GLOB meridian_extra_sources CONFIGURE_DEPENDS "${folder}/*.cpp")
  foreach(header IN LISTS headers)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
    file(READ "${header}" text)
    string(REGEX MATCHALL "static_assert\\(Parameterization<[A-Za-z0-9_:]+>\\)" schemes "${text}")
    foreach(scheme IN LISTS schemes)
      string(REGEX REPLACE ".*<(.*)>.*" "\\1" scheme "${scheme}")
      string(APPEND meridian_extra_lines "  list.push_back(any_scheme(${scheme}{}));\n")
    endforeach()
    if(schemes)
      string(APPEND meridian_extra_includes "#include \"${header}\"\n")
    endif()
  endforeach()
  if(NOT meridian_extra_lines)
    message(FATAL_ERROR "MERIDIAN_EXTRA_PHYSICS is '${folder}', where no header says "
                        "static_assert(Parameterization<NAME>): see docs/how_to/add_a_scheme.md.")
  endif()
endif()
file(
  CONFIGURE
  OUTPUT "${meridian_extra_physics}"
  CONTENT
    "// Written by cmake/MeridianExtraPhysics.cmake.
#pragma once
#include \"physics/suite.hpp\"
@meridian_extra_includes@
namespace meridian {
inline void add_extra_schemes(std::vector<std::unique_ptr<AnyScheme>>& list) {
  (void)list;
@meridian_extra_lines@}
}  // namespace meridian
"
  @ONLY)
target_include_directories(meridian_physics PRIVATE "${PROJECT_BINARY_DIR}/generated_physics")
if(meridian_extra_sources)
  target_sources(meridian_physics PRIVATE ${meridian_extra_sources})
  set_source_files_properties(${meridian_extra_sources} TARGET_DIRECTORY meridian_physics
                              PROPERTIES LANGUAGE ${Kokkos_COMPILE_LANGUAGE})
endif()
