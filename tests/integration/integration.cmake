# Against a real PostgreSQL: through the store, and through the loaded library.
find_package(nlohmann_json REQUIRED)
hwlab_add_test(
  NAME store_integration_test
  LABEL integration
  SOURCES integration/store_append_test.cpp
          integration/store_failure_test.cpp
          integration/store_migration_test.cpp
          integration/store_pool_test.cpp
          integration/store_read_test.cpp
          integration/store_repair_test.cpp
          integration/store_session_test.cpp
          support/database.cpp
  LIBRARIES hwlab::store PkgConfig::libpqxx)

hwlab_add_test(
  NAME plugin_integration_test
  LABEL integration
  SOURCES integration/plugin_calls_test.cpp
          integration/plugin_life_test.cpp
          integration/plugin_host_test.cpp
          integration/plugin_secrets_test.cpp
          support/database.cpp
  LIBRARIES hwlab::plugin_host hwlab::store PkgConfig::libpqxx nlohmann_json::nlohmann_json)
target_compile_definitions(
  plugin_integration_test PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>"
                                  HWLAB_HOST="$<TARGET_FILE:hwlab-host>")
add_dependencies(plugin_integration_test hwlab_conversations hwlab-host)

# Appends by several processes: each is this program.
add_executable(append_load support/append_load.cpp)
target_include_directories(append_load PRIVATE "${PROJECT_SOURCE_DIR}")
target_link_libraries(append_load PRIVATE hwlab::store hwlab_compile)
hwlab_add_test(
  NAME append_queue_test
  LABEL integration
  SOURCES integration/append_queue_test.cpp support/child_process.cpp support/database.cpp
  LIBRARIES hwlab::store PkgConfig::libpqxx)
target_compile_definitions(append_queue_test
                           PRIVATE HWLAB_APPEND_LOAD="$<TARGET_FILE:append_load>")
add_dependencies(append_queue_test append_load)

# Migrations by several processes, which are killed: each is this program.
add_executable(first_calls support/first_calls.cpp)
target_link_libraries(first_calls PRIVATE hwlab::store hwlab_compile)
hwlab_add_test(
  NAME migration_integration_test
  LABEL integration
  SOURCES integration/migration_processes_test.cpp
          integration/migration_writers_test.cpp
          support/child_process.cpp
          support/database.cpp
  LIBRARIES hwlab::store PkgConfig::libpqxx)
target_compile_definitions(migration_integration_test
                           PRIVATE HWLAB_FIRST_CALLS="$<TARGET_FILE:first_calls>")
add_dependencies(migration_integration_test first_calls)

# By itself, because the clock of its writers counts; it takes half a minute, and longer where others build meanwhile.
add_executable(
  migration_million_test integration/migration_million_test.cpp support/child_process.cpp
                         support/database.cpp)
target_include_directories(migration_million_test PRIVATE "${PROJECT_SOURCE_DIR}")
target_link_libraries(migration_million_test PRIVATE hwlab::store PkgConfig::libpqxx GTest::gtest_main
                                                     hwlab_compile)
target_compile_definitions(migration_million_test
                           PRIVATE HWLAB_FIRST_CALLS="$<TARGET_FILE:first_calls>")
add_dependencies(migration_million_test first_calls)
gtest_discover_tests(
  migration_million_test
  DISCOVERY_MODE PRE_TEST
  DISCOVERY_TIMEOUT 60
  PROPERTIES LABELS integration TIMEOUT 600 RUN_SERIAL TRUE)
