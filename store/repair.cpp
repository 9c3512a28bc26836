#include "store/repair.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "store/attempts.h"
#include "store/embedded_sql.h"
#include "store/error.h"
#include "store/statements.h"

namespace hwlab::store {
namespace {

constexpr std::string_view before_all_ids = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view at_once = "200";  // conversations that one statement looks at
constexpr std::string_view lock_patience_ms = "2000";

class Repair {
 public:
  Repair(Pool& pool, const std::string& schema_name, Deadline deadline)
      : pool_(pool),
        deadline_(deadline),
        look_(in_schema(sql::repair_look, schema_name)),
        lock_(in_schema(sql::repair_lock, schema_name)),
        number_messages_(in_schema(sql::repair_messages, schema_name)),
        count_(in_schema(sql::repair_conversation, schema_name)) {}

  Repaired run() {
    std::string last(before_all_ids);
    try {
      while (examine_beyond(last)) {
      }
    } catch (const Error& error) {
      if (error.kind() == Kind::stopped || !deadline_.passed())
        throw;
      throw Error(Kind::timeout,
                  std::to_string(done_.examined) + " conversations were examined and " +
                      std::to_string(done_.mended) +
                      " of them mended by the deadline: repeat it with a longer one");
    }
    return done_;
  }

 private:
  // Not for longer than there is time; a long thread takes longer to read than an ordinary call
  // may.
  void set_limits(pqxx::transaction_base& transaction) const {
    bridge::run_text(
        transaction,
        "select pg_catalog.set_config('statement_timeout', $1, true), "
        "pg_catalog.set_config('lock_timeout', $2, true)",
        {std::to_string(std::max<std::int64_t>(deadline_.left().count(), 1)), lock_patience_ms});
  }

  // False: there is none beyond.
  bool examine_beyond(std::string& last) {
    const pqxx::result page = look_beyond(last);
    for (const auto& row : page) {
      last = row[0].c_str();
      if (row[1].as<bool>() && mend(last))
        ++done_.mended;
      ++done_.examined;
    }
    return !page.empty();
  }

  pqxx::result look_beyond(const std::string& last) {
    return repeat_until(deadline_, pool_, [&](Session& session) {
      // Not a result: to make an empty one needs memory, and libpqxx 6 ends the process without.
      std::optional<pqxx::result> page;
      session.in_transaction([&](pqxx::transaction_base& transaction) {
        set_limits(transaction);
        page = bridge::run_text(transaction, look_, {last, at_once});
      });
      return std::move(page).value();
    });
  }

  // False: it is gone.
  bool mend(const std::string& conversation) {
    return repeat_until(deadline_, pool_, [&](Session& session) {
      bool there = false;
      session.in_transaction([&](pqxx::transaction_base& transaction) {
        set_limits(transaction);
        bridge::run_text(transaction, lock_, {conversation});
        bridge::run_text(transaction, number_messages_, {conversation});
        there = bridge::run_text(transaction, count_, {conversation}).affected_rows() > 0;
      });
      return there;
    });
  }

  Pool& pool_;
  const Deadline deadline_;
  const std::string look_;
  const std::string lock_;
  const std::string number_messages_;
  const std::string count_;
  Repaired done_;
};

}  // namespace

Repaired repair(Pool& pool, const std::string& schema_name, Deadline deadline) {
  return Repair(pool, schema_name, deadline).run();
}

}  // namespace hwlab::store
