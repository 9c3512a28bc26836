# The fuzzer's targets. In the build of the preset fuzz they are what tests/fuzz/run runs; in any other build, tests (label fuzz)
# that replay the committed inputs.
if(NOT TARGET utf8::cpp)
  find_package(utf8cpp REQUIRED)
endif()
find_package(nlohmann_json REQUIRED)
add_custom_target(fuzz_targets)

# hwlab_add_fuzz_target(NAME SOURCES ... [LIBRARIES ...])
function(hwlab_add_fuzz_target name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  list(TRANSFORM arg_SOURCES PREPEND "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/")
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_include_directories(fuzz_${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(fuzz_${name} PRIVATE ${arg_LIBRARIES} utf8::cpp hwlab_compile)
  add_dependencies(fuzz_targets fuzz_${name})
  if(HWLAB_SANITIZE MATCHES fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/replay.cpp")
    add_test(NAME Fuzz.${name} COMMAND fuzz_${name}
                                       "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/corpus/${name}")
    set_tests_properties(Fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()

hwlab_add_fuzz_target(yaml SOURCES yaml_target.cpp LIBRARIES hwlab::config)
hwlab_add_fuzz_target(dsn SOURCES dsn_target.cpp LIBRARIES hwlab::config)
hwlab_add_fuzz_target(cursor SOURCES cursor_target.cpp LIBRARIES hwlab::store)
hwlab_add_fuzz_target(metadata SOURCES metadata_target.cpp LIBRARIES hwlab_plugin_objects)
hwlab_add_fuzz_target(abi SOURCES abi_target.cpp calls.cpp host.cpp store_stub.cpp LIBRARIES
                      hwlab_plugin_objects)
hwlab_add_fuzz_target(plugin SOURCES plugin_target.cpp calls.cpp host.cpp LIBRARIES
                      hwlab::host_api ${CMAKE_DL_LIBS})
target_compile_definitions(fuzz_plugin
                           PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>")
add_dependencies(fuzz_plugin hwlab_conversations)
# The library's counters of coverage are told to the fuzzer, which is in the program.
set_target_properties(fuzz_plugin PROPERTIES ENABLE_EXPORTS ON)
