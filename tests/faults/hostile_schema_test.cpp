// Others plant things in the database.
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/fault_fixture.h"
#include "tests/faults/traps.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class HostileSchema : public FaultTest {
 protected:
  Database database_;
};

TEST_F(HostileSchema, OfPlantedFunctionsAndOperatorsIsNotEntered) {
  database_.run("create schema planted");
  database_.run(traps_in("planted", database_.name()));
  const auto plugin = load_plugin(database_.dsn());
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  EXPECT_EQ(store.add_message({conversation, {{}, "user", "x", {}, {}}, {}}, {20s}).seq, 1);
  EXPECT_EQ(
      store
          .append_messages(
              {conversation, {{{}, "user", "y", {}, {}}, {{}, "assistant", "z", {}, {}}}, 2 - 1},
              {20s})
          .messages[1]
          .seq,
      3);
  EXPECT_EQ(store.get_conversation({conversation, 0, 0, 0, 0}, {20s}).messages().size(), 3U);
  (void)store.list_conversations({}, {20s});
  // An earlier store's way in: by the trigger.
  database_.run(
      "set search_path = planted, public; insert into public.messages (conversation_id, role, "
      "content) values ('" +
      conversation + "', 'user', 'old')");
  EXPECT_EQ(database_.value("select count(*) from public.trapped"), "0")
      << database_.value("select string_agg(distinct what, ' ') from public.trapped");
  EXPECT_EQ(database_.value(
                "select pg_catalog.count(*) from public.messages where created_at < '2020-01-01'"),
            "0");
}

// Behind a pooler a session cannot ask for a search_path. PostgreSQL's own comes first then, and is
// passed over only for what fits better.
TEST_F(HostileSchema, OfBetterOperatorsIsNotEnteredWithoutASearchPathEither) {
  database_.run("create schema planted");
  database_.run(better_traps_in("planted"));
  const auto plugin = load_plugin(database_.dsn() + " options='-c search_path=planted'");
  const auto store = plugin.conversation_store();
  const auto conversation = store.create_conversation({}, {20s}).id;
  const auto other = store.create_conversation({}, {20s}).id;
  const std::string id = "6a4d1c0e-5f7b-4a39-9d3e-2b8f0c1d7e55";
  for (int i = 0; i < 2; ++i)  // the second time it is looked up
    EXPECT_EQ(store.add_message({conversation, {id, "user", "x", {}, {}}, {}}, {20s}).seq, 1);
  EXPECT_EQ(store
                .append_messages({conversation,
                                  {{{}, "user", "y", {}, hwlab::host::Time(5us)},
                                   {{}, "assistant", "z", {}, {}}},
                                  1},
                                 {20s})
                .messages[1]
                .seq,
            3);
  {
    std::vector<std::jthread> callers;  // who share statements
    for (int i = 0; i < 8; ++i)
      callers.emplace_back([&, i] {
        for (int n = 0; n < 10; ++n)
          (void)store.add_message(
              {i % 2 == 0 ? conversation : other, {{}, "user", "x", {}, {}}, {}}, {20s});
      });
  }
  EXPECT_EQ(store.get_conversation({conversation, 1, 0, 0, 5}, {20s}).messages().size(), 5U);
  EXPECT_EQ(store.get_conversation({conversation, 0, 0, 3, 0}, {20s}).messages().size(), 3U);
  for (const auto order : {hwlab::host::Order::started, hwlab::host::Order::active}) {
    const auto page = store.list_conversations({order, {}, 1}, {20s});
    EXPECT_EQ(store.list_conversations({order, page.next_cursor().value(), 1}, {20s})
                  .conversations()
                  .size(),
              1U);
  }
  database_.run("update conversations set message_count = 7");
  EXPECT_EQ(plugin.maintenance().repair({20s}).repaired, 2);
  EXPECT_EQ(database_.value("select count(*) from public.trapped"), "0")
      << database_.value("select string_agg(distinct what, '; ') from public.trapped");
}

}  // namespace
}  // namespace hwlab::test
