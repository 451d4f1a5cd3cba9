// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "storage/outbox.hpp"
#include "storage/queries.hpp"
#include "storage/rows.hpp"

namespace rblwatch::storage {

namespace {

constexpr std::int64_t kBeginning = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

/// Subjects of a range can be more than a statement takes parameters, so rows are chosen here; one
/// subject alone goes through its index.
class Choice {
 public:
  explicit Choice(const HistoryFilter& filter)
      : subjects_(filter.subjects.begin(), filter.subjects.end()),
        targets_(filter.targets.begin(), filter.targets.end()) {}

  bool is_everything() const { return subjects_.empty() && targets_.empty(); }
  /// `target`: nullptr = none.
  bool wants(const std::string& subject, const lists::TargetRef* target,
             const std::vector<std::string>& targets) const {
    if (is_everything() || (!subject.empty() && subjects_.count(subject) > 0)) {
      return true;
    }
    if (target != nullptr && (targets_.count(target->name) + targets_.count(target->value)) > 0) {
      return true;
    }
    for (const std::string& name : targets) {
      if (targets_.count(name) > 0) {
        return true;
      }
    }
    return false;
  }

 private:
  std::unordered_set<std::string> subjects_;
  std::unordered_set<std::string> targets_;
};

std::int64_t bound(const std::optional<core::Timestamp>& at, std::int64_t otherwise) {
  return at ? at->time_since_epoch().count() : otherwise;
}

std::string only_subject(const HistoryFilter& filter) {
  return filter.targets.empty() && filter.subjects.size() == 1 ? filter.subjects.front() : "";
}

EventHistory take_events(Transaction& transaction, std::vector<lists::Event> events, bool more) {
  EventHistory history;
  history.more = more;
  for (lists::Event& event : events) {
    std::vector<lists::TimelineEntry> timeline = read_timeline(transaction, event);
    history.views.push_back({.event = std::move(event), .timeline = std::move(timeline)});
  }
  return history;
}

}  // namespace

ListingHistory read_history(Transaction& transaction, const HistoryFilter& filter) {
  // Whatever stood at some moment between since and until.
  static const std::string columns = "SELECT id, " + kListingColumns + " FROM listings WHERE ";
  static const std::string rest =
      "(?2 = '' OR zone = ?2) AND listed_at < ?4 AND (ended_at IS NULL OR ended_at >= ?3) "
      "ORDER BY listed_at DESC, id DESC";
  static const std::string all = columns + "?1 = '' AND " + rest;
  static const std::string one = columns + "subject = ?1 AND " + rest;
  const std::string subject = only_subject(filter);
  const Choice choice(filter);
  ListingHistory history;
  Query query(transaction, subject.empty() ? all : one);
  query.bind(subject, filter.zone, bound(filter.since, kBeginning), bound(filter.until, kEnd));
  while (query.next()) {
    report::ListingRow row = read_listing(query);
    if (!choice.wants(row.subject, &row.target, row.targets)) {
      continue;
    }
    if (history.rows.size() == filter.limit) {
      history.more = true;
      break;
    }
    history.rows.push_back(std::move(row));
  }
  return history;
}

EventHistory read_events(Transaction& transaction, const HistoryFilter& filter) {
  static const std::string columns = "SELECT id, " + kEventColumns + " FROM events WHERE ";
  // A resolver's event names the zones that it touched.
  static const std::string rest =
      "at >= ?3 AND at < ?4 AND (?2 = '' OR zone = ?2 OR (zones <> '' AND "
      "instr(char(10) || zones || char(10), char(10) || ?2 || char(10)) > 0)) ORDER BY id DESC";
  static const std::string all = columns + "?1 = '' AND " + rest;
  static const std::string one = columns + "subject = ?1 AND subject <> '' AND " + rest;
  const std::string subject = only_subject(filter);
  const Choice choice(filter);
  std::vector<lists::Event> events;
  bool more = false;
  Query query(transaction, subject.empty() ? all : one);
  query.bind(subject, filter.zone, bound(filter.since, kBeginning), bound(filter.until, kEnd));
  while (query.next()) {
    lists::Event event = read_event(query);
    if (!choice.wants(event.subject, event.target ? &*event.target : nullptr, event.targets)) {
      continue;
    }
    if (events.size() == filter.limit) {
      more = true;
      break;
    }
    events.push_back(std::move(event));
  }
  return take_events(transaction, std::move(events), more);
}

EventHistory read_events_after(Transaction& transaction, std::int64_t id, std::size_t limit) {
  static const std::string sql =
      "SELECT id, " + kEventColumns + " FROM events WHERE id > ? ORDER BY id LIMIT ?";
  std::vector<lists::Event> events;
  Query query(transaction, sql);
  query.bind(id, limit + 1);
  while (query.next()) {
    events.push_back(read_event(query));
  }
  const bool more = events.size() > limit;
  if (more) {
    events.pop_back();
  }
  return take_events(transaction, std::move(events), more);
}

}  // namespace rblwatch::storage
