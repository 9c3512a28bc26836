#include "yaml_section.h"

#include <cstddef>

namespace hwlab::cli {
namespace {

// Aliases can make a small file look endless, so the comparison gives up at some size.
class Comparison {
 public:
  bool same(const YAML::Node& left, const YAML::Node& right) {
    if (++visited_ > 100'000 || depth_ > 200 || left.Type() != right.Type() ||
        left.Tag() != right.Tag()) {
      return false;
    }
    ++depth_;
    const bool result = same_value(left, right);
    --depth_;
    return result;
  }

 private:
  bool same_value(const YAML::Node& left, const YAML::Node& right) {
    if (left.IsScalar()) {
      return left.Scalar() == right.Scalar();
    }
    if (left.size() != right.size()) {
      return false;
    }
    auto other = right.begin();
    for (const auto& element : left) {
      // In a mapping an element is the pair, in a sequence the node.
      const bool equal =
          left.IsMap() ? same(element.first, other->first) && same(element.second, other->second)
                       : same(element, *other);
      if (!equal) {
        return false;
      }
      ++other;
    }
    return true;
  }

  std::size_t visited_ = 0;
  int depth_ = 0;
};

// Where the line that starts at `begin` ends, its line end included.
std::size_t end_of_line(std::string_view source, std::size_t begin) {
  const auto newline = source.find('\n', begin);
  return newline == std::string_view::npos ? source.size() : newline + 1;
}

// The lines from `first` (0-based) that stand at `indent` or deeper. Lines with nothing but a
// comment count where they are followed by more of the section.
std::string_view block_of_lines(std::string_view source, int first, std::size_t indent) {
  std::size_t begin = 0;
  for (int line = 0; line < first; ++line) {
    begin = end_of_line(source, begin);
  }
  std::size_t end = begin;
  for (auto at = begin; at < source.size(); at = end_of_line(source, at)) {
    const auto line = source.substr(at, end_of_line(source, at) - at);
    const auto text = line.find_first_not_of(" \t\r\n");
    if (text == std::string_view::npos || line[text] == '#') {
      continue;
    }
    if (line.find_first_not_of(' ') < indent) {
      break;
    }
    end = at + line.size();
  }
  return source.substr(begin, end - begin);
}

// Whether the lines alone mean what the node means.
bool stands_alone(const std::string& text, const YAML::Node& node) {
  try {
    const auto documents = YAML::LoadAll(text);
    return documents.size() == 1 && Comparison().same(documents.front(), node);
  } catch (const YAML::Exception&) {
    return false;
  }
}

}  // namespace

Section cut_section(std::string_view source, const YAML::Node& node) {
  const auto mark = node.Mark();
  if (node.IsMap() && node.Style() == YAML::EmitterStyle::Block && mark.line >= 0) {
    std::string text(block_of_lines(source, mark.line, static_cast<std::size_t>(mark.column)));
    if (stands_alone(text, node)) {
      return {std::move(text), mark.line + 1};
    }
  }
  return {YAML::Dump(node), std::nullopt};
}

}  // namespace hwlab::cli
