// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;
using namespace rblwatch::storage::sample;
using alerts::DeliveryState;
using Kind = core::Error::Kind;

namespace {

Store memory_store() {
  return taken(Store::open(":memory:", options()));
}

Batch batch_of(std::vector<lists::Event> events, std::vector<alerts::Notice> notices) {
  Batch batch;
  batch.at = at(300);
  batch.events = std::move(events);
  batch.notices = std::move(notices);
  return batch;
}

alerts::Delivery delivery(const std::string& id = "01A") {
  alerts::Delivery delivery;
  delivery.id = id;
  delivery.channel = "ops";
  delivery.created_at = at(330);
  delivery.parcel = alerts::HttpRequest{.content_type = "application/json",
                                        .body = std::string("{\"x\":\"\0\xff\"}", 9)};
  delivery.next_attempt_at = at(330);
  return delivery;
}

/// A store with one event that is told to "ops", and that sealed in "01A".
Store sealed_store() {
  Store store = memory_store();
  taken(store.commit(batch_of({event()}, {notice(0)})));
  taken(store.seal(delivery(), taken(store.unsealed())));
  return store;
}

alerts::Delivery settled(DeliveryState state, std::uint32_t attempts, std::int64_t seconds) {
  alerts::Delivery result = delivery();
  result.state = state;
  result.attempts = attempts;
  result.last_attempt_at = at(seconds);
  result.next_attempt_at = at(seconds + 60);
  result.tried_for = core::Seconds(50);
  result.response = "503 try later";
  return result;
}

}  // namespace

TEST_CASE("an event comes back with everything that was in it") {
  Store store = memory_store();
  lists::Event bare;
  bare.type = lists::EventType::resolver_blind;
  bare.at = at(210);
  bare.resolver_servers = {"127.0.0.1:53", "[::1]:53"};
  bare.zones = {"corp", "other"};
  lists::Event failed;
  failed.type = lists::EventType::channel_failed;
  failed.at = at(220);
  failed.channel = "ops";
  taken(store.commit(
      batch_of({event(), bare, failed}, {notice(1), notice(0), notice(2), notice(0, "mail")})));
  const auto notices = taken(store.unsealed());
  REQUIRE(notices.size() == 4);
  const alerts::Notification message = taken(store.compose(notices));
  REQUIRE(message.events.size() == 3);
  const std::vector<lists::Event> expected{event(), bare, failed};
  for (std::size_t i = 0; i < 3; ++i) {
    lists::Event stored = message.events[i].event;
    CHECK(stored.id == static_cast<std::int64_t>(i + 1));
    stored.id = 0;
    CHECK(stored == expected[i]);
  }
}

TEST_CASE("notices that are muted or held are not there to be sealed") {
  Store store = memory_store();
  taken(store.commit(
      batch_of({event(), event()}, {notice(0), notice(0, "mail", "start-1"),
                                    notice(1, "ops", "", "ack"), notice(1, "mail", "start-2")})));
  const auto before = taken(store.unsealed());
  REQUIRE(before.size() == 1);
  CHECK(before[0].event_id == 1);
  CHECK(before[0].channel == "ops");
  CHECK(before[0].due_at == at(230));
  CHECK(taken(store.load()).held_batches == std::vector<std::string>{"start-1", "start-2"});

  Batch release;
  release.at = at(900);
  release.released_batches = {"start-1"};
  taken(store.commit(release));
  const auto after = taken(store.unsealed());
  REQUIRE(after.size() == 2);
  CHECK(after[1].channel == "mail");
  CHECK(after[1].due_at == at(900));
  CHECK(after[1].batch.empty());
  CHECK(taken(store.load()).held_batches == std::vector<std::string>{"start-2"});
}

TEST_CASE("a batch that is released as it comes goes out at once") {
  Store store = memory_store();
  Batch batch = batch_of({event()}, {notice(0, "ops", "start-1")});
  batch.released_batches = {"start-1"};
  taken(store.commit(batch));
  REQUIRE(taken(store.unsealed()).size() == 1);
  CHECK(taken(store.unsealed())[0].due_at == at(300));
}

