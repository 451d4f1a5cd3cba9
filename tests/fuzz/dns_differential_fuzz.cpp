// SPDX-License-Identifier: Apache-2.0
// The engine's decoder against ldns: whatever the walker passes, both must read the same answer,
// and so must the memo of denials.
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

constexpr std::size_t kMostText = 4096;  // ldns allocates the square of a TXT record's length
constexpr std::array<QType, 7> kTypes{QType::a,  QType::aaaa,  QType::txt, QType::ns,
                                      QType::mx, QType::cname, QType::soa};

// Types whose RDATA the walker checks in full. Of others, whose content we step over, libldns 1.8.3
// may read names past the end of RDATA (SRV, say) and take what follows for the next record:
// nothing to compare with.
bool is_known(const Record& record) {
  constexpr std::array<std::uint16_t, 9> kKnown{
      RecordType::a,  RecordType::ns,  RecordType::cname, RecordType::soa, RecordType::ptr,
      RecordType::mx, RecordType::txt, RecordType::aaaa,  RecordType::opt};
  return std::find(kKnown.begin(), kKnown.end(), record.type) != kKnown.end();
}

std::size_t txt_octets(const Walk& walked) {
  std::size_t octets = 0;
  for (std::size_t i = 0; i < walked.count; ++i) {
    if (walked.records[i].type == RecordType::txt) octets += walked.records[i].rdlength;
  }
  return octets;
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
  if (walk(message, walked) != Flaw::none || txt_octets(walked) > kMostText) return 0;
  const auto end = walked.records.begin() + static_cast<std::ptrdiff_t>(walked.count);
  if (!std::all_of(walked.records.begin(), end, is_known)) return 0;
  for (const QType type : kTypes) {
    const bool is_ours = decode(message, walked, type, ours) == Flaw::none;
    const auto theirs = decode_by_ldns(message, walked, type);
    RBL_CHECK(is_ours == theirs.has_value());
    if (theirs) RBL_CHECK(*theirs == ours);
    if (is_ours) compare_memo(message, walked, type, ours);
  }
  return 0;
}
