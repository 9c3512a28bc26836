// hwlab-plugin-check: whether a plugin keeps what the headers of the contract promise. See
// docs/conformance.md.
#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "cases.h"
#include "child.h"
#include "daemon_config.h"
#include "exit_codes.h"
#include "proxy.h"
#include "runner.h"

namespace hwlab::check {
namespace {

using cli::ConfigError;
using cli::ExitCode;

struct Arguments {
  std::filesystem::path library;
  std::filesystem::path config;
  std::string dsn_variable;
  std::vector<std::string> cases;
  std::string json;
  std::string child;  // the case to run in this process
  std::uint64_t seed = 0;
  int patience = is_sanitized ? 3 : 1;
  bool no_server = false;
  bool list = false;
};

const Case* find_case(const std::string& name) {
  const auto& cases = all_cases();
  const auto found =
      std::find_if(cases.begin(), cases.end(), [&](const Case& each) { return each.name == name; });
  return found == cases.end() ? nullptr : &*found;
}

// The section of the plugin that is checked: of the same file, else of a file of the same name,
// else the only one.
cli::PluginEntry find_entry(const Arguments& arguments) {
  const auto entries = cli::load_daemon_config(arguments.config);
  const auto only = [&](const auto& matches) -> const cli::PluginEntry* {
    const auto count = std::count_if(entries.begin(), entries.end(), matches);
    return count == 1 ? &*std::find_if(entries.begin(), entries.end(), matches) : nullptr;
  };
  std::error_code ignored;
  if (const auto* entry = only([&](const cli::PluginEntry& each) {
        return std::filesystem::equivalent(each.library, arguments.library, ignored);
      }))
    return *entry;
  if (const auto* entry = only([&](const cli::PluginEntry& each) {
        return each.library.filename() == arguments.library.filename();
      }))
    return *entry;
  if (const auto* entry = only([](const cli::PluginEntry& each) { return each.enabled; }))
    return *entry;
  throw ConfigError(arguments.config.string() + ": plugins: none of them is " +
                    arguments.library.string() + ", and there is not just one that is enabled");
}

// The variable that the section's `dsn: { env: NAME }` names.
std::string variable_in(const std::string& section) {
  try {
    const YAML::Node root = YAML::Load(section);
    if (root.IsMap() && root["dsn"] && root["dsn"].IsMap() && root["dsn"]["env"])
      return root["dsn"]["env"].as<std::string>();
  } catch (const YAML::Exception&) {
    // It is the plugin's to say what is wrong with its section.
  }
  return {};
}

Subject subject_of(const Arguments& arguments) {
  const auto entry = find_entry(arguments);
  Subject subject;
  subject.library = std::filesystem::canonical(arguments.library);
  subject.config = entry.config;
  subject.config_origin = entry.config_origin;
  subject.dsn_variable =
      !arguments.dsn_variable.empty() ? arguments.dsn_variable : variable_in(entry.config);
  subject.has_server = !arguments.no_server;
  subject.seed = arguments.seed;
  subject.patience = arguments.patience;
  return subject;
}

// Said now, and not by each of the cases that need it.
void require_server(const Subject& subject) {
  if (!subject.has_server)
    return;
  if (subject.dsn_variable.empty())
    throw ConfigError(
        subject.config_origin +
        ": dsn: names no environment variable: name it with --dsn-env, since the server is "
        "stalled by changing it, or say --no-server");
  try {
    static_cast<void>(server_options(subject));
  } catch (const std::exception& error) {
    throw ConfigError(error.what());
  }
}

nlohmann::json to_json(const Subject& subject, const std::vector<Ended>& all, int passed,
                       int failed) {
  auto cases = nlohmann::json::array();
  for (const Ended& ended : all)
    cases.push_back(
        {{"name", ended.which->name},
         {"outcome", ended.outcome == Outcome::failed ? "failed" : name_of(ended.outcome)},
         {"ms", ended.took.count()},
         {"reason", ended.reason},
         {"output", ended.output}});
  return {{"library", subject.library.string()},
          {"seed", subject.seed},
          {"passed", passed},
          {"failed", failed},
          {"cases", cases}};
}

ExitCode check_all(const Arguments& arguments, const std::vector<std::string>& command) {
  std::vector<const Case*> chosen;
  for (const Case& each : all_cases())
    if (arguments.cases.empty() || std::find(arguments.cases.begin(), arguments.cases.end(),
                                             each.name) != arguments.cases.end())
      chosen.push_back(&each);
  const Subject subject = subject_of(arguments);
  require_server(subject);
  // With JSON on stdout the lines are for somebody else.
  std::ostream& lines = arguments.json == "-" ? std::cerr : std::cout;
  lines << "checking " << subject.library.string() << ", seed " << subject.seed << std::endl;
  const auto all = run_cases(chosen, subject, command, lines);
  const auto count = [&](Outcome outcome) {
    return static_cast<int>(std::count_if(
        all.begin(), all.end(), [&](const Ended& ended) { return ended.outcome == outcome; }));
  };
  const int passed = count(Outcome::passed);
  const int failed = count(Outcome::failed);
  const std::string json = to_json(subject, all, passed, failed)
                               .dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                           "\n";
  if (arguments.json == "-") {
    std::cout << json << std::flush;
  } else if (!arguments.json.empty() && !(std::ofstream(arguments.json) << json << std::flush)) {
    std::cerr << "hwlab-plugin-check: " << arguments.json << " cannot be written\n";
    return ExitCode::output;
  }
  lines << passed << " passed, " << failed << " failed" << std::endl;
  return static_cast<ExitCode>(failed == 0 && passed > 0 ? 0 : 1);
}

int fail(ExitCode code, const std::string& what) {
  std::cerr << "hwlab-plugin-check: " << what << "\n";
  return static_cast<int>(code);
}

void add_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("LIB", arguments.library, "The plugin's file")->required();
  app.add_option("--config", arguments.config, "The daemon's configuration file")
      ->required()
      ->type_name("FILE");
  app.add_option("--dsn-env", arguments.dsn_variable,
                 "The environment variable that holds the DSN; default: dsn.env of the section")
      ->type_name("NAME");
  app.add_flag("--no-server", arguments.no_server,
               "The plugin has no server: leave out the cases that stall one");
  app.add_option("--case", arguments.cases, "Only this case; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check([](const std::string& name) {
        return find_case(name) != nullptr ? std::string()
                                          : "there is no case " + name + ", see --list";
      });
  app.add_option("--seed", arguments.seed, "Make the choices of the run that said this seed")
      ->type_name("N");
  app.add_option("--patience", arguments.patience,
                 "How many times slower than usual the machine is")
      ->check(CLI::Range(1, 100))
      ->type_name("N");
  app.add_option("--json", arguments.json, "Write what became of each case; -: to stdout")
      ->type_name("FILE");
  app.add_option("--one-case-here", arguments.child)->group("");
}

