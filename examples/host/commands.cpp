#include "commands.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "output.h"
#include "render.h"
#include "session.h"

namespace hwlab::cli {
namespace {

host::CallOptions call_options(const Common& common) {
  host::CallOptions options;
  options.timeout = common.timeout.value_or(std::chrono::milliseconds(0));
  return options;
}

std::optional<std::string_view> view(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

void say_if_existed(bool existed) {
  if (existed) {
    say("already stored, nothing changed");
  }
}

// Byte for byte. More than the largest text that PostgreSQL can hold need not be read to its end.
std::string read_stdin() {
  constexpr std::size_t longest = std::size_t{1} << 30U;
  std::string text;
  std::array<char, 65'536> block{};
  while (const auto size = std::fread(block.data(), 1, block.size(), stdin)) {
    text.append(block.data(), size);
    if (text.size() > longest) {
      host::Failure failure;
      failure.status = HWLAB_INVALID;
      throw host::Error("the text on stdin is longer than 1 GiB", std::move(failure));
    }
  }
  if (std::ferror(stdin) != 0) {
    throw OutputError("stdin cannot be read");
  }
  return text;
}

std::string abi_text(std::uint32_t minor) {
  return std::to_string(HWLAB_ABI_MAJOR) + "." + std::to_string(minor);
}

// What failed decides the exit code, as it would for a call. (A server that cannot be reached is no
// line of a report: then there is none.)
ExitCode exit_code_of_check(const host::Check& check) {
  return check.name == "rights" ? ExitCode::permission : ExitCode::config;
}

// Collects the lines of `check`. A step that throws leaves its sentence as the last line.
void make_report(Session& session, const Common& common, std::vector<host::Check>& checks) {
  const auto& plugin = session.plugin();
  checks.push_back({host::CheckLevel::ok, "plugin",
                    std::string(plugin.name()) + " " + std::string(plugin.version()) + ", ABI " +
                        abi_text(plugin.abi_minor()) + " (this host: ABI " +
                        abi_text(HWLAB_ABI_MINOR) + ")",
                    std::nullopt});
  const char* step = "load";
  try {
    session.load();
    checks.push_back({host::CheckLevel::ok, "config", "accepted, " + session.entry().config_origin,
                      std::nullopt});
    step = "report";
    const auto report = session.plugin().maintenance().report(call_options(common));
    checks.insert(checks.end(), report.checks.begin(), report.checks.end());
    if (report.worst == host::CheckLevel::failed &&
        std::none_of(checks.begin(), checks.end(), [](const host::Check& check) {
          return check.level == host::CheckLevel::failed;
        })) {
      checks.push_back(
          {host::CheckLevel::failed, "report", "failed without saying where", std::nullopt});
    }
  } catch (const std::exception& error) {
    checks.push_back({host::CheckLevel::failed, step, error.what(), std::nullopt});
    throw;
  }
}

void print_checks(const Session& session, const Common& common,
                  const std::vector<host::Check>& checks) {
  if (!common.json) {
    for (const auto& check : checks) {
      write_out(to_text(check));
    }
    finish_out();
    return;
  }
  const auto& plugin = session.plugin();
  Json lines = Json::array();
  for (const auto& check : checks) {
    lines.push_back(to_json(check));
  }
  write_out(dump({{"plugin",
                   {{"name", std::string(plugin.name())},
                    {"version", std::string(plugin.version())},
                    {"abi", abi_text(plugin.abi_minor())}}},
                  {"host", {{"abi", abi_text(HWLAB_ABI_MINOR)}}},
                  {"checks", std::move(lines)}}) +
            "\n");
  finish_out();
}

void print_thread_as_json(const host::Thread& thread) {
  // Message by message: a long thread need not stand in memory a second time.
  auto head = dump(to_json(thread.conversation()));
  head.pop_back();  // the closing brace
  write_out(head + ",\"messages\":[");
  std::string_view separator;
  for (const auto& message : thread.messages()) {
    write_out(separator);
    write_out(dump(to_json(message)));
    separator = ",";
  }
  write_out("]");
  const auto next =
      thread.next_after_seq() != 0 ? thread.next_after_seq() : thread.next_before_seq();
  if (next != 0) {
    write_out(",\"next_cursor\":" + std::to_string(next));
  }
  write_out("}\n");
}

void print_thread(const host::Thread& thread) {
  write_out(to_text(thread.conversation()));
  for (const auto& message : thread.messages()) {
    write_out(to_text(message));
  }
}

}  // namespace

ExitCode run_check(const Common& common) {
  Session session(common.config);
  std::vector<host::Check> checks;
  try {
    make_report(session, common, checks);
  } catch (const std::exception&) {
    print_checks(session, common, checks);
    throw;
  }
  print_checks(session, common, checks);
  const auto failed = std::find_if(checks.begin(), checks.end(), [](const host::Check& check) {
    return check.level == host::CheckLevel::failed;
  });
  return failed != checks.end() ? exit_code_of_check(*failed) : ExitCode::ok;
}

// Work on millions of rows takes minutes; the default for calls is seconds.
host::CallOptions long_options(const Common& common) {
  host::CallOptions options;
  options.timeout = common.timeout.value_or(std::chrono::hours(24));
  return options;
}

ExitCode run_migrate(const Common& common) {
  Session session(common.config);
  session.load();
  const auto result = session.plugin().maintenance().migrate(long_options(common));
  write_out(common.json ? dump(to_json(result)) + "\n" : to_text(result));
  finish_out();
  return ExitCode::ok;
}

ExitCode run_repair(const Common& common) {
  Session session(common.config);
  session.load();
  const auto result = session.plugin().maintenance().repair(long_options(common));
  write_out(common.json ? dump(to_json(result)) + "\n" : to_text(result));
  finish_out();
  return ExitCode::ok;
}

ExitCode run_new(const Common& common, const NewArguments& arguments) {
  Session session(common.config);
  session.load();
  host::NewConversation request;
  request.id = view(arguments.id);
  request.model = arguments.model;
  request.title = view(arguments.title);
  request.metadata = view(arguments.metadata);
  const auto created =
      session.plugin().conversation_store().create_conversation(request, call_options(common));
  write_out((common.json ? dump(to_json(created)) : created.id) + "\n");
  finish_out();
  say_if_existed(created.existed);
  return ExitCode::ok;
}

ExitCode run_add(const Common& common, const AddArguments& arguments) {
  const auto content = arguments.text == "-" ? read_stdin() : arguments.text;
  Session session(common.config);
  session.load();
  host::AddMessage request;
  request.conversation_id = arguments.conversation;
  request.message.id = view(arguments.id);
  request.message.role = arguments.role;
  request.message.content = content;
  request.message.metadata = view(arguments.metadata);
  request.expected_seq = arguments.expected_seq;
  const auto added =
      session.plugin().conversation_store().add_message(request, call_options(common));
  write_out((common.json ? dump(to_json(added)) : added.id + " " + std::to_string(added.seq)) +
            "\n");
  finish_out();
  say_if_existed(added.existed);
  return ExitCode::ok;
}

ExitCode run_show(const Common& common, const host::GetConversation& wanted) {
  Session session(common.config);
  session.load();
  const auto thread =
      session.plugin().conversation_store().get_conversation(wanted, call_options(common));
  if (common.json) {
    print_thread_as_json(thread);
  } else {
    print_thread(thread);
  }
  finish_out();
  if (!common.json && thread.next_after_seq() != 0) {
    say("later messages: --after " + std::to_string(thread.next_after_seq()));
  }
  if (!common.json && thread.next_before_seq() != 0) {
    say("earlier messages: --before " + std::to_string(thread.next_before_seq()));
  }
  return ExitCode::ok;
}

ExitCode run_list(const Common& common, const ListArguments& arguments) {
  Session session(common.config);
  session.load();
  host::ListConversations request;
  request.order = arguments.order;
  request.cursor = arguments.cursor;
  request.limit = arguments.limit;
  const auto listing =
      session.plugin().conversation_store().list_conversations(request, call_options(common));
  write_out(common.json ? dump(to_json(listing)) + "\n" : to_text(listing));
  finish_out();
  if (!common.json && listing.next_cursor()) {
    say("more conversations: --cursor " + std::string(*listing.next_cursor()));
  }
  return ExitCode::ok;
}

ExitCode run_schema(const Common& common, const std::string& plugin) {
  write_out(read_schema(common.config, plugin) + "\n");
  finish_out();
  return ExitCode::ok;
}

}  // namespace hwlab::cli
