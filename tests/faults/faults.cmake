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
