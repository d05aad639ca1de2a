# Flags that every target of Meridian shares, and functions that make the targets.

if(NOT MERIDIAN_REAL MATCHES "^(double|float)$")
  message(FATAL_ERROR "MERIDIAN_REAL is '${MERIDIAN_REAL}': set it to double or float.")
endif()

# Same bits on every rank count and back end: no fused multiply-add, no reordering (-ffast-math is never used).
set(meridian_host_flags -ffp-contract=off -fno-math-errno -fno-trapping-math -Wall -Wextra)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12: false alarms in its own <string>
  list(APPEND meridian_host_flags -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow)
  set(meridian_shadow -Wshadow=local)  # as clang's: arguments of constructors may have the names of members
else()
  set(meridian_shadow -Wshadow)
endif()
if(MERIDIAN_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND meridian_host_flags -Wno-subobject-linkage)  # it is about headers, and takes joined files for some
endif()
if(MERIDIAN_CPU)
  list(APPEND meridian_host_flags -march=${MERIDIAN_CPU})
endif()
if(MERIDIAN_WARNINGS STREQUAL "all")
  list(APPEND meridian_host_flags ${meridian_shadow} -Wconversion)
endif()
if(MERIDIAN_WARNINGS_AS_ERRORS)
  list(APPEND meridian_host_flags -Werror)
endif()
set(meridian_cxx_flags ${meridian_host_flags})
if(MERIDIAN_WARNINGS STREQUAL "all")
  list(APPEND meridian_cxx_flags -Wpedantic)
endif()
list(JOIN meridian_host_flags "," meridian_cuda_host_flags)

add_library(meridian_flags INTERFACE)
target_include_directories(meridian_flags INTERFACE "${PROJECT_SOURCE_DIR}")  # "grid/field.hpp"
target_compile_definitions(
  meridian_flags INTERFACE MERIDIAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                           $<$<STREQUAL:${MERIDIAN_REAL},float>:MERIDIAN_REAL_FLOAT>)
target_compile_options(
  meridian_flags
  INTERFACE "$<$<COMPILE_LANGUAGE:CXX,HIP>:${meridian_cxx_flags}>"
            "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=${meridian_cuda_host_flags}>")
if(MERIDIAN_SANITIZE)
  target_compile_options(meridian_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${MERIDIAN_SANITIZE}>)
  target_link_options(meridian_flags INTERFACE -fsanitize=${MERIDIAN_SANITIZE})
endif()

if(MERIDIAN_COUNT_ACCESSES AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND MERIDIAN_REAL STREQUAL "double"
   AND NOT MERIDIAN_SANITIZE)  # the sanitizers exclude each other
  add_library(meridian_access_count STATIC "${PROJECT_SOURCE_DIR}/tests/access_count/access_count.cpp")
  target_include_directories(meridian_access_count PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_options(meridian_access_count PRIVATE -O2)
  target_compile_definitions(meridian_flags INTERFACE MERIDIAN_COUNT_ACCESSES)
  target_compile_options(meridian_flags INTERFACE -fsanitize=thread --param=tsan-instrument-func-entry-exit=0 -Wno-tsan)
  target_link_libraries(meridian_flags INTERFACE meridian_access_count)
endif()

# meridian_kokkos_target(target): its sources are compiled by the compiler that Kokkos was built for.
function(meridian_kokkos_target target)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  set_source_files_properties(${sources} TARGET_DIRECTORY ${target}
                              PROPERTIES LANGUAGE ${Kokkos_COMPILE_LANGUAGE})
endfunction()

# meridian_read_once(target headers): Kokkos and these headers are read once for all sources of the target, not by each;
# that takes longer than most sources do. By nvcc they are read each time.
function(meridian_read_once target)
  if(Kokkos_COMPILE_LANGUAGE STREQUAL "CXX")
    target_precompile_headers(${target} PRIVATE <Kokkos_Core.hpp> ${ARGN})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -fpch-preprocess)  # for ccache
    endif()
  endif()
