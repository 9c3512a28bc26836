/* Compiled as C11: the header needs nothing before it and warns of nothing. */
#include <hwlab/calls.h>
