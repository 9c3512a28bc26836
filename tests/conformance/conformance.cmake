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

# hwlab_add_conformance_test(NAME): not by hwlab_add_test, because these need more time than others, most of which they
# wait; they begin first.
function(hwlab_add_conformance_test test)
  add_executable(${test} conformance/${test}.cpp)
  target_include_directories(${test} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${test} PRIVATE nlohmann_json::nlohmann_json GTest::gmock
                                        GTest::gtest_main Threads::Threads hwlab_compile)
  target_compile_definitions(
    ${test}
    PRIVATE HWLAB_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
            HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>"
            HWLAB_PLUGIN_CHECK="$<TARGET_FILE:hwlab-plugin-check>"
            BROKEN_FOLDER="${CMAKE_CURRENT_BINARY_DIR}/broken")
  add_dependencies(${test} hwlab-plugin-check hwlab_conversations)
  gtest_discover_tests(
    ${test}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS conformance TIMEOUT 600 COST 60)
endfunction()

hwlab_add_conformance_test(own_plugin_test)
target_sources(own_plugin_test PRIVATE support/database.cpp)
target_link_libraries(own_plugin_test PRIVATE hwlab::store PkgConfig::libpqxx)

# Twenty plugins, about which no sanitizer is asked: they would take a third of the time that .ci/run has to build.
if(HWLAB_SANITIZE)
  return()
endif()
hwlab_add_conformance_test(broken_plugins_test)

# The same plugin over and over, each but the first with one promise broken.
function(hwlab_add_broken_plugin name)
  add_library(
    broken_${name} MODULE conformance/broken/hooks.cpp conformance/broken/plugin.cpp
                          conformance/broken/server.cpp conformance/broken/store.cpp)
  target_link_libraries(
    broken_${name} PRIVATE hwlab::host_api nlohmann_json::nlohmann_json utf8::cpp Threads::Threads
                           hwlab_compile)
  target_compile_definitions(broken_${name} PRIVATE ${ARGN})
  set_target_properties(
    broken_${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY
                                        "${CMAKE_CURRENT_BINARY_DIR}/broken")
  set(exports "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/broken/exports.map")
  target_link_options(broken_${name} PRIVATE "LINKER:--version-script=${exports}"
                      LINKER:--exclude-libs,ALL LINKER:-z,nodelete)
  set_target_properties(broken_${name} PROPERTIES LINK_DEPENDS "${exports}")
  add_dependencies(broken_plugins_test broken_${name})
endfunction()

hwlab_add_broken_plugin(in_nothing)
hwlab_add_broken_plugin(magic BROKEN_MAGIC=7)
hwlab_add_broken_plugin(major BROKEN_SYMBOL=hwlab_plugin_v2)
hwlab_add_broken_plugin(exports BROKEN_EXPORTS_MORE)
hwlab_add_broken_plugin(table BROKEN_TABLE_SIZE=24)
hwlab_add_broken_plugin(throws BROKEN_THROWS)
hwlab_add_broken_plugin(unknown_in_requests
                        BROKEN_TAKES_UNKNOWN_MEMBERS_OF=hwlab_list_conversations_request)
hwlab_add_broken_plugin(unknown_in_messages BROKEN_TAKES_UNKNOWN_MEMBERS_OF=hwlab_new_message)
hwlab_add_broken_plugin(unknown_in_calls BROKEN_TAKES_UNKNOWN_MEMBERS_OF=hwlab_call)
hwlab_add_broken_plugin(results BROKEN_WRITES_PAST_RESULTS)
hwlab_add_broken_plugin(errors BROKEN_WRITES_PAST_ERRORS)
hwlab_add_broken_plugin(borrowed BROKEN_KEEPS_BORROWED_TEXT)
hwlab_add_broken_plugin(kept_results BROKEN_KEEPS_RESULTS)
hwlab_add_broken_plugin(failed_load BROKEN_LEAVES_A_FAILED_LOAD)
hwlab_add_broken_plugin(memory BROKEN_LEAVES_MEMORY)
hwlab_add_broken_plugin(threads BROKEN_LEAVES_THREADS)
hwlab_add_broken_plugin(descriptors BROKEN_LEAVES_DESCRIPTORS)
hwlab_add_broken_plugin(lock BROKEN_LOGS_UNDER_LOCK)
hwlab_add_broken_plugin(timeout BROKEN_IGNORES_TIMEOUT)
hwlab_add_broken_plugin(every_timeout BROKEN_IGNORES_EVERY_TIMEOUT)
hwlab_add_broken_plugin(unload BROKEN_UNLOAD_WAITS)
hwlab_add_broken_plugin(secret BROKEN_TELLS_THE_SECRET)
