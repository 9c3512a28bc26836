# The minimal hosts of examples/hosts, built by their own scripts. Not under sanitizers: the plugin's run time library
# would have to be the first one of Go's and Python's processes.
if(HWLAB_SANITIZE)
  return()
endif()

set(hosts "${PROJECT_SOURCE_DIR}/examples/hosts")
set(bin "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/host-api/include/hwlab/*.h")
file(GLOB c_sources CONFIGURE_DEPENDS "${hosts}/c/*")
file(GLOB go_sources CONFIGURE_DEPENDS "${hosts}/go/*" "${hosts}/go/hwlab/*")
set(many "${CMAKE_CURRENT_LIST_DIR}/many")

add_custom_command(
  OUTPUT "${bin}/host-c"
  COMMAND "${CMAKE_COMMAND}" -E env "CC=${CMAKE_C_COMPILER}" CFLAGS=-Werror "${hosts}/c/build" "${bin}/host-c"
  DEPENDS ${c_sources} ${headers}
  VERBATIM)
add_custom_command(
  OUTPUT "${bin}/host-go"
  COMMAND "${hosts}/go/build" "${bin}/host-go"
  DEPENDS ${go_sources} ${headers}
  VERBATIM)
add_custom_command(
  OUTPUT "${bin}/many-go"
  COMMAND "${hosts}/go/build" "${bin}/many-go" "${many}"
  DEPENDS ${go_sources} ${headers} "${many}/main.go"
  VERBATIM)
add_custom_target(minimal_hosts ALL DEPENDS "${bin}/host-c" "${bin}/host-go" "${bin}/many-go")

hwlab_add_test(
  NAME hosts_test
  LABEL hosts
  SOURCES hosts/hosts_test.cpp support/database.cpp
  LIBRARIES hwlab::store PkgConfig::libpqxx)
target_compile_definitions(
  hosts_test
  PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>"
          FAKE_PLUGIN="$<TARGET_FILE:fake_plugin>"
          FAKE_PLUGIN_WRONG_MAGIC="$<TARGET_FILE:fake_plugin_wrong_magic>"
          HWLAB_HOST_C="${bin}/host-c"
          HWLAB_HOST_CPP="$<TARGET_FILE:host-cpp>"
          HWLAB_HOST_GO="${bin}/host-go"
          HWLAB_MANY_GO="${bin}/many-go"
          HWLAB_C_COMPILER="${CMAKE_C_COMPILER}")
add_dependencies(hosts_test minimal_hosts host-cpp hwlab_conversations fake_plugin fake_plugin_wrong_magic)
