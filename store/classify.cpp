#include "store/classify.h"

#include <array>

namespace hwlab::store {
namespace {

struct Rule {
  std::string_view prefix;  // of an SQLSTATE; the first rule that fits counts
  Judgement judgement;
  std::string_view sentence;
};

constexpr std::string_view run_migrate =
    "the schema does not have what this version needs: run 'hwlab-host migrate'";
constexpr std::string_view not_granted =
    "the database refuses this role a right that is needed: see 'hwlab-host check'";
constexpr std::string_view short_of_resources =
    "the server is short of resources (disk, memory or connections)";
constexpr std::string_view not_taken = "the server does not accept a value of this request";

constexpr std::array rules = {
    Rule{"08", {Next::look_up, Kind::unavailable}, "the connection to the server was lost"},
    Rule{"57P", {Next::look_up, Kind::unavailable}, "the server is shutting down or starting up"},
    Rule{"40003", {Next::look_up, Kind::unavailable}, "the server cannot tell what became of it"},
    Rule{"40", {Next::repeat, Kind::timeout}, "others were in the way until the deadline"},
    Rule{"55P03", {Next::repeat, Kind::timeout}, "others held a lock until the deadline"},
    Rule{"57014", {Next::repeat, Kind::timeout}, "the server cancelled the statement"},
    Rule{"25006", {Next::reconnect, Kind::unavailable}, "the server is read-only: a standby?"},
    Rule{"53", {Next::repeat, Kind::unavailable}, short_of_resources},
    Rule{"23505", {Next::collided, Kind::conflict}, "the id is taken"},
    Rule{"23503", {Next::fail, Kind::not_found}, "no such conversation"},
    Rule{"23", {Next::fail, Kind::invalid}, "the table's constraints refuse this request"},
    Rule{"22", {Next::fail, Kind::invalid}, not_taken},
    Rule{"54", {Next::fail, Kind::invalid}, "the request is larger than the server can take"},
    Rule{"28", {Next::fail, Kind::permission}, "the server refuses the login"},
    Rule{"42501", {Next::fail, Kind::permission}, not_granted},
    Rule{"26000", {Next::unprepared, Kind::unavailable}, "prepared statements do not last here"},
    Rule{"42P05", {Next::unprepared, Kind::unavailable}, "prepared statements do not last here"},
    Rule{"42P01", {Next::fail, Kind::config}, run_migrate},
    Rule{"42703", {Next::fail, Kind::config}, run_migrate},
    Rule{"42883", {Next::fail, Kind::config}, run_migrate},
    Rule{"3F000", {Next::fail, Kind::config}, run_migrate},
    Rule{"3D000", {Next::fail, Kind::config}, "the database does not exist: create it first"},
};

const Rule* rule_for(std::string_view sqlstate) noexcept {
  for (const Rule& rule : rules)
    if (!sqlstate.empty() && sqlstate.starts_with(rule.prefix))
      return &rule;
  return nullptr;
}

}  // namespace

Judgement classify(const Facts& facts) noexcept {
  const Rule* rule = rule_for(facts.sqlstate);
  // A session that ended with its statement leaves the outcome open, whatever was said last: with
  // 57P01 the commit may have been done already. Only a refusal that cannot follow a commit is
  // believed.
  const bool lost = !facts.connection_open || facts.thrown == Thrown::broken_connection ||
                    facts.thrown == Thrown::in_doubt || facts.thrown == Thrown::completion_unknown;
  if (lost)
    return {Next::look_up, Kind::unavailable};
  if (rule != nullptr)
    return rule->judgement;
  if (facts.thrown == Thrown::rollback)
    return {Next::repeat, Kind::timeout};
  // libpqxx 6 reports the loss of a half-dead connection as an SQL error without a state.
  if (facts.thrown == Thrown::sql_error && facts.sqlstate.empty())
    return {Next::look_up, Kind::unavailable};
  return {Next::fail, Kind::internal};
}

std::string_view sentence_for(std::string_view sqlstate, Kind kind) noexcept {
  if (const Rule* rule = rule_for(sqlstate); rule != nullptr && rule->judgement.kind == kind)
    return rule->sentence;
  if (kind == Kind::unavailable)
    return "the connection to the server was lost";
  return "the server reported an error that is not expected here";
}

}  // namespace hwlab::store
