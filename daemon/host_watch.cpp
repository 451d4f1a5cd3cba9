// SPDX-License-Identifier: Apache-2.0
#include "daemon/host_watch.hpp"

#include <algorithm>
#include <utility>

#include "core/log.hpp"

namespace rblwatch::daemon {

namespace {

/// A name that can't be resolved is tried sooner than its interval, and told only when it failed
/// twice.
constexpr core::Millis kRetry{60'000};
constexpr std::uint32_t kFailuresToTell = 2;

lists::Event host_event(const lists::Target& target, lists::EventType type,
                        const storage::HostRecord& record) {
  lists::Event event;
  event.type = type;
  event.severity = lists::event_severity(type, lists::Severity::medium);
  event.target = lists::TargetRef{target.name, target.value, target.tags};
  event.targets = {target.name};
  event.cause = record.cause;
  event.since = record.since;
  event.affected_subjects = record.addresses.size();
  return event;
}

}  // namespace

void HostWatch::set_targets(std::span<const lists::Target> targets, core::Millis interval) {
  for (const Host& host : hosts_) {
    remembered_[host.record.host] = host.record;
  }
  hosts_.clear();
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(targets); ++index) {
    if (targets[index].type != lists::TargetType::host) {
      continue;
    }
    Host host;
    host.target = targets[index];
    host.target_index = index;
    host.interval = targets[index].interval.value_or(interval);
    host.record.host = targets[index].host.to_text();
    if (const auto known = remembered_.find(host.record.host); known != remembered_.end()) {
      host.record = known->second;
      host.is_known = true;
    }
    hosts_.push_back(std::move(host));
  }
}

void HostWatch::restore(const std::vector<storage::HostRecord>& records) {
  for (const storage::HostRecord& record : records) {
    remembered_[record.host] = record;
  }
}

void HostWatch::submit_due(dns::Resolver& resolver, const World& world, std::uint8_t generation,
                           core::Tick now) {
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(hosts_); ++index) {
    Host& host = hosts_[index];
    if (host.is_out || host.next > now || !resolver.can_submit(world.host_lane())) {
      continue;
    }
    host.is_out = true;
    for (std::uint16_t part = 0; part < 2; ++part) {
      resolver.submit({Ticket{Errand::host, generation, part, index}.id(),
                       world.host_lane(),
                       {host.target.host, part == 0 ? dns::QType::a : dns::QType::aaaa},
                       world.resolvers});
    }
  }
}

bool HostWatch::take(const Ticket& ticket, const dns::Completion& completion, Ledger& ledger) {
  if (ticket.index >= hosts_.size()) {
    return false;
  }
  Host& host = hosts_[ticket.index];
  (ticket.part == 0 ? host.first : host.second) = completion.outcome;
  if (!host.first || !host.second) {
    return false;
  }
  host.is_out = false;
  const dns::HostOutcome outcome = dns::host_addresses(*host.first, *host.second);
  host.first.reset();
  host.second.reset();
  return take_outcome(host, outcome, ledger);
}

bool HostWatch::take_outcome(Host& host, const dns::HostOutcome& outcome, Ledger& ledger) {
  const core::Tick now = ledger.clocks().tick;
  const bool was_known = std::exchange(host.is_known, true);
  if (const auto* unresolved = std::get_if<dns::HostUnresolved>(&outcome)) {
    host.next = now + std::min(host.interval, kRetry);
    take_failure(host, unresolved->cause, ledger);
    return false;
  }
  host.next = now + host.interval;
  host.failures = 0;
  const auto& found = std::get<dns::HostAddresses>(outcome);
  const bool has_changed = found.addresses != host.record.addresses;
  const bool was_told = host.record.told_unresolved;
  host.record.addresses = found.addresses;
  host.record.is_resolved = true;
  if (was_told) {
    ledger.tell(host_event(host.target, lists::EventType::target_resolved, host.record));
  }
  host.record.told_unresolved = false;
  host.record.cause.clear();
  host.record.since.reset();
  if (has_changed || was_told || !was_known) {
    ledger.record(host.record);
  }
  return has_changed;
}

void HostWatch::take_failure(Host& host, const std::string& cause, Ledger& ledger) {
  ++host.failures;
  if (host.record.is_resolved) {
    host.record.is_resolved = false;
    host.record.since = ledger.clocks().now;
  }
  const bool is_news = host.record.cause != cause;
  host.record.cause = cause;
  if (!host.record.told_unresolved && host.failures >= kFailuresToTell) {
    host.record.told_unresolved = true;
    ledger.tell(host_event(host.target, lists::EventType::target_unresolved, host.record));
    ledger.record(host.record);
  } else if (is_news) {
    ledger.record(host.record);
  }
  core::log_warn("a host name can't be resolved", {{"host", host.record.host}, {"cause", cause}});
}

void HostWatch::forget_lookups() {
  for (Host& host : hosts_) {
    host.is_out = false;
    host.first.reset();
    host.second.reset();
  }
}

std::optional<core::Tick> HostWatch::next_due() const {
  std::optional<core::Tick> next;
  for (const Host& host : hosts_) {
    if (!host.is_out && (!next || host.next < *next)) {
      next = host.next;
    }
  }
  return next;
}

lists::HostBook HostWatch::addresses() const {
  lists::HostBook book;
  for (const Host& host : hosts_) {
    if (!host.record.addresses.empty()) {
      book[host.target_index] = host.record.addresses;
    }
  }
  return book;
}

bool HostWatch::is_ready() const {
  return std::all_of(hosts_.begin(), hosts_.end(), [](const Host& host) { return host.is_known; });
}

}  // namespace rblwatch::daemon
