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

std::string timeline_title(const lists::Event& event) {
  return "Before, of " + event.subject + " (UTC):";
}

std::string text_event(const EventView& view, bool shows_timeline) {
  std::string text = plain_line(lists::event_text(view.event)) + "\n";
  for (const Fact& fact : facts_of(view.event)) {
    text += text_fact(fact);
  }
  if (const std::string meaning = meaning_of(view.event); !meaning.empty()) {
    text += "  " + meaning + "\n";
  }
  text += text_list("What to do:", steps_of(view.event), true);
  if (shows_timeline) {
    text += text_list(plain_line(timeline_title(view.event)), timeline_lines(view), false);
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

std::string html_event(const EventView& view, bool shows_timeline) {
  std::string text = "<h2>" + html(lists::event_text(view.event)) + "</h2>\n<table>\n";
  for (const Fact& fact : facts_of(view.event)) {
    text += html_fact(fact);
  }
  text += "</table>\n";
  if (const std::string meaning = meaning_of(view.event); !meaning.empty()) {
    text += "<p>" + html(meaning) + "</p>\n";
  }
  text += html_list("What to do:", steps_of(view.event), "ol");
  if (shows_timeline) {
    text += html_list(timeline_title(view.event), timeline_lines(view), "ul");
  }
  return text;
}

std::string footer(const Notification& notification) {
  const std::string coverage = coverage_line(notification.coverage);
  return (coverage.empty() ? "" : coverage + ". ") + "Sent by rblwatch, " +
         utc_text(notification.created_at) + ", delivery " + notification.delivery_id + ".";
}

/// Calls full(view, shows_timeline) for the first events and brief(view) for the rest.
template <class Full, class Brief>
void for_each_event(const Notification& notification, Full full, Brief brief) {
  std::set<std::string> told;  // subjects whose timeline stands already
  std::size_t done = 0;
  for (const EventView& view : notification.events) {
    if (done++ < kFullEvents) {
      full(view, !view.timeline.empty() && told.insert(view.event.subject).second);
    } else {
      brief(view);
    }
  }
}

}  // namespace

std::string mail_text(const Notification& notification) {
  std::string text = summary_of(notification) + "\n\n";
  std::string rest;
  for_each_event(
      notification, [&](const EventView& view, bool shows) { text += text_event(view, shows); },
      [&](const EventView& view) {
        rest += "  " + plain_line(lists::event_text(view.event)) + "\n";
      });
  if (!rest.empty()) {
    text += rest_title(notification.events.size() - kFullEvents) + "\n" + rest + "\n";
  }
  return text + "-- \n" + plain_line(footer(notification)) + "\n";
}

std::string mail_html(const Notification& notification) {
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>rblwatch: " +
      html(summary_of(notification)) + "</title></head>\n<body>\n<p>" +
      html(summary_of(notification)) + "</p>\n";
  std::string rest;
  for_each_event(
      notification, [&](const EventView& view, bool shows) { text += html_event(view, shows); },
      [&](const EventView& view) {
        rest += "<li>" + html(lists::event_text(view.event)) + "</li>\n";
      });
  if (!rest.empty()) {
    text += "<p>" + html(rest_title(notification.events.size() - kFullEvents)) + "</p>\n<ul>\n" +
            rest + "</ul>\n";
  }
  return text + "<hr>\n<p><small>" + html(footer(notification)) + "</small></p>\n</body></html>\n";
}

}  // namespace rblwatch::alerts
