// SPDX-License-Identifier: Apache-2.0
//
// scenario_runner [--log] FILE.scn…: plays each story; exit 0 when all went as told.
// scenario_runner --soak SEED[-SEED] [--days N] [--pairs N] [--log]: plays a soak for each seed;
// exit 0 when nothing false was told, nothing true missed.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "core/log.hpp"
#include "soak.hpp"
#include "story.hpp"

namespace {

int play_soaks(int argc, char** argv) {
  namespace scenario = rblwatch::scenario;
  scenario::SoakOptions options;
  unsigned long long first = 1;
  unsigned long long last = 1;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--log") {
      options.with_log = true;
      --i;
    } else if (option == "--days") {
      options.days = static_cast<std::uint32_t>(std::stoul(value));
    } else if (option == "--pairs") {
      options.pairs = static_cast<std::uint32_t>(std::stoul(value));
    } else {
      first = std::stoull(value);
      const auto dash = value.find('-');
      last = dash == std::string::npos ? first : std::stoull(value.substr(dash + 1));
    }
  }
  bool is_good = true;
  for (options.seed = first; options.seed <= last; ++options.seed) {
    is_good = scenario::play_soak(options) && is_good;
  }
  return is_good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  namespace scenario = rblwatch::scenario;
  rblwatch::core::set_up_log(rblwatch::core::LogLevel::error, rblwatch::core::LogFormat::text);
  constexpr std::uint64_t kSeed = 20261123;
  if (argc > 2 && std::string(argv[1]) == "--soak") {
    return play_soaks(argc, argv);
  }
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
