// SPDX-License-Identifier: Apache-2.0
#include "story.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "core/text.hpp"
#include "lists/query_name.hpp"
#include "option_words.hpp"

namespace rblwatch::scenario {

namespace {

using Words = std::vector<std::string>;

const std::map<std::string, Mode>& modes() {
  static const std::map<std::string, Mode> known{{"works", Mode::fine},
                                                 {"times_out", Mode::times_out},
                                                 {"servfails", Mode::servfails},
                                                 {"refuses_rcode", Mode::refuses_rcode},
                                                 {"refuses_resolver", Mode::refuses_resolver},
                                                 {"refuses_mixed", Mode::refuses_mixed},
                                                 {"rewrites_denials", Mode::rewrites_denials},
                                                 {"lists_everything", Mode::lists_everything},
                                                 {"answers_outside", Mode::outside},
                                                 {"is_emptied", Mode::emptied},
                                                 {"is_stale", Mode::stale},
                                                 {"is_lame", Mode::lame}};
  return known;
}

core::Millis duration(const std::string& text) {
  const auto parsed = core::parse_duration(text);
  if (!parsed) {
    throw std::runtime_error(parsed.error().text);
  }
  return *parsed;
}

/// The addresses or names that a subject's text stands for: itself, or every address of a range.
std::vector<lists::Subject> subjects_in(const std::string& text) {
  if (text.find('/') == std::string::npos) {
    return {*lists::Subject::parse(text)};
  }
  const auto range = core::Cidr::parse(text);
  std::vector<lists::Subject> subjects;
  for (auto address = std::optional(range->first()); address && range->contains(*address);
       address = address->next()) {
    subjects.push_back(lists::Subject::of(*address));
  }
  return subjects;
}

}  // namespace

std::vector<Line> read_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) {
    throw std::runtime_error(file.string() + ": can't be read");
  }
  std::vector<Line> lines;
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    Line line{number, {}};
    bool is_quoted = false;
    bool is_open = false;
    for (const char c : text) {
      if (c == '#' && !is_quoted) {
        break;
      }
      if (c == '"') {
        is_quoted = !is_quoted;
        if (is_quoted && !is_open) {
          line.words.emplace_back();
          is_open = true;
        }
      } else if (!is_quoted && (c == ' ' || c == ',')) {
        is_open = false;
      } else {
        if (!is_open) {
          line.words.emplace_back();
          is_open = true;
        }
        line.words.back() += c;
      }
    }
    if (!line.words.empty()) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

core::Micros parse_moment(const std::string& text) {
  core::Micros sum{0};
  std::string part;
  for (std::size_t i = 0; i < text.size(); ++i) {
    part += text[i];
    const bool ends =
        i + 1 == text.size() || (std::isalpha(static_cast<unsigned char>(text[i])) != 0 &&
                                 std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0);
    if (ends) {
      sum += duration(part);
      part.clear();
    }
  }
  return sum;
}

Story::Story(const std::filesystem::path& file, std::uint64_t seed) : file_(file), stage_(seed) {
  for (const Line& line : read_lines(file)) {
    try {
      take(line);
    } catch (const std::exception& error) {
      throw std::runtime_error(file.string() + ":" + std::to_string(line.number) + ": " +
                               error.what());
    }
  }
  std::stable_sort(steps_.begin(), steps_.end(),
                   [](const Step& a, const Step& b) { return a.at < b.at; });
}

void Story::take(const Line& line) {
  const std::string& verb = line.words.front();
  if (verb == "config") {
    take_config(line.words);
  } else if (verb == "zone") {
    take_zone(line.words);
  } else if (verb == "target") {
    take_target(line.words);
  } else if (verb == "channel") {
    take_channel(line.words);
  } else if (verb == "at") {
    take_step(line);
  } else if (verb == "expect") {
    take_expectation(line);
  } else if (verb == "until") {
    end_ = parse_moment(line.words.at(1));
  } else {
    throw std::runtime_error("what is '" + verb + "'?");
  }
}

void Story::take_config(const Words& words) {
  set_options({words.begin() + 1, words.end()}, stage_.setup);
}

