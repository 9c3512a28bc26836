# The plugin's own parts, and its hooks for as far as they need no server.
hwlab_add_test(
  NAME plugin_test
  LABEL unit
  SOURCES unit/plugin_barrier_test.cpp unit/plugin_checks_test.cpp unit/plugin_hooks_test.cpp
          unit/plugin_log_test.cpp unit/plugin_structs_test.cpp
  LIBRARIES hwlab_plugin_objects)
