// SPDX-License-Identifier: Apache-2.0
#include "alerts/wording.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "alerts/advice.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using lists::Event;
using lists::EventType;
using lists::Purpose;

constexpr std::size_t kLongestTimeline = 20;
constexpr std::size_t kOtherReasons = 4;  // of a network, beside its first address's

bool is_of_listing(const Event& event) {
  switch (event.type) {
    case EventType::listed:
    case EventType::changed:
    case EventType::delisted:
    case EventType::overdue:
    case EventType::retired:
      return true;
    case EventType::zone_blind:
    case EventType::zone_seeing:
    case EventType::zone_quarantined:
    case EventType::zone_released:
    case EventType::resolver_blind:
    case EventType::resolver_seeing:
    case EventType::target_unresolved:
    case EventType::target_resolved:
    case EventType::channel_failed:
    case EventType::storage_failed:
      return false;
  }
  return false;
}

class Facts {
 public:
  void add(std::string label, std::string text, bool is_link = false) {
    if (!text.empty()) {
      facts_.push_back({std::move(label), core::Untrusted(std::move(text)), is_link});
    }
  }
  void add(std::string label, const std::optional<core::Timestamp>& at) {
    if (at) {
      add(std::move(label), utc_text(*at));
    }
  }
  std::vector<Fact> take() { return std::move(facts_); }

 private:
  std::vector<Fact> facts_;
};

std::string what_text(const Event& event) {
  if (event.target && event.target->name != event.subject) {
    return event.subject.empty() ? event.target->name
                                 : event.subject + " (" + event.target->name + ")";
  }
  return event.subject;
}

std::string zone_text(const Event& event) {
  if (!event.zone) {
    return "";
  }
  std::string text = event.zone->dns.empty() ? event.zone->id : event.zone->dns;
  std::vector<std::string> notes;
  if (!event.zone->operator_name.empty()) {
    notes.push_back(event.zone->operator_name);
  }
  notes.push_back("severity " + std::string(core::enum_word(event.zone->severity)));
  if (event.zone->purpose == Purpose::allow) {
    notes.emplace_back("allowlist");
  } else if (event.zone->purpose == Purpose::info) {
    notes.emplace_back("for information");
  }
  return text + " (" + core::join(notes, ", ") + ")";
}

std::string codes_text(const Event& event) {
  std::string text = core::join(event.codes, ", ");
  if (!event.meanings.empty()) {
    const std::string meanings = core::join(event.meanings, ", ");
    text += text.empty() ? meanings : " (" + meanings + ")";
  }
  return text;
}

std::string change_text(const Event& event) {
  std::vector<std::string> parts;
  if (!event.added.empty()) {
    parts.push_back("new " + core::join(event.added, ", "));
  }
  if (!event.removed.empty()) {
    parts.push_back("gone " + core::join(event.removed, ", "));
  }
  return core::join(parts, "; ");
}

std::string evidence_text(const Event& event) {
  if (!event.evidence || event.evidence->question.empty()) {
    return "";
  }
  const lists::Evidence& evidence = *event.evidence;
  std::string text = evidence.question + " " + evidence.qtype;
  if (!evidence.server.empty()) {
    text += " asked of " + evidence.server;
  }
  if (!evidence.rcode.empty()) {
    text += ": " + evidence.rcode;
  }
  if (!evidence.a.empty()) {
    text += " " + core::join(evidence.a, ", ");
  }
  return text;
}

void add_listing_facts(Facts& facts, const Event& event) {
  facts.add("Codes", codes_text(event));
  if (event.type == EventType::changed) {
    facts.add("Change", change_text(event));
  }
  facts.add("Listed since", event.listed_at);
  facts.add("Delisted at", event.delisted_at);
  if (event.listed_at && event.delisted_at && *event.delisted_at > *event.listed_at) {
    facts.add("Duration", core::to_human(*event.delisted_at - *event.listed_at));
  }
  if (event.type == EventType::overdue) {
    facts.add("Removal asked for", event.since);
  }
  facts.add("Why", event.reason.raw());
}

