// What a daemon in C++ sees: calls through the loaded library.
//
//   bench_ours append|thread|list --dsn DSN --plugin FILE [...]
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <hwlab/plugin_host.hpp>
#include <stdexcept>
#include <string>

#include "tests/bench/programs/load.h"

using namespace hwlab::bench;

namespace {

struct Options : Load {
  std::string plugin;
  std::string conversation;
  std::uint32_t last = 0;
  hwlab::host::Order order = hwlab::host::Order::started;
};

void append(const Options& options, const hwlab::host::ConversationStore& store) {
  const std::string content = message_content();
  measure(options, [&](int number) {
    return [&, random = Random(number, options.conversations)]() mutable {
      store.add_message({conversation_id(random()), {{}, "user", content, {}, {}}, {}});
    };
  });
}

void read_thread(const Options& options, const hwlab::host::ConversationStore& store) {
  hwlab::host::GetConversation request{.id = options.conversation};
  request.last_n = options.last;
  const auto size = static_cast<int>(store.get_conversation(request).messages().size());
  measure(
      options,
      [&](int) {
        return [&] {
          std::size_t bytes = 0;
          const auto thread = store.get_conversation(request);
          for (const auto& message : thread.messages())
            bytes += message.role.size() + message.content.size();
          if (bytes == 0)
            throw std::runtime_error("the thread is empty");
        };
      },
      size);
}

void list(const Options& options, const hwlab::host::ConversationStore& store) {
  measure(options, [&](int) {
    return [&] {
      if (store.list_conversations({options.order, {}, 50}).conversations().size() != 50)
        throw std::runtime_error("the page is not full");
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.schema = "ours";
  CLI::App app;
  add_options(app, options);
  app.add_option("--plugin", options.plugin)->required();
  app.add_option("--conversation", options.conversation);
  app.add_option("--last", options.last);
  app.add_flag_callback("--by-activity", [&] { options.order = hwlab::host::Order::active; });
  const CLI::App* const appending = app.add_subcommand("append")->fallthrough();
  const CLI::App* const reading = app.add_subcommand("thread")->fallthrough();
  app.add_subcommand("list")->fallthrough();
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);

  try {
    ::setenv("HWLAB_DATABASE_URL", options.dsn.c_str(), 1);
    auto plugin = hwlab::host::Plugin::open(options.plugin);
    plugin.load({"bench", "schema: { name: " + options.schema +
                              " }\npool: { max: " + std::to_string(options.connections) + " }\n"});
    const auto store = plugin.conversation_store();
    if (appending->parsed())
      append(options, store);
    else if (reading->parsed())
      read_thread(options, store);
    else
      list(options, store);
  } catch (const std::exception& error) {
    std::cerr << "bench_ours: " << error.what() << '\n';
    return 1;
  }
}
