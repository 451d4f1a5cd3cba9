// SPDX-License-Identifier: Apache-2.0
#include "storage/outbox.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "alerts/mail_thread.hpp"
#include "storage/codec.hpp"
#include "storage/rows.hpp"

namespace rblwatch::storage {

namespace {

using Kind = core::Error::Kind;
using alerts::DeliveryState;

constexpr std::string_view kHttp = "http";
constexpr std::string_view kMail = "mail";
constexpr std::size_t kNoLimit = std::string::npos;

struct Packed {
  std::string_view parcel;
  std::string content_type;
  core::Untrusted body;
};

Packed pack(const alerts::Parcel& parcel) {
  if (const auto* http = std::get_if<alerts::HttpRequest>(&parcel)) {
    return {kHttp, http->content_type, core::Untrusted(http->body)};
  }
  return {kMail, "", core::Untrusted(std::get<alerts::MailMessage>(parcel).message)};
}

alerts::Parcel read_parcel(Query& query) {
  const std::string parcel = query.text();
  std::string content_type = query.text();
  std::string body = query.text();
  if (parcel == kHttp) {
    return alerts::HttpRequest{.content_type = std::move(content_type), .body = std::move(body)};
  }
  return alerts::MailMessage{.message = std::move(body)};
}

/// After an UPDATE that should have found the delivery.
void expect_found(Transaction& transaction, const std::string& what) {
  if (transaction.is_ok() && transaction.changes() == 0) {
    transaction.fail({Kind::not_found, what});
  }
}

std::optional<lists::Event> read_event_of(Transaction& transaction, std::int64_t id) {
  static const std::string sql = "SELECT id, " + kEventColumns + " FROM events WHERE id = ?";
  Query query(transaction, sql);
  query.bind(id);
  return query.next() ? std::optional(read_event(query)) : std::nullopt;
}

/// The latest event that began what `event` goes on with or ends.
std::optional<std::int64_t> read_beginning(Transaction& transaction, const lists::Event& event) {
  const auto type = alerts::begun_by(event.type);
  if (!type) {
    return std::nullopt;
  }
  // What has a subject is found by the index, which wants to be told that it isn't empty.
  static const std::string kWanted =
      "SELECT id FROM events WHERE type = ? AND id < ? AND ifnull(zone, '') = ? "
      "AND ifnull(zone_purpose, '') = ? AND subject = ? AND ";
  static const std::string kOfSubject = kWanted + "subject <> '' ORDER BY id DESC LIMIT 1";
  static const std::string kOfTarget =
      kWanted + "ifnull(target_value, '') = ? ORDER BY id DESC LIMIT 1";
  Query query(transaction, event.subject.empty() ? kOfTarget : kOfSubject);
  query.bind(*type, event.id, event.zone ? event.zone->id : "",
             event.zone ? core::enum_word(event.zone->purpose) : "", event.subject);
  if (event.subject.empty()) {
    query.bind(event.target ? event.target->value : "");
  }
  return query.next() ? std::optional(query.integer()) : std::nullopt;
}

/// A mail that was given up or dropped is one that nobody got.
std::string read_mail_of(Transaction& transaction, std::int64_t event, const std::string& channel) {
  Query query(transaction,
              "SELECT d.id FROM notices n JOIN deliveries d ON d.id = n.delivery "
              "WHERE n.event = ? AND n.channel = ? AND d.parcel = 'mail' "
              "AND d.state IN ('waiting', 'delivered') ORDER BY d.seq LIMIT 1");
  query.bind(event, channel);
  return query.next() ? query.text() : std::string();
}

/// The Message-IDs of mails, each looked up once: a thousand delistings may follow one mail of a
/// thousand listings.
class MessageIds {
 public:
  const std::string& of(Transaction& transaction, const std::string& delivery) {
    const auto [found, is_new] = known_.try_emplace(delivery);
    if (is_new) {
      Query query(transaction, "SELECT body FROM deliveries WHERE id = ?");
      query.bind(delivery);
      found->second = query.next() ? alerts::message_id_of(query.text()) : "";
    }
    return found->second;
  }

