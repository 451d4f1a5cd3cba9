// SPDX-License-Identifier: Apache-2.0
// The document around the parts: what matters now, how much of the world it stands on, the last
// events, the daemon.
#include "report/page.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "report/html.hpp"
#include "report/page_parts.hpp"
#include "report/wording.hpp"

namespace rblwatch::report {
namespace {

using core::count_of;
using lists::ListingState;
using page_parts::kPageText;

/// Good only where all is seen, now, and nothing is held back.
Ink overall(const PageDoc& document) {
  const StatusDoc& status = document.status;
  const Ink ink = headline_ink(status.summary);
  const bool is_doubtful = has_stopped(status) || !document.ailment.empty() ||
                           status.summary.zones_quarantined > 0 || status.summary.pairs == 0 ||
                           !status.unresolved.empty();
  return ink == Ink::good && is_doubtful ? Ink::doubtful : ink;
}

/// Pairs that are seen and not listed. What is both listed and in doubt counts among the unknown.
std::uint64_t clear_pairs(const StatusDoc& status) {
  std::set<std::pair<std::string_view, std::string_view>> standing;
  for (const ListingView& view : status.listings) {
    const bool is_open = view.state == ListingState::listed || view.state == ListingState::pending;
    const bool is_lost = view.state == ListingState::delisted;
    if ((is_open || is_lost) && !view.doubt) {
      standing.emplace(view.subject, view.zone);
    }
  }
  const std::uint64_t others = status.summary.unknown + standing.size();
  return status.summary.pairs - std::min(status.summary.pairs, others);
}

/// A circle, a triangle or a tick, so that a row of tabs is told apart without colours.
std::string icon(Ink ink) {
  std::string shape = R"(<circle cx="8" cy="8" r="7" fill="#c62828"/>)";
  if (ink == Ink::doubtful) {
    shape = R"(<path d="M8 1l7 14H1z" fill="#e09600"/>)";
  } else if (ink == Ink::good) {
    shape = R"(<path d="M2 8l4 5 8-10" fill="none" stroke="#2e7d32" stroke-width="3"/>)";
  }
  return "data:image/svg+xml," + core::percent_encode(R"(<svg xmlns="http://www.w3.org/2000/svg" )"
                                                      R"(viewBox="0 0 16 16">)" +
                                                      shape + "</svg>");
}

std::string title(const PageDoc& document) {
  const StatusDoc& status = document.status;
  std::string text = document.ailment.empty() ? "" : "Trouble: ";
  text = has_stopped(status) ? "Stopped: " : text;
  if (status.summary.pairs == 0) {
    text += "Nothing is asked";
  } else {
    text += findings(status.summary);
    text += status.summary.unknown > 0 ? ", " + number(status.summary.unknown) + " unknown" : "";
  }
  return html::text(text + " - rblwatch");
}

std::string head(const PageDoc& document) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n" +
         std::string(document.reloads ? "<meta http-equiv=\"refresh\" content=\"60\">\n" : "") +
         "<title>" + title(document) + "</title>\n<link rel=\"icon\" href=\"" +
         html::text(icon(overall(document))) + "\">\n<link rel=\"stylesheet\" href=\"" +
         std::string(kStylePath) + "\">\n</head>\n<body>\n";
}

std::string banner(const PageDoc& document) {
  constexpr std::size_t kSeconds = 19;  // "2026-11-23T12:30:00"
  const std::string at = core::to_rfc3339(document.status.generated_at);
  std::string moment = at.substr(0, kSeconds);
  std::replace(moment.begin(), moment.end(), 'T', ' ');
  const std::string reload =
      document.reloads
          ? "reloads each minute, <a href=\"/?" + std::string(kStillQuery) + "\">keep it still</a>"
          : "is kept still, <a href=\"/\">reload each minute</a>";
  return "<header>\n<p class=\"name\">rblwatch</p>\n<p class=\"as-of\">As of <time datetime=\"" +
         at + "\">" + moment + "</time>; all times are UTC. The page " + reload +
         ".</p>\n</header>\n";
}

std::string tile(std::uint64_t count, std::string_view words, Ink ink) {
  return "<li class=\"" + std::string(html::class_of(ink)) + "\"><strong>" +
         html::text(number(count)) + "</strong> " + html::text(words) + "</li>\n";
}

/// Listed, not known, clear: three answers, and each has its number.
std::string tiles(const PageDoc& document) {
  const StatusDoc& status = document.status;
  const Summary& summary = status.summary;
  const auto ink = [](std::uint64_t count, Ink where_any) {
    return count > 0 ? where_any : Ink::plain;
  };
  std::string html =
      "<ul class=\"tiles\">\n" + tile(summary.listed, "listed", ink(summary.listed, Ink::bad));
  if (summary.allow_lost > 0) {
    html += tile(summary.allow_lost, "lost from an allowlist", Ink::bad);
  }
  if (summary.pending > 0) {
    html += tile(summary.pending, "pending", Ink::doubtful);
  }
  html += tile(summary.unknown, "can't be seen", ink(summary.unknown, Ink::doubtful));
  const bool is_good = overall(document) == Ink::good;
  return html +
         tile(clear_pairs(status), has_stopped(status) ? "clear then" : "clear",
              is_good ? Ink::good : Ink::plain) +
         "</ul>\n";
}

/// "2 of 12 zones can't be seen: corp, spamhaus-sbl"
std::string blind_line(const StatusDoc& status) {
  constexpr std::size_t kNamed = 6;
  std::vector<std::string> names;
  for (const ZoneView& zone : status.zones) {
    if (zone.state == lists::ZoneState::blind) {
      names.push_back(html::text(zone.id));
    }
  }
  if (names.empty()) {
    return "";
  }
  const std::size_t blind = names.size();
  names.resize(std::min(blind, kNamed));
  return "<p class=\"blind\">" + html::text(count_of(blind, "zone", "zones")) +
         " can't be seen: " + core::join(names, ", ") +
         (blind > kNamed ? " and " + number(blind - kNamed) + " more" : "") + ".</p>\n";
}

std::string coverage_html(const StatusDoc& status) {
  return "<p class=\"coverage\">" + html::shown(coverage(status)) + "</p>\n";
}

std::string answer(const PageDoc& document) {
  const StatusDoc& status = document.status;
  std::string html = "<section class=\"answer " + std::string(html::class_of(overall(document))) +
                     "\" aria-labelledby=\"answer\">\n";
  if (has_stopped(status)) {
    html += "<p class=\"stopped\">" +
            html::sentence(stopped_line(*status.daemon, status.generated_at, kPageText)) + "</p>\n";
  }
  if (!document.ailment.empty()) {
    html += "<p class=\"stopped\">rblwatchd doesn't do its work: " + html::text(document.ailment) +
            ".</p>\n";
  }
  const Nothing nothing = nothing_to_tell(status);
  if (!nothing.why.empty()) {
    html += "<h1 id=\"answer\">" + html::sentence(nothing.why) + "</h1>\n";
    if (nothing.wants_target) {
      html += "<pre>" + html::text(kExampleTarget) + "</pre>\n<p>" + html::text(kAfterExample) +
              "</p>\n";
    }
    const std::string known = status.summary.zones == 0 ? "" : coverage_html(status);
    return html + known + "</section>\n";
  }
  html += "<h1 id=\"answer\">" + html::shown(headline(status.summary)) + "</h1>\n";
  html += tiles(document) + blind_line(status);
  return html + coverage_html(status) + "</section>\n";
}

std::string events(const std::vector<lists::Event>& newest_first) {
  std::string html;
  for (std::size_t i = 0; i < std::min(newest_first.size(), kPageEvents); ++i) {
    const lists::Event& event = newest_first[i];
    html += "<li>" + html::time(event.at) + " " +
            html::badge(core::enum_word(event.type), ink_of_event(event)) + " <span>" +
            html::text(lists::event_text(event)) + "</span></li>\n";
  }
  return html.empty() ? "<p>No events yet.</p>\n"
                      : "<ol class=\"events\">\n" + html + "</ol>\n<p class=\"more\">" +
                            html::sentence("`rblwatch history --events` shows more.") + "</p>\n";
}

std::string footer(const StatusDoc& status) {
  if (!status.daemon) {
    return "";
  }
  return "<footer>\n<p" + std::string(has_stopped(status) ? " class=\"stopped\"" : "") + ">" +
         html::sentence(daemon_line(*status.daemon, status.generated_at, kPageText)) +
         "</p>\n</footer>\n";
}

}  // namespace

std::string to_page(const PageDoc& document) {
  const StatusDoc& status = document.status;
  std::string page = head(document) + banner(document) + "<main>\n" + answer(document);
  for (const Section which : {Section::listed, Section::pending, Section::lost, Section::info}) {
    page += page_parts::listings(status, which);
  }
  page += page_parts::unseen(status);
  page += page_parts::listings(status, Section::allowed);
  page += page_parts::zones(status) + page_parts::resolvers(status);
  page += page_parts::section("events", "Last events", events(document.events));
  return page + "</main>\n" + footer(status) + "</body>\n</html>\n";
}

}  // namespace rblwatch::report
