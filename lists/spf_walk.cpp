// SPDX-License-Identifier: Apache-2.0
#include "lists/spf_walk.hpp"

#include <utility>

#include "core/check.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::lists {
namespace {

using core::Cidr;
using core::DnsName;

/// Of a name that parse_spf() has checked; `own` where the term names none.
DnsName domain_of(const SpfDomain& domain, const DnsName& own) {
  DnsName name = own;
  RBL_CHECK(domain.text.empty() || DnsName::assign(domain.text, name));
  return name;
}

bool is_too_wide(const Cidr& network) {
  const auto widest = network.network().is_v4() ? SpfWalk::kWidest4 : SpfWalk::kWidest6;
  return network.prefix() < widest;
}

}  // namespace

WalkStep SpfWalk::start() {
  return ask_record(domain_, true);
}

WalkStep SpfWalk::ask(Asked what, Questions questions) {
  asked_ = what;
  questions_ = std::move(questions);
  return questions_;
}

WalkStep SpfWalk::ask_record(const DnsName& domain, bool is_own) {
  record_of_ = domain;
  is_record_own_ = is_own;
  return ask(Asked::record, {{domain, dns::QType::txt}});
}

WalkStep SpfWalk::take(std::span<const dns::Outcome> outcomes) {
  if (std::string failure = first_failure(questions_, outcomes); !failure.empty()) {
    return WalkFailed{std::move(failure)};
  }
  std::optional<WalkStep> next;
  switch (asked_) {
    case Asked::record:
      next = take_record(std::get<dns::Answer>(outcomes.front()));
      break;
    case Asked::exchangers:
      next = take_exchangers(std::get<dns::Answer>(outcomes.front()));
      break;
    case Asked::addresses:
    case Asked::exchanger_addresses:
      take_addresses(outcomes);
      break;
  }
  return next ? std::move(*next) : advance();
}

WalkStep SpfWalk::advance() {
  while (!is_over_ && !frames_.empty()) {
    Frame& frame = frames_.back();
    speaker_ = frame.domain;
    std::optional<WalkStep> next;
    if (frame.next < frame.record.terms.size()) {
      term_ = frame.record.terms[frame.next++];
      next = step();
    } else {
      next = leave_record();
    }
    if (next) {
      return std::move(*next);
    }
  }
  return found_;
}

std::optional<WalkStep> SpfWalk::step() {
  Frame& frame = frames_.back();
  const bool counts = term_.qualifier == SpfQualifier::pass ||
                      (frame.is_own && term_.qualifier != SpfQualifier::fail);
  switch (term_.mechanism) {
    case SpfMechanism::all:
      frame.next = frame.record.terms.size();  // section 5.1: what follows is ignored
      if (term_.qualifier == SpfQualifier::pass) {
        note(speaker_, "it lets every address send (+all), which can't be watched");
      }
      return std::nullopt;
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
      if (counts) {
        add(term_.network);
      }
      return std::nullopt;
    case SpfMechanism::ptr:
    case SpfMechanism::exists:
      if (count_lookup(term_.text) && counts) {
        note(speaker_, core::quoted(term_.text) + " can't be followed: it depends on who sends");
      }
      return std::nullopt;
    case SpfMechanism::include:
    case SpfMechanism::a:
    case SpfMechanism::mx:
      return step_lookup(counts);
  }
  return std::nullopt;
}

std::optional<WalkStep> SpfWalk::step_lookup(bool counts) {
  if (!count_lookup(term_.text) || !counts) {
    return std::nullopt;
  }
  if (term_.domain.has_macro) {
    note(speaker_, core::quoted(term_.text) + " can't be followed: a macro depends on who sends");
    return std::nullopt;
  }
  const DnsName domain = domain_of(term_.domain, speaker_);
  if (term_.mechanism == SpfMechanism::include) {
    return ask_record(domain, false);
  }
  if (term_.mechanism == SpfMechanism::mx) {
    return ask(Asked::exchangers, {{domain, dns::QType::mx}});
  }
  return ask(Asked::addresses, address_questions({&domain, 1}));
}

