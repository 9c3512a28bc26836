// hwlab-host: loads a conversation plugin exactly as a daemon does. Arguments and exit codes.
#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <limits>
#include <new>
#include <string>

#include "commands.h"
#include "daemon_config.h"
#include "exit_codes.h"
#include "output.h"
#include "text.h"

namespace {

using hwlab::cli::Common;
using hwlab::cli::ExitCode;

// The arguments of all commands, and the command that was chosen.
struct Arguments {
  Common common;
  hwlab::cli::NewArguments create;
  hwlab::cli::AddArguments add;
  std::string conversation;
  hwlab::host::GetConversation show;
  hwlab::cli::ListArguments list;
  std::string plugin;
  std::function<ExitCode()> run;
};

constexpr auto most = std::numeric_limits<std::uint32_t>::max();
constexpr auto last_seq = std::numeric_limits<std::int64_t>::max();

void add_common(CLI::App& app, Common& common) {
  app.add_option("--config", common.config, "The daemon's configuration file")
      ->required()
      ->type_name("FILE");
  app.add_flag("--json", common.json, "Print JSON, for programs");
  app.add_option_function<std::string>(
         "--timeout",
         [&common](const std::string& text) {
           common.timeout = hwlab::cli::parse_duration(text);
           if (!common.timeout) {
             throw CLI::ValidationError("--timeout",
                                        "expected a duration such as 500ms, 10s or 5m");
           }
         },
         "Give up after this time; default: call_timeout of the configuration")
      ->type_name("DURATION");
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& meaning,
                      const std::string& example) {
  auto& command = *app.add_subcommand(name, meaning);
  command.fallthrough();  // so that --config, --json and --timeout may follow the command
  command.footer("--config, --json and --timeout may stand here too.\nExample:\n  " + example);
  return command;
}

void add_maintenance(CLI::App& app, Arguments& arguments) {
  add_command(app, "check", "Check the configuration, the server, the schema and the rights",
              "hwlab-host --config hwlab.yaml check")
      .callback([&] { arguments.run = [&] { return run_check(arguments.common); }; });
  add_command(app, "migrate",
              "Bring the database's schema up to date; waits up to 24 h unless --timeout says less",
              "hwlab-host --config hwlab.yaml migrate")
      .callback([&] { arguments.run = [&] { return run_migrate(arguments.common); }; });
  add_command(
      app, "repair",
      "Make counters and numbers agree with the messages; waits up to 24 h unless --timeout "
      "says less",
      "hwlab-host --config hwlab.yaml repair")
      .callback([&] { arguments.run = [&] { return run_repair(arguments.common); }; });
}

void add_new(CLI::App& app, Arguments& arguments) {
  auto& command = add_command(app, "new", "Create a conversation and print its id",
                              "hwlab-host --config hwlab.yaml new --model llama3");
  command.add_option("--id", arguments.create.id, "Its id; safe to repeat")->type_name("UUID");
  command.add_option("--model", arguments.create.model, "The advisor's model");
  command.add_option("--title", arguments.create.title, "A title");
  command.add_option("--metadata", arguments.create.metadata, "A JSON object")->type_name("JSON");
  command.callback(
      [&] { arguments.run = [&] { return run_new(arguments.common, arguments.create); }; });
}

void add_add(CLI::App& app, Arguments& arguments) {
  auto& command = add_command(app, "add", "Append a message and print its id and seq",
                              "echo hello | hwlab-host --config hwlab.yaml add CONV user -\n"
                              "  hwlab-host --config hwlab.yaml add CONV user -- \"-5 is cold\"");
  command.add_option("CONV", arguments.add.conversation, "The conversation's id")->required();
  command.add_option("ROLE", arguments.add.role, "user, assistant or system")->required();
  command
      .add_option("TEXT", arguments.add.text,
                  "The content; -: what stdin gives, byte for byte. Put -- before a text that "
                  "begins with -")
      ->required();
  command.add_option("--id", arguments.add.id, "The message's id; safe to repeat")
      ->type_name("UUID");
  command.add_option("--metadata", arguments.add.metadata, "A JSON object")->type_name("JSON");
  command
      .add_option("--expected-seq", arguments.add.expected_seq,
                  "Only if the conversation's last seq is this; 0: only if it is empty")
      ->check(CLI::Range(std::int64_t{0}, last_seq))
      ->type_name("SEQ");
  command.callback(
      [&] { arguments.run = [&] { return run_add(arguments.common, arguments.add); }; });
}

void add_show(CLI::App& app, Arguments& arguments) {
  auto& command = add_command(app, "show", "Print a conversation",
                              "hwlab-host --config hwlab.yaml show CONV --last 10");
  command.add_option("CONV", arguments.conversation, "The conversation's id")->required();
  auto* const limit =
      command.add_option("--limit", arguments.show.limit, "The first N messages of the range")
          ->check(CLI::Range(std::uint32_t{1}, most))
          ->type_name("N");
  command.add_option("--last", arguments.show.last_n, "The last N messages of the range")
      ->check(CLI::Range(std::uint32_t{1}, most))
      ->type_name("N")
      ->excludes(limit);
  command.add_option("--after", arguments.show.after_seq, "Only messages after this seq")
      ->check(CLI::Range(std::int64_t{0}, last_seq))
      ->type_name("SEQ");
  command.add_option("--before", arguments.show.before_seq, "Only messages before this seq")
      ->check(CLI::Range(std::int64_t{1}, last_seq))
      ->type_name("SEQ");
  command.callback([&] {
    arguments.run = [&] {
      arguments.show.id = arguments.conversation;
      return run_show(arguments.common, arguments.show);
    };
  });
}

void add_list(CLI::App& app, Arguments& arguments) {
  using hwlab::host::Order;
  auto& command = add_command(app, "list", "List conversations, newest first",
                              "hwlab-host --config hwlab.yaml list --limit 20 --order active");
  command.add_option("--limit", arguments.list.limit, "So many on a page, 1 to 100; default 100")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{100}))
      ->type_name("N");
  command.add_option("--cursor", arguments.list.cursor, "Go on after a page, as it said");
  command
      .add_option_function<std::string>(
          "--order",
          [&](const std::string& order) {
            arguments.list.order = order == "active" ? Order::active : Order::started;
          },
          "By start, or by the last message")
      ->check(CLI::IsMember({"started", "active"}).description(""))
      ->type_name("started|active");
  command.callback(
      [&] { arguments.run = [&] { return run_list(arguments.common, arguments.list); }; });
}

