# Plugins of tests: one that works (or misbehaves on demand), and those that a loader must refuse.
function(hwlab_add_fake_plugin name)
  add_library(${name} MODULE "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../support/fake_plugin.cpp")
  target_link_libraries(${name} PRIVATE hwlab::host_api hwlab_compile)
  target_compile_definitions(${name} PRIVATE ${ARGN})
  set_target_properties(${name} PROPERTIES PREFIX "")
endfunction()

hwlab_add_fake_plugin(fake_plugin)
hwlab_add_fake_plugin(fake_plugin_wrong_magic FAKE_MAGIC=7)
hwlab_add_fake_plugin(fake_plugin_truncated FAKE_SIZE=40)
hwlab_add_fake_plugin(fake_plugin_no_symbol FAKE_SYMBOL=another_symbol)
hwlab_add_fake_plugin(fake_plugin_for_later_host FAKE_MIN_HOST_MINOR=1000)
hwlab_add_fake_plugin(fake_plugin_incomplete FAKE_LOAD=nullptr)

hwlab_add_test(
  NAME host_test
  LABEL unit
  SOURCES unit/host_c_calls_test.cpp
          unit/host_calls_test.cpp
          unit/host_cli_test.cpp
          unit/host_config_test.cpp
          unit/host_loader_test.cpp
          unit/host_misbehaviour_test.cpp
          unit/host_text_test.cpp
  LIBRARIES hwlab::plugin_host hwlab_host_cli ${CMAKE_DL_LIBS})
target_compile_definitions(
  host_test
  PRIVATE FAKE_PLUGIN="$<TARGET_FILE:fake_plugin>"
          FAKE_PLUGIN_WRONG_MAGIC="$<TARGET_FILE:fake_plugin_wrong_magic>"
          FAKE_PLUGIN_TRUNCATED="$<TARGET_FILE:fake_plugin_truncated>"
          FAKE_PLUGIN_NO_SYMBOL="$<TARGET_FILE:fake_plugin_no_symbol>"
          FAKE_PLUGIN_FOR_LATER_HOST="$<TARGET_FILE:fake_plugin_for_later_host>"
          FAKE_PLUGIN_INCOMPLETE="$<TARGET_FILE:fake_plugin_incomplete>"
          HWLAB_HOST="$<TARGET_FILE:hwlab-host>")
add_dependencies(
  host_test
  hwlab-host
  fake_plugin
  fake_plugin_wrong_magic
  fake_plugin_truncated
  fake_plugin_no_symbol
  fake_plugin_for_later_host
  fake_plugin_incomplete)
