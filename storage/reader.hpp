// SPDX-License-Identifier: Apache-2.0
//
// Read-only access for the command line and HTTP: never writes, never checkpoints, never blocks the
// writer; works with the daemon up or down, and without write permission. A Reader belongs to one
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerts/notification.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "lists/evidence.hpp"
#include "lists/target.hpp"
#include "report/model.hpp"
#include "report/status.hpp"
#include "storage/batch.hpp"

namespace rblwatch::storage {

struct HistoryFilter {
  std::vector<std::string> subjects;  // empty = all
  std::vector<std::string> targets;   // names or values; a row matches by either
  std::string zone;                   // id; "" = all
  std::optional<core::Timestamp> since;
  std::optional<core::Timestamp> until;
  std::size_t limit = 100;
};

struct ListingHistory {
  std::vector<report::ListingRow> rows;  // newest first
  bool more = false;
};
struct EventHistory {
  std::vector<alerts::EventView> views;  // newest first
  bool more = false;
};

/// How alerts fare, for metrics.
struct OutboxFigures {
  struct Channel {
    std::uint64_t waiting = 0;
    std::uint64_t failed = 0;
  };
  std::map<std::string, Channel> channels;  // by name, those with either
  std::optional<core::Timestamp> oldest;    // of those that wait
  std::optional<core::Timestamp> last_delivered;
};

class Reader {
 public:
  /// Kind::not_found when there is no database yet; the rest as Store::open.
  static core::Result<Reader> open(const std::filesystem::path& path);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  /// One consistent view, with the addresses of these targets. `daemon.running`: somebody holds the
  /// lock.
  core::Result<report::StatusRows> status(const std::vector<lists::Target>& targets = {}) const;
  core::Result<report::TargetAddresses> addresses(const std::vector<lists::Target>& targets) const;
  core::Result<ListingHistory> history(const HistoryFilter& filter) const;
  core::Result<EventHistory> events(const HistoryFilter& filter) const;
  /// Events with a larger id, oldest first.
  core::Result<EventHistory> events_after(std::int64_t id, std::size_t limit) const;
  /// Evidence and votes kept for the subject: open listings and pending pairs.
  struct KeptEvidence {
    std::string zone;
    bool is_listed = false;
    lists::Evidence evidence;
    std::vector<report::VoteView> votes;
  };
  core::Result<std::vector<KeptEvidence>> evidence(const std::string& subject) const;
  /// Newest first.
  core::Result<std::vector<report::DeliveryView>> deliveries(bool only_failed,
                                                             std::size_t limit) const;
  /// Cheap, however many deliveries there are.
  core::Result<OutboxFigures> outbox_figures() const;
  /// Looks through every page (SQLite's quick_check) for at most so long. Kind::corrupt with the
  /// first thing that is wrong; Kind::busy when the time was over before anything was.
  core::Result<void> check_integrity(core::Millis at_most) const;
  /// A consistent copy into a file that must not exist yet.
  core::Result<void> backup(const std::filesystem::path& to) const;

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whether a daemon holds the database, by its lock file; its pid where known.
struct LockState {
  bool is_held = false;
  std::int64_t pid = 0;
};
LockState lock_state(const std::filesystem::path& database);

}  // namespace rblwatch::storage
