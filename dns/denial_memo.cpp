// SPDX-License-Identifier: Apache-2.0
#include "dns/denial_memo.hpp"

#include <algorithm>
#include <cstring>

namespace rblwatch::dns {
namespace {

constexpr std::size_t kTypeAndClass = 4;

bool is_same(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  return std::memcmp(a, b, size) == 0;
}

// Whether a label, or the root, begins there.
bool is_label(const core::DnsName& name, std::size_t at) {
  std::size_t label = 0;
  while (label < at)
    label += std::size_t{name.wire()[label]} + 1;
  return label == at;
}

// Where in the question's name its meaning for this message begins: at the lowest pointer into it.
std::size_t first_of_use(const core::DnsName& name, const Walk& walked) {
  const std::size_t target = std::min(walked.lowest_pointer, kHeaderSize + name.wire().size() - 1U);
  return target - kHeaderSize;
}

// Owners that don't just point to a label of the question's would be held against all of it.
bool is_owned_by_pointers(const core::DnsName& name, Bytes message, const Walk& walked) {
  const auto is_pointer = [&name, message](const Record& record) {
    if (record.section == Section::additional) return true;
    const std::size_t target = read_u16(message, record.owner) & 0x3FFFU;
    return message[record.owner] >= 0xC0 && target < kHeaderSize + name.wire().size() &&
           is_label(name, target - kHeaderSize);
  };
  return std::all_of(walked.records.data(), walked.records.data() + walked.count, is_pointer);
}

bool is_plain_denial(const Walk& walked, const Answer& answer) {
  const bool is_denial = answer.rcode == Rcode::nxdomain || answer.rcode == Rcode::noerror;
  return is_denial && walked.header.answers == 0 && !answer.referral && answer.ede.empty() &&
         walked.edns.cookie_length == 0;
}

}  // namespace

bool DenialMemo::find(const Asked& asked, Bytes message, Answer& out) const {
  const Kept& kept = kept_[place(asked)];
  if (kept.length != asked.name.wire().size() || kept.type != asked.type) return false;
  const std::size_t of_name = std::size_t{kept.length} - kept.from;
  const std::size_t question_end = kHeaderSize + kept.length + kTypeAndClass;
  if (message.size() < question_end || kept.size != of_name + message.size() - question_end) {
    return false;
  }
  if (!is_same(message.data() + 2, kept.head.data(), kHead) ||
      !is_same(message.data() + question_end, kept.rest.data() + of_name,
               message.size() - question_end) ||
      !is_same(asked.name.wire().data() + kept.from, kept.rest.data(), of_name) ||
      !is_label(asked.name, kept.from)) {
    return false;
  }
  clear(out);
  out.rcode = kept.rcode;
  out.aa = kept.aa;
  out.ra = kept.ra;
  out.ad = kept.ad;
  out.ttl = kept.ttl;
  return true;
}

void DenialMemo::keep(const Asked& asked, Bytes message, const Walk& walked, const Answer& answer) {
  if (!is_plain_denial(walked, answer) || !is_owned_by_pointers(asked.name, message, walked))
    return;
  const core::DnsName& name = asked.name;
  const std::size_t from = first_of_use(name, walked);
  const Bytes of_name = name.wire().subspan(from);
  const Bytes behind = message.subspan(walked.question_end);
  if (of_name.size() + behind.size() > kMost || !is_label(name, from)) return;
  Kept& kept = kept_[place(asked)];
  kept.length = static_cast<std::uint8_t>(name.wire().size());
  kept.from = static_cast<std::uint8_t>(from);
  kept.size = static_cast<std::uint16_t>(of_name.size() + behind.size());
  kept.type = asked.type;
  kept.rcode = answer.rcode;
  kept.aa = answer.aa;
  kept.ra = answer.ra;
  kept.ad = answer.ad;
  kept.ttl = answer.ttl;
  std::copy_n(message.begin() + 2, kHead, kept.head.begin());
  std::copy(behind.begin(), behind.end(),
            std::copy(of_name.begin(), of_name.end(), kept.rest.begin()));
}

}  // namespace rblwatch::dns
