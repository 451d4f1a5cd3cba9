// SPDX-License-Identifier: Apache-2.0
//
// Random faults: one answer in twenty goes wrong on its way, in one of the ways answers go wrong;
// now and then a resolver keeps a denial of what is listed, or a listing of what is clear; and a
// zone may say one code more with every other answer. What a rule couldn't tell from the truth by
// design isn't made up: a wrong denial or listing never comes twice before the daemon has seen a
// right answer, nor within the time that its vote could live. Keeps what was done to whom. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/random.hpp"
#include "fake_world.hpp"
#include "soak_world.hpp"

namespace rblwatch::scenario {

class Faults {
 public:
  Faults(const SoakWorld& world, FakeResolver& resolver, const FakeClock& clock,
         std::uint64_t seed);

  /// Leaves the tests of this zone alone over [from, to]: a mass listing is held for hours, and one
  /// test in ten that fails would always end that first.
  void spare_tests(std::uint32_t zone, core::Micros from, core::Micros to) {
    spared_.push_back({zone, from, to});
  }
  /// Over [from, to) the pair's answers bear this code too, every other time the daemon sees one.
  void flap(std::uint32_t pair, core::Micros from, core::Micros to, const char* code) {
    flapping_[pair] = {from, to, code, false};
  }
  /// When an answer about the pair was spoilt, and until when a cache kept it; in order.
  struct Spoilt {
    core::Micros at;
    core::Micros until;
  };
  const std::vector<Spoilt>& of_pair(std::uint32_t pair) const { return of_pair_[pair]; }
  /// When an answer to a test of the zone was.
  const std::vector<core::Micros>& of_tests(std::uint32_t zone) const { return of_tests_[zone]; }
  /// Of these, the ones that failed otherwise than by silence: votes are lost with them.
  const std::vector<core::Micros>& of_failed_tests(std::uint32_t zone) const {
    return of_failed_tests_[zone];
  }
  /// When an answer of its own servers was, where they are asked past the resolver.
  const std::vector<core::Micros>& of_own_servers(std::uint32_t zone) const {
    return of_own_servers_[zone];
  }
  /// When the pair was asked, in order; and whether it was in [from, to].
  const std::vector<core::Micros>& asked(std::uint32_t pair) const { return asked_[pair]; }
  bool has_asked(std::uint32_t pair, core::Micros from, core::Micros to) const;
  std::uint64_t lookups() const { return lookups_; }
  /// Of these, answers of the own servers of zones behind the resolver.
  std::uint64_t direct() const { return direct_; }
  std::uint64_t spoilt() const { return spoilt_; }
  /// Of these, clear pairs that were answered as listed.
  std::uint64_t wrongly_listed() const { return wrongly_listed_; }

 private:
  struct Lie {
    core::Micros at = core::Micros::min();
    bool is_right_due = false;  // the daemon has seen no right answer since
  };
  struct Flapping {
    core::Micros from{0};
    core::Micros to{0};
    const char* code = "";
    bool has_code = false;  // the last answer that was seen
  };
  void on_fetch(const dns::Question& question, dns::Outcome& outcome);
  void move_score(std::uint32_t pair, dns::Answer& answer);
  bool may_lie(const Lie& last) const;
  bool is_clear(std::uint32_t pair) const;
  void deny(std::uint32_t pair, dns::Answer& answer);
  void list(std::uint32_t pair, dns::Answer& answer);
  void note_lie(std::uint32_t pair, Lie& lie, core::Seconds kept);
  void on_reply(const dns::Question& question, dns::Outcome& outcome);
  void spoil(dns::Outcome& outcome);
  void flap(std::uint32_t pair, dns::Answer& answer);
  void note(const std::string& name, const dns::Outcome& outcome, bool is_direct);
  bool is_of_own_servers(const std::string& name, const dns::Answer& answer) const;
  std::optional<std::uint32_t> zone_below(const std::string& name) const;
  bool is_spared(const std::string& name) const;

  const SoakWorld& world_;
  const FakeResolver& resolver_;
  const FakeClock& clock_;
  core::SeededRandom random_;
  std::unordered_map<std::string, std::uint32_t> names_;  // to pairs
  std::vector<Lie> denied_;                               // by pair
  std::vector<Lie> listed_;                               // by pair
  std::unordered_map<std::uint32_t, Flapping> flapping_;  // by pair
  std::unordered_map<std::string, std::uint32_t> zones_;  // by DNS name
  struct Spared {
    std::uint32_t zone = 0;
    core::Micros from{0};
    core::Micros to{0};
  };
  std::vector<Spared> spared_;
  std::vector<std::vector<Spoilt>> of_pair_;
  std::vector<std::vector<core::Micros>> of_tests_;
  std::vector<std::vector<core::Micros>> of_failed_tests_;
  std::vector<std::vector<core::Micros>> of_own_servers_;
  std::vector<std::vector<core::Micros>> asked_;  // by pair
  std::uint64_t lookups_ = 0;
  std::uint64_t direct_ = 0;
  std::uint64_t spoilt_ = 0;
  std::uint64_t wrongly_listed_ = 0;
};

}  // namespace rblwatch::scenario
