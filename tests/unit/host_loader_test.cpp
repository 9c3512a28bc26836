// Which files does the loader refuse, and does it so before they can do harm?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>
#include <vector>

#include "host_support.h"

namespace hwlab::test {
namespace {

namespace fs = std::filesystem;
using host::Plugin;
using host::Refusal;
using testing::Contains;
using testing::HasSubstr;

std::optional<Refusal> refusal_of(const fs::path& path) {
  try {
    (void)Plugin::open(path);
  } catch (const host::PluginFileError& error) {
    EXPECT_EQ(error.status(), HWLAB_CONFIG);
    EXPECT_NE(error.what(), std::string());
    return error.kind();
  }
  return std::nullopt;
}

class Loader : public testing::Test {
 protected:
  Loader() { fs::copy_file(FAKE_PLUGIN, copy_); }

  TemporaryFolder folder_;
  fs::path copy_ = folder_.path() / "fake.so";
};

TEST_F(Loader, OpensAPluginWithoutCallingItAndReadsItsDescriptor) {
  const auto plugin = Plugin::open(FAKE_PLUGIN);
  EXPECT_EQ(plugin.name(), "fake");
  EXPECT_EQ(plugin.version(), "1.2.3");
  EXPECT_EQ(plugin.description(), "a plugin of tests");
  EXPECT_EQ(plugin.config_schema(), R"({"type": "object"})");
  EXPECT_EQ(plugin.abi_minor(), 0U);
  EXPECT_FALSE(plugin.is_loaded());
}

TEST_F(Loader, RefusesARelativePath) {
  EXPECT_EQ(refusal_of("fake.so"), Refusal::relative_path);
  EXPECT_EQ(refusal_of("./fake.so"), Refusal::relative_path);
  EXPECT_EQ(refusal_of(""), Refusal::relative_path);
}

TEST_F(Loader, RefusesAMissingFile) {
  EXPECT_EQ(refusal_of(folder_.path() / "none.so"), Refusal::missing);
  EXPECT_EQ(refusal_of(copy_ / "below-a-file.so"), Refusal::missing);
}

TEST_F(Loader, RefusesWhatIsNoRegularFile) {
  EXPECT_EQ(refusal_of(folder_.path()), Refusal::not_a_regular_file);
  const auto pipe = folder_.path() / "pipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refusal_of(pipe), Refusal::not_a_regular_file);
}

TEST_F(Loader, RefusesAFileThatOthersMayWrite) {
  fs::permissions(copy_, fs::perms(0757));
  EXPECT_EQ(refusal_of(copy_), Refusal::writable_by_others);
}

TEST_F(Loader, RefusesAFolderOnTheWayThatOthersMayWrite) {
  const auto open = folder_.path() / "open";
  fs::create_directories(open / "closed");
  fs::rename(copy_, open / "closed" / "fake.so");
  ASSERT_FALSE(refusal_of(open / "closed" / "fake.so"));
  fs::permissions(open, fs::perms(0777));
  EXPECT_EQ(refusal_of(open / "closed" / "fake.so"), Refusal::writable_by_others);
}

TEST_F(Loader, AcceptsAStickyFolderSinceOthersCannotReplaceOurEntriesThere) {
  fs::permissions(folder_.path(), fs::perms(01777));
  EXPECT_FALSE(refusal_of(copy_));
}

TEST_F(Loader, RefusesAFileOfAForeignGroupThatMayWriteIt) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give files away";
  }
  fs::permissions(copy_, fs::perms(0775));
  EXPECT_FALSE(refusal_of(copy_)) << "root's group is as good as root";
  ASSERT_EQ(::chown(copy_.c_str(), 0, 65534), 0);
  EXPECT_EQ(refusal_of(copy_), Refusal::writable_by_others);
}

TEST_F(Loader, RefusesAFileOfAnotherUser) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give files away";
  }
  ASSERT_EQ(::chown(copy_.c_str(), 65534, 0), 0);
  EXPECT_EQ(refusal_of(copy_), Refusal::foreign_owner);
}

