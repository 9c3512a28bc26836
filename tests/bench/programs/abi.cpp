// What the plugin's C interface costs: a call of a hook against the same call of the store behind
// it, both on a connection that answers from memory (tape.h).
//
//   bench_abi PLUGIN DSN SCHEMA [--benchmark_...]       times, by Google Benchmark
//   bench_abi PLUGIN DSN SCHEMA --count CASE CALLS      so many calls of one case, to be counted by
//   callgrind
//
// SCHEMA holds conversation 1 with one message and conversation 2 with 1,001.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <hwlab/conversation_store.h>
#include <valgrind/callgrind.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include "store/store.h"
#include "tests/bench/programs/load.h"
#include "tests/bench/programs/tape.h"

namespace {

using namespace hwlab;
hwlab_text text(const std::string& from) {
  return {from.data(), from.size()};
}

// A host of the fewest lines, so that nothing but the hook itself stands between.
class Hooks {
 public:
  Hooks(const char* plugin, const std::string& schema) {
    void* const library = ::dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      throw std::runtime_error(::dlerror());
    plugin_ = static_cast<const hwlab_plugin*>(::dlsym(library, HWLAB_PLUGIN_SYMBOL));
    config_ = "pool: { max: 1 }\nschema: { name: " + schema + " }\n";
    host_ = {.struct_size = sizeof host_,
             .abi_minor = HWLAB_ABI_MINOR,
             .ctx = this,
             .name = "bench",
             .config = text(config_),
             .config_origin = {},
             .log = nullptr,
             .register_hooks = keep,
             .get_extension = nullptr};
    hwlab_error error{};
    error.struct_size = sizeof error;
    if (plugin_->load(&host_, &instance_, &error) != HWLAB_OK)
      throw std::runtime_error(error.message);
  }
  Hooks(const Hooks&) = delete;
  Hooks& operator=(const Hooks&) = delete;
  ~Hooks() { plugin_->unload(instance_, 1000, nullptr); }

  void append(const std::string& conversation, const std::string& id,
              const std::string& content) const {
    static const std::string role = "user";
    hwlab_new_message message{};
    message.struct_size = sizeof message;
    message.id = text(id);
    message.role = text(role);
    message.content = text(content);
    hwlab_add_message_request request{};
    request.struct_size = sizeof request;
    request.conversation_id = text(conversation);
    request.message = &message;
    run<hwlab_add_message_result>(table_->add_message, request);
  }

  void read(const std::string& conversation) const {
    hwlab_get_conversation_request request{};
    request.struct_size = sizeof request;
    request.id = text(conversation);
    run<hwlab_get_conversation_result>(table_->get_conversation, request);
  }

 private:
  static hwlab_status keep(void* self, const char*, const void* table, void* instance,
                           hwlab_error*) {
    auto& hooks = *static_cast<Hooks*>(self);
    hooks.table_ = static_cast<const hwlab_conversation_store*>(table);
    hooks.self_ = instance;
    return HWLAB_OK;
  }

  template <typename Result, typename Hook, typename Request>
  void run(Hook hook, const Request& request) const {
    Result result;
    result.head.struct_size = sizeof result;
    hwlab_error error;
    error.struct_size = sizeof error;
    if (hook(self_, nullptr, &request, &result, &error) != HWLAB_OK)
      throw std::runtime_error(error.message);
    result.head.release(&result.head);
  }

  const hwlab_plugin* plugin_ = nullptr;
  std::string config_;
  hwlab_host host_{};
  void* instance_ = nullptr;
  const hwlab_conversation_store* table_ = nullptr;
  void* self_ = nullptr;
};

std::unique_ptr<store::Store> open_store(const std::string& dsn, const std::string& schema) {
  std::vector<std::pair<std::string, std::string>> options;
  std::istringstream words(dsn);
  for (std::string word; words >> word;)
    options.emplace_back(word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
  store::StoreOptions settings;
  settings.pool.max = 1;
  settings.schema_name = schema;
  return std::make_unique<store::Store>(
      settings, [options] { return options; }, [](store::Severity, std::string_view) {});
}

// The id of the message that a call appends, in both forms; reads have no use for it.
struct Id {
  store::Uuid value = store::new_uuid();
  std::string text = store::to_text(value);
};

using Call = std::function<void(const Id&)>;

struct Kind {
  const char* name;
  int conversation;
};
constexpr std::array kinds = {Kind{"read of one row", 1}, Kind{"read of 1,001 rows", 2},
                              Kind{"append", 3}};

Call through_hook(const char* plugin, const std::string& schema, const Kind& kind) {
  const auto hooks = std::make_shared<Hooks>(plugin, schema);
  const std::string conversation = bench::conversation_id(kind.conversation);
  if (kind.conversation != 3)
    return [=](const Id&) { hooks->read(conversation); };
  return [=, content = bench::message_content()](const Id& id) {
    hooks->append(conversation, id.text, content);
  };
}

Call to_store(const std::string& dsn, const std::string& schema, const Kind& kind) {
  const std::shared_ptr<store::Store> opened = open_store(dsn, schema);
  const auto conversation = store::parse_uuid(bench::conversation_id(kind.conversation)).value();
  const auto deadline = [] { return store::Deadline::in(std::chrono::seconds(10)); };
  if (kind.conversation != 3)
    return
        [=](const Id&) { benchmark::DoNotOptimize(opened->thread(conversation, {}, deadline())); };
  return [=, content = bench::message_content()](const Id& id) {
    const store::Append unit{.conversation = conversation,
                             .messages = {{.id = id.value,
                                           .role = "user",
                                           .content = content,
                                           .metadata = {},
                                           .created_at = {}}},
                             .expected_seq = {}};
    benchmark::DoNotOptimize(opened->append(unit, deadline()));
  };
}

// From here on the call is answered from memory.
std::function<void()> on_tape(const Call& call) {
  call({});  // prepares the statement
  const Id id;
  bench::record();
  call(id);
  if (bench::exchanges() != 1)
    throw std::runtime_error("a call took another number of round trips than one");
  bench::replay();
  return [=] { call(id); };
}

void count(const std::function<void()>& call, int calls) {
  for (int i = 0; i < 100; ++i)
    call();
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_TOGGLE_COLLECT;
  for (int i = 0; i < calls; ++i)
    call();
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_STOP_INSTRUMENTATION;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4)
    return 64;
  const char* const plugin = argv[1];
  const std::string dsn = argv[2];
  const std::string schema = argv[3];
  ::setenv("HWLAB_DATABASE_URL", argv[2], 1);
  try {
    for (const Kind& kind : kinds) {
      const std::array ways = {
          std::pair{std::string("hook: ") + kind.name, through_hook(plugin, schema, kind)},
          std::pair{std::string("store: ") + kind.name, to_store(dsn, schema, kind)}};
      for (const auto& [name, call] : ways) {
        const auto replayed = on_tape(call);
        if (argc == 7 && name == argv[5])
          count(replayed, std::atoi(argv[6]));
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
          for (auto _ : state)
            replayed();
        });
      }
    }
    if (argc == 7)
      return 0;
    argc -= 3;
    benchmark::Initialize(&argc, argv + 3);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_abi: %s\n", error.what());
    return 1;
  }
}
