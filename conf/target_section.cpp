// SPDX-License-Identifier: Apache-2.0
#include "conf/target_section.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/file.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

using lists::Target;
using lists::TargetType;

constexpr std::size_t kMaxFileBytes = 64 * std::size_t{1024} * 1024;
constexpr std::array<const char*, 5> kForms{"address", "range", "host", "domain", "file"};

std::vector<std::string> read_tags(Section& section) {
  std::vector<PlacedText> given;
  std::vector<std::string> tags;
  section.texts("tags", given);
  for (const PlacedText& tag : given) {
    if (!lists::is_target_text(tag.value) || tag.value.find(',') != std::string::npos) {
      section.findings().error(tag.place, tag.key, core::quoted(tag.value) + " is no tag",
                               "expected 1 to 200 bytes of printable text without a comma");
    } else if (std::find(tags.begin(), tags.end(), tag.value) == tags.end()) {
      tags.push_back(tag.value);
    }
  }
  return tags;
}

core::Result<Target> address_of(const std::string& text) {
  if (text.find('/') != std::string::npos) {
    return core::fail(
        core::Error::Kind::invalid,
        core::quoted(text) + " is a range: expected one address, or range instead of address");
  }
  const core::Result<core::IpAddress> address = core::IpAddress::parse(text);
  if (!address) {
    return tl::make_unexpected(address.error());
  }
  return lists::parse_target_value(text);
}

core::Result<Target> range_of(const std::string& text) {
  const core::Result<core::Cidr> range = core::Cidr::parse(text);
  if (!range) {
    return tl::make_unexpected(range.error());
  }
  Target target;
  target.type = TargetType::range;
  target.value = target.name = text;
  target.range = range->unmapped();
  return target;
}

/// An error's text with the value that it is about, where it lacks it.
std::string naming(const std::string& value, const core::Error& error) {
  return error.text.find(value) != std::string::npos ? error.text
                                                     : core::quoted(value) + ": " + error.text;
}

