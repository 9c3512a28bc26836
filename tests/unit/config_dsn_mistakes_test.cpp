// Does each mistake about a DSN end in a sentence that names the place and shows nothing of the
// DSN?
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "config/dsn_reference.h"
#include "config_dsn_fixture.h"

namespace hwlab::config {
namespace {

using DsnMistakes = DsnTest;

TEST_F(DsnMistakes, AVariableThatIsNotSetIsNamed) {
  EXPECT_EQ(
      error_of({.kind = DsnReference::Kind::environment, .name = variable}),
      "dsn.env: HWLAB_CONFIG_TEST_DSN is not set; set this environment variable to the DSN before "
      "the daemon starts, or name a file that holds it by dsn.file");
}

TEST_F(DsnMistakes, AnEmptyTextIsNoDsn) {
  for (const auto* text : {"", " ", "\n"})
    EXPECT_EQ(error_of_text(text),
              "dsn.env: HWLAB_CONFIG_TEST_DSN is empty; expected a DSN such as "
              "postgresql://user@host/database");
  const auto path = file("\n");
  EXPECT_EQ(
      error_of_file(path),
      "dsn.file: " + path + " is empty; expected a DSN such as postgresql://user@host/database");
}

TEST_F(DsnMistakes, AFileMustBeThere) {
  const auto path = (folder_ / "none").string();
  EXPECT_EQ(
      error_of_file(path),
      "dsn.file: " + path +
          " cannot be opened (No such file or directory); expected a file that holds the DSN and "
          "that the user of this process may read");
}

TEST_F(DsnMistakes, APathMustBeAbsolute) {
  EXPECT_EQ(error_of_file("dsn.txt"),
            "dsn.file: expected an absolute path without control characters");
  EXPECT_EQ(error_of_file(""), "dsn.file: expected an absolute path without control characters");
}

TEST_F(DsnMistakes, AFifoOrAFolderIsRefusedWithoutWaiting) {
  const auto fifo = (folder_ / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const auto& path : {fifo, folder_.string(), std::string("/dev/zero")})
    EXPECT_EQ(error_of_file(path),
              "dsn.file: " + path + " is no regular file; expected one that holds the DSN");
}

TEST_F(DsnMistakes, AFileThatOthersCanChangeIsRefused) {
  for (const mode_t mode : {mode_t{0620}, mode_t{0602}, mode_t{0666}}) {
    const auto path = file("host=db", mode);
    EXPECT_EQ(
        error_of_file(path),
        "dsn.file: " + path + " can be changed by others than its owner; run chmod go-w " + path);
  }
}

// Whoever owns it could change it, whatever its mode is at the moment. Root can change everything.
TEST_F(DsnMistakes, AFileOfAnotherUserIsRefused) {
  constexpr uid_t daemon = 1000;
  const auto fault_of = [&](uid_t owner) -> std::string {
    struct stat status {};
    status.st_mode = S_IFREG | 0600;
    status.st_uid = owner;
    DsnText dsn{.text = {}, .source = "dsn.file: /run/dsn", .warnings = {}};
    try {
      check_file_status(status, daemon, "/run/dsn", dsn);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(fault_of(daemon), "none");
  EXPECT_EQ(fault_of(0), "none");
  EXPECT_EQ(fault_of(1001),
            "dsn.file: /run/dsn belongs to user 1001, who could change it; run chown root "
            "/run/dsn, or make the user of this process its owner");
}

// A link may lead anywhere; what counts is the file at its end.
TEST_F(DsnMistakes, ALinkToAWrongFileIsRefused) {
  const auto link = (folder_ / "link").string();
  std::filesystem::create_symlink(file("host=db", 0602), link);
  EXPECT_EQ(
      error_of_file(link),
      "dsn.file: " + link + " can be changed by others than its owner; run chmod go-w " + link);
  std::filesystem::remove(link);
  std::filesystem::create_symlink("/dev/null", link);
  EXPECT_EQ(error_of_file(link),
            "dsn.file: " + link + " is no regular file; expected one that holds the DSN");
  std::filesystem::remove(link);
  std::filesystem::create_symlink(link, link);
  EXPECT_NE(error_of_file(link).find("cannot be opened"), std::string::npos);
}

TEST_F(DsnMistakes, AFileBeyondSixtyFourKibibytesIsRefused) {
  const auto path = file(std::string((64U << 10) + 1, 'x'));
  EXPECT_EQ(error_of_file(path),
            "dsn.file: " + path +
                " is larger than 64 KiB; expected a file that holds the DSN and nothing else");
  // One whose size is not known beforehand.
  EXPECT_NE(error_of_file("/proc/kallsyms"), "no error");
}

TEST_F(DsnMistakes, ANulByteIsRefused) {
  const auto path = file(std::string("host=db\0password=canary", 23));
  EXPECT_EQ(error_of_file(path),
            "dsn.file: " + path + " holds a NUL byte; expected a DSN, which is text");
}

struct BadDsn {
  const char* text;
  const char* sentence;  // after the name of the variable
};

#define INVALID " holds no valid DSN: "
#define WRONG " holds a DSN whose option "
#define URI                                                                                       \
  "the URI cannot be read; expected postgresql://user:password@host:port/database?option=value, " \
  "where special characters of a name or a password are percent-encoded (@ as %40, / as %2F, % "  \
  "as %25)"
#define STRAY                                                                                 \
  " holds a URI with an @ too many; expected one, between password and host: in a name or a " \
  "password write %40 for @ and %2F for /"
#define NO_EQUALS                                                                                  \
  "a name without = stands in it; expected keyword=value pairs, where a value with spaces stands " \
  "in single quotes"

constexpr BadDsn bad_dsns[] = {
    {"canary-7",
     INVALID "expected postgresql://user:password@host:port/database or keyword=value pairs"},
    {"mysql://lab:canary-7@db/lab", INVALID "expected a URI that begins with postgresql://"},
    {"host=db password=half canary-7", INVALID NO_EQUALS},
    {"host=db password='canary-7", INVALID
     "a value begins with a single quote and does not end with one; within quotes write \\' for ' "
     "and \\\\ for \\"},
    {"host=db pasword=canary-7",
     INVALID "it sets an option that libpq does not know; did you mean password?"},
    {"host=db password=half canary-7=x", INVALID "it sets an option that libpq does not know"},
    {"postgresql://lab:canary-7%zz@db/lab", INVALID URI},
    {"postgresql://lab:canary-7%00@db/lab", INVALID URI},
    {"postgresql://lab:canary-7@[::1/lab", INVALID URI},
    {"postgresql://lab:canary-7@db/lab?sslmod=require",
     INVALID "it sets an option that libpq does not know; did you mean sslmode?"},
    {"postgresql://lab:canary-7@db/lab?sslmode", INVALID URI},
    {"postgresql://lab:half@canary-7@db/lab", STRAY},
    {"postgresql://lab:12/canary-7@db/lab", STRAY},
    {"postgresql://lab:x@db:canary-7/lab",
     WRONG "port is wrong; expected a number from 1 to 65535, or one for each host with commas "
           "between them"},
    {"host=db port=70000 password=canary-7",
     WRONG "port is wrong; expected a number from 1 to 65535, or one for each host with commas "
           "between them"},
    {"host=db port=0", WRONG "port is wrong; expected a number from 1 to 65535, or one for each "
                             "host with commas between them"},
    {"host=db sslmode=canary-7", WRONG
     "sslmode is wrong; expected one of disable, allow, prefer, require, verify-ca, verify-full"},
    {"host=db connect_timeout=canary-7", WRONG "connect_timeout is wrong; expected a whole number"},
    {"host=db target_session_attrs=canary-7", WRONG
     "target_session_attrs is wrong; expected one of any, read-write, read-only, primary, standby, "
     "prefer-standby"},
    {"host=db gssencmode=canary-7",
     WRONG "gssencmode is wrong; expected one of disable, prefer, require"},
    {"host=postgresql://lab:canary-7@db/lab",
     WRONG "host is wrong; expected names, addresses or directories of hosts, not a URI"},
    {"dbname=postgresql://lab:canary-7@db/lab",
     WRONG "dbname is wrong; expected the name of a database, not another DSN"},
    {"dbname='host=db password=canary-7'",
     WRONG "dbname is wrong; expected the name of a database, not another DSN"},
    {"host=db replication=database", WRONG
     "replication is wrong; expected nothing: conversations cannot be stored through a replication "
     "connection"},
};

TEST_F(DsnMistakes, ATextThatIsNoDsnGetsItsSentence) {
  for (const auto& bad : bad_dsns) {
    const auto error = error_of_text(bad.text);
    EXPECT_EQ(error, "dsn.env: HWLAB_CONFIG_TEST_DSN" + std::string(bad.sentence)) << bad.text;
    EXPECT_EQ(error.find("canary"), std::string::npos) << bad.text;
  }
}

TEST_F(DsnMistakes, NoPieceOfAPasswordIsShownWhereverItIsPut) {
  const char* const frames[] = {"%",
                                "host=db password=%",
                                "host=db password='%",
                                "host=db password=a %",
                                "host=db %=a",
                                "host=db port=%",
                                "% host=db",
                                "postgresql://%",
                                "postgresql://lab:%@db/lab",
                                "postgresql://lab:%@@db/lab",
                                "postgresql://lab:%/@db/lab",
                                "postgresql://lab:a@db/lab?%",
                                "postgresql://lab:a@db/lab?%=a",
                                "postgresql://lab:a@db/lab?port=%",
                                "postgresql://[%"};
  const char* const canaries[] = {"canary",  "'canary",  "canary=",  "can%ary",
                                  "ca nary", "\\canary", "canary%2", "canary@x"};
  for (const std::string frame : frames) {
    for (const std::string canary : canaries) {
      auto text = frame;
      text.replace(text.find('%'), 1, canary);
      const auto error = error_of_text(text);
      EXPECT_EQ(error.find("ary"), std::string::npos) << text << "\n" << error;
    }
  }
}

}  // namespace
}  // namespace hwlab::config
