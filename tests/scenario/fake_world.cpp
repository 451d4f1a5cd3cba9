// SPDX-License-Identifier: Apache-2.0
#include "fake_world.hpp"

#include <algorithm>
#include <utility>

namespace rblwatch::scenario {

namespace {

constexpr core::Millis kLatency{20};
constexpr core::Millis kTimeout{6000};
constexpr std::size_t kMostInFlight = 4096;
constexpr std::size_t kMostCached = 100'000;
constexpr core::Seconds kStaleTtl{30};  // RFC 8767 section 4
constexpr core::Seconds kExpiredKept{24 * 3600};
const dns::Server kServer{core::IpAddress::v4(0x7F000001), 53};

const dns::Server kOwnServer{core::IpAddress::v4(0xC0000235), 53};

dns::Answer denial(core::Seconds ttl) {
  dns::Answer answer;
  answer.rcode = dns::Rcode::nxdomain;
  answer.ttl = ttl;
  return answer;
}

dns::Answer with_codes(const std::vector<std::string>& codes, core::Seconds ttl) {
  dns::Answer answer;
  answer.ttl = ttl;
  for (const std::string& code : codes) {
    answer.a.push_back(*core::IpAddress::parse(code));
  }
  return answer;
}

dns::Answer with_rcode(dns::Rcode rcode) {
  dns::Answer answer;
  answer.rcode = rcode;
  return answer;
}

dns::Answer name_servers(const ZoneModel& zone) {
  dns::Answer answer;
  answer.ttl = core::Seconds(3600);
  if (zone.has_servers_named) {
    answer.ns.push_back({*core::DnsName::parse("ns." + zone.suffix), {kOwnServer.address}});
  }
  return answer;
}

void add_records(const FakeResolver::Records& records, dns::QType type, dns::Answer& answer) {
  const auto found = records.find(type);
  if (found == records.end()) {
    return;
  }
  for (const std::string& value : found->second) {
    if (type == dns::QType::txt) {
      answer.txt.emplace_back(value);
    } else {
      dns::MxRecord& mx = answer.mx.emplace_back();
      mx.preference = static_cast<std::uint16_t>(10 * answer.mx.size());
      static_cast<void>(core::DnsName::assign(value, mx.exchange));
    }
  }
}

bool is_listing(const dns::Outcome& outcome) {
  const auto* answer = std::get_if<dns::Answer>(&outcome);
  return answer != nullptr && !answer->a.empty();
}

dns::Answer as_stale(const dns::Outcome& kept) {
  dns::Answer answer = std::get<dns::Answer>(kept);
  answer.ttl = kStaleTtl;
  answer.ede.push_back(answer.rcode == dns::Rcode::nxdomain ? 19 : 3);
  return answer;
}

/// RFC 5782's test entries are there as long as the zone is.
bool is_test_entry(const std::string& labels, bool has_ipv6) {
  return labels == "2.0.0.127" || labels == "test" ||
         (has_ipv6 && labels == "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0");
}

/// What a zone that is well says.
dns::Answer truth_of(const ZoneModel& zone, const std::string& labels, dns::QType type) {
  const auto known = zone.entries.find(labels);
  if (known == zone.entries.end()) {
    return is_test_entry(labels, zone.has_ipv6_test_entry)
               ? with_codes({"127.0.0.2"}, zone.test_ttl)
               : denial(zone.negative_ttl);
  }
  const Entry& entry = known->second;
  if (entry.codes.front() == "SERVFAIL") {
    return with_rcode(dns::Rcode::servfail);
  }
  if (type != dns::QType::txt) {
    return with_codes(entry.codes, entry.ttl);
  }
  dns::Answer answer;
  if (!entry.txt.empty()) {
    answer.txt.emplace_back(entry.txt);
  }
  answer.ttl = entry.ttl;
  return answer;
}

}  // namespace

void FakeResolver::set_lanes(std::span<const dns::LaneLimit> limits) {
  lanes_.resize(limits.size());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    lanes_[i].qps = limits[i].qps;
  }
}