/// Where the word of a line of targets begins that is wrong, or its name, else its value; in
/// characters from 1 on.
std::uint32_t column_of(std::string_view line, const lists::TargetLine& parsed) {
  const char* found = nullptr;
  for (const std::string_view word : core::split_blanks(line.substr(0, line.find('#')))) {
    if (word.empty()) {
      continue;
    }
    const std::size_t end = static_cast<std::size_t>(word.data() - line.data()) + word.size();
    const bool is_first = found == nullptr;
    const bool is_wrong =
        !parsed.error.empty() && !lists::parse_target_line(line.substr(0, end)).error.empty();
    if (is_first || is_wrong || word.starts_with("name=")) {
      found = word.data();
    }
    if (is_wrong) {
      break;
    }
  }
  if (found == nullptr) {
    return 1;  // nothing but a comment
  }
  const auto characters = std::count_if(
      line.data(), found, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
  return static_cast<std::uint32_t>(characters) + 1;
}

/// Counts of addresses: a /64 alone is one more than 64 bits can say.
__extension__ using Wide = unsigned __int128;
constexpr Wide kWidest = ~Wide{0};

Wide number_of(const core::IpAddress& address) {
  Wide number = 0;
  for (const std::uint8_t byte : address.bytes()) {
    number = number << 8U | byte;
  }
  return number;
}

Wide add_steps(Wide count, Wide steps) {
  return steps > kWidest - count ? kWidest : count + steps;
}

/// The number of addresses in the spans, those of several counted once; at most kWidest.
Wide united_size(std::vector<lists::AddressSpan> spans) {
  std::sort(spans.begin(), spans.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Wide count = 0;
  std::optional<core::IpAddress> counted_to;
  for (const lists::AddressSpan& span : spans) {
    const bool is_apart =
        !counted_to || counted_to->is_v4() != span.first.is_v4() || *counted_to < span.first;
    if (is_apart || *counted_to < span.last) {
      const core::IpAddress& from = is_apart ? span.first : *counted_to;
      count = add_steps(count, number_of(span.last) - number_of(from));
      count = add_steps(count, is_apart ? 1 : 0);
      counted_to = span.last;
    }
  }
  return count;
}

/// In plain digits: programs look for it.
std::string text_of(Wide count) {
  if (count == kWidest) {
    return "2^128";
  }
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(count % 10));
    count /= 10;
  } while (count > 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

void TargetReader::read_zone_names(Section& section, const std::string& key, bool must_be_in_use,
                                   std::vector<std::string>& out) const {
  std::vector<PlacedText> given;
  section.texts(key, given);
  for (const PlacedText& name : given) {
    const ZoneNames::Known* zone = zones_.find(name.value);
    if (zone == nullptr && !zones_.is_complete()) {
      continue;
    }
    if (zone == nullptr) {
      findings_.error(name.place, name.key, core::quoted(name.value) + " is no zone",
                      suggestion(name.value, zones_.all(), "expected the id of a zone"));
    } else if (must_be_in_use && !zone->is_in_use) {
      findings_.error(name.place, name.key, core::quoted(name.value) + " is not in use",
                      "add it to catalogue.use");
    } else if (std::find(out.begin(), out.end(), zone->id) == out.end()) {
      out.push_back(zone->id);
    }
  }
}

Target TargetReader::read_common(Section& section) {
  Target common;
  PlacedText name;
  if (section.placed_text("name", name)) {
    if (lists::is_target_text(name.value)) {
      common.name = name.value;
    } else {
      section.error("name", core::quoted(name.value) + " is no name",
                    "expected 1 to 200 bytes of printable text");
    }
  }
  common.tags = read_tags(section);
  read_zone_names(section, "zones", true, common.zones);
  read_zone_names(section, "skip_zones", false, common.skip_zones);
  PlacedText interval;
  const bool is_empty = section.has("interval") &&
                        std::holds_alternative<std::string>(section.take("interval")->node.value) &&
                        section.placed_text("interval", interval) && interval.value.empty();
  if (!is_empty) {
    section.duration("interval", common.interval, kFromOneSecond);
  }
  return common;
}

void TargetReader::read(Section& section) {
  keys_.push_back(section.path());
  Target common = read_common(section);
  std::vector<std::string> given;
  for (const char* form : kForms) {
    if (section.has(form)) {
      given.emplace_back(form);
    }
    section.take(form);
  }
  if (given.empty()) {
    findings_.error(section.place(), section.path(), "says nothing to watch",
                    "expected exactly one of address, range, host, domain and file");
  } else if (given.size() > 1) {
    section.error(given[1], "is given beside " + given[0],
                  "expected exactly one of address, range, host, domain and file");
  } else if (given[0] == "file") {
    read_file(section, common);
  } else {
    const auto form = std::find(kForms.begin(), kForms.end(), given[0]) - kForms.begin();
    read_value(section, static_cast<Form>(form), given[0], std::move(common));
  }
  const bool is_range = given.size() == 1 && given[0] == "range";
  const bool is_domain = given.size() == 1 && given[0] == "domain";
  if (section.has("except") && given.size() == 1 && !is_range) {
    section.error("except", "is for ranges only", "leave it out");
  }
  if (section.has("follow") && given.size() == 1 && !is_domain) {
    section.error("follow", "is for domains only", "leave it out");
  }
  section.take("except");
  section.take("follow");
  section.finish();
}

void TargetReader::read_value(Section& section, Form form, const std::string& key, Target common) {
  // Read even where the value is wrong: all errors are told at once.
  const std::vector<Hole> except = form == Form::range ? read_except(section) : std::vector<Hole>();
  std::vector<lists::Follow> follow;
  if (form == Form::domain) {
    section.words("follow", follow);
  }
  PlacedText text;
  if (!section.placed_text(key, text)) {
    return;
  }
  core::Result<Target> target = form == Form::address ? address_of(text.value)
                                : form == Form::range
                                    ? range_of(text.value)
                                    : lists::parse_target_value(key + ":" + text.value);
  if (!target) {
    const std::string example = form == Form::address ? "an address, as 192.0.2.10"
                                : form == Form::range ? "a range, as 192.0.2.0/24"
                                                      : "a name, as mail.example.com";
    section.error(key, naming(text.value, target.error()), "expected " + example);
    return;
  }
  const bool has_own_name = !common.name.empty();
  if (has_own_name) {
    target->name = common.name;
  }
  target->tags = std::move(common.tags);
  target->zones = std::move(common.zones);
  target->skip_zones = std::move(common.skip_zones);
  target->interval = common.interval;
  target->follow = std::move(follow);
  add_holes(except, *target);
  const Place place = has_own_name ? section.place_of("name") : text.place;
  const auto own = static_cast<std::uint32_t>(keys_.size() - 1);
  add(std::move(*target), {place, own, has_own_name, false});
}

std::vector<TargetReader::Hole> TargetReader::read_except(Section& section) const {
  std::vector<PlacedText> given;
  std::vector<Hole> holes;
  section.texts("except", given);
  for (PlacedText& text : given) {
    if (const core::Result<core::Cidr> range = core::Cidr::parse(text.value)) {
      holes.push_back({range->unmapped(), std::move(text)});
    } else {
      findings_.error(text.place, text.key, naming(text.value, range.error()),
                      "expected an address or a range");
    }
  }
  return holes;
}

void TargetReader::add_holes(const std::vector<Hole>& holes, Target& target) const {
  for (const auto& [range, text] : holes) {
    if (target.range.contains(range.first()) && target.range.contains(range.last())) {
      target.except.push_back(range);
    } else {
      findings_.error(text.place, text.key, core::quoted(text.value) + " is not within the range",
                      "expected a part of " + target.range.to_text());
    }
  }
}

void TargetReader::read_file(Section& section, const Target& common) {
  if (!common.name.empty()) {
    section.error("name", "the targets of a file have names of their own",
                  "in the file: VALUE name=NAME");
  }
  PlacedText file;
  if (!section.placed_text("file", file)) {
    return;
  }
  if (file.value.empty()) {
    section.error("file", "names no file", "expected a file with a target on each line");
    return;
  }
  const std::filesystem::path shown = findings_.resolve_shown(file.place, file.value);
  const core::Result<std::string> text =
      core::read_file(findings_.resolve(file.place, file.value), kMaxFileBytes);
  if (!text) {
    section.error("file", text.error().text, "expected a file with a target on each line");
    return;
  }
  read_lines(*text, findings_.add_file(shown), common);
}

void TargetReader::read_lines(std::string_view text, std::uint32_t file, const Target& common) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  const auto section = static_cast<std::uint32_t>(keys_.size() - 1);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  targets_.reserve(targets_.size() + lines + 1);
  origins_.reserve(origins_.size() + lines + 1);
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    lists::TargetLine line = lists::parse_target_line(whole);
    text.remove_prefix(std::min(end + 1, text.size()));
    const Place place{file, number, column_of(whole, line)};
    if (!line.error.empty()) {
      findings_.error(place, dotted(keys_.back(), "file"), line.error,
                      "expected VALUE [name=NAME] [tags=a,b]");
    }
    if (!line.target) {
      continue;
    }
    Target& target = *line.target;
    for (const std::string& tag : common.tags) {
      if (std::find(target.tags.begin(), target.tags.end(), tag) == target.tags.end()) {
        target.tags.push_back(tag);
      }
    }
    target.zones = common.zones;
    target.skip_zones = common.skip_zones;
    target.interval = common.interval;
    const bool has_own_name = target.name != target.value;
    add(std::move(target), {place, section, has_own_name, true});
  }
}

