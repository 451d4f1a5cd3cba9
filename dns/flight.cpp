// SPDX-License-Identifier: Apache-2.0
#include "dns/flight.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rblwatch::dns {
namespace {

// Everything but the slot's own history.
void reset(Flight& flight) {
  flight.stage = Stage::waiting;
  flight.transport = Transport::udp;
  flight.tried = flight.attempts = 0;
  flight.socket = kNoSocket;
  flight.last_sent = core::Tick{};
  flight.is_in_window = flight.is_in_lane_window = false;
  flight.is_promised = flight.is_held = flight.is_retry_queued = false;
  flight.was_resent = flight.is_free = flight.is_mixed = flight.has_edns = false;
  flight.has_own_connection = false;
  flight.without_edns = flight.without_case = flight.wants_tcp = flight.is_under_attack = false;
  flight.had_bad_cookie = flight.has_cookie = false;
  flight.had_broken_reply = flight.had_junk = flight.shares_junk = false;
  flight.error = 0;
  flight.wrong = 0;
  flight.company.reset();
}

std::uint64_t read_word(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace

FlightTable::FlightTable(std::size_t expected)
    : buckets_(std::bit_ceil(std::max<std::size_t>(expected * 2, 64)), kNoFlight),
      mask_(buckets_.size() - 1) {}

void FlightTable::prefetch(std::uint32_t index) {
  const Flight& flight = at(index);
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(&flight);
  __builtin_prefetch(begin, 1);
  __builtin_prefetch(begin + kCacheLine, 1);
  __builtin_prefetch(&flight.name);
  __builtin_prefetch(flight.packet.data(), 1);
  __builtin_prefetch(flight.packet.data() + kCacheLine, 1);
}

std::uint32_t FlightTable::open(std::uint64_t hash) {
  if (free_.empty()) {
    const std::size_t first = chunks_.size() * kChunk;
    chunks_.push_back(std::make_unique<Flight[]>(kChunk));  // NOLINT(modernize-avoid-c-arrays)
    for (std::size_t i = kChunk; i-- > 0;)
      free_.push_back(static_cast<std::uint32_t>(first + i));
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Flight& flight = at(index);
  reset(flight);
  flight.hash = hash;
  std::uint32_t& head = buckets_[hash & mask_];
  flight.next_in_bucket = head;
  head = index;
  ++open_;
  return index;
}

void FlightTable::close(std::uint32_t index) {
  Flight& flight = at(index);
  std::uint32_t* link = &buckets_[flight.hash & mask_];
  while (*link != index)
    link = &at(*link).next_in_bucket;
  *link = flight.next_in_bucket;
  ++flight.ticket;
  free_.push_back(index);
  --open_;
}

// Eight octets at a time, the last eight perhaps some of them again.
std::uint64_t hash_question(const core::DnsName& name, QType type) {
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15ULL;
  const Bytes wire = name.wire();
  std::uint64_t hash = (static_cast<std::uint64_t>(type) << 8U | wire.size()) * kFactor;
  const auto mix = [&hash](std::uint64_t word) { hash = std::rotl(hash ^ word, 27) * kFactor; };
  if (wire.size() < sizeof(std::uint64_t)) {
    std::for_each(wire.begin(), wire.end(), mix);
  } else {
    const std::size_t last = wire.size() - sizeof(std::uint64_t);
    for (std::size_t at = 0; at < last; at += sizeof(std::uint64_t))
      mix(read_word(wire.data() + at));
    mix(read_word(wire.data() + last));
  }
  return hash ^ (hash >> 32U);
}

}  // namespace rblwatch::dns
