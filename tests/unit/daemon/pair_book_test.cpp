// SPDX-License-Identifier: Apache-2.0
#include "daemon/pair_book.hpp"

#include <catch2/catch.hpp>

#include "fixtures.hpp"

namespace rblwatch::daemon {
namespace {

const core::Tick kEpoch{core::Seconds(5000)};
const dns::Server kOne = *dns::Server::parse("192.0.2.1:53");
const dns::Server kTwo = *dns::Server::parse("192.0.2.2:53");

std::shared_ptr<const World> two_zones() {
  return make_small_world({make_zone("four", {lists::Kind::ipv4}),
                           make_zone("both", {lists::Kind::ipv4, lists::Kind::ipv6})},
                          {"198.51.100.0/30", "2001:db8::1"});
}

lists::Observation clear_at(core::Tick at, const dns::Server& server, int ttl) {
  lists::Observation observation;
  observation.verdict = lists::Clear{};
  observation.asked_at = at;
  observation.server = server;
  observation.ttl = core::Seconds(ttl);
  return observation;
}

TEST_CASE("a pair book holds each subject once for each zone that can answer its kind") {
  const auto world = two_zones();
  const PairBook book(*world, kEpoch);
  CHECK(book.size() == 4 + 5);
  const auto six = world->subjects.find(*lists::Subject::parse("2001:db8::1"));
  REQUIRE(six);
  CHECK_FALSE(book.find({0}, *six));
  const auto pair = book.find({1}, *six);
  REQUIRE(pair);
  CHECK(book.slot(*pair).subject == *six);
  CHECK(book.slot(*pair).zone == lists::ZoneIndex{1});
}

TEST_CASE("a clear pair is small") {
  CHECK(sizeof(PairSlot) <= 32);
}

TEST_CASE("a clear answer marks the server's cache until it runs out, and extends nothing before") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::PairId pair{0};
  book.note_clear(pair, clear_at(kEpoch, kOne, 60));
  book.note_clear(pair, clear_at(kEpoch + core::Seconds(30), kOne, 300));
  REQUIRE(book.freshness(pair).marks().size() == 1);
  const core::Tick runs_out = book.freshness(pair).marks().front().runs_out;
  CHECK(runs_out >= kEpoch + core::Seconds(61));  // a second to spare, for TTLs are whole ones
  CHECK(runs_out <= kEpoch + core::Seconds(62));
}

TEST_CASE("a clear pair's mark counts from its answer, as that of any other does") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::PairId pair{0};
  lists::Observation slow = clear_at(kEpoch, kOne, 60);
  slow.took = core::Millis(1500);
  book.note_clear(pair, slow);
  lists::Freshness known = book.freshness(pair);
  lists::Freshness noted;
  noted.note(slow);
  CHECK(known.marks().front().runs_out >= noted.marks().front().runs_out);
}

TEST_CASE("another server's mark takes the place of one that ran out, not of one that runs") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::PairId pair{0};
  book.note_clear(pair, clear_at(kEpoch, kOne, 60));
  book.note_clear(pair, clear_at(kEpoch + core::Seconds(10), kTwo, 600));
  CHECK(book.freshness(pair).marks().front().server == kOne);
  book.note_clear(pair, clear_at(kEpoch + core::Seconds(90), kTwo, 600));
  CHECK(book.freshness(pair).marks().front().server == kTwo);
}

TEST_CASE("a detail that says nothing more is dropped, and its freshness kept") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::PairId pair{2};
  PairDetail& detail = book.make_detail(pair);
  detail.freshness.note(clear_at(kEpoch, kOne, 120));
  book.drop_idle(pair);
  CHECK(book.detail(pair) == nullptr);
  REQUIRE(book.freshness(pair).marks().size() == 1);
  CHECK(book.freshness(pair).marks().front().runs_out >= kEpoch + core::Seconds(120));
}

TEST_CASE("a detail with an open listing stays") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::PairId pair{2};
  book.make_detail(pair).track_of(lists::Purpose::block).is_open = true;
  book.drop_idle(pair);
  CHECK(book.detail(pair) != nullptr);
}

TEST_CASE("doubt keeps its beginning and goes without a trace") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::Doubt doubt{lists::Cause::timeout, core::Timestamp{core::Millis(7)}};
  book.set_doubt({1}, doubt);
  CHECK(book.doubt({1}) == doubt);
  book.clear_doubt({1});
  CHECK_FALSE(book.doubt({1}));
}

TEST_CASE("the next generation adopts what is known of a pair") {
  const auto world = two_zones();
  PairBook before(*world, kEpoch);
  PairBook now(*world, kEpoch);
  const lists::PairId old{1};
  const lists::PairId pair{3};
  before.note_clear(old, clear_at(kEpoch, kTwo, 60));
  before.slot(old).is_decided = true;
  before.set_doubt(old, {lists::Cause::servfail, core::Timestamp{}});
  before.make_detail(old).track_of(lists::Purpose::block).is_open = true;
  const lists::SubjectIndex subject = now.slot(pair).subject;
  std::vector<std::uint32_t> origins(now.size(), PairBook::kNoPair);
  origins[pair.value] = old.value;
  now.adopt(before, origins);
  CHECK(now.slot(pair).subject == subject);
  CHECK(now.slot(pair).is_decided);
  CHECK(now.freshness(pair).marks().front().server == kTwo);
  CHECK_FALSE(now.slot({1}).is_decided);
  CHECK(now.doubt(pair)->cause == lists::Cause::servfail);
  REQUIRE(now.detail(pair) != nullptr);
  CHECK(now.detail(pair)->track_of(lists::Purpose::block).is_open);
  CHECK(before.detail(old) == nullptr);
}

