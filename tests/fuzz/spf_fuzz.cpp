// SPDX-License-Identifier: Apache-2.0
// Any text as an SPF record, and a walk over it in a world where every name has that record, an
// address and a mail exchanger: the walk ends, within its limits, and says nothing that could harm
// a terminal.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/check.hpp"
#include "lists/spf.hpp"
#include "lists/spf_walk.hpp"

using namespace rblwatch;
using namespace rblwatch::lists;

namespace {

dns::Outcome answer_to(const dns::Question& question, const std::string& record) {
  dns::Answer answer;
  if (question.type == dns::QType::txt) {
    answer.txt.emplace_back(record);
  } else if (question.type == dns::QType::mx) {
    answer.mx.push_back({10, question.name});
  } else if (question.type == dns::QType::a) {
    answer.a.push_back(core::IpAddress::v4(0xC0000201));
  }
  return answer;
}

bool is_harmless(const std::string& note) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return std::none_of(note.begin(), note.end(), is_control) && note.size() < 1000;
}

void walk(const std::string& record) {
  core::DnsName domain;
  RBL_CHECK(core::DnsName::assign("example.test", domain));
  SpfWalk walk(domain);
  WalkStep step = walk.start();
  unsigned rounds = 0;
  while (const auto* questions = std::get_if<Questions>(&step)) {
    // The first record, and of each lookup at most two rounds: an MX and its addresses.
    RBL_CHECK(++rounds <= 1 + 2 * SpfWalk::kMostLookups);
    RBL_CHECK(!questions->empty() && questions->size() <= 2 * SpfWalk::kMostMailHosts);
    std::vector<dns::Outcome> outcomes;
    for (const dns::Question& question : *questions) {
      outcomes.push_back(answer_to(question, record));
    }
    step = walk.take(outcomes);
  }
  const auto* found = std::get_if<WalkFound>(&step);
  if (found == nullptr) {
    RBL_CHECK(!is_spf(record));
    return;
  }
  RBL_CHECK(found->notes.size() <= kMostNotes + 1);
  RBL_CHECK(std::all_of(found->notes.begin(), found->notes.end(), is_harmless));
  for (const core::Cidr& network : found->networks) {
    RBL_CHECK(network.size() <= 65536);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  walk(text);
  const std::string record = "v=spf1 " + text;
  const auto parsed = parse_spf(record);
  RBL_CHECK(parsed || is_harmless(parsed.error().text));
  walk(record);
  return 0;
}