TEST_CASE(
    "a sealed delivery waits with the very bytes, and its notices are gone from the unsealed") {
  Store store = memory_store();
  taken(store.commit(batch_of({event(), event()}, {notice(1), notice(0)})));
  taken(store.seal(delivery(), taken(store.unsealed())));
  CHECK(taken(store.unsealed()).empty());
  taken(store.commit(batch_of({event()}, {notice(0)})));
  alerts::Delivery mail = delivery("00B");
  mail.parcel = alerts::MailMessage{.message = "Subject: x\r\n\r\nbody\r\n"};
  taken(store.seal(mail, taken(store.unsealed())));
  const auto waiting = taken(store.waiting());
  REQUIRE(waiting.size() == 2);
  CHECK(waiting[0].id == "01A");  // in the order of sealing, not of ids
  CHECK(waiting[0].state == DeliveryState::waiting);
  CHECK(waiting[0].channel == "ops");
  CHECK(waiting[0].created_at == at(330));
  CHECK(waiting[0].parcel == delivery().parcel);
  CHECK(waiting[0].attempts == 0);
  CHECK(waiting[0].next_attempt_at == at(330));
  CHECK(waiting[0].events == std::vector<std::int64_t>{1, 2});
  CHECK(waiting[1].parcel == mail.parcel);
}

TEST_CASE("a notice is sealed once, and a seal that fails leaves nothing behind") {
  Store store = memory_store();
  taken(store.commit(batch_of({event()}, {notice(0), notice(0, "mail", "", "ack")})));
  const auto notices = taken(store.unsealed());
  SECTION("sealed already") {
    taken(store.seal(delivery("01A"), notices));
    CHECK_FALSE(store.seal(delivery("01B"), notices).has_value());
    CHECK(taken(store.waiting()).size() == 1);
  }
  SECTION("the same id twice") {
    taken(store.seal(delivery("01A"), notices));
    CHECK_FALSE(store.seal(delivery("01A"), {}).has_value());
  }
  SECTION("muted") {
    alerts::Notice muted = notices[0];
    muted.id = 2;
    CHECK_FALSE(store.seal(delivery("01B"), std::vector{notices[0], muted}).has_value());
    CHECK(taken(store.waiting()).empty());
    CHECK(taken(store.unsealed()).size() == 1);
  }
}

TEST_CASE("settling stores what the attempt came to, and only waiting ones are tried again") {
  struct Row {
    DeliveryState state;
    std::size_t waiting;
  };
  const auto row = GENERATE(values<Row>({{DeliveryState::waiting, 1},
                                         {DeliveryState::delivered, 0},
                                         {DeliveryState::failed, 0},
                                         {DeliveryState::dropped, 0}}));
  Store store = sealed_store();
  taken(store.settle(settled(row.state, 3, 400), {}, {}));
  const auto waiting = taken(store.waiting());
  REQUIRE(waiting.size() == row.waiting);
  if (!waiting.empty()) {
    CHECK(waiting[0].attempts == 3);
    CHECK(waiting[0].last_attempt_at == at(400));
    CHECK(waiting[0].next_attempt_at == at(460));
    CHECK(waiting[0].tried_for == core::Seconds(50));  // whatever lies between the two moments
    CHECK(waiting[0].created_at == at(330));
    CHECK(waiting[0].response == "503 try later");
    CHECK(waiting[0].parcel == delivery().parcel);
  }
}

TEST_CASE("a failed delivery and the event that says so are one transaction") {
  Store store = sealed_store();
  lists::Event failed;
  failed.type = lists::EventType::channel_failed;
  failed.channel = "ops";
  failed.cause = "404";
  const std::vector<lists::Event> events{failed};
  const std::vector<alerts::Notice> notices{notice(0, "mail")};
  alerts::Delivery unknown = settled(DeliveryState::failed, 1, 400);
  unknown.id = "nobody";
  const auto refused = store.settle(unknown, events, notices);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == Kind::not_found);
  CHECK(taken(store.unsealed()).empty());
  taken(store.settle(settled(DeliveryState::failed, 1, 400), events, notices));
  const auto unsealed = taken(store.unsealed());
  REQUIRE(unsealed.size() == 1);
  CHECK(taken(store.compose(unsealed)).events[0].event.cause == "404");
}

