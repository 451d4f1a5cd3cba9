// SPDX-License-Identifier: Apache-2.0
//
// Builds DNS messages octet by octet, right ones and wrong ones, for the tests of the walker, the
// decoders and the engine. It shares no code with what it tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rblwatch::dns::test {

using Octets = std::vector<std::uint8_t>;

inline Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Octets u16(unsigned value) {
  return {static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}
inline Octets u32(std::uint32_t value) {
  return u16(value >> 16U) + u16(value & 0xFFFFU);
}
inline Octets raw(std::string_view text) {
  return {text.begin(), text.end()};
}
inline Octets name(std::string_view text) {
  Octets wire;
  while (!text.empty()) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    wire.push_back(static_cast<std::uint8_t>(dot));
    wire = wire + raw(text.substr(0, dot));
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  wire.push_back(0);
  return wire;
}
inline Octets pointer(unsigned to) {
  return u16(0xC000U | to);
}
inline Octets string(std::string_view text) {
  Octets wire{static_cast<std::uint8_t>(text.size())};
  return wire + raw(text);
}
inline Octets record(const Octets& owner, unsigned type, std::uint32_t ttl, const Octets& rdata,
                     unsigned of_class = 1) {
  return owner + u16(type) + u16(of_class) + u32(ttl) + u16(static_cast<unsigned>(rdata.size())) +
         rdata;
}
inline const Octets kAsk = pointer(12);  // the question's name

inline Octets a(const Octets& owner, Octets address, std::uint32_t ttl = 300) {
  return record(owner, 1, ttl, address);
}
inline Octets cname(const Octets& owner, std::string_view to, std::uint32_t ttl = 300) {
  return record(owner, 5, ttl, name(to));
}
inline Octets soa(const Octets& owner, std::uint32_t ttl, std::uint32_t minimum) {
  return record(owner, 6, ttl,
                name("ns.zone.test") + name("host.zone.test") + u32(1) + u32(2) + u32(3) + u32(4) +
                    u32(minimum));
}
inline Octets opt(const Octets& options = {}, unsigned extended_rcode = 0, unsigned version = 0) {
  return record({0}, 41, (extended_rcode << 24U) | (version << 16U), options, 1232);
}
inline Octets option(unsigned code, const Octets& data) {
  return u16(code) + u16(static_cast<unsigned>(data.size())) + data;
}

struct Message {
  unsigned id = 0x1234;
  unsigned flags = 0x8400;  // a reply, AA
  std::string qname = "2.0.0.127.zone.test";
  unsigned qtype = 1;
  unsigned qclass = 1;
  std::vector<Octets> answers, authority, additional;
  Octets tail;  // behind the last record

  Octets question() const { return name(qname) + u16(qtype) + u16(qclass); }
  Octets octets() const {
    const auto count = [](const std::vector<Octets>& section) {
      return u16(static_cast<unsigned>(section.size()));
    };
    Octets all = u16(id) + u16(flags) + u16(1) + count(answers) + count(authority) +
                 count(additional) + question();
    for (const auto* section : {&answers, &authority, &additional}) {
      for (const Octets& one : *section)
        all = all + one;
    }
    return all + tail;
  }
  /// Where the first record begins.
  unsigned first_record() const { return static_cast<unsigned>(12 + question().size()); }
};

/// Header with these counts, the question as in Message, and whatever follows.
inline Octets counted(unsigned questions, unsigned answers, unsigned authority, unsigned additional,
                      const Octets& rest) {
  return u16(0x1234) + u16(0x8400) + u16(questions) + u16(answers) + u16(authority) +
         u16(additional) + rest;
}

}  // namespace rblwatch::dns::test
