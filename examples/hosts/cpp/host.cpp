// host HWLAB.YAML: keeps a short conversation through the plugin that the daemon's file names.
#include <yaml-cpp/yaml.h>

#include <exception>
#include <filesystem>
#include <hwlab/plugin_host.hpp>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

namespace host = hwlab::host;

// The first plugin of the file that is enabled, loaded.
host::Plugin load_plugin(const std::string& file) {
  const auto config = YAML::LoadFile(file);
  for (const auto& entry : config["plugins"]) {
    if (!entry["enabled"].as<bool>(true)) {
      continue;
    }
    // An absolute path replaces what stands before it.
    auto plugin = host::Plugin::open(std::filesystem::absolute(file).parent_path() /
                                     config["plugin_dir"].as<std::string>("") /
                                     entry["library"].as<std::string>());
    // The section is written anew, so its lines mean nothing.
    plugin.load({"cpp-host", entry["config"] ? YAML::Dump(entry["config"]) : "", file,
                 [](host::LogLevel, std::string_view line) { std::cerr << line << '\n'; }});
    return plugin;
  }
  throw std::runtime_error(file + ": no plugin is enabled");
}

void converse(const host::ConversationStore& store) {
  const auto conversation = store.create_conversation({.model = "llama3"}).id;
  std::cout << "conversation " << conversation << '\n';
  store.add_message({.conversation_id = conversation,
                     .message = {.role = "user", .content = "Is the pool still fine?"}});
  store.add_message(
      {.conversation_id = conversation,
       .message = {.role = "assistant", .content = "Yes: both disks are online 🙂"}});
  // Views into a result live as long as it: in C++20 a range-for does not keep a temporary.
  const auto thread = store.get_conversation({.id = conversation});
  for (const auto& message : thread.messages()) {
    std::cout << message.seq << ' ' << message.role << ": " << message.content << '\n';
  }
  const auto newest = store.list_conversations();
  for (const auto& listed : newest.conversations()) {
    if (listed.id == conversation) {
      std::cout << "listed with " << listed.message_count << " messages\n";
    }
  }

  try {
    (void)store.get_conversation({.id = "00000000-0000-4000-8000-000000000000"});
  } catch (const host::Error& error) {
    std::cout << "an unknown conversation is " << host::status_name(error.status()) << '\n';
  }

  const std::string text(4'000'000, 'x');
  std::string id;
  host::AddMessage request{.conversation_id = conversation,
                           .message = {.role = "user", .content = text}};
  try {
    store.add_message(request, {.timeout = std::chrono::milliseconds(1)});
  } catch (const host::Error& error) {
    std::cout << "4 MB in a millisecond end with " << host::status_name(error.status()) << '\n';
    if (!error.ids().empty()) {  // it may be stored: with the same id it is stored once
      id = error.ids().front();
      request.message.id = id;
    }
  }
  std::cout << "repeated, it is seq " << store.add_message(request).seq << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: host HWLAB.YAML\n";
    return 64;
  }
  try {
    auto plugin = load_plugin(argv[1]);
    converse(plugin.conversation_store());
    plugin.unload();
    std::cout << "unloaded\n";
    return 0;
  } catch (const host::Error& error) {
    std::cerr << host::status_name(error.status()) << ": " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "CONFIG: " << error.what() << '\n';
  }
  return 1;
}
