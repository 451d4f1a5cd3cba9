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

Json event_section(const EventView& view, bool shows_timeline) {
  const lists::Event& event = view.event;
  Section section;
  section.add("*" +
              escaped(clip(core::to_utf8(core::Untrusted(lists::event_text(event))), kFactBytes)) +
              "*");
  for (const Fact& fact : facts_of(event)) {
    section.add(fact_line(fact));
  }
  if (const std::string meaning = meaning_of(event); !meaning.empty()) {
    section.add(escaped(meaning));
  }
  for (const std::string& step : steps_of(event)) {
    section.add("\u2022 " + escaped(clip(core::to_utf8(core::Untrusted(step)), kFactBytes)));
  }
  if (!shows_timeline || view.timeline.empty()) {
    return section.json();
  }
  section.add("*Before (UTC):*");
  std::size_t shown = 0;
  for (const std::string& line : timeline_lines(view)) {
    if (shown++ == kTimelineShown) {
      break;
    }
    section.add("\u2022 " + escaped(clip(core::to_utf8(core::Untrusted(line)), kFactBytes)));
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
  std::set<std::string> told;  // subjects whose timeline stands already
  std::size_t shown = 0;
  for (const EventView& view : notification.events) {
    if (shown++ == kSections) {
      break;
    }
    blocks.push_back(event_section(view, told.insert(view.event.subject).second));
  }
  if (notification.events.size() > kSections) {
    blocks.push_back(
        context("and " + core::count_of(notification.events.size() - kSections, "event", "events") +
                " more: see 'rblwatch history --events'"));
  }
  const std::string coverage = clip(coverage_line(notification.coverage), kSectionBytes / 5);
  const std::string separator = coverage.empty() ? "" : " \u00B7 ";
  blocks.push_back(context(escaped(coverage) + separator +
                           escaped(utc_text(notification.created_at)) + " \u00B7 " +
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
