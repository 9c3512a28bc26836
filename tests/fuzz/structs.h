// Structs and texts as a caller may give them: each in memory of exactly its size, so that
// AddressSanitizer sees a byte that is read or written beyond.
#pragma once

#include <hwlab/plugin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "tests/fuzz/target.h"

namespace hwlab::fuzz {

inline constexpr std::uint32_t absurd_size = 4096;  // a longer struct was not initialised

// A size that a caller may have written into a struct: usually the right one. A shorter one differs
// by a multiple of `step`: no sizeof ends within a pointer, and one that did would be half a
// pointer to its reader.
inline std::uint32_t read_size(Input& input, std::size_t right, std::uint32_t step = 8) {
  const unsigned choice = input.number<std::uint8_t>();
  const auto size = static_cast<std::uint32_t>(right);
  if (choice < 0x80)
    return size;
  if (choice < 0xB8)
    return size - std::min(size, (0xB8 - choice) * step);
  if (choice < 0xF0)
    return size + (choice - 0xB8);
  constexpr std::array<std::uint32_t, 16> odd{0,
                                              1,
                                              3,
                                              4,
                                              5,
                                              absurd_size,
                                              absurd_size + 1,
                                              0x7FFFFFFF,
                                              0xFFFFFFFF,
                                              480,
                                              512,
                                              4095,
                                              0x10000,
                                              0x80000000U,
                                              sizeof(hwlab_result),
                                              sizeof(hwlab_result) - 1};
  return odd[choice - 0xF0];
}

// A struct of the size that stands in it. Behind what this program knows of it stands `tail`.
template <typename Struct>
class Sized {
 public:
  Sized(const Struct& content, std::uint32_t size, unsigned char tail) : size_(size) {
    // One that is not initialised has the memory of its type, and a size that is none.
    bytes_ = size < sizeof size ? sizeof size : size <= absurd_size ? size : sizeof(Struct);
    memory_.reset(new unsigned char[bytes_]);
    std::memset(memory_.get(), tail, bytes_);
    std::memcpy(memory_.get(), &content, std::min(bytes_, sizeof(Struct)));
    std::memcpy(memory_.get(), &size, sizeof size);
  }

  Struct* get() { return reinterpret_cast<Struct*>(memory_.get()); }

  // What a reader of the struct sees; zero where it has nothing.
  Struct read() const {
    Struct read{};
    if (size_ >= sizeof size_)
      std::memcpy(&read, memory_.get(), std::min(bytes_, sizeof(Struct)));
    return read;
  }

  bool is_size_kept() const { return std::memcmp(memory_.get(), &size_, sizeof size_) == 0; }
  bool is_zero_behind(std::size_t begin) const {
    return std::all_of(memory_.get() + std::min(begin, bytes_), memory_.get() + bytes_,
                       [](unsigned char byte) { return byte == 0; });
  }
  std::uint32_t size() const { return size_; }
  bool is_absurd() const { return size_ < sizeof size_ || size_ > absurd_size; }

 private:
  std::uint32_t size_;
  std::size_t bytes_;
  std::unique_ptr<unsigned char[]> memory_;
};

// The texts of a request, which live as long as this.
class Texts {
 public:
  // The next text of the input; two bytes that begin no UTF-8 stand for an absent one, and for one
  // that has a size only.
  hwlab_text next(Input& input) {
    const auto text = input.text();
    if (text == "\xF8")
      return {nullptr, 0};
    if (text == "\xF9")
      return {nullptr, 7};
    return copy(text);
  }

  hwlab_text copy(std::string_view text) {
    auto& memory = copies_.emplace_back(new char[text.size()]);
    text.copy(memory.get(), text.size());
    return {memory.get(), text.size()};
  }

 private:
  std::vector<std::unique_ptr<char[]>> copies_;
};

}  // namespace hwlab::fuzz
