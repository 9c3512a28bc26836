// One loaded instance of the plugin, from load() to unload().
#pragma once

#include <hwlab/plugin.h>

#include <condition_variable>
#include <memory>
#include <mutex>

#include "config/redactor.h"
#include "config/settings.h"
#include "store/deadline.h"
#include "store/store.h"

namespace hwlab::plugin {

class Instance {
 public:
  // Reads the configuration, resolves the DSN, and checks the server when it is to be verified.
  // Throws; then nothing is left running.
  Instance(const hwlab_host& host, std::shared_ptr<config::Redactor> redactor);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Refuses new calls from here on, lets those that run finish until `grace`, then cuts them off;
  // returns when none is inside.
  void close(store::Deadline grace);

  // Whether this is a child of the process that loaded the instance: its threads and connections
  // are not ours.
  [[nodiscard]] bool is_forked() const noexcept;

  // Held by a call for as long as it touches the instance, refused calls included: close() waits
  // for all of them.
  class Entry {
   public:
    explicit Entry(Instance& instance) noexcept;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();
    // Throws Refusal (STOPPED) unless the call may go on.
    void check() const;

   private:
    Instance& instance_;
    bool is_forked_;
    bool is_closing_ = false;
  };

  [[nodiscard]] store::Deadline deadline_of(const hwlab_call* call) const;

  [[nodiscard]] store::Store& store() noexcept { return *store_; }
  [[nodiscard]] const config::Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const config::Redactor& redactor() const noexcept { return *redactor_; }

 private:
  const unsigned process_;  // as counted by the fork handler
  config::Settings settings_;
  std::shared_ptr<config::Redactor> redactor_;
  std::unique_ptr<store::Store> store_;

  std::mutex mutex_;
  std::condition_variable left_;
  int inside_ = 0;
  bool closing_ = false;
};

}  // namespace hwlab::plugin