dns::Completion completion_at(core::Tick at, dns::Outcome outcome) {
  dns::Completion completion;
  completion.asked_at = at;
  completion.server = kOne;
  completion.outcome = std::move(outcome);
  return completion;
}

TEST_CASE("the last answer is noted, and that none came") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::PairId pair{0};
  dns::Answer answer;
  answer.rcode = dns::Rcode::nxdomain;
  answer.ttl = core::Seconds(60);
  dns::Completion first = completion_at(kEpoch + core::Seconds(1), answer);
  first.transport = dns::Transport::tcp;
  book.note_answer(pair, first);
  CHECK(book.slot(pair).is_answered);
  CHECK(book.slot(pair).is_tcp);
  CHECK(book.slot(pair).ttl_s == 60);
  book.note_answer(pair, completion_at(kEpoch + core::Seconds(9), dns::NoAnswer{}));
  CHECK_FALSE(book.slot(pair).is_answered);
  CHECK_FALSE(book.slot(pair).is_tcp);
  CHECK(book.tick_of(book.slot(pair).asked_s) == kEpoch + core::Seconds(9));
}

TEST_CASE("the answer behind a doubt is kept where it said something, until the doubt is gone") {
  const auto world = two_zones();
  PairBook book(*world, kEpoch);
  const lists::PairId pair{0};
  lists::Evidence evidence;
  book.set_doubt(pair, {lists::Cause::timeout, {}});
  book.keep_puzzle(pair, evidence);
  CHECK(book.puzzle(pair) == nullptr);
  evidence.a = {"127.255.255.254"};
  book.keep_puzzle(pair, evidence);
  REQUIRE(book.puzzle(pair) != nullptr);
  CHECK(book.puzzle(pair)->a == evidence.a);
  PairBook next(*world, kEpoch);
  std::vector<std::uint32_t> origins(next.size(), PairBook::kNoPair);
  origins[pair.value] = pair.value;
  next.adopt(book, origins);
  CHECK(next.puzzle(pair) != nullptr);
  book.keep_puzzle(pair, lists::Evidence{});
  CHECK(book.puzzle(pair) == nullptr);
  next.clear_doubt(pair);
  CHECK(next.puzzle(pair) == nullptr);
}

core::Timestamp wall(int seconds) {
  return core::Timestamp(core::Seconds(1'780'000'000 + seconds));
}

lists::PendingEntry entry_of(const std::string& code, const std::vector<int>& voted_at) {
  lists::PendingEntry entry;
  entry.code.entry = code;
  for (const int at : voted_at) {
    entry.votes.push_back({core::Tick(core::Seconds(at)), wall(at)});
  }
  return entry;
}

std::vector<core::Timestamp> walls_of(const std::vector<lists::CastVote>& votes) {
  std::vector<core::Timestamp> walls;
  for (const lists::CastVote& vote : votes) {
    walls.push_back(vote.wall);
  }
  return walls;
}

TEST_CASE("the votes that stand are those for what is pending, and those that were believed last") {
  using Walls = std::vector<core::Timestamp>;
  PairDetail detail;
  detail.cast = {{wall(1), {"127.0.0.2"}}, {wall(2), {"127.0.0.2", "127.0.0.4"}}, {wall(3), {}}};
  CHECK(detail.standing_votes().empty());
  PurposeTrack& track = detail.track_of(lists::Purpose::block);
  track.track.pending = {entry_of("127.0.0.2", {1, 2}), entry_of("127.0.0.4", {2})};
  CHECK(walls_of(detail.standing_votes()) == Walls{wall(1), wall(2)});
  CHECK(detail.standing_votes()[1].codes == std::vector<std::string>{"127.0.0.2", "127.0.0.4"});

  // Believed: the answers stay, beside what is pending still.
  track.track.pending.erase(track.track.pending.begin());
  lists::Code code;
  code.entry = "127.0.0.2";
  track.track.believed.insert(code);
  detail.mark_believed({wall(1), wall(2)});
  CHECK(walls_of(detail.standing_votes()) == Walls{wall(1), wall(2)});
  track.track.pending = {entry_of("127.0.0.2", {3})};
  CHECK(walls_of(detail.standing_votes()) == Walls{wall(1), wall(2), wall(3)});
  // The next change takes their place.
  track.track.pending.clear();
  detail.mark_believed({wall(3)});
  CHECK(walls_of(detail.standing_votes()) == Walls{wall(3)});
  // An end that waits to be told stands on its votes until then.
  track.track.believed = {};
  CHECK(detail.standing_votes().empty());
  track.is_open = true;
  CHECK(walls_of(detail.standing_votes()) == Walls{wall(3)});
}

}  // namespace
}  // namespace rblwatch::daemon
