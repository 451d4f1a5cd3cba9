// SPDX-License-Identifier: Apache-2.0
// The way of a TXT record's text from the network to the places where it is shown.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/check.hpp"
#include "core/untrusted.hpp"
#include "dns/decode.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;

namespace {

bool has_control(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

void show(const core::Untrusted& text) {
  RBL_CHECK(!has_control(core::for_terminal(text)));
  RBL_CHECK(!has_control(core::for_log(text)));
  RBL_CHECK(core::for_html(text).find_first_of("<>\"'") == std::string::npos);
  RBL_CHECK(core::for_mrkdwn(text).find_first_of("<>") == std::string::npos);
  RBL_CHECK(core::to_utf8(core::Untrusted(core::to_utf8(text))) == core::to_utf8(text));
  core::for_mail_header(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Walk walked;
  static Answer answer;
  const Bytes message(data, size);
  if (walk(message, walked) != Flaw::none) return 0;
  if (decode(message, walked, QType::txt, answer) != Flaw::none) return 0;
  std::size_t octets = 0;
  for (const core::Untrusted& text : answer.txt) {
    octets += text.raw().size();
    show(text);
  }
  RBL_CHECK(octets <= size && answer.txt.size() <= Walk::kMaxRecords);
  return 0;
}
