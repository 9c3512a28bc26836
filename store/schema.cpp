#include "store/schema.h"

#include <new>
#include <utility>

#include "store/attempts.h"

namespace hwlab::store {
namespace {

using namespace std::chrono_literals;

// As in Pool: everything but the resolution of a name notices a stop within 20 ms.
constexpr auto cut_patience = 60ms;

}  // namespace

struct Schema::Run {
  Run(const MigratorOptions& options, const Migrator::Connect& connect, const Log& log)
      : migrator(options, connect, log) {}

  Migrator migrator;
  // Made beforehand: an exception on the thread below would end the process.
  const Error no_memory{Kind::unavailable, "there is not enough memory to migrate the schema"};
  const Error unexpected{Kind::internal, "the migration ended unexpectedly"};
  std::atomic<bool> stop = false;

  std::mutex mutex;
  std::condition_variable ended_changed;
  bool ended = false;
  std::optional<Error> failure;
  std::vector<const Migration*> applied;

  Worker thread;  // last: it uses all of the above

  void work() {
    std::optional<Error> failed;
    std::vector<const Migration*> done;
    try {
      try {
        done = migrator.run(stop);
      } catch (const StatementFailed& error) {
        throw error.to_error();
      }
    } catch (const Error& error) {
      failed = error;
    } catch (const std::bad_alloc&) {
      failed = no_memory;
    } catch (const std::exception&) {
      failed = unexpected;
    }
    const std::lock_guard lock(mutex);
    failure = std::move(failed);
    applied = std::move(done);
    ended = true;
    ended_changed.notify_all();
  }

  // Throws what ended it, or a timeout.
  std::vector<const Migration*> wait(Deadline deadline) {
    std::unique_lock lock(mutex);
    const bool over =
        ended_changed.wait_until(lock, deadline.at(), [this] { return ended || stop; });
    if (stop)
      throw Error(Kind::stopped, "the store is being closed");
    if (!over)
      throw Error(Kind::timeout,
                  "the schema is still being migrated; that goes on in the background: repeat the "
                  "call later, or run 'hwlab-host migrate' and wait for it");
    if (failure)
      throw Error(*failure);
    return applied;
  }
};

Schema::Schema(MigrateMode mode, MigratorOptions options, Migrator::Connect connect, Log log)
    : mode_(mode),
      options_(std::move(options)),
      connect_(std::move(connect)),
      log_(std::move(log)) {}

Schema::~Schema() {
  stop();
}

void Schema::stop() {
  std::shared_ptr<Run> run;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    run = std::move(run_);
  }
  if (run == nullptr)
    return;
  {
    const std::lock_guard lock(run->mutex);
    run->stop = true;
    run->ended_changed.notify_all();
  }
  run->migrator.cut();
  if (!run->thread.join_within(cut_patience))
    run->thread.leave();
}

std::shared_ptr<Schema::Run> Schema::start_or_join() {
  const std::lock_guard lock(mutex_);
  if (stopping_)
    throw Error(Kind::stopped, "the store is being closed");
  if (run_ != nullptr) {
    {
      const std::lock_guard running(run_->mutex);
      if (!run_->ended)
        return run_;
    }
    run_->thread.join();  // or it might be the last to let go of its run, and wait for itself
  }
  auto run = std::make_shared<Run>(options_, connect_, log_);
  run->thread = Worker([run] { run->work(); });
  run_ = run;
  return run;
}

SchemaState Schema::state(Pool& pool, Deadline deadline) const {
  return repeat_until(deadline, pool, [this](Session& session) {
    return read_schema_state(session, options_.schema_name);
  });
}

void Schema::ensure(Pool& pool, Deadline deadline) {
  if (ready_.load(std::memory_order_acquire))
    return;
  if (mode_ != MigrateMode::off) {
    const auto pending = state(pool, deadline).pending.size();
    if (pending > 0 && mode_ == MigrateMode::verify)
      throw Error(Kind::config, std::to_string(pending) +
                                    " migrations are pending and schema.migrate is 'verify': run "
                                    "'hwlab-host migrate' with a DSN of the schema's owner");
    if (pending > 0)
      start_or_join()->wait(deadline);
  }
  ready_.store(true, std::memory_order_release);
}

std::vector<const Migration*> Schema::migrate(Deadline deadline) {
  auto applied = start_or_join()->wait(deadline);
  ready_.store(true, std::memory_order_release);
  return applied;
}

}  // namespace hwlab::store