void TargetReader::add(Target target, Origin origin) {
  targets_.push_back(std::move(target));
  origins_.push_back(origin);
}

/// A name of somebody's choice must be nobody else's; the same value may be written twice, and be a
/// host and a domain.
void TargetReader::check_names() {
  std::unordered_map<std::string_view, std::size_t> first;
  first.reserve(targets_.size());
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const auto [known, is_new] = first.emplace(targets_[i].name, i);
    const std::size_t other = known->second;
    if (is_new) {
      continue;
    }
    const std::string& path = keys_[origins_[i].section];
    const bool is_chosen = origins_[i].has_own_name || origins_[other].has_own_name;
    const TargetType type = targets_[i].type;
    const bool is_name = type == TargetType::host || type == TargetType::domain;
    const bool is_same = !is_name || type == targets_[other].type;
    std::string text = core::quoted(targets_[i].name);
    text += is_chosen ? " is used twice"
            : is_same ? " is a target twice"
                      : " is the name of two targets";
    text += "; the other one is at " + findings_.place_text(origins_[other].place);
    if (is_chosen) {
      findings_.error(origins_[i].place, dotted(path, origins_[i].is_of_file ? "file" : "name"),
                      text, "a name for each target");
    } else {
      findings_.warning(origins_[i].place, path, text,
                        is_same ? "leave one of them out" : "give one of them a name");
    }
  }
}

std::uint64_t TargetReader::count_subjects() const {
  std::uint64_t count = 0;
  for (const Target& target : targets_) {
    count = lists::add_counts(count, lists::subject_count(target));
  }
  return count;
}

void TargetReader::check_count(std::uint64_t max_subjects) {
  if (count_subjects() <= max_subjects) {
    return;
  }
  std::vector<lists::AddressSpan> spans;
  std::vector<std::string_view> domains;
  std::size_t largest = 0;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const std::vector<lists::AddressSpan> more = lists::address_spans(targets_[i]);
    spans.insert(spans.end(), more.begin(), more.end());
    if (targets_[i].type == TargetType::domain) {
      domains.push_back(targets_[i].value);
    }
    if (lists::subject_count(targets_[i]) > lists::subject_count(targets_[largest])) {
      largest = i;
    }
  }
  std::sort(domains.begin(), domains.end());
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
  const Wide count = add_steps(united_size(std::move(spans)), domains.size());
  if (count <= max_subjects) {
    return;  // some are of several targets
  }
  findings_.error(
      origins_[largest].place, keys_[origins_[largest].section],
      "the targets have " + text_of(count) + " subjects, most of them here: more than max_subjects",
      "expected at most " + std::to_string(max_subjects) +
          "; watch a smaller range, or raise daemon.max_subjects");
}

std::vector<Target> TargetReader::finish(std::uint64_t max_subjects) {
  check_names();
  check_count(max_subjects);
  return std::move(targets_);
}

}  // namespace rblwatch::conf
