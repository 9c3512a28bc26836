// The memory of a result: one block, released by the host.
#pragma once

#include <hwlab/plugin.h>

#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace hwlab::plugin {

// Holds everything that a result points to: its records, the arrays of pointers to them, copied
// texts, and the rows that other texts point into. It knows nothing of the instance, and so may
// outlive it.
class Block {
  template <typename T>
  static constexpr std::size_t size_of(std::size_t count) {
    return sizeof(T) * count;  // NOLINT(bugprone-sizeof-expression): T may be a pointer
  }

 public:
  // How much room is needed, summed up beforehand.
  class Size {
   public:
    template <typename T>
    Size& array(std::size_t count) {
      bytes_ += alignof(T) - 1 + size_of<T>(count);
      return *this;
    }
    Size& text(std::size_t size) {
      bytes_ += size;
      return *this;
    }

   private:
    friend class Block;
    std::size_t bytes_ = 0;
  };

  struct Delete {
    void operator()(Block* block) const noexcept {
      block->~Block();
      ::operator delete(block);
    }
  };
  using Owner = std::unique_ptr<Block, Delete>;

  static Owner make(const Size& size, std::shared_ptr<const void> rows = nullptr) {
    void* const memory = ::operator new(sizeof(Block) + size.bytes_);
    return Owner(new (memory) Block(size.bytes_, std::move(rows)));
  }

  template <typename T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= alignof(std::max_align_t));
    void* place = next_;
    if (std::align(alignof(T), size_of<T>(count), place, left_) == nullptr)
      throw std::logic_error("a result is larger than was reckoned");
    next_ = static_cast<std::byte*>(place) + size_of<T>(count);
    left_ -= size_of<T>(count);
    return new (place) T[count]{};
  }

  hwlab_text text(std::string_view text) {
    char* const copy = array<char>(text.size());
    text.copy(copy, text.size());
    return {copy, text.size()};
  }

  // The block becomes the result's, which carries the way to release it.
  static void hand_over(Owner block, hwlab_result& head) {
    head.release = [](hwlab_result* result) {
      if (result == nullptr || result->owner == nullptr)
        return;
      Delete{}(static_cast<Block*>(result->owner));
      result->owner = nullptr;
      result->release = nullptr;
    };
    head.owner = block.release();
  }

 private:
  Block(std::size_t size, std::shared_ptr<const void> rows)
      : rows_(std::move(rows)), next_(reinterpret_cast<std::byte*>(this + 1)), left_(size) {}
  ~Block() = default;

  std::shared_ptr<const void> rows_;
  std::byte* next_;
  std::size_t left_;
};

}  // namespace hwlab::plugin
