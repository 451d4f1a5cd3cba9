// SPDX-License-Identifier: Apache-2.0
// Any message off the network through the walker and the decoder, as an answer to each type that is
// asked.
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "core/check.hpp"
#include "dns/decode.hpp"

using namespace rblwatch::dns;

namespace {

void check_walk(Bytes message, const Walk& walked) {
  RBL_CHECK(walked.count <= Walk::kMaxRecords);
  RBL_CHECK(walked.question_end <= message.size());
  for (std::size_t i = 0; i < walked.count; ++i) {
    const Record& record = walked.records[i];
    RBL_CHECK(record.owner >= walked.question_end && record.owner < record.rdata);
    RBL_CHECK(std::size_t{record.rdata} + record.rdlength <= message.size());
    RBL_CHECK(record.type != RecordType::a || record.rdlength == 4);
  }
  RBL_CHECK(walked.edns.cookie_length == 0 ||
            std::size_t{walked.edns.cookie} + walked.edns.cookie_length <= message.size());
}

void check_answer(const Answer& answer, std::size_t size) {
  std::size_t octets = 0;
  for (const auto& text : answer.txt)
    octets += text.raw().size();
  RBL_CHECK(octets <= size && answer.txt.size() <= Walk::kMaxRecords);
  RBL_CHECK(answer.ns.size() <= kMaxNameServers && answer.ede.size() <= Edns::kMaxOptions);
  RBL_CHECK(!answer.referral || (answer.a.empty() && answer.chain_closed));
  RBL_CHECK(answer.a.empty() || answer.ttl);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Walk walked;
  static Answer answer;  // used again, as the engine does
  const Bytes message(data, size);
  if (walk(message, walked) != Flaw::none) return 0;
  check_walk(message, walked);
  for (const QType type : {QType::a, QType::aaaa, QType::ns, QType::mx, QType::cname, QType::soa}) {
    if (decode(message, walked, type, answer) == Flaw::none) check_answer(answer, size);
  }
  return 0;
}