void Story::take_zone(const Words& words) {
  const lists::Zone made = make_zone(words);
  ZoneModel model;
  model.suffix = made.dns.pattern();
  stage_.resolver.zones[made.id] = std::move(model);
  stage_.setup.zones.push_back(made);
}

void Story::take_target(const Words& words) {
  stage_.setup.targets.push_back(make_target(words));
}

void Story::take_channel(const Words& words) {
  stage_.setup.channels.push_back(make_channel(words));
}

lists::Zone& Story::zone(const std::string& id) {
  for (lists::Zone& one : stage_.setup.zones) {
    if (one.id == id) {
      return one;
    }
  }
  throw std::runtime_error("no zone " + id);
}

void Story::take_step(const Line& line) {
  const Words& words = line.words;
  core::Micros at = parse_moment(words.at(1));
  // at T [every T until T]
  const bool is_repeated = words.at(2) == "every";
  const Words rest(words.begin() + (is_repeated ? 6 : 2), words.end());
  const core::Micros last = is_repeated ? parse_moment(words.at(5)) : at;
  const core::Micros pause = is_repeated ? parse_moment(words.at(3)) : core::Micros(1);
  const std::function<void()> act = step_of(rest);
  for (; at <= last; at += pause) {
    steps_.push_back({at, line.number, act});
  }
  end_ = std::max(end_, last);
}

std::function<void()> Story::step_of(const Words& rest) {
  if (rest.front() == "restart") {
    const Words options(rest.begin() + 1, rest.end());
    return [this, options] {
      reload_options(options, stage_.setup);
      stage_.restart();
    };
  }
  if (rest.front() == "clock") {
    const bool is_back = rest.at(1).front() == '-';
    const core::Millis by = duration(rest.at(1).substr(1));
    return [this, by, is_back] { stage_.clock.jump(is_back ? -by : by); };
  }
  if (rest.front() == "sleep") {
    const core::Millis by = duration(rest.at(1));
    return [this, by] { stage_.clock.advance(by); };
  }
  if (rest.front() == "carrier") {
    const bool fails = rest.at(1) == "fails";
    return [this, fails] { stage_.carrier.is_failing = fails; };
  }
  if (rest.front() == "disk") {
    const bool works = rest.at(1) == "works";
    return [this, works] { stage_.set_disk(works); };
  }
  if (rest.front() == "resolver") {
    return resolver_step(rest);
  }
  if (rest.front() == "host") {
    return
        [this, rest] { stage_.resolver.hosts[rest.at(1)] = Words(rest.begin() + 3, rest.end()); };
  }
  if (rest.front() == "dns") {
    return dns_step(rest);
  }
  if (rest.front() == "release") {
    return [this, rest] { static_cast<void>(stage_.release(rest.at(1))); };
  }
  if (rest.front() == "reload") {
    const Words options(rest.begin() + 1, rest.end());
    return [this, options] {
      reload_options(options, stage_.setup);
      stage_.reload();
    };
  }
  return zone_step(rest);
}

std::function<void()> Story::dns_step(const Words& words) {
  const std::string name = words.at(1);
  const std::string& what = words.at(2);
  if (what == "fails") {
    return [this, name] { stage_.resolver.failing.insert(name); };
  }
  if (what == "works") {
    return [this, name] { stage_.resolver.failing.erase(name); };
  }
  if (what != "MX" && what != "TXT") {
    throw std::runtime_error("MX, TXT, fails or works, not " + what);
  }
  const dns::QType type = what == "MX" ? dns::QType::mx : dns::QType::txt;
  const Words values(words.begin() + 3, words.end());
  return [this, name, type, values] { stage_.resolver.records[name][type] = values; };
}

std::function<void()> Story::resolver_step(const Words& words) {
  const Mode mode = modes().at(words.at(1));
  return [this, mode] {
    stage_.resolver.resolver_mode = mode == Mode::fine ? std::nullopt : std::optional(mode);
  };
}

