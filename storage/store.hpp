// SPDX-License-Identifier: Apache-2.0
//
// The daemon's one read-write connection (SQLite 3.40 can corrupt a file that two connections write
// and checkpoint; so an flock on "<database>.lock" lets only one process in). WAL,
// synchronous=FULL, STRICT tables, foreign keys, numbered migrations. A Store belongs to one
// thread, the writer's.
//
// Errors: a newer schema, a file that isn't ours or is damaged (Kind::corrupt), no permission
// (Kind::denied), full disk (Kind::io), another daemon (Kind::busy, with its pid). Nothing is ever
// overwritten or deleted to get past one.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "alerts/delivery.hpp"
#include "alerts/notification.hpp"
#include "alerts/route.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "storage/batch.hpp"

namespace rblwatch::storage {

struct OpenOptions {
  std::string version;  // of the program, recorded for status
  std::string boot_id;
  core::Timestamp now{};
  core::Tick tick{};
};

class Store {
 public:
  /// Creates the file and its directory's entry when absent, takes the lock, checks integrity,
  /// migrates. That is no run of the daemon yet: `rblwatch` opens it so between two runs.
  /// ":memory:" gives a private one for tests.
  static core::Result<Store> open(const std::filesystem::path& path, const OpenOptions& options);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  /// What the daemon goes on with. The first call begins its run, as `options` said, in the same
  /// transaction: of a file that can't be read after all nothing is changed.
  core::Result<Snapshot> load();
  /// One transaction, on disk when it returns. On failure nothing of it is stored.
  core::Result<void> commit(const Batch& batch);

  // The outbox's side (alerts/outbox.hpp says what each does).
  core::Result<std::vector<alerts::Notice>> unsealed();
  core::Result<alerts::Notification> compose(std::span<const alerts::Notice> notices);
  core::Result<void> seal(const alerts::Delivery& delivery,
                          std::span<const alerts::Notice> notices);
  core::Result<std::vector<alerts::Delivery>> waiting();
  core::Result<void> settle(const alerts::Delivery& delivery, std::span<const lists::Event> events,
                            std::span<const alerts::Notice> notices);
  /// A failed or dropped delivery waits again, attempts from zero. Kind::not_found.
  core::Result<void> resend(const std::string& delivery_id, core::Timestamp now);
  /// A waiting or failed delivery is dropped. Kind::not_found.
  core::Result<void> drop(const std::string& delivery_id, core::Timestamp now);

  /// Deletes closed listings, events and settled deliveries older than `before`, a bounded number
  /// at a time. How many went.
  core::Result<std::size_t> prune(core::Timestamp before, std::size_t at_most);
  /// Since when the wall clock has gone with time, as far as the runs of the daemon know; a stop
  /// that was too long, or a clock that was set meanwhile, begins it anew. 1970: nobody knows of
  /// anything else.
  core::Result<core::Timestamp> steady_since();
  /// It was seen being set.
  core::Result<void> set_steady_since(core::Timestamp at);
  /// Bytes free on the database's file system.
  core::Result<std::uint64_t> free_space() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rblwatch::storage
