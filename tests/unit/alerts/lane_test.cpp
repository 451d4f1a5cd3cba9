// SPDX-License-Identifier: Apache-2.0
#include "alerts/lane.hpp"

#include <catch2/catch.hpp>

#include "fixtures.hpp"

namespace rblwatch::alerts {
namespace {

using core::Seconds;
using core::Tick;

constexpr Tick kStart{core::Micros(1'000'000'000)};

Waiting about(std::string id, std::vector<std::string> subjects, Tick next = kStart) {
  Waiting waiting;
  waiting.delivery.id = std::move(id);
  waiting.subjects = std::move(subjects);
  waiting.next_attempt = next;
  return waiting;
}

std::string take(Lane& lane, Tick now, ChannelType type = ChannelType::webhook) {
  std::string ids;
  for (const Waiting* waiting : lane.take_due(now, type)) {
    ids += waiting->delivery.id;
  }
  return ids;
}

TEST_CASE("A lane gives what is due, oldest first, and nothing twice") {
  Lane lane;
  lane.add(about("a", {"x"}));
  lane.add(about("b", {"y"}, kStart + Seconds(10)));
  lane.add(about("c", {"z"}));
  CHECK(lane.next_due() == kStart);
  CHECK(take(lane, kStart) == "ac");
  CHECK(take(lane, kStart).empty());
  CHECK(lane.next_due() == kStart + Seconds(10));
  CHECK(take(lane, kStart + Seconds(10)) == "b");
  CHECK(lane.next_due() == kNever);
}

TEST_CASE("A delivery waits for the earlier ones that share a subject with it") {
  Lane lane;
  lane.add(about("a", {"x", "y"}, kStart + Seconds(60)));
  lane.add(about("b", {"y", "z"}));
  lane.add(about("c", {"z"}));
  lane.add(about("d", {"w"}));
  CHECK(take(lane, kStart) == "d");
  CHECK(lane.next_due() == kStart + Seconds(60));
  CHECK(take(lane, kStart + Seconds(60)) == "a");
  CHECK(take(lane, kStart + Seconds(60)).empty());
  lane.remove("a");
  CHECK(take(lane, kStart + Seconds(60)) == "b");
  lane.remove("b");
  CHECK(take(lane, kStart + Seconds(60)) == "c");
}

TEST_CASE("At most four are under way at once") {
  Lane lane;
  for (const char* id : {"a", "b", "c", "d", "e", "f"}) {
    lane.add(about(id, {id}));
  }
  CHECK(take(lane, kStart) == "abcd");
  CHECK(lane.under_way() == 4);
  CHECK(lane.next_due() == kNever);
  lane.remove("b");
  CHECK(take(lane, kStart) == "e");
  lane.wait_again(*lane.find("a"), kStart + Seconds(5));
  CHECK(take(lane, kStart) == "f");
}

TEST_CASE("Slack gets one message a second") {
  Lane lane;
  for (const char* id : {"a", "b", "c"}) {
    lane.add(about(id, {id}));
  }
  CHECK(take(lane, kStart, ChannelType::slack) == "a");
  CHECK(take(lane, kStart + core::Millis(999), ChannelType::slack).empty());
  CHECK(lane.next_due() == kStart + Seconds(1));
  CHECK(take(lane, kStart + Seconds(1), ChannelType::slack) == "b");
  CHECK(take(lane, kStart + Seconds(2), ChannelType::slack) == "c");
}

TEST_CASE("A success brings the others forward, but not past the server's Retry-After") {
  Lane lane;
  lane.add(about("a", {"x"}, kStart + Seconds(600)));
  lane.bring_forward(kStart);
  CHECK(lane.next_due() == kStart);
  lane.hold(kStart + Seconds(30));
  lane.bring_forward(kStart);
  CHECK(lane.next_due() == kStart + Seconds(30));
  CHECK(take(lane, kStart + Seconds(29)).empty());
  CHECK(take(lane, kStart + Seconds(30)) == "a");
}

TEST_CASE("A success brings nothing forward that its receiver told to wait") {
  Lane lane;
  lane.add(about("a", {"x"}));
  lane.add(about("b", {"y"}));
  CHECK(take(lane, kStart) == "ab");
  lane.wait_again(*lane.find("a"), kStart + Seconds(100), kStart + Seconds(60));
  lane.wait_again(*lane.find("b"), kStart + Seconds(100));
  lane.bring_forward(kStart + Seconds(10));
  CHECK(take(lane, kStart + Seconds(10)) == "b");
  CHECK(lane.next_due() == kStart + Seconds(60));
  CHECK(take(lane, kStart + Seconds(60)) == "a");
}

TEST_CASE("Who lacks a mail waits for it, and who has it gets the next") {
  Lane lane;
  lane.set_recipients({"me", "you"});
  lane.add(about("a", {"x"}));
  lane.add(about("b", {"x", "y"}));
  lane.add(about("c", {"y"}));
  CHECK(take(lane, kStart) == "a");
  CHECK(lane.find("a")->to == std::vector<std::string>{"me", "you"});
  lane.find("a")->outstanding = {"you"};
  lane.wait_again(*lane.find("a"), kStart + Seconds(60));
  CHECK(lane.next_due() == kStart);
  CHECK(take(lane, kStart) == "b");
  CHECK(lane.find("b")->to == std::vector<std::string>{"me"});
  CHECK(lane.find("b")->left == std::vector<std::string>{"you"});
  lane.find("b")->outstanding = {"you"};
  lane.wait_again(*lane.find("b"), kStart);
  CHECK(take(lane, kStart) == "c");
  CHECK(lane.find("c")->to == std::vector<std::string>{"me"});
  CHECK(take(lane, kStart).empty());
  CHECK(lane.next_due() == kStart + Seconds(60));
  CHECK(take(lane, kStart + Seconds(60)) == "a");
  CHECK(lane.find("a")->to == std::vector<std::string>{"you"});
  CHECK(take(lane, kStart + Seconds(60)).empty());
  lane.remove("a");
  CHECK(take(lane, kStart + Seconds(60)) == "b");
  CHECK(lane.find("b")->to == std::vector<std::string>{"you"});
  CHECK(lane.find("b")->left.empty());
}

TEST_CASE("Who isn't written to any more gets nothing, and holds up nothing") {
  Lane lane;
  lane.set_recipients({"me"});
  lane.add(about("a", {"x"}));
  lane.find("a")->outstanding = {"you"};
  lane.add(about("b", {"x"}));
  CHECK(take(lane, kStart) == "ab");
  CHECK(lane.find("a")->to.empty());
  CHECK(lane.find("b")->to == std::vector<std::string>{"me"});
}

TEST_CASE("A changed channel is tried at once") {
  Lane lane;
  lane.add(about("a", {"x"}, kStart + Seconds(600)));
  lane.find("a")->not_before = kStart + Seconds(600);
  lane.hold(kStart + Seconds(30));
  lane.release(kStart);
  CHECK(take(lane, kStart) == "a");
}

TEST_CASE("Keys name what events are about") {
  const auto keys = [](std::vector<lists::Event> events) {
    return subject_keys(test::notification(std::move(events)).events);
  };
  CHECK(keys({test::listed(), test::delisted()}) == std::vector<std::string>{"s:192.0.2.10"});
  CHECK(keys({test::zone_blind()}) == std::vector<std::string>{"z:spamhaus-zen"});
  CHECK(keys({test::resolver_blind()}) == std::vector<std::string>{"resolver"});
  CHECK(keys({test::channel_failed("ops")}) == std::vector<std::string>{"c:ops"});
  CHECK(tells_failures_only(keys({test::channel_failed("a"), test::channel_failed("b")})));
  CHECK_FALSE(tells_failures_only(keys({test::channel_failed("a"), test::listed()})));
  CHECK_FALSE(tells_failures_only({}));
}

}  // namespace
}  // namespace rblwatch::alerts
