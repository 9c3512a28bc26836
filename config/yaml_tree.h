// YAML text as a small tree of our own.
//
// yaml-cpp's own nodes accept duplicate keys silently and let aliases share nodes, which a few
// lines of text can blow up to billions. So its parser is used for its events only: what does not
// belong into a configuration is refused while it is read, and every entry is kept with its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/origin.h"

namespace hwlab::config {

struct YamlEntry;

struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  int line = 0;                    // in the text, from 0
  bool quoted = false;             // a scalar that is text whatever it looks like
  std::string text;                // of a scalar
  std::vector<YamlEntry> entries;  // of a mapping, in order, duplicates included
};

struct YamlEntry {
  std::string key;
  int line = 0;
  YamlNode value;
};

inline constexpr std::size_t longest_yaml = std::size_t{1} << 20;  // bytes
inline constexpr std::size_t deepest_yaml = 16;  // mappings and sequences in each other
inline constexpr std::size_t most_yaml_nodes = 4096;

// Reads one document; an empty text is a null node. The items of sequences are checked and dropped,
// since no key takes a sequence. Throws Error, without any part of the text, for what is no YAML,
// no UTF-8, beyond the limits above, and for anchors, aliases, merge keys, tags and further
// documents.
YamlNode read_yaml(std::string_view text, const Origin& origin);

}  // namespace hwlab::config
