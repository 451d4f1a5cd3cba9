// SPDX-License-Identifier: Apache-2.0
// `why`: the evidence of each verdict, and the line that repeats the question.
#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "lists/advice.hpp"
#include "report/text.hpp"
#include "report/text_listing.hpp"
#include "report/text_unseen.hpp"

namespace rblwatch::report {
namespace {

using lists::Evidence;

Ink ink_of_verdict(const std::string& verdict) {
  if (verdict == "listed") {
    return Ink::bad;
  }
  return verdict == "clear" ? Ink::good : Ink::doubtful;
}

std::string_view ede_name(std::uint16_t code) {
  switch (code) {  // RFC 8914 section 5.2: those that a resolver sends for a zone
    case 3:
      return "Stale Answer";
    case 4:
      return "Forged Answer";
    case 6:
      return "DNSSEC Bogus";
    case 15:
      return "Blocked";
    case 16:
      return "Censored";
    case 17:
      return "Filtered";
    case 18:
      return "Prohibited";
    case 19:
      return "Stale NXDOMAIN Answer";
    case 20:
      return "Not Authoritative";
    case 22:
      return "No Reachable Authority";
    case 23:
      return "Network Error";
    default:
      return "";
  }
}

std::string ede_text(const std::vector<std::uint16_t>& codes) {
  std::string text;
  for (const std::uint16_t code : codes) {
    const std::string_view name = ede_name(code);
    text += (text.empty() ? "" : ", ") + std::to_string(code);
    text += name.empty() ? "" : " (" + std::string(name) + ")";
  }
  return text;
}

std::string took_text(core::Millis took) {
  return took.count() == 0 ? "under 1 ms" : core::to_human(took);
}

std::string server_text(const Evidence& evidence, Timestamp now, const TextStyle& style) {
  if (evidence.server.empty()) {
    return "";
  }
  return show(evidence.server, style) + " over " + std::string(dns::to_text(evidence.transport)) +
         ", asked " + core::to_local(evidence.asked_at, true) + " " +
         unbroken("(" + core::to_ago(evidence.asked_at, now) + ")") + ", took " +
         unbroken(took_text(evidence.took));
}

std::string answer_text(const Evidence& evidence, const TextStyle& style) {
  if (evidence.rcode.empty()) {
    return evidence.server.empty() ? "" : "none";
  }
  std::string text = show(evidence.rcode, style);
  if (!evidence.a.empty()) {
    text += ": " + show_list(evidence.a, style);
  }
  if (evidence.ttl) {
    text += ", " + unbroken("TTL " + std::to_string(evidence.ttl->count()) + " s");
  }
  return text;
}

void add_records(std::string& text, const core::Untrusted& txt, const TextStyle& style) {
  std::string_view label = "text";
  for (const std::string_view record : core::split(txt.raw(), '\n')) {
    const std::string shown = show(record, style);
    add_field(text, label, shown, style);
    label = shown.empty() ? label : "";
  }
}

void add_votes(std::string& text, const std::vector<VoteView>& votes, Timestamp now,
               const TextStyle& style) {
  std::string_view label = "votes";
  for (const VoteView& vote : votes) {
    std::string line = core::to_local(vote.asked_at, true) + " (" +
                       core::to_ago(vote.asked_at, now) + ") " + show(vote.verdict, style);
    if (!vote.codes.empty()) {
      line += " " + show_list(vote.codes, style);
    }
    line += vote.independent ? "" : ", not independent: doesn't count";
    add_field(text, label, line, style);
    label = "";
  }
}

std::string test_text(const WhyAnswer& answer, Timestamp now) {
  std::string text(core::enum_word(answer.test_state));
  if (answer.test_cause) {
    text += " (" + std::string(core::enum_word(*answer.test_cause)) + ")";
  }
  return text + (answer.test_at ? ", last test " + show_time(answer.test_at, now) : "");
}

/// Not wrapped: it is there to be copied.
void add_dig(std::string& text, const WhyAnswer& answer, const TextStyle& style) {
  const std::string line = answer.dig.empty() ? lists::dig_line(*answer.evidence) : answer.dig;
  text += "  " + paint("repeat", Ink::faint, style) + "    " + show(line, style) + "\n";
}

std::string unkept_text(const WhyAnswer& answer, bool is_from_daemon) {
  return answer.cause && is_from_daemon
             ? "none: it was not asked yet, or before rblwatchd was started"
             : "not kept: only a running rblwatchd has the answers of pairs that are clear";
}

void add_evidence(std::string& text, const WhyAnswer& answer, const WhyDoc& document,
                  const TextStyle& style) {
  const Timestamp now = document.generated_at;
  const Evidence evidence = answer.evidence.value_or(Evidence{});
  if (!answer.kept) {
    add_field(text, "answer", unkept_text(answer, document.is_from_daemon), style);
  }
  if (!evidence.question.empty()) {
    add_field(text, "question", show(evidence.question + " " + evidence.qtype, style), style);
  }
  add_field(text, "server", server_text(evidence, now, style), style);
  add_field(text, "answer", answer_text(evidence, style), style);
  add_records(text, evidence.txt, style);
  add_field(text, "EDE", ede_text(evidence.ede), style);
  add_votes(text, answer.votes, now, style);
  add_field(text, "test", test_text(answer, now), style);
  if (!evidence.question.empty()) {
    add_dig(text, answer, style);
  }
}

/// What stands of it though nobody sees now whether it does.
void add_doubts(std::string& text, const WhyAnswer& answer, const WhyDoc& document,
                const TextStyle& style) {
  for (const ListingView& view : document.listings) {
    const std::string doubt = doubt_remark(view, document.generated_at, style);
    if (view.zone == answer.zone && !doubt.empty()) {
      add_field(text, "stands as",
                state_word(view) + " since " + show_time(view.listed_at, document.generated_at) +
                    ", " + doubt,
                style);
    }
  }
}

void add_answer(std::string& text, const WhyAnswer& answer, const WhyDoc& document,
                const TextStyle& style) {
  std::string verdict = show(answer.verdict, style);
  if (answer.cause) {
    verdict += " (" + std::string(core::enum_word(*answer.cause)) + ")";
  }
  text += "\n" + paint(show(answer.zone, style), Ink::bold, style) + ": " +
          paint(verdict, ink_of_verdict(answer.verdict), style) + "\n";
  if (answer.cause) {
    add_field(text, "means", lists::advice_on(*answer.cause).meaning, style);
    add_doubts(text, answer, document, style);
  }
  if (!answer.kept && answer.cause == lists::Cause::unsupported) {
    add_field(text, "answer", "none: the zone is not asked about it", style);
    return;
  }
  add_evidence(text, answer, document, style);
}

}  // namespace

std::string to_text(const WhyDoc& document, const TextStyle& style) {
  std::string text = paint(show(document.subject, style), Ink::bold, style);
  if (document.target.empty()) {
    text += ": not watched";
  } else if (document.target != document.subject) {
    text += " (" + show(document.target, style) + ")";
  }
  text += "\n";
  if (document.answers.empty()) {
    text += "No zone is asked about it.\n";
  }
  for (const WhyAnswer& answer : document.answers) {
    add_answer(text, answer, document, style);
  }
  return text;
}

}  // namespace rblwatch::report
