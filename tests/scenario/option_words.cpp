// SPDX-License-Identifier: Apache-2.0
#include "option_words.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>

#include "core/text.hpp"

namespace rblwatch::scenario {

namespace {

using Words = std::vector<std::string>;

core::Millis duration(const std::string& text) {
  const auto parsed = core::parse_duration(text);
  if (!parsed) {
    throw std::runtime_error(parsed.error().text);
  }
  return *parsed;
}

template <class Enum>
Enum word_of(const std::string& text) {
  const auto value = core::enum_from<Enum>(text);
  if (!value) {
    throw std::runtime_error("unknown word '" + text + "'");
  }
  return *value;
}

/// Splits words into options: each known name begins one, with the values behind it.
std::map<std::string, Words> options_of(const Words& words, std::size_t from,
                                        const std::set<std::string>& names) {
  std::map<std::string, Words> options;
  std::string name;
  for (std::size_t i = from; i < words.size(); ++i) {
    if (names.count(words[i]) > 0) {
      name = words[i];
      options[name];
    } else if (name.empty()) {
      throw std::runtime_error("unknown option '" + words[i] + "'");
    } else {
      options[name].push_back(words[i]);
    }
  }
  return options;
}

const std::map<std::string, std::function<void(daemon::MonitorSetup&, const std::string&)>>&
keys() {
  using Setup = daemon::MonitorSetup;
  static const std::map<std::string, std::function<void(Setup&, const std::string&)>> known{
      {"interval", [](Setup& s, const std::string& v) { s.interval = duration(v); }},
      {"jitter", [](Setup& s, const std::string& v) { s.jitter = std::stod(v); }},
      {"confirmations",
       [](Setup& s, const std::string& v) {
         s.confirm.confirmations = static_cast<std::uint32_t>(std::stoul(v));
       }},
      {"confirm_after",
       [](Setup& s, const std::string& v) { s.confirm.confirm_after = duration(v); }},
      {"confirm_within",
       [](Setup& s, const std::string& v) { s.confirm.confirm_within = duration(v); }},
      {"confirm_via",
       [](Setup& s, const std::string& v) { s.confirm.via_authoritative = v == "authoritative"; }},
      {"health_interval",
       [](Setup& s, const std::string& v) { s.health.health_interval = duration(v); }},
      {"health_retry", [](Setup& s, const std::string& v) { s.health.health_retry = duration(v); }},
      {"breaker_share", [](Setup& s, const std::string& v) { s.breaker.share = std::stod(v); }},
      {"breaker_min",
       [](Setup& s, const std::string& v) {
         s.breaker.min = static_cast<std::uint32_t>(std::stoul(v));
       }},
      {"breaker_hold", [](Setup& s, const std::string& v) { s.breaker.hold = duration(v); }},
      {"boot_grace", [](Setup& s, const std::string& v) { s.boot_grace = duration(v); }}};
  return known;
}

void set_codes(lists::Zone& zone, const Words& codes) {
  for (const std::string& code : codes) {
    // CODE=MEANING[:PURPOSE]
    const auto equals = code.find('=');
    const auto colon = code.find(':', equals);
    lists::CodeEntry entry;
    entry.pattern = *lists::CodePattern::parse(code.substr(0, equals), zone.match);
    entry.meaning = code.substr(equals + 1, colon - equals - 1);
    entry.purpose =
        colon == std::string::npos ? zone.purpose : word_of<lists::Purpose>(code.substr(colon + 1));
    zone.codes.push_back(std::move(entry));
  }
}

}  // namespace

void set_options(const Words& words, daemon::MonitorSetup& setup) {
  for (std::size_t i = 0; i + 2 < words.size(); i += 3) {
    const auto key = keys().find(words[i]);
    if (key == keys().end() || words[i + 1] != "=") {
      throw std::runtime_error("config KEY = VALUE, not '" + words[i] + "'");
    }
    key->second(setup, words[i + 2]);
  }
}

lists::Zone make_zone(const Words& words) {
  const auto options =
      options_of(words, 2,
                 {"kinds", "purpose", "match", "severity", "codes", "refusals", "direct",
                  "contained_in", "interval", "qps", "waive_listed", "txt", "form"});
  const auto values = [&](const std::string& name) {
    const auto found = options.find(name);
    return found == options.end() ? Words{} : found->second;
  };
  lists::Zone zone;
  zone.id = words.at(1);
  zone.dns = *lists::ZoneDns::parse(zone.id + ".test");
  zone.operator_name = "Operator";
  for (const std::string& kind : values("kinds")) {
    zone.kinds.add(word_of<lists::Kind>(kind));
  }
  if (zone.kinds.is_empty()) {
    zone.kinds.add(lists::Kind::ipv4);
  }
  for (const std::string& word : values("purpose")) {
    zone.purpose = word_of<lists::Purpose>(word);
  }
  for (const std::string& word : values("match")) {
    zone.match = word_of<lists::MatchMode>(word);
  }
  for (const std::string& word : values("severity")) {
    zone.severity = word_of<lists::Severity>(word);
  }
  for (const std::string& word : values("form")) {
    zone.domain_form = word_of<lists::DomainForm>(word);
  }
  set_codes(zone, values("codes"));
  for (const std::string& word : values("refusals")) {
    zone.refusals.push_back(*lists::CodePattern::parse(word));
  }
  zone.contained_in = values("contained_in");
  for (const std::string& word : values("interval")) {
    zone.interval = duration(word);
  }
  for (const std::string& word : values("qps")) {
    zone.qps = std::stod(word);
  }
  if (options.count("direct") > 0) {
    zone.servers.push_back(*dns::Server::parse("127.0.0.2:53"));
  }
  zone.txt = options.count("txt") > 0;
  for (const lists::Kind kind : lists::kAllKinds) {
    zone.tests[static_cast<std::size_t>(kind)] = lists::default_test_entries(kind);
    if (options.count("waive_listed") > 0) {
      zone.tests[static_cast<std::size_t>(kind)].listed.reset();
    }
  }
  zone.lookup_url = "https://lists.example/q/{subject}";
  zone.delist_url = "https://lists.example/remove/{subject}";
  zone.delist_steps = {"Stop the cause."};
  return zone;
}

lists::Target make_target(const Words& words) {
  auto target = lists::parse_target_value(words.at(1));
  if (!target) {
    throw std::runtime_error(target.error().text);
  }
  for (const auto& [name, values] : options_of(words, 2, {"name", "tags", "zones", "follow"})) {
    if (name == "follow") {
      for (const std::string& value : values) {
        target->follow.push_back(core::enum_from<lists::Follow>(value).value());
      }
    } else if (name == "name") {
      target->name = values.at(0);
    } else if (name == "tags") {
      target->tags = values;
    } else {
      target->zones = values;
    }
  }
  return *target;
}

alerts::Channel make_channel(const Words& words) {
  alerts::Channel channel;
  channel.name = words.at(1);
  channel.url = core::Secret("https://alerts.test/hook");
  channel.group_wait = core::Millis(0);
  for (const auto& [type, word] : core::EnumWords<lists::EventType>::table) {
    if (type != lists::EventType::retired) {
      channel.events.push_back(type);
    }
  }
  for (const auto& [name, values] :
       options_of(words, 2, {"group_wait", "events", "purposes", "tags"})) {
    if (name == "group_wait") {
      channel.group_wait = duration(values.at(0));
    } else if (name == "tags") {
      channel.tags = values;
    } else if (name == "events") {
      channel.events.clear();
      for (const std::string& word : values) {
        channel.events.push_back(word_of<lists::EventType>(word));
      }
    } else {
      channel.purposes.clear();
      for (const std::string& word : values) {
        channel.purposes.push_back(word_of<lists::Purpose>(word));
      }
    }
  }
  return channel;
}

void reload_options(const Words& words, daemon::MonitorSetup& setup) {
  for (std::size_t i = 0; i < words.size();) {
    if (words[i] == "add") {
      setup.targets.push_back(make_target({"target", words.at(i + 1)}));
      i += 2;
    } else if (words[i] == "remove") {
      const std::string& value = words.at(i + 1);
      setup.targets.erase(std::remove_if(setup.targets.begin(), setup.targets.end(),
                                         [&](const auto& target) { return target.value == value; }),
                          setup.targets.end());
      i += 2;
    } else if (words[i] == "drop") {
      const std::string& id = words.at(i + 1);
      setup.zones.erase(std::remove_if(setup.zones.begin(), setup.zones.end(),
                                       [&](const auto& zone) { return zone.id == id; }),
                        setup.zones.end());
      i += 2;
    } else {
      set_options({words[i], words.at(i + 1), words.at(i + 2)}, setup);
      i += 3;
    }
  }
}

}  // namespace rblwatch::scenario
