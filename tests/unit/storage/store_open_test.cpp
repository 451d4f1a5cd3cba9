// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <set>

#include "core/random.hpp"
#include "sample.hpp"
#include "storage/migrate.hpp"
#include "storage/sqlite.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;
using namespace rblwatch::storage::sample;
using Kind = core::Error::Kind;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

core::Error failure(const fs::path& path) {
  const auto store = Store::open(path, options());
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().text.find('\n') == std::string::npos);
  CHECK(store.error().text.find(path.filename().string()) != std::string::npos);
  return store.error();
}

/// A disk that ends so many bytes behind the longest file's end.
class SmallDisk {
 public:
  SmallDisk(const fs::path& file, rlim_t room) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_) == 0);
    rlimit limit = old_;
    limit.rlim_cur = fs::file_size(file) + room;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

Batch batch_of_events(std::size_t count) {
  Batch batch;
  batch.at = at(300);
  for (std::size_t i = 0; i < count; ++i) {
    batch.events.push_back(event());
    batch.notices.push_back(notice(i));
  }
  return batch;
}

struct Files {
  fs::path database;
  fs::path wal;
};

/// What a kill leaves: the change stands in the log alone.
Files after_a_crash(const Folder& folder, const std::function<void(Store&)>& change) {
  Store store = open_store(folder, 350);
  change(store);
  const fs::path database = folder.path() / "crashed.db";
  const Files files{database, database.string() + "-wal"};
  fs::copy(folder.database(), files.database);
  fs::copy(folder.beside("-wal"), files.wal);
  return files;
}

/// A log is a head of 32 bytes, then pages with 24 bytes before each, which begin with its number.
std::set<std::uint32_t> pages_in_log(const std::string& log) {
  std::set<std::uint32_t> pages;
  for (std::size_t frame = 32; frame + 24 + 4096 <= log.size(); frame += 24 + 4096) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      number = number << 8 | static_cast<unsigned char>(log[frame + i]);
    }
    pages.insert(number);
  }
  return pages;
}

}  // namespace

TEST_CASE("a new database has the mode that lets its group read, whatever the umask") {
  const Folder folder;
  const mode_t old = ::umask(0077);
  {
    Store store = open_store(folder);
    taken(store.commit(batch_of_events(1)));
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
      CHECK(mode_of(folder.beside(suffix)) == 0640);
    }
  }
  ::umask(old);
}

TEST_CASE("a database has the settings of the house") {
  const Folder folder;
  { const Store store = open_store(folder); }
  auto connection = taken(Connection::open(folder.database(), OpenMode::writer));
  CHECK(connection.value("PRAGMA journal_mode").value() == "wal");
  CHECK(connection.number("PRAGMA synchronous").value() == 2);
  CHECK(connection.number("PRAGMA foreign_keys").value() == 1);
  CHECK(connection.number("PRAGMA trusted_schema").value() == 0);
  CHECK(connection.number("PRAGMA cell_size_check").value() == 1);
  CHECK(connection.number("PRAGMA application_id").value() == 0x72626c77);
  CHECK(connection.number("PRAGMA user_version").value() == migrations().back().number);
  CHECK(connection
            .number("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' "
                    "AND type = 'table' AND name NOT LIKE 'sqlite_%' AND NOT strict")
            .value() == 0);
}

TEST_CASE("closing leaves an empty WAL for readers that may not write") {
  const Folder folder;
  {
    Store store = open_store(folder);
    taken(store.commit(batch_of_events(3)));
    CHECK(fs::file_size(folder.beside("-wal")) > 0);
  }
  REQUIRE(fs::exists(folder.beside("-wal")));
  CHECK(fs::file_size(folder.beside("-wal")) == 0);
  CHECK(fs::exists(folder.beside("-shm")));
}