void list_cases() {
  for (const Case& each : all_cases())
    std::cout << each.name << "\n    " << each.proves << "\n";
}

int run(int argc, char** argv) {
  // Before the others, which are required otherwise.
  if (argc == 2 && std::string_view(argv[1]) == "--list") {
    list_cases();
    return 0;
  }
  Arguments arguments;
  arguments.seed = std::random_device()();
  CLI::App app(
      "Whether a plugin keeps what the headers of the contract promise. The last line is \"N "
      "passed, N failed\".",
      "hwlab-plugin-check");
  app.add_flag("--list", arguments.list, "Print the names of all cases, and what each proves");
  add_arguments(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return fail(ExitCode::usage, std::string(error.what()) + "; see --help");
  }
  if (arguments.list) {
    list_cases();
    return 0;
  }
  std::error_code missing;
  if (!std::filesystem::is_regular_file(arguments.library, missing))
    return fail(ExitCode::usage, arguments.library.string() + " is no file");
  try {
    if (!arguments.child.empty()) {
      const Case* const chosen = find_case(arguments.child);
      return chosen == nullptr ? static_cast<int>(ExitCode::usage)
                               : run_case(*chosen, subject_of(arguments));
    }
    // The same for each case, but that the seed has been chosen.
    std::vector<std::string> command{argv[0],      arguments.library,
                                     "--config",   arguments.config,
                                     "--seed",     std::to_string(arguments.seed),
                                     "--patience", std::to_string(arguments.patience)};
    if (!arguments.dsn_variable.empty())
      command.insert(command.end(), {"--dsn-env", arguments.dsn_variable});
    if (arguments.no_server)
      command.emplace_back("--no-server");
    command.emplace_back("--one-case-here");
    return static_cast<int>(check_all(arguments, command));
  } catch (const ConfigError& error) {
    return fail(ExitCode::config, error.what());
  } catch (const std::exception& error) {
    return fail(ExitCode::internal, error.what());
  }
}

}  // namespace
}  // namespace hwlab::check

int main(int argc, char** argv) {
  return hwlab::check::run(argc, argv);
}
