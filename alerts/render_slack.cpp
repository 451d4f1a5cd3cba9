// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "alerts/plain_text.hpp"
#include "alerts/render.hpp"
#include "alerts/wording.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

using Json = nlohmann::ordered_json;

// Slack's limits: 150 characters of a header, 3 000 of a section, 50 blocks. We count bytes, which
// are never fewer, and stay below.
constexpr std::size_t kHeaderBytes = 150;
constexpr std::size_t kSectionBytes = 2900;
constexpr std::size_t kSections = 20;
constexpr std::size_t kReasonBytes = 400;  // before escaping, which may make 5 of 1
constexpr std::size_t kFactBytes = 300;
constexpr std::size_t kTimelineShown = 10;
constexpr std::size_t kMembersShown = 20;
constexpr std::size_t kMembersBytes = 1000;

std::string escaped(const std::string& text) {
  return core::for_mrkdwn(core::Untrusted(text));
}

/// Whether Slack takes it as the target of a link, without ending it early.
bool is_linkable(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return false;
  }
  return url.find_first_of("<>|\"\\` ") == std::string_view::npos &&
         std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

std::string link(const std::string& url, const std::string& label) {
  return is_linkable(url)
             ? "<" + core::replace_all(url, "&", "&amp;") + "|" + escaped(label) + ">"
             : escaped(label + ": " + clip(core::to_utf8(core::Untrusted(url)), kFactBytes));
}

/// Lines up to the section's limit; what doesn't fit is left out whole, so that no escape is cut.
class Section {
 public:
  void add(const std::string& line) {
    if (text_.size() + line.size() + 1 <= kSectionBytes) {
      text_ += text_.empty() ? line : "\n" + line;
    }
  }
  Json json() const {
    return {{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", text_}}}};
  }

 private:
  std::string text_;
};

std::string fact_line(const Fact& fact) {
  if (fact.is_link) {
    return link(fact.text.raw(), fact.label);
  }
  const std::size_t most = fact.label == "Why" ? kReasonBytes : kFactBytes;
  const std::string text = clip(core::to_utf8(fact.text), most);
  return "*" + fact.label + ":* " + core::replace_all(escaped(text), "\n", "\n> ");
}

std::string bold(const std::string& text) {
  return "*" + escaped(clip(core::to_utf8(core::Untrusted(text)), kFactBytes)) + "*";
}

std::string point(const std::string& text) {
  return "\u2022 " + escaped(clip(core::to_utf8(core::Untrusted(text)), kFactBytes));
}

/// As many as a reader looks at, and where the rest is.
std::string members_line(const EventGroup& group) {
  std::vector<std::string> members = members_of(group);
  const std::size_t all = members.size();
  members.resize(std::min(all, kMembersShown));
  std::string line =
      "*Behind it:* " +
      escaped(clip(core::to_utf8(core::Untrusted(core::join(members, ", "))), kMembersBytes));
  if (all > members.size()) {
    line += " and " + std::to_string(all - members.size()) +
            " more: " + escaped("'" + where_to_see(group) + "'");
  }
  return line;
}

void add_timeline(Section& section, const EventView& view) {
  section.add("*Before (UTC):*");
  std::size_t shown = 0;
  for (const std::string& line : timeline_lines(view)) {
    if (shown++ == kTimelineShown) {
      break;
    }
    section.add(point(line));
  }
}

Json event_section(const EventGroup& group, const Coverage& coverage, bool shows_timeline) {
  Section section;
  section.add(bold(group_text(group)));
  for (const Fact& fact : facts_of(group)) {
    section.add(fact_line(fact));
  }
  if (const std::string meaning = meaning_of(*group.events.front(), coverage); !meaning.empty()) {
    section.add(escaped(clip(core::to_utf8(core::Untrusted(meaning)), 2 * kFactBytes)));
  }
  if (!group.is_single()) {
    section.add(members_line(group));
  }
  for (const std::string& step : steps_of(group.first())) {
    section.add(point(step));
  }
  if (shows_timeline) {
    add_timeline(section, *group.events.front());
  }
  return section.json();
}

Json context(const std::string& text) {
  Json element = {{"type", "mrkdwn"}, {"text", text}};
  return {{"type", "context"}, {"elements", Json::array({element})}};
}

Json blocks_of(const Notification& notification) {
  Json blocks = Json::array();
  const std::string header =
      clip(plain_line("rblwatch: " + summary_of(notification)), kHeaderBytes);
  blocks.push_back({{"type", "header"}, {"text", {{"type", "plain_text"}, {"text", header}}}});
  if (const std::string coverage = coverage_line(notification.coverage); !coverage.empty()) {
    blocks.push_back(
        context(escaped(clip(core::to_utf8(core::Untrusted(coverage)), kSectionBytes / 5))));
  }
  std::set<std::string> told;  // subjects whose timeline stands already
  std::size_t shown = 0;
  std::size_t left_out = 0;  // events
  for (const EventGroup& group : group_events(notification.events)) {
    if (shown++ >= kSections) {
      left_out += group.events.size();
      continue;
    }
    const EventView& view = *group.events.front();
    const bool shows_timeline =
        group.is_single() && told.insert(view.event.subject).second && !view.timeline.empty();
    blocks.push_back(event_section(group, notification.coverage, shows_timeline));
  }
  if (left_out > 0) {
    blocks.push_back(context("and " + core::count_of(left_out, "event", "events") +
                             " more: see 'rblwatch history --events'"));
  }
  blocks.push_back(context(escaped(utc_text(notification.created_at)) + " \u00B7 " +
                           escaped(notification.delivery_id)));
  return blocks;
}

}  // namespace

HttpRequest render_slack(const Notification& notification) {
  Json message;
  // What notifications show; escaped like the rest, for Slack reads it as mrkdwn.
  message["text"] = escaped(clip(plain_line(subject_line(notification)), kFactBytes));
  message["blocks"] = blocks_of(notification);
  message["parse"] = "none";
  message["link_names"] = false;
  message["unfurl_links"] = false;
  message["unfurl_media"] = false;
  return {"application/json", message.dump(-1, ' ', true, Json::error_handler_t::replace)};
}

}  // namespace rblwatch::alerts