bool FakeResolver::can_submit(dns::Lane lane) const {
  return in_flight() < kMostInFlight && next_slot(lane) <= clock_.tick();
}

core::Tick FakeResolver::next_slot(dns::Lane lane) const {
  return lanes_.at(lane.value).next;
}

void FakeResolver::submit(const dns::Lookup& lookup) {
  LaneState& lane = lanes_.at(lookup.lane.value);
  if (lane.qps > 0) {
    lane.next = std::max(lane.next, clock_.tick()) +
                core::Micros(static_cast<std::int64_t>(1'000'000 / lane.qps));
  }
  dns::Completion completion;
  completion.id = lookup.id;
  completion.role = lookup.servers->role;
  ask(lookup, completion);
  const core::Tick done = completion.asked_at + completion.took;
  under_way_.insert({done, order_++, std::move(completion)});
}

// As the engine does: silence is asked again, a failure only where there is another server.
void FakeResolver::ask(const dns::Lookup& lookup, dns::Completion& completion) {
  const std::vector<dns::Server>& servers = lookup.servers->servers;
  completion.asked_at = clock_.tick();
  for (std::uint32_t attempt = 0; attempt < attempts; ++attempt) {
    const std::size_t place = attempt % servers.size();
    completion.asked_at += attempt == 0 ? core::Micros(0) : completion.took;
    completion.server = servers[place];
    completion.outcome = answer(lookup, place, completion.asked_at);
    const auto* answered = std::get_if<dns::Answer>(&completion.outcome);
    completion.took = answered != nullptr ? kLatency : kTimeout / attempts;
    const bool has_failed = answered != nullptr && (answered->rcode == dns::Rcode::servfail ||
                                                    answered->rcode == dns::Rcode::refused);
    if (answered != nullptr && !(has_failed && attempt + 1 < servers.size())) {
      return;
    }
  }
}

dns::Outcome FakeResolver::answer(const dns::Lookup& lookup, std::size_t server, core::Tick at) {
  const bool is_direct = lookup.servers->role == dns::ServerRole::authoritative;
  dns::Outcome outcome = is_direct || !has_cache ? answer_afresh(lookup.question, is_direct)
                                                 : from_cache(lookup.question, server, at);
  if (auto* answer = std::get_if<dns::Answer>(&outcome)) {
    answer->aa = is_direct;
    answer->ra = !is_direct;
  }
  if (on_reply) {
    on_reply(lookup.question, outcome);
  }
  return outcome;
}

dns::Outcome FakeResolver::answer_afresh(const dns::Question& question, bool is_direct) {
  const std::string name = question.name.to_text();
  for (auto& [id, zone] : zones) {
    const bool is_within = name.ends_with(zone.suffix);
    if (question.type == dns::QType::ns && is_within && name.size() == zone.suffix.size()) {
      return name_servers(zone);
    }
    const bool is_below = is_within && name.size() > zone.suffix.size() + 1 &&
                          name[name.size() - zone.suffix.size() - 1] == '.';
    if (is_below) {
      return answer_zone(zone, name.substr(0, name.size() - zone.suffix.size() - 1), question.type,
                         is_direct);
    }
  }
  return answer_host(name, question.type);
}

/// What a resolver says that asks nobody.
std::optional<dns::Outcome> FakeResolver::said_by_resolver() const {
  if (resolver_mode == Mode::times_out) {
    return dns::NoAnswer{dns::NoAnswer::Why::timeout, "no reply"};
  }
  if (resolver_mode == Mode::servfails) {
    return with_rcode(dns::Rcode::servfail);
  }
  if (resolver_mode == Mode::outside) {
    return with_codes({"198.51.100.99"}, core::Seconds(60));
  }
  return std::nullopt;
}

