// SPDX-License-Identifier: Apache-2.0
#include "conf/channel_section.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "alerts/signature.hpp"
#include "conf/mail_section.hpp"
#include "conf/secrets.hpp"
#include "conf/settings.hpp"
#include "conf/url.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

using alerts::Channel;
using alerts::ChannelType;
using core::Millis;

constexpr std::size_t kMaxName = 64;
constexpr Durations kGroupWait{Millis(0), Millis(24LL * 3'600'000)};

/// Types of the contract that are still to come.
const std::vector<std::string>& later_types() {
  static const std::vector<std::string> kTypes{"discord",   "teams",        "telegram",
                                               "pagerduty", "alertmanager", "command"};
  return kTypes;
}

bool is_among(const std::string& word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_printable(const std::string& text) {
  return !text.empty() && text.size() <= kMaxName &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }) &&
         core::to_utf8(core::Untrusted(text)) == text;
}

std::string types_of_now() {
  return either_of(words_of<ChannelType>());
}

/// The word as given where it is one of the contract's; else "" and an error.
std::string read_type(Section& section, Channel& channel) {
  PlacedText type;
  if (!section.has("type")) {
    section.missing("type", "expected " + types_of_now());
  }
  if (!section.placed_text("type", type)) {
    return "";
  }
  if (is_among(type.value, later_types())) {
    section.error("type", "channels of type " + type.value + " don't exist yet",
                  "expected " + types_of_now());
    return type.value;
  }
  if (const auto known = core::enum_from<ChannelType>(type.value)) {
    channel.type = *known;
    return type.value;
  }
  std::vector<std::string> all = words_of<ChannelType>();
  all.insert(all.end(), later_types().begin(), later_types().end());
  const std::string near = did_you_mean(type.value, all);
  section.error("type", core::quoted(type.value) + " is no type of channel",
                (near.empty() ? "" : near + " ") + "expected " + types_of_now());
  return "";
}

void read_url(Section& section, Channel& channel) {
  const std::uint64_t errors = section.findings().error_count();
  const std::optional<HttpUrl> url = read_http_url(section, "url");
  if (!url) {
    if (section.findings().error_count() == errors) {
      section.missing("url", "give url or url_file");
    }
    return;
  }
  channel.url = url->text;
  warn_when_clear(section, *url, "url");
  if (is_link_local_host(url->host) && !channel.allow_private) {
    section.findings().warning(url->place, section.key_path("url"),
                               "is a link-local address: nothing will be sent there",
                               "allow_private = true if it is meant");
  }
}

void read_signing(Section& section, Channel& channel) {
  const std::optional<Placed<core::Secret>> secret = read_secret(section, "secret");
  if (!secret) {
    return;
  }
  core::Result<core::Secret> key = alerts::decode_webhook_secret(secret->value.reveal());
  if (key) {
    channel.secret = std::move(*key);
  } else {
    section.findings().error(secret->place, secret->key, key.error().text,
                             "expected whsec_ and the base64 of 24 to 64 random bytes");
  }
}

void read_text_list(Section& section, const std::string& key) {
  std::vector<PlacedText> texts;
  if (section.texts(key, texts) && texts.empty()) {
    section.error(key, "is empty", "expected at least one string");
  }
}

/// Keys that only some types have. `own` are those of the channel's type.
class TypeKeys {
 public:
  TypeKeys(Section& section, std::string type) : section_(section), type_(std::move(type)) {}

  /// True when the type has the key; else one that is given is told of.
  bool has(const std::string& key, const std::vector<std::string>& types) {
    if (type_.empty() || is_among(type_, types)) {
      return true;
    }
    for (const std::string& form : {key, key + "_file"}) {
      if (section_.has(form)) {
        section_.take(form);
        section_.warning(form, "has no meaning for a channel of type " + type_,
                         "it is for " + either_of(types));
      }
    }
    return false;
  }

 private:
  Section& section_;
  std::string type_;
};

void read_later_types(Section& section, const std::string& type, TypeKeys& keys) {
  if (keys.has("token", {"telegram"})) {
    read_secret(section, "token");
  }
  if (keys.has("routing_key", {"pagerduty"})) {
    read_secret(section, "routing_key");
  }
  std::string chat;
  if (keys.has("chat", {"telegram"})) {
    section.text("chat", chat);
  }
  if (keys.has("command", {"command"})) {
    read_text_list(section, "command");
  }
  const bool needs_token =
      type == "telegram" && !section.has("token") && !section.has("token_file");
  if (needs_token) {
    section.missing("token", "give token or token_file");
  }
}

