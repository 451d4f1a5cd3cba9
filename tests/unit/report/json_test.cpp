// SPDX-License-Identifier: Apache-2.0
#include "report/json.hpp"

#include <map>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "samples.hpp"

namespace rblwatch::report {
namespace {

using Json = nlohmann::ordered_json;
using Keys = std::vector<std::string>;

Json parse(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  REQUIRE_FALSE(json.is_discarded());
  return json;
}

Keys keys_of(const Json& object) {
  Keys keys;
  for (const auto& [key, value] : object.items()) {
    keys.push_back(key);
  }
  return keys;
}

Keys with_head(Keys keys) {
  keys.insert(keys.begin(), {"schema", "generated_at"});
  return keys;
}

// The keys as the contract lists them, in its order.
const Keys kListing{"target",
                    "targets",
                    "tags",
                    "subject",
                    "kind",
                    "zone",
                    "dns",
                    "operator",
                    "severity",
                    "purpose",
                    "state",
                    "pending_to",
                    "codes",
                    "meanings",
                    "reason",
                    "listed_at",
                    "last_seen",
                    "delisted_at",
                    "duration_s",
                    "first_seen",
                    "doubt",
                    "acked",
                    "muted_by",
                    "contained",
                    "held",
                    "lookup_url",
                    "delist_url",
                    "delist_steps",
                    "delist_requested_at",
                    "overdue"};
const Keys kZone{"id",    "dns",       "operator",   "severity", "purpose",  "state",  "cause",
                 "since", "last_test", "last_sweep", "kinds",    "subjects", "listed", "unknown"};
const Keys kAnswer{"zone",     "dns",       "verdict", "cause", "kept", "question", "qtype",
                   "server",   "transport", "rcode",   "a",     "txt",  "ttl_s",    "ede",
                   "asked_at", "took_ms",   "votes",   "test",  "dig"};

TEST_CASE("every document begins with schema and time, and is one line") {
  const std::vector<std::string> documents{to_json(samples::trouble()),
                                           to_json(samples::history()),
                                           to_json(EventsDoc{samples::kNow, {}, false}),
                                           to_json(samples::why()),
                                           to_json(samples::zones()),
                                           to_json(samples::targets()),
                                           to_json(samples::alerts()),
                                           to_json(samples::config_check())};
  for (const std::string& document : documents) {
    CHECK(document.find(R"({"schema":"rblwatch/1","generated_at":"2026-11-23T12:30:00Z",)") == 0);
    CHECK(document.find('\n') == document.size() - 1);
    parse(document);
  }
}

TEST_CASE("status has the keys of the contract") {
  const Json json = parse(to_json(samples::trouble()));
  CHECK(keys_of(json) ==
        with_head({"daemon", "summary", "listings", "zones", "resolvers", "unknowns"}));
  CHECK(keys_of(json["daemon"]) == Keys{"running", "version", "started_at", "last_sweep"});
  CHECK(keys_of(json["summary"]) == Keys{"targets", "subjects", "pairs", "zones", "zones_seeing",
                                         "zones_blind", "zones_quarantined", "zones_untested",
                                         "listed", "allow_lost", "info", "pending", "unknown",
                                         "unsupported"});
  for (const Json& listing : json["listings"]) {
    CHECK(keys_of(listing) == kListing);
  }
  for (const Json& zone : json["zones"]) {
    CHECK(keys_of(zone) == kZone);
    CHECK(keys_of(zone["kinds"]) == Keys{"ipv4"});
    CHECK(keys_of(zone["kinds"]["ipv4"]) == Keys{"state", "cause", "since", "last_test"});
  }
  CHECK(keys_of(json["resolvers"][0]) == Keys{"server", "state", "cause", "since", "rtt_ms"});
  CHECK(keys_of(json["unknowns"][0]) ==
        Keys{"zone", "kind", "cause", "since", "pairs", "subjects"});
}

TEST_CASE("values of status are those of the document") {
  const Json json = parse(to_json(samples::trouble()));
  CHECK(json["summary"]["unknown"] == 771);
  const Json& listed = json["listings"][0];
  CHECK(listed["duration_s"] == 12'000);
  CHECK(listed["codes"] == Json::array({"127.0.0.2", "127.0.0.4"}));
  CHECK(listed["pending_to"].is_null());
  CHECK(listed["doubt"].is_null());
  CHECK(listed["muted_by"].is_null());
  CHECK(json["listings"][1]["doubt"] ==
        Json({{"cause", "timeout"}, {"since", "2026-11-23T09:40:00Z"}}));
  CHECK(json["listings"][2]["state"] == "pending");
  CHECK(json["listings"][2]["pending_to"] == "listed");
  CHECK(json["listings"][2]["operator"].is_null());
  CHECK(json["listings"][2]["reason"].is_null());
  CHECK(json["listings"][2]["delist_steps"] == Json::array());
  CHECK(json["listings"][3]["delisted_at"] == "2026-11-22T10:30:00Z");
  CHECK(json["zones"][3]["state"] == "blind");
  CHECK(json["zones"][3]["cause"] == "refused");
  CHECK(json["resolvers"][0]["rtt_ms"] == 3);
}

TEST_CASE("check has no daemon and no sweep") {
  const Json json = parse(to_json(samples::checked()));
  CHECK(json["daemon"].is_null());
  for (const Json& zone : json["zones"]) {
    CHECK(zone["last_sweep"].is_null());
  }
}

TEST_CASE("nothing at all is still a whole document") {
  const Json json = parse(to_json(StatusDoc{}));
  CHECK(keys_of(json) ==
        with_head({"daemon", "summary", "listings", "zones", "resolvers", "unknowns"}));
  for (const char* key : {"listings", "zones", "resolvers", "unknowns"}) {
    CHECK(json[key] == Json::array());
  }
  StatusDoc bare;
  bare.listings.emplace_back();
  bare.zones.emplace_back();
  const Json blank = parse(to_json(bare));
  CHECK(keys_of(blank["listings"][0]) == kListing);
  CHECK(blank["listings"][0]["listed_at"].is_null());
  CHECK(blank["listings"][0]["duration_s"].is_null());
  CHECK(blank["zones"][0]["kinds"] == Json::object());
}

TEST_CASE("history, in both forms") {
  const Json json = parse(to_json(samples::history()));
  CHECK(keys_of(json) == with_head({"listings", "more"}));
  CHECK(json["more"] == true);
  CHECK(json["listings"].size() == 5);
  CHECK(json["listings"][3]["duration_s"] == 45 * 3600);

  const Json events =
      parse(to_json(EventsDoc{samples::kNow, {R"({"id":17,"type":"listed","at":null})"}, false}));
  CHECK(keys_of(events) == with_head({"events", "more"}));
  CHECK(events["events"][0]["id"] == 17);
  CHECK(keys_of(events["events"][0]) == Keys{"id", "type", "at"});
}

TEST_CASE("why has the evidence of each answer, null where there is none") {
  const Json json = parse(to_json(samples::why()));
  CHECK(keys_of(json) == with_head({"subject", "target", "answers"}));
  for (const Json& answer : json["answers"]) {
    CHECK(keys_of(answer) == kAnswer);
    CHECK(keys_of(answer["test"]) == Keys{"state", "at", "cause"});
  }
  const Json& listed = json["answers"][0];
  CHECK(listed["txt"] ==
        Json::array({"https://www.spamhaus.org/query/ip/192.0.2.10", "second record"}));
  CHECK(listed["ttl_s"] == 60);
  CHECK(listed["took_ms"] == 12);
  CHECK(listed["dig"] ==
        "dig +noall +answer +comments A 10.2.0.192.zen.spamhaus.org @127.0.0.1 -p 53");
  CHECK(keys_of(listed["votes"][0]) == Keys{"verdict", "codes", "asked_at", "independent"});
  const Json& silent = json["answers"][1];
  CHECK(silent["rcode"].is_null());
  CHECK(silent["ede"] == Json::array({22, 999}));
  const Json& unkept = json["answers"][2];
  CHECK(unkept["kept"] == false);
  CHECK(unkept["question"] == "10.2.0.192.psbl.surriel.com");
  CHECK(unkept["qtype"] == "A");
  CHECK(unkept["dig"] ==
        "dig +noall +answer +comments A 10.2.0.192.psbl.surriel.com @127.0.0.1 -p 53");
  for (const char* key :
       {"cause", "server", "transport", "rcode", "ttl_s", "asked_at", "took_ms"}) {
    INFO(key);
    CHECK(unkept[key].is_null());
  }
  for (const char* key : {"a", "txt", "ede", "votes"}) {
    CHECK(unkept[key] == Json::array());
  }
}

TEST_CASE("an answer that isn't kept may still name its question") {
  WhyDoc document = samples::why();
  document.target = "";
  document.answers.resize(1);
  document.answers[0].kept = false;
  document.answers[0].evidence = lists::Evidence{};
  document.answers[0].evidence->question = "10.2.0.192.zen.spamhaus.org";
  const Json json = parse(to_json(document));
  CHECK(json["target"].is_null());
  CHECK(json["answers"][0]["question"] == "10.2.0.192.zen.spamhaus.org");
  CHECK(json["answers"][0]["dig"] == "dig +noall +answer +comments A 10.2.0.192.zen.spamhaus.org");
  for (const char* key : {"server", "transport", "rcode", "ttl_s", "asked_at", "took_ms"}) {
    CHECK(json["answers"][0][key].is_null());
  }
}

TEST_CASE("zones are those of status with what the catalogue knows") {
  const Json json = parse(to_json(samples::zones()));
  CHECK(keys_of(json) == with_head({"zones"}));
  Keys keys = kZone;
  for (const char* more : {"kinds_supported", "codes", "refusals", "test", "links", "contained_in",
                           "limit_per_day", "status", "lookups", "latency_ms", "policy", "note"}) {
    keys.emplace_back(more);
  }
  for (const Json& zone : json["zones"]) {
    CHECK(keys_of(zone) == keys);
    CHECK(keys_of(zone["latency_ms"]) == Keys{"p50", "p99"});
    CHECK(keys_of(zone["links"]) == Keys{"lookup", "delist", "steps"});
    CHECK(keys_of(zone["test"]) == Keys{"entries", "random", "codes"});
  }
  const Json& first = json["zones"][0];
  CHECK(first["kinds_supported"] == Json::array({"ipv4", "ipv6"}));
  CHECK(first["codes"][1] == Json({{"code", "127.0.0.10-127.0.0.11"},
                                   {"meaning", "PBL - range that sends no mail itself"},
                                   {"purpose", "info"}}));
  CHECK(first["test"]["entries"]["ipv6"] ==
        Json({{"listed", "::FFFF:7F00:2"}, {"clear", nullptr}}));
  CHECK(first["limit_per_day"] == 300'000);
  CHECK(json["zones"][6]["limit_per_day"].is_null());
  CHECK(json["zones"][6]["latency_ms"]["p50"].is_null());
}

TEST_CASE("targets, alerts and config check have the keys of the contract") {
  const Json targets = parse(to_json(samples::targets()));
  CHECK(keys_of(targets) == with_head({"targets"}));
  CHECK(keys_of(targets["targets"][0]) == Keys{"name", "type", "value", "tags", "subjects",
                                               "listed", "unknown", "addresses", "state", "notes",
                                               "listed_in_doubt", "last_seen"});
  CHECK(targets["targets"][0]["notes"] == Json::array());
  CHECK(targets["targets"][4]["notes"].size() == 2);

  const Json alerts = parse(to_json(samples::alerts()));
  CHECK(keys_of(alerts) == with_head({"deliveries"}));
  CHECK(keys_of(alerts["deliveries"][0]) == Keys{"id", "channel", "state", "created_at", "attempts",
                                                 "last_attempt_at", "next_attempt_at", "response",
                                                 "events", "about"});
  CHECK(alerts["deliveries"][0]["events"] == Json::array({17, 18}));
  CHECK(alerts["deliveries"][1]["next_attempt_at"].is_null());

  const Json config = parse(to_json(samples::config_check()));
  CHECK(keys_of(config) == with_head({"errors", "warnings"}));
  CHECK(keys_of(config["errors"][0]) == Keys{"file", "line", "column", "key", "text", "allowed"});
  CHECK(config["errors"][0]["line"] == 12);
  CHECK(config["errors"][1]["column"].is_null());
  CHECK(config["errors"][1]["allowed"].is_null());
  CHECK(config["warnings"][0]["file"].is_null());
}

TEST_CASE("hostile text is data in every document, and ASCII on the wire") {
  const std::vector<std::string> documents{
      to_json(samples::hostile_status()),      to_json(samples::hostile_history()),
      to_json(samples::hostile_why()),         to_json(samples::hostile_zones()),
      to_json(samples::hostile_targets()),     to_json(samples::hostile_alerts()),
      to_json(samples::hostile_config_check())};
  for (const std::string& document : documents) {
    parse(document);
    CHECK(document.find('\n') == document.size() - 1);
    for (const char c : document) {
      CHECK_FALSE((c != '\n' && (static_cast<unsigned char>(c) < 0x20 ||
                                 static_cast<unsigned char>(c) >= 0x7F)));
    }
  }
  const Json json = parse(to_json(samples::hostile_status()));
  const std::string subject = json["listings"][0]["subject"];
  CHECK(subject == core::to_utf8(core::Untrusted(samples::kHostile)));
  CHECK(subject.find("\ufffd\ufffd(") != std::string::npos);
  CHECK(subject.find("\x1b]0;owned") != std::string::npos);
}

void check_same(const WhyAnswer& a, const WhyAnswer& b) {
  CHECK(a.zone == b.zone);
  CHECK(a.dns == b.dns);
  CHECK(a.verdict == b.verdict);
  CHECK(a.cause == b.cause);
  CHECK(a.kept == b.kept);
  CHECK(a.evidence == b.evidence);
  CHECK((b.dig.empty() || a.dig == b.dig));
  CHECK(a.test_state == b.test_state);
  CHECK(a.test_at == b.test_at);
  CHECK(a.test_cause == b.test_cause);
  REQUIRE(a.votes.size() == b.votes.size());
  for (std::size_t i = 0; i < a.votes.size(); ++i) {
    CHECK(a.votes[i].verdict == b.votes[i].verdict);
    CHECK(a.votes[i].codes == b.votes[i].codes);
    CHECK(a.votes[i].asked_at == b.votes[i].asked_at);
    CHECK(a.votes[i].independent == b.votes[i].independent);
  }
}

TEST_CASE("why is read back as it was written") {
  const WhyDoc document = samples::why();
  const core::Result<WhyDoc> read = why_from_json(to_json(document));
  REQUIRE(read);
  CHECK(read->generated_at == document.generated_at);
  CHECK(read->subject == document.subject);
  CHECK(read->target == document.target);
  REQUIRE(read->answers.size() == document.answers.size());
  for (std::size_t i = 0; i < document.answers.size(); ++i) {
    check_same(read->answers[i], document.answers[i]);
  }
  CHECK(to_json(*read) == to_json(document));
}

TEST_CASE("hostile text survives being read back") {
  const std::string once = to_json(samples::hostile_why());
  const core::Result<WhyDoc> read = why_from_json(once);
  REQUIRE(read);
  CHECK(to_json(*read) == once);
}

TEST_CASE("what is no why is an error of one line") {
  const std::string good = to_json(samples::why());
  const auto spoiled = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::vector<std::string> bad{"",
                                     "{",
                                     "[]",
                                     "null",
                                     "{}",
                                     "not json\x1b[31m",
                                     good.substr(0, good.size() / 2),
                                     spoiled("rblwatch/1", "rblwatch/2"),
                                     spoiled("\"answers\":[", "\"answers\":[7,"),
                                     spoiled("\"kept\":true", "\"kept\":\"yes\""),
                                     spoiled("2026-11-23T12:30:00Z", "yesterday"),
                                     spoiled("\"seeing\"", "\"sleeping\""),
                                     spoiled("\"ttl_s\":60", "\"ttl_s\":\"long\""),
                                     std::string(100'000, '[')};
  for (const std::string& text : bad) {
    const core::Result<WhyDoc> read = why_from_json(text);
    INFO(text.substr(0, 80));
    REQUIRE_FALSE(read);
    CHECK(read.error().text.find_first_of("\n\x1b") == std::string::npos);
    CHECK_FALSE(read.error().text.empty());
  }
}

TEST_CASE("what a quarantine holds is held, not pending to anything") {
  StatusDoc document;
  document.listings = {samples::listing()};
  document.listings[0].pending_to = lists::PendingTo::delisted;
  CHECK(Json::parse(to_json(document))["listings"][0]["pending_to"] == "delisted");
  document.listings[0].held = true;
  const Json held = Json::parse(to_json(document))["listings"][0];
  CHECK(held["pending_to"].is_null());
  CHECK(held["held"] == true);
}

TEST_CASE("a duration goes from listed_at to the end or to now, and never backwards") {
  ListingView view = samples::listing();
  CHECK(view.duration(samples::kNow) == core::Seconds(12'000));
  CHECK(view.duration(samples::ago(core::Millis(48 * 3'600'000))) == core::Seconds(0));
  view.state = lists::ListingState::retired;
  CHECK_FALSE(view.duration(samples::kNow));
  view.delisted_at = samples::ago(core::Millis(3'600'000));
  CHECK(view.duration(samples::kNow) == core::Seconds(8'400));
  view.listed_at.reset();
  CHECK_FALSE(view.duration(samples::kNow));
}

TEST_CASE("exit codes: listed outranks unknown outranks clear, and nothing asked is not clear") {
  const auto code = [](auto change) {
    StatusDoc document;
    document.summary.pairs = 10;
    change(document.summary);
    return exit_code(document);
  };
  CHECK(code([](Summary&) {}) == 0);
  CHECK(code([](Summary& s) { s.pending = 1, s.info = 1; }) == 0);
  CHECK(code([](Summary& s) { s.unsupported = 5; }) == 0);
  CHECK(code([](Summary& s) { s.unknown = 1; }) == 3);
  CHECK(code([](Summary& s) { s.pairs = 0; }) == 3);
  CHECK(code([](Summary& s) { s.listed = 1, s.unknown = 9; }) == 1);
  CHECK(code([](Summary& s) { s.allow_lost = 1; }) == 1);
}

}  // namespace
}  // namespace rblwatch::report