endfunction()

# meridian_joined(folder list): with MERIDIAN_UNITY, puts files in the list that include eight of its files each. Not by
# CMAKE_UNITY_BUILD, which joins no CUDA before CMake 3.31.
function(meridian_joined folder list)
  set(joined "")
  set(rest ${${list}})
  while(MERIDIAN_UNITY AND rest)
    list(LENGTH joined n)
    list(SUBLIST rest 0 8 group)
    list(REMOVE_ITEM rest ${group})
    list(TRANSFORM group REPLACE "(.+)" "#include \"\\1\"\n")
    string(CONCAT text ${group})
    set(file "${PROJECT_BINARY_DIR}/joined/${folder}_${n}.cpp")
    file(CONFIGURE OUTPUT "${file}" CONTENT "${text}" @ONLY)
    list(APPEND joined "${file}")
  endwhile()
  set(${list} ${joined} ${rest} PARENT_SCOPE)
endfunction()

# meridian_library(folder [SEPARATE] [HOST files] [EXCEPT files]): meridian_<folder> from the sources in the folder and one
# level below. SEPARATE: never joined, since names within its files repeat, as those of schemes copied from each other.
# HOST: files that include nothing of Kokkos; the host's compiler takes a third of the time that nvcc does.
function(meridian_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SEPARATE" "" "HOST;EXCEPT")
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp"
       "${PROJECT_SOURCE_DIR}/${folder}/*/*.cpp")
  foreach(file IN LISTS arg_EXCEPT)
    list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/${folder}/${file}")
  endforeach()
  if(sources)
    list(TRANSFORM arg_HOST PREPEND "${PROJECT_SOURCE_DIR}/${folder}/")
    if(arg_HOST)
      list(REMOVE_ITEM sources ${arg_HOST})
    endif()
    if(NOT arg_SEPARATE)
      meridian_joined(${folder} sources)
    endif()
    add_library(meridian_${folder} STATIC ${sources} ${arg_HOST})
    meridian_kokkos_target(meridian_${folder})
    meridian_read_once(meridian_${folder})
    set_source_files_properties(${arg_HOST} TARGET_DIRECTORY meridian_${folder}
                                PROPERTIES LANGUAGE CXX SKIP_PRECOMPILE_HEADERS ON)
  else()
    add_library(meridian_${folder} INTERFACE)  # headers only, or nothing yet
  endif()
endfunction()

# meridian_link(folder PUBLIC|PRIVATE targets): as target_link_libraries, also for a folder without sources.
function(meridian_link folder scope)
  get_target_property(type meridian_${folder} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    set(scope INTERFACE)
  endif()
  target_link_libraries(meridian_${folder} ${scope} ${ARGN})
endfunction()

# ---- build_info.hpp: rewritten only when the commit changes; driver/version.cpp alone includes it ----
add_custom_target(
  meridian_write_build_info
  BYPRODUCTS "${PROJECT_BINARY_DIR}/generated/build_info.hpp"
  COMMAND
    "${CMAKE_COMMAND}" -DSOURCE_DIR=${PROJECT_SOURCE_DIR}
    -DOUTPUT=${PROJECT_BINARY_DIR}/generated/build_info.hpp -DVERSION=${PROJECT_VERSION}
    "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
    "-DCUDA=${CMAKE_CUDA_COMPILER_VERSION}" -DBUILD_TYPE=${CMAKE_BUILD_TYPE}
    -DNETCDF=${meridian_netcdf_version} -P "${PROJECT_SOURCE_DIR}/cmake/write_build_info.cmake"
  COMMENT ""
  VERBATIM)
add_library(meridian_build_info INTERFACE)
target_include_directories(meridian_build_info INTERFACE "${PROJECT_BINARY_DIR}/generated")
add_dependencies(meridian_build_info meridian_write_build_info)
