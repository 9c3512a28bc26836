# The programs of tests/bench/run, which alone builds them (target bench): they need packages that nothing else does.
find_package(benchmark QUIET)
if(NOT benchmark_FOUND)
  return()
endif()
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(Boost 1.74 REQUIRED)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
add_custom_target(bench DEPENDS hwlab_conversations)
# Tells tests/bench/run that this folder was configured with all that it needs.
file(TOUCH "${CMAKE_CURRENT_BINARY_DIR}/bench.stamp")

# hwlab_add_bench(NAME LIBRARIES...): the program bench_NAME of programs/NAME.cpp.
function(hwlab_add_bench name)
  add_executable(bench_${name} EXCLUDE_FROM_ALL "${CMAKE_CURRENT_LIST_DIR}/programs/${name}.cpp")
  target_include_directories(bench_${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(
    bench_${name} PRIVATE ${ARGN} CLI11::CLI11 nlohmann_json::nlohmann_json Threads::Threads
                          hwlab_compile)
  add_dependencies(bench bench_${name})
endfunction()

hwlab_add_bench(ours hwlab::plugin_host)
hwlab_add_bench(libpqxx PkgConfig::libpqxx)
hwlab_add_bench(libpq PkgConfig::libpq hwlab::store Boost::headers)
hwlab_add_bench(delay_proxy Boost::headers)
hwlab_add_bench(first_ours hwlab::plugin_host)
hwlab_add_bench(first_libpq PkgConfig::libpq)
hwlab_add_bench(first_result)
hwlab_add_bench(memory hwlab::plugin_host PkgConfig::libpq)
hwlab_add_bench(abi hwlab::store hwlab::host_api benchmark::benchmark Boost::headers ${CMAKE_DL_LIBS})
target_sources(bench_abi PRIVATE "${CMAKE_CURRENT_LIST_DIR}/programs/tape.cpp")
# The libraries are to find what tape.cpp puts in front of the C library.
set_target_properties(bench_abi PROPERTIES ENABLE_EXPORTS ON)

add_library(bench_slow_fsync MODULE EXCLUDE_FROM_ALL "${CMAKE_CURRENT_LIST_DIR}/programs/slow_fsync.c")
target_link_libraries(bench_slow_fsync PRIVATE hwlab_compile ${CMAKE_DL_LIBS})
add_dependencies(bench bench_slow_fsync)
