// SPDX-License-Identifier: Apache-2.0
#include "report/nagios.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "samples.hpp"

namespace rblwatch::report {
namespace {

TEST_CASE("the worst that is known decides; what isn't known outranks a warning") {
  struct Case {
    const char* name;
    Summary summary;
    int code;
    const char* start;
  };
  const auto summary = [](auto change) {
    Summary value{.targets = 1, .subjects = 4, .pairs = 12, .zones = 3};
    change(value);
    return value;
  };
  const std::vector<Case> cases{
      {"clear", summary([](Summary&) {}), 0, "DNSBL OK - nothing is known to be listed | "},
      {"pending", summary([](Summary& s) { s.pending = 1; }), 1, "DNSBL WARNING - 1 pending | "},
      {"info", summary([](Summary& s) { s.info = 2; }), 1,
       "DNSBL WARNING - 2 listed for information | "},
      {"listed", summary([](Summary& s) { s.listed = 1; }), 2, "DNSBL CRITICAL - 1 listed | "},
      {"lost", summary([](Summary& s) { s.allow_lost = 1; }), 2,
       "DNSBL CRITICAL - 1 lost from an allowlist | "},
      {"unknown", summary([](Summary& s) { s.unknown = 3; }), 3, "DNSBL UNKNOWN - "},
      {"listed and unknown", summary([](Summary& s) { s.listed = 1, s.unknown = 3; }), 2,
       "DNSBL CRITICAL - 1 listed, 3 of 12 pairs unknown | "},
      {"pending and unknown", summary([](Summary& s) { s.pending = 1, s.unknown = 3; }), 3,
       "DNSBL UNKNOWN - 1 pending, 3 of 12 pairs unknown | "},
      {"nothing asked", summary([](Summary& s) { s.pairs = 0; }), 3,
       "DNSBL UNKNOWN - nothing was asked | "},
      {"nothing but unsupported", summary([](Summary& s) { s.pairs = 0, s.unsupported = 3; }), 0,
       "DNSBL OK - nothing was asked, 3 pairs unsupported | "},
      {"unsupported beside what was seen", summary([](Summary& s) { s.unsupported = 3; }), 0,
       "DNSBL OK - nothing is known to be listed | "},
  };
  for (const Case& c : cases) {
    StatusDoc document;
    document.summary = c.summary;
    const NagiosResult result = to_nagios(document);
    INFO(c.name << ": " << result.text);
    CHECK(result.exit_code == c.code);
    CHECK(result.text.find(c.start) == 0);
  }
}

TEST_CASE("what is listed, and which zones are unknown, is named") {
  const NagiosResult result = to_nagios(samples::trouble());
  CHECK(result.text ==
        "DNSBL CRITICAL - 2 listed (192.0.2.10 on spamhaus-zen, 192.0.2.11 on psbl-surriel), "
        "1 lost from an allowlist (192.0.2.10 on dnswl-list), 1 pending (198.51.100.77 on corp), "
        "771 of 15096 pairs unknown (spamhaus-sbl: refused, corp: timeout, new: not_asked, "
        "psbl-surriel: timeout) | listed=2;;;0 allow_lost=1;;;0 info=0;;;0 pending=1;;;0 "
        "unknown=771;;;0 pairs=15096;;;0 zones=12;;;0 zones_blind=2;;;0\n");
}

TEST_CASE("of many listings some are named and the rest counted") {
  const NagiosResult result = to_nagios(samples::crowd());
  CHECK(result.text.find("40 listed (198.51.100.0 on spamhaus-zen, ") != std::string::npos);
  CHECK(result.text.find(" and 35 more)") != std::string::npos);
  CHECK(result.text.size() < 500);
}

TEST_CASE("foreign text makes no second line and no performance data") {
  const std::string text = to_nagios(samples::hostile_status()).text;
  CHECK(std::count(text.begin(), text.end(), '|') == 1);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  for (const char c : text) {
    CHECK_FALSE((static_cast<unsigned char>(c) < 0x20 && c != '\n'));
  }
}

}  // namespace
}  // namespace rblwatch::report