TEST_CASE("a failed delivery can be sent again, with attempts and days from zero") {
  Store store = sealed_store();
  CHECK(store.resend("01A", at(1000)).error().kind == Kind::not_found);  // it waits already
  CHECK(store.resend("nobody", at(1000)).error().kind == Kind::not_found);
  taken(store.settle(settled(DeliveryState::failed, 7, 400), {}, {}));
  taken(store.resend("01A", at(300'000)));
  const auto waiting = taken(store.waiting());
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].attempts == 0);
  CHECK(waiting[0].next_attempt_at == at(300'000));
  CHECK(waiting[0].tried_for == core::Seconds(0));
  taken(store.settle(settled(DeliveryState::waiting, 1, 300'050), {}, {}));
  CHECK(taken(store.waiting())[0].tried_for == core::Seconds(50));
  CHECK(waiting[0].parcel == delivery().parcel);
  CHECK(waiting[0].events == std::vector<std::int64_t>{1});
}

TEST_CASE("a dropped delivery stays dropped, unless an attempt under way arrived") {
  Store store = sealed_store();
  taken(store.drop("01A", at(350)));
  CHECK(taken(store.waiting()).empty());
  CHECK(store.drop("01A", at(350)).error().kind == Kind::not_found);
  SECTION("a retry") {
    taken(store.settle(settled(DeliveryState::waiting, 1, 400), {}, {}));
    CHECK(taken(store.waiting()).empty());
    taken(store.resend("01A", at(500)));
    CHECK(taken(store.waiting()).size() == 1);
  }
  SECTION("it arrived") {
    taken(store.settle(settled(DeliveryState::delivered, 1, 400), {}, {}));
    CHECK_FALSE(store.resend("01A", at(500)).has_value());
  }
}

TEST_CASE("the timeline holds the subject's earlier events, newest first, at most twenty") {
  Store store = memory_store();
  std::vector<lists::Event> events;
  for (int i = 0; i < 25; ++i) {
    events.push_back(event("192.0.2.10", i));
    events.push_back(event("192.0.2.99", i));
  }
  lists::Event of_zone;
  of_zone.type = lists::EventType::zone_blind;
  events.push_back(of_zone);
  taken(store.commit(batch_of(events, {notice(4), notice(48), notice(50)})));
  const alerts::Notification message = taken(store.compose(taken(store.unsealed())));
  REQUIRE(message.events.size() == 3);
  const auto& early = message.events[0].timeline;  // the third of its subject
  REQUIRE(early.size() == 2);
  CHECK(early[0] ==
        lists::TimelineEntry{
            .type = lists::EventType::listed, .at = at(1), .zone = "corp", .codes = {"127.0.0.2"}});
  CHECK(early[1].at == at(0));
  const auto& late = message.events[1].timeline;
  REQUIRE(late.size() == 20);
  CHECK(late[0].at == at(23));
  CHECK(late[19].at == at(4));
  CHECK(message.events[2].timeline.empty());
}

namespace {

alerts::MailMessage mail_with(const std::string& message_id) {
  return {.message = "From: rblwatch@then.example\r\nMessage-ID: " + message_id +
                     "\r\nSubject: x\r\n\r\nMessage-ID: <no@header.example>\r\n"};
}

/// A store whose listing of 192.0.2.10 and of 192.0.2.11 were told to "ops" in one delivery.
Store told_store(DeliveryState state, bool by_mail = true, const std::string& channel = "ops") {
  Store store = memory_store();
  alerts::Delivery mail = delivery("01LISTED");
  mail.channel = channel;
  if (by_mail) {
    mail.parcel = mail_with("<01LISTED@then.example>");
  }
  std::vector<alerts::Notice> notices{notice(0), notice(1)};
  for (alerts::Notice& one : notices) {
    one.channel = channel;
  }
  taken(store.commit(batch_of({event("192.0.2.10"), event("192.0.2.11")}, notices)));
  taken(store.seal(mail, taken(store.unsealed())));
  if (state != DeliveryState::waiting) {
    mail.state = state;
    mail.attempts = 1;
    mail.last_attempt_at = at(400);
    taken(store.settle(mail, {}, {}));
  }
  return store;
}

lists::Event event_of(lists::EventType type, lists::Event event) {
  event.type = type;
  return event;
}

/// What a message to "ops" about this event follows.
std::string followed(Store& store, const lists::Event& event) {
  taken(store.commit(batch_of({event}, {notice(0)})));
  return taken(store.compose(taken(store.unsealed()))).events.back().follows;
}

}  // namespace

TEST_CASE("a delisting follows the mail that told of its listing, whichever of it it was") {
  using T = lists::EventType;
  for (const char* subject : {"192.0.2.10", "192.0.2.11"}) {
    for (const T type : {T::changed, T::delisted, T::overdue}) {
      for (const DeliveryState state : {DeliveryState::waiting, DeliveryState::delivered}) {
        Store store = told_store(state);
        CHECK(followed(store, event_of(type, event(subject))) == "<01LISTED@then.example>");
      }
    }
  }
}

TEST_CASE("what was told to nobody by mail is followed by nothing") {
  using T = lists::EventType;
  const lists::Event gone = event_of(T::delisted, event("192.0.2.11"));
  SECTION("it has failed") {
    Store store = told_store(DeliveryState::failed);
    CHECK(followed(store, gone).empty());
  }
  SECTION("it was dropped") {
    Store store = told_store(DeliveryState::dropped);
    CHECK(followed(store, gone).empty());
  }
  SECTION("it was no mail") {
    Store store = told_store(DeliveryState::delivered, false);
    CHECK(followed(store, gone).empty());
  }
  SECTION("it went to another channel") {
    Store store = told_store(DeliveryState::delivered, true, "chat");
    CHECK(followed(store, gone).empty());
  }
  SECTION("the subject, the zone or the purpose is another") {
    Store store = told_store(DeliveryState::delivered);
    CHECK(followed(store, event_of(T::delisted, event("192.0.2.12"))).empty());
    lists::Event other = gone;
    other.zone->id = "other";
    CHECK(followed(store, other).empty());
    other = gone;
    other.zone->purpose = lists::Purpose::allow;
    CHECK(followed(store, other).empty());
  }
  SECTION("it was listed again meanwhile, which was muted") {
    Store store = told_store(DeliveryState::delivered);
    alerts::Notice muted = notice(0);
    muted.muted_by = "ack";
    taken(store.commit(batch_of({event("192.0.2.11")}, {muted})));
    CHECK(followed(store, gone).empty());
  }
  SECTION("it is a listing") {
    Store store = told_store(DeliveryState::delivered);
    CHECK(followed(store, event("192.0.2.11")).empty());
  }
}

TEST_CASE("what sees again follows the mail that told of its blindness") {
  using T = lists::EventType;
  lists::Event of_zone = event();
  of_zone.subject.clear();
  of_zone.target.reset();
  lists::Event of_resolver;
  of_resolver.at = at(210);
  lists::Event of_target = of_resolver;
  of_target.target = lists::TargetRef{"mail", "mail.example.com", {}};
  struct Row {
    T begins;
    T ends;
    lists::Event event;
  };
  for (const Row& row : {Row{T::zone_blind, T::zone_seeing, of_zone},
                         Row{T::zone_quarantined, T::zone_released, of_zone},
                         Row{T::resolver_blind, T::resolver_seeing, of_resolver},
                         Row{T::target_unresolved, T::target_resolved, of_target}}) {
    INFO(core::enum_word(row.ends));
    Store store = memory_store();
    taken(store.commit(batch_of({event_of(row.begins, row.event)}, {notice(0)})));
    alerts::Delivery mail = delivery("01BLIND");
    mail.parcel = mail_with("<01BLIND@then.example>");
    taken(store.seal(mail, taken(store.unsealed())));
    lists::Event other = event_of(row.ends, row.event);
    other.zone = event().zone;
    other.zone->id = "other";
    CHECK(followed(store, other).empty());
    taken(store.seal(delivery("01OTHER"), taken(store.unsealed())));
    CHECK(followed(store, event_of(row.ends, row.event)) == "<01BLIND@then.example>");
  }
}

TEST_CASE("the coverage tells each zone that is asked by the worst of its kinds") {
  Store store = memory_store();
  Batch batch;
  batch.at = at(300);
  using lists::ZoneState;
  for (const char* id : {"fine", "half", "quiet", "new", "bad", "empty"}) {
    batch.zones.push_back(zone(id));
  }
  batch.zones[2].row.quarantined = true;
  batch.zones[4].row.quarantined = true;
  batch.kinds = {kind("fine"),
                 kind("half"),
                 kind("half"),
                 kind("quiet"),
                 kind("new", ZoneState::untested),
                 kind("bad", ZoneState::blind, lists::Cause::timeout),
                 kind("gone")};
  batch.kinds[2].row.kind = lists::Kind::ipv6;
  batch.kinds[2].row.state = ZoneState::untested;
  batch.events = {event()};
  batch.notices = {notice(0)};
  taken(store.commit(batch));
  const alerts::Coverage coverage = taken(store.compose(taken(store.unsealed()))).coverage;
  CHECK(coverage ==
        alerts::Coverage{.zones = 5, .seeing = 1, .blind = {"bad"}, .quarantined = {"quiet"}});
}

TEST_CASE("what was kept back for a container goes out when it is told itself, and nothing else") {
  Store store = memory_store();
  Batch batch;
  batch.at = at(300);
  lists::Event earlier = event();
  earlier.listed_at = at(50);
  lists::Event elsewhere = event();
  elsewhere.zone->id = "other";
  batch.events = {event(), earlier, elsewhere, event("192.0.2.11")};
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    batch.notices.push_back(notice(i, "ops", "", "contained"));
  }
  taken(store.commit(batch));
  CHECK(taken(store.unsealed()).empty());
  Batch told;
  told.at = at(900);
  told.unmuted = {{{"192.0.2.10", "corp"}, lists::Purpose::block, at(100)}};
  CHECK_FALSE(told.is_empty());
  taken(store.commit(told));
  const auto notices = taken(store.unsealed());
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].event_id == 1);
  CHECK(notices[0].due_at == at(900));
}

TEST_CASE("a blind zone is told with what stays open there") {
  Store store = memory_store();
  Batch batch;
  batch.at = at(300);
  lists::Event blind = event("");
  blind.type = lists::EventType::zone_blind;
  batch.events = {blind, event()};
  batch.notices = {notice(0), notice(1)};
  report::ListingRow second = listing("192.0.2.11");
  second.last_seen = at(170);
  report::ListingRow ended = listing("192.0.2.12");
  ended.ended_at = at(200);
  report::ListingRow of_ipv6 = listing("2001:db8::1");
  of_ipv6.kind = lists::Kind::ipv6;
  batch.listings = {listing_record(listing()), listing_record(second), listing_record(ended),
                    listing_record(of_ipv6), listing_record(listing("192.0.2.10", "other"))};
  taken(store.commit(batch));
  const alerts::Notification message = taken(store.compose(taken(store.unsealed())));
  CHECK(message.events.at(0).in_doubt == alerts::InDoubt{2, at(160), at(170)});
  CHECK(message.events.at(1).in_doubt == alerts::InDoubt{});
}

TEST_CASE("an event comes with what its subject has on zones that nobody sees now") {
  Store store = memory_store();
  Batch batch;
  batch.at = at(300);
  batch.events = {event(), event("192.0.2.11"), event("")};
  batch.notices = {notice(0), notice(1), notice(2)};
  batch.kinds = {kind("blind", lists::ZoneState::blind, lists::Cause::timeout), kind("seen"),
                 kind("doubted"), kind("corp", lists::ZoneState::blind, lists::Cause::timeout)};
  for (const char* zone : {"corp", "blind", "seen", "doubted"}) {
    report::ListingRow row = listing("192.0.2.10", zone);
    row.contained = false;
    batch.listings.push_back(listing_record(row));
  }
  batch.listings.push_back(listing_record(listing("192.0.2.11", "blind")));  // its container's
  report::ListingRow allow = listing("192.0.2.11", "blind", lists::Purpose::allow);
  allow.contained = false;
  batch.listings.push_back(listing_record(allow));
  report::ListingRow ended = listing("192.0.2.11", "doubted");
  ended.contained = false;
  ended.ended_at = at(200);
  batch.listings.push_back(listing_record(ended));
  batch.doubts = {{{"192.0.2.10", "doubted"},
                   lists::Kind::ipv4,
                   lists::Doubt{lists::Cause::servfail, at(170)}}};
  const auto blind_since = batch.kinds[0].row.since.value();
  taken(store.commit(batch));
  const alerts::Notification message = taken(store.compose(taken(store.unsealed())));
  REQUIRE(message.events.size() == 3);
  const std::vector<std::string> codes{"127.0.0.2", "127.0.0.4"};
  CHECK(message.events[0].unseen ==
        std::vector<alerts::UnseenListing>{
            {"blind", codes, at(100), at(160), {lists::Cause::timeout, blind_since}, true},
            {"doubted", codes, at(100), at(160), {lists::Cause::servfail, at(170)}, false}});
  CHECK(message.events[1].unseen.empty());
  CHECK(message.events[2].unseen.empty());
}

TEST_CASE("composing what is not there is an error") {
  Store store = memory_store();
  alerts::Notice nobody;
  nobody.event_id = 99;
  CHECK(store.compose(std::vector{nobody}).error().kind == Kind::not_found);
}
