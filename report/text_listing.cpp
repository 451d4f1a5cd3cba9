// SPDX-License-Identifier: Apache-2.0
#include "report/text_listing.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "lists/neighbours.hpp"

namespace rblwatch::report {
namespace {

using lists::ListingState;
using lists::PendingTo;
using lists::Purpose;

std::string listed_word(Purpose purpose) {
  switch (purpose) {
    case Purpose::block:
      return "listed";
    case Purpose::allow:
      return "allowed";
    case Purpose::info:
      return "info";
  }
  RBL_CHECK(false);
}

/// What a quarantine holds has its votes: nothing more is awaited of it.
std::string held_remark(const ListingView& view) {
  const std::string kept = ": held, for its zone is quarantined, and nobody has been told";
  switch (view.pending_to.value_or(PendingTo::listed)) {
    case PendingTo::listed:
      return "confirmed" + kept;
    case PendingTo::changed:
      return "its codes have changed" + kept;
    case PendingTo::delisted:
      return "gone by all answers" + kept + "; counts as listed until then";
  }
  RBL_CHECK(false);
}

std::string pending_remark(const ListingView& view) {
  if (view.held) {
    return held_remark(view);
  }
  if (!view.pending_to) {
    return "";
  }
  switch (*view.pending_to) {
    case PendingTo::listed:
      return "seen, but not confirmed yet: more answers are awaited";
    case PendingTo::changed:
      return "its codes seem to change: more answers are awaited";
    case PendingTo::delisted:
      return "seems to be gone: counts as listed until that is confirmed";
  }
  RBL_CHECK(false);
}

std::string request_remark(const ListingView& view, Timestamp now) {
  if (view.delist_requested_at) {
    return "delisting requested " + core::to_ago(*view.delist_requested_at, now) +
           (view.overdue ? ": overdue" : "");
  }
  return view.overdue ? "overdue: longer than its operator says a removal takes" : "";
}

/// "192.0.2.10 (mx1)"
std::string who(const ListingView& view, const TextStyle& style) {
  const bool repeats = view.target.empty() || view.target == view.subject;
  return show(view.subject, style) + (repeats ? "" : " (" + show(view.target, style) + ")");
}

std::string listed_headline(Purpose purpose) {
  switch (purpose) {
    case Purpose::block:
      return "is listed on";
    case Purpose::allow:
      return "is on the allowlist";
    case Purpose::info:
      return "is listed for information on";
  }
  RBL_CHECK(false);
}

std::string headline(const ListingView& view) {
  switch (view.state) {
    case ListingState::listed:
      return listed_headline(view.purpose);
    case ListingState::pending:
      return "seems to be listed on";
    case ListingState::delisted:
      return view.purpose == Purpose::allow ? "is no longer on the allowlist"
                                            : "is no longer listed on";
    case ListingState::retired:
      return "is no longer watched on";
  }
  RBL_CHECK(false);
}

/// Of "SBL: spam source", "PBL - policy" or "XBL (reserved)".
std::size_t start_of_explanation(const std::string& meaning) {
  std::size_t start = meaning.size();
  for (const char* separator : {": ", " - ", " ("}) {
    start = std::min(start, meaning.find(separator));
  }
  return start;
}

}  // namespace

std::string state_word(const ListingView& view) {
  switch (view.state) {
    case ListingState::listed:
      return listed_word(view.purpose);
    case ListingState::pending:
      return "pending";
    case ListingState::delisted:
      return view.purpose == Purpose::allow ? "lost" : "delisted";
    case ListingState::retired:
      return "retired";
  }
  RBL_CHECK(false);
}

Ink ink_of(const ListingView& view) {
  const bool is_allow = view.purpose == Purpose::allow;
  switch (view.state) {
    case ListingState::listed:
      if (view.purpose == Purpose::info) {
        return Ink::doubtful;
      }
      return is_allow ? Ink::good : Ink::bad;
    case ListingState::pending:
      return Ink::doubtful;
    case ListingState::delisted:
      return is_allow ? Ink::bad : Ink::good;
    case ListingState::retired:
      return Ink::faint;
  }
  RBL_CHECK(false);
}

Cell what_cell(const ListingView& view, const TextStyle& style) {
  if (view.meanings.empty()) {
    return codes_cell(view, style);
  }
  std::vector<std::string> brief;
  for (const std::string& meaning : view.meanings) {
    brief.push_back(meaning.substr(0, start_of_explanation(meaning)));
  }
  return {show_list(view.meanings, style), show_list(brief, style), Ink::plain};
}

Cell codes_cell(const ListingView& view, const TextStyle& style) {
  std::vector<std::string> brief;
  for (const std::string& code : view.codes) {
    const std::size_t dot = code.rfind('.');
    const bool is_alike = !view.codes.empty() && dot != std::string::npos &&
                          &code != &view.codes.front() &&
                          view.codes.front().substr(0, dot + 1) == code.substr(0, dot + 1);
    brief.push_back(is_alike ? code.substr(dot) : code);
  }
  return {show_list(view.codes, style), show_list(brief, style), Ink::plain};
}

std::vector<std::string> remarks_on(const ListingView& view, Timestamp now,
                                    const TextStyle& style) {
  std::vector<std::string> remarks;
  const auto add = [&remarks](std::string remark) {
    if (!remark.empty()) {
      remarks.push_back(std::move(remark));
    }
  };
  add(pending_remark(view));
  add(doubt_remark(view, now, style));
  add(view.contained ? "told by the zone that contains this one" : "");
  add(view.acked ? "acked" : "");
  add(view.muted_by.empty() ? "" : "muted by " + show(view.muted_by, style));
  add(request_remark(view, now));
  return remarks;
}

std::string doubt_remark(const ListingView& view, Timestamp now, const TextStyle& style) {
  if (!view.doubt) {
    return "";
  }
  std::string text = "in doubt (" + std::string(core::enum_word(view.doubt->cause)) + ")";
  if (view.state == ListingState::delisted) {
    return text + " since " + show_moment(view.doubt->since, style) + ": it may be back" +
           (view.last_seen ? "; last seen there " + core::to_ago(*view.last_seen, now) : "");
  }
  text += view.last_seen ? ": last seen " + core::to_ago(*view.last_seen, now)
                         : " since " + show_moment(view.doubt->since, style);
  return text;
}

std::string network_remark(const ListingView& view) {
  const auto address = core::IpAddress::parse(view.subject);
  if (view.kind == lists::Kind::domain || !address) {
    return "";
  }
  const auto network = lists::network_named(view.reason.raw(), *address);
  return network ? "the list's own text names the network " + network->to_text() : "";
}

Cell time_cell(const std::optional<Timestamp>& at, Timestamp now, Ink ink) {
  constexpr std::size_t kYear = 5;   // "2026-"
  constexpr std::size_t kDate = 10;  // "2026-11-23"
  if (!at) {
    return {"", ink};
  }
  const std::string text = core::to_local(*at);
  const bool is_this_year = text.substr(0, kYear) == core::to_local(now).substr(0, kYear);
  return {text, is_this_year ? text.substr(kYear) : text.substr(0, kDate), ink};
}

std::string zone_text(const ListingView& view, const TextStyle& style) {
  const std::string dns = show(view.dns.empty() ? view.zone : view.dns, style);
  std::string about = view.dns.empty() || view.dns == view.zone ? "" : show(view.zone, style);
  if (!view.operator_name.empty()) {
    about += (about.empty() ? "" : ", ") + show(view.operator_name, style);
  }
  return dns + (about.empty() ? "" : " (" + about + ")");
}

void add_reason(std::string& text, const core::Untrusted& reason, const TextStyle& style) {
  std::string_view label = "reason";
  for (const std::string_view record : core::split(reason.raw(), '\n')) {
    const std::string shown = show(record, style);
    add_field(text, label, shown, style);
    label = shown.empty() ? label : "";
  }
}

void add_steps(std::string& text, const std::vector<std::string>& steps, const TextStyle& style) {
  std::size_t number = 0;
  for (const std::string& step : steps) {
    ++number;
    const std::string mark =
        (number == 1 ? "  " + paint("steps", Ink::faint, style) + "     " : std::string(12, ' ')) +
        std::to_string(number) + ". ";
    add_wrapped(text, mark, 14 + std::to_string(number).size(), show(step, style), style);
  }
}

std::string listing_in_full(const ListingView& view, Timestamp now, const TextStyle& style) {
  std::string text;
  add_line(text, who(view, style) + " " + headline(view) + " " + zone_text(view, style),
           ink_of(view), style);
  add_field(text, "codes", show_list(view.codes, style), style);
  add_field(text, "meaning", show_list(view.meanings, style, "; "), style);
  add_field(text, "severity", core::enum_word(view.severity), style);
  if (view.listed_at) {
    add_field(text, "since", show_time(view.listed_at, now), style);
  }
  add_reason(text, view.reason, style);
  for (const std::string& remark : remarks_on(view, now, style)) {
    add_field(text, "note", remark, style);
  }
  add_field(text, "note", network_remark(view), style);
  add_field(text, "look up", show(view.lookup_url, style), style);
  add_field(text, "delist", show(view.delist_url, style), style);
  add_steps(text, view.delist_steps, style);
  return text;
}

}  // namespace rblwatch::report