TEST_F(Loader, FollowsALinkAndKnowsTheFileByItsCanonicalPath) {
  const auto link = folder_.path() / "link.so";
  fs::create_symlink("./../" / folder_.path().filename() / "fake.so", link);
  EXPECT_EQ(Plugin::open(link).path(), fs::canonical(copy_));
}

TEST_F(Loader, RefusesALinkIntoAFolderThatOthersMayWrite) {
  const auto open = folder_.path() / "open";
  fs::create_directory(open);
  fs::permissions(open, fs::perms(0777));
  fs::rename(copy_, open / "fake.so");
  const auto link = folder_.path() / "link.so";
  fs::create_symlink(open / "fake.so", link);
  EXPECT_EQ(refusal_of(link), Refusal::writable_by_others);
}

TEST_F(Loader, RefusesALinkThatStandsInAFolderThatOthersMayWrite) {
  const auto open = folder_.path() / "open";
  fs::create_directory(open);
  fs::create_symlink(copy_, open / "link.so");
  fs::permissions(open, fs::perms(0777));
  EXPECT_EQ(refusal_of(open / "link.so"), Refusal::writable_by_others);
}

TEST_F(Loader, RefusesALoopOfLinks) {
  fs::create_symlink("b.so", folder_.path() / "a.so");
  fs::create_symlink("a.so", folder_.path() / "b.so");
  EXPECT_EQ(refusal_of(folder_.path() / "a.so"), Refusal::missing);
}

TEST_F(Loader, RefusesWhatIsNoLibrary) {
  write_file(folder_.path() / "text.so", "not a library");
  EXPECT_EQ(refusal_of(folder_.path() / "text.so"), Refusal::not_loadable);
}

TEST_F(Loader, RefusesALibraryThatIsNoPluginOfOurs) {
  EXPECT_EQ(refusal_of(FAKE_PLUGIN_NO_SYMBOL), Refusal::no_descriptor);
  EXPECT_EQ(refusal_of(FAKE_PLUGIN_WRONG_MAGIC), Refusal::wrong_magic);
}

TEST_F(Loader, RefusesADescriptorThatIsTooShortOrHasHoles) {
  EXPECT_EQ(refusal_of(FAKE_PLUGIN_TRUNCATED), Refusal::truncated_descriptor);
  EXPECT_EQ(refusal_of(FAKE_PLUGIN_INCOMPLETE), Refusal::incomplete_descriptor);
}

TEST_F(Loader, RefusesAPluginThatNeedsALaterHost) {
  EXPECT_EQ(refusal_of(FAKE_PLUGIN_FOR_LATER_HOST), Refusal::host_too_old);
}

TEST_F(Loader, SaysWhenTheFileWasReplacedAfterItWasLoaded) {
  EXPECT_FALSE(Plugin::open(copy_).is_replaced());
  EXPECT_FALSE(Plugin::open(copy_).is_replaced()) << "the same file again";
  const auto next = folder_.path() / "next.so";
  fs::copy_file(FAKE_PLUGIN, next);
  fs::rename(next, copy_);
  auto plugin = Plugin::open(copy_);
  EXPECT_TRUE(plugin.is_replaced());
  std::vector<std::string> lines;
  host::HostServices services;
  services.log = [&](host::LogLevel, std::string_view line) { lines.emplace_back(line); };
  plugin.load(std::move(services));
  EXPECT_THAT(lines, Contains(HasSubstr("was replaced")));
}

TEST_F(Loader, GivesTwoInstancesOfOneFileTheirOwnHooks) {
  const auto first = load_fake();
  const auto second = load_fake();
  const auto id = first.conversation_store().create_conversation().id;
  EXPECT_EQ(first.conversation_store().get_conversation({id}).conversation().id, id);
  const auto error = error_of([&] { (void)second.conversation_store().get_conversation({id}); });
  EXPECT_EQ(error.status(), HWLAB_NOT_FOUND);
}

TEST_F(Loader, IsMovedWithItsInstance) {
  auto first = load_fake();
  auto second = std::move(first);
  EXPECT_TRUE(second.is_loaded());
  second = load_fake();
  EXPECT_TRUE(second.offers(HWLAB_CONVERSATION_STORE));
}

}  // namespace
}  // namespace hwlab::test
