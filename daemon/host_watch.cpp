// SPDX-License-Identifier: Apache-2.0
#include "daemon/host_watch.hpp"

#include <algorithm>
#include <utility>

#include "core/log.hpp"
#include "core/text.hpp"

namespace rblwatch::daemon {

namespace {

/// What can't be resolved is tried sooner than its interval, and told only when it failed twice.
constexpr core::Millis kHostRetry{60'000};
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

/// Networks for which max_subjects leaves no room.
void note_left_out(const std::vector<core::Cidr>& left_out, std::vector<std::string>& notes) {
  for (const core::Cidr& network : left_out) {
    lists::add_note(notes,
                    network.to_text() + " is too large to watch: max_subjects has no room for it");
  }
}

void log_notes(const storage::HostRecord& record) {
  if (record.notes.empty()) {
    core::log_info("everything of a target can be followed again", {{"target", record.host}});
  } else {
    core::log_warn("not everything of a target can be followed",
                   {{"target", record.host}, {"notes", core::join(record.notes, "; ")}});
  }
}

}  // namespace

void HostWatch::set_targets(std::span<const lists::Target> targets, core::Millis interval,
                            std::uint64_t max_subjects) {
  for (const Source& source : sources_) {
    remembered_[source.record.host] = source.record;
  }
  sources_.clear();
  written_ = 0;
  max_subjects_ = max_subjects;
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(targets); ++index) {
    const lists::Target& target = targets[index];
    written_ = lists::add_counts(written_, lists::subject_count(target));
    for (lists::AddressSource& found : lists::address_sources(target)) {
      Source source;
      source.target = target;
      source.target_index = index;
      source.follow = found.follow;
      source.interval = target.interval.value_or(interval);
      source.record.host = std::move(found.key);
      const auto known = remembered_.find(source.record.host);
      if (known != remembered_.end()) {
        source.record = known->second;
        source.is_known = true;
      }
      sources_.push_back(std::move(source));
    }
  }
}

void HostWatch::restore(const std::vector<storage::HostRecord>& records) {
  for (const storage::HostRecord& record : records) {
    remembered_[record.host] = record;
  }
}

HostWatch::Search HostWatch::begin(const Source& source) {
  const core::DnsName name = source.target.host;
  Walk walk = lists::HostWalk(name);
  if (source.follow == lists::Follow::mx) {
    walk = lists::MxWalk(name);
  } else if (source.follow == lists::Follow::spf) {
    walk = lists::SpfWalk(name);
  }
  Search search{std::move(walk), {}, {}, 0};
  search.questions = std::get<lists::Questions>(
      std::visit([](auto& started) { return started.start(); }, search.walk));
  search.outcomes.resize(search.questions.size());
  return search;
}

void HostWatch::submit(Search& search, std::uint32_t index, dns::Resolver& resolver,
                       const World& world, std::uint8_t generation) {
  while (search.sent < search.questions.size() && resolver.can_submit(world.host_lane())) {
    const auto part = static_cast<std::uint16_t>(search.sent);
    resolver.submit({Ticket{Errand::host, generation, part, index}.id(), world.host_lane(),
                     search.questions[search.sent], world.resolvers});
    ++search.sent;
  }
}

void HostWatch::submit_due(dns::Resolver& resolver, const World& world, std::uint8_t generation,
                           core::Tick now) {
  for (std::uint32_t index = 0; index < core::size_as<std::uint32_t>(sources_); ++index) {
    Source& source = sources_[index];
    if (!source.search && source.next <= now && resolver.can_submit(world.host_lane())) {
      source.search = begin(source);
    }
    if (source.search) {
      submit(*source.search, index, resolver, world, generation);
    }
  }
}

bool HostWatch::take(const Ticket& ticket, const dns::Completion& completion, Ledger& ledger) {
  if (ticket.index >= sources_.size()) {
    return false;
  }
  Source& source = sources_[ticket.index];
  if (!source.search || ticket.part >= source.search->sent) {
    return false;
  }
  Search& search = *source.search;
  search.outcomes[ticket.part] = completion.outcome;
  std::vector<dns::Outcome> outcomes;
  for (const std::optional<dns::Outcome>& outcome : search.outcomes) {
    if (!outcome) {
      return false;
    }
    outcomes.push_back(*outcome);
  }
  return advance(source, std::visit([&](auto& walk) { return walk.take(outcomes); }, search.walk),
                 ledger);
}

bool HostWatch::advance(Source& source, lists::WalkStep step, Ledger& ledger) {
  if (auto* questions = std::get_if<lists::Questions>(&step)) {
    Search& search = *source.search;
    search.questions = std::move(*questions);
    search.outcomes.assign(search.questions.size(), std::nullopt);
    search.sent = 0;
    return false;
  }
  source.search.reset();
  if (const auto* failed = std::get_if<lists::WalkFailed>(&step)) {
    source.next = ledger.clocks().tick + std::min(source.interval, kHostRetry);
    take_failure(source, failed->cause, ledger);
    return false;
  }
  source.next = ledger.clocks().tick + source.interval;
  return take_found(source, std::get<lists::WalkFound>(step), ledger);
}

bool HostWatch::take_found(Source& source, const lists::WalkFound& found, Ledger& ledger) {
  storage::HostRecord& record = source.record;
  const bool was_known = std::exchange(source.is_known, true);
  const bool was_resolved = std::exchange(record.is_resolved, true);
  source.failures = 0;
  lists::Expanded now = lists::expand(
      found.networks, found.is_whole ? std::vector<core::IpAddress>() : record.addresses,
      room_for(source));
  std::vector<std::string> notes = found.notes;
  note_left_out(now.left_out, notes);
  const bool has_moved = now.addresses != record.addresses;
  const bool has_news = notes != record.notes;
  record.addresses = std::move(now.addresses);
  record.notes = std::move(notes);
  if (has_news) {
    log_notes(record);
  }
  const bool was_told = std::exchange(record.told_unresolved, false);
  record.cause.clear();
  if (was_told && !is_told_otherwise(source)) {
    ledger.tell(host_event(source.target, lists::EventType::target_resolved, record));
  }
  record.since.reset();
  if (has_moved || has_news || !was_resolved || !was_known) {
    ledger.record(record);
  }
  return has_moved;
}

void HostWatch::take_failure(Source& source, const std::string& cause, Ledger& ledger) {
  storage::HostRecord& record = source.record;
  source.is_known = true;
  ++source.failures;
  if (std::exchange(record.is_resolved, false)) {
    record.since = ledger.clocks().now;
  }
  const bool is_news = std::exchange(record.cause, cause) != cause;
  if (is_news) {
    core::log_warn("a target can't be resolved: its last addresses stay",
                   {{"target", record.host}, {"cause", cause}});
  }
  const bool is_to_be_told = !record.told_unresolved && source.failures >= kFailuresToTell;
  if (is_to_be_told && !is_told_otherwise(source)) {
    ledger.tell(host_event(source.target, lists::EventType::target_unresolved, record));
  }
  record.told_unresolved = record.told_unresolved || is_to_be_told;
  if (is_news || is_to_be_told) {
    ledger.record(record);
  }
}

std::uint64_t HostWatch::room_for(const Source& source) const {
  std::uint64_t others = written_;
  for (const Source& other : sources_) {
    others = lists::add_counts(others, &other == &source ? 0 : other.record.addresses.size());
  }
  return others < max_subjects_ ? max_subjects_ - others : 0;
}

bool HostWatch::is_told_otherwise(const Source& source) const {
  return std::any_of(sources_.begin(), sources_.end(), [&source](const Source& other) {
    return &other != &source && other.target_index == source.target_index &&
           other.record.told_unresolved;
  });
}

void HostWatch::forget_lookups() {
  for (Source& source : sources_) {
    if (source.search) {
      source.search->outcomes.assign(source.search->questions.size(), std::nullopt);
      source.search->sent = 0;
    }
  }
}

bool HostWatch::has_waiting(core::Tick now) const {
  return std::any_of(sources_.begin(), sources_.end(), [now](const Source& source) {
    return source.search ? source.search->sent < source.search->questions.size()
                         : source.next <= now;
  });
}

std::optional<core::Tick> HostWatch::next_due(core::Tick now) const {
  std::optional<core::Tick> next;
  for (const Source& source : sources_) {
    if (!source.search && source.next > now && (!next || source.next < *next)) {
      next = source.next;
    }
  }
  return next;
}

lists::HostBook HostWatch::addresses() const {
  lists::HostBook book;
  for (const Source& source : sources_) {
    const std::vector<core::IpAddress>& found = source.record.addresses;
    if (!found.empty()) {
      std::vector<core::IpAddress>& all = book[source.target_index];
      all.insert(all.end(), found.begin(), found.end());
    }
  }
  return book;
}

bool HostWatch::is_busy() const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [](const Source& source) { return source.search.has_value(); });
}

}  // namespace rblwatch::daemon