void add_schema(CLI::App& app, Arguments& arguments) {
  auto& command = add_command(app, "schema", "Print the JSON Schema of a plugin's config section",
                              "hwlab-host --config hwlab.yaml schema > conversations.schema.json");
  command.add_option("--plugin", arguments.plugin, "Its name in the file")->type_name("NAME");
  command.callback(
      [&] { arguments.run = [&] { return run_schema(arguments.common, arguments.plugin); }; });
}

ExitCode fail(ExitCode code, const std::string& what) {
  hwlab::cli::say("hwlab-host: " + what);
  return code;
}

ExitCode explain(const hwlab::host::Error& error) {
  const auto& state = error.sqlstate();
  std::string what = error.what();
  if (!state.empty() && what.find(state) == std::string::npos) {
    what += " (SQLSTATE " + state + ")";
  }
  fail(ExitCode::internal, what);
  if (error.maybe_applied()) {
    for (const auto& id : error.ids()) {
      hwlab::cli::say("it may have been stored; to make sure, repeat the command with --id " + id);
    }
  }
  return hwlab::cli::exit_code_of(error.status());
}

ExitCode run(const std::function<ExitCode()>& command) {
  try {
    return command();
  } catch (const hwlab::host::Error& error) {
    return explain(error);
  } catch (const hwlab::cli::ConfigError& error) {
    return fail(ExitCode::config, error.what());
  } catch (const hwlab::cli::OutputError& error) {
    return fail(ExitCode::output, error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::internal, "out of memory");
  } catch (const std::exception& error) {
    return fail(ExitCode::internal, error.what());
  }
}

// Help and version are data; everything else that CLI11 throws is a wrong usage.
ExitCode end_of_parsing(const CLI::App& app, const CLI::ParseError& end) {
  if (end.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
    return fail(ExitCode::usage, std::string(end.what()) + " (see --help)");
  }
  return run([&] {
    app.exit(end);
    hwlab::cli::finish_out();
    return ExitCode::ok;
  });
}

int run_program(int argc, char** argv) {
  CLI::App app("Keeps conversations through a plugin, as the daemon would", "hwlab-host");
  Arguments arguments;
  add_common(app, arguments.common);
  app.set_version_flag("--version", "hwlab-host " HWLAB_VERSION);
  app.footer("Example:\n  hwlab-host --config hwlab.yaml check");
  // Exactly one: otherwise a message's text "list" would be taken for a command.
  app.require_subcommand(1);
  add_maintenance(app, arguments);
  add_new(app, arguments);
  add_add(app, arguments);
  add_show(app, arguments);
  add_list(app, arguments);
  add_schema(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return static_cast<int>(end_of_parsing(app, end));
  }
  return static_cast<int>(run(arguments.run));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (...) {
    return static_cast<int>(ExitCode::internal);
  }
}
