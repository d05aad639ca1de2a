# tests/unit: one program, one ctest entry per file. tests/parallel: one program, each file under 1, 2, 4, 6 ranks.

find_package(GTest CONFIG QUIET)
if(NOT TARGET GTest::gtest)
  message(STATUS "GoogleTest was not found: the tests are not built.")
  return()
endif()
enable_testing()

# As in scripts/lib/common.sh: Open MPI on one machine with few cores, in containers, as root.
set(meridian_test_environment
    OMPI_ALLOW_RUN_AS_ROOT=1
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    OMPI_MCA_rmaps_base_oversubscribe=1
    OMPI_MCA_hwloc_base_binding_policy=none
    OMPI_MCA_mpi_yield_when_idle=1  # waiting ranks leave the core to the others: there are more ranks than cores
    OMPI_MCA_btl=self,vader
    OMPI_MCA_pml=ob1
    OMPI_MCA_btl_vader_single_copy_mechanism=none
    OMP_NUM_THREADS=1
    OMP_PROC_BIND=false
    KOKKOS_DISABLE_WARNINGS=1
    GTEST_COLOR=no
    ASAN_OPTIONS=detect_leaks=0)

# meridian_test_program(name folder): leaves the test files' stems in meridian_test_stems.
function(meridian_test_program name folder)
  file(GLOB tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${folder}/test_*.cpp")
  if(TARGET meridian_access_count)
    list(FILTER tests INCLUDE REGEX "/test_words.cpp$")
  else()
    list(FILTER tests EXCLUDE REGEX "/test_words.cpp$")
  endif()
  set(stems "")
  if(tests)
    file(GLOB support CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/support/*.cpp")
    add_executable(${name} ${tests} ${support})
    meridian_kokkos_target(${name})
    meridian_read_once(${name} <gmock/gmock.h>)
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O1>)  # what is tested is in the libraries
    string(REGEX MATCH "tests/data/extra_physics/?$" example "${MERIDIAN_EXTRA_PHYSICS}")
    target_compile_definitions(${name} PRIVATE MERIDIAN_HAS_EXAMPLE_OF_EXTRA_PHYSICS=$<BOOL:${example}>)
    target_link_libraries(${name} PRIVATE meridian_driver netcdf_cxx4 meridian_yaml meridian_xxhash
                                          meridian_header_only GTest::gtest GTest::gmock)
    foreach(test IN LISTS tests)
      cmake_path(GET test STEM stem)
      list(APPEND stems ${stem})
    endforeach()
  endif()
  set(meridian_test_stems "${stems}" PARENT_SCOPE)
endfunction()

meridian_test_program(meridian_unit_tests unit)
foreach(stem IN LISTS meridian_test_stems)
  add_test(NAME unit/${stem} COMMAND meridian_unit_tests --source=${stem})
  set_tests_properties(unit/${stem} PROPERTIES TIMEOUT 900 LABELS unit ENVIRONMENT "${meridian_test_environment}")
endforeach()

meridian_test_program(meridian_parallel_tests parallel)
foreach(stem IN LISTS meridian_test_stems)
  foreach(ranks IN ITEMS 1 2 4 6)
    add_test(NAME parallel/${stem}/${ranks}_ranks
             COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
                     $<TARGET_FILE:meridian_parallel_tests> ${MPIEXEC_POSTFLAGS} --source=${stem})
    set_tests_properties(
      parallel/${stem}/${ranks}_ranks PROPERTIES PROCESSORS ${ranks} TIMEOUT 300 LABELS parallel
                                                 ENVIRONMENT "${meridian_test_environment}")
  endforeach()
endforeach()
