# The config layer: settings, DSN, redactor, and what is generated from the table of keys.
find_package(nlohmann_json REQUIRED)
hwlab_add_test(
  NAME config_test
  LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/config_documents_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/config_dsn_mistakes_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/config_dsn_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/config_hostile_yaml_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/config_mistakes_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/config_redactor_test.cpp
          ${CMAKE_CURRENT_LIST_DIR}/config_settings_test.cpp
  LIBRARIES hwlab::config hwlab::config_documents nlohmann_json::nlohmann_json)