void read_http_channel(Section& section, const std::string& type, TypeKeys& keys,
                       Channel& channel) {
  static const std::vector<std::string> kWithUrl{"webhook", "slack", "discord", "teams",
                                                 "alertmanager"};
  if (keys.has("allow_private", kWithUrl)) {
    section.flag("allow_private", channel.allow_private);
  }
  if (keys.has("url", kWithUrl)) {
    if (type.empty()) {
      read_secret(section, "url");  // of no known type: nothing to say of a missing one
    } else {
      read_url(section, channel);
    }
  }
  if (keys.has("secret", {"webhook"})) {
    if (type.empty()) {
      read_secret(section, "secret");
    } else {
      read_signing(section, channel);
    }
  }
}

void read_mail_channel(Section& section, const std::string& type, TypeKeys& keys,
                       Channel& channel) {
  bool is_mail = true;
  for (const char* key : {"smtp", "starttls", "user", "password", "ca_file", "from", "to"}) {
    is_mail = keys.has(key, {"email"}) && is_mail;
  }
  if (is_mail) {
    read_mail(section, type == "email", channel);
  }
}

}  // namespace

void ChannelReader::read_name(Section& section, Channel& channel) {
  PlacedText name;
  if (!section.has("name")) {
    section.missing("name", "a name of its own");
  }
  if (!section.placed_text("name", name)) {
    return;
  }
  const auto same = std::find_if(names_.begin(), names_.end(), [&name](const PlacedText& other) {
    return other.value == name.value;
  });
  if (!is_printable(name.value)) {
    section.error("name", core::quoted(name.value) + " is no name",
                  "expected 1 to 64 bytes of printable text");
  } else if (same != names_.end()) {
    section.error("name",
                  core::quoted(name.value) + " is used twice; the other one is at " +
                      context_.findings.place_text(same->place),
                  "a name for each channel");
  }
  channel.name = name.value;
  names_.push_back(std::move(name));
}

void ChannelReader::read_wishes(Section& section, Channel& channel) {
  section.words("events", channel.events);
  std::vector<lists::Purpose> purposes;
  if (section.words("purposes", purposes) && !purposes.empty()) {
    channel.purposes = std::move(purposes);
  }
  section.word("min_severity", channel.min_severity);
  std::vector<PlacedText> tags;
  section.texts("tags", tags);
  for (PlacedText& tag : tags) {
    channel.tags.push_back(std::move(tag.value));
  }
  section.duration("group_wait", channel.group_wait, kGroupWait);
}

void ChannelReader::read_reference(Section& section, const std::string& key,
                                   const std::string& name) {
  PlacedText to;
  if (section.placed_text(key, to) && !to.value.empty()) {
    context_.findings.later("channel." + key);
    references_.push_back({to, name});
  }
}

void ChannelReader::read_later(Section& section, const std::string& name) {
  Findings& findings = context_.findings;
  Millis duration{};
  for (const char* key : {"repeat", "escalate_after", "fallback_after"}) {
    duration = Millis(0);
    if (section.duration(key, duration) && duration.count() > 0) {
      findings.later(std::string("channel.") + key);
    }
  }
  for (const char* key : {"max_per_minute", "flap_limit"}) {
    std::int64_t number = 0;
    if (section.whole(key, number, {1, 1'000'000})) {
      findings.later(std::string("channel.") + key);
    }
  }
  read_reference(section, "escalate_to", name);
  read_reference(section, "fallback", name);
  PlacedText quiet;
  if (!section.placed_text("quiet", quiet) || quiet.value.empty()) {
    return;
  }
  findings.later("channel.quiet");
  if (!is_span_of_day(quiet.value)) {
    section.error("quiet", core::quoted(quiet.value) + " is no time of the day",
                  "expected one like \"22:00-07:00\" or \"22:00-07:00 Europe/Vienna\"");
  }
}

void ChannelReader::read(Section& section) {
  Channel channel;
  read_name(section, channel);
  const std::string type = read_type(section, channel);
  TypeKeys keys(section, type);
  read_http_channel(section, type, keys, channel);
  read_mail_channel(section, type, keys, channel);
  read_later_types(section, type, keys);
  read_wishes(section, channel);
  read_later(section, channel.name);
  section.finish();
  channels_.push_back(std::move(channel));
}

std::vector<std::string> ChannelReader::names() const {
  std::vector<std::string> names;
  for (const PlacedText& name : names_) {
    names.push_back(name.value);
  }
  return names;
}

void ChannelReader::check_references() const {
  const std::vector<std::string> known = names();
  for (const Reference& reference : references_) {
    const PlacedText& to = reference.to;
    if (to.value == reference.from) {
      context_.findings.error(to.place, to.key, "a channel can't stand in for itself",
                              "the name of another channel");
    } else if (!is_among(to.value, known)) {
      context_.findings.error(to.place, to.key, core::quoted(to.value) + " is no channel",
                              suggestion(to.value, known, "expected the name of a channel"));
    }
  }
}

}  // namespace rblwatch::conf
