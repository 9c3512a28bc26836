// The section of the configuration: from bytes to settings, or to an error with its line.
#include <utf8.h>

#include <algorithm>
#include <charconv>

#include "config/keys.h"
#include "config/settings.h"
#include "tests/fuzz/target.h"

namespace {

using namespace hwlab;
using fuzz::claim;

constexpr std::string_view file = "fuzz.yaml";
constexpr int first_line = 7;
constexpr std::size_t longest_repetition = 16U << 10;

enum Mode : unsigned { origin_is_input = 1, is_repeated = 2 };

void check_sentence(std::string_view sentence, std::size_t most) {
  claim(!sentence.empty() && sentence.size() < most, "an error is a sentence of a line");
  claim(utf8::is_valid(sentence.begin(), sentence.end()), "in UTF-8");
}

// "fuzz.yaml:9: ...", where the text has a ninth line.
void check_line(std::string_view sentence, std::string_view yaml) {
  claim(sentence.starts_with(file) && sentence.substr(file.size()).starts_with(':'),
        "an error begins with its place");
  sentence.remove_prefix(file.size() + 1);
  int line = 0;
  const auto* const end = sentence.data() + sentence.size();
  const auto [behind, problem] = std::from_chars(sentence.data(), end, line);
  claim(problem == std::errc{} && behind != end && *behind == ':', "and the number of a line");
  claim(first_line <= line && line <= first_line + std::ranges::count(yaml, '\n'),
        "which the text has");
  claim(std::ranges::none_of(sentence, [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }),
        "and holds no control character");
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text)
    result += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return result + '"';
}

bool is_text(config::ValueType type) {
  using enum config::ValueType;
  return type == variable_name || type == absolute_path || type == schema_name;
}

void check_ranges(const config::Settings& settings) {
  for (const auto& key : config::keys()) {
    const auto amount = key.get(settings).amount;
    if (key.type == config::ValueType::choice)
      claim(amount >= 0 && static_cast<std::size_t>(amount) < key.choices.size(),
            "a choice is one of those there are");
    else if (!is_text(key.type))
      claim(key.least <= amount && amount <= key.most, "an amount is within its range");
  }
  claim(settings.pool.min <= settings.pool.max &&
            settings.append.max_batch <= settings.append.max_waiting &&
            settings.append.max_batch_bytes <= settings.append.max_waiting_bytes &&
            settings.limits.content + settings.limits.metadata <= settings.append.max_waiting_bytes,
        "amounts fit together");
}

// Written out in full and read again, the settings are the same.
void check_written_out(const config::Settings& settings) {
  std::string yaml;
  std::string_view section;
  for (const auto& key : config::keys()) {
    const auto value = key.get(settings);
    if (key.section() == "dsn" && value.text.empty())
      continue;  // the other of the two
    if (key.section() != section && !key.section().empty())
      yaml += std::string(key.section()) + ":\n";
    section = key.section();
    yaml += (section.empty() ? "" : "  ") + std::string(key.name()) + ": " +
            (is_text(key.type) ? in_quotes(value.text) : config::format_value(key, value)) + '\n';
  }
  const auto again = config::parse_settings(yaml, file);
  for (const auto& key : config::keys())
    claim(key.get(again) == key.get(settings), key.path);
}

std::string repeated(std::string_view text) {
  std::string result;
  while (!text.empty() && result.size() + text.size() <= longest_repetition)
    result += text;
  return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const unsigned mode = input.number<std::uint8_t>();
  const std::string origin = (mode & origin_is_input) != 0
                                 ? std::string(input.text())
                                 : std::string(file) + ':' + std::to_string(first_line);
  const std::string yaml =
      (mode & is_repeated) != 0 ? repeated(input.rest()) : std::string(input.rest());
  try {
    const auto settings = config::parse_settings(yaml, origin);
    check_ranges(settings);
    check_written_out(settings);
  } catch (const config::Error& error) {
    if ((mode & origin_is_input) != 0) {
      claim(std::string_view(error.what()).size() < origin.size() + 600, "an error is short");
    } else {
      check_sentence(error.what(), 600);
      check_line(error.what(), yaml);
    }
  }
  return 0;
}
