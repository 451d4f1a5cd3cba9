// SPDX-License-Identifier: Apache-2.0
#include "storage/store.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "core/handle.hpp"
#include "storage/lock.hpp"
#include "storage/migrate.hpp"
#include "storage/outbox.hpp"
#include "storage/retention.hpp"
#include "storage/sqlite.hpp"
#include "storage/state.hpp"

namespace rblwatch::storage {

namespace {

using Kind = core::Error::Kind;
namespace fs = std::filesystem;

constexpr std::string_view kMemory = ":memory:";
/// Between two runs the wall clock is corrected by less than this without being suspected,
constexpr core::Millis kStepBack{3'600'000};
/// and a daemon stops for less than this.
constexpr core::Millis kLongestStop{7LL * 24 * 3'600'000};

core::Error system_error(const fs::path& path, int number) {
  const bool is_denied = number == EACCES || number == EPERM || number == EROFS;
  return {is_denied ? Kind::denied : Kind::io, "can't create the database " + path.string() +
                                                   " as uid " + std::to_string(::geteuid()) + ": " +
                                                   std::generic_category().message(number)};
}

/// Makes the empty file, so that its mode is ours and not the umask's, and puts its name on disk.
core::Result<void> create_file(const fs::path& path) {
  const core::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!file.is_open()) {
    return tl::make_unexpected(system_error(path, errno));
  }
  const core::Fd folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fchmod(file.get(), 0640) != 0 || !folder.is_open() || ::fsync(folder.get()) != 0) {
    return tl::make_unexpected(system_error(path, errno));
  }
  return {};
}

/// Looks at an existing file without the power to change it: what isn't ours stays as it is, its
/// WAL included.
core::Result<void> inspect(const fs::path& path) {
  auto connection = Connection::open(path, OpenMode::reader);
  if (!connection) {
    return tl::make_unexpected(std::move(connection.error()));
  }
  const auto number = schema_number(*connection, known_schema(), path.string());
  // A journal that a crash left can only be rolled back by a writer, who looks again.
  if (!number && number.error().kind != Kind::denied) {
    return tl::make_unexpected(number.error());
  }
  return {};
}

core::Result<void> check_pages(Connection& connection) {
  const auto verdict = connection.value("PRAGMA quick_check(1)");
  if (!verdict) {
    return tl::make_unexpected(verdict.error());
  }
  if (*verdict != "ok") {
    return tl::make_unexpected(
        connection.corrupt(core::for_log(core::Untrusted(verdict->substr(0, 200)))));
  }
  return {};
}

/// What the last run left of its clocks.
struct LastRun {
  std::string boot_id;
  core::Timestamp wall;  // the latest there was
  core::Tick tick;
  core::Timestamp steady_since;
};

std::optional<LastRun> read_last_run(Transaction& transaction) {
  Query query(transaction, "SELECT boot_id, last_wall, last_tick, steady_since FROM meta");
  if (!query.next()) {
    return std::nullopt;
  }
  LastRun run;
  run.boot_id = query.text();
  run.wall = query.timestamp();
  run.tick = query.tick();
  run.steady_since = query.timestamp();
  return run;
}

/// Whether its ticks are good: the same boot, and neither clock has gone back.
bool is_same_boot_as(const LastRun& run, const OpenOptions& options) {
  return !run.boot_id.empty() && run.boot_id == options.boot_id && run.wall <= options.now &&
         run.tick <= options.tick;
}

/// While no daemon ran, nobody compared the clocks. A wall clock that says a little more than what
/// was stored last is the one of before; one that is behind, or far ahead, was set, or else the
/// stop was long: that can't be told apart, and waiting loses nothing.
core::Timestamp steady_since(const LastRun& run, core::Timestamp now) {
  const bool goes_on = now >= run.wall - kStepBack && now <= run.wall + kLongestStop;
  return goes_on && run.steady_since <= now ? run.steady_since : now;
}

