// Does every failure of a statement lead to the right next step?
#include <gtest/gtest.h>

#include <string>

#include "store/classify.h"

namespace hwlab::store {
namespace {

struct Case {
  const char* what;
  Facts facts;
  Next next;
  Kind kind;
};

class Classify : public testing::TestWithParam<Case> {};

TEST_P(Classify, SaysWhatToDoNext) {
  const Judgement judgement = classify(GetParam().facts);
  EXPECT_EQ(judgement.next, GetParam().next);
  EXPECT_EQ(judgement.kind, GetParam().kind);
}

constexpr Case cases[] = {
    {"LostConnection", {false, Thrown::broken_connection, ""}, Next::look_up, Kind::unavailable},
    {"LostDuringCommit", {true, Thrown::in_doubt, ""}, Next::look_up, Kind::unavailable},
    // libpqxx 6 reports the loss of a half-dead connection so.
    {"SqlErrorWithoutState", {true, Thrown::sql_error, ""}, Next::look_up, Kind::unavailable},
    // The commit may have been done before the session was told to end.
    {"AdminShutdown", {false, Thrown::sql_error, "57P01"}, Next::look_up, Kind::unavailable},
    {"AdminShutdownOpen", {true, Thrown::sql_error, "57P01"}, Next::look_up, Kind::unavailable},
    {"CrashShutdown", {true, Thrown::sql_error, "57P02"}, Next::look_up, Kind::unavailable},
    {"ConnectionFailure", {true, Thrown::sql_error, "08006"}, Next::look_up, Kind::unavailable},
    {"PoolerError", {true, Thrown::sql_error, "08P01"}, Next::look_up, Kind::unavailable},
    // Derives from the retryable rollback in libpqxx, and must not be taken for it.
    {"CompletionUnknown",
     {true, Thrown::completion_unknown, "40003"},
     Next::look_up,
     Kind::unavailable},
    {"SerializationFailure", {true, Thrown::rollback, "40001"}, Next::repeat, Kind::timeout},
    {"DeadlockDetected", {true, Thrown::rollback, "40P01"}, Next::repeat, Kind::timeout},
    {"RollbackWithoutState", {true, Thrown::rollback, ""}, Next::repeat, Kind::timeout},
    {"RollbackOfALostOne", {false, Thrown::rollback, "40001"}, Next::look_up, Kind::unavailable},
    {"LockNotAvailable", {true, Thrown::sql_error, "55P03"}, Next::repeat, Kind::timeout},
    {"StatementTimeout", {true, Thrown::sql_error, "57014"}, Next::repeat, Kind::timeout},
    {"ReadOnly", {true, Thrown::sql_error, "25006"}, Next::reconnect, Kind::unavailable},
    {"DiskFull", {true, Thrown::sql_error, "53100"}, Next::repeat, Kind::unavailable},
    {"TooManyConnections", {true, Thrown::sql_error, "53300"}, Next::repeat, Kind::unavailable},
    {"UniqueViolation", {true, Thrown::sql_error, "23505"}, Next::collided, Kind::conflict},
    {"ForeignKey", {true, Thrown::sql_error, "23503"}, Next::fail, Kind::not_found},
    {"CheckViolation", {true, Thrown::sql_error, "23514"}, Next::fail, Kind::invalid},
    {"BadJson", {true, Thrown::sql_error, "22P02"}, Next::fail, Kind::invalid},
    {"TooLarge", {true, Thrown::sql_error, "54000"}, Next::fail, Kind::invalid},
    {"WrongPassword", {true, Thrown::sql_error, "28P01"}, Next::fail, Kind::permission},
    {"NotGranted", {true, Thrown::sql_error, "42501"}, Next::fail, Kind::permission},
    {"NoTable", {true, Thrown::sql_error, "42P01"}, Next::fail, Kind::config},
    {"NoColumn", {true, Thrown::sql_error, "42703"}, Next::fail, Kind::config},
    {"NoSchema", {true, Thrown::sql_error, "3F000"}, Next::fail, Kind::config},
    {"NoDatabase", {true, Thrown::sql_error, "3D000"}, Next::fail, Kind::config},
    {"NotPrepared", {true, Thrown::sql_error, "26000"}, Next::unprepared, Kind::unavailable},
    {"PreparedTwice", {true, Thrown::sql_error, "42P05"}, Next::unprepared, Kind::unavailable},
    {"SyntaxError", {true, Thrown::sql_error, "42601"}, Next::fail, Kind::internal},
    {"InternalError", {true, Thrown::sql_error, "XX000"}, Next::fail, Kind::internal},
    {"Misuse", {true, Thrown::usage, ""}, Next::fail, Kind::internal},
};

INSTANTIATE_TEST_SUITE_P(Failures, Classify, testing::ValuesIn(cases),
                         [](const auto& test) { return std::string(test.param.what); });

TEST(Judgement, KeepsAConnectionOnlyWhenItIsInAKnownState) {
  EXPECT_TRUE((Judgement{Next::fail, Kind::invalid}).keeps_connection());
  EXPECT_TRUE((Judgement{Next::collided, Kind::conflict}).keeps_connection());
  EXPECT_TRUE((Judgement{Next::repeat, Kind::timeout}).keeps_connection());
  EXPECT_FALSE((Judgement{Next::look_up, Kind::unavailable}).keeps_connection());
  EXPECT_FALSE((Judgement{Next::reconnect, Kind::unavailable}).keeps_connection());
}

TEST(SentenceFor, NamesTheCauseAndNeverIsEmpty) {
  EXPECT_NE(sentence_for("53100", Kind::unavailable).find("disk"), std::string_view::npos);
  EXPECT_NE(sentence_for("42P01", Kind::config).find("hwlab-host migrate"), std::string_view::npos);
  EXPECT_FALSE(sentence_for("", Kind::unavailable).empty());
  EXPECT_FALSE(sentence_for("XX000", Kind::internal).empty());
}

}  // namespace
}  // namespace hwlab::store
