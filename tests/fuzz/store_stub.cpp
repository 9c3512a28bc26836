// A store::Store that has no database: it checks that what it is given is what the checks before it
// promise, and answers as it was told. Linked in place of store/store.cpp.
#include "tests/fuzz/store_stub.h"

#include <utf8.h>

#include <algorithm>
#include <array>
#include <set>

#include "store/cursor.h"
#include "store/store.h"
#include "tests/fuzz/target.h"

namespace hwlab::fuzz {
namespace {

unsigned answer_now = 0;

constexpr std::array kinds{store::Kind::invalid,     store::Kind::not_found,  store::Kind::conflict,
                           store::Kind::unavailable, store::Kind::overloaded, store::Kind::timeout,
                           store::Kind::permission,  store::Kind::stopped,    store::Kind::config,
                           store::Kind::internal};

// What a server may say: in another encoding, too long, with a password in it.
const std::array<std::string, 4> sentences{"the server says no",
                                           "l'authentification a \xE9"
                                           "chou\xE9"
                                           "e",
                                           std::string(478, 'x') + "\xE2\x82\xAC",
                                           "no entry for lab:never-shown@lab.invalid"};

}  // namespace

void set_answer(unsigned answer) {
  answer_now = answer;
}

bool has_words_of_others(unsigned answer) {
  return answer >= 100;
}

namespace {

// Below 100: all is well. Else an error of one of the kinds, in one of the sentences.
void maybe_fail(bool is_write = false) {
  if (answer_now < 100)
    return;
  const auto kind = kinds[answer_now % kinds.size()];
  const store::Error error(kind, sentences[answer_now % sentences.size()], "08006");
  if (answer_now >= 250 && is_write)
    throw store::Error::unknown_outcome(error);
  if (answer_now >= 245)
    throw std::bad_alloc();
  if (answer_now >= 240)
    throw std::runtime_error(std::string(canary));
  if (answer_now >= 235)
    throw 7;  // nothing that could be told
  throw error;
}

std::size_t count() {
  return answer_now % 4;
}

bool existed() {
  return answer_now % 2 == 1;
}

void check_text(std::string_view text, std::size_t most) {
  claim(utf8::is_valid(text.begin(), text.end()) && !has(text, std::string_view("\0", 1)) &&
            text.size() <= most,
        "the store is given UTF-8 without NUL, within the limits");
}

void check_metadata(const std::optional<std::string_view>& metadata) {
  if (metadata) {
    check_text(*metadata, 256);
    claim(has(*metadata, "{") && has(*metadata, "}"), "metadata is an object");
  }
}

void check_message(const store::NewMessage& message) {
  claim(message.role == "user" || message.role == "assistant" || message.role == "system",
        "a role is one of the three");
  check_text(message.content, 64);
  check_metadata(message.metadata);
  claim(!message.created_at || *message.created_at != 0, "a time that is given is none of zero");
}

store::Conversation some_conversation() {
  static const std::string id(36, 'a');
  store::Conversation conversation;
  conversation.id = id;
  conversation.model = existed() ? "model" : std::string_view();
  if (count() > 1)
    conversation.title = "";
  if (count() > 2)
    conversation.metadata = "{}";
  return conversation;
}

}  // namespace
}  // namespace hwlab::fuzz

namespace hwlab::store {

using fuzz::check_message;
using fuzz::check_metadata;
using fuzz::check_text;
using fuzz::claim;
using fuzz::count;
using fuzz::existed;
using fuzz::maybe_fail;

Store::Store(StoreOptions options, ConnectionSource source, Log log)
    : options_(std::move(options)), statements_(options_.schema_name), log_(std::move(log)) {
  source();  // as connecting would
}
Store::~Store() = default;
void Store::stop() {}
void Store::verify(Deadline /*deadline*/) {}

Created Store::create(const NewConversation& conversation, Deadline /*deadline*/) {
  check_text(conversation.model, 1024);
  check_text(conversation.title.value_or(""), 1024);
  check_metadata(conversation.metadata);
  maybe_fail(true);
  return {.started_at = 1, .existed = existed()};
}

Appended Store::append(const Append& unit, Deadline /*deadline*/) {
  claim(!unit.messages.empty() && unit.messages.size() <= 10'000, "there is something to append");
  claim(!unit.expected_seq || *unit.expected_seq >= 0, "an expected seq is one there can be");
  std::set<Uuid> ids;
  for (const auto& message : unit.messages) {
    check_message(message);
    claim(ids.insert(message.id).second, "ids differ");
  }
  maybe_fail(true);
  Appended appended;
  appended.existed = existed();
  for (std::size_t i = 0; i < unit.messages.size(); ++i)
    appended.messages.push_back({.seq = static_cast<std::int64_t>(i) + 1, .created_at = 1});
  return appended;
}

Thread Store::thread(const Uuid& /*conversation*/, const ThreadRange& range,
                     Deadline /*deadline*/) {
  claim(range.after_seq >= 0 && range.before_seq.value_or(1) > 0 && !(range.first && range.last),
        "a range is one there can be");
  maybe_fail();
  Thread thread;
  thread.conversation = fuzz::some_conversation();
  for (std::size_t i = 0; i < count(); ++i)
    thread.messages.push_back({.id = thread.conversation.id,
                               .role = "user",
                               .content = "",
                               .metadata = {},
                               .seq = static_cast<std::int64_t>(i) + 1,
                               .created_at = 1});
  thread.cut = existed() && !thread.messages.empty();
  return thread;
}

Listing Store::list(Order order, std::string_view cursor, std::uint32_t limit,
                    Deadline /*deadline*/) {
  check_text(cursor, 256);
  claim(limit >= 1 && limit <= 100, "a page is as long as it may be");
  if (!cursor.empty()) {
    const auto read = parse_cursor(cursor);
    if (!read || read->order != order)
      throw Error(Kind::invalid, "no cursor");
  }
  maybe_fail();
  Listing listing;
  listing.conversations.assign(count(), fuzz::some_conversation());
  if (existed())
    listing.next_cursor = to_text(Cursor{.order = order, .at = 1, .id = {}});
  return listing;
}

std::vector<Finding> Store::inspect(Deadline /*deadline*/) {
  maybe_fail();
  std::vector<Finding> findings(count());
  for (auto& finding : findings) {
    finding.name = "server";
    finding.value = fuzz::sentences[count()];
    finding.remedy = existed() ? fuzz::sentences[1] : "";
  }
  return findings;
}

Store::Migrated Store::migrate(Deadline /*deadline*/) {
  maybe_fail();
  Migrated migrated;
  for (const Migration& migration : embedded_migrations())
    if (migrated.applied.size() < count())
      migrated.applied.push_back(&migration);
  return migrated;
}

Repaired Store::repair(Deadline /*deadline*/) {
  maybe_fail();
  return {};
}

}  // namespace hwlab::store
