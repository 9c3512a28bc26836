# hwlab-plugin-check, and what it is tried on: our plugin, and others made for the purpose.
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
if(NOT TARGET utf8::cpp) # its package file of Debian 12 may be read only once
  find_package(utf8cpp REQUIRED)
endif()
find_package(yaml-cpp REQUIRED)

add_executable(
  hwlab-plugin-check
  conformance/check/calls.cpp
  conformance/check/case_allocation.cpp
  conformance/check/case_deadlines.cpp
  conformance/check/case_descriptor.cpp
  conformance/check/case_life.cpp
  conformance/check/case_results.cpp
  conformance/check/case_secrets.cpp
  conformance/check/case_store.cpp
  conformance/check/case_structs.cpp
  conformance/check/case_texts.cpp
  conformance/check/case_threads.cpp
  conformance/check/cases.cpp
  conformance/check/child.cpp
  conformance/check/daemon.cpp
  conformance/check/library.cpp
  conformance/check/main.cpp
  conformance/check/process.cpp
  conformance/check/proxy.cpp
  conformance/check/runner.cpp)
target_include_directories(hwlab-plugin-check PRIVATE "${PROJECT_SOURCE_DIR}")
target_link_libraries(
  hwlab-plugin-check
  PRIVATE hwlab_host_cli
          hwlab::config
          CLI11::CLI11
          nlohmann_json::nlohmann_json
          utf8::cpp
          $<IF:$<TARGET_EXISTS:yaml-cpp::yaml-cpp>,yaml-cpp::yaml-cpp,yaml-cpp>
          hwlab_test_gate
          ${CMAKE_DL_LIBS}
          hwlab_compile)

# Allocations cannot be made to fail under a sanitizer, which has an allocator of its own.
if(NOT HWLAB_SANITIZE)
  add_library(hwlab_check_malloc MODULE conformance/check/failing_malloc.c)
  set_target_properties(hwlab_check_malloc PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden)
  target_link_libraries(hwlab_check_malloc PRIVATE hwlab_compile)
  add_dependencies(hwlab-plugin-check hwlab_check_malloc)
endif()
