// The DSN: the section that says where it is found, the text itself, and the secrets in it.
//
// Which must not be shown by an error, nor by a text that was redacted.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "config/dsn.h"
#include "config/dsn_reference.h"
#include "config/redactor.h"
#include "config/settings.h"
#include "tests/fuzz/target.h"

namespace {

using namespace hwlab;
using config::DsnReference;
using fuzz::claim;

// ---- where a DSN is found ----

// A variable whose value is written in place: setenv() would keep every value there was.
class Variable {
 public:
  static constexpr std::size_t longest = config::longest_dsn + 100;

  Variable() {
    memory_ = std::string(prefix);
    memory_.resize(prefix.size() + longest + 1);
    if (::putenv(memory_.data()) != 0)
      std::abort();
  }
  DsnReference set(std::string_view text) {
    text = text.substr(0, std::min(text.find('\0'), longest));
    text.copy(memory_.data() + prefix.size(), text.size());
    memory_[prefix.size() + text.size()] = '\0';
    return {.kind = DsnReference::Kind::environment, .name = "HWLAB_FUZZ_DSN"};
  }

 private:
  static constexpr std::string_view prefix = "HWLAB_FUZZ_DSN=";
  std::string memory_;
};

class File {
 public:
  File() : fd_(::memfd_create("dsn", MFD_CLOEXEC)) {
    if (fd_ < 0)
      std::abort();
  }
  DsnReference set(std::string_view text, mode_t mode) const {
    if (::fchmod(fd_, mode) != 0 || ::ftruncate(fd_, 0) != 0 ||
        ::pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
      std::abort();
    return {.kind = DsnReference::Kind::file, .name = "/proc/self/fd/" + std::to_string(fd_)};
  }

 private:
  int fd_;
};

// ---- claims ----

void check_sentence(std::string_view sentence) {
  claim(!sentence.empty() && sentence.size() < 600, "an error is a sentence of a line");
  claim(fuzz::is_printable_ascii(sentence), "in our own words");
  claim(!fuzz::has(sentence, fuzz::canary), "without any part of the DSN");
}

// Whether the secret stands between the blots.
bool shows(std::string_view redacted, std::string_view secret) {
  constexpr std::string_view blot = "[redacted]";
  for (auto at = redacted.find(blot); at != std::string_view::npos; at = redacted.find(blot)) {
    if (fuzz::has(redacted.substr(0, at), secret))
      return true;
    redacted.remove_prefix(at + blot.size());
  }
  return fuzz::has(redacted, secret);
}

void check_redacted(const config::Redactor& redactor, std::string_view text,
                    std::string_view secret) {
  // Shorter ones are left alone, and one that is a part of the blot would be found in every blot.
  if (secret.size() >= config::Redactor::shortest && !fuzz::has(secret, "[redacted]"))
    claim(!shows(redactor.redact(text), secret), "a secret is taken out");
}

bool is_password(std::string_view keyword) {
  return keyword == "password" || keyword == "sslpassword";
}

void check_secrets(const config::Dsn& dsn, std::string_view text) {
  const config::Redactor redactor(dsn.secrets);
  std::string everything = "\n" + std::string(text) + "\n";
  for (const auto& secret : dsn.secrets) {
    claim(!secret.reveal().empty(), "no secret is empty");
    everything += secret.reveal() + secret.reveal() + "\n" + secret.reveal();
  }
  check_redacted(redactor, everything, text);
  for (const auto& secret : dsn.secrets)
    check_redacted(redactor, everything, secret.reveal());
  for (const auto& option : dsn.options) {
    if (is_password(option.keyword))
      check_redacted(redactor, "x" + option.value.reveal() + "y", option.value.reveal());
  }
}

// Nothing, when it was refused.
std::optional<config::Dsn> resolve(const DsnReference& reference) {
  try {
    return config::resolve_dsn(reference);
  } catch (const config::Error& error) {
    check_sentence(error.what());
    return std::nullopt;
  }
}

// The option whose value is the canary's; where a password was given, nobody else's.
void check_place_of_canary(const config::Dsn& dsn) {
  for (const auto& option : dsn.options)
    claim(is_password(option.keyword) || !fuzz::has(option.value.reveal(), fuzz::canary),
          "a password is not taken for anything else");
}

// ---- what is tried ----

std::string with_canary(std::string_view text, std::size_t at) {
  std::string result(text);
  return result.insert(at % (text.size() + 1), fuzz::canary);
}

// Whatever stands under `dsn` is not shown.
void try_section(const std::string& yaml) {
  try {
    config::parse_settings(yaml, "fuzz.yaml:7");
  } catch (const config::Error& error) {
    claim(!fuzz::has(error.what(), fuzz::canary), "what stands under dsn is not shown");
  }
}

// Characters that cannot end a flow mapping or its line, so that all of it stands under `dsn`.
void try_flow_section(std::string text, std::size_t at) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == '}'; });
  try_section("dsn: {" + with_canary(text, at) + "}");
}

void try_block_section(std::string_view text, std::size_t at) {
  std::string yaml = "dsn:\n  ";
  for (const char c : with_canary(text, at))
    yaml += c == '\n' ? "\n  " : std::string{c};
  try_section(yaml);
}

