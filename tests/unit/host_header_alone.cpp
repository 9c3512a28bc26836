// Compiled as C++17 and as C++20: the header needs nothing before it and warns of nothing.
#include <hwlab/plugin_host.hpp>