// A record without a match goes on with its redirect (section 6.1), which has the same standing.
std::optional<WalkStep> SpfWalk::leave_record() {
  const Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (!frame.record.redirect) {
    return std::nullopt;
  }
  const std::string text = "redirect=" + frame.record.redirect->text;
  if (!count_lookup(text)) {
    return std::nullopt;
  }
  if (frame.record.redirect->has_macro) {
    note(speaker_, core::quoted(text) + " can't be followed: a macro depends on who sends");
    return std::nullopt;
  }
  return ask_record(domain_of(*frame.record.redirect, frame.domain), frame.is_own);
}

std::optional<WalkStep> SpfWalk::take_record(const dns::Answer& answer) {
  const bool is_first = lookups_ == 0;
  std::vector<std::string> records;
  for (const core::Untrusted& text : answer.txt) {
    if (is_spf(text.raw())) {
      records.push_back(text.raw());
    }
  }
  if (records.empty() && is_first) {
    const bool is_gone = answer.rcode == dns::Rcode::nxdomain;
    return WalkFailed{cause_for(is_gone ? "nxdomain" : "no SPF record", questions_.front())};
  }
  if (records.empty()) {
    note_error(record_of_, "there is none, though that of " + speaker_.to_text() + " names it");
    if (answer.txt.empty()) {
      count_void();
    }
    return std::nullopt;
  }
  if (records.size() > 1) {
    note_error(record_of_, "there are " + std::to_string(records.size()) +
                               " of them, which is an error: receivers take none");
    return std::nullopt;
  }
  auto record = parse_spf(records.front());
  if (!record) {
    note_error(record_of_, record.error().text + ": receivers take none of it");
    return std::nullopt;
  }
  frames_.push_back({record_of_, std::move(*record), 0, is_record_own_});
  return std::nullopt;
}

std::optional<WalkStep> SpfWalk::take_exchangers(const dns::Answer& answer) {
  const std::vector<DnsName> hosts = mail_hosts(answer);
  if (answer.mx.empty()) {
    // No implicit MX here (section 5.4).
    note_error(speaker_, core::quoted(term_.text) + " finds no mail exchanger");
    count_void();
  } else if (hosts.size() > kMostMailHosts) {
    note_error(speaker_, core::quoted(term_.text) + " finds more than " +
                             std::to_string(kMostMailHosts) +
                             " mail exchangers, where receivers give up: nothing from here on is "
                             "followed");
    is_over_ = true;
  } else if (!hosts.empty()) {
    return ask(Asked::exchanger_addresses, address_questions(hosts));
  }
  return std::nullopt;
}

void SpfWalk::take_addresses(std::span<const dns::Outcome> outcomes) {
  for (std::size_t i = 0; 2 * i < questions_.size(); ++i) {
    const dns::HostOutcome outcome = addresses_at(outcomes, i);
    if (const auto* found = std::get_if<dns::HostAddresses>(&outcome)) {
      for (const core::IpAddress& address : found->addresses) {
        add({address, address.is_v4() ? term_.prefix4 : term_.prefix6});
      }
      continue;
    }
    note_error(speaker_, core::quoted(term_.text) + " finds no address for " +
                             questions_[2 * i].name.to_text());
    if (asked_ == Asked::addresses) {
      count_void();
    }
  }
}

void SpfWalk::add(const Cidr& network) {
  const Cidr watched = network.unmapped();
  if (is_too_wide(watched)) {
    note(speaker_, core::quoted(term_.text) + " is too large to watch");
    return;
  }
  found_.networks.push_back(watched);
}

bool SpfWalk::count_lookup(const std::string& term) {
  if (lookups_ == kMostLookups) {
    note_error(domain_, "it needs more than " + std::to_string(kMostLookups) +
                            " lookups, where receivers give up: nothing from " +
                            core::quoted(term) + " of " + speaker_.to_text() + " on is followed");
    is_over_ = true;
    return false;
  }
  ++lookups_;
  return true;
}

void SpfWalk::count_void() {
  if (++voids_ > kMostVoids) {
    note_error(domain_,
               "more than " + std::to_string(kMostVoids) +
                   " of its lookups find nothing, where receivers give up: nothing after " +
                   core::quoted(term_.text) + " is followed");
    is_over_ = true;
  }
}

void SpfWalk::note(const DnsName& of, const std::string& text) {
  add_note(found_.notes, "SPF of " + of.to_text() + ": " + text);
}

// What an error hides is not known to have left.
void SpfWalk::note_error(const DnsName& of, const std::string& text) {
  found_.is_whole = false;
  note(of, text);
}

}  // namespace rblwatch::lists
