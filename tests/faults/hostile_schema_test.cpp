// Others plant things in the database.
#include "tests/faults/fault_fixture.h"

namespace hwlab::test {
namespace {

using namespace std::chrono_literals;

class HostileSchema : public FaultTest {
 protected:
  // Functions and operators of the names that statements use, which leave a trace; and a search
  // path that finds them first, for everybody.
  void plant_traps(const std::string& schema) const {
    database_.run(
        "create table trapped (what text); "
        "create function " +
        schema +
        ".statement_timestamp() returns timestamptz language plpgsql as $$ begin insert into "
        "public.trapped values ('statement_timestamp'); return timestamptz '1999-01-01'; end $$; "
        "create function " +
        schema +
        ".floor(numeric) returns numeric language plpgsql as $$ begin insert into public.trapped "
        "values ('floor'); return 0; end $$; "
        "create function " +
        schema +
        ".plus(bigint, bigint) returns bigint language plpgsql as $$ begin insert into "
        "public.trapped values ('+'); return 666; end $$; "
        "create operator " +
        schema + ".+ (leftarg = bigint, rightarg = bigint, function = " + schema +
        ".plus); "
        "create function " +
        schema +
        ".same(uuid, uuid) returns boolean language plpgsql as $$ begin insert into "
        "public.trapped values ('='); return true; end $$; "
        "create operator " +
        schema + ".= (leftarg = uuid, rightarg = uuid, function = " + schema +
        ".same); "
        "alter database " +
        database_.name() + " set search_path = " + schema + ", pg_catalog, public");
  }

  Database database_;
};

TEST_F(HostileSchema, OfPlantedFunctionsAndOperatorsIsNotEntered) {
  database_.run("create schema planted");
  plant_traps("planted");
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
