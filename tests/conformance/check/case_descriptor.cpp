// Can a host trust what it sees before any code of the plugin runs, and what load() gives it?
#include <dlfcn.h>
#include <elf.h>
#include <hwlab/maintenance.h>
#include <utf8.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "cases.h"
#include "daemon.h"
#include "expect.h"

namespace hwlab::check {
namespace {

struct Symbol {
  std::string name;
  unsigned char type;
};

// The file's section of dynamic symbols: what it defines for others.
class ElfFile {
 public:
  explicit ElfFile(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(stream), {});
    header_ = at<Elf64_Ehdr>(0);
    require(std::memcmp(header_.e_ident, ELFMAG, SELFMAG) == 0 &&
                header_.e_ident[EI_CLASS] == ELFCLASS64,
            "the file is not a 64-bit ELF library");
  }

  [[nodiscard]] std::vector<Symbol> exported() const {
    std::vector<Symbol> symbols;
    for (unsigned i = 0; i < header_.e_shnum; ++i) {
      const auto section = section_at(i);
      if (section.sh_type != SHT_DYNSYM)
        continue;
      const auto names = section_at(section.sh_link);
      for (std::uint64_t at_byte = 0; at_byte + sizeof(Elf64_Sym) <= section.sh_size;
           at_byte += sizeof(Elf64_Sym)) {
        const auto symbol = at<Elf64_Sym>(section.sh_offset + at_byte);
        const bool is_defined = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS;
        if (is_defined && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL)
          symbols.push_back({name_at(names.sh_offset + symbol.st_name),
                             static_cast<unsigned char>(ELF64_ST_TYPE(symbol.st_info))});
      }
    }
    return symbols;
  }

