// SPDX-License-Identifier: Apache-2.0
//
// A made-up internet for scenarios: a clock that moves only when somebody waits, zones that answer
// as the story says, a caching resolver in front of them, a carrier that keeps what it is given.
// One thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "alerts/carrier.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/resolver.hpp"
#include "lists/zone.hpp"

namespace rblwatch::scenario {

class FakeClock final : public core::Clock {
 public:
  core::Timestamp now() const override { return now_; }
  core::Tick tick() const override { return tick_; }
  void advance(core::Micros by) {
    tick_ += by;
    now_ = start_ + jump_ + std::chrono::duration_cast<core::Millis>(tick_ - core::Tick{});
  }
  /// The wall clock is set; the other goes on.
  void jump(core::Millis by) {
    jump_ += by;
    now_ += by;
  }
  core::Micros elapsed() const { return tick_ - begin_; }

 private:
  static constexpr core::Tick kBoot{core::Micros(3'600'000'000)};
  core::Timestamp start_{core::Millis(1'780'000'000'000)};
  core::Millis jump_{0};
  core::Tick begin_ = kBoot;
  core::Tick tick_ = kBoot;
  core::Timestamp now_{core::Millis(1'780'003'600'000)};
};

/// How a zone (or the way to it) behaves.
enum class Mode {
  fine,
  times_out,
  servfails,
  refuses_rcode,     // REFUSED
  refuses_resolver,  // 127.255.255.254 for every name
  refuses_mixed,     // that beside a code, for every name
  lists_everything,  // 127.0.0.2 for every name
  outside,           // an address outside 127/8 for every name
  rewrites_denials,  // that for what should be denied; of a resolver
  emptied,           // NXDOMAIN for every name, test entries too
  stale,             // right answers, marked EDE 3; of a resolver: what it knew, the rest fails
  lame,              // referrals
};

struct Entry {
  std::vector<std::string> codes;
  core::Seconds ttl{60};
  std::string txt;
};

struct ZoneModel {
  std::string suffix;  // its DNS name
  Mode mode = Mode::fine;
  std::optional<Mode> own_mode;   // of its own servers, asked directly, where it isn't the zone's
  bool has_servers_named = true;  // NS records say where it is
  std::string wildcard_code = "127.0.0.2";
  std::map<std::string, Entry> entries;  // by the labels in front of the suffix
  core::Seconds negative_ttl{60};
  core::Seconds test_ttl{60};
  bool has_ipv6_test_entry = true;
  double loss = 0;  // this share of questions gets no answer
  std::uint64_t questions = 0;
};

/// Answers 20 ms after the question, time-outs after 6 s. Answers of fine zones are kept for their
/// TTL, as a caching resolver does, unless the zone is asked directly. Each server has a cache of
/// its own.
class FakeResolver final : public dns::Resolver {
 public:
  FakeResolver(FakeClock& clock, core::Random& random) : clock_(clock), random_(random) {}

  std::map<std::string, ZoneModel> zones;                 // by zone id
  std::map<std::string, std::vector<std::string>> hosts;  // name → addresses
  using Records = std::map<dns::QType, std::vector<std::string>>;
  std::map<std::string, Records> records;  // name → MX hosts ("." = null MX) and TXT, in order
  std::set<std::string> failing;           // names that get SERVFAIL
  std::optional<Mode> resolver_mode;       // of the resolver itself, for every zone behind it
  bool has_cache = true;
  bool serves_expired = false;  // what has run out too, when the zone gives no answer (RFC 8767)
  /// Silence, and a failure where there is another server, is asked again so often in all.
  std::uint32_t attempts = 1;
  /// A machine that looks up so seldom: whoever waits gets at least so much at a time, but never
  /// anything of after `not_beyond`.
  core::Micros grain{0};
  core::Tick not_beyond = core::Tick::max();
  using Tamper = std::function<void(const dns::Question&, dns::Outcome&)>;
  Tamper on_fetch;  // what a resolver gets from a zone, before it keeps it
  Tamper on_reply;  // what of an answer arrives

  void set_lanes(std::span<const dns::LaneLimit> limits) override;
  bool can_submit(dns::Lane lane) const override;
  core::Tick next_slot(dns::Lane lane) const override;
  void submit(const dns::Lookup& lookup) override;
  std::span<const dns::Completion> wait(core::Millis at_most) override;
  std::size_t in_flight() const override { return under_way_.size(); }
  std::vector<dns::ServerStatus> servers() const override;
  /// It was started anew: its cache is empty.
  void forget() { cache_.clear(); }

 private:
  struct UnderWay {
    core::Tick done;
    std::uint64_t order = 0;
    dns::Completion completion;
    friend bool operator<(const UnderWay& a, const UnderWay& b) {
      return a.done != b.done ? a.done < b.done : a.order < b.order;
    }
  };
  struct Cached {
    dns::Outcome outcome;
    core::Tick until;
    bool is_lie = false;  // on_fetch made a listing of a denial, or the other way round
  };
  struct LaneState {
    double qps = 0;
    core::Tick next{};
  };
  void ask(const dns::Lookup& lookup, dns::Completion& completion);
  dns::Outcome answer(const dns::Lookup& lookup, std::size_t server, core::Tick at);
  dns::Outcome answer_afresh(const dns::Question& question, bool is_direct);
  dns::Outcome answer_zone(ZoneModel& zone, const std::string& labels, dns::QType type,
                           bool is_direct);
  dns::Outcome answer_host(const std::string& name, dns::QType type) const;
  Mode mode_of(const ZoneModel& zone, bool is_direct) const;
  std::optional<dns::Outcome> said_by_resolver() const;
  dns::Outcome from_cache(const dns::Question& question, std::size_t server, core::Tick at);
  dns::Outcome fetch(const dns::Question& question, const Cached* expired, bool& is_lie);
  void meddle(dns::Answer& answer) const;
  core::Tick wake_up(core::Millis at_most) const;
  void keep(std::string key, const dns::Outcome& outcome, core::Tick at, bool is_lie);

  FakeClock& clock_;
  core::Random& random_;
  std::vector<LaneState> lanes_;
  std::multiset<UnderWay> under_way_;
  std::uint64_t order_ = 0;
  std::vector<dns::Completion> completed_;
  std::unordered_map<std::string, Cached> cache_;
};

/// Keeps every shipment; answers as told.
class FakeCarrier final : public alerts::Carrier {
 public:
  explicit FakeCarrier(const FakeClock& clock) : clock_(clock) {}
  struct Kept {
    core::Micros at;
    std::string channel;
    std::string delivery_id;
    std::string text;
    bool was_delivered = false;
  };
  std::vector<Kept> kept;
  bool is_failing = false;

  void ship(alerts::Shipment shipment) override;
  std::vector<alerts::Arrival> wait(core::Millis at_most) override;
  void wake() override {}

 private:
  const FakeClock& clock_;
  std::vector<alerts::Arrival> arrivals_;
};

}  // namespace rblwatch::scenario