std::function<void()> Story::zone_step(const Words& words) {
  const std::string id = words.front();
  zone(id);
  if (words.at(1) == "answers") {
    return answers_step(id, words);
  }
  if (words.at(1) == "loses") {
    const double share = std::stod(words.at(2)) / 100;
    return [this, id, share] { stage_.resolver.zones.at(id).loss = share; };
  }
  if (words.at(1) == "keeps_test_entry") {
    const auto ttl = std::chrono::duration_cast<core::Seconds>(duration(words.at(2)));
    return [this, id, ttl] { stage_.resolver.zones.at(id).test_ttl = ttl; };
  }
  if (words.at(1) == "has_no_ipv6_test_entry") {
    return [this, id] { stage_.resolver.zones.at(id).has_ipv6_test_entry = false; };
  }
  if (words.at(1) == "own_servers") {
    return own_servers_step(id, words.at(2));
  }
  const Mode mode = modes().at(words.at(1));
  const std::string code = words.size() > 3 ? words[3] : "127.0.0.2";
  return [this, id, mode, code] {
    ZoneModel& model = stage_.resolver.zones.at(id);
    model.mode = mode;
    model.wildcard_code = code;
  };
}

// ZONE own_servers MODE | are_unknown | are_like_it
std::function<void()> Story::own_servers_step(const std::string& id, const std::string& word) {
  const bool is_named = word != "are_unknown";
  const bool differs = is_named && word != "are_like_it";
  const std::optional<Mode> mode = differs ? std::optional(modes().at(word)) : std::nullopt;
  return [this, id, is_named, mode] {
    ZoneModel& model = stage_.resolver.zones.at(id);
    model.has_servers_named = is_named;
    model.own_mode = mode;
  };
}

// ZONE answers SUBJECT with CODE… | NXDOMAIN | SERVFAIL [ttl T] [txt "…"]
std::function<void()> Story::answers_step(const std::string& id, const Words& words) {
  Entry entry;
  std::size_t i = 4;
  for (; i < words.size() && words[i] != "ttl" && words[i] != "txt"; ++i) {
    entry.codes.push_back(words[i]);
  }
  for (; i + 1 < words.size(); i += 2) {
    if (words[i] == "ttl") {
      entry.ttl = std::chrono::duration_cast<core::Seconds>(duration(words[i + 1]));
    } else {
      entry.txt = words[i + 1];
    }
  }
  const bool is_gone = entry.codes.front() == "NXDOMAIN";
  return [this, id, entry, is_gone, subject_text = words.at(2)] {
    ZoneModel& model = stage_.resolver.zones.at(id);
    for (const lists::Subject& subject : subjects_in(subject_text)) {
      const std::string labels = lists::subject_labels(zone(id), subject).front();
      if (is_gone) {
        model.entries.erase(labels);
        model.negative_ttl = entry.ttl;
      } else {
        model.entries[labels] = entry;
      }
    }
  };
}

std::vector<std::string> Story::play() {
  stage_.start();
  for (const Step& step : steps_) {
    stage_.run_until(step.at);
    step.act();
  }
  stage_.run_until(end_);
  for (const Expectation& expected : expectations_) {
    if (!expected.holds()) {
      failures_.push_back(file_.string() + ":" + std::to_string(expected.line) +
                          ": not as told: " + expected.text);
    }
  }
  return failures_;
}

std::string Story::log() const {
  std::ostringstream out;
  const auto moment = [](core::Micros at) {
    return core::to_duration_text(std::chrono::duration_cast<core::Millis>(at));
  };
  for (const Happened& happened : stage_.events()) {
    out << "  " << moment(happened.at) << "  event " << core::enum_word(happened.event.type) << ' '
        << (happened.event.subject.empty() ? "-" : happened.event.subject) << ' '
        << (happened.event.zone ? happened.event.zone->id : "-") << ' '
        << core::join(happened.event.codes, " ") << ' ' << happened.event.cause << '\n';
  }
  for (const FakeCarrier::Kept& kept : stage_.carrier.kept) {
    out << "  " << moment(kept.at) << "  delivery " << kept.channel << ' '
        << kept.text.substr(0, 300) << '\n';
  }
  return out.str();
}

}  // namespace rblwatch::scenario
