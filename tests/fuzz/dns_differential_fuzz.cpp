// SPDX-License-Identifier: Apache-2.0
// The engine's decoder against ldns: of whatever the walker passes and ldns parts into the same
// records, both must read the same answer, and so must the memo of denials.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/check.hpp"
#include "dns/denial_memo.hpp"
#include "dns/packet.hpp"

using namespace rblwatch::dns;

namespace {

// What ldns may allocate for a message, which gives each string of a list the record's whole
// length: room for 64 KiB of full strings, or 4 KiB of empty ones.
constexpr std::size_t kMostAllocated = 16U << 20U;
constexpr std::array<QType, 7> kTypes{QType::a,  QType::aaaa,  QType::txt, QType::ns,
                                      QType::mx, QType::cname, QType::soa};
constexpr std::uint16_t kNull = 10;
constexpr std::uint16_t kHip = 55;
constexpr std::uint16_t kSpf = 99;
constexpr std::uint16_t kFirstPrivate = 65280;  // no type is ever defined from here on (RFC 6895)

// Where ldns must find the end that the walker finds: types whose RDATA the walker checks in full,
// and some whose RDATA is opaque to both.
bool is_end_certain(std::uint16_t type) {
  constexpr std::array<std::uint16_t, 10> kCertain{
      RecordType::a,  RecordType::ns,  RecordType::cname, RecordType::soa, RecordType::ptr,
      RecordType::mx, RecordType::txt, RecordType::aaaa,  RecordType::opt, kNull};
  return type >= kFirstPrivate ||
         std::find(kCertain.begin(), kCertain.end(), type) != kCertain.end();
}

std::size_t strings(Bytes rdata) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < rdata.size(); ++count)
    at += std::size_t{rdata[at]} + 1;
  return count;
}

// Of ldns 1.8.3 the types with lists are TXT, SPF and HIP; no other has more than nine fields.
std::size_t allocated_by_ldns(Bytes message, const Walk& walked) {
  std::size_t octets = 0;
  for (std::size_t i = 0; i < walked.count; ++i) {
    const Record& record = walked.records[i];
    const Bytes rdata = message.subspan(record.rdata, record.rdlength);
    if (record.type == RecordType::txt || record.type == kSpf) {
      octets += strings(rdata) * rdata.size();
    } else if (record.type == kHip) {
      octets += rdata.size() * rdata.size();  // all of it root names, at most
    }
  }
  return octets;
}

// Whether ldns takes the same octets for each record as the walker. The RDATA of types that this
// one steps over (RFC 3597) may break ldns's idea of them: it refuses the message, or reads a name
// past the end of RDATA, or stops before that end, and takes what follows for the next record. Then
// there is nothing to compare with, unless no record follows.
bool is_bounded_alike(Bytes message, const Walk& walked) {
  for (std::size_t i = 0; i < walked.count; ++i) {
    const Record& record = walked.records[i];
    const auto end = end_by_ldns(message, record.owner);
    if (end == std::size_t{record.rdata} + record.rdlength) continue;
    RBL_CHECK(!is_end_certain(record.type));
    if (!end || i + 1 < walked.count) return false;
  }
  return true;
}

// What the memo knows again, in this message and in one that asks with another first octet, is what
// reading gives.
void compare_memo(Bytes message, const Walk& walked, QType type, const Answer& read) {
  static DenialMemo memo;
  std::size_t at = kHeaderSize;
  NameBudget budget;
  const auto name = *read_name(message, at, budget);
  if (at != kHeaderSize + name.wire().size()) return;  // no question of ours holds a pointer
  const DenialMemo::Asked asked{name, type, Lane{0}};
  memo.keep(asked, message, walked, read);
  Answer known;
  if (memo.find(asked, message, known)) RBL_CHECK(known == read);
  if (name.is_root()) return;
  std::vector<std::uint8_t> other(message.begin(), message.end());
  other[kHeaderSize + 1] ^= 0x15U;
  at = kHeaderSize;
  const auto other_name = *read_name(other, at, budget);
  if (!memo.find({other_name, type, Lane{0}}, other, known)) return;
  static Walk again;
  Answer expected;
  RBL_CHECK(walk(other, again) == Flaw::none);
  RBL_CHECK(decode(other, again, type, expected) == Flaw::none);
  RBL_CHECK(known == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Walk walked;
  static Answer ours;
  const Bytes message(data, size);
  if (walk(message, walked) != Flaw::none) return 0;
  if (allocated_by_ldns(message, walked) > kMostAllocated) return 0;
  if (!is_bounded_alike(message, walked)) return 0;
  for (const QType type : kTypes) {
    const bool is_ours = decode(message, walked, type, ours) == Flaw::none;
    const auto theirs = decode_by_ldns(message, walked, type);
    RBL_CHECK(is_ours == theirs.has_value());
    if (theirs) RBL_CHECK(*theirs == ours);
    if (is_ours) compare_memo(message, walked, type, ours);
  }
  return 0;
}
