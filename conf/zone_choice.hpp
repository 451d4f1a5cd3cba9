// SPDX-License-Identifier: Apache-2.0
//
// Which zones are in use: the catalogue with the user's overrides, the user's own zones, their
// keys, and what catalogue.use and catalogue.skip say. One load's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/catalogue_file.hpp"

namespace rblwatch::conf {

/// Zones by the names that targets may use.
class ZoneNames {
 public:
  struct Known {
    std::string id;
    std::string dns;    // as configured
    std::string shown;  // with <key>
    bool is_in_use = false;
  };
  /// `is_complete`: false when the catalogue couldn't be read, so that other names may be right
  /// too.
  explicit ZoneNames(bool is_complete) : is_complete_(is_complete) {}
  bool is_complete() const { return is_complete_; }
  void add(Known zone) { zones_.push_back(std::move(zone)); }
  /// By id or DNS name, case ignored; nullptr when there is none.
  const Known* find(std::string_view name) const;
  /// Ids and DNS names, for suggestions.
  std::vector<std::string> all() const;

 private:
  bool is_complete_;
  std::vector<Known> zones_;
};

struct ZoneInput {
  std::optional<CatalogueFile> catalogue;  // nothing = it couldn't be read, which was told
  CatalogueSettings settings;
  const Array* sections = nullptr;  // the user's [[zone]]; nullptr = none
  SharedKeys* keys = nullptr;
};

/// Fills catalogue and zones of `config`; says what names there are.
ZoneNames choose_zones(ZoneInput input, Context& context, Config& config);

}  // namespace rblwatch::conf
