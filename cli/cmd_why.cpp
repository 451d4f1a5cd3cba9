// SPDX-License-Identifier: Apache-2.0
// `why SUBJECT [ZONE]`: from the daemon's memory, or while it is down from what the database keeps.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/daemon_client.hpp"
#include "cli/reading.hpp"
#include "cli/zone_choice.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"
#include "report/asked.hpp"
#include "report/json.hpp"
#include "report/status.hpp"
#include "report/text.hpp"
#include "report/why.hpp"

namespace rblwatch::cli {
namespace {

using lists::Kind;

/// The subject as it is spelt here, and the zone's id ("" = all): both known to the configuration.
struct Question {
  lists::SubjectIndex subject;
  std::string text;
  std::string zone;
};

/// A target's name or value will do where it stands for one subject.
core::Result<lists::SubjectIndex, Failure> subject_of(const lists::SubjectTable& subjects,
                                                      const std::string& word) {
  const auto subject = lists::Subject::parse(word);
  if (const auto index = subject ? subjects.find(*subject) : std::nullopt) {
    return *index;
  }
  const auto targets = subjects.targets();
  const auto named = std::find_if(targets.begin(), targets.end(), [&](const lists::Target& t) {
    return t.name == word || t.value == word;
  });
  if (named == targets.end()) {
    return tl::make_unexpected(not_watched(subjects, word));
  }
  const auto found =
      subjects.subjects_of(lists::TargetIndex{static_cast<std::uint32_t>(named - targets.begin())});
  if (found.empty()) {
    return failed("no address of " + core::quoted(word) +
                  " is known (rblwatch targets says what is known of it)");
  }
  if (found.size() > 1) {
    return wrong(core::quoted(word) + " stands for " +
                 core::count_of(found.size(), "subject", "subjects") + ": name one of them, as " +
                 subjects.subject(found.front()).to_text());
  }
  return found.front();
}

core::Result<Question, Failure> read_question(const Session& session, const Reading& reading) {
  const std::vector<std::string>& words = session.options.words;
  const auto subject = subject_of(reading.subjects, words.front());
  if (!subject) {
    return tl::make_unexpected(subject.error());
  }
  Question question;
  question.subject = *subject;
  question.text = reading.subjects.subject(question.subject).to_text();
  if (words.size() > 1) {
    const auto zone = choose_used_zone(reading.config, words[1]);
    if (!zone) {
      return tl::make_unexpected(zone.error());
    }
    question.zone = zone->id;
  }
  return question;
}

const report::KindRow* kind_row(const report::StatusRows& rows, const std::string& zone,
                                Kind kind) {
  const auto found = std::find_if(rows.kinds.begin(), rows.kinds.end(), [&](const auto& row) {
    return row.zone == zone && row.kind == kind;
  });
  return found != rows.kinds.end() ? &*found : nullptr;
}

class Explanation {
 public:
  Explanation(const Reading& reading, const Question& question,
              std::vector<storage::Reader::KeptEvidence> kept, core::Timestamp now)
      : reading_(reading),
        question_(question),
        kept_(std::move(kept)),
        status_(report::restrict_to(reading.world(), reading.rows,
                                    report::Meant{{}, {question.subject}}, now)) {}

  report::WhyAnswer answer(const lists::Zone& zone) const {
    const lists::Subject& subject = reading_.subjects.subject(question_.subject);
    report::WhyAnswer answer;
    answer.zone = zone.id;
    answer.dns = zone.dns.shown();
    if (const report::KindRow* row = kind_row(reading_.rows, zone.id, subject.kind())) {
      answer.test_state = row->state;
      answer.test_at = row->last_test;
      answer.test_cause = row->cause;
    }
    set_verdict(answer, zone);
    if (!answer.evidence) {
      report::add_unkept(answer, zone, subject, servers_of(zone));
    }
    answer.evidence->test_state = answer.test_state;
    answer.evidence->test_at = answer.test_at;
    answer.evidence->test_cause = answer.test_cause;
    return answer;
  }

  /// The system's resolvers are dig's own default.
  dns::ServerGroup servers_of(const lists::Zone& zone) const {
    return zone.servers.empty() ? dns::ServerGroup{reading_.config.resolver_servers}
                                : dns::ServerGroup{zone.servers, dns::ServerRole::authoritative};
  }