/// Rule 13 on another boot: pending votes are dropped, what a quarantine holds waits anew. The
/// answers that were believed stay with what is listed or held.
void forget_ticks(Transaction& transaction, const OpenOptions& options) {
  Query entries(transaction, "DELETE FROM vote_entries");
  entries.run();
  Query gone(transaction,
             "DELETE FROM votes WHERE NOT EXISTS (SELECT 1 FROM listings l WHERE l.zone = "
             "votes.zone AND l.subject = votes.subject AND l.ended_at IS NULL) AND NOT EXISTS "
             "(SELECT 1 FROM held_changes h WHERE h.zone = votes.zone AND h.subject = "
             "votes.subject)");
  gone.run();
  Query marks(transaction, "UPDATE votes SET marks = ''");
  marks.run();
  Query zones(transaction,
              "UPDATE zones SET quarantined_tick = ? WHERE quarantined_tick IS NOT NULL");
  zones.bind(options.tick).run();
  Query held(transaction, "UPDATE held_changes SET first_vote = ?");
  held.bind(options.tick).run();
}

/// Whether the ticks of the run before are good still.
bool begin_run(Transaction& transaction, const OpenOptions& options) {
  const std::optional<LastRun> last = read_last_run(transaction);
  const bool is_same_boot = last && is_same_boot_as(*last, options);
  if (!is_same_boot) {
    forget_ticks(transaction, options);
  }
  const core::Timestamp steady = last ? steady_since(*last, options.now) : core::Timestamp();
  Query query(transaction,
              "INSERT OR REPLACE INTO meta (id, version, boot_id, started_at, last_wall, "
              "last_tick, steady_since) VALUES (1, ?1, ?2, ?3, ?3, ?4, ?5)");
  query.bind(options.version, options.boot_id, options.now, options.tick, steady).run();
  return is_same_boot;
}

core::Result<void> bring_up(Connection& connection, const fs::path& path) {
  const auto from = schema_number(connection, known_schema(), path.string());
  if (!from) {
    return tl::make_unexpected(from.error());
  }
  if (auto done = check_pages(connection); !done) {
    return done;
  }
  if (path != kMemory) {
    const auto mode = connection.value("PRAGMA journal_mode = WAL");
    if (!mode) {
      return tl::make_unexpected(mode.error());
    }
    if (*mode != "wal") {
      return core::fail(Kind::io, path.string() + " can't be kept in WAL mode (it is in mode " +
                                      *mode + "): is it on a network file system?");
    }
  }
  if (*from < known_schema()) {
    return migrate(connection, *from, migrations());
  }
  return {};
}

}  // namespace

struct Store::Impl {
  fs::path path;
  WriterLock lock;  // given back after the connection is closed
  Connection connection;
  OpenOptions options;
  bool is_begun = false;  // the run is recorded
  bool is_same_boot = false;
  bool is_written = false;  // so it could be read, too

  bool is_memory() const { return path == kMemory; }
  core::Result<void> commit(Transaction& transaction) {
    auto done = transaction.commit();
    is_written = is_written || done.has_value();
    return done;
  }
};