 private:
  template <typename T>
  [[nodiscard]] T at(std::uint64_t offset) const {
    require(offset <= bytes_.size() && bytes_.size() - offset >= sizeof(T),
            "the file is cut off: it is not a library");
    T value{};
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  [[nodiscard]] Elf64_Shdr section_at(unsigned index) const {
    return at<Elf64_Shdr>(header_.e_shoff + std::uint64_t{index} * header_.e_shentsize);
  }
  [[nodiscard]] std::string name_at(std::uint64_t offset) const {
    static_cast<void>(at<char>(offset));
    const char* const start = bytes_.data() + offset;
    return {start, ::strnlen(start, bytes_.size() - offset)};
  }

  std::vector<char> bytes_;
  Elf64_Ehdr header_{};
};

void require_text(const char* given, const char* what) {
  require(given != nullptr, "the descriptor has no ", what);
  require(*given != '\0', "the descriptor's ", what, " is empty");
  require(utf8::is_valid(given, given + std::strlen(given)), "the descriptor's ", what,
          " is not UTF-8");
}

}  // namespace

void symbols(const Subject& subject) {
  const auto symbols = ElfFile(subject.library).exported();
  std::string others;
  bool is_there = false;
  for (const Symbol& symbol : symbols) {
    if (symbol.name == HWLAB_PLUGIN_SYMBOL) {
      is_there = true;
      require(symbol.type == STT_OBJECT, HWLAB_PLUGIN_SYMBOL " is not data");
    } else {
      others += " " + symbol.name;
    }
  }
  require(is_there, "the library does not export " HWLAB_PLUGIN_SYMBOL);
  require(others.empty(), "the library exports more than " HWLAB_PLUGIN_SYMBOL ":",
          others.substr(0, 300));
}

void descriptor(const Subject& subject) {
  const Library library(subject.library);
  if (library.descriptor() == nullptr)
    static_cast<void>(library.plugin());  // says which case tells more
  const hwlab_plugin& plugin = *library.descriptor();
  require(plugin.magic == HWLAB_PLUGIN_MAGIC, "the magic number is wrong");
  require(plugin.struct_size >= sizeof(hwlab_plugin), "the descriptor has ", plugin.struct_size,
          " bytes; that of ABI 1.0 has ", sizeof(hwlab_plugin));
  require(plugin.min_host_minor <= plugin.abi_minor,
          "min_host_minor is above the minor version that the plugin was compiled with");
  require(plugin.min_host_minor <= HWLAB_ABI_MINOR, "the plugin needs a host of ABI 1.",
          plugin.min_host_minor, "; this program knows 1.", HWLAB_ABI_MINOR);
  require_text(plugin.name, "name");
  require_text(plugin.version, "version");
  require_text(plugin.description, "description");
  require(std::strchr(plugin.description, '\n') == nullptr, "the description is not one line");
  if (plugin.config_schema != nullptr) {
    require_text(plugin.config_schema, "config_schema");
    const auto schema = nlohmann::json::parse(plugin.config_schema, nullptr, false);
    require(schema.is_object(), "config_schema is not a JSON object");
  }
  require(plugin.load != nullptr, "there is no load");
  require(plugin.unload != nullptr, "there is no unload");
  require(plugin.get_extension != nullptr, "there is no get_extension");
}

void table(const Subject& subject) {
  const Library library(subject.library);
  Daemon daemon(subject);
  const Loaded loaded = load(library, daemon);
  require(loaded.status == HWLAB_OK, "load: expected OK, got ", status_name(loaded.status), " (",
          loaded.error.message, ")");
  require(daemon.registrations() == 1, "load registered the conversation hooks ",
          daemon.registrations(), " times");
  const auto* const hooks = daemon.hooks().table;
  require(hooks != nullptr, "load registered a null pointer as its table");
  require(hooks->struct_size >= sizeof(hwlab_conversation_store), "the table of hooks has ",
          hooks->struct_size, " bytes; that of ABI 1.0 has ", sizeof(hwlab_conversation_store));
  require(hooks->create_conversation != nullptr && hooks->add_message != nullptr &&
              hooks->append_messages != nullptr && hooks->get_conversation != nullptr &&
              hooks->list_conversations != nullptr,
          "a hook of ABI 1.0 is a null pointer");
  const Unloaded unloaded = unload(library, loaded.instance, 1'000);
  require(unloaded.status == HWLAB_OK && unloaded.error.status == HWLAB_OK &&
              unloaded.error.message[0] == '\0',
          "unload: expected OK, got ", status_name(unloaded.status), " (", unloaded.error.message,
          ")");
}

void stays_mapped(const Subject& subject) {
  Library library(subject.library);
  static_cast<void>(library.plugin());
  { const Instance instance(subject, library); }
  ::dlclose(library.handle());
  require(::dlopen(subject.library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) != nullptr,
          "the code is gone after dlclose(): link with -z nodelete, since exit handlers and "
          "thread-local destructors may still run");
}

void extensions(const Subject& subject) {
  Instance instance(subject);
  const auto get = [&](const char* id) noexcept {
    return instance.library().plugin().get_extension(instance.handle(), id);
  };
  require(get("test.no_such_extension/1") == nullptr, "an unknown extension is not a null pointer");
  require(get("") == nullptr, "the extension \"\" is not a null pointer");
  const auto* const maintenance = static_cast<const hwlab_maintenance*>(get(HWLAB_MAINTENANCE));
  if (maintenance == nullptr)
    return;  // nobody must have it
  require(maintenance->struct_size >= sizeof(hwlab_maintenance), "the table of maintenance has ",
          maintenance->struct_size, " bytes; that of ABI 1.0 has ", sizeof(hwlab_maintenance));
  const hwlab_report_request request{sizeof request, 0};
  Owned<hwlab_report_result> result;
  hwlab_error error{};
  error.struct_size = sizeof error;
  const hwlab_status status = [&]() noexcept {
    return maintenance->report(instance.handle(), nullptr, &request, &result.get(), &error);
  }();
  check_answer("report", status, error, result.get().head);
  require_status("report", status, error, HWLAB_OK, "a server that is there");
  std::int32_t worst = HWLAB_CHECK_OK;
  for (std::size_t i = 0; i < result.get().check_count; ++i) {
    const hwlab_check& line = *result.get().checks[i];
    require(!view(line.name).empty(), "a line of the report has no name");
    require((line.level == HWLAB_CHECK_OK) == (line.remedy.data == nullptr), "the line ",
            view(line.name), " of the report has a remedy and needs none, or the other way");
    worst = std::max(worst, line.level);
  }
  require(result.get().worst == worst, "the report's worst level is not that of its lines");
}

}  // namespace hwlab::check
