// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite.hpp"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/check.hpp"

namespace rblwatch::storage {

namespace {

using Kind = core::Error::Kind;

// A reader waits for a writer that recovers or closes the file, never longer.
constexpr int kBusyTimeoutMs = 5000;
// What a WAL that once grew keeps of its length when it starts over.
constexpr std::string_view kWalLimit = "16777216";

core::Error denied(const std::string& path, const std::string& why) {
  return {Kind::denied, path + " can't be opened or written by uid " + std::to_string(::geteuid()) +
                            " (" + why +
                            "): see to the owner and mode of the file and its directory"};
}

core::Error cannot_open(const std::string& path, const std::string& why, int number) {
  if (number == ENOENT) {
    return {Kind::not_found, path + " is not there"};
  }
  if (number == EACCES || number == EPERM || number == EROFS) {
    return denied(path, std::generic_category().message(number));
  }
  return {Kind::io, path + " can't be opened: " +
                        (number != 0 ? std::generic_category().message(number) : why)};
}

core::Error io_error(const std::string& path, const std::string& why, int number) {
  // SQLite doesn't always keep the system's error (a file size limit, say), so the advice is wide.
  const std::string system = number != 0 ? ": " + std::generic_category().message(number) : "";
  return {Kind::io, path + " can't be read or written (" + why + system +
                        "): see to the room, quota and health of its disk; nothing of this was "
                        "stored"};
}

core::Error damaged(const std::string& path, const std::string& why) {
  return {Kind::corrupt, path + " is damaged or no database of rblwatch (" + why +
                             "): move it away or restore a backup; it was not changed"};
}

core::Error error_from(int code, const std::string& path, const std::string& why, int number) {
  switch (code & 0xff) {
    case SQLITE_CANTOPEN:
      return cannot_open(path, why, number);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return denied(path, why);
    case SQLITE_FULL:
      return {Kind::io, path + ": no room on the disk: make some; nothing of this was stored"};
    case SQLITE_IOERR:
      return io_error(path, why, number);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {Kind::busy, path + " is held by another program (" + why + "): try again"};
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return {Kind::limit, path + ": " + why};
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return {Kind::invalid, path + ": " + why};
    default:  // SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR (a table that should be there) …
      return damaged(path, why);
  }
}

/// A file: URI, in which '?' and '#' would start something else.
std::string uri_of(const std::filesystem::path& path, std::string_view parameters) {
  std::string uri = "file:";
  for (const char c : path.string()) {
    switch (c) {
      case '%':
        uri += "%25";
        break;
      case '?':
        uri += "%3f";
        break;
      case '#':
        uri += "%23";
        break;
      default:
        uri += c;
    }
  }
  return uri.append(parameters);
}

}  // namespace

void Connection::CloseDatabase::operator()(sqlite3* database) const noexcept {
  // Every statement is finalized by now: Query gives back what it took, and the cache goes first.
  static_cast<void>(sqlite3_close_v2(database));
}

void Connection::FinalizeStatement::operator()(sqlite3_stmt* statement) const noexcept {
  static_cast<void>(sqlite3_finalize(statement));
}

Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept {
  cache_ = std::move(other.cache_);  // before the database that its statements belong to
  database_ = std::move(other.database_);
  path_ = std::move(other.path_);
  return *this;
}
Connection::~Connection() = default;

core::Result<Connection> Connection::open(const std::filesystem::path& path, OpenMode mode) {
  Connection connection(path);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  std::string name = path.string();
  switch (mode) {
    case OpenMode::writer:
    case OpenMode::copy:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case OpenMode::reader:
      flags |= SQLITE_OPEN_READONLY;
      break;
    case OpenMode::immutable:
      flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
      name = uri_of(path, "?immutable=1");
      break;
    case OpenMode::memory:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      name = ":memory:";
      break;
  }
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &database, flags, nullptr);
  connection.database_.reset(database);
  if (code != SQLITE_OK) {
    return tl::make_unexpected(connection.error_of(code));
  }
  if (auto done = connection.set_up(mode); !done) {
    return tl::make_unexpected(std::move(done.error()));
  }
  return connection;
}

