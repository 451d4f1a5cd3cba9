// SPDX-License-Identifier: Apache-2.0
#include "samples.hpp"

namespace rblwatch::report::samples {

using core::Untrusted;
using lists::Cause;
using lists::Kind;
using lists::ZoneState;

const std::string kHostile =
    "=cmd|'/c calc'!A1, \"x\"\t\x1b]0;owned\x07\x1b[31mred \xc2\x9b"
    "2J \r\n<script>alert(1)</script> "
    "\xff\xc3( \u202eevil\u2066 \u65e5\u672c\u8a9e e\u0301 \U0001F4A9 | \\ %0a $(id)";

namespace {

void spoil(std::string& text) {
  text = kHostile;
}
void spoil(std::vector<std::string>& texts) {
  texts = {kHostile, kHostile};
}

ListingView hostile_listing() {
  ListingView view = doubted();
  for (std::string* text : {&view.target, &view.subject, &view.zone, &view.dns, &view.operator_name,
                            &view.muted_by, &view.lookup_url, &view.delist_url}) {
    spoil(*text);
  }
  for (std::vector<std::string>* texts :
       {&view.targets, &view.tags, &view.codes, &view.meanings, &view.delist_steps}) {
    spoil(*texts);
  }
  view.reason = Untrusted(kHostile + std::string(4000, 'x'));
  return view;
}

ZoneView hostile_zone(ZoneState state, std::optional<Cause> cause) {
  ZoneView view = trouble().zones.front();
  view.id = kHostile;
  view.dns = kHostile;
  view.state = state;
  view.cause = cause;
  view.kinds = {{Kind::ipv4, state, cause, {}, {}}};
  spoil(view.operator_name);
  return view;
}

}  // namespace

StatusDoc hostile_status() {
  StatusDoc document = trouble();
  spoil(document.daemon->version);
  document.listings = {hostile_listing()};
  document.zones = {hostile_zone(ZoneState::blind, Cause::timeout),
                    hostile_zone(ZoneState::quarantined, {})};
  document.resolvers = {
      {.server = kHostile, .state = kHostile, .cause = Cause::timeout, .since = {}, .rtt_ms = {}}};
  document.unresolved = {{.target = kHostile, .why = kHostile, .since = {}}};
  for (UnknownView& view : document.unknowns) {
    spoil(view.zone);
    spoil(view.subjects);
    view.kind = Kind::domain;
  }
  return document;
}

HistoryDoc hostile_history() {
  return {.generated_at = kNow, .listings = {hostile_listing(), hostile_listing()}, .more = false};
}

WhyDoc hostile_why() {
  WhyDoc document = why();
  spoil(document.subject);
  spoil(document.target);
  for (WhyAnswer& answer : document.answers) {
    spoil(answer.zone);
    spoil(answer.dns);
    spoil(answer.verdict);
    for (VoteView& vote : answer.votes) {
      spoil(vote.verdict);
      spoil(vote.codes);
    }
    if (answer.evidence) {
      for (std::string* text : {&answer.evidence->question, &answer.evidence->qtype,
                                &answer.evidence->server, &answer.evidence->rcode}) {
        spoil(*text);
      }
      spoil(answer.evidence->a);
      answer.evidence->txt = Untrusted(kHostile);
    }
  }
  return document;
}

ZonesDoc hostile_zones() {
  ZonesDoc document = zones();
  for (ZoneDetail& zone : document.zones) {
    zone.view = hostile_zone(zone.view.state, zone.view.cause);
    for (std::string* text :
         {&zone.lookup_url, &zone.delist_url, &zone.status, &zone.policy, &zone.note}) {
      spoil(*text);
    }
    for (std::vector<std::string>* texts :
         {&zone.refusals, &zone.test_codes, &zone.delist_steps, &zone.contained_in}) {
      spoil(*texts);
    }
    for (ZoneDetail::CodeRow& row : zone.codes) {
      spoil(row.code);
      spoil(row.meaning);
    }
    for (ZoneDetail::TestRow& row : zone.tests) {
      spoil(row.listed);
      spoil(row.clear);
    }
  }
  return document;
}

TargetsDoc hostile_targets() {
  TargetsDoc document = targets();
  for (TargetView& view : document.targets) {
    spoil(view.name);
    spoil(view.value);
    spoil(view.tags);
    spoil(view.addresses);
    spoil(view.notes);
    spoil(view.state);
  }
  return document;
}

AlertsDoc hostile_alerts() {
  AlertsDoc document = alerts();
  for (DeliveryView& view : document.deliveries) {
    spoil(view.id);
    spoil(view.channel);
    spoil(view.response);
  }
  return document;
}

ConfigCheckDoc hostile_config_check() {
  ConfigCheckDoc document = config_check();
  for (DiagnosticView& view : document.errors) {
    for (std::string* text : {&view.file, &view.key, &view.text, &view.allowed}) {
      spoil(*text);
    }
  }
  return document;
}

std::vector<lists::Event> hostile_events() {
  std::vector<lists::Event> spoiled = events();
  for (lists::Event& event : spoiled) {
    spoil(event.subject);
    spoil(event.meanings);
    spoil(event.cause);
    if (event.zone) {
      spoil(event.zone->dns);
      spoil(event.zone->id);
    }
  }
  return spoiled;
}

}  // namespace rblwatch::report::samples
