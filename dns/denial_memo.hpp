// SPDX-License-Identifier: Apache-2.0
//
// The same denial once more. A zone denies all its names with the same octets behind the question,
// and what was read of one such message holds for the next: it need not be walked and decoded.
// Equal octets are asked for throughout, so nothing is believed that the decoder would not read;
// what it read must not have depended on the one part that may differ, the labels before the zone.
// No allocation after construction. One object belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dns/outcome.hpp"
#include "dns/question.hpp"
#include "dns/resolver.hpp"
#include "dns/wire_walk.hpp"

namespace rblwatch::dns {

class DenialMemo {
 public:
  /// What was asked: in lower case, in that lane.
  struct Asked {
    const core::DnsName& name;
    QType type;
    Lane lane;
  };

  DenialMemo() : kept_(kPlaces) {}

  /// True when `message` is a denial that is known; `out` is then what decode() would make of it.
  /// Pre: a header, and the question that was asked, octet by octet but for letter case.
  bool find(const Asked& asked, Bytes message, Answer& out) const;
  /// Keeps what decode() made of a message that walk() passed, where it can be of use again.
  void keep(const Asked& asked, Bytes message, const Walk& walked, const Answer& answer);

 private:
  static constexpr std::size_t kPlaces = 256;
  static constexpr std::size_t kMost = 192;  // octets of zone, SOA and OPT
  static constexpr std::size_t kHead = 10;   // flags and counts

  struct Kept {
    std::uint8_t length = 0;  // of the name; 0: nothing is kept here
    std::uint8_t from = 0;    // in the name: what stands before may be any labels
    std::uint16_t size = 0;
    QType type = QType::a;
    Rcode rcode = Rcode::noerror;
    bool aa = false, ra = false, ad = false;
    std::optional<core::Seconds> ttl;
    std::array<std::uint8_t, kHead> head;
    std::array<std::uint8_t, kMost> rest;  // of the name, and behind the question
  };

  static std::size_t place(const Asked& asked) {
    return (std::size_t{asked.lane.value} * 16 + asked.name.wire().size()) % kPlaces;
  }

  std::vector<Kept> kept_;
};

}  // namespace rblwatch::dns
