#include "plugin/checks.h"

#include <utf8.h>

#include <string>

#include "plugin/json_check.h"
#include "plugin/refusal.h"

namespace hwlab::plugin {
namespace {

constexpr std::size_t longest_id = 36;
constexpr std::size_t longest_role =
    64;  // more than any role has; the message then says which there are

}  // namespace

std::optional<std::string_view> check_text(const hwlab_text& text, const char* what,
                                           std::size_t most) {
  if (text.data == nullptr) {
    if (text.size != 0)
      throw Refusal(std::string(what) + " is a null pointer with a size");
    return std::nullopt;
  }
  if (text.size > most)
    throw Refusal(std::string(what) + " has " + std::to_string(text.size) + " bytes; at most " +
                  std::to_string(most) + " are taken");
  const std::string_view view(text.data, text.size);
  if (view.find('\0') != std::string_view::npos)
    throw Refusal(std::string(what) + " holds U+0000, which PostgreSQL cannot store: remove it");
  if (!utf8::is_valid(view.begin(), view.end()))
    throw Refusal(std::string(what) + " is not valid UTF-8: convert it first");
  return view;
}

std::string_view check_present(const hwlab_text& text, const char* what, std::size_t most) {
  const auto checked = check_text(text, what, most);
  if (!checked)
    throw Refusal(std::string(what) + " is absent");
  return *checked;
}

store::Uuid check_id(const hwlab_text& text, const char* what) {
  if (text.data == nullptr)
    throw Refusal(std::string(what) + " is absent");
  if (text.size == longest_id)
    if (const auto id = store::parse_uuid({text.data, text.size}))
      return *id;
  throw Refusal(std::string(what) + " is not a UUID such as 6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55");
}

store::Uuid check_id_or_make(const hwlab_text& text, const char* what) {
  return text.data == nullptr && text.size == 0 ? store::new_uuid() : check_id(text, what);
}

std::string_view check_role(const hwlab_text& text) {
  constexpr auto sentence = "the role must be user, assistant or system";
  if (text.data == nullptr || text.size > longest_role)
    throw Refusal(sentence);
  const std::string_view role(text.data, text.size);
  if (role != "user" && role != "assistant" && role != "system")
    throw Refusal(sentence);
  return role;
}

std::optional<std::string_view> check_metadata(const hwlab_text& text, std::size_t most) {
  const auto checked = check_text(text, "metadata", most);
  if (checked)
    check_json_object(*checked);
  return checked;
}

std::optional<std::int64_t> check_time(std::int64_t microseconds, const char* what) {
  constexpr std::int64_t year_1 = -62'135'596'800'000'000;
  constexpr std::int64_t year_10000 = 253'402'300'800'000'000;
  if (microseconds == 0)
    return std::nullopt;
  if (microseconds < year_1 || microseconds >= year_10000)
    throw Refusal(std::string(what) + " is not within the years 1 to 9999");
  return microseconds;
}

}  // namespace hwlab::plugin