/// What is over by now, and for how long it lasted; of all else since when it is so.
void add_duration(Facts& facts, const Event& event) {
  std::string over;
  if (event.type == EventType::zone_seeing || event.type == EventType::resolver_seeing) {
    over = "Blind";
  } else if (event.type == EventType::target_resolved) {
    over = "Unresolved";
  }
  facts.add(over.empty() ? "Since" : over + " since", event.since);
  if (!over.empty() && event.since && event.at > *event.since) {
    facts.add(over + " for", core::to_human(event.at - *event.since));
  }
}

void add_state_facts(Facts& facts, const Event& event) {
  facts.add("Channel", event.channel);
  facts.add("Resolver", core::join(event.resolver_servers, ", "));
  facts.add("Zones", core::join(event.zones, ", "));
  facts.add("Cause", event.cause);
  add_duration(facts, event);
  if (event.affected_subjects) {
    facts.add("Affected", lists::affected_text(event));
  }
  if (event.passed) {
    facts.add("Passed", std::to_string(*event.passed));
  }
  if (event.dropped) {
    facts.add("Dropped", std::to_string(*event.dropped));
  }
}

/// "https://www.spamhaus.org/": where a page about one subject has nothing to show.
std::string site_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) {
    return "";
  }
  return url.substr(0, url.find_first_of("/?#", scheme + 3)) + "/";
}

std::string with_zone(const Event& event, std::string text) {
  if (event.zone) {
    text += " on " + (event.zone->dns.empty() ? event.zone->id : event.zone->dns);
  }
  return text;
}

std::string type_words(EventType type) {
  return core::replace_all(std::string(core::enum_word(type)), "_", " ");
}

std::string subject_of(const Event& event) {
  if (is_of_listing(event)) {
    return with_zone(event, what_text(event));
  }
  std::string text;
  if (event.zone) {
    text = event.zone->id;
  } else if (!event.channel.empty()) {
    text = event.channel;
  } else if (!event.resolver_servers.empty()) {
    text = core::join(event.resolver_servers, ", ");
  } else {
    text = what_text(event);
  }
  const bool says_cause = !event.cause.empty() && event.type != EventType::channel_failed &&
                          event.type != EventType::storage_failed;
  return says_cause ? text + " (" + event.cause + ")" : text;
}

std::string type_of(const Event& event) {
  const bool is_allow = event.zone && event.zone->purpose == Purpose::allow;
  std::string words = type_words(event.type);
  if (is_of_listing(event) && is_allow) {
    words = "allowlist, " + words;
  }
  return words;
}

/// ", last seen 2026-11-23 09:10 UTC", or from when to when; nothing where that isn't known.
std::string seen_text(const std::optional<core::Timestamp>& seen_from,
                      const std::optional<core::Timestamp>& seen_to) {
  if (!seen_from || !seen_to) {
    return "";
  }
  const std::string from = utc_text(*seen_from);
  const std::string to = utc_text(*seen_to);
  return ", last seen " + (from == to ? to : "from " + from + " to " + to);
}

/// " 3 listings there stay open, last seen 2026-11-23 09:10 UTC."
std::string doubt_text(const InDoubt& in_doubt) {
  if (in_doubt.listings == 0) {
    return "";
  }
  std::string text = " " + core::count_of(in_doubt.listings, "listing there stays open",
                                          "listings there stay open");
  return text + seen_text(in_doubt.seen_from, in_doubt.seen_to) + ".";
}

std::string doubt_word(const UnseenListing& listing) {
  return (listing.is_zone_blind ? "blind: " : "unknown: ") +
         std::string(core::enum_word(listing.doubt.cause));
}

