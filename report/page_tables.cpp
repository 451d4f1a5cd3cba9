// SPDX-License-Identifier: Apache-2.0
// The tables of the page: what can't be seen with what to do, zones, resolvers.
#include <algorithm>
#include <tuple>

#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "report/html.hpp"
#include "report/page_parts.hpp"
#include "report/text_unseen.hpp"
#include "report/unseen.hpp"

namespace rblwatch::report::page_parts {
namespace {

using core::enum_word;
using lists::ZoneState;

constexpr std::size_t kMostRows = 200;
constexpr std::size_t kMostNamed = 8;

struct HtmlColumn {
  std::string_view title;
  bool is_number = false;
};

/// A table with a caption and a scope for each heading; cells are HTML, the first one names its
/// row. Wider than the screen, it scrolls by itself, by keyboard too.
class HtmlTable {
 public:
  HtmlTable(std::string_view id, std::string_view caption, std::vector<HtmlColumn> columns)
      : id_(id), caption_(caption), columns_(std::move(columns)) {}

  void add(const std::vector<std::string>& cells) {
    ++all_;
    if (all_ > kMostRows) {
      return;
    }
    rows_ += "<tr><th scope=\"row\">" + cells.front() + "</th>";
    for (std::size_t i = 1; i < cells.size(); ++i) {
      rows_ += (columns_[i].is_number ? "<td class=\"number\">" : "<td>") + cells[i] + "</td>";
    }
    rows_ += "</tr>\n";
  }

  std::string to_html(std::string_view command) const {
    if (all_ == 0) {
      return "";
    }
    std::string titles;
    for (const HtmlColumn& column : columns_) {
      titles += std::string("<th scope=\"col\"") + (column.is_number ? " class=\"number\">" : ">") +
                std::string(column.title) + "</th>";
    }
    return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"" + id_ +
           "\">\n<table>\n<caption id=\"" + id_ + "\">" + caption_ + "</caption>\n<thead><tr>" +
           titles + "</tr></thead>\n<tbody>\n" + rows_ + "</tbody>\n</table>\n</div>\n" +
           left_out(all_, std::min(all_, kMostRows), command);
  }