 private:
  std::map<std::string, std::string> known_;  // by delivery
};

}  // namespace

std::vector<std::int64_t> read_events_of(Transaction& transaction, const std::string& delivery) {
  std::vector<std::int64_t> ids;
  Query query(transaction, "SELECT DISTINCT event FROM notices WHERE delivery = ? ORDER BY event");
  query.bind(delivery);
  while (query.next()) {
    ids.push_back(query.integer());
  }
  return ids;
}

std::string read_text_of(Transaction& transaction, std::int64_t event) {
  const std::optional<lists::Event> found = read_event_of(transaction, event);
  return found ? lists::event_text(*found) : "";
}

std::vector<alerts::Notice> read_unsealed(Transaction& transaction) {
  std::vector<alerts::Notice> notices;
  Query query(transaction,
              "SELECT id, event, channel, due_at FROM notices "
              "WHERE delivery IS NULL AND muted_by = '' AND batch = '' ORDER BY id");
  while (query.next()) {
    alerts::Notice notice;
    notice.id = query.integer();
    notice.event_id = query.integer();
    notice.channel = query.text();
    notice.due_at = query.timestamp();
    notices.push_back(std::move(notice));
  }
  return notices;
}

void write_delivery(Transaction& transaction, const alerts::Delivery& delivery,
                    std::span<const alerts::Notice> notices) {
  const Packed packed = pack(delivery.parcel);
  {
    Query query(transaction,
                "INSERT INTO deliveries (id, channel, state, created_at, waits_since, parcel, "
                "content_type, attempts, last_attempt_at, next_attempt_at, response, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query.bind(delivery.id, delivery.channel, delivery.state, delivery.created_at,
               delivery.created_at, packed.parcel, packed.content_type, delivery.attempts,
               delivery.last_attempt_at, delivery.next_attempt_at, delivery.response);
    query.bind_blob(packed.body, kNoLimit).run();
  }
  for (const alerts::Notice& notice : notices) {
    Query query(transaction,
                "UPDATE notices SET delivery = ? "
                "WHERE id = ? AND delivery IS NULL AND muted_by = '' AND batch = ''");
    query.bind(delivery.id, notice.id).run();
    if (transaction.is_ok() && transaction.changes() != 1) {
      transaction.fail({Kind::invalid, "notice " + std::to_string(notice.id) +
                                           " can't be sealed: it is sealed, muted, held or gone"});
    }
  }
}

std::vector<alerts::Delivery> read_waiting(Transaction& transaction) {
  std::vector<alerts::Delivery> deliveries;
  Query query(transaction,
              "SELECT id, channel, created_at, parcel, content_type, body, attempts, "
              "last_attempt_at, next_attempt_at, response, waits_since FROM deliveries "
              "WHERE state = 'waiting' ORDER BY seq");
  while (query.next()) {
    alerts::Delivery delivery;
    delivery.id = query.text();
    delivery.channel = query.text();
    delivery.created_at = query.timestamp();
    delivery.parcel = read_parcel(query);
    delivery.attempts = static_cast<std::uint32_t>(query.integer());
    delivery.last_attempt_at = query.maybe_timestamp();
    delivery.next_attempt_at = query.maybe_timestamp();
    delivery.response = query.text();
    const core::Timestamp waits_since = query.timestamp();
    // One that was sent again by hand has its days of trying anew.
    if (delivery.attempts > 0 && delivery.last_attempt_at) {
      delivery.tried_for = std::max(*delivery.last_attempt_at - waits_since, core::Millis(0));
    }
    delivery.events = read_events_of(transaction, delivery.id);
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

void settle_delivery(Transaction& transaction, const alerts::Delivery& delivery) {
  const bool waits = delivery.state == DeliveryState::waiting;
  // Not the moment when it was sealed, which a wall clock that is set makes days of what were
  // minutes.
  std::optional<core::Timestamp> waits_since;
  if (waits && delivery.last_attempt_at) {
    waits_since = *delivery.last_attempt_at - delivery.tried_for;
  }
  // One that was dropped while its attempt was under way stays dropped, unless it arrived.
  Query query(transaction,
              "UPDATE deliveries SET attempts = ?3, last_attempt_at = ?4, response = ?6, "
              "state = CASE WHEN state = 'dropped' AND ?2 <> 'delivered' THEN state ELSE ?2 END, "
              "next_attempt_at = CASE WHEN state = 'dropped' THEN NULL ELSE ?5 END, "
              "waits_since = ifnull(?7, waits_since) "
              "WHERE id = ?1");
  query.bind(delivery.id, delivery.state, delivery.attempts, delivery.last_attempt_at,
             waits ? delivery.next_attempt_at : std::nullopt, delivery.response, waits_since);
  query.run();
  expect_found(transaction, "there is no delivery " + delivery.id);
}

void resend_delivery(Transaction& transaction, const std::string& id, core::Timestamp now) {
  Query query(transaction,
              "UPDATE deliveries SET state = 'waiting', attempts = 0, waits_since = ?2, "
              "next_attempt_at = ?2 WHERE id = ?1 AND state IN ('failed', 'dropped')");
  query.bind(id, now).run();
  expect_found(transaction, "there is no failed or dropped delivery " + core::quoted(id));
}

void drop_delivery(Transaction& transaction, const std::string& id) {
  Query query(transaction,
              "UPDATE deliveries SET state = 'dropped', next_attempt_at = NULL "
              "WHERE id = ? AND state IN ('waiting', 'failed')");
  query.bind(id).run();
  expect_found(transaction, "there is no waiting or failed delivery " + core::quoted(id));
}

std::vector<lists::TimelineEntry> read_timeline(Transaction& transaction,
                                                const lists::Event& event) {
  std::vector<lists::TimelineEntry> entries;
  if (event.subject.empty()) {
    return entries;
  }
  // subject <> '' is what the index says; without it the planner would not take it.
  Query query(transaction,
              "SELECT type, at, ifnull(zone, ''), codes FROM events "
              "WHERE subject = ? AND subject <> '' AND id < ? ORDER BY id DESC LIMIT 20");
  query.bind(event.subject, event.id);
  while (query.next()) {
    lists::TimelineEntry entry;
    entry.type = query.word<lists::EventType>();
    entry.at = query.timestamp();
    entry.zone = query.text();
    entry.codes = query.decoded(decode_list);
    entries.push_back(std::move(entry));
  }
  return entries;
}

namespace {

alerts::InDoubt read_in_doubt(Transaction& transaction, const lists::Event& event) {
  alerts::InDoubt in_doubt;
  if (event.type != lists::EventType::zone_blind || !event.zone) {
    return in_doubt;
  }
  Query query(transaction,
              "SELECT count(*), min(last_seen), max(last_seen) FROM listings "
              "WHERE zone = ?1 AND (?2 IS NULL OR kind = ?2) AND ended_at IS NULL");
  query.bind(event.zone->id, event.kind);
  if (query.next()) {
    in_doubt.listings = static_cast<std::uint64_t>(query.integer());
    in_doubt.seen_from = query.maybe_timestamp();
    in_doubt.seen_to = query.maybe_timestamp();
  }
  return in_doubt;
}

std::vector<alerts::UnseenListing> read_unseen(Transaction& transaction,
                                               const lists::Event& event) {
  std::vector<alerts::UnseenListing> unseen;
  if (event.subject.empty()) {
    return unseen;
  }
  // What a container tells alone is told by it here too.
  Query query(transaction,
              "SELECT l.zone, l.codes, l.listed_at, l.last_seen, ifnull(k.state, '') = 'blind', "
              "k.cause, k.since, d.cause, d.since FROM listings l "
              "LEFT JOIN kinds k ON k.zone = l.zone AND k.kind = l.kind "
              "LEFT JOIN doubts d ON d.zone = l.zone AND d.subject = l.subject "
              "WHERE l.subject = ? AND l.ended_at IS NULL AND l.purpose = 'block' "
              "AND l.contained = 0 AND l.zone <> ? "
              "AND (k.state = 'blind' OR d.cause IS NOT NULL) ORDER BY l.zone");
  query.bind(event.subject, event.zone ? event.zone->id : "");
  while (query.next()) {
    alerts::UnseenListing listing;
    listing.zone = query.text();
    listing.codes = query.decoded(decode_codes).addresses();
    listing.listed_at = query.timestamp();
    listing.last_seen = query.maybe_timestamp();
    listing.is_zone_blind = query.flag();
    query.skip(listing.is_zone_blind ? 0 : 2);  // the pair's own, where the zone is seen
    listing.doubt.cause = query.maybe_word<lists::Cause>().value_or(lists::Cause::not_asked);
    listing.doubt.since = query.maybe_timestamp().value_or(listing.listed_at);
    unseen.push_back(std::move(listing));
  }
  return unseen;
}

}  // namespace

alerts::Coverage read_coverage(Transaction& transaction) {
  alerts::Coverage coverage;
  // A zone that has no kind is asked nothing: neither seen nor missed.
  Query query(transaction,
              "SELECT z.zone, z.quarantined, max(k.state = 'blind'), min(k.state = 'seeing') "
              "FROM zones z JOIN kinds k USING (zone) GROUP BY z.zone ORDER BY z.zone");
  while (query.next()) {
    std::string zone = query.text();
    const bool is_quarantined = query.flag();
    const bool is_blind = query.flag();
    const bool is_seeing = query.flag();
    ++coverage.zones;
    if (is_blind) {
      coverage.blind.push_back(std::move(zone));
    } else if (is_quarantined) {
      coverage.quarantined.push_back(std::move(zone));
    } else if (is_seeing) {
      ++coverage.seeing;
    }
  }
  return coverage;
}

alerts::Notification read_notification(Transaction& transaction,
                                       std::span<const alerts::Notice> notices) {
  std::vector<std::int64_t> ids;
  ids.reserve(notices.size());
  for (const alerts::Notice& notice : notices) {
    ids.push_back(notice.event_id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  alerts::Notification notification;
  MessageIds message_ids;
  for (const std::int64_t id : ids) {
    std::optional<lists::Event> event = read_event_of(transaction, id);
    if (!event) {
      transaction.fail({Kind::not_found, "there is no event " + std::to_string(id)});
      break;
    }
    std::vector<lists::TimelineEntry> timeline = read_timeline(transaction, *event);
    const auto beginning = read_beginning(transaction, *event);
    const std::string mail =
        beginning ? read_mail_of(transaction, *beginning, notices.front().channel) : "";
    const alerts::InDoubt in_doubt = read_in_doubt(transaction, *event);
    std::vector<alerts::UnseenListing> unseen = read_unseen(transaction, *event);
    notification.events.push_back({.event = std::move(*event),
                                   .timeline = std::move(timeline),
                                   .follows = mail.empty() ? "" : message_ids.of(transaction, mail),
                                   .in_doubt = in_doubt,
                                   .unseen = std::move(unseen)});
  }
  notification.coverage = read_coverage(transaction);
  return notification;
}

}  // namespace rblwatch::storage
