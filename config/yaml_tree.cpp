#include "config/yaml_tree.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <sstream>
#include <utility>

#include "config/text.h"

namespace hwlab::config {
namespace {

// Builds the tree. Throws Error through the parser, which owns nothing but values.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Origin& origin) : origin_(origin) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(has_document_, true))
      refuse(mark, "expected one YAML document, got a second one here");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, "", anchor, YamlNode());
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { refuse_alias(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // The text is UTF-8, but yaml-cpp turns the escapes \N and \_ into bytes that are not.
    if (valid_utf8_prefix(value) < value.size())
      refuse(mark,
             "expected UTF-8, got an escape that yields something else; use \\u0085 or \\u00A0");
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.quoted = tag == "!";
    node.text = value;
    add(mark, tag, anchor, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

  YamlNode take_root() { return std::move(root_); }

 private:
  struct Frame {
    YamlNode node;
    std::optional<YamlEntry> pending;  // a key that waits for its value
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string_view sentence) const {
    throw origin_.error(mark.line, "", sentence);
  }
  [[noreturn]] void refuse_alias(const YAML::Mark& mark) const {
    refuse(mark, "anchors and aliases are not supported; write the value out");
  }

  // "?" and "!" are what the parser itself gives to plain and to quoted scalars.
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      refuse_alias(mark);
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(mark, "tags are not supported; write the value without one");
    if (++nodes_ > most_yaml_nodes)
      refuse(mark, "expected at most " + std::to_string(most_yaml_nodes) + " keys and values");
  }

  void add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode node) {
    check(mark, tag, anchor);
    node.line = mark.line;
    place(std::move(node));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    check(mark, tag, anchor);
    if (open_.size() >= deepest_yaml)
      refuse(mark,
             "nested too deeply; expected at most " + std::to_string(deepest_yaml) + " levels");
    auto& node = open_.emplace_back().node;
    node.kind = kind;
    node.line = mark.line;
  }

  void close() {
    auto node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }

  void place(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& frame = open_.back();
    if (frame.node.kind == YamlNode::Kind::sequence)
      return;
    if (frame.pending) {
      frame.pending->value = std::move(node);
      frame.node.entries.push_back(std::move(*frame.pending));
      frame.pending.reset();
      return;
    }
    frame.pending = YamlEntry{.key = key_text(node), .line = node.line, .value = {}};
  }

  std::string key_text(const YamlNode& node) const {
    if (node.kind != YamlNode::Kind::scalar)
      throw origin_.error(node.line, "", "expected the name of a key here");
    if (node.text == "<<" && !node.quoted)
      throw origin_.error(node.line, "", "merge keys are not supported; write the keys out");
    return node.text;
  }

  const Origin& origin_;
  bool has_document_ = false;
  std::size_t nodes_ = 0;
  std::vector<Frame> open_;
  YamlNode root_;
};

int line_of(std::string_view text, std::size_t offset) {
  return static_cast<int>(
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

// yaml-cpp guesses UTF-16 and UTF-32 and replaces what it cannot decode; here a text is UTF-8 or
// refused.
void check_bytes(std::string_view text, const Origin& origin) {
  if (text.size() > longest_yaml)
    throw origin.error(
        0, "", "expected at most 1 MiB of YAML, got " + std::to_string(text.size()) + " bytes");
  if (const auto valid = valid_utf8_prefix(text); valid < text.size())
    throw origin.error(line_of(text, valid), "",
                       "expected UTF-8, got a byte that is not part of it");
  const auto is_refused = [](char c) {
    return is_control(c) && c != '\t' && c != '\n' && c != '\r';
  };
  if (const auto* at = std::ranges::find_if(text, is_refused); at != text.end())
    throw origin.error(line_of(text, static_cast<std::size_t>(at - text.begin())), "",
                       "expected text, got a control character");
}

// Whether the line is indented with a tab, for which yaml-cpp has many names.
bool has_tab_in_indentation(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto indentation = text.substr(0, text.find_first_not_of(" \t"));
  return indentation.find('\t') != std::string_view::npos;
}

// The parser's message, if it is one that holds no part of the text. Some do: the character behind
// a backslash may be one of a password, the name of an alias a whole one.
std::string reason(std::string_view text, const YAML::Exception& error) {
  namespace Msg = YAML::ErrorMsg;
  const std::array constant_messages{
      Msg::END_OF_MAP,    Msg::END_OF_MAP_FLOW, Msg::END_OF_SEQ,         Msg::END_OF_SEQ_FLOW,
      Msg::EOF_IN_SCALAR, Msg::CHAR_IN_SCALAR,  Msg::TAB_IN_INDENTATION, Msg::FLOW_END,
      Msg::BLOCK_ENTRY,   Msg::MAP_KEY,         Msg::MAP_VALUE,          Msg::UNKNOWN_TOKEN,
      Msg::DOC_IN_SCALAR, Msg::CHAR_IN_BLOCK,   Msg::INVALID_HEX};
  const std::array open_messages{Msg::INVALID_ESCAPE, Msg::INVALID_UNICODE};
  if (has_tab_in_indentation(text, error.mark.line))
    return " (a tab in the indentation; YAML wants spaces)";
  const std::string_view message = error.msg;
  for (const std::string_view known : constant_messages) {
    if (message == known)
      return " (" + std::string(known) + ")";
  }
  for (const std::string_view known : open_messages) {
    if (message.starts_with(known))
      return " (" + std::string(known.substr(0, known.find(':'))) + ")";
  }
  return {};
}

}  // namespace

YamlNode read_yaml(std::string_view text, const Origin& origin) {
  check_bytes(text, origin);
  TreeBuilder builder(origin);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    if (std::string_view(error.msg).starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR))
      throw origin.error(std::max(error.mark.line, 0), "",
                         "anchors and aliases are not supported; write the value out");
    throw origin.error(std::max(error.mark.line, 0), "",
                       "no valid YAML here" + reason(text, error));
  }
  return builder.take_root();
}

}  // namespace hwlab::config
