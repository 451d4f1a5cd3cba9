// SPDX-License-Identifier: Apache-2.0
#include "lists/target.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "core/random.hpp"

namespace rblwatch::lists {

namespace {

using Texts = std::vector<std::string>;
constexpr std::uint64_t kPlenty = 4'194'304;

Target target(std::string_view value, std::string name = "") {
  Target made = parse_target_value(value).value();
  if (!name.empty()) {
    made.name = std::move(name);
  }
  return made;
}

Target range_less(std::string_view value, std::initializer_list<std::string_view> except) {
  Target made = target(value);
  for (const std::string_view text : except) {
    made.except.push_back(core::Cidr::parse(text).value());
  }
  return made;
}

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

SubjectTable table(std::vector<Target> targets, const HostBook& hosts = {}) {
  return SubjectTable::build(std::move(targets), hosts, kPlenty).value();
}

Texts all_subjects(const SubjectTable& of) {
  Texts texts;
  texts.reserve(of.size());
  for (std::uint32_t i = 0; i < of.size(); ++i) {
    texts.push_back(of.subject(SubjectIndex{i}).to_text());
  }
  return texts;
}

SubjectIndex index_of(const SubjectTable& in, std::string_view text) {
  return in.find(Subject::parse(text).value()).value();
}

Zone zone(std::string id, std::initializer_list<Kind> kinds) {
  Zone made;
  made.id = std::move(id);
  made.dns = ZoneDns::parse(made.id + ".example").value();
  for (const Kind kind : kinds) {
    made.kinds.add(kind);
  }
  return made;
}

}  // namespace

TEST_CASE("a target's value says what it is") {
  struct Row {
    std::string text;
    TargetType type;
    std::string value;
  };
  const auto row = GENERATE(Row{"192.0.2.10", TargetType::address, "192.0.2.10"},
                            Row{"2001:DB8::1", TargetType::address, "2001:DB8::1"},
                            Row{"::ffff:192.0.2.1", TargetType::address, "::ffff:192.0.2.1"},
                            Row{"198.51.100.0/24", TargetType::range, "198.51.100.0/24"},
                            Row{"192.0.2.1/32", TargetType::range, "192.0.2.1/32"},
                            Row{"2001:db8::/120", TargetType::range, "2001:db8::/120"},
                            Row{"host:Mail.Example.com.", TargetType::host, "mail.example.com"},
                            Row{"domain:example.com", TargetType::domain, "example.com"},
                            Row{"example.com", TargetType::domain, "example.com"},
                            Row{"bücher.example", TargetType::domain, "xn--bcher-kva.example"},
                            Row{"host:bücher.example", TargetType::host, "xn--bcher-kva.example"});
  CAPTURE(row.text);
  const Target made = parse_target_value(row.text).value();
  CHECK(made.type == row.type);
  CHECK(made.value == row.value);
  CHECK(made.name == made.value);
  const bool is_name = row.type == TargetType::host || row.type == TargetType::domain;
  CHECK(made.host.text() == (is_name ? row.value : ""));
}

TEST_CASE("a value that can't be right is refused with a reason") {
  struct Row {
    std::string text;
    std::string says;
  };
  const auto row = GENERATE(
      Row{"", "empty"}, Row{"192.0.2.300", "no IP address"},
      Row{"198.51.100.7/24", "198.51.100.0/24"}, Row{"198.51.100.0/33", "33"},
      Row{"2001:db8::/129", "129"}, Row{"2001:db8::zz", "no IP address"}, Row{"host:", "empty"},
      Row{"host:192.0.2.1", "is an address"}, Row{"domain:2001:db8::1", "is an address"},
      Row{"host:a b", "character"}, Row{"http://example.com", "no IP address"},
      Row{"a..b", "empty"}, Row{"\x1b[31m.example", "\\x1b"});
  CAPTURE(row.text);
  const auto made = parse_target_value(row.text);
  REQUIRE_FALSE(made);
  CHECK_THAT(made.error().text, Catch::Contains(row.says));
}

TEST_CASE("a line of a target file is a target, nothing, or an error") {
  struct Row {
    std::string line;
    std::string value;
    std::string name;
    Texts tags;
  };
  const auto row = GENERATE(
      Row{"192.0.2.10", "192.0.2.10", "192.0.2.10", {}},
      Row{"  192.0.2.10\tname=mx1  tags=a,b \r", "192.0.2.10", "mx1", {"a", "b"}},
      Row{"192.0.2.0/24 tags=office # the office", "192.0.2.0/24", "192.0.2.0/24", {"office"}},
      Row{"host:mail.example.com tags=a,b,a name=m=x", "mail.example.com", "m=x", {"a", "b"}},
      Row{"example.com#comment", "example.com", "example.com", {}},
      Row{"example.com name=büro", "example.com", "büro", {}}, Row{"", "", "", {}},
      Row{"   \t\r", "", "", {}}, Row{"# 192.0.2.1", "", "", {}}, Row{"  # x", "", "", {}});
  CAPTURE(row.line);
  const TargetLine line = parse_target_line(row.line);
  CHECK(line.error.empty());
  REQUIRE(line.target.has_value() == !row.value.empty());
  if (line.target) {
    CHECK(line.target->value == row.value);
    CHECK(line.target->name == row.name);
    CHECK(line.target->tags == row.tags);
  }
}

TEST_CASE("a bad line says what is wrong") {
  struct Row {
    std::string line;
    std::string says;
  };
  const auto row = GENERATE(
      Row{"192.0.2.999", "no IP address"}, Row{"192.0.2.1 mx1", "expected name=NAME"},
      Row{"192.0.2.1 nam=mx1", "expected name=NAME"}, Row{"192.0.2.1 name=", "printable"},
      Row{"192.0.2.1 name=a name=b", "given twice"}, Row{"192.0.2.1 tags=a,,b", "empty tag"},
      Row{"192.0.2.1 tags=", "printable"}, Row{"192.0.2.1 name=a\x1b[31m", "printable"},
      Row{"192.0.2.1 name=" + std::string(201, 'n'), "1 to 200 bytes"},
      Row{"192.0.2.1 tags=a," + std::string(201, 't'), "1 to 200 bytes"},
      Row{"192.0.2.1 name=\xff\xfe", "printable"}, Row{"192.0.2.1 192.0.2.2", "no option"},
      Row{"name=mx1 192.0.2.1", "character"});
  CAPTURE(row.line);
  const TargetLine line = parse_target_line(row.line);
  CHECK_FALSE(line.target);
  CHECK_THAT(line.error, Catch::Contains(row.says));
  CHECK(line.error.find('\x1b') == std::string::npos);
}

TEST_CASE("the distance of two addresses is counted over all their bytes") {
  CHECK(distance(ip("10.0.0.0"), ip("10.0.1.1")) == 257);
  CHECK(distance(ip("0.0.0.0"), ip("255.255.255.255")) == 4'294'967'295);
  CHECK(distance(ip("2001:db8::ffff"), ip("2001:db8::1:0")) == 1);
  CHECK(distance(ip("::fffe"), ip("::1:0:0:1")) == 0x1'0000'0001'0000 - 0xfffe - 0xffff);
  CHECK(distance(ip("::"), ip("::1:0:0:0:0")) == kUncountable);
  CHECK(distance(ip("::ffff:ffff:ffff:ffff"), ip("::1:0:0:0:0")) == 1);
}

TEST_CASE("a range has every address but its exceptions") {
  struct Row {
    Target target;
    std::uint64_t count;
  };
  const auto row = GENERATE(
      Row{target("192.0.2.10"), 1}, Row{target("198.51.100.0/24"), 256},
      Row{target("192.0.2.1/32"), 1}, Row{target("0.0.0.0/0"), 4'294'967'296},
      Row{target("2001:db8::/64"), kUncountable}, Row{target("::/0"), kUncountable},
      Row{target("2001:db8::/112"), 65'536}, Row{target("host:mail.example"), 0},
      Row{target("example.com"), 1},
      Row{range_less("198.51.100.0/24", {"198.51.100.7", "198.51.100.128/28"}), 239},
      Row{range_less("198.51.100.0/24",
                     {"198.51.100.128/28", "198.51.100.130", "198.51.100.128/28"}),
          240},
      Row{range_less("198.51.100.0/24", {"203.0.113.0/24", "2001:db8::1"}), 256},
      Row{range_less("198.51.100.0/24", {"198.51.100.0/24"}), 0},
      Row{range_less("198.51.100.0/24", {"198.51.0.0/16"}), 0},
      Row{range_less("198.51.100.0/30", {"198.51.100.0", "198.51.100.3"}), 2},
      Row{range_less("0.0.0.0/0", {"0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3", "224.0.0.0/4"}),
          268'435'456},
      Row{range_less("255.255.255.252/30", {"255.255.255.255"}), 3},
      Row{range_less("2001:db8::/64", {"2001:db8::/65"}), std::uint64_t{1} << 63U},
      Row{range_less("2001:db8::/64", {"2001:db8::/65", "2001:db8:0:0:8000::/66",
                                       "2001:db8:0:0:c000::/67", "2001:db8:0:0:e000::/68"}),
          std::uint64_t{1} << 60U});
  CAPTURE(row.target.value);
  CHECK(subject_count(row.target) == row.count);
}

TEST_CASE("subjects come sorted, each once, whatever holds them") {
  const SubjectTable made =
      table({target("example.com"), target("192.0.2.8/30"), target("192.0.2.9"),
             target("2001:db8::1"), target("::ffff:192.0.2.9"), target("a.example")});
  CHECK(all_subjects(made) == Texts{"192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11",
                                    "2001:db8::1", "a.example", "example.com"});
  for (std::uint32_t i = 0; i < made.size(); ++i) {
    CHECK(made.find(made.subject(SubjectIndex{i})) == SubjectIndex{i});
  }
  CHECK_FALSE(made.find(Subject::parse("192.0.2.12").value()));
  CHECK_FALSE(made.find(Subject::parse("b.example").value()));
}

TEST_CASE("a table without targets is empty") {
  const SubjectTable made = table({});
  CHECK(made.size() == 0);
  CHECK(made.targets().empty());
  CHECK_FALSE(made.find(Subject::parse("192.0.2.12").value()));
  CHECK_FALSE(SubjectTable().find(Subject::parse("192.0.2.12").value()));
}

TEST_CASE("ranges up to the last address of their family are whole") {
  CHECK(all_subjects(table({target("255.255.255.252/30")})) ==
        Texts{"255.255.255.252", "255.255.255.253", "255.255.255.254", "255.255.255.255"});
  CHECK(table({target("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc/126")}).size() == 4);
  CHECK(all_subjects(table({target("255.255.255.255"), target("::")})) ==
        Texts{"255.255.255.255", "::"});
}

TEST_CASE("a mapped IPv6 range is its IPv4 addresses") {
  CHECK(all_subjects(table({target("::ffff:192.0.2.0/127"), target("192.0.2.1/32")})) ==
        Texts{"192.0.2.0", "192.0.2.1"});
  CHECK(target("::ffff:192.0.2.8/125").range == core::Cidr::parse("192.0.2.8/29").value());
}

TEST_CASE("the most specific target speaks for a subject: address, host, domain, smaller range") {
  const std::vector<Target> targets{
      target("192.0.2.0/24", "wide"), target("192.0.2.0/28", "narrow"),
      target("example.com", "dom"),   target("host:mail.example.com", "host"),
      target("192.0.2.5", "one"),     target("192.0.2.4/31", "pair")};
  const HostBook hosts{{2, {ip("192.0.2.5"), ip("192.0.2.77")}},
                       {3, {ip("192.0.2.5"), ip("::ffff:192.0.2.5"), ip("2001:db8::5")}}};
  const SubjectTable made = table(targets, hosts);
  struct Row {
    std::string subject;
    Texts names;
  };
  const auto row =
      GENERATE(Row{"192.0.2.5", {"one", "host", "dom", "pair", "narrow", "wide"}},
               Row{"192.0.2.4", {"pair", "narrow", "wide"}}, Row{"192.0.2.3", {"narrow", "wide"}},
               Row{"192.0.2.0", {"narrow", "wide"}}, Row{"192.0.2.255", {"wide"}},
               Row{"192.0.2.77", {"dom", "wide"}}, Row{"2001:db8::5", {"host"}},
               Row{"example.com", {"dom"}});
  CAPTURE(row.subject);
  const SubjectIndex index = index_of(made, row.subject);
  CHECK(made.target_names(index) == row.names);
  CHECK(made.target_ref(index).name == row.names.front());
  Texts names;
  for (const TargetIndex holder : made.holders(index)) {
    names.push_back(made.targets()[holder.value].name);
    const std::vector<SubjectIndex> own = made.subjects_of(holder);
    CHECK(std::find(own.begin(), own.end(), index) != own.end());
  }
  CHECK(names == row.names);
}

TEST_CASE("tags of all targets that hold a subject are united") {
  Target wide = target("192.0.2.0/24", "net");
  wide.tags = {"office", "mail"};
  Target one = target("192.0.2.5", "mx1");
  one.tags = {"mail", "outbound"};
  const SubjectTable made = table({wide, one});
  CHECK(made.target_ref(index_of(made, "192.0.2.5")) ==
        TargetRef{"mx1", "192.0.2.5", {"mail", "outbound", "office"}});
  CHECK(made.target_ref(index_of(made, "192.0.2.6")) ==
        TargetRef{"net", "192.0.2.0/24", {"office", "mail"}});
}

TEST_CASE("a target's subjects leave out its exceptions but not other targets' addresses") {
  const SubjectTable made = table({range_less("192.0.2.0/29", {"192.0.2.2/31"}),
                                   target("192.0.2.2"), target("host:m.example")});
  const auto texts = [&made](std::uint32_t of) {
    Texts all;
    for (const SubjectIndex index : made.subjects_of(TargetIndex{of})) {
      all.push_back(made.subject(index).to_text());
    }
    return all;
  };
  CHECK(texts(0) ==
        Texts{"192.0.2.0", "192.0.2.1", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"});
  CHECK(texts(1) == Texts{"192.0.2.2"});
  CHECK(texts(2).empty());
}

TEST_CASE("the table agrees with counting by hand, on random targets") {
  core::SeededRandom random(7);
  for (int round = 0; round < 60; ++round) {
    std::vector<Target> targets;
    std::map<Subject, std::set<std::uint32_t>> holders;
    for (std::uint32_t t = 0; t < 8; ++t) {
      const auto prefix = static_cast<std::uint8_t>(26 + random.below(7));
      const core::Cidr own(
          core::IpAddress::v4(0xc0000200U + static_cast<std::uint32_t>(random.below(128))), prefix);
      Target made = target(own.to_text());
      for (std::uint64_t e = random.below(4); e > 0; --e) {
        made.except.emplace_back(
            core::IpAddress::v4(0xc0000200U + static_cast<std::uint32_t>(random.below(128))),
            static_cast<std::uint8_t>(27 + random.below(6)));
      }
      for (std::optional<core::IpAddress> a = own.first(); a && *a <= own.last(); a = a->next()) {
        const bool is_out = std::any_of(made.except.begin(), made.except.end(),
                                        [&a](const core::Cidr& hole) { return hole.contains(*a); });
        if (!is_out) {
          holders[Subject::of(*a)].insert(t);
        }
      }
      targets.push_back(std::move(made));
    }
    const SubjectTable made = table(targets);
    REQUIRE(made.size() == holders.size());
    std::uint32_t i = 0;
    for (const auto& [subject, expected] : holders) {
      REQUIRE(made.subject(SubjectIndex{i}) == subject);
      std::set<std::uint32_t> found;
      for (const TargetIndex holder : made.holders(SubjectIndex{i})) {
        found.insert(holder.value);
      }
      REQUIRE(found == expected);
      ++i;
    }
  }
}

TEST_CASE("too many subjects are refused by their count before any is made") {
  struct Row {
    std::vector<Target> targets;
    std::uint64_t most;
    std::string says;  // empty = allowed
  };
  const auto row = GENERATE(
      Row{{target("198.51.100.0/24")}, 256, ""},
      Row{{target("198.51.100.0/24")}, 255, "256 subjects"},
      Row{{target("10.0.0.0/8")}, kPlenty, "16777216 subjects"},
      Row{{target("10.0.0.0/8"), target("10.0.0.0/9"), target("example.com")},
          kPlenty,
          "16777217 subjects"},
      Row{{target("198.51.100.0/24"), target("198.51.100.0/25"), target("198.51.100.9")}, 256, ""},
      Row{{target("2001:db8::/64")}, kPlenty, "2001:db8::/64"},
      Row{{target("::/0"), target("::/0")}, kPlenty, "2^64 subjects or more"},
      Row{{target("192.0.2.1"), target("a.example")}, 1, "2 subjects"},
      Row{{target("a.example"), target("domain:a.example")}, 1, ""});
  const auto made = SubjectTable::build(row.targets, {}, row.most);
  REQUIRE(made.has_value() == row.says.empty());
  if (!made) {
    CHECK(made.error().kind == core::Error::Kind::limit);
    CHECK_THAT(made.error().text, Catch::Contains(row.says) && Catch::Contains("max_subjects"));
  }
}

TEST_CASE("a pair is asked when the kinds agree and any of its targets wants the zone") {
  Target all = target("192.0.2.0/24");
  all.skip_zones = {"b"};
  Target one = target("192.0.2.5");
  one.zones = {"b"};
  Target six = target("2001:db8::5");
  const SubjectTable made = table({all, one, six, target("example.com")});
  const Zone a = zone("a", {Kind::ipv4});
  const Zone b = zone("b", {Kind::ipv4, Kind::ipv6});
  const Zone d = zone("d", {Kind::domain});
  struct Row {
    std::string subject;
    Zone zone;
    bool is_asked;
    bool is_unsupported;
  };
  const auto row =
      GENERATE_COPY(Row{"192.0.2.5", a, true, false}, Row{"192.0.2.5", b, true, false},
                    Row{"192.0.2.6", a, true, false}, Row{"192.0.2.6", b, false, false},
                    Row{"2001:db8::5", a, false, true}, Row{"2001:db8::5", b, true, false},
                    Row{"2001:db8::5", d, false, false}, Row{"192.0.2.5", d, false, false},
                    Row{"192.0.2.5", zone("six", {Kind::ipv6}), false, true},
                    Row{"example.com", a, false, false}, Row{"example.com", d, true, false});
  CAPTURE(row.subject, row.zone.id);
  const SubjectIndex index = index_of(made, row.subject);
  CHECK(made.is_asked(index, row.zone) == row.is_asked);
  CHECK(made.is_unsupported(index, row.zone) == row.is_unsupported);
}

TEST_CASE("zones of a target are named by id or DNS name, and skipping wins") {
  struct Row {
    Texts zones;
    Texts skip;
    bool is_asked;
  };
  const auto row = GENERATE(Row{{}, {}, true}, Row{{"corp"}, {}, true}, Row{{"CORP"}, {}, true},
                            Row{{"corp.example"}, {}, true}, Row{{"other"}, {}, false},
                            Row{{}, {"corp.example"}, false}, Row{{"corp"}, {"corp"}, false},
                            Row{{"other", "corp"}, {"third"}, true});
  Target one = target("192.0.2.5");
  one.zones = row.zones;
  one.skip_zones = row.skip;
  const SubjectTable made = table({one});
  CHECK(made.is_asked(SubjectIndex{0}, zone("corp", {Kind::ipv4})) == row.is_asked);
}

TEST_CASE("an unwanted zone is not unsupported") {
  Target six = target("2001:db8::5");
  six.skip_zones = {"a"};
  const SubjectTable made = table({six});
  CHECK_FALSE(made.is_unsupported(SubjectIndex{0}, zone("a", {Kind::ipv4})));
  CHECK(made.is_unsupported(SubjectIndex{0}, zone("b", {Kind::ipv4})));
}

TEST_CASE("the shortest interval of a subject's targets counts") {
  using namespace std::chrono_literals;
  Target wide = target("192.0.2.0/24");
  Target narrow = target("192.0.2.0/28");
  narrow.interval = 10min;
  Target one = target("192.0.2.5");
  one.interval = 1h;
  const SubjectTable made = table({wide, narrow, one});
  const Zone corp = zone("corp", {Kind::ipv4});
  CHECK(made.interval_of(index_of(made, "192.0.2.5"), corp, 2h) == core::Millis(10min));
  CHECK(made.interval_of(index_of(made, "192.0.2.99"), corp, 2h) == core::Millis(2h));
}

TEST_CASE("a target's interval is for its own zones, and takes nothing from another target") {
  using namespace std::chrono_literals;
  Target eager = target("192.0.2.5");
  eager.interval = 10s;
  eager.zones = {"corp"};
  Target lazy = target("192.0.2.6");
  lazy.interval = 24h;
  Target alone = target("198.51.100.6");
  alone.interval = 24h;
  const SubjectTable made = table({target("192.0.2.0/24"), eager, lazy, alone});
  const Zone corp = zone("corp", {Kind::ipv4});
  Zone slow = zone("slow", {Kind::ipv4});
  slow.interval = 1h;
  CHECK(made.interval_of(index_of(made, "192.0.2.5"), corp, 30min) == core::Millis(10s));
  CHECK(made.interval_of(index_of(made, "192.0.2.5"), slow, 30min) == core::Millis(1h));
  CHECK(made.interval_of(index_of(made, "192.0.2.6"), corp, 30min) == core::Millis(30min));
  CHECK(made.interval_of(index_of(made, "198.51.100.6"), corp, 30min) == core::Millis(24h));
}

}  // namespace rblwatch::lists
