// Reading and writing structs of a size that the other side has chosen.
#pragma once

#include <hwlab/plugin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "plugin/refusal.h"

namespace hwlab::plugin {

// No struct of the contract will be as long as this: it was not initialised.
inline constexpr std::uint32_t absurd_size = 4096;

// A copy of the members that the struct's size covers; the others are zero, which means "default".
// What it has beyond is not looked at. Throws Refusal: INVALID (absent, or no size in it).
template <typename Struct>
Struct read_covered(const Struct* from, const char* what) {
  if (from == nullptr)
    throw Refusal(std::string(what) + " is absent (a null pointer)");
  const std::uint32_t size = from->struct_size;
  if (size < sizeof(std::uint32_t) || size > absurd_size)
    throw Refusal("struct_size of " + std::string(what) + " is not the size of that struct");
  Struct read{};
  std::memcpy(&read, from, std::min<std::size_t>(size, sizeof(Struct)));
  return read;
}

// The same for a request, which must not ask for what is not known here: by a member that is new,
// or one that was reserved. Throws also Refusal: TOO_NEW.
template <typename Struct>
Struct read_struct(const Struct* from, const char* what) {
  const Struct read = read_covered(from, what);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(from);
  bool known = true;
  for (std::size_t i = sizeof(Struct); i < read.struct_size; ++i)
    known = known && bytes[i] == 0;
  if constexpr (requires { read.reserved; })
    known = known && read.reserved == 0;
  if (!known)
    throw Refusal(std::string(what) + " has a member that this plugin does not know",
                  HWLAB_TOO_NEW);
  return read;
}

// The caller's result struct: cleared at once, and filled at most once. Members beyond struct_size
// are not written.
template <typename Result>
class ResultSlot {
 public:
  explicit ResultSlot(Result* out) noexcept : out_(out) {
    if (usable())
      write(Result{});
  }
  // Throws Refusal when there is no room for the head.
  void check() const {
    if (!usable())
      throw Refusal("the result is absent, or its struct_size is not the size of that struct");
  }
  void fill(const Result& result) noexcept { write(result); }

 private:
  [[nodiscard]] bool usable() const noexcept {
    return out_ != nullptr && out_->head.struct_size >= sizeof(hwlab_result) &&
           out_->head.struct_size <= absurd_size;
  }
  void write(const Result& result) noexcept {
    const std::uint32_t size = out_->head.struct_size;
    const std::size_t known = std::min<std::size_t>(size, sizeof(Result));
    std::memcpy(out_, &result, known);
    std::memset(reinterpret_cast<unsigned char*>(out_) + known, 0, size - known);
    out_->head.struct_size = size;
  }

  Result* out_;
};

}  // namespace hwlab::plugin
