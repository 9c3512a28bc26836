# What goes wrong between a daemon and its database, done on purpose. Sockets: Boost.Asio, which is only headers.
find_package(Boost REQUIRED)
add_library(hwlab_test_gate STATIC support/gate.cpp)
target_include_directories(hwlab_test_gate PUBLIC "${PROJECT_SOURCE_DIR}")
target_link_libraries(hwlab_test_gate PUBLIC Boost::headers Threads::Threads
                                      PRIVATE hwlab_compile)
# ThreadSanitizer of GCC does not know fences. There is only one thread in each context.
target_compile_definitions(hwlab_test_gate PUBLIC BOOST_ASIO_DISABLE_FENCED_BLOCK)

hwlab_add_test(
  NAME gate_test
  LABEL faults
  SOURCES faults/gate_test.cpp support/database.cpp
  LIBRARIES hwlab_test_gate hwlab::store PkgConfig::libpqxx)

hwlab_add_test(
  NAME judge_test
  LABEL faults
  SOURCES faults/judge_test.cpp faults/ledger.cpp)

# What the tests of faults share: a load with its ledger, and servers of their own.
add_library(hwlab_test_faults STATIC faults/cluster.cpp faults/ledger.cpp faults/load.cpp
                                     support/database.cpp)
target_link_libraries(
  hwlab_test_faults PUBLIC hwlab_test_gate hwlab::plugin_host hwlab::store PkgConfig::libpqxx
  PRIVATE hwlab_compile)

# Against the loaded library.
foreach(part contention crash cycles disk hostile_schema network pooler standby)
  hwlab_add_test(
    NAME ${part}_test
    LABEL faults
    SOURCES faults/${part}_test.cpp
    LIBRARIES hwlab_test_faults)
  target_compile_definitions(${part}_test
                             PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>")
  add_dependencies(${part}_test hwlab_conversations)
endforeach()

target_sources(cycles_test PRIVATE conformance/check/process.cpp)

# A full disk without a disk: loaded into a server. Not with sanitizers, which the server does not have.
add_library(hwlab_test_no_space MODULE faults/no_space.c)
target_link_libraries(hwlab_test_no_space PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(hwlab_test_no_space PROPERTIES C_VISIBILITY_PRESET default)
target_compile_definitions(disk_test
                           PRIVATE HWLAB_NO_SPACE_LIBRARY="$<TARGET_FILE:hwlab_test_no_space>")
add_dependencies(disk_test hwlab_test_no_space)

# An allocation or a system call fails: by functions of the same names in the program, which the library asks first. Not
# under a sanitizer, which has its own.
if(NOT HWLAB_SANITIZE)
  hwlab_add_test(
    NAME lack_test
    LABEL faults
    SOURCES faults/lack_test.cpp
            faults/failing_calls.cpp
            conformance/check/calls.cpp
            conformance/check/daemon.cpp
            conformance/check/failing_malloc.c
            conformance/check/library.cpp
            conformance/check/process.cpp
    LIBRARIES hwlab_test_faults ${CMAKE_DL_LIBS})
  target_compile_definitions(lack_test PRIVATE HWLAB_PLUGIN="$<TARGET_FILE:hwlab_conversations>")
  add_dependencies(lack_test hwlab_conversations)
endif()
