# Run at each build: cmake -D SOURCE_DIR= -D OUTPUT= -D VERSION= ... -P write_build_info.cmake
find_package(Git QUIET)
set(commit unknown)
if(GIT_FOUND)
  execute_process(
    COMMAND "${GIT_EXECUTABLE}" -C "${SOURCE_DIR}" rev-parse HEAD
    OUTPUT_VARIABLE found RESULT_VARIABLE status ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(status EQUAL 0)
    set(commit "${found}")
    execute_process(
      COMMAND "${GIT_EXECUTABLE}" -C "${SOURCE_DIR}" --no-optional-locks status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT changes STREQUAL "")
      string(APPEND commit "-dirty")
    endif()
  endif()
endif()
if(CUDA)
  string(APPEND COMPILER ", nvcc ${CUDA}")
endif()
set(text "// Written by cmake/write_build_info.cmake.
#pragma once
#define MERIDIAN_BUILD_VERSION \"${VERSION}\"
#define MERIDIAN_BUILD_COMMIT \"${commit}\"
#define MERIDIAN_BUILD_COMPILER \"${COMPILER}, ${BUILD_TYPE}\"
#define MERIDIAN_BUILD_NETCDF \"${NETCDF}\"
")
set(previous "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" previous)
endif()
if(NOT previous STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()
