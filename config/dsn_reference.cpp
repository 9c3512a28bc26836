#include "config/dsn_reference.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "config/dsn_section.h"

namespace hwlab::config {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor(FileDescriptor&&) = delete;
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string because(int error) {
  return " (" + std::generic_category().message(error) + ')';
}

}  // namespace

void check_file_status(const struct stat& status, uid_t user, const std::string& path,
                       DsnText& dsn) {
  if (!S_ISREG(status.st_mode))
    throw Error(dsn.source + " is no regular file; expected one that holds the DSN");
  if (static_cast<std::size_t>(status.st_size) > longest_dsn)
    throw Error(dsn.source +
                " is larger than 64 KiB; expected a file that holds the DSN and nothing else");
  // So it does not matter who may write to the folder: what they put there is theirs.
  if (status.st_uid != 0 && status.st_uid != user)
    throw Error(dsn.source + " belongs to user " + std::to_string(status.st_uid) +
                ", who could change it; run chown root " + path +
                ", or make the user of this process its owner");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw Error(dsn.source + " can be changed by others than its owner; run chmod go-w " + path);
  if ((status.st_mode & S_IROTH) != 0)
    dsn.warnings.push_back(dsn.source +
                           " can be read by every user of this machine; run chmod o-r " + path);
}

namespace {

// One byte more than allowed, at most: the file may have grown since it was looked at.
std::string read_all(int fd, const std::string& source) {
  std::string text(longest_dsn + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      throw Error(source + " cannot be read" + because(errno));
    if (got == 0)
      break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

void read_file(const std::string& path, DsnText& dsn) {
  if (!is_absolute_path(path))
    throw Error(dsn.source + "dsn.file: expected an absolute path without control characters");
  dsn.source += "dsn.file: " + path;
  // O_NONBLOCK: opening a FIFO would otherwise wait for its writer, perhaps for ever.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0)
    throw Error(dsn.source + " cannot be opened" + because(errno) +
                "; expected a file that holds the DSN and that the user of this process may read");
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    throw Error(dsn.source + " cannot be examined" + because(errno));
  check_file_status(status, ::geteuid(), path, dsn);
  dsn.text = read_all(fd.get(), dsn.source);
  if (dsn.text.size() > longest_dsn)
    throw Error(dsn.source +
                " is larger than 64 KiB; expected a file that holds the DSN and nothing else");
  if (dsn.text.ends_with('\n'))
    dsn.text.resize(dsn.text.size() - (dsn.text.ends_with("\r\n") ? 2 : 1));
}

void read_variable(const std::string& name, DsnText& dsn) {
  if (!is_variable_name(name))
    throw Error(dsn.source + "dsn.env: expected the name of an environment variable");
  dsn.source += "dsn.env: " + name;
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): see dsn.h
  if (value == nullptr)
    throw Error(dsn.source +
                " is not set; set this environment variable to the DSN before the daemon "
                "starts, or name a file that holds it by dsn.file");
  dsn.text = value;
}

}  // namespace

DsnText read_reference(const DsnReference& reference) {
  DsnText dsn;
  if (!reference.origin.empty())
    dsn.source = reference.origin + ": ";
  if (reference.kind == DsnReference::Kind::file)
    read_file(reference.name, dsn);
  else
    read_variable(reference.name, dsn);
  if (dsn.text.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(dsn.source + " is empty; expected a DSN such as postgresql://user@host/database");
  if (dsn.text.find('\0') != std::string::npos)
    throw Error(dsn.source + " holds a NUL byte; expected a DSN, which is text");
  return dsn;
}

}  // namespace hwlab::config
