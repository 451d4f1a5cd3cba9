// SPDX-License-Identifier: Apache-2.0
//
// What the commands that do something answer: one sentence for people, one document for programs.
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "report/model.hpp"
#include "report/text.hpp"

namespace rblwatch::report {

/// `backup`, `zones release`, `alerts resend`, `alerts drop`: done.
struct ActionDoc {
  Timestamp generated_at{};
  std::string action;  // "backup", "release", "resend", "drop"
  std::string object;  // the file, zone or delivery
  std::string text;    // one sentence, without a full stop
};

/// `alerts test`: what came of each channel's message.
struct SentView {
  std::string channel;
  std::string state;     // delivered | failed
  std::string response;  // short and safe to show; "" = null
};
struct SentDoc {
  Timestamp generated_at{};
  std::vector<SentView> results;
};

/// {"action","object","text"}.
std::string to_json(const ActionDoc& document);
/// {"results":[{"channel","state","response"}]}.
std::string to_json(const SentDoc& document);
std::string to_text(const ActionDoc& document, const TextStyle& style);
std::string to_text(const SentDoc& document, const TextStyle& style);

}  // namespace rblwatch::report
