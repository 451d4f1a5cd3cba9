// SPDX-License-Identifier: Apache-2.0
#include "storage/reader.hpp"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include <functional>
#include <system_error>
#include <utility>

#include "storage/backup.hpp"
#include "storage/lock.hpp"
#include "storage/migrate.hpp"
#include "storage/queries.hpp"
#include "storage/sqlite.hpp"

namespace rblwatch::storage {

namespace {

using Kind = core::Error::Kind;
namespace fs = std::filesystem;

/// What tells a file from what it was a moment ago.
struct Stamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t changed_ns = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

std::optional<Stamp> stamp_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return std::nullopt;
  }
  return Stamp{
      .device = info.st_dev,
      .inode = info.st_ino,
      .size = info.st_size,
      .changed_ns = info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec};
}

/// Nobody writes the file, and all of it is in the file: then it can be read without locks, which
/// need files that a reader may not be allowed to make. Nothing otherwise.
std::optional<Stamp> quiet_stamp(const fs::path& path) {
  fs::path wal = path;
  wal += "-wal";
  const std::optional<Stamp> log = stamp_of(wal);
  if ((log && log->size > 0) || lock_state(path).is_held) {
    return std::nullopt;
  }
  return stamp_of(path);
}

core::Result<Connection> open_checked(const fs::path& path, OpenMode mode) {
  auto connection = Connection::open(path, mode);
  if (!connection) {
    return connection;
  }
  const auto number = schema_number(*connection, known_schema(), path.string());
  if (!number) {
    return tl::make_unexpected(number.error());
  }
  if (*number == 0) {
    return core::fail(Kind::not_found, path.string() + " holds nothing yet: start rblwatchd once");
  }
  if (*number < known_schema()) {
    return core::fail(Kind::invalid, path.string() +
                                         " was written by an older rblwatch: start this version's "
                                         "rblwatchd, which brings it up to date");
  }
  return connection;
}

}  // namespace

struct Reader::Impl {
  fs::path path;
  std::optional<Connection> connection;
  std::optional<Stamp> stamp;  // of the immutable file; nothing in the normal mode

  using Work = std::function<core::Result<void>(Connection&)>;

  core::Result<void> reopen(std::optional<Stamp> quiet) {
    connection.reset();
    auto opened = open_checked(path, quiet ? OpenMode::immutable : OpenMode::reader);
    if (!opened) {
      return tl::make_unexpected(std::move(opened.error()));
    }
    connection.emplace(std::move(*opened));
    stamp = quiet;
    return {};
  }

  /// Opened without locks where that is safe; where it fails, or the file changed meanwhile, it is
  /// done again as beside a writer.
  core::Result<void> run(const Work& work) {
    const std::optional<Stamp> quiet = quiet_stamp(path);
    const bool is_good = connection.has_value() && stamp == quiet;
    if (quiet) {
      core::Result<void> done = is_good ? core::Result<void>() : reopen(quiet);
      if (done) {
        done = work(*connection);
      }
      if (done && quiet_stamp(path) == quiet) {
        return {};
      }
    }
    if (!quiet && is_good) {
      return work(*connection);
    }
    if (auto done = reopen(std::nullopt); !done) {
      return done;
    }
    return work(*connection);
  }

  /// One read transaction, so one moment.
  core::Result<void> look(const std::function<void(Transaction&)>& ask) {
    return run([&ask](Connection& opened) {
      Transaction transaction(opened, Transaction::Kind::read);
      ask(transaction);
      return transaction.commit();
    });
  }

  template <class T, class Ask>
  core::Result<T> read(const Ask& ask) {
    T value{};
    if (auto done = look([&](Transaction& transaction) { value = ask(transaction); }); !done) {
      return tl::make_unexpected(std::move(done.error()));
    }
    return value;
  }
};

core::Result<Reader> Reader::open(const fs::path& path) {
  auto real = real_path(path);
  if (!real) {
    return tl::make_unexpected(std::move(real.error()));
  }
  struct stat info {};
  if (::stat(real->c_str(), &info) != 0 && errno == ENOENT) {
    return core::fail(Kind::not_found, "there is no database " + path.string() +
                                           " yet: start rblwatchd, or see [daemon] database");
  }
  auto impl = std::make_unique<Impl>(
      Impl{.path = std::move(*real), .connection = std::nullopt, .stamp = std::nullopt});
  // The first look says whether it can be read at all.
  if (auto done = impl->run([](Connection&) { return core::Result<void>(); }); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return Reader(std::move(impl));
}

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

core::Result<report::StatusRows> Reader::status(const std::vector<lists::Target>& targets) const {
  auto rows = impl_->read<report::StatusRows>(
      [&](Transaction& transaction) { return read_status(transaction, targets); });
  if (rows) {
    rows->daemon.running = lock_state(impl_->path).is_held;
  }
  return rows;
}

core::Result<report::TargetAddresses> Reader::addresses(
    const std::vector<lists::Target>& targets) const {
  return impl_->read<report::TargetAddresses>(
      [&](Transaction& transaction) { return read_addresses(transaction, targets); });
}

core::Result<ListingHistory> Reader::history(const HistoryFilter& filter) const {
  return impl_->read<ListingHistory>(
      [&](Transaction& transaction) { return read_history(transaction, filter); });
}

core::Result<EventHistory> Reader::events(const HistoryFilter& filter) const {
  return impl_->read<EventHistory>(
      [&](Transaction& transaction) { return read_events(transaction, filter); });
}

core::Result<EventHistory> Reader::events_after(std::int64_t id, std::size_t limit) const {
  return impl_->read<EventHistory>(
      [&](Transaction& transaction) { return read_events_after(transaction, id, limit); });
}

core::Result<std::vector<Reader::KeptEvidence>> Reader::evidence(const std::string& subject) const {
  return impl_->read<std::vector<KeptEvidence>>(
      [&](Transaction& transaction) { return read_kept(transaction, subject); });
}

core::Result<std::vector<report::DeliveryView>> Reader::deliveries(bool only_failed,
                                                                   std::size_t limit) const {
  return impl_->read<std::vector<report::DeliveryView>>(
      [&](Transaction& transaction) { return read_deliveries(transaction, only_failed, limit); });
}

core::Result<OutboxFigures> Reader::outbox_figures() const {
  return impl_->read<OutboxFigures>(
      [](Transaction& transaction) { return read_outbox_figures(transaction); });
}

core::Result<void> Reader::check_integrity(core::Millis at_most) const {
  return impl_->run([at_most](Connection& opened) -> core::Result<void> {
    const auto found = opened.value_within("PRAGMA quick_check(1)", at_most);
    if (!found) {
      return tl::make_unexpected(found.error());
    }
    if (*found != "ok") {
      return tl::make_unexpected(opened.corrupt(*found));
    }
    return {};
  });
}

core::Result<void> Reader::backup(const fs::path& to) const {
  auto file = BackupFile::create(to);
  if (!file) {
    return tl::make_unexpected(std::move(file.error()));
  }
  const auto copy = [&file](Connection& opened) { return file->copy(opened); };
  if (auto done = impl_->run(copy); !done) {
    return done;
  }
  return file->give_name();
}

}  // namespace rblwatch::storage
