// SPDX-License-Identifier: Apache-2.0
//
// Secret keys: as they are, from the environment ("env:NAME") or from a file (K_file). Their values
// go into core::Secret and into no error text. One load's thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conf/section.hpp"
#include "core/secret.hpp"

namespace rblwatch::conf {

/// The value of K where exactly one of K and K_file is given and right; "" and K = "" are not
/// given.
std::optional<Placed<core::Secret>> read_secret(Section& section, const std::string& key);

/// Warns of configuration files that hold secrets and are readable by everybody.
void warn_of_open_files(const Context& context);

/// What stands under [keys]; `is_used` becomes true for those that a zone names.
struct SharedKey {
  Placed<core::Secret> key;
  bool is_used = false;
};
class SharedKeys {
 public:
  void read(const Table& table, const Place& place, Context& context);
  /// nullptr when there is none of this name.
  const core::Secret* use(const std::string& name);
  bool has(const std::string& name) const { return keys_.count(name) != 0; }
  std::vector<std::string> names() const;
  /// Those that were read, but are good for nothing: named in `known` or not.
  void warn_of_unused(Findings& findings, const std::vector<std::string>& known) const;

 private:
  std::map<std::string, SharedKey> keys_;
};

/// One DNS label, as {key} must be; reports it otherwise.
bool check_label(const Placed<core::Secret>& key, Findings& findings);

}  // namespace rblwatch::conf
