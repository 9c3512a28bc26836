// Pauses between attempts.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

namespace hwlab::store {

// Each pause is drawn from [half, whole] of a span that doubles from `first` to `most`, so that
// many who fail together do not come back together.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most)
      : first_(first), most_(most), span_(first) {}

  std::chrono::milliseconds next() {
    if (!random_)
      random_.emplace(std::random_device{}());
    const auto span = span_;
    span_ = std::min(most_, span_ * 2);
    return std::chrono::milliseconds(std::uniform_int_distribution<std::chrono::milliseconds::rep>(
        span.count() / 2, span.count())(*random_));
  }
  void reset() { span_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds most_;
  std::chrono::milliseconds span_;
  // Made by the first pause. Nearly every call ends without one, and a seed from the processor's
  // generator took 20 us in a virtual machine, eight times the rest of a call on our side.
  std::optional<std::minstd_rand> random_;
};

}  // namespace hwlab::store
