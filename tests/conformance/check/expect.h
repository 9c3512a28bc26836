// How a case says that a promise was broken.
#pragma once

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>

namespace hwlab::check {

// A promise was broken. what() is a sentence for the plugin's author.
class Failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The case could not be run, because something does not hold that another case proves.
class NotReached : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <typename... Parts>
std::string join(const Parts&... parts) {
  std::ostringstream joined;
  (joined << ... << parts);
  return joined.str();
}

template <typename... Parts>
void require(bool holds, const Parts&... otherwise) {
  if (!holds)
    throw Failed(join(otherwise...));
}

}  // namespace hwlab::check
