// SPDX-License-Identifier: Apache-2.0
//
// Holds an output to the file that was read and found good: tests/golden/report/NAME. With
// RBL_UPDATE_GOLDEN=1 in the environment the file is written anew, to be read before it is
// committed.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

namespace rblwatch::report {

inline void check_golden(const std::string& name, const std::string& output) {
  const std::string path = std::string(RBL_SOURCE_DIR) + "/tests/golden/report/" + name;
  if (std::getenv("RBL_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << output;
  }
  std::ifstream file(path, std::ios::binary);
  INFO("the golden file " << path << " (RBL_UPDATE_GOLDEN=1 writes it anew)");
  REQUIRE(file.good());
  std::ostringstream expected;
  expected << file.rdbuf();
  CHECK(output == expected.str());
}

}  // namespace rblwatch::report
