// SPDX-License-Identifier: Apache-2.0
//
// A [[zone]], of the catalogue or of the user: first read into a draft, over which an override may
// be read too, then finished into a lists::Zone. What depends on several keys (codes on match and
// purpose, test entries on kinds) is decided at the end. One load's thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/secrets.hpp"
#include "conf/section.hpp"
#include "lists/zone.hpp"

namespace rblwatch::conf {

struct ZoneDraft {
  lists::Zone zone;  // all but codes, tests and the key, which follow
  Place place;       // of the section that was read last
  std::string path;  // "zone[2]"
  PlacedText id;
  PlacedText dns;
  bool has_kinds = false;
  std::vector<std::pair<PlacedText, PlacedText>> codes;  // pattern, meaning
  std::vector<std::pair<PlacedText, PlacedText>> code_purposes;
  std::vector<PlacedText> refusals;
  std::vector<PlacedText> test_codes;
  std::vector<PlacedText> contained_in;
  std::optional<std::vector<PlacedText>> test_listed;  // nothing = RFC 5782's; empty = waived
  std::optional<std::vector<PlacedText>> test_clear;
  PlacedText shared_key;
  std::optional<Placed<core::Secret>> own_key;
  bool has_bad_key = false;  // which was told
};

/// Reads what the section gives over what the draft holds. Unknown keys are not reported: finish()
/// of the section is the caller's, who may know more of them.
void read_zone(Section& section, ZoneDraft& draft);

/// The zone of a draft: everything but its key and contained_in. What is wrong goes to the
/// findings, and the zone comes back as far as it is right.
lists::Zone finish_zone(const ZoneDraft& draft, Findings& findings);

}  // namespace rblwatch::conf
