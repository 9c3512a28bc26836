// What the fuzzer's targets share: the claims that they make, and the input in parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

// Called by libFuzzer, or by replay.cpp, once for each input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hwlab::fuzz {

// Ends the process when it is not so: the fuzzer then keeps the input.
inline void claim(bool holds, std::string_view what) {
  if (holds)
    return;
  std::fprintf(stderr, "NOT TRUE: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// Stands in inputs, and in no sentence of ours: where it turns up, an input was shown.
inline constexpr std::string_view canary = "cAnArY-5f0c";

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline bool is_printable_ascii(std::string_view text) {
  for (const char c : text)
    if (c < ' ' || c > '~')
      return false;
  return true;
}

// An input: numbers from its start, then texts that end at a byte which no UTF-8 has. What it lacks
// is zero or empty.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  template <typename Number>
  Number number() {
    Number number = 0;
    const std::size_t size = rest_.size() < sizeof number ? rest_.size() : sizeof number;
    if (size > 0)
      std::memcpy(&number, rest_.data(), size);
    rest_.remove_prefix(size);
    return number;
  }

  std::string_view text() {
    constexpr char end = '\xFE';
    const auto at = rest_.find(end);
    const auto text = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return text;
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace hwlab::fuzz