TEST_CASE("a second opener is told who has the database, until that one is gone") {
  const Folder folder;
  const fs::path link = folder.path() / "link.db";
  fs::create_symlink(folder.database(), link);
  const fs::path way_round = folder.path() / "." / ".." / folder.path().filename() / "rblwatch.db";
  CHECK_FALSE(lock_state(folder.database()).is_held);
  {
    const Store first = open_store(folder);
    for (const fs::path& path : {folder.database(), link, way_round}) {
      const auto second = Store::open(path, options());
      REQUIRE_FALSE(second.has_value());
      CHECK(second.error().kind == Kind::busy);
      CHECK(second.error().text.find("another rblwatchd (pid " + std::to_string(::getpid()) +
                                     ") uses ") == 0);
      CHECK(lock_state(path).is_held);
      CHECK(lock_state(path).pid == ::getpid());
    }
  }
  CHECK_FALSE(lock_state(folder.database()).is_held);
  CHECK(Store::open(link, options()).has_value());
}

TEST_CASE("a daemon that starts while somebody asks for the lock's state gets it") {
  const Folder folder;
  { const Store store = open_store(folder); }
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (;;) {
      static_cast<void>(lock_state(folder.database()));
    }
  }
  for (int i = 0; i < 20; ++i) {
    CHECK(Store::open(folder.database(), options()).has_value());
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

TEST_CASE("what is not ours is refused and left as it is") {
  const Folder folder;
  const auto make = GENERATE(values<std::function<void(const fs::path&)>>({
      [](const fs::path& path) { write_bytes(path, std::string(5000, 'x') + "a diary\n"); },
      [](const fs::path& path) { write_bytes(path, "SQLite format 3"); },
      [](const fs::path& path) {
        write_bytes(path, "");
        auto other = taken(Connection::open(path, OpenMode::copy));
        taken(other.execute("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES (1)"));
      },
      [](const fs::path& path) {
        write_bytes(path, "");
        auto other = taken(Connection::open(path, OpenMode::copy));
        taken(other.execute("PRAGMA application_id = 77"));
      },
  }));
  make(folder.database());
  const std::string before = bytes_of(folder.database());
  CHECK(failure(folder.database()).kind == Kind::corrupt);
  CHECK(bytes_of(folder.database()) == before);
  const auto reader = Reader::open(folder.database());
  REQUIRE_FALSE(reader.has_value());
  CHECK(reader.error().kind == Kind::corrupt);
  CHECK(bytes_of(folder.database()) == before);
}

TEST_CASE("a database of a newer version is refused and left as it is, its WAL too") {
  const Folder folder;
  { const Store store = open_store(folder); }
  {
    auto newer = taken(Connection::open(folder.database(), OpenMode::writer));
    taken(newer.execute("PRAGMA user_version = 9999"));
    // A crash here: what was committed stands in the WAL alone.
    fs::copy(folder.database(), folder.path() / "crashed.db");
    fs::copy(folder.beside("-wal"), folder.path() / "crashed.db-wal");
  }
  for (const std::string name : {"rblwatch.db", "crashed.db"}) {
    const fs::path path = folder.path() / name;
    fs::path wal = path;
    wal += "-wal";
    const std::string before = bytes_of(path);
    const std::string wal_before = bytes_of(wal);
    const core::Error error = failure(path);
    CHECK(error.kind == Kind::corrupt);
    CHECK(error.text.find("newer rblwatch") != std::string::npos);
    CHECK(bytes_of(path) == before);
    CHECK(bytes_of(wal) == wal_before);
    CHECK_FALSE(Reader::open(path).has_value());
  }
}

TEST_CASE("a damaged database is refused with a hint or gives what it holds, and is not changed") {
  const Folder folder;
  {
    Store store = open_store(folder);
    taken(store.commit(batch_of_events(200)));
  }
  const std::string good = bytes_of(folder.database());
  core::SeededRandom random(4711);
  const fs::path path = folder.path() / "damaged.db";
  std::size_t refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bad = good;
    switch (round % 3) {
      case 0:
        bad[random.below(bad.size())] ^= static_cast<char>(1U << random.below(8));
        break;
      case 1:
        bad.resize(random.below(bad.size()));
        break;
      default:
        std::fill_n(
            bad.begin() + static_cast<std::ptrdiff_t>(4096 * random.below(bad.size() / 4096)), 4096,
            static_cast<char>(random.next()));
    }
    write_bytes(path, bad);
    if (auto reader = Reader::open(path)) {
      static_cast<void>(reader->status());
      static_cast<void>(reader->events({}));
      static_cast<void>(reader->history({}));
    }
    CHECK(bytes_of(path) == bad);
    if (bad.size() < 100) {
      continue;  // an empty file is a new database
    }
    const auto store = Store::open(path, options());
    if (!store) {
      ++refused;
      CHECK((store.error().kind == Kind::corrupt || store.error().kind == Kind::denied));
      CHECK(bytes_of(path) == bad);
    }
    for (const char* suffix : {"-wal", "-shm", ".lock"}) {
      fs::remove(path.string() + suffix);
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("a damaged database with changes in its log is refused, and neither is changed") {
  const Folder folder;
  {
    Store store = open_store(folder);
    taken(store.commit(batch_of_events(200)));
  }
  const Files files = after_a_crash(folder, [](Store& store) {
    Batch batch;
    batch.at = at(400);
    batch.hosts.emplace_back();
    batch.hosts.back().host = "mx.test";
    taken(store.commit(batch));
  });
  std::string bad = bytes_of(files.database);
  const std::set<std::uint32_t> logged = pages_in_log(bytes_of(files.wal));
  std::uint32_t page = static_cast<std::uint32_t>(bad.size() / 4096);
  while (logged.contains(page)) {
    --page;
  }
  REQUIRE(page > 1);
  std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(4096UL * (page - 1)), 4096, '\x7f');
  write_bytes(files.database, bad);
  const std::string log = bytes_of(files.wal);
  REQUIRE_FALSE(log.empty());
  static_cast<void>(Reader::open(files.database));
  const core::Error error = failure(files.database);
  CHECK(error.kind == Kind::corrupt);
  CHECK_THAT(error.text, Catch::Contains("it was not changed"));
  CHECK(bytes_of(files.database) == bad);
  CHECK(bytes_of(files.wal) == log);
}

TEST_CASE("a database whose rows can't be read is not changed by the try") {
  const Folder folder;
  { const Store store = open_store(folder); }
  {
    auto connection = taken(Connection::open(folder.database(), OpenMode::writer));
    taken(connection.execute(
        "INSERT INTO hosts (host, addresses, resolved, told_unresolved, cause, notes) "
        "VALUES ('mx.test', 'nonsense', 1, 0, '', '')"));
  }
  const std::string before = bytes_of(folder.database());
  const std::string log = bytes_of(folder.beside("-wal"));
  REQUIRE_FALSE(log.empty());
  {
    Store store = taken(Store::open(folder.database(), options(500, "boot-b")));
    const auto loaded = store.load();
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().kind == Kind::corrupt);
  }
  CHECK(bytes_of(folder.database()) == before);
  CHECK(bytes_of(folder.beside("-wal")) == log);
}

TEST_CASE("a change between two runs of the daemon begins none") {
  const Folder folder;
  { const Store store = open_store(folder, 100); }
  const auto started = [&] { return Reader::open(folder.database())->status()->daemon; };
  const auto before = started();
  REQUIRE(before.started_at == at(100));
  {
    OpenOptions later = options(5000, "boot-b");
    later.version = "9.9.9";
    Store store = taken(Store::open(folder.database(), later));
    CHECK(store.drop("nobody", at(5000)).error().kind == Kind::not_found);
    Batch batch;
    batch.at = at(200);
    taken(store.commit(batch));
  }
  const auto after = started();
  CHECK(after.started_at == at(100));
  CHECK(after.version == before.version);
  CHECK(taken(Store::open(folder.database(), options(6000))).load()->is_same_boot);
  CHECK(started().started_at == at(6000));
}

TEST_CASE("a folder that is not there and a path that is no file are named") {
  const Folder folder;
  const core::Error nowhere = failure(folder.path() / "nowhere" / "rblwatch.db");
  CHECK(nowhere.kind == Kind::not_found);
  CHECK(nowhere.text.ends_with((folder.path() / "nowhere").string() +
                               " is not there: make it, owned by the daemon's user, or name "
                               "another file as daemon.database"));
  CHECK(Reader::open(folder.path() / "nowhere" / "x.db").error().kind == Kind::not_found);
  const auto folder_itself = Store::open(folder.path(), options());
  CHECK_FALSE(folder_itself.has_value());
}

TEST_CASE("without permission the error names the path and the uid") {
  const Folder folder;
  { const Store store = open_store(folder); }
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    REQUIRE(::chmod(folder.beside(suffix).c_str(), 0444) == 0);
  }
  CHECK(as_nobody([&] {
    const auto store = Store::open(folder.database(), options());
    return !store && store.error().kind == Kind::denied &&
           store.error().text.find("uid " + std::to_string(::geteuid())) != std::string::npos &&
           store.error().text.find("rblwatch.db") != std::string::npos;
  }));
  CHECK(as_nobody([&] {
    const auto store = Store::open(folder.path() / "new.db", options());
    return !store && store.error().kind == Kind::denied;
  }));
}