 private:
  std::string id_;
  std::string caption_;
  std::vector<HtmlColumn> columns_;
  std::string rows_;
  std::size_t all_ = 0;
};

/// What was seen before the daemon stopped is no good news now.
Ink now_or_then(Ink ink, const StatusDoc& document) {
  return ink == Ink::good && has_stopped(document) ? Ink::plain : ink;
}

std::string state_html(std::string_view state, Ink ink, const std::optional<lists::Cause>& cause) {
  return html::badge(state, ink) + (cause ? " " + html::text(enum_word(*cause)) : "");
}

std::string count_html(std::uint64_t count, Ink ink) {
  const std::string shown = html::text(number(count));
  return count == 0
             ? shown
             : "<strong class=\"" + std::string(html::class_of(ink)) + "\">" + shown + "</strong>";
}

std::string unseen_zones(const StatusDoc& document, AdviceNeeded& advice) {
  HtmlTable table("unseen-zones", "Zones that can't be relied on",
                  {{"Zone"}, {"Kind"}, {"State"}, {"Since"}, {"Pairs", true}});
  for (const UnseenKind& unseen : unseen_kinds(document)) {
    table.add({html::text(unseen.zone->id),
               unseen.kind ? std::string(enum_word(*unseen.kind)) : "all",
               state_html(enum_word(unseen.state), ink_of(unseen.state), unseen.cause),
               unseen.since ? html::time_and_ago(unseen.since, document.generated_at) : "",
               unseen.kind ? html::text(number(unseen.pairs)) : ""});
    advice.need(unseen);
  }
  return table.to_html("rblwatch zones");
}

std::string some_subjects(const UnknownView& view) {
  std::string html;
  const std::size_t named = std::min(view.subjects.size(), kMostNamed);
  for (std::size_t i = 0; i < named; ++i) {
    html += (i == 0 ? "" : ", ") + html::text(view.subjects[i]);
  }
  return html + (named > 0 && view.pairs > named
                     ? " and " + html::text(number(view.pairs - named)) + " more"
                     : "");
}

std::string unknown_pairs_table(const StatusDoc& document, bool has_zones, AdviceNeeded& advice) {
  HtmlTable table("unknown-pairs", has_zones ? "Unknown pairs on the other zones" : "Unknown pairs",
                  {{"Zone"}, {"Kind"}, {"Cause"}, {"Since"}, {"Pairs", true}, {"Subjects"}});
  for (const UnknownView* view : other_unknowns(document)) {
    table.add({html::text(view->zone), std::string(enum_word(view->kind)),
               html::badge(enum_word(view->cause), Ink::doubtful),
               view->since ? html::time_and_ago(view->since, document.generated_at) : "",
               html::text(number(view->pairs)), some_subjects(*view)});
    advice.need(view->cause);
  }
  return table.to_html("rblwatch status");
}

std::string unresolved_table(const StatusDoc& document) {
  HtmlTable table("unresolved", "Targets whose addresses aren't known",
                  {{"Target"}, {"Why"}, {"Since"}});
  for (const UnresolvedView& view : document.unresolved) {
    table.add({html::text(view.target), html::text(view.why),
               html::time_and_ago(view.since, document.generated_at)});
  }
  return table.to_html("rblwatch targets");
}

std::string advice_list(const AdviceNeeded& advice) {
  std::string html;
  for (const AdviceNeeded::Entry& entry : advice.entries()) {
    html += html::field(html::text(entry.word),
                        html::sentence(entry.advice.meaning) +
                            (entry.advice.steps.empty()
                                 ? ""
                                 : "<br>" + html::sentence(core::join(entry.advice.steps, " "))));
  }
  return html.empty()
             ? ""
             : "<h3>What it means and what to do</h3>\n<dl class=\"advice\">\n" + html + "</dl>\n";
}

/// In use, but without subjects: nothing is asked of it, which is no doubt.
bool is_unused(const ZoneView& zone) {
  return zone.subjects == 0 && zone.state == ZoneState::untested;
}

/// The worst first, those of which nothing is asked last.
std::vector<const ZoneView*> zones_in_order(const StatusDoc& document) {
  std::vector<const ZoneView*> zones;
  for (const ZoneView& zone : document.zones) {
    zones.push_back(&zone);
  }
  const auto rank = [](const ZoneView* zone) {
    const int worst_last = is_unused(*zone) ? 1 : 0;
    return std::make_tuple(worst_last, zone->state, zone->listed == 0, zone->unknown == 0);
  };
  std::stable_sort(zones.begin(), zones.end(),
                   [&rank](const ZoneView* a, const ZoneView* b) { return rank(a) < rank(b); });
  return zones;
}

}  // namespace

std::string section(std::string_view id, std::string_view title, const std::string& body) {
  if (body.empty()) {
    return "";
  }
  const std::string name(id);
  return "<section aria-labelledby=\"" + name + "\">\n<h2 id=\"" + name + "\">" +
         html::text(title) + "</h2>\n" + body + "</section>\n";
}

std::string left_out(std::size_t all, std::size_t shown, std::string_view command) {
  if (all <= shown) {
    return "";
  }
  return "<p class=\"more\">And " + html::text(number(all - shown)) + " more: <code>" +
         html::text(command) + "</code> shows them.</p>\n";
}

std::string unseen(const StatusDoc& document) {
  AdviceNeeded advice(!document.daemon);
  const std::string zones = unseen_zones(document, advice);
  std::string html = zones + unknown_pairs_table(document, !zones.empty(), advice);
  html += unresolved_table(document);
  for (const ResolverView& view : document.resolvers) {
    advice.need(view.state == "seeing" ? std::nullopt : view.cause);
  }
  return section("unseen", "What can't be seen", html + advice_list(advice));
}

std::string zones(const StatusDoc& document) {
  const Timestamp now = document.generated_at;
  HtmlTable table("all-zones",
                  has_stopped(document) ? "The zones in use, as they were when rblwatchd stopped"
                                        : "The zones in use and how they fare",
                  {{"Zone"},
                   {"State"},
                   {"Since"},
                   {"Last test"},
                   {"Last sweep"},
                   {"Subjects", true},
                   {"Listed", true},
                   {"Unknown", true},
                   {"Operator"}});
  for (const ZoneView* zone : zones_in_order(document)) {
    table.add({html::text(zone->id),
               is_unused(*zone)
                   ? html::badge("not asked", Ink::plain)
                   : state_html(enum_word(zone->state), now_or_then(ink_of(zone->state), document),
                                zone->cause),
               html::ago(zone->since, now, ""), html::ago(zone->last_test, now),
               html::ago(zone->last_sweep, now), html::text(number(zone->subjects)),
               count_html(zone->listed, Ink::bad), count_html(zone->unknown, Ink::doubtful),
               html::text(zone->operator_name)});
  }
  return section("zones", "Zones", table.to_html("rblwatch zones"));
}

std::string resolvers(const StatusDoc& document) {
  HtmlTable table("all-resolvers", "The resolvers that are asked",
                  {{"Resolver"}, {"State"}, {"Since"}, {"Round trip", true}});
  for (const ResolverView& view : document.resolvers) {
    const bool is_seeing = view.state == "seeing";
    table.add({html::text(view.server),
               state_html(view.state, is_seeing ? now_or_then(Ink::good, document) : Ink::bad,
                          view.cause),
               html::ago(view.since, document.generated_at, ""),
               view.rtt_ms ? std::to_string(*view.rtt_ms) + "&nbsp;ms" : ""});
  }
  return section("resolvers", "Resolvers", table.to_html("rblwatch doctor"));
}

}  // namespace rblwatch::report::page_parts