core::Result<Store> Store::open(const fs::path& path, const OpenOptions& options) {
  fs::path real = path;
  WriterLock lock;
  if (path != kMemory) {
    auto found = real_path(path);
    if (!found) {
      return tl::make_unexpected(std::move(found.error()));
    }
    real = std::move(*found);
    auto taken = WriterLock::take(real);
    if (!taken) {
      return tl::make_unexpected(std::move(taken.error()));
    }
    lock = std::move(*taken);
    std::error_code error;
    const bool is_there = fs::exists(real, error);
    if (auto done = is_there ? inspect(real) : create_file(real); !done) {
      return tl::make_unexpected(std::move(done.error()));
    }
  }
  auto connection = Connection::open(real, path == kMemory ? OpenMode::memory : OpenMode::writer);
  if (!connection) {
    return tl::make_unexpected(std::move(connection.error()));
  }
  if (auto done = bring_up(*connection, real); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return Store(std::make_unique<Impl>(Impl{.path = std::move(real),
                                           .lock = std::move(lock),
                                           .connection = std::move(*connection),
                                           .options = options}));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Store::~Store() {
  if (impl_ == nullptr || impl_->is_memory() || !impl_->is_written) {
    return;  // a file that turned out to be unreadable stays as it is, its log included
  }
  // An empty WAL lets readers without write permission open the file as it is. A reader in the way
  // only leaves the WAL for the next start.
  static_cast<void>(
      impl_->connection.execute("PRAGMA busy_timeout = 500; PRAGMA wal_checkpoint(TRUNCATE)"));
}

core::Result<Snapshot> Store::load() {
  const bool begins = !std::exchange(impl_->is_begun, true);
  Transaction transaction(impl_->connection,
                          begins ? Transaction::Kind::write : Transaction::Kind::read);
  if (begins) {
    impl_->is_same_boot = begin_run(transaction, impl_->options);
  }
  Snapshot snapshot = read_snapshot(transaction);
  snapshot.is_same_boot = impl_->is_same_boot;
  if (auto done = begins ? impl_->commit(transaction) : transaction.commit(); !done) {
    impl_->is_begun = !begins;
    return tl::make_unexpected(std::move(done.error()));
  }
  return snapshot;
}

core::Result<void> Store::commit(const Batch& batch) {
  Transaction transaction(impl_->connection, Transaction::Kind::write);
  write_batch(transaction, batch);
  return impl_->commit(transaction);
}

core::Result<std::vector<alerts::Notice>> Store::unsealed() {
  Transaction transaction(impl_->connection, Transaction::Kind::read);
  std::vector<alerts::Notice> notices = read_unsealed(transaction);
  if (auto done = transaction.commit(); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return notices;
}

core::Result<alerts::Notification> Store::compose(std::span<const alerts::Notice> notices) {
  Transaction transaction(impl_->connection, Transaction::Kind::read);
  alerts::Notification notification = read_notification(transaction, notices);
  if (auto done = transaction.commit(); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return notification;
}

core::Result<void> Store::seal(const alerts::Delivery& delivery,
                               std::span<const alerts::Notice> notices) {
  Transaction transaction(impl_->connection, Transaction::Kind::write);
  write_delivery(transaction, delivery, notices);
  return impl_->commit(transaction);
}

core::Result<std::vector<alerts::Delivery>> Store::waiting() {
  Transaction transaction(impl_->connection, Transaction::Kind::read);
  std::vector<alerts::Delivery> deliveries = read_waiting(transaction);
  if (auto done = transaction.commit(); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return deliveries;
}

core::Result<void> Store::settle(const alerts::Delivery& delivery,
                                 std::span<const lists::Event> events,
                                 std::span<const alerts::Notice> notices) {
  Transaction transaction(impl_->connection, Transaction::Kind::write);
  settle_delivery(transaction, delivery);
  const std::vector<std::int64_t> ids = write_events(transaction, events);
  write_notices(transaction, notices, ids);
  return impl_->commit(transaction);
}

core::Result<void> Store::resend(const std::string& delivery_id, core::Timestamp now) {
  Transaction transaction(impl_->connection, Transaction::Kind::write);
  resend_delivery(transaction, delivery_id, now);
  return impl_->commit(transaction);
}

core::Result<void> Store::drop(const std::string& delivery_id, core::Timestamp /*now*/) {
  Transaction transaction(impl_->connection, Transaction::Kind::write);
  drop_delivery(transaction, delivery_id);
  return impl_->commit(transaction);
}

core::Result<std::size_t> Store::prune(core::Timestamp before, std::size_t at_most) {
  Transaction transaction(impl_->connection, Transaction::Kind::write);
  const std::size_t gone = prune_rows(transaction, before, at_most);
  if (auto done = impl_->commit(transaction); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return gone;
}

core::Result<core::Timestamp> Store::steady_since() {
  Transaction transaction(impl_->connection, Transaction::Kind::read);
  const std::optional<LastRun> run = read_last_run(transaction);
  if (auto done = transaction.commit(); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return run ? run->steady_since : core::Timestamp();
}

core::Result<void> Store::set_steady_since(core::Timestamp at) {
  Transaction transaction(impl_->connection, Transaction::Kind::write);
  Query query(transaction, "UPDATE meta SET steady_since = ?");
  query.bind(at).run();
  return impl_->commit(transaction);
}

core::Result<std::uint64_t> Store::free_space() const {
  if (impl_->is_memory()) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  struct statvfs system {};
  if (::statvfs(impl_->path.c_str(), &system) != 0) {
    return core::fail(Kind::io, "can't ask for the free space of " + impl_->path.string() + ": " +
                                    std::generic_category().message(errno));
  }
  return static_cast<std::uint64_t>(system.f_bavail) * system.f_frsize;
}

}  // namespace rblwatch::storage
