// SPDX-License-Identifier: Apache-2.0
// The engine's decoder against ldns: whatever the walker passes, both must read the same answer.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/check.hpp"
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
  }
  return 0;
}
