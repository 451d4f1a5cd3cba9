// SPDX-License-Identifier: Apache-2.0
#include "lists/event.hpp"

#include "core/check.hpp"
#include "core/ip.hpp"
#include "core/text.hpp"

namespace rblwatch::lists {
namespace {

using core::Timestamp;

Purpose purpose_of(const Event& event) {
  return event.zone ? event.zone->purpose : Purpose::block;
}

/// "192.0.2.10 (mx1)"; without the bracket where it would only repeat the subject.
std::string who(const Event& event) {
  if (!event.target) {
    return event.subject;
  }
  const TargetRef& target = *event.target;
  const std::string& subject = event.subject.empty() ? target.value : event.subject;
  // An unnamed address target bears its value as its name, perhaps in another spelling.
  const bool repeats =
      core::equals_ignoring_case(target.name, subject) ||
      (target.name == target.value && core::IpAddress::parse(target.name).has_value());
  return repeats ? subject : subject + " (" + target.name + ")";
}

/// Where a listing stands: the DNS name, which mail administrators know from their logs.
std::string where(const Event& event) {
  return event.zone ? event.zone->dns : "a zone";
}

/// Zone events name the id, which commands take.
std::string zone_id(const Event& event) {
  return event.zone ? event.zone->id : "a zone";
}

std::string what(const Event& event) {
  const std::vector<std::string>& words = event.meanings.empty() ? event.codes : event.meanings;
  return words.empty() ? "" : ": " + core::join(words, ", ");
}

/// " after 3 h 20 min"
std::string after(const std::optional<Timestamp>& from, const std::optional<Timestamp>& to) {
  return from && to && *to > *from ? " after " + core::to_human(*to - *from) : "";
}

/// " since 09:10 UTC", with the date when it isn't the event's own.
std::string since(const Event& event) {
  if (!event.since) {
    return "";
  }
  const std::string from = core::to_rfc3339(*event.since);
  const std::string at = core::to_rfc3339(event.at);
  const std::string day = from.substr(0, 10);
  const std::string minute = from.substr(11, 5);
  return " since " + (day == at.substr(0, 10) ? "" : day + " ") + minute + " UTC";
}

std::string in_brackets(const std::string& text) {
  return text.empty() ? "" : " (" + text + ")";
}

/// One and many of what an event about a kind of a zone is about.
std::pair<std::string_view, std::string_view> words_of(std::optional<Kind> kind) {
  if (!kind) {
    return {"subject", "subjects"};
  }
  switch (*kind) {
    case Kind::ipv4:
      return {"IPv4 address", "IPv4 addresses"};
    case Kind::ipv6:
      return {"IPv6 address", "IPv6 addresses"};
    case Kind::domain:
      return {"domain", "domains"};
  }
  RBL_CHECK(false);
}

std::string listed_text(const Event& event) {
  switch (purpose_of(event)) {
    case Purpose::block:
      return who(event) + " is listed on " + where(event) + what(event);
    case Purpose::allow:
      return who(event) + " is on the allowlist " + where(event) + what(event);
    case Purpose::info:
      return who(event) + " is listed for information on " + where(event) + what(event);
  }
  RBL_CHECK(false);
}

std::string delisted_text(const Event& event) {
  const std::string duration = after(event.listed_at, event.delisted_at);
  const bool is_allow = purpose_of(event) == Purpose::allow;
  return who(event) + (is_allow ? " is no longer on the allowlist " : " is no longer listed on ") +
         where(event) + duration + what(event);
}

std::string changed_text(const Event& event) {
  std::string difference;
  if (!event.added.empty()) {
    difference += "new " + core::join(event.added, ", ");
  }
  if (!event.removed.empty()) {
    difference += (difference.empty() ? "gone " : ", gone ") + core::join(event.removed, ", ");
  }
  const bool is_allow = purpose_of(event) == Purpose::allow;
  return who(event) + " is still on " + (is_allow ? "the allowlist " : "") + where(event) +
         ", with other codes" + what(event) + in_brackets(difference);
}

std::string overdue_text(const Event& event) {
  return who(event) + " is still listed on " + where(event) +
         ", longer than its operator says a removal takes" +
         (event.since ? " (asked for" + since(event) + ")" : "");
}

std::string blind_text(const Event& event) {
  return zone_id(event) + " can't be seen" + in_brackets(event.cause) + ": " +
         affected_text(event) + " unchecked" + since(event);
}

/// "corp can be seen again after 2 h", of one kind "corp can be seen again (IPv6 addresses) after
/// 2 h".
std::string seeing_text(const Event& event) {
  const std::string kind = event.kind ? std::string(words_of(event.kind).second) : "";
  return zone_id(event) + " can be seen again" + in_brackets(kind) + after(event.since, event.at);
}

std::string released_text(const Event& event) {
  return zone_id(event) +
         " is out of quarantine: " + core::count_of(event.passed.value_or(0), "change", "changes") +
         " passed, " + std::to_string(event.dropped.value_or(0)) + " dropped";
}

std::string resolvers(const Event& event) {
  if (event.resolver_servers.empty()) {
    return "the resolver";
  }
  return (event.resolver_servers.size() == 1 ? "resolver " : "resolvers ") +
         core::join(event.resolver_servers, ", ");
}

std::string resolver_blind_text(const Event& event) {
  return resolvers(event) + " can't be relied on" + in_brackets(event.cause) + ": " +
         core::count_of(event.zones.size(), "zone", "zones") + " can't be seen, " +
         affected_text(event) + " unchecked" + since(event);
}

std::string unresolved_text(const Event& event) {
  return who(event) + " doesn't resolve" + in_brackets(event.cause) + since(event) +
         ": its last addresses stay watched";
}

std::string colon(const std::string& cause) {
  return cause.empty() ? "" : ": " + cause;
}

}  // namespace

std::string affected_text(const Event& event) {
  const auto [one, many] = words_of(event.kind);
  return core::count_of(event.affected_subjects.value_or(0), one, many);
}

std::string event_text(const Event& event) {
  switch (event.type) {
    case EventType::listed:
      return listed_text(event);
    case EventType::changed:
      return changed_text(event);
    case EventType::delisted:
      return delisted_text(event);
    case EventType::overdue:
      return overdue_text(event);
    case EventType::retired:
      return who(event) + " is no longer watched on " + where(event) + ": its listing is closed";
    case EventType::zone_blind:
      return blind_text(event);
    case EventType::zone_seeing:
      return seeing_text(event);
    case EventType::zone_quarantined:
      return zone_id(event) + " is quarantined: " + affected_text(event) +
             " changed at once, and their events are held";
    case EventType::zone_released:
      return released_text(event);
    case EventType::resolver_blind:
      return resolver_blind_text(event);
    case EventType::resolver_seeing:
      return resolvers(event) + " can be relied on again" + after(event.since, event.at);
    case EventType::target_unresolved:
      return unresolved_text(event);
    case EventType::target_resolved:
      return who(event) + " resolves again" + after(event.since, event.at);
    case EventType::channel_failed:
      return "alerts to channel " + event.channel + " fail" + since(event) + colon(event.cause);
    case EventType::storage_failed:
      return "events can't be stored" + since(event) + colon(event.cause);
  }
  RBL_CHECK(false);
}

Severity event_severity(EventType type, Severity zone_severity) {
  switch (type) {
    case EventType::listed:
    case EventType::changed:
    case EventType::delisted:
    case EventType::overdue:
    case EventType::retired:
      return zone_severity;
    case EventType::zone_blind:
    case EventType::zone_seeing:
    case EventType::zone_quarantined:
    case EventType::zone_released:
    case EventType::target_unresolved:
    case EventType::target_resolved:
      return Severity::medium;
    case EventType::resolver_blind:
    case EventType::resolver_seeing:
    case EventType::channel_failed:
    case EventType::storage_failed:
      return Severity::high;
  }
  RBL_CHECK(false);
}

bool is_alarming(const Event& event) {
  switch (event.type) {
    case EventType::listed:
    case EventType::changed:
    case EventType::overdue:
      return purpose_of(event) == Purpose::block;
    case EventType::delisted:
      return purpose_of(event) == Purpose::allow;
    case EventType::zone_blind:
    case EventType::zone_quarantined:
    case EventType::resolver_blind:
    case EventType::target_unresolved:
    case EventType::channel_failed:
    case EventType::storage_failed:
      return true;
    case EventType::retired:
    case EventType::zone_seeing:
    case EventType::zone_released:
    case EventType::resolver_seeing:
    case EventType::target_resolved:
      return false;
  }
  RBL_CHECK(false);
}

}  // namespace rblwatch::lists
