// SPDX-License-Identifier: Apache-2.0
//
// The document of `plan`: what a configuration will ask of each zone and operator a day, as JSON
// and for people. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/model.hpp"
#include "report/text.hpp"

namespace rblwatch::report {

struct PlanZone {
  std::string id;
  std::string operator_name;  // "" = null
  std::uint64_t questions_per_day = 0;
  std::uint64_t limit_per_day = 0;  // 0 = null
  std::optional<double> share;      // of the limit: 1 = all of it
  std::optional<double> qps;        // the pace; nothing = no limit
  std::optional<double> sweep_s;    // at that pace
};

struct PlanOperator {
  std::string operator_name;
  std::uint64_t questions_per_day = 0;
  std::uint64_t limit_per_day = 0;  // 0 = null
  std::optional<double> share;
};

struct PlanDoc {
  Timestamp generated_at{};
  std::vector<PlanZone> zones;
  std::vector<PlanOperator> operators;
  std::vector<std::string> warnings;  // each says what to do
};

std::string to_json(const PlanDoc& document);
std::string to_text(const PlanDoc& document, const TextStyle& style);

}  // namespace rblwatch::report