// A resolver keeps what it fetched until its TTL has run out, and says how much of it is left.
dns::Outcome FakeResolver::from_cache(const dns::Question& question, std::size_t server,
                                      core::Tick at) {
  if (auto said = said_by_resolver()) {
    return *said;
  }
  const auto wire = question.name.wire();
  std::string key(wire.begin(), wire.end());
  key += static_cast<char>(question.type);
  key += static_cast<char>(server);
  const auto known = cache_.find(key);
  if (known != cache_.end() && at < known->second.until) {
    dns::Outcome kept = known->second.outcome;
    if (auto* answer = std::get_if<dns::Answer>(&kept); answer != nullptr && answer->ttl) {
      answer->ttl = std::chrono::ceil<core::Seconds>(known->second.until - at);
    }
    return kept;
  }
  if (resolver_mode == Mode::stale) {
    return known == cache_.end() ? with_rcode(dns::Rcode::servfail)
                                 : as_stale(known->second.outcome);
  }
  bool is_lie = false;
  dns::Outcome outcome = fetch(question, known == cache_.end() ? nullptr : &known->second, is_lie);
  keep(std::move(key), outcome, at, is_lie);
  return outcome;
}

dns::Outcome FakeResolver::fetch(const dns::Question& question, const Cached* expired,
                                 bool& is_lie) {
  dns::Outcome outcome = answer_afresh(question, false);
  const bool was_listed = is_listing(outcome);
  if (on_fetch) {
    on_fetch(question, outcome);
  }
  is_lie = is_listing(outcome) != was_listed;
  auto* answer = std::get_if<dns::Answer>(&outcome);
  // A lie told again without a right answer between is one that no rule could see through.
  const bool has_expired = expired != nullptr && !expired->is_lie;
  if (answer == nullptr && serves_expired && has_expired) {
    outcome = expired->outcome;
    std::get<dns::Answer>(outcome).ttl = kStaleTtl;
  } else if (answer != nullptr && question.type == dns::QType::a) {
    meddle(*answer);
  }
  return outcome;
}

void FakeResolver::meddle(dns::Answer& answer) const {
  if (resolver_mode == Mode::emptied && !answer.a.empty()) {
    answer = denial(core::Seconds(60));  // rebinding protection: 127/8 is taken out
  } else if (resolver_mode == Mode::rewrites_denials && answer.rcode == dns::Rcode::nxdomain) {
    answer = with_codes({"198.51.100.99"}, core::Seconds(60));
  }
}

void FakeResolver::keep(std::string key, const dns::Outcome& outcome, core::Tick at, bool is_lie) {
  const auto* answer = std::get_if<dns::Answer>(&outcome);
  if (answer == nullptr || !answer->ttl) {
    return;
  }
  if (cache_.size() >= kMostCached) {
    std::erase_if(cache_,
                  [at](const auto& known) { return known.second.until + kExpiredKept < at; });
  }
  cache_[std::move(key)] = {outcome, at + *answer->ttl, is_lie};
}

/// Who refuses a resolver may answer us.
Mode FakeResolver::mode_of(const ZoneModel& zone, bool is_direct) const {
  if (is_direct) {
    return zone.own_mode.value_or(zone.mode);
  }
  return resolver_mode == Mode::refuses_resolver ? Mode::refuses_resolver : zone.mode;
}

