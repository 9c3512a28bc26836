// The JSON Schema of the section, for hosts that check or document their configuration.
#pragma once

namespace hwlab::config {

// JSON Schema (draft 2020-12), ended by a NUL. Made from the table of keys at build time: constant
// data, so that it can be read before any code of the plugin runs (hwlab_plugin.config_schema).
extern const char config_schema[];  // NOLINT(modernize-avoid-c-arrays): a C string for C

}  // namespace hwlab::config
