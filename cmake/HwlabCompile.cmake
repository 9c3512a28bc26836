# How every target of this project is compiled: one interface target, linked privately by each of them.
add_library(hwlab_compile INTERFACE)
target_compile_options(
  hwlab_compile
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
            $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
            $<$<BOOL:${HWLAB_WERROR}>:-Werror>)

if(HWLAB_SANITIZE)
  # Instrumented, GCC 12 sees variables of libstdc++'s <regex> as uninitialised that are not.
  target_compile_options(hwlab_compile INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_compile_options(hwlab_compile INTERFACE -fsanitize=${HWLAB_SANITIZE}
                                                 -fno-omit-frame-pointer)
  target_link_options(hwlab_compile INTERFACE -fsanitize=${HWLAB_SANITIZE})
endif()
