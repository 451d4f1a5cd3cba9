// SPDX-License-Identifier: Apache-2.0
//
// scenario_runner [--log] FILE.scn…: plays each story; exit 0 when all went as told.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "core/log.hpp"
#include "story.hpp"

int main(int argc, char** argv) {
  namespace scenario = rblwatch::scenario;
  rblwatch::core::set_up_log(rblwatch::core::LogLevel::error, rblwatch::core::LogFormat::text);
  constexpr std::uint64_t kSeed = 20261123;
  bool with_log = false;
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string file = argv[i];
    if (file == "--log") {
      with_log = true;
      continue;
    }
    try {
      scenario::Story story(file, kSeed);
      const std::vector<std::string> failures = story.play();
      for (const std::string& failure : failures) {
        std::fprintf(stderr, "%s\n", failure.c_str());
      }
      failed += failures.empty() ? 0 : 1;
      if (with_log || !failures.empty()) {
        std::fprintf(stderr, "%s", story.log().c_str());
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}
