// Is a DSN of several hosts tried host by host?
#include <gtest/gtest.h>

#include "store/hosts.h"

namespace hwlab::store {
namespace {

TEST(TargetsOf, LeavesASingleHostAsItIs) {
  const ConnectionOptions options = {{"host", "a"}, {"port", "1"}, {"dbname", "d"}};
  const auto targets = targets_of(options);
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].options, options);
  EXPECT_EQ(targets_of({}).size(), 1U);
}

TEST(TargetsOf, GivesEachHostItsOwnPort) {
  const auto targets = targets_of({{"host", "a,b"}, {"port", "1,2"}, {"user", "u"}});
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].options, (ConnectionOptions{{"host", "a"}, {"port", "1"}, {"user", "u"}}));
  EXPECT_EQ(targets[1].options, (ConnectionOptions{{"host", "b"}, {"port", "2"}, {"user", "u"}}));
  EXPECT_NE(targets[0].name, targets[1].name);
}

TEST(TargetsOf, GivesOnePortToAllHosts) {
  const auto targets = targets_of({{"port", "5433"}, {"host", "a,b,c"}});
  ASSERT_EQ(targets.size(), 3U);
  EXPECT_EQ(targets[2].options, (ConnectionOptions{{"port", "5433"}, {"host", "c"}}));
}

TEST(TargetsOf, KeepsHostsTogetherThatOnlyLibpqCanChooseFrom) {
  EXPECT_EQ(targets_of({{"host", "a,b"}, {"target_session_attrs", "prefer-standby"}}).size(), 1U);
  EXPECT_EQ(targets_of({{"host", "a,b"}, {"target_session_attrs", "read-write"}}).size(), 2U);
}

TEST(TargetsOf, LeavesListsOfDifferentLengthToLibpq) {
  const ConnectionOptions options = {{"host", "a,b,c"}, {"port", "1,2"}};
  const auto targets = targets_of(options);
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].options, options);
}

}  // namespace
}  // namespace hwlab::store
