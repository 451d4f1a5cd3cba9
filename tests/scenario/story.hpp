// SPDX-License-Identifier: Apache-2.0
//
// Reads a story (*.scn) and plays it; docs/scenarios.md describes the language. Throws
// std::runtime_error with file and line for a story that can't be read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stage.hpp"

namespace rblwatch::scenario {

/// A line's words; "…" holds blanks together.
struct Line {
  std::size_t number = 0;
  std::vector<std::string> words;
};
std::vector<Line> read_lines(const std::filesystem::path& file);

/// "6m", "1h30m", "2d": from the story's beginning.
core::Micros parse_moment(const std::string& text);

class Story {
 public:
  Story(const std::filesystem::path& file, std::uint64_t seed);
  /// What was expected and did not happen; empty = as told.
  std::vector<std::string> play();
  /// Everything that happened, for the reader of a failure.
  std::string log() const;

 private:
  using Words = std::vector<std::string>;
  struct Step {
    core::Micros at;
    std::size_t line = 0;
    std::function<void()> act;
  };
  struct Expectation {
    std::size_t line = 0;
    std::function<bool()> holds;
    std::string text;
  };

  void take(const Line& line);
  void take_config(const Words& words);
  void take_zone(const Words& words);
  void take_target(const Words& words);
  void take_channel(const Words& words);
  void take_step(const Line& line);
  std::function<void()> step_of(const Words& rest);
  std::function<void()> zone_step(const Words& words);
  std::function<void()> own_servers_step(const std::string& id, const std::string& word);
  std::function<void()> answers_step(const std::string& zone, const Words& words);
  std::function<void()> dns_step(const Words& words);
  std::function<void()> resolver_step(const Words& words);
  void take_expectation(const Line& line);
  std::function<bool()> event_expectation(const Words& words);
  std::function<bool()> delivery_expectation(const Words& words);
  void take_state_expectation(const Line& line);
  void take_sight_expectation(const Line& line);
  lists::Zone& zone(const std::string& id);

  std::filesystem::path file_;
  Stage stage_;
  std::vector<Step> steps_;
  std::vector<Expectation> expectations_;
  std::vector<std::string> failures_;
  core::Micros end_{0};
};

}  // namespace rblwatch::scenario
