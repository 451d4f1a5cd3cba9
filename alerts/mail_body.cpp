// SPDX-License-Identifier: Apache-2.0
#include "alerts/mail_body.hpp"

#include <algorithm>
#include <set>

#include "alerts/plain_text.hpp"
#include "alerts/wording.hpp"
#include "core/text.hpp"

namespace rblwatch::alerts {
namespace {

constexpr std::size_t kFullEvents = 50;  // beyond, a line each
constexpr std::size_t kLabelWidth = 18;
constexpr std::size_t kLineWidth = 72;

std::string html(const std::string& text) {
  return core::for_html(core::Untrusted(text));
}

std::string rest_title(std::size_t count) {
  return "And " + core::count_of(count, "more event", "more events") + ":";
}

/// "  Why:              first line" and further lines below it.
std::string text_fact(const Fact& fact) {
  std::string label = "  " + fact.label + ":";
  label.resize(std::max(label.size() + 1, kLabelWidth + 2), ' ');
  std::string text;
  for (const std::string& line : plain_lines(fact.text)) {
    text += (text.empty() ? label : std::string(label.size(), ' ')) + line + "\n";
  }
  return text;
}

std::string text_list(const std::string& title, const std::vector<std::string>& lines,
                      bool is_numbered) {
  if (lines.empty()) {
    return "";
  }
  std::string text = "  " + title + "\n";
  std::size_t number = 0;
  for (const std::string& line : lines) {
    ++number;
    text += "    " + (is_numbered ? std::to_string(number) + ". " : std::string()) +
            plain_line(line) + "\n";
  }
  return text;
}

std::string members_title(const EventGroup& group) {
  return "The " + core::count_of(group.events.size(), "address", "addresses") + " behind it:";
}

std::string timeline_title(const lists::Event& event) {
  return "Before, of " + event.subject + " (UTC):";
}

/// Addresses one after the other, in lines that a text mail shows whole.
std::string text_members(const EventGroup& group) {
  std::string text;
  std::string line;
  for (const std::string& member : members_of(group)) {
    const std::string shown = plain_line(member);
    if (!line.empty() && line.size() + 2 + shown.size() > kLineWidth) {
      text += "    " + line + ",\n";
      line.clear();
    }
    line += (line.empty() ? "" : ", ") + shown;
  }
  return line.empty() ? "" : "  " + members_title(group) + "\n" + text + "    " + line + "\n";
}

std::string text_event(const EventGroup& group, const Coverage& coverage, bool shows_timeline) {
  std::string text = plain_line(group_text(group)) + "\n";
  for (const Fact& fact : facts_of(group)) {
    text += text_fact(fact);
  }
  if (const std::string meaning = meaning_of(*group.events.front(), coverage); !meaning.empty()) {
    text += "  " + plain_line(meaning) + "\n";
  }
  text += text_list("What to do:", steps_of(group.first()), true);
  text += text_members(group);
  if (shows_timeline) {
    text += text_list(plain_line(timeline_title(group.first())),
                      timeline_lines(*group.events.front()), false);
  }
  return text + "\n";
}

std::string html_fact(const Fact& fact) {
  std::string value = core::replace_all(core::for_html(fact.text), "\n", "<br>");
  const std::string& url = fact.text.raw();
  if (fact.is_link && (url.starts_with("https://") || url.starts_with("http://"))) {
    value = "<a href=\"" + value + "\">" + value + "</a>";
  }
  return "<tr><th align=\"left\" valign=\"top\">" + html(fact.label) + "</th><td>" + value +
         "</td></tr>\n";
}

std::string html_list(const std::string& title, const std::vector<std::string>& lines,
                      std::string_view tag) {
  if (lines.empty()) {
    return "";
  }
  std::string text = "<p>" + html(title) + "</p>\n<" + std::string(tag) + ">\n";
  for (const std::string& line : lines) {
    text += "<li>" + html(line) + "</li>\n";
  }
  return text + "</" + std::string(tag) + ">\n";
}

std::string html_members(const EventGroup& group) {
  const std::vector<std::string> members = members_of(group);
  return members.empty() ? ""
                         : "<p>" + html(members_title(group)) + "<br>\n" +
                               html(core::join(members, ",\n")) + "</p>\n";
}

std::string html_event(const EventGroup& group, const Coverage& coverage, bool shows_timeline) {
  std::string text = "<h2>" + html(group_text(group)) + "</h2>\n<table>\n";
  for (const Fact& fact : facts_of(group)) {
    text += html_fact(fact);
  }
  text += "</table>\n";
  if (const std::string meaning = meaning_of(*group.events.front(), coverage); !meaning.empty()) {
    text += "<p>" + html(meaning) + "</p>\n";
  }
  text += html_list("What to do:", steps_of(group.first()), "ol");
  text += html_members(group);
  if (shows_timeline) {
    text += html_list(timeline_title(group.first()), timeline_lines(*group.events.front()), "ul");
  }
  return text;
}

std::string footer(const Notification& notification) {
  return "Sent by rblwatch, " + utc_text(notification.created_at) + ", delivery " +
         notification.delivery_id + ".";
}

/// How much stands behind the message: part of its summary, since silence about a blind zone would
/// read like an all-clear.
std::string coverage_of(const Notification& notification) {
  const std::string line = coverage_line(notification.coverage);
  return line.empty() ? "" : line + ".";
}

/// The first in full, the rest in a line each.
struct Body {
  std::string full;
  std::string brief;
  std::size_t brief_events = 0;
};

/// Calls full(group, shows_timeline) for the first and brief(group) for the rest.
template <class Full, class Brief>
Body body_of(const Notification& notification, Full full, Brief brief) {
  Body body;
  std::set<std::string> told;  // subjects whose timeline stands already
  std::size_t done = 0;
  for (const EventGroup& group : group_events(notification.events)) {
    if (done++ < kFullEvents) {
      const EventView& view = *group.events.front();
      body.full += full(group, group.is_single() && !view.timeline.empty() &&
                                   told.insert(view.event.subject).second);
    } else {
      body.brief += brief(group);
      body.brief_events += group.events.size();
    }
  }
  return body;
}

}  // namespace

std::string mail_text(const Notification& notification) {
  const Coverage& coverage = notification.coverage;
  const Body body = body_of(
      notification,
      [&](const EventGroup& group, bool shows) { return text_event(group, coverage, shows); },
      [](const EventGroup& group) { return "  " + plain_line(group_text(group)) + "\n"; });
  const std::string seen = coverage_of(notification);
  std::string text = plain_line(summary_of(notification)) + "\n" +
                     (seen.empty() ? "" : plain_line(seen) + "\n") + "\n";
  text += body.full;
  if (!body.brief.empty()) {
    text += rest_title(body.brief_events) + "\n" + body.brief + "\n";
  }
  return text + "-- \n" + plain_line(footer(notification)) + "\n";
}

std::string mail_html(const Notification& notification) {
  const Coverage& coverage = notification.coverage;
  const Body body = body_of(
      notification,
      [&](const EventGroup& group, bool shows) { return html_event(group, coverage, shows); },
      [](const EventGroup& group) { return "<li>" + html(group_text(group)) + "</li>\n"; });
  const std::string seen = coverage_of(notification);
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>rblwatch: " +
      html(summary_of(notification)) + "</title></head>\n<body>\n<p>" +
      html(summary_of(notification)) + (seen.empty() ? "" : "<br>" + html(seen)) + "</p>\n";
  text += body.full;
  if (!body.brief.empty()) {
    text += "<p>" + html(rest_title(body.brief_events)) + "</p>\n<ul>\n" + body.brief + "</ul>\n";
  }
  return text + "<hr>\n<p><small>" + html(footer(notification)) + "</small></p>\n</body></html>\n";
}

}  // namespace rblwatch::alerts
