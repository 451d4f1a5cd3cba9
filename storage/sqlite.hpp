// SPDX-License-Identifier: Apache-2.0
//
// SQLite behind our types; sqlite.cpp alone includes sqlite3.h. A Connection opens the file with
// the settings of the house, a Transaction is one BEGIN … COMMIT whose first error sticks, a Query
// binds and reads columns in their order. After an error everything in the transaction does
// nothing, so callers write straight lines and look once, at commit(). Each object belongs to one
// thread.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/enum_text.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/untrusted.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace rblwatch::storage {

enum class OpenMode {
  writer,     // the file is there already; WAL, synchronous=FULL, the WAL stays as it is at the end
  reader,     // read-only, beside a writer or without one
  immutable,  // read-only without locks, for a file that nobody writes
  copy,       // read-write, for the target of a backup
  memory,     // private, for tests
};

class Connection {
 public:
  static core::Result<Connection> open(const std::filesystem::path& path, OpenMode mode);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// One or more statements whose rows nobody wants.
  core::Result<void> execute(const std::string& sql);
  /// The first column of the first row, as text; "" where there is no row.
  core::Result<std::string> value(const std::string& sql);
  /// The same, given up with Kind::busy after so long.
  core::Result<std::string> value_within(const std::string& sql, core::Millis at_most);
  core::Result<std::int64_t> number(const std::string& sql);
  /// Copies all pages of this database, as they are at one moment, into the other.
  core::Result<void> copy_into(Connection& to);
  /// An error about this file: of SQLite's code, in one line.
  core::Error error_of(int code) const;
  core::Error corrupt(const std::string& what) const;

 private:
  friend class Query;
  friend class Transaction;
  struct CloseDatabase {
    void operator()(sqlite3* database) const noexcept;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  explicit Connection(std::filesystem::path path) : path_(std::move(path)) {}
  core::Result<void> set_up(OpenMode mode);
  core::Result<StatementHandle> prepare(std::string_view sql);
  /// Out of the cache, or prepared anew; given back by keep().
  core::Result<StatementHandle> take(std::string_view sql);
  void keep(std::string_view sql, StatementHandle statement);

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::map<std::string, StatementHandle, std::less<>> cache_;  // destroyed before database_
};

class Transaction {
 public:
  enum class Kind { read, write };
  /// Begins; a failure is kept like any later one. `write` takes the write lock at once.
  Transaction(Connection& connection, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  /// Rolls back what was not committed.
  ~Transaction();

  bool is_ok() const { return !error_.has_value(); }
  /// The first error stays.
  void fail(core::Error error);
  /// A stored value that can't be ours.
  void fail_corrupt(const std::string& what);
  /// The first error of anything in it, or of committing; then nothing of it is stored.
  core::Result<void> commit();
  /// Rows changed by the last statement that ran.
  std::int64_t changes() const;
  /// Row id of the last INSERT.
  std::int64_t last_id() const;

 private:
  friend class Query;
  Connection& connection_;
  std::optional<core::Error> error_;
  bool is_open_ = false;
};

template <class T>
concept Word = std::is_enum_v<T> && requires {
  core::EnumWords<T>::table;
};

/// One run of one statement. Binding goes from the first parameter on, reading from the first
/// column of each row on; both are positional, so the order of the column lists is the contract.
class Query {
 public:
  /// `sql` outlives the query: a literal or a constant.
  Query(Transaction& transaction, std::string_view sql);
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  template <class... Values>
  Query& bind(const Values&... values) {
    (put(values), ...);
    return *this;
  }
  Query& bind_blob(const core::Untrusted& bytes, std::size_t at_most);
  Query& bind_null();

  /// To the next row. False at the end, and after an error.
  bool next();
  /// A statement without rows.
  void run();
  Transaction& transaction() { return transaction_; }

  std::int64_t integer();
  bool flag() { return integer() != 0; }
  std::string text();
  std::optional<std::string> maybe_text() {
    if (is_null()) {
      skip();
      return std::nullopt;
    }
    return text();
  }
  core::Untrusted blob() { return core::Untrusted(text()); }
  core::Timestamp timestamp() { return core::Timestamp(core::Millis(integer())); }
  core::Tick tick() { return core::Tick(core::Micros(integer())); }
  bool is_null() const;
  void skip(int columns = 1) { column_ += columns; }
  std::optional<std::int64_t> maybe_integer();
  std::optional<core::Timestamp> maybe_timestamp();
  std::optional<core::Tick> maybe_tick();
  template <Word Enum>
  Enum word() {
    const std::string text_of_it = text();
    if (const std::optional<Enum> found = core::enum_from<Enum>(text_of_it)) {
      return *found;
    }
    transaction_.fail_corrupt("unknown word " + core::quoted(text_of_it));
    return Enum{};
  }
  template <Word Enum>
  std::optional<Enum> maybe_word() {
    if (is_null()) {
      skip();
      return std::nullopt;
    }
    return word<Enum>();
  }
  /// What the codec makes of the text; a text that it can't read is a damaged database.
  template <class T>
  T decoded(std::optional<T> (*decode)(std::string_view)) {
    const std::string text_of_it = text();
    if (std::optional<T> value = decode(text_of_it)) {
      return std::move(*value);
    }
    transaction_.fail_corrupt("unreadable value " + core::quoted(text_of_it));
    return T{};
  }

 private:
  void put_integer(std::int64_t value);
  void put_text(std::string_view value);
  void put(std::string_view value) { put_text(value); }
  void put(core::Timestamp value) { put_integer(value.time_since_epoch().count()); }
  void put(core::Tick value) { put_integer(value.time_since_epoch().count()); }
  void put(core::Millis value) { put_integer(value.count()); }
  void put(core::Seconds value) { put_integer(value.count()); }
  template <std::integral T>
  void put(T value) {
    put_integer(static_cast<std::int64_t>(value));
  }
  template <Word Enum>
  void put(Enum value) {
    put_text(core::enum_word(value));
  }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      bind_null();
    }
  }
  bool is_usable() const { return statement_ != nullptr && transaction_.is_ok(); }
  void take_bind_code(int code);

  Transaction& transaction_;
  std::string_view sql_;
  Connection::StatementHandle statement_;
  int parameter_ = 0;
  int column_ = 0;
};

/// "?, ?, ?" for so many columns.
std::string placeholders(std::string_view columns);

}  // namespace rblwatch::storage