/// "on spamhaus-zen since 2026-11-20 09:10 UTC, last seen 2026-11-23 06:10 UTC (blind: timeout)": a
/// line for each zone where it may be listed still; of a network, how many of its addresses.
std::vector<Fact> unseen_facts(const EventGroup& group) {
  std::map<std::pair<std::string, std::string>, std::vector<const UnseenListing*>> by_place;
  for (const EventView* view : group.events) {
    for (const UnseenListing& listing : view->unseen) {
      by_place[{listing.zone, doubt_word(listing)}].push_back(&listing);
    }
  }
  const std::string label =
      group.first().type == EventType::delisted ? "Still listed" : "Also listed";
  std::vector<Fact> facts;
  for (const auto& [place, listings] : by_place) {
    const auto [first, last] = std::minmax_element(
        listings.begin(), listings.end(),
        [](const UnseenListing* a, const UnseenListing* b) { return a->last_seen < b->last_seen; });
    std::string text = "on " + place.first;
    if (group.is_single()) {
      text += " since " + utc_text(listings.front()->listed_at);
    } else {
      text.insert(0, core::count_of(listings.size(), "address", "addresses") + " ");
    }
    text += seen_text((*first)->last_seen, (*last)->last_seen) + " (" + place.second + ")";
    facts.push_back({label, core::Untrusted(std::move(text)), false});
  }
  return facts;
}

/// "2 of 12 zones can't be seen: 258 addresses unchecked on spamhaus-zen since 2026-11-23 09:10
/// UTC." By the time it is told the zone may see again; then nothing is said.
std::string unseen_text(const EventView& view, const Coverage& coverage) {
  const Event& event = view.event;
  if (event.type != EventType::zone_blind || !event.zone ||
      std::find(coverage.blind.begin(), coverage.blind.end(), event.zone->id) ==
          coverage.blind.end()) {
    return "";
  }
  const bool is_of_names = event.kind == lists::Kind::domain;
  const std::string one = is_of_names ? "domain" : event.kind ? "address" : "subject";
  const std::string many = is_of_names ? "domains" : event.kind ? "addresses" : "subjects";
  return std::to_string(coverage.blind.size()) + " of " +
         core::count_of(coverage.zones, "zone", "zones") +
         " can't be seen: " + core::count_of(event.affected_subjects.value_or(0), one, many) +
         " unchecked on " + event.zone->id +
         (event.since ? " since " + utc_text(*event.since) : "") + "." + doubt_text(view.in_doubt);
}

/// What the list says of the others, where that is more than the same text with their addresses.
std::vector<Fact> other_reasons(const EventGroup& group) {
  std::vector<Fact> others;
  std::set<std::string> known;
  std::size_t left_out = 0;
  for (const EventView* view : group.events) {
    const Event& event = view->event;
    // The very same text is known too: "203.0.113.0" also stands in "203.0.113.0/24".
    const std::string pattern = core::replace_all(event.reason.raw(), event.subject, "");
    const bool is_new = known.count(event.reason.raw()) + known.count(pattern) == 0;
    known.insert({event.reason.raw(), pattern});
    if (!is_new || view == group.events.front() || event.reason.is_empty()) {
      continue;
    }
    if (others.size() < kOtherReasons) {
      others.push_back({"Why, " + event.subject, event.reason, false});
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) {
    others.push_back({"Why else",
                      core::Untrusted(core::count_of(left_out, "more text", "more texts") +
                                      ": see '" + where_to_see(group) + "'"),
                      false});
  }
  return others;
}

/// Whether these are a listing and its end.
bool is_come_and_gone(const std::vector<EventView>& events) {
  if (events.size() != 2) {
    return false;
  }
  const Event& first = events[0].event;
  const Event& second = events[1].event;
  return first.type == EventType::listed && second.type == EventType::delisted &&
         first.subject == second.subject && first.zone && second.zone &&
         first.zone->id == second.zone->id && first.zone->purpose == second.zone->purpose;
}

std::string joined(const std::string& what, const std::string& subject) {
  return subject.empty() ? what : what + ": " + subject;
}

}  // namespace

