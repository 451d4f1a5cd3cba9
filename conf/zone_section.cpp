// SPDX-License-Identifier: Apache-2.0
#include "conf/zone_section.hpp"

#include <algorithm>
#include <limits>

#include "conf/url.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

using lists::Kind;
using lists::MatchMode;
using lists::Zone;

constexpr std::int64_t kMaxQuestions = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxId = 64;

bool is_id(const std::string& id) {
  return !id.empty() && id.size() <= kMaxId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

void read_name(Section& section, ZoneDraft& draft) {
  if (section.placed_text("id", draft.id) && !is_id(draft.id.value)) {
    section.error("id", core::quoted(draft.id.value) + " is no id",
                  "expected 1 to 64 letters, digits, '-', '_' or '.', as corp-bl");
  }
  if (section.placed_text("dns", draft.dns)) {
    const core::Result<lists::ZoneDns> dns = lists::ZoneDns::parse(draft.dns.value);
    if (dns) {
      draft.zone.dns = *dns;
    } else {
      section.error("dns", dns.error().text,
                    "expected one like bl.example.com or {key}.bl.example.com");
    }
  }
}

/// Of a test entry, by its form.
Kind kind_of(const std::string& entry) {
  const auto address = core::IpAddress::parse(entry);
  return !address ? Kind::domain : address->is_v4() ? Kind::ipv4 : Kind::ipv6;
}

/// Entries that an override inherits with a zone whose kinds it makes fewer.
void keep_of_kinds(std::optional<std::vector<PlacedText>>& entries, lists::KindSet kinds) {
  if (!entries || entries->empty()) {
    return;
  }
  const auto gone = std::remove_if(entries->begin(), entries->end(), [&](const PlacedText& entry) {
    return !kinds.has(kind_of(entry.value));
  });
  entries->erase(gone, entries->end());
  if (entries->empty()) {
    entries.reset();  // not waived
  }
}

void read_kinds(Section& section, ZoneDraft& draft) {
  std::vector<Kind> kinds;
  if (!section.has("kinds")) {
    section.take("kinds");
    return;
  }
  draft.has_kinds = true;
  if (!section.words("kinds", kinds)) {
    return;
  }
  if (kinds.empty()) {
    section.error("kinds", "is empty", "expected some of ipv4, ipv6 and domain");
    return;
  }
  draft.zone.kinds = {};
  for (const Kind kind : kinds) {
    draft.zone.kinds.add(kind);
  }
  keep_of_kinds(draft.test_listed, draft.zone.kinds);
  keep_of_kinds(draft.test_clear, draft.zone.kinds);
}

void read_key(Section& section, ZoneDraft& draft) {
  PlacedText shared;
  const bool is_shared = section.placed_text("shared_key", shared) && !shared.value.empty();
  const std::uint64_t errors = section.findings().error_count();
  std::optional<Placed<core::Secret>> own = read_secret(section, "key");
  if (is_shared && own) {
    draft.has_bad_key = true;
    section.findings().error(own->place, own->key, "is given beside shared_key",
                             "expected exactly one of shared_key, key and key_file");
    return;
  }
  if (is_shared) {
    draft.shared_key = shared;
    draft.own_key.reset();
  }
  if (own && check_label(*own, section.findings())) {
    draft.own_key = std::move(own);
    draft.shared_key = {};
  }
  draft.has_bad_key = section.findings().error_count() > errors;
}

/// An override that changes the grammar can't keep codes of the other one.
void read_codes(Section& section, ZoneDraft& draft) {
  const MatchMode before = draft.zone.match;
  section.word("match", draft.zone.match);
  const bool keeps_codes = !section.has("codes");
  if (draft.zone.match != before && keeps_codes && !draft.codes.empty()) {
    section.error("match", "is another than that of the codes it has", "give codes too");
    draft.codes.clear();
  }
  if (!keeps_codes) {
    draft.code_purposes.clear();
  }
  section.pairs("codes", draft.codes);
  section.pairs("code_purpose", draft.code_purposes);
  section.texts("refusals", draft.refusals);
}

void read_tests(Section& section, ZoneDraft& draft) {
  std::vector<PlacedText> entries;
  if (section.text_or_texts("test_listed", entries)) {
    draft.test_listed = std::move(entries);
  }
  entries.clear();
  if (section.text_or_texts("test_clear", entries)) {
    draft.test_clear = std::move(entries);
  }
  section.flag("test_random", draft.zone.test_random);
  section.texts("test_codes", draft.test_codes);
}

void read_link(Section& section, const std::string& key, std::string& out) {
  PlacedText link;
  if (!section.placed_text(key, link)) {
    return;
  }
  // Braces are no part of a URL, but where the subject goes.
  std::string filled = link.value;
  for (std::size_t at = filled.find("{subject}"); at != std::string::npos;
       at = filled.find("{subject}", at)) {
    filled.replace(at, std::string_view("{subject}").size(), "x");
  }
  const std::optional<Url> url = parse_url(filled);
  const bool is_link = link.value.empty() || link.value.starts_with("mailto:") ||
                       (url && (url->scheme == "http" || url->scheme == "https"));
  if (is_link) {
    out = link.value;
  } else {
    section.error(key, quoted_without_secret(link.value) + " is no link",
                  "expected an http or https URL, with {subject} where the subject goes");
  }
}

void read_delisting(Section& section, Zone& zone) {
  read_link(section, "lookup_url", zone.lookup_url);
  read_link(section, "delist_url", zone.delist_url);
  std::vector<PlacedText> steps;
  if (section.texts("delist_steps", steps)) {
    zone.delist_steps.clear();
    for (PlacedText& step : steps) {
      zone.delist_steps.push_back(std::move(step.value));
    }
  }
  section.duration("delist_time", zone.delist_time, kFromOneSecond);
}

/// "" stands for the schedule's.
void read_interval(Section& section, Zone& zone) {
  PlacedText text;
  const bool is_empty = section.has("interval") &&
                        std::holds_alternative<std::string>(section.take("interval")->node.value) &&
                        section.placed_text("interval", text) && text.value.empty();
  if (is_empty) {
    zone.interval.reset();
  } else {
    section.duration("interval", zone.interval, kFromOneSecond);
  }
}

class ZoneFinisher {
 public:
  ZoneFinisher(const ZoneDraft& draft, Findings& findings)
      : draft_(draft), zone_(draft.zone), findings_(findings) {}

  Zone finish() {
    zone_.id = draft_.id.value;
    add_codes();
    add_code_purposes();
    add_refusals();
    add_test_codes();
    for (const Kind kind : lists::kAllKinds) {
      test(kind) = lists::default_test_entries(kind);
    }
    add_entries(draft_.test_listed, &lists::TestEntries::listed);
    add_entries(draft_.test_clear, &lists::TestEntries::clear);
    return std::move(zone_);
  }

 private:
  using Entry = std::optional<std::string> lists::TestEntries::*;

  lists::TestEntries& test(Kind kind) { return zone_.tests[static_cast<std::size_t>(kind)]; }

  void error(const PlacedText& at, std::string text, std::string allowed = "") {
    findings_.error(at.place, at.key, std::move(text), std::move(allowed));
  }

  // A code that an answer can list by; nothing, and an error told, where it is none.
  std::optional<lists::CodePattern> listing_code(const PlacedText& text, MatchMode mode) {
    const auto code = lists::CodePattern::parse(text.value, mode);
    if (!code) {
      error(text, code.error().text);
    } else if (!code->is_within_loopback()) {
      error(text, core::quoted(text.value) + " is no code that a list can answer",
            "expected one within 127.0.0.0/8");
    } else {
      return *code;
    }
    return std::nullopt;
  }

  void add_codes() {
    for (const auto& [pattern, meaning] : draft_.codes) {
      if (const auto code = listing_code(pattern, zone_.match))
        zone_.codes.push_back({*code, meaning.value, zone_.purpose});
    }
  }

  void add_code_purposes() {
    std::vector<std::string> known;
    for (const auto& [pattern, meaning] : draft_.codes) {
      known.push_back(pattern.value);
    }
    for (const auto& [pattern, word] : draft_.code_purposes) {
      const std::string& wanted = pattern.value;
      const auto purpose = core::enum_from<lists::Purpose>(word.value);
      const auto code =
          std::find_if(zone_.codes.begin(), zone_.codes.end(),
                       [&wanted](const auto& entry) { return entry.pattern.text() == wanted; });
      if (!purpose) {
        unknown_word(findings_, word, words_of<lists::Purpose>());
      } else if (code != zone_.codes.end()) {
        code->purpose = *purpose;
      } else if (std::find(known.begin(), known.end(), wanted) == known.end()) {
        error(pattern, core::quoted(wanted) + " is not among the zone's codes",
              suggestion(wanted, known, "expected one of the codes"));
      }
    }
  }

  void add_refusals() {
    for (const PlacedText& text : draft_.refusals) {
      // A refusal is the whole address, on bitmask zones too.
      if (const auto code = lists::CodePattern::parse(text.value)) {
        zone_.refusals.push_back(*code);
      } else {
        error(text, code.error().text);
      }
    }
  }

  void add_test_codes() {
    for (const PlacedText& text : draft_.test_codes) {
      // Of a bitmask zone a test code may be a bit, or the whole address.
      const bool is_bit =
          zone_.match == MatchMode::bitmask && text.value.find('.') == std::string::npos;
      const MatchMode mode = is_bit ? MatchMode::bitmask : MatchMode::exact;
      if (const auto code = listing_code(text, mode)) zone_.test_codes.push_back(*code);
    }
  }

  void add_entries(const std::optional<std::vector<PlacedText>>& entries, Entry which) {
    if (!entries) {
      return;
    }
    if (entries->empty()) {
      for (const Kind kind : lists::kAllKinds) {
        test(kind).*which = std::nullopt;
      }
    }
    std::vector<Kind> seen;
    for (const PlacedText& entry : *entries) {
      const Kind kind = kind_of(entry.value);
      const std::string word(core::enum_word(kind));
      if (kind == Kind::domain && !core::DnsName::parse(entry.value)) {
        error(entry, core::quoted(entry.value) + " is neither an address nor a name",
              "expected one entry for each kind, as 127.0.0.2 or TEST; [] waives the test");
      } else if (!zone_.kinds.is_empty() && !zone_.kinds.has(kind)) {
        error(entry,
              core::quoted(entry.value) + " is an entry of kind " + word +
                  ", which is none of the zone's kinds",
              "expected entries of its kinds");
      } else if (std::find(seen.begin(), seen.end(), kind) != seen.end()) {
        error(entry, "there is another entry of kind " + word, "expected one for each kind");
      } else {
        test(kind).*which = entry.value;
        seen.push_back(kind);
      }
    }
  }

  const ZoneDraft& draft_;
  Zone zone_;
  Findings& findings_;
};

}  // namespace

void read_zone(Section& section, ZoneDraft& draft) {
  draft.place = section.place();
  draft.path = section.path();
  Zone& zone = draft.zone;
  read_name(section, draft);
  read_kinds(section, draft);
  read_key(section, draft);
  section.text("operator", zone.operator_name);
  section.word("purpose", zone.purpose);
  section.word("severity", zone.severity);
  read_codes(section, draft);
  section.servers("servers", zone.servers);
  read_interval(section, zone);
  section.number("qps", zone.qps, kQps);
  section.whole("limit_per_day", zone.limit_per_day, {0, kMaxQuestions});
  section.flag("txt", zone.txt);
  section.word("domain_form", zone.domain_form);
  section.texts("contained_in", draft.contained_in);
  read_tests(section, draft);
  read_delisting(section, zone);
}

Zone finish_zone(const ZoneDraft& draft, Findings& findings) {
  return ZoneFinisher(draft, findings).finish();
}

}  // namespace rblwatch::conf
