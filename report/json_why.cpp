// SPDX-License-Identifier: Apache-2.0
// `why` as JSON, there and back: the command line takes it from the daemon and may show it as text.
#include "core/text.hpp"
#include "report/json.hpp"
#include "report/json_parts.hpp"

namespace rblwatch::report {
namespace {

using json_parts::Json;
using json_parts::text;
using json_parts::text_or_null;
using json_parts::texts;
using json_parts::time_or_null;
using json_parts::word_or_null;
using lists::Evidence;

constexpr Timestamp kNever{};  // an Evidence that was never asked for

/// Rule 6 joins TXT records by a newline.
Json records(const core::Untrusted& txt) {
  Json array = Json::array();
  if (!txt.is_empty()) {
    for (const std::string_view record : core::split(txt.raw(), '\n')) {
      array.push_back(text(record));
    }
  }
  return array;
}

std::string dig_of(const WhyAnswer& answer) {
  return answer.dig.empty() ? lists::dig_line(*answer.evidence) : answer.dig;
}

/// Where nothing is kept but the question, all that an answer would have told is null.
void add_evidence(Json& json, const Evidence& evidence) {
  const bool was_asked = evidence.asked_at != kNever;
  json["question"] = text_or_null(evidence.question);
  json["qtype"] = text_or_null(evidence.qtype);
  json["server"] = text_or_null(evidence.server);
  json["transport"] = evidence.server.empty() ? Json() : Json(dns::to_text(evidence.transport));
  json["rcode"] = text_or_null(evidence.rcode);
  json["a"] = texts(evidence.a);
  json["txt"] = records(evidence.txt);
  json["ttl_s"] = evidence.ttl ? Json(evidence.ttl->count()) : Json();
  json["ede"] = evidence.ede;
  json["asked_at"] = was_asked ? Json(core::to_rfc3339(evidence.asked_at)) : Json();
  json["took_ms"] = was_asked ? Json(evidence.took.count()) : Json();
}

Json vote_json(const VoteView& vote) {
  Json json;
  json["verdict"] = text(vote.verdict);
  json["codes"] = texts(vote.codes);
  json["asked_at"] = core::to_rfc3339(vote.asked_at);
  json["independent"] = vote.independent;
  return json;
}

Json answer_json(const WhyAnswer& answer) {
  Json json;
  json["zone"] = text(answer.zone);
  json["dns"] = text(answer.dns);
  json["verdict"] = text(answer.verdict);
  json["cause"] = word_or_null(answer.cause);
  json["kept"] = answer.kept;
  const Evidence evidence = answer.evidence.value_or(Evidence{});
  add_evidence(json, evidence);
  json["votes"] = json_parts::array_of(answer.votes, vote_json);
  Json& test = json["test"];
  test["state"] = core::enum_word(answer.test_state);
  test["at"] = time_or_null(answer.test_at);
  test["cause"] = word_or_null(answer.test_cause);
  json["dig"] = evidence.question.empty() ? Json() : text(dig_of(answer));
  return json;
}

// Reading back. What doesn't fit is thrown and becomes an Error in why_from_json.

struct Unfit {
  std::string text;
};

std::string text_of(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::string() : value.get<std::string>();
}

Timestamp time_of(const Json& value) {
  const auto at = core::parse_rfc3339(value.get<std::string>());
  if (!at) {
    throw Unfit{at.error().text};
  }
  return *at;
}

std::optional<Timestamp> maybe_time(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::nullopt : std::optional(time_of(value));
}

template <class Enum>
Enum word_of(const std::string& word) {
  const auto value = core::enum_from<Enum>(word);
  if (!value) {
    throw Unfit{core::quoted(word) + " is no word of the contract"};
  }
  return *value;
}

std::optional<lists::Cause> maybe_cause(const Json& json) {
  const std::string word = text_of(json, "cause");
  return word.empty() ? std::nullopt : std::optional(word_of<lists::Cause>(word));
}

VoteView vote_of(const Json& json) {
  return {.verdict = text_of(json, "verdict"),
          .codes = json.at("codes").get<std::vector<std::string>>(),
          .asked_at = time_of(json.at("asked_at")),
          .independent = json.at("independent").get<bool>()};
}

std::optional<Evidence> evidence_of(const Json& json, const WhyAnswer& answer) {
  Evidence evidence;
  evidence.question = text_of(json, "question");
  if (evidence.question.empty()) {
    return std::nullopt;
  }
  evidence.qtype = text_of(json, "qtype");
  evidence.server = text_of(json, "server");
  evidence.transport =
      text_of(json, "transport") == "tcp" ? dns::Transport::tcp : dns::Transport::udp;
  evidence.rcode = text_of(json, "rcode");
  evidence.a = json.at("a").get<std::vector<std::string>>();
  evidence.txt = core::Untrusted(core::join(json.at("txt").get<std::vector<std::string>>(), "\n"));
  if (const Json& ttl = json.at("ttl_s"); !ttl.is_null()) {
    evidence.ttl = core::Seconds(ttl.get<std::int64_t>());
  }
  evidence.ede = json.at("ede").get<std::vector<std::uint16_t>>();
  evidence.asked_at = maybe_time(json, "asked_at").value_or(kNever);
  if (const Json& took = json.at("took_ms"); !took.is_null()) {
    evidence.took = core::Millis(took.get<std::int64_t>());
  }
  evidence.test_state = answer.test_state;
  evidence.test_at = answer.test_at;
  evidence.test_cause = answer.test_cause;
  return evidence;
}

WhyAnswer answer_of(const Json& json) {
  WhyAnswer answer;
  answer.zone = text_of(json, "zone");
  answer.dns = text_of(json, "dns");
  answer.verdict = text_of(json, "verdict");
  answer.cause = maybe_cause(json);
  answer.kept = json.at("kept").get<bool>();
  for (const Json& vote : json.at("votes")) {
    answer.votes.push_back(vote_of(vote));
  }
  const Json& test = json.at("test");
  answer.test_state = word_of<lists::ZoneState>(text_of(test, "state"));
  answer.test_at = maybe_time(test, "at");
  answer.test_cause = maybe_cause(test);
  answer.evidence = evidence_of(json, answer);
  answer.dig = text_of(json, "dig");
  return answer;
}

WhyDoc document_of(const Json& json) {
  if (text_of(json, "schema") != "rblwatch/1") {
    throw Unfit{"its schema is not rblwatch/1"};
  }
  WhyDoc document;
  document.generated_at = time_of(json.at("generated_at"));
  document.subject = text_of(json, "subject");
  document.target = text_of(json, "target");
  for (const Json& answer : json.at("answers")) {
    document.answers.push_back(answer_of(answer));
  }
  return document;
}

tl::unexpected<core::Error> unreadable(const std::string& why) {
  return core::fail(core::Error::Kind::corrupt,
                    "the daemon's answer to `why` can't be read (" + why +
                        "): are rblwatch and rblwatchd of the same version?");
}

}  // namespace

std::string to_json(const WhyDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["subject"] = text(document.subject);
  json["target"] = text_or_null(document.target);
  json["answers"] = json_parts::array_of(document.answers, answer_json);
  return json_parts::dump(json);
}

core::Result<WhyDoc> why_from_json(const std::string& json) {
  try {
    WhyDoc document = document_of(Json::parse(json));
    document.is_from_daemon = true;
    return document;
  } catch (const Json::exception& error) {
    return unreadable(core::for_log(core::Untrusted(error.what())));
  } catch (const Unfit& unfit) {
    return unreadable(unfit.text);
  }
}

}  // namespace rblwatch::report
