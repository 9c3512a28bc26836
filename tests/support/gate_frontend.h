// What a client says to PostgreSQL, as far as one must know which statement is on its way.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hwlab::test {

class FrontendStream {
 public:
  // Calls runs(sql) behind each message that names a statement to be run, and complete() behind
  // each one after which the server has all that it needs to run it.
  template <typename Runs, typename Complete>
  void feed(std::string_view bytes, Runs runs, Complete complete) {
    while (!bytes.empty() && !opaque_) {
      if (header_.size() < header_size()) {
        const std::size_t taken = std::min(bytes.size(), header_size() - header_.size());
        header_.append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        if (header_.size() < header_size())
          return;
        begin();
      } else {
        const std::size_t taken = std::min<std::size_t>(bytes.size(), left_);
        if (is_wanted())
          body_.append(bytes.substr(0, std::min(taken, longest_body - body_.size())));
        bytes.remove_prefix(taken);
        left_ -= static_cast<std::uint32_t>(taken);
      }
      if (!opaque_ && left_ == 0 && header_.size() == header_size())
        end(runs, complete);
    }
  }

 private:
  // Enough for the names and the SQL; parameters are of no interest.
  static constexpr std::size_t longest_body = 65'536;
  static constexpr std::uint32_t tls_request = 80877103;
  static constexpr std::uint32_t gss_request = 80877104;
  static constexpr std::uint32_t cancel_request = 80877102;

  // A first packet has no type but a code: length and code; later ones: type and length.
  [[nodiscard]] std::size_t header_size() const { return started_ ? 5 : 8; }
  [[nodiscard]] char type() const { return started_ ? header_[0] : '\0'; }
  [[nodiscard]] bool is_wanted() const { return type() == 'P' || type() == 'B' || type() == 'Q'; }
  [[nodiscard]] std::uint32_t number_at(std::size_t at) const {
    std::uint32_t number = 0;
    for (std::size_t i = at; i < at + 4; ++i)
      number = number << 8U | static_cast<unsigned char>(header_[i]);
    return number;
  }

  void begin() {
    const std::uint32_t length = number_at(started_ ? 1 : 0);
    const std::uint32_t counted = started_ ? 4 : 8;
    opaque_ = length < counted;  // encrypted, say
    left_ = opaque_ ? 0 : length - counted;
    body_.clear();
  }

  template <typename Runs, typename Complete>
  void end(Runs& runs, Complete& complete) {
    const std::string_view body = body_;
    const std::string first(body.substr(0, body.find('\0')));
    const auto second = [&] {
      const auto rest = body.substr(std::min(body.size(), first.size() + 1));
      return std::string(rest.substr(0, rest.find('\0')));
    };
    const char what = type();
    if (!started_) {
      const std::uint32_t code = number_at(4);
      opaque_ = code == cancel_request;
      started_ = code != tls_request && code != gss_request;
    }
    header_.clear();
    if (what == 'P')
      statements_[first] = second();
    else if (what == 'B')
      runs(std::string_view(statements_[second()]));
    else if (what == 'Q')
      runs(std::string_view(first));
    if (what == 'Q' || what == 'S')
      complete();
  }

  bool started_ = false;
  bool opaque_ = false;
  std::string header_;
  std::string body_;
  std::uint32_t left_ = 0;                         // of the body
  std::map<std::string, std::string> statements_;  // prepared ones, by name
};

}  // namespace hwlab::test
