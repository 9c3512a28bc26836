#include "library.h"

#include <dlfcn.h>

#include "expect.h"
#include "subject.h"

namespace hwlab::check {

Library::Library(const std::filesystem::path& file, Binding binding) {
  int mode = RTLD_NOW | RTLD_LOCAL;
  if (binding == Binding::deep && !is_sanitized)
    mode |= RTLD_DEEPBIND;
  handle_ = ::dlopen(file.c_str(), mode);
  if (handle_ == nullptr) {
    const char* const why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): of this thread
    throw Failed(join("the library cannot be loaded: ", why != nullptr ? why : "unknown"));
  }
  descriptor_ = static_cast<const hwlab_plugin*>(::dlsym(handle_, HWLAB_PLUGIN_SYMBOL));
}

const hwlab_plugin& Library::plugin() const {
  if (descriptor_ == nullptr)
    throw NotReached("the case symbols says what must be mended first");
  if (descriptor_->magic != HWLAB_PLUGIN_MAGIC || descriptor_->struct_size < sizeof(hwlab_plugin) ||
      descriptor_->load == nullptr || descriptor_->unload == nullptr ||
      descriptor_->min_host_minor > HWLAB_ABI_MINOR)
    throw NotReached("the case descriptor says what must be mended first");
  return *descriptor_;
}

}  // namespace hwlab::check
