// SPDX-License-Identifier: Apache-2.0
#include "lists/zone.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/text.hpp"

namespace rblwatch::lists {

std::vector<Purpose> Zone::purposes() const {
  std::vector<Purpose> all{purpose};
  for (const CodeEntry& code : codes) {
    if (std::find(all.begin(), all.end(), code.purpose) == all.end()) {
      all.push_back(code.purpose);
    }
  }
  return all;
}

TestEntries default_test_entries(Kind kind) {
  switch (kind) {
    case Kind::ipv4:
      return {"127.0.0.2", "127.0.0.1"};
    case Kind::ipv6:
      return {"::FFFF:7F00:2", "::FFFF:7F00:1"};
    case Kind::domain:
      return {"TEST", "INVALID"};
  }
  RBL_CHECK(false);
}

bool is_refusal(const Zone& zone, const core::IpAddress& code) {
  constexpr std::uint32_t kErrorSpace = 0x7fff;  // 127.255
  return code.v4_host_order() >> 16U == kErrorSpace ||
         std::any_of(zone.refusals.begin(), zone.refusals.end(),
                     [&code](const CodePattern& pattern) { return pattern.matches(code); });
}

std::string terms_text(const Zone& zone) {
  return zone.policy + (zone.policy.empty() || zone.terms_url.empty() ? "" : " ") + zone.terms_url;
}

std::string fill_url(const std::string& url, const std::string& subject) {
  return core::replace_all(url, "{subject}", core::percent_encode(subject));
}

}  // namespace rblwatch::lists
