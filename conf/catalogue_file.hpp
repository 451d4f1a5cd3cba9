// SPDX-License-Identifier: Apache-2.0
//
// The catalogue's file: which one it is, and what stands in it. One load's thread.
#pragma once

#include <optional>
#include <vector>

#include "conf/settings.hpp"
#include "conf/zone_section.hpp"
#include "core/time.hpp"
#include "lists/catalogue.hpp"

namespace rblwatch::conf {

struct CatalogueEntry {
  ZoneDraft draft;
  bool is_default = false;
};

struct CatalogueFile {
  core::Timestamp date{};
  Place date_place;
  std::vector<CatalogueEntry> zones;
  std::vector<lists::DeadZone> dead;
  lists::Probes probes;
};

/// The file that `catalogue.file` names; else, for a program that isn't installed, the one of the
/// tree it was built in; else the installed one. Nothing when it can't be read at all.
std::optional<CatalogueFile> read_catalogue(const PlacedText& setting, Context& context);

}  // namespace rblwatch::conf
