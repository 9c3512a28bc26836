# Hosts and plugins of every frozen version of the headers, of the current ones, and of grown ones, each of which must
# work with each other one without being compiled again.
set(folder "${CMAKE_CURRENT_LIST_DIR}")

# A version to come: tests/conformance/abi/alter appends to structs and tables.
set(grown_headers "${CMAKE_CURRENT_BINARY_DIR}/grown")
set(alter "${PROJECT_SOURCE_DIR}/tests/conformance/abi/alter")
file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/host-api/include/hwlab/*.h")
add_custom_command(
  OUTPUT "${grown_headers}/stamp"
  COMMAND "${alter}" grown "${PROJECT_SOURCE_DIR}/host-api/include" "${grown_headers}"
  COMMAND "${CMAKE_COMMAND}" -E touch "${grown_headers}/stamp"
  DEPENDS "${alter}" ${headers}
  VERBATIM)
add_custom_target(grown_headers DEPENDS "${grown_headers}/stamp")

# hwlab_add_version(NAME INCLUDE-FOLDER): the host and the plugin in memory of that version.
function(hwlab_add_version name include)
  add_executable(host_of_${name} "${folder}/host.c")
  target_link_libraries(host_of_${name} PRIVATE ${CMAKE_DL_LIBS})
  add_library(memory_plugin_of_${name} MODULE "${folder}/memory_plugin.c")
  set_target_properties(memory_plugin_of_${name} PROPERTIES PREFIX "")
  target_compile_definitions(memory_plugin_of_${name} PRIVATE _GNU_SOURCE)
  foreach(target host_of_${name} memory_plugin_of_${name})
    # Not hwlab::host_api, which are the current headers.
    target_include_directories(${target} PRIVATE "${include}")
    target_link_libraries(${target} PRIVATE Threads::Threads hwlab_compile)
  endforeach()
endfunction()

set(versions current grown)
hwlab_add_version(current "${PROJECT_SOURCE_DIR}/host-api/include")
hwlab_add_version(grown "${grown_headers}")
foreach(target host_of_grown memory_plugin_of_grown)
  target_compile_definitions(${target} PRIVATE HWLAB_GROWN)
  add_dependencies(${target} grown_headers)
endforeach()
file(GLOB frozen CONFIGURE_DEPENDS "${folder}/*/include")
foreach(include ${frozen})
  cmake_path(GET include PARENT_PATH version)
  cmake_path(GET version FILENAME version)
  hwlab_add_version(${version} "${include}")
  list(APPEND versions ${version})
endforeach()

# The plugin itself as it will be when its headers have grown: its own files, compiled again.
foreach(package spdlog nlohmann_json utf8cpp)
  find_package(${package} REQUIRED)
endforeach()
get_target_property(sources hwlab_plugin_objects SOURCES)
get_target_property(libraries hwlab_plugin_objects LINK_LIBRARIES)
list(TRANSFORM sources PREPEND "${PROJECT_SOURCE_DIR}/plugin/")
add_library(conversations_of_grown MODULE ${sources})
set_target_properties(conversations_of_grown PROPERTIES PREFIX "")
target_include_directories(conversations_of_grown BEFORE PRIVATE "${grown_headers}")
target_include_directories(conversations_of_grown PRIVATE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(conversations_of_grown PRIVATE HWLAB_VERSION="${PROJECT_VERSION}")
# It has nothing to say yet for the members that are new.
target_compile_options(conversations_of_grown PRIVATE -Wno-missing-field-initializers)
target_link_libraries(conversations_of_grown PRIVATE ${libraries})
target_link_options(
  conversations_of_grown
  PRIVATE
  "LINKER:--version-script=${PROJECT_SOURCE_DIR}/plugin/exports.map"
  LINKER:--exclude-libs,ALL
  LINKER:-z,nodelete)
add_dependencies(conversations_of_grown grown_headers)

hwlab_add_test(
  NAME frozen_test
  LABEL integration
  SOURCES conformance/frozen/frozen_test.cpp support/database.cpp
  LIBRARIES hwlab::plugin_host hwlab::store PkgConfig::libpqxx)
list(JOIN versions "," versions)
target_compile_definitions(
  frozen_test
  PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>"
          HWLAB_HOST="$<TARGET_FILE:hwlab-host>"
          PLUGIN_OF_GROWN="$<TARGET_FILE:conversations_of_grown>"
          PROGRAMS="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
          LIBRARIES="${CMAKE_LIBRARY_OUTPUT_DIRECTORY}"
          VERSIONS="${versions}")
string(REPLACE "," ";" versions "${versions}")
foreach(version ${versions})
  add_dependencies(frozen_test host_of_${version} memory_plugin_of_${version})
endforeach()
add_dependencies(frozen_test hwlab_conversations conversations_of_grown hwlab-host)