core::Result<void> Connection::set_up(OpenMode mode) {
  sqlite3* database = database_.get();
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  // A file that somebody tampered with must run no code of its own.
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  if (mode == OpenMode::writer || mode == OpenMode::reader) {
    // The last to close would move what the log holds into the file: of a damaged one, too.
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  std::string pragmas = "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;";
  switch (mode) {
    case OpenMode::writer: {
      int keep = 1;
      sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
      pragmas +=
          "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ";
      pragmas += std::string(kWalLimit) + ";";
      break;
    }
    case OpenMode::memory:
      pragmas += "PRAGMA foreign_keys = ON;";
      break;
    case OpenMode::reader:
    case OpenMode::immutable:
      pragmas += "PRAGMA query_only = ON;";
      break;
    case OpenMode::copy:
      pragmas += "PRAGMA synchronous = FULL;";
      break;
  }
  return execute(pragmas);
}

core::Error Connection::error_of(int code) const {
  const char* message = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
  const int number = database_ ? sqlite3_system_errno(database_.get()) : 0;
  // A message can quote what stands in a damaged file.
  return error_from(code, path_.string(), core::for_log(core::Untrusted(message)), number);
}

core::Error Connection::corrupt(const std::string& what) const {
  return damaged(path_.string(), what);
}

core::Result<void> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return tl::make_unexpected(error_of(code));
  }
  return {};
}

core::Result<std::string> Connection::value(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) {
    return tl::make_unexpected(std::move(statement.error()));
  }
  const int code = sqlite3_step(statement->get());
  if (code == SQLITE_DONE) {
    return std::string();
  }
  if (code != SQLITE_ROW) {
    return tl::make_unexpected(error_of(code));
  }
  const unsigned char* text = sqlite3_column_text(statement->get(), 0);
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

core::Result<std::string> Connection::value_within(const std::string& sql, core::Millis at_most) {
  using Deadline = std::chrono::steady_clock::time_point;
  constexpr int kSteps = 10'000;  // of SQLite's machine, between two looks at the clock
  Deadline deadline = std::chrono::steady_clock::now() + at_most;
  const auto is_over = [](void* user) {
    return std::chrono::steady_clock::now() > *static_cast<Deadline*>(user) ? 1 : 0;
  };
  sqlite3_progress_handler(database_.get(), kSteps, is_over, &deadline);
  auto found = value(sql);
  sqlite3_progress_handler(database_.get(), 0, nullptr, nullptr);
  if (!found && std::chrono::steady_clock::now() > deadline) {
    return core::fail(core::Error::Kind::busy, "not done in time");
  }
  return found;
}

core::Result<std::int64_t> Connection::number(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) {
    return tl::make_unexpected(std::move(statement.error()));
  }
  const int code = sqlite3_step(statement->get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    return tl::make_unexpected(error_of(code));
  }
  return code == SQLITE_ROW ? sqlite3_column_int64(statement->get(), 0) : 0;
}

core::Result<void> Connection::copy_into(Connection& to) {
  sqlite3_backup* backup = sqlite3_backup_init(to.database_.get(), "main", database_.get(), "main");
  if (backup == nullptr) {
    return tl::make_unexpected(to.error_of(sqlite3_extended_errcode(to.database_.get())));
  }
  // All pages in one step: one read transaction, so one moment. The writer goes on beside it.
  const int code = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) {
    const int primary = code & 0xff;
    const bool is_ours = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
    return tl::make_unexpected((is_ours ? *this : to).error_of(code));
  }
  if (finished != SQLITE_OK) {
    return tl::make_unexpected(to.error_of(finished));
  }
  return {};
}

core::Result<Connection::StatementHandle> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  StatementHandle handle(statement);
  if (code != SQLITE_OK) {
    return tl::make_unexpected(error_of(code));
  }
  return handle;
}

core::Result<Connection::StatementHandle> Connection::take(std::string_view sql) {
  const auto found = cache_.find(sql);
  if (found == cache_.end() || found->second == nullptr) {
    return prepare(sql);
  }
  return std::move(found->second);
}

void Connection::keep(std::string_view sql, StatementHandle statement) {
  sqlite3_reset(statement.get());
  sqlite3_clear_bindings(statement.get());
  cache_.insert_or_assign(std::string(sql), std::move(statement));
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
  const char* begin = kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN";
  if (auto done = connection_.execute(begin); !done) {
    error_ = std::move(done.error());
    return;
  }
  is_open_ = true;
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors (a full disk).
  if (is_open_ && sqlite3_get_autocommit(connection_.database_.get()) == 0) {
    static_cast<void>(
        sqlite3_exec(connection_.database_.get(), "ROLLBACK", nullptr, nullptr, nullptr));
  }
}

