// SPDX-License-Identifier: Apache-2.0
#include "storage/migrate.hpp"

#include <string>

namespace rblwatch::storage {

core::Result<std::int64_t> schema_number(Connection& connection, std::int64_t known,
                                         const std::string& path) {
  using Kind = core::Error::Kind;
  const auto id = connection.number("PRAGMA application_id");
  if (!id) {
    return tl::make_unexpected(id.error());
  }
  const auto version = connection.number("PRAGMA user_version");
  if (!version) {
    return tl::make_unexpected(version.error());
  }
  const auto tables = connection.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) {
    return tl::make_unexpected(tables.error());
  }
  if (*id == 0 && *version == 0 && *tables == 0) {
    return 0;
  }
  if (*id != kApplicationId) {
    return core::fail(Kind::corrupt,
                      path +
                          " is another program's SQLite database: move it away or set "
                          "[daemon] database to another path; it was not changed");
  }
  if (*version > known) {
    return core::fail(Kind::corrupt, path + " was written by a newer rblwatch (its schema is " +
                                         std::to_string(*version) + ", this program knows " +
                                         std::to_string(known) +
                                         "): use that version; it was not changed");
  }
  return *version;
}

core::Result<void> migrate(Connection& connection, std::int64_t from,
                           std::span<const Migration> steps) {
  Transaction transaction(connection, Transaction::Kind::write);
  if (!transaction.is_ok()) {
    return transaction.commit();
  }
  std::int64_t reached = from;
  for (const Migration& step : steps) {
    if (step.number <= from) {
      continue;
    }
    if (auto done = connection.execute(step.sql); !done) {
      return tl::make_unexpected(core::with_context(
          "bringing the database to schema " + std::to_string(step.number), done.error()));
    }
    reached = step.number;
  }
  const std::string mark = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                           "; PRAGMA user_version = " + std::to_string(reached);
  if (auto done = connection.execute(mark); !done) {
    return done;
  }
  return transaction.commit();
}

}  // namespace rblwatch::storage
