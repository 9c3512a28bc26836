#include "render.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "text.h"

namespace hwlab::cli {
namespace {

std::string_view level_name(host::CheckLevel level) {
  switch (level) {
    case host::CheckLevel::ok:
      return "ok";
    case host::CheckLevel::warning:
      return "warning";
    default:
      return "failed";
  }
}

// Stored metadata as a value of its own. What cannot be parsed, or is nested so deeply that
// printing it would exhaust the stack, is given as the text it is.
Json metadata_to_json(std::string_view text) {
  constexpr int deepest = 500;
  bool too_deep = false;
  const auto callback = [&too_deep](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  auto parsed = Json::parse(text, callback, false);
  if (too_deep || parsed.is_discarded()) {
    return std::string(text);
  }
  return parsed;
}

void add_optional(Json& json, const std::optional<std::string_view>& title,
                  const std::optional<std::string_view>& metadata) {
  if (title) {
    json["title"] = std::string(*title);
  }
  if (metadata) {
    json["metadata"] = metadata_to_json(*metadata);
  }
}

std::string cell(std::string_view text) {
  return escape_for_terminal(text, Lines::one);
}

// Filled up with spaces to so many characters (not bytes).
std::string padded(std::string text, std::size_t width) {
  const auto length =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
      }));
  text.append(length < width ? width - length : 0, ' ');
  return text;
}

std::string count_of_messages(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " message" : " messages");
}

}  // namespace

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const host::Created& created) {
  Json json{{"id", created.id}, {"started_at", format_time(created.started_at)}};
  if (created.existed) {
    json["existed"] = true;
  }
  return json;
}

Json to_json(const host::AddedMessage& message) {
  Json json{
      {"id", message.id}, {"seq", message.seq}, {"created_at", format_time(message.created_at)}};
  if (message.existed) {
    json["existed"] = true;
  }
  return json;
}

Json to_json(const host::ConversationView& conversation) {
  Json json{{"id", std::string(conversation.id)},
            {"model", std::string(conversation.model)},
            {"started_at", format_time(conversation.started_at)}};
  add_optional(json, conversation.title, conversation.metadata);
  return json;
}

Json to_json(const host::MessageView& message) {
  Json json{{"id", std::string(message.id)},
            {"seq", message.seq},
            {"role", std::string(message.role)},
            {"content", std::string(message.content)},
            {"created_at", format_time(message.created_at)}};
  add_optional(json, std::nullopt, message.metadata);
  return json;
}

Json to_json(const host::Listing& listing) {
  Json conversations = Json::array();
  for (const auto& conversation : listing.conversations()) {
    auto json = to_json(conversation);
    const auto last = conversation.last_message_at;
    json["last_message_at"] = last ? Json(format_time(*last)) : Json(nullptr);
    json["message_count"] = conversation.message_count;
    conversations.push_back(std::move(json));
  }
  const auto cursor = listing.next_cursor();
  return {{"conversations", std::move(conversations)},
          {"next_cursor", cursor ? Json(std::string(*cursor)) : Json(nullptr)}};
}

Json to_json(const host::Check& check) {
  Json json{{"name", check.name}, {"level", level_name(check.level)}, {"value", check.value}};
  json["remedy"] = check.remedy ? Json(*check.remedy) : Json(nullptr);
  return json;
}

Json to_json(const host::MigrateResult& result) {
  Json applied = Json::array();
  for (const auto& migration : result.applied) {
    applied.push_back({{"version", migration.version}, {"name", migration.name}});
  }
  return {{"applied", std::move(applied)}, {"schema_version", result.schema_version}};
}

std::string to_text(const host::ConversationView& conversation) {
  std::string text = "conversation " + cell(conversation.id) + "\n";
  text += "started " + format_time(conversation.started_at) + ", " +
          count_of_messages(conversation.message_count);
  if (!conversation.model.empty()) {
    text += ", model " + cell(conversation.model);
  }
  text += "\n";
  if (conversation.title) {
    text += "title " + cell(*conversation.title) + "\n";
  }
  return text;
}

std::string to_text(const host::MessageView& message) {
  auto text = "\n[" + std::to_string(message.seq) + "] " + cell(message.role) + " " +
              format_time(message.created_at) + "\n" + escape_for_terminal(message.content);
  if (text.back() != '\n') {
    text += '\n';
  }
  return text;
}

std::string to_text(const host::Listing& listing) {
  using Row = std::array<std::string, 6>;
  std::vector<Row> rows{{"ID", "STARTED", "LAST MESSAGE", "MESSAGES", "MODEL", "TITLE"}};
  for (const auto& conversation : listing.conversations()) {
    const auto last = conversation.last_message_at;
    rows.push_back({cell(conversation.id), format_time(conversation.started_at),
                    last ? format_time(*last) : "-", std::to_string(conversation.message_count),
                    cell(conversation.model), cell(conversation.title.value_or(""))});
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths.at(i) = std::max(widths.at(i), row.at(i).size());
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += padded(row.at(i), widths.at(i)) + "  ";
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string to_text(const host::Check& check) {
  constexpr std::size_t level_width = 9;
  auto text = padded(std::string(level_name(check.level)), level_width) + cell(check.name) + ": " +
              cell(check.value) + "\n";
  if (check.remedy) {
    text += std::string(level_width, ' ') + "  " + cell(*check.remedy) + "\n";
  }
  return text;
}

std::string to_text(const host::MigrateResult& result) {
  std::string text;
  for (const auto& migration : result.applied) {
    text += "applied " + std::to_string(migration.version) + " " + cell(migration.name) + "\n";
  }
  return text + (result.applied.empty() ? "nothing to do; " : "") + "the schema has version " +
         std::to_string(result.schema_version) + "\n";
}

Json to_json(const host::RepairResult& result) {
  return {{"examined", result.examined}, {"repaired", result.repaired}};
}

std::string to_text(const host::RepairResult& result) {
  return std::to_string(result.examined) + " conversations examined, " +
         std::to_string(result.repaired) + " repaired\n";
}

}  // namespace hwlab::cli
