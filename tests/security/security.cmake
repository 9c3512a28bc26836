# What docs/security.md promises, with servers of the tests' own: beside the library also the program hwlab-host.
hwlab_add_test(
  NAME security_test
  LABEL integration
  SOURCES security/canary_test.cpp security/roles_test.cpp security/tls_test.cpp
  LIBRARIES hwlab_test_faults nlohmann_json::nlohmann_json)
target_compile_definitions(security_test PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>"
                                                 HWLAB_HOST="$<TARGET_FILE:hwlab-host>")
add_dependencies(security_test hwlab_conversations hwlab-host)
