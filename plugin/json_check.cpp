#include "plugin/json_check.h"

#include <nlohmann/json.hpp>
#include <string>

#include "plugin/refusal.h"

namespace hwlab::plugin {
namespace {

constexpr std::size_t deepest = 128;

// Keeps nothing of what is read. A callback that returns false ends the reading.
class ObjectChecker : public nlohmann::json_sax<nlohmann::json> {
 public:
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  bool null() override { return within_object(); }
  bool boolean(bool) override { return within_object(); }
  bool number_integer(number_integer_t) override { return within_object(); }
  bool number_unsigned(number_unsigned_t) override { return within_object(); }
  bool number_float(number_float_t, const string_t&) override { return within_object(); }
  bool string(string_t& text) override { return within_object() && without_nul(text); }
  bool binary(binary_t&) override { return within_object(); }
  bool key(string_t& text) override { return without_nul(text); }
  bool start_object(std::size_t) override { return deeper(); }
  bool end_object() override { return shallower(); }
  bool start_array(std::size_t) override { return within_object() && deeper(); }
  bool end_array() override { return shallower(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return refuse("metadata is not valid JSON at byte " + std::to_string(position));
  }

 private:
  bool refuse(std::string problem) {
    if (problem_.empty())
      problem_ = std::move(problem);
    return false;
  }
  bool within_object() { return depth_ > 0 || refuse("metadata must be a JSON object"); }
  bool without_nul(const string_t& text) {
    return text.find('\0') == string_t::npos ||
           refuse("metadata holds U+0000, which PostgreSQL cannot store: remove it");
  }
  bool deeper() {
    return ++depth_ <= deepest ||
           refuse("metadata is nested more than " + std::to_string(deepest) + " deep");
  }
  bool shallower() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  std::string problem_;
};

}  // namespace

void check_json_object(std::string_view text) {
  ObjectChecker checker;
  if (!nlohmann::json::sax_parse(text, &checker))
    throw Refusal(checker.problem());
}

}  // namespace hwlab::plugin
