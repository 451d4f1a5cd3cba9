// SPDX-License-Identifier: Apache-2.0
//
// What the tests of storage share: a folder that goes away, and rows with something in every field.
#pragma once

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "storage/reader.hpp"
#include "storage/store.hpp"

namespace rblwatch::storage::sample {

using core::Micros;
using core::Millis;
using core::Seconds;
using core::Tick;
using core::Timestamp;

inline Timestamp at(std::int64_t seconds) {
  return Timestamp(Seconds(1'700'000'000 + seconds));
}
inline Tick tick(std::int64_t seconds) {
  return Tick(Seconds(1'000 + seconds));
}

/// Runs it as a user who owns nothing here; whether it said yes.
inline bool as_nobody(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const bool is_nobody = ::geteuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0);
    ::_exit(is_nobody && work() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Removed with all that is in it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "rbl-storage-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database() const { return path_ / "rblwatch.db"; }
  std::filesystem::path beside(const std::string& suffix) const {
    return path_ / ("rblwatch.db" + suffix);
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline OpenOptions options(std::int64_t seconds = 0, const std::string& boot_id = "boot-a") {
  return {.version = "0.1.0", .boot_id = boot_id, .now = at(seconds), .tick = tick(seconds)};
}

template <class T>
T taken(core::Result<T> result) {
  if (!result) {
    FAIL(result.error().text);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

/// As the daemon does: a run begins.
inline Store open_store(const std::filesystem::path& path, const OpenOptions& run) {
  Store store = taken(Store::open(path, run));
  taken(store.load());
  return store;
}
inline Store open_store(const Folder& folder, std::int64_t seconds = 0,
                        const std::string& boot_id = "boot-a") {
  return open_store(folder.database(), options(seconds, boot_id));
}
inline Store open_memory_store() {
  return open_store(":memory:", options());
}

inline core::IpAddress ip(const std::string& text) {
  return core::IpAddress::parse(text).value();
}
inline dns::Server server(const std::string& text) {
  return dns::Server::parse(text).value();
}

inline lists::Code code(const std::string& entry, const std::string& meaning = "spam\tsource\n2\\",
                        lists::Purpose purpose = lists::Purpose::block) {
  return {.entry = entry, .meaning = meaning, .purpose = purpose, .addresses = {ip(entry)}};
}
inline lists::CodeSet codes(std::vector<std::string> entries) {
  lists::CodeSet set;
  for (const std::string& entry : entries) {
    set.insert(code(entry));
  }
  return set;
}

/// CodeSet's == compares entries only; this compares all of it.
inline bool is_same(const lists::CodeSet& a, const lists::CodeSet& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const lists::Code& x, const lists::Code& y) {
                      return x.entry == y.entry && x.meaning == y.meaning &&
                             x.purpose == y.purpose && x.addresses == y.addresses;
                    });
}

inline lists::Evidence evidence() {
  lists::Evidence evidence;
  evidence.question = "10.2.0.192.<key>.zen.test";
  evidence.server = "127.0.0.1:53";
  evidence.role = dns::ServerRole::authoritative;
  evidence.transport = dns::Transport::tcp;
  evidence.rcode = "NOERROR";
  evidence.a = {"127.0.0.2", "127.0.0.4"};
  evidence.txt = core::Untrusted(std::string("bad \0 bytes \xff\xfe \n and a line", 27));
  evidence.ttl = Seconds(300);
  evidence.ede = {3, 65535};
  evidence.asked_at = at(7);
  evidence.took = Millis(12);
  evidence.test_state = lists::ZoneState::seeing;
  evidence.test_at = at(5);
  evidence.test_cause = lists::Cause::timeout;
  return evidence;
}

inline report::ListingRow listing(const std::string& subject = "192.0.2.10",
                                  const std::string& zone = "corp",
                                  lists::Purpose purpose = lists::Purpose::block) {
  report::ListingRow row;
  row.subject = subject;
  row.zone = zone;
  row.purpose = purpose;
  row.codes = codes({"127.0.0.2", "127.0.0.4"});
  row.reason = core::Untrusted("see \xff https://lists.example\n");
  row.listed_at = at(100);
  row.last_seen = at(160);
  row.first_seen = true;
  row.contained = true;
  row.zone_ref = {.id = zone,
                  .dns = "bl.test",
                  .operator_name = "Corp",
                  .severity = lists::Severity::high,
                  .purpose = purpose};
  row.target = {.name = "mx1", .value = subject, .tags = {"a", "b\nc", ""}};
  row.targets = {"mx1", "office"};
  row.lookup_url = "https://lists.example/q";
  row.delist_url = "https://lists.example/r";
  row.delist_steps = {"Stop the cause.", "Fill in the form."};
  return row;
}
inline ListingRecord listing_record(report::ListingRow row = listing()) {
  return {.row = std::move(row), .evidence = evidence()};
}

inline lists::Event event(const std::string& subject = "192.0.2.10", std::int64_t seconds = 200) {
  lists::Event event;
  event.type = lists::EventType::listed;
  event.at = at(seconds);
  event.severity = lists::Severity::high;
  event.target = lists::TargetRef{.name = "mx1", .value = subject, .tags = {"outbound"}};
  event.targets = {"mx1", "office"};
  event.subject = subject;
  event.kind = lists::Kind::ipv4;
  event.zone = listing(subject).zone_ref;
  event.codes = {"127.0.0.2"};
  event.added = {"127.0.0.2"};
  event.removed = {"127.0.0.9", "127.0.0.8"};
  event.meanings = {"", "SBL"};
  event.reason = core::Untrusted(std::string("a\0\xff", 3));
  event.first_seen = true;
  event.listed_at = at(100);
  event.delisted_at = at(150);
  event.cause = "timeout";
  event.since = at(90);
  event.affected_subjects = 256;
  event.passed = 1;
  event.dropped = 2;
  event.lookup_url = "https://lists.example/q";
  event.delist_url = "https://lists.example/r";
  event.delist_steps = {"Stop."};
  event.evidence = evidence();
  return event;
}

inline alerts::Notice notice(std::size_t offset, const std::string& channel = "ops",
                             const std::string& batch = "", const std::string& muted_by = "") {
  alerts::Notice notice;
  notice.event_offset = offset;
  notice.channel = channel;
  notice.due_at = at(230);
  notice.batch = batch;
  notice.muted_by = muted_by;
  return notice;
}

inline VotesRecord votes(const std::string& subject = "192.0.2.10",
                         const std::string& zone = "corp") {
  lists::PendingEntry entry;
  entry.code = code("127.0.0.9");
  entry.votes = {{.at = tick(1), .wall = at(1)}, {.at = tick(200), .wall = at(200)}};
  entry.next_possible = tick(320);
  entry.lapses_at = tick(4000);
  entry.is_decided = true;
  lists::PendingEntry leaves = entry;
  leaves.code = code("127.0.0.2");
  leaves.joins = false;
  leaves.votes.pop_back();
  VotesRecord record;
  record.was_decided = false;
  record.pair = {.subject = subject, .zone = zone};
  record.marks = {{.server = server("127.0.0.1:53"), .runs_out = tick(60)},
                  {.server = server("[::1]:5353"), .runs_out = tick(90)}};
  record.tracks = {{.purpose = lists::Purpose::block, .entries = {leaves, entry}},
                   {.purpose = lists::Purpose::info, .entries = {entry}}};
  record.cast = {{.wall = at(1), .codes = {"127.0.0.2", "127.0.0.9"}, .is_believed = true},
                 {.wall = at(200), .codes = {}, .is_believed = false}};
  record.evidence = evidence();
  return record;
}

inline KindRecord kind(const std::string& zone = "corp",
                       lists::ZoneState state = lists::ZoneState::seeing,
                       std::optional<lists::Cause> cause = std::nullopt) {
  KindRecord record;
  record.row.zone = zone;
  record.row.state = state;
  record.row.cause = cause;
  record.row.since = at(10);
  record.row.last_test = at(20);
  record.row.swept_at = at(30);
  record.row.sweep_length = Millis(1500);
  record.has_been_decided = true;
  record.last_passed = at(19);
  return record;
}

inline ZoneRecord zone(const std::string& id = "corp") {
  ZoneRecord record;
  record.row.zone = id;
  record.row.last_sweep = at(31);
  record.row.lookups = 12345;
  record.row.latency_p50_ms = 3;
  return record;
}

}  // namespace rblwatch::storage::sample