void Transaction::fail(core::Error error) {
  if (!error_) {
    error_ = std::move(error);
  }
}

void Transaction::fail_corrupt(const std::string& what) {
  fail(connection_.corrupt(what));
}

core::Result<void> Transaction::commit() {
  if (!error_) {
    auto done = connection_.execute("COMMIT");
    if (done) {
      is_open_ = false;
      return {};
    }
    error_ = std::move(done.error());
  }
  return tl::make_unexpected(*error_);
}

std::int64_t Transaction::changes() const {
  return sqlite3_changes64(connection_.database_.get());
}

std::int64_t Transaction::last_id() const {
  return sqlite3_last_insert_rowid(connection_.database_.get());
}

Query::Query(Transaction& transaction, std::string_view sql)
    : transaction_(transaction), sql_(sql) {
  if (!transaction_.is_ok()) {
    return;
  }
  auto taken = transaction_.connection_.take(sql);
  if (taken) {
    statement_ = std::move(*taken);
  } else {
    transaction_.fail(std::move(taken.error()));
  }
}

Query::~Query() {
  if (statement_ != nullptr) {
    transaction_.connection_.keep(sql_, std::move(statement_));
  }
}

void Query::take_bind_code(int code) {
  if (code != SQLITE_OK) {
    transaction_.fail(transaction_.connection_.error_of(code));
  }
}

void Query::put_integer(std::int64_t value) {
  ++parameter_;
  if (is_usable()) {
    take_bind_code(sqlite3_bind_int64(statement_.get(), parameter_, value));
  }
}

void Query::put_text(std::string_view value) {
  ++parameter_;
  if (is_usable()) {
    const char* data = value.data() == nullptr ? "" : value.data();
    take_bind_code(sqlite3_bind_text64(statement_.get(), parameter_, data, value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8));
  }
}

Query& Query::bind_blob(const core::Untrusted& bytes, std::size_t at_most) {
  ++parameter_;
  if (is_usable()) {
    const std::string& raw = bytes.raw();
    take_bind_code(sqlite3_bind_blob64(statement_.get(), parameter_, raw.data(),
                                       std::min(raw.size(), at_most), SQLITE_TRANSIENT));
  }
  return *this;
}

Query& Query::bind_null() {
  ++parameter_;
  if (is_usable()) {
    take_bind_code(sqlite3_bind_null(statement_.get(), parameter_));
  }
  return *this;
}

bool Query::next() {
  if (!is_usable()) {
    return false;
  }
  column_ = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code != SQLITE_DONE) {
    transaction_.fail(transaction_.connection_.error_of(code));
  }
  return false;
}

void Query::run() {
  while (next()) {
  }
}

std::int64_t Query::integer() {
  return is_usable() ? sqlite3_column_int64(statement_.get(), column_++) : 0;
}

std::string Query::text() {
  if (!is_usable()) {
    return {};
  }
  // The bytes first: sqlite3_column_bytes alone says how many there are, zeros among them.
  const int column = column_++;
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr
             ? std::string()
             : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

bool Query::is_null() const {
  return !is_usable() || sqlite3_column_type(statement_.get(), column_) == SQLITE_NULL;
}

std::optional<std::int64_t> Query::maybe_integer() {
  if (is_null()) {
    skip();
    return std::nullopt;
  }
  return integer();
}

std::optional<core::Timestamp> Query::maybe_timestamp() {
  const std::optional<std::int64_t> value = maybe_integer();
  return value ? std::optional(core::Timestamp(core::Millis(*value))) : std::nullopt;
}

std::optional<core::Tick> Query::maybe_tick() {
  const std::optional<std::int64_t> value = maybe_integer();
  return value ? std::optional(core::Tick(core::Micros(*value))) : std::nullopt;
}

std::string placeholders(std::string_view columns) {
  std::string marks = "?";
  for (const char c : columns) {
    if (c == ',') {
      marks += ", ?";
    }
  }
  return marks;
}

}  // namespace rblwatch::storage