void try_text(const DsnReference& reference, std::string_view text) {
  if (const auto dsn = resolve(reference))
    check_secrets(*dsn, text);
}

std::string plain(std::string_view text) {
  std::string result;
  for (const char c : text)
    result += static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
  return result + "x";
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const unsigned byte = static_cast<unsigned char>(c);
    if ((byte | 0x20U) - 'a' < 26U || byte == '-')
      result += c;
    else
      result += {'%', digits[byte / 16], digits[byte % 16]};
  }
  return result;
}

// The password as it is, and as it ends up in the text.
struct Password {
  std::string value;
  std::string spelt;
  bool is_spelt_well;
};

void try_composed(const DsnReference& reference, std::string_view text, const Password& password) {
  const auto dsn = resolve(reference);
  claim(dsn || !password.is_spelt_well, "a password that is spelt well is taken");
  if (!dsn)
    return;
  check_secrets(*dsn, text);
  check_place_of_canary(*dsn);
  if (!password.is_spelt_well)
    return;
  const auto given =
      std::ranges::find(dsn->options, "password", &config::ConnectionOption::keyword);
  claim(given != dsn->options.end() && given->value.reveal() == password.value,
        "a password that is spelt well is taken as it is");
  const config::Redactor redactor(dsn->secrets);
  check_redacted(redactor, "<" + password.value + ">", password.value);
  if (text.starts_with("postgresql://"))  // as libpq reads it, and may repeat it
    check_redacted(redactor, "<" + password.spelt + ">", password.spelt);
}

std::string without_nul(std::string text) {
  std::erase(text, '\0');
  return text;
}

// A user's password with any characters, encoded or not. Where it is not, a question mark would
// make the rest of it options that the writer named, which is what libpq takes them for.
void try_uri(Variable& variable, fuzz::Input input, std::size_t at, bool is_encoded) {
  const auto user = plain(input.text());
  const auto host = plain(input.text());
  const auto value = without_nul(with_canary(input.text(), at));
  if (!is_encoded && fuzz::has(value, "?"))
    return;
  const Password password{value, is_encoded ? percent_encoded(value) : value, is_encoded};
  const auto uri = "postgresql://" + user + ':' + password.spelt + '@' + host + "/lab";
  try_composed(variable.set(uri), uri, password);
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text)
    result += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return result + '\'';
}

// The same in the other form. Without quotes, an equals sign would make the rest of it options.
void try_keywords(Variable& variable, fuzz::Input input, std::size_t at, bool is_quoted) {
  const auto host = plain(input.text());
  const auto value = without_nul(with_canary(input.text(), at));
  if (!is_quoted && fuzz::has(value, "="))
    return;
  const Password password{value, is_quoted ? in_quotes(value) : value, is_quoted};
  const auto text = "host=" + host + " password=" + password.spelt + " dbname=lab";
  try_composed(variable.set(text), text, password);
}

// What is to come of a redacted text, found the simple way: byte by byte.
std::string redacted_simply(const std::vector<config::Secret>& secrets, std::string_view text) {
  std::vector<bool> is_hidden(text.size());
  for (const auto& secret : secrets) {
    const auto& value = secret.reveal();
    if (value.size() < config::Redactor::shortest)
      continue;
    for (std::size_t at = 0; at + value.size() <= text.size(); ++at)
      if (text.substr(at, value.size()) == value)
        std::fill_n(is_hidden.begin() + static_cast<std::ptrdiff_t>(at), value.size(), true);
  }
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_hidden[i])
      result += text[i];
    else if (i == 0 || !is_hidden[i - 1])
      result += "[redacted]";
  }
  return result;
}

void try_redactor(fuzz::Input input) {
  std::vector<config::Secret> secrets;
  while (!input.rest().empty() && secrets.size() < 8)
    secrets.emplace_back(std::string(input.text()));
  std::string text(input.rest());
  for (std::size_t i = 0; i < secrets.size(); ++i)
    text += secrets[i].reveal() + secrets[secrets.size() - 1 - i].reveal();
  const config::Redactor redactor(secrets);
  claim(redactor.redact(text) == redacted_simply(secrets, text),
        "every byte of an occurrence is taken out, and no other");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Variable variable;
  static const File file;
  fuzz::Input input(data, size);
  const unsigned kind = input.number<std::uint8_t>();
  const std::size_t at = input.number<std::uint8_t>();
  // What else is in the input must not look like what was hidden.
  if (fuzz::has(input.rest(), fuzz::canary))
    return 0;
  const auto text = std::string(input.rest());
  switch (kind % 9) {
    case 0:
      try_flow_section(text, at);
      break;
    case 1:
      try_block_section(text, at);
      break;
    case 2: {
      const auto hidden = without_nul(with_canary(text, at));
      try_text(variable.set(hidden), hidden);
      break;
    }
    case 3: {
      const auto hidden = with_canary(text, at);
      static constexpr std::array<mode_t, 4> modes{0600, 0640, 0604, 0660};
      try_text(file.set(hidden, modes[at % modes.size()]), hidden);
      break;
    }
    case 4:
    case 5:
      try_uri(variable, input, at, kind % 9 == 4);
      break;
    case 6:
    case 7:
      try_keywords(variable, input, at, kind % 9 == 6);
      break;
    default:
      try_redactor(input);
  }
  return 0;
}
