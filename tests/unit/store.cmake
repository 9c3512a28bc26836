# The parts of the store that need no server.
hwlab_add_test(
  NAME store_test
  LABEL unit
  SOURCES unit/store_classify_test.cpp unit/store_hosts_test.cpp unit/store_route_test.cpp
          unit/store_text_test.cpp
  LIBRARIES hwlab::store)