dns::Outcome FakeResolver::answer_zone(ZoneModel& zone, const std::string& labels, dns::QType type,
                                       bool is_direct) {
  ++zone.questions;
  if (zone.loss > 0 && random_.unit() < zone.loss) {
    return dns::NoAnswer{dns::NoAnswer::Why::timeout, "lost"};
  }
  const Mode mode = mode_of(zone, is_direct);
  switch (mode) {
    case Mode::times_out:
      return dns::NoAnswer{dns::NoAnswer::Why::timeout, "no reply"};
    case Mode::servfails:
      return with_rcode(dns::Rcode::servfail);
    case Mode::refuses_rcode:
      return with_rcode(dns::Rcode::refused);
    case Mode::refuses_resolver:
      return with_codes({"127.255.255.254"}, core::Seconds(60));
    case Mode::refuses_mixed:
      return with_codes({"127.0.0.2", "127.255.255.254"}, core::Seconds(60));
    case Mode::lists_everything:
      return with_codes({zone.wildcard_code}, core::Seconds(60));
    case Mode::outside:
      return with_codes({"198.51.100.80"}, core::Seconds(300));
    case Mode::emptied:
      return denial(zone.negative_ttl);
    case Mode::lame: {
      dns::Answer referral;
      referral.referral = true;
      return referral;
    }
    case Mode::fine:
    case Mode::rewrites_denials:
    case Mode::stale:
      break;
  }
  dns::Answer answer = truth_of(zone, labels, type);
  if (mode == Mode::stale) {
    answer.ede.push_back(3);
    answer.ttl = kStaleTtl;
  }
  return answer;
}

dns::Outcome FakeResolver::answer_host(const std::string& name, dns::QType type) const {
  const auto host = hosts.find(name);
  const auto known = records.find(name);
  const bool is_known = host != hosts.end() || known != records.end();
  if (!is_known || failing.count(name) > 0) {
    return with_rcode(dns::Rcode::servfail);
  }
  dns::Answer answer;
  answer.ttl = core::Seconds(60);
  if (known != records.end()) {
    add_records(known->second, type, answer);
  }
  for (const std::string& text : host == hosts.end() ? std::vector<std::string>() : host->second) {
    const auto address = *core::IpAddress::parse(text);
    if (type == dns::QType::a && address.is_v4()) {
      answer.a.push_back(address);
    } else if (type == dns::QType::aaaa && address.is_v6()) {
      answer.aaaa.push_back(address);
    }
  }
  return answer;
}

core::Tick FakeResolver::wake_up(core::Millis at_most) const {
  const core::Tick now = clock_.tick();
  core::Tick at = now + at_most;
  if (!under_way_.empty()) {
    at = std::clamp(under_way_.begin()->done, now, at);
  }
  return grain == core::Micros::zero()
             ? at
             : std::max(now, std::min(std::max(at, now + grain), not_beyond));
}

std::span<const dns::Completion> FakeResolver::wait(core::Millis at_most) {
  completed_.clear();
  clock_.advance(wake_up(at_most) - clock_.tick());
  while (!under_way_.empty() && under_way_.begin()->done <= clock_.tick()) {
    completed_.push_back(under_way_.begin()->completion);
    under_way_.erase(under_way_.begin());
  }
  return completed_;
}

std::vector<dns::ServerStatus> FakeResolver::servers() const {
  return {{kServer, dns::ServerRole::resolver, core::Micros(kLatency), true}};
}

void FakeCarrier::ship(alerts::Shipment shipment) {
  Kept one;
  one.at = clock_.elapsed();
  one.channel = shipment.channel.name;
  one.delivery_id = shipment.delivery_id;
  one.text = std::holds_alternative<alerts::HttpRequest>(shipment.parcel)
                 ? std::get<alerts::HttpRequest>(shipment.parcel).body
                 : std::get<alerts::MailMessage>(shipment.parcel).message;
  one.was_delivered = !is_failing;
  kept.push_back(std::move(one));
  alerts::Receipt receipt = alerts::Delivered{"200"};
  if (is_failing) {
    receipt = alerts::Retry{"503", std::nullopt};
  }
  arrivals_.push_back({shipment.delivery_id, receipt});
}

std::vector<alerts::Arrival> FakeCarrier::wait(core::Millis at_most) {
  static_cast<void>(at_most);
  return std::exchange(arrivals_, {});
}

}  // namespace rblwatch::scenario
