# Does .ci/check-abi allow what it must, and refuse everything else? A case for each kind of change.
if(HWLAB_SANITIZE)
  return() # there is nothing to watch for it
endif()
set(alter "${CMAKE_CURRENT_LIST_DIR}/alter")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${alter}")
execute_process(COMMAND "${alter}" --list OUTPUT_VARIABLE kinds COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "\t[^\n]*\n" ";" kinds "${kinds}")
foreach(kind IN LISTS kinds)
  if(kind)
    add_test(NAME CheckAbi.${kind} COMMAND "${CMAKE_CURRENT_LIST_DIR}/scratch-change" ${kind})
    set_tests_properties(CheckAbi.${kind} PROPERTIES LABELS conformance TIMEOUT 120 ${busy_test})
  endif()
endforeach()
add_test(NAME CheckAbi.frozen_versions COMMAND "${PROJECT_SOURCE_DIR}/.ci/check-abi")
add_test(NAME CheckAbi.parser_and_compiler_agree COMMAND "${CMAKE_CURRENT_LIST_DIR}/layout" parse
                                                         "${PROJECT_SOURCE_DIR}/host-api/include")
set_tests_properties(CheckAbi.frozen_versions CheckAbi.parser_and_compiler_agree
                     PROPERTIES LABELS conformance TIMEOUT 120 ${busy_test})
