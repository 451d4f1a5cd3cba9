// SPDX-License-Identifier: Apache-2.0
#include "lists/advice.hpp"

#include <catch2/catch.hpp>

#include "core/text.hpp"

namespace rblwatch::lists {

TEST_CASE("Each cause says what it means, and what to do unless nothing can be done") {
  for (const auto& [cause, word] : core::EnumWords<Cause>::table) {
    INFO(word);
    const Advice advice = advice_on(cause, "corp");
    CHECK(advice.meaning.ends_with('.'));
    CHECK(advice.steps.empty() == (cause == Cause::unsupported));
    for (const std::string& step : advice.steps) {
      CHECK((step.ends_with('.')));
    }
  }
}

TEST_CASE("A refusal is answered with a resolver of one's own, a key, and where the terms stand") {
  const std::string steps = core::join(advice_on(Cause::refused, "spamhaus-zen").steps, " ");
  CHECK(steps.find("recursive resolver of your own") != std::string::npos);
  CHECK(steps.find("key") != std::string::npos);
  CHECK(steps.find("`rblwatch zones spamhaus-zen`") != std::string::npos);
  CHECK(core::join(advice_on(Cause::refused).steps, " ").find("`rblwatch zones ID`") !=
        std::string::npos);
}

TEST_CASE(
    "What hides or rewrites answers may be rebinding protection, which can be told to let be") {
  for (const Cause cause : {Cause::rewritten, Cause::test_entry_missing}) {
    const std::string steps = core::join(advice_on(cause).steps, " ");
    for (const char* words : {"Extended DNS Error 15", "rebind-localhost-ok", "rebind-domain-ok",
                              "private-address 127.0.0.0/8"}) {
      INFO(words);
      CHECK(steps.find(words) != std::string::npos);
    }
  }
}

TEST_CASE("States without a cause have advice of their own") {
  CHECK(advice_on(ZoneState::quarantined, "corp").steps.back().find("zones release corp") !=
        std::string::npos);
  CHECK_FALSE(advice_on(ZoneState::untested).meaning.empty());
  CHECK(advice_on(ZoneState::seeing).meaning.empty());
}

}  // namespace rblwatch::lists