 private:
  void set_verdict(report::WhyAnswer& answer, const lists::Zone& zone) const {
    const auto kept = std::find_if(kept_.begin(), kept_.end(),
                                   [&](const auto& row) { return row.zone == zone.id; });
    const lists::Kind kind = reading_.subjects.subject(question_.subject).kind();
    const bool is_of_it = report::is_same_question(reading_.rows, zone, kind);
    if (kept != kept_.end() && is_of_it) {
      answer.evidence = kept->evidence;
      answer.votes = kept->votes;
    }
    const auto unknown =
        std::find_if(status_.unknowns.begin(), status_.unknowns.end(),
                     [&](const report::UnknownView& view) { return view.zone == zone.id; });
    if (unknown != status_.unknowns.end()) {
      answer.verdict = "unknown";
      answer.cause = unknown->cause;
    } else if (is_doubted_as_unsupported(zone)) {
      answer.verdict = "unknown";
      answer.cause = lists::Cause::unsupported;
    } else {
      answer.verdict = kept != kept_.end() && !kept->evidence.a.empty() ? "listed" : "clear";
    }
  }

  /// A name too long for DNS under this zone: no unknown that counts.
  bool is_doubted_as_unsupported(const lists::Zone& zone) const {
    const std::vector<report::DoubtRow>& doubts = reading_.rows.doubts;
    return std::any_of(doubts.begin(), doubts.end(), [&](const report::DoubtRow& row) {
      return row.zone == zone.id && row.subject == question_.text &&
             row.doubt.cause == lists::Cause::unsupported;
    });
  }

  const Reading& reading_;
  const Question& question_;
  std::vector<storage::Reader::KeptEvidence> kept_;
  report::StatusDoc status_;
};

core::Result<report::WhyDoc, Failure> from_database(const Session& session, const Reading& reading,
                                                    const Question& question) {
  auto kept = reading.reader->evidence(question.text);
  if (!kept) {
    return failed(kept.error());
  }
  report::WhyDoc document;
  document.generated_at = session.clock.now();
  document.subject = question.text;
  document.target = reading.subjects.target_ref(question.subject).name;
  const Explanation explanation(reading, question, std::move(*kept), document.generated_at);
  for (const lists::Zone& zone : reading.config.zones) {
    const bool is_meant = question.zone.empty() || question.zone == zone.id;
    if (!is_meant) {
      continue;
    }
    if (reading.subjects.is_asked(question.subject, zone)) {
      document.answers.push_back(explanation.answer(zone));
    } else if (report::is_shown_unsupported(reading.subjects, question.subject, zone,
                                            !question.zone.empty())) {
      document.answers.push_back(report::unsupported_answer(
          zone, reading.subjects.subject(question.subject), explanation.servers_of(zone)));
    }
  }
  return document;
}

/// Nothing where no daemon runs.
std::optional<core::Result<report::WhyDoc, Failure>> from_daemon(const Reading& reading,
                                                                 const Question& question) {
  std::vector<std::string> words{"why", question.text};
  if (!question.zone.empty()) {
    words.push_back(question.zone);
  }
  const DaemonReply reply = ask_daemon(conf::socket_path(reading.config.daemon), words);
  if (!reply.is_running) {
    return std::nullopt;
  }
  const auto document =
      reply.answer ? report::why_from_json(*reply.answer)
                   : core::Result<report::WhyDoc>(tl::make_unexpected(reply.answer.error()));
  if (document) {
    return *document;
  }
  if (reply.answer || document.error().kind != core::Error::Kind::not_found) {
    return failed(document.error());
  }
  // The file was changed since the daemon read it.
  return wrong("rblwatchd says: " + document.error().text +
               "; if the configuration is newer, have it reload (SIGHUP)");
}

/// What stands of an unknown verdict, for the text.
void add_listings(report::WhyDoc& document, const Reading& reading, const Question& question) {
  const bool is_unknown =
      std::any_of(document.answers.begin(), document.answers.end(),
                  [](const report::WhyAnswer& answer) { return answer.cause.has_value(); });
  if (is_unknown) {
    document.listings =
        report::restrict_to(reading.world(), reading.rows, report::Meant{{}, {question.subject}},
                            document.generated_at)
            .listings;
  }
}

}  // namespace

CommandResult run_why(const Session& session) {
  const auto reading = open_reading(session.options);
  if (!reading) {
    return tl::make_unexpected(reading.error());
  }
  const auto question = read_question(session, *reading);
  if (!question) {
    return tl::make_unexpected(question.error());
  }
  auto answered = from_daemon(*reading, *question);
  auto document = answered ? std::move(*answered) : from_database(session, *reading, *question);
  if (!document) {
    return tl::make_unexpected(document.error());
  }
  add_listings(*document, *reading, *question);
  return Reply{
      session.options.json ? report::to_json(*document) : report::to_text(*document, session.style),
      kDone,
      {}};
}

}  // namespace rblwatch::cli