std::string utc_text(core::Timestamp at) {
  const std::string text = core::to_rfc3339(at);
  return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

std::vector<Fact> facts_of(const Event& event) {
  Facts facts;
  facts.add("What", what_text(event));
  if (event.target) {
    facts.add("Tags", core::join(event.target->tags, ", "));
  }
  facts.add("Where", zone_text(event));
  if (is_of_listing(event)) {
    add_listing_facts(facts, event);
  } else {
    add_state_facts(facts, event);
  }
  facts.add("Seen", evidence_text(event));
  if (is_of_listing(event)) {
    facts.add("Look up", event.lookup_url, true);
  } else {
    facts.add("Operator", site_of(event.lookup_url), true);
    facts.add("Its terms", event.delist_url, true);
  }
  if (is_of_listing(event) && lists::is_alarming(event)) {
    const bool is_allow = event.zone && event.zone->purpose == Purpose::allow;
    facts.add(is_allow ? "Get back on" : "Get off", event.delist_url, true);
  }
  return facts.take();
}

std::string meaning_of(const EventView& view, const Coverage& coverage) {
  const std::string meaning = advice_on(view.event).meaning;
  const std::string unseen = unseen_text(view, coverage);
  return unseen + (unseen.empty() || meaning.empty() ? "" : " ") + meaning;
}

std::vector<Fact> facts_of(const EventGroup& group) {
  std::vector<Fact> facts = facts_of(stand_in(group));
  const std::vector<Fact> unseen = unseen_facts(group);
  facts.insert(facts.end(), unseen.begin(), unseen.end());
  if (group.is_single()) {
    return facts;
  }
  const auto of_one = std::find_if(facts.begin(), facts.end(), [](const Fact& fact) {
    return fact.label == "Why" || fact.label == "Seen" || fact.label == "Look up";
  });
  const auto example =
      facts.insert(of_one, {"For example", core::Untrusted(group.first().subject), false});
  const bool has_reason = example + 1 != facts.end() && (example + 1)->label == "Why";
  const std::vector<Fact> others = other_reasons(group);
  facts.insert(example + (has_reason ? 2 : 1), others.begin(), others.end());
  return facts;
}

std::vector<std::string> steps_of(const Event& event) {
  if (is_of_listing(event)) {
    return lists::is_alarming(event) ? event.delist_steps : std::vector<std::string>{};
  }
  return advice_on(event).steps;
}

std::vector<std::string> timeline_lines(const EventView& view) {
  std::vector<std::string> lines;
  for (const lists::TimelineEntry& entry : view.timeline) {
    if (lines.size() == kLongestTimeline) {
      break;
    }
    const std::string at = utc_text(entry.at);
    std::string line = at.substr(0, 16) + " " + std::string(core::enum_word(entry.type));
    if (!entry.zone.empty()) {
      line += " " + entry.zone;
    }
    if (!entry.codes.empty()) {
      line += " " + core::join(entry.codes, ", ");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string coverage_line(const Coverage& coverage) {
  if (coverage.zones == 0) {
    return "";
  }
  std::string line = std::to_string(coverage.seeing) + " of " +
                     core::count_of(coverage.zones, "zone", "zones") + " can be seen";
  if (!coverage.blind.empty()) {
    line += "; blind: " + core::join(coverage.blind, ", ");
  }
  if (!coverage.quarantined.empty()) {
    line += "; quarantined: " + core::join(coverage.quarantined, ", ");
  }
  const std::size_t told = coverage.seeing + coverage.blind.size() + coverage.quarantined.size();
  if (told < coverage.zones) {
    line += "; " + std::to_string(coverage.zones - told) + " not tested yet";
  }
  return line;
}

std::string subject_line(const Notification& notification) {
  if (notification.events.empty() || notification.is_test) {
    return summary_of(notification);
  }
  const Event& first = notification.events.front().event;
  if (notification.events.size() == 1 && notification.parts == 1) {
    return joined(type_of(first), subject_of(first));
  }
  if (is_come_and_gone(notification.events)) {
    return joined("listed and delisted again", subject_of(first));
  }
  const std::vector<EventGroup> groups = group_events(notification.events);
  const bool names_networks = std::any_of(
      groups.begin(), groups.end(), [](const EventGroup& group) { return !group.is_single(); });
  if (names_networks) {
    return summary_of(notification);
  }
  std::string line = joined(summary_of(notification), subject_of(first));
  if (notification.events.size() > 1) {
    line += " and " + std::to_string(notification.events.size() - 1) + " more";
  }
  return line;
}

}  // namespace rblwatch::alerts
