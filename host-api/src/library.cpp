#include "library.h"

// The standard library's paths instead of Boost.Filesystem's: one dependency less for a daemon.
#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <hwlab/plugin_host.hpp>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include "file_check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HWLAB_UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HWLAB_UNDER_SANITIZER 1
#endif
#endif

namespace hwlab::host {
namespace {

// Local and deeply bound: a host that links another libpqxx or yaml-cpp, whose symbols carry no
// version, would otherwise lend them to the plugin. The sanitizers must see every call of malloc,
// so there the plugin is bound as usual.
constexpr auto open_mode() {
  using boost::dll::load_mode::type;
  constexpr auto usual = static_cast<unsigned>(boost::dll::load_mode::rtld_now) |
                         static_cast<unsigned>(boost::dll::load_mode::rtld_local);
#ifdef HWLAB_UNDER_SANITIZER
  return static_cast<type>(usual);
#else
  return static_cast<type>(usual | static_cast<unsigned>(boost::dll::load_mode::rtld_deepbind));
#endif
}

struct KeptLibrary {
  boost::dll::shared_library library;
  FileIdentity identity;
};

struct KeptLibraries {
  std::mutex mutex;
  std::map<std::filesystem::path, KeptLibrary> by_path;  // guarded by mutex
};

// Libraries are never closed (see Plugin), so this is never destroyed: that would close them while
// the process ends.
KeptLibraries& kept_libraries() {
  static auto* const kept = new KeptLibraries;
  return *kept;
}

[[noreturn]] void refuse(Refusal kind, const std::filesystem::path& path, const std::string& why) {
  throw PluginFileError(kind, path.string() + " " + why);
}

const hwlab_plugin* checked_descriptor(const std::filesystem::path& path,
                                       const boost::dll::shared_library& library) {
  if (!library.has(HWLAB_PLUGIN_SYMBOL)) {
    refuse(Refusal::no_descriptor, path,
           "is no plugin of this family: it does not export " HWLAB_PLUGIN_SYMBOL);
  }
  const auto* const plugin = &library.get<const hwlab_plugin>(HWLAB_PLUGIN_SYMBOL);
  if (plugin->magic != HWLAB_PLUGIN_MAGIC) {
    refuse(Refusal::wrong_magic, path, "is no plugin of this family: its magic number is wrong");
  }
  constexpr auto needed = offsetof(hwlab_plugin, get_extension) + sizeof(plugin->get_extension);
  if (plugin->struct_size < needed) {
    refuse(Refusal::truncated_descriptor, path,
           "has a descriptor of " + std::to_string(plugin->struct_size) + " bytes; ABI 1.0 has " +
               std::to_string(needed));
  }
  if (plugin->min_host_minor > HWLAB_ABI_MINOR) {
    refuse(Refusal::host_too_old, path,
           "needs a host of ABI 1." + std::to_string(plugin->min_host_minor) +
               " or later; this one has 1." + std::to_string(HWLAB_ABI_MINOR));
  }
  if (plugin->name == nullptr || plugin->version == nullptr || plugin->load == nullptr ||
      plugin->unload == nullptr) {
    refuse(Refusal::incomplete_descriptor, path,
           "has a descriptor without name, version, load or unload");
  }
  return plugin;
}

boost::dll::shared_library open_file(const std::filesystem::path& path) {
  try {
    return boost::dll::shared_library(path, open_mode());
  } catch (const std::system_error& error) {
    refuse(Refusal::not_loadable, path, std::string("cannot be loaded: ") + error.what());
  }
}

}  // namespace

Library open_library(const std::filesystem::path& path) {
  const auto file = check_file(path);
  auto& kept = kept_libraries();
  const std::lock_guard lock(kept.mutex);
  const auto known = kept.by_path.find(file.path);
  if (known != kept.by_path.end()) {
    // dlopen() would give the first file's code again, without looking at the new one.
    return {file.path, checked_descriptor(file.path, known->second.library),
            known->second.identity != file.identity};
  }
  auto library = open_file(file.path);
  const auto* const descriptor = checked_descriptor(file.path, library);
  kept.by_path.emplace(file.path, KeptLibrary{std::move(library), file.identity});
  return {file.path, descriptor, false};
}

}  // namespace hwlab::host
