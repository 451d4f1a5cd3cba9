// SPDX-License-Identifier: Apache-2.0
//
// The strict walker: the first and only code that touches a message as it came off the network. It
// checks every count, length and pointer against the bytes that are there, and leaves a table of
// records whose bounds can be trusted; decode.hpp reads what they say. Any message of up to 65 535
// octets costs well under a millisecond and no memory. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dns/wire_name.hpp"

namespace rblwatch::dns {

inline constexpr std::size_t kHeaderSize = 12;

/// Record types the engine tells apart; all others are bounded and stepped over.
struct RecordType {
  static constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16,
                                 aaaa = 28, opt = 41, tsig = 250;
};
inline constexpr std::uint16_t kClassIn = 1;

/// The twelve octets of RFC 1035 section 4.1.1.
struct Header {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t questions = 0, answers = 0, authorities = 0, additionals = 0;

  bool is_reply() const { return (flags & 0x8000U) != 0; }
  unsigned opcode() const { return (flags >> 11U) & 0xFU; }
  bool aa() const { return (flags & 0x0400U) != 0; }
  bool tc() const { return (flags & 0x0200U) != 0; }
  bool ra() const { return (flags & 0x0080U) != 0; }
  bool ad() const { return (flags & 0x0020U) != 0; }
  unsigned rcode() const { return flags & 0xFU; }
};
/// Pre: at least kHeaderSize octets.
inline Header read_header(Bytes message) {
  const Bytes head = message.first<kHeaderSize>();  // bounds are looked at once
  return {.id = read_u16(head, 0),
          .flags = read_u16(head, 2),
          .questions = read_u16(head, 4),
          .answers = read_u16(head, 6),
          .authorities = read_u16(head, 8),
          .additionals = read_u16(head, 10)};
}

/// What makes a message broken; counted per kind.
enum class Flaw : std::uint8_t {
  none,
  too_short,  // no whole header
  question,   // not exactly one, or one that can't be read
  counts,     // more records than the octets left can hold, or more than we look at
  name,       // label, length or pointer against the rules
  record,     // cut off, or of another class than IN
  rdata,      // a length or content that its type can't have
  opt,        // a second OPT, one in the wrong section, options that overrun it
  tsig,       // signed with a key we don't have
  owner,      // an answer record that belongs to another name
  trailing,   // octets behind the last record
};
std::string_view to_text(Flaw flaw);

enum class Section : std::uint8_t { answer, authority, additional };

/// Offsets into the message; everything between rdata and rdata + rdlength is there.
struct Record {
  std::uint16_t owner = 0;
  std::uint16_t rdata = 0;
  std::uint16_t rdlength = 0;
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;  // seconds; the top bit set counts as zero (RFC 2181 section 8)
  Section section = Section::answer;
};

/// RFC 6891. Of the options only Extended DNS Errors (RFC 8914) and cookies (RFC 7873) are read,
/// among the first 32.
struct Edns {
  static constexpr std::size_t kMaxOptions = 32;

  bool is_present = false;
  std::uint8_t version = 0;
  std::uint8_t extended_rcode = 0;  // the upper eight of twelve bits
  std::array<std::uint16_t, kMaxOptions> ede;
  std::size_t ede_count = 0;
  std::uint16_t cookie = 0;         // offset of the first cookie option's data
  std::uint16_t cookie_length = 0;  // 0 = none
};

/// Large (4 KiB): keep one and use it again.
struct Walk {
  static constexpr std::size_t kMaxRecords = 256;

  Header header;
  std::size_t question_end = 0;  // behind type and class
  std::array<Record, kMaxRecords> records;
  std::size_t count = 0;
  Edns edns;
  bool has_cname = false;                 // in the answer section
  std::size_t lowest_pointer = SIZE_MAX;  // where it pointed, of all that were followed

  unsigned rcode() const {
    return (static_cast<unsigned>(edns.extended_rcode) << 4U) | header.rcode();
  }
};

/// Checks the whole message. On Flaw::none, and only then, `into` may be read.
Flaw walk(Bytes message, Walk& into);

}  // namespace rblwatch::dns
