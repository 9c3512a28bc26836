// Others plant things in the database.
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

}  // namespace
}  // namespace hwlab::test
