# What else may live in a plugin's process. After conformance/frozen, whose plugins are used here, too.
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
hwlab_add_test(
  NAME processes_test
  LABEL integration
  SOURCES conformance/processes/processes_test.cpp support/database.cpp
  LIBRARIES hwlab::plugin_host
            hwlab::store
            PkgConfig::libpqxx
            PkgConfig::libpq
            # Of 0.8 and of 0.7.
            $<IF:$<TARGET_EXISTS:yaml-cpp::yaml-cpp>,yaml-cpp::yaml-cpp,yaml-cpp>
            spdlog::spdlog)
target_compile_definitions(
  processes_test PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>"
                         LIBRARIES="${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
add_dependencies(processes_test hwlab_conversations memory_plugin_of_0.1 memory_plugin_of_grown)

# A sanitizer must see every call of malloc, so under one the loader does not bind deeply.
if(NOT HWLAB_SANITIZE)
  set(writer "${CMAKE_CURRENT_LIST_DIR}/clashing_symbols")
  set(symbols "${CMAKE_CURRENT_BINARY_DIR}/clashing_symbols.c")
  add_custom_command(
    OUTPUT "${symbols}"
    COMMAND "${writer}" $<TARGET_FILE:hwlab_conversations> "${symbols}"
    DEPENDS "${writer}" hwlab_conversations
    VERBATIM)
  add_executable(clashing_host "${CMAKE_CURRENT_LIST_DIR}/clashing_host.cpp" "${symbols}")
  target_link_libraries(clashing_host PRIVATE hwlab::plugin_host ${CMAKE_DL_LIBS} hwlab_compile)
  set_target_properties(clashing_host PROPERTIES ENABLE_EXPORTS ON)
  target_compile_definitions(processes_test
                             PRIVATE CLASHING_HOST="$<TARGET_FILE:clashing_host>")
  add_dependencies(processes_test clashing_host)
endif()
