// Memory that ends where a page begins that nobody may touch, so that a plugin that reads or writes
// beyond what it was given dies of it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

#include "calls.h"

namespace hwlab::check {

class GuardedMemory {
 public:
  GuardedMemory() = default;
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  ~GuardedMemory() { unmap(); }

  // A copy that ends at the guard.
  hwlab_text text(std::string_view from) {
    char* const place = static_cast<char*>(make(from.size()));
    std::memcpy(place, from.data(), from.size());
    return {place, from.size()};
  }
  // The first `size` bytes of a struct.
  template <typename Struct>
  Struct* put(const Struct& from, std::size_t size = sizeof(Struct)) {
    static_assert(std::is_trivially_copyable_v<Struct>);
    void* const place = make(size);
    std::memcpy(place, &from, size);
    return static_cast<Struct*>(place);
  }
  // From now on whoever reads what was given out dies of it.
  void unmap() {
    for (const auto& [start, size] : maps_)
      ::munmap(start, size);
    maps_.clear();
  }

 private:
  void* make(std::size_t size) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t room = (size + page - 1) / page * page;
    void* const start =
        ::mmap(nullptr, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
      throw std::bad_alloc();
    char* const guard = static_cast<char*>(start) + room;
    ::mprotect(guard, page, PROT_NONE);
    maps_.emplace_back(start, room + page);
    return guard - size;
  }

  struct Map {
    void* start;
    std::size_t size;
    Map(void* at, std::size_t bytes) : start(at), size(bytes) {}
  };
  std::vector<Map> maps_;
};

}  // namespace hwlab::check
