// SPDX-License-Identifier: Apache-2.0
//
// A configuration file as values with their places: what reader.cpp makes of TOML, so that nobody
// else knows the library. Members stand in the order of the file. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "conf/findings.hpp"

namespace rblwatch::conf {

struct Node;
struct Member;
using Array = std::vector<Node>;
using Table = std::vector<Member>;
/// Dates and times: no key of ours takes one.
struct Moment {};

struct Node {
  Place place;
  std::variant<Moment, bool, std::int64_t, double, std::string, Array, Table> value;
};

struct Member {
  std::string key;
  Place place;  // of the key
  Node node;
};

/// "a string", "an integer", … as errors say it.
std::string type_name(const Node& node);

/// The member of this key, or nullptr.
const Member* find_member(const Table& table, const std::string& key);

}  // namespace rblwatch::conf