TEST_CASE("on a full disk nothing of a batch is stored, and it can be once there is room") {
  const Folder folder;
  Store store = open_store(folder);
  taken(store.commit(batch_of_events(1)));
  {
    const SmallDisk disk(folder.beside("-wal"), 8192);
    const auto done = store.commit(batch_of_events(500));
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == Kind::io);
    CHECK_THAT(done.error().text,
               Catch::Contains("room") && Catch::Contains("nothing of this was stored"));
    CHECK(store.unsealed().value().size() == 1);
    CHECK(store.load().has_value());
  }
  taken(store.commit(batch_of_events(500)));
  CHECK(store.unsealed().value().size() == 501);
}

TEST_CASE("the copy of a running database's files holds every commit and no half one") {
  const Folder folder;
  Store store = open_store(folder);
  const fs::path copy = folder.path() / "copy.db";
  for (std::size_t i = 1; i <= 20; ++i) {
    taken(store.commit(batch_of_events(3)));
    // What a power cut would leave: the files as they are, without the index of the WAL; and the
    // same with the end of the WAL not written.
    for (const std::size_t cut : {0UL, 1UL, 5000UL}) {
      std::string wal = bytes_of(folder.beside("-wal"));
      wal.resize(wal.size() - std::min(cut, wal.size()));
      write_bytes(copy, bytes_of(folder.database()));
      write_bytes(copy.string() + "-wal", wal);
      const Store after = taken(Store::open(copy, options()));
      const std::size_t events = Reader::open(copy)->events_after(0, 10000)->views.size();
      CHECK(events % 3 == 0);
      CHECK((cut == 0 ? events == 3 * i : events <= 3 * i));
      fs::remove(copy.string() + "-shm");
    }
  }
}

TEST_CASE("a private database needs no file") {
  Store store = taken(Store::open(":memory:", options()));
  taken(store.commit(batch_of_events(2)));
  CHECK(store.unsealed().value().size() == 2);
  CHECK(store.free_space().value() > 1'000'000);
  CHECK_FALSE(fs::exists(":memory:.lock"));
}

TEST_CASE("the free space is that of the database's disk") {
  const Folder folder;
  const Store store = open_store(folder);
  CHECK(store.free_space().value() > 0);
  CHECK(store.free_space().value() <= fs::space(folder.path()).capacity);
}
