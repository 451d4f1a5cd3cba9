// SPDX-License-Identifier: Apache-2.0
#include "lists/spf.hpp"

#include <array>

#include <catch2/catch.hpp>

using namespace rblwatch;
using namespace rblwatch::lists;

namespace {

/// "+a:example.org/24//64": a record's terms, each in one spelling.
std::string shown(const SpfTerm& term) {
  constexpr std::array kSigns{"+", "-", "~", "?"};
  constexpr std::array kWords{"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};
  std::string text = kSigns.at(static_cast<std::size_t>(term.qualifier));
  text += kWords.at(static_cast<std::size_t>(term.mechanism));
  if (term.mechanism == SpfMechanism::ip4 || term.mechanism == SpfMechanism::ip6) {
    return text + ":" + term.network.to_text();
  }
  text += term.domain.text.empty() ? "" : ":" + term.domain.text;
  text += term.domain.has_macro ? "!" : "";
  text += term.prefix4 == 32 ? "" : "/" + std::to_string(term.prefix4);
  return text + (term.prefix6 == 128 ? "" : "//" + std::to_string(term.prefix6));
}

std::string parsed(const std::string& text) {
  const auto record = parse_spf(text);
  if (!record) {
    return "error";
  }
  std::string all;
  for (const SpfTerm& term : record->terms) {
    all += (all.empty() ? "" : " ") + shown(term);
  }
  if (record->redirect) {
    all += (all.empty() ? "" : " ") + ("redirect=" + record->redirect->text);
    all += record->redirect->has_macro ? "!" : "";
  }
  return all;
}

}  // namespace

TEST_CASE("an SPF record is told from other texts by its version alone") {
  CHECK(is_spf("v=spf1"));
  CHECK(is_spf("v=spf1 -all"));
  CHECK(is_spf("V=SPF1 -all"));
  CHECK_FALSE(is_spf("v=spf10 -all"));
  CHECK_FALSE(is_spf("v=spf1\t-all"));
  CHECK_FALSE(is_spf(" v=spf1 -all"));
  CHECK_FALSE(is_spf("v=spf"));
  CHECK_FALSE(is_spf("spf2.0/pra -all"));
  CHECK_FALSE(is_spf(""));
}

TEST_CASE("the records of RFC 7208's examples are read") {
  const auto [text, terms] = GENERATE(table<std::string, std::string>({
      {"v=spf1", ""},
      {"v=spf1 +all", "+all"},
      {"v=spf1 a -all", "+a -all"},
      {"v=spf1 a:example.org -all", "+a:example.org -all"},
      {"v=spf1 mx -all", "+mx -all"},
      {"v=spf1 mx:example.org -all", "+mx:example.org -all"},
      {"v=spf1 mx mx:example.org -all", "+mx +mx:example.org -all"},
      {"v=spf1 mx/30 mx:example.org/30 -all", "+mx/30 +mx:example.org/30 -all"},
      {"v=spf1 ptr -all", "+ptr -all"},
      {"v=spf1 ip4:192.0.2.128/28 -all", "+ip4:192.0.2.128/28 -all"},
      {"v=spf1 include:example.com include:example.net -all",
       "+include:example.com +include:example.net -all"},
      {"v=spf1 redirect=example.org", "redirect=example.org"},
      {"v=spf1 include:_spf.example.com ?all", "+include:_spf.example.com ?all"},
      {"v=spf1 redirect=_spf.example.com", "redirect=_spf.example.com"},
      {"v=spf1 mx -all exp=explain._spf.%{d}", "+mx -all"},
      {"v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} -all", "+exists:%{ir}.%{l1r+-}._spf.%{d}! -all"},
      {"v=spf1 include:ip4._spf.%{d2} ~all", "+include:ip4._spf.%{d2}! ~all"},
      {"v=spf1 +mx a:colo.example.com/28 -all", "+mx +a:colo.example.com/28 -all"},
      {"v=spf1 -ptr:example.net ?exists:example.net", "-ptr:example.net ?exists:example.net"},
      {"v=spf1 ip6:2001:db8::cd30 -all", "+ip6:2001:db8::cd30/128 -all"},
  }));
  CHECK(parsed(text) == terms);
}

TEST_CASE("terms are read in any case, with prefixes of both families and blanks between") {
  const auto [text, terms] = GENERATE(table<std::string, std::string>({
      {"v=spf1  A   MX//64  ", "+a +mx//64"},
      {"v=spf1 a/24//112", "+a/24//112"},
      {"v=spf1 a:mail.example.com//0", "+a:mail.example.com//0"},
      {"v=spf1 IP4:192.0.2.77/24", "+ip4:192.0.2.0/24"},
      {"v=spf1 ip4:0.0.0.0/0", "+ip4:0.0.0.0/0"},
      {"v=spf1 ip6:2001:DB8::/32", "+ip6:2001:db8::/32"},
      {"v=spf1 a:Mail.Example.COM.", "+a:mail.example.com"},
      {"v=spf1 Redirect=%{d}.test", "redirect=%{d}.test!"},
      {"v=spf1 a:%{d/}.test/24", "+a:%{d/}.test!/24"},
      {"v=spf1 moo.cow-far_out=man:dog/cat ip4:1.2.3.4 op=", "+ip4:1.2.3.4/32"},
      {"v=spf1 a:100%%.test", "+a:100%%.test!"},
      {"v=spf1 mx=x.test -all", "-all"},
  }));
  CHECK(parsed(text) == terms);
}

TEST_CASE("an all makes the redirect of the record void, wherever it stands") {
  CHECK(parsed("v=spf1 redirect=example.org ~all") == "~all");
  CHECK(parsed("v=spf1 -all redirect=example.org ip4:192.0.2.1") == "-all +ip4:192.0.2.1/32");
}

TEST_CASE("one term that can't be read is an error of the whole record") {
  const std::string term = GENERATE(
      as<std::string>(), "ip4", "ip4:", "ip4:192.0.2", "ip4:192.0.2.300", "ip4:192.0.2.1/33",
      "ip4:192.0.2.1/024", "ip4:192.0.2.1/", "ip4:2001:db8::1", "ip6:192.0.2.1",
      "ip6:2001:db8::1/129", "ip6:", "include", "include:", "include:.", "include:a..b", "exists",
      "include:x.test/24", "a:", "a:localhost", "a:192.0.2.1", "a/33", "a/24/64", "a///64",
      "a//129", "a//", "mx:x.test/", "all:x.test", "all/24", "al", "ip", "+", "++a", "a,mx",
      "redirect=", "redirect=x", "redirect=a.test redirect=b.test", "exp=a.test exp=b.test", "a:%",
      "a:%{", "a:%{x}.test", "a:%{d", "a:%a.test", "x=%", "=x", "ptr/24", "-redirect=a.test",
      "a:ex\xc3\xa4mple.test", "\x01");
  CHECK(parsed("v=spf1 ip4:192.0.2.1 " + term + " -all") == "error");
}

TEST_CASE("the error of a record names the term, made harmless and short") {
  const auto record = parse_spf("v=spf1 \x1b[31m" + std::string(1000, 'x'));
  REQUIRE_FALSE(record);
  CHECK(record.error().text.find("is no term of SPF") != std::string::npos);
  CHECK(record.error().text.find('\x1b') == std::string::npos);
  CHECK(record.error().text.size() < 200);
}
