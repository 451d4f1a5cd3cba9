// SPDX-License-Identifier: Apache-2.0
//
// [[target]] sections and the files of targets they name. One load's thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "conf/section.hpp"
#include "conf/zone_choice.hpp"
#include "lists/target.hpp"

namespace rblwatch::conf {

/// Collects all targets of a configuration.
class TargetReader {
 public:
  /// `zones` outlives this.
  TargetReader(const ZoneNames& zones, Context& context)
      : zones_(zones), findings_(context.findings) {}

  void read(Section& section);
  /// Holds the whole to `max_subjects` and names used twice, and hands the targets over.
  std::vector<lists::Target> finish(std::uint64_t max_subjects);

 private:
  struct Origin {
    Place place;
    std::uint32_t section = 0;  // index into keys_
    bool has_own_name = false;
    bool is_of_file = false;  // a line of a file of targets
  };
  enum class Form : std::uint8_t { address, range, host, domain };

  void read_value(Section& section, Form form, const std::string& key, lists::Target common);
  struct Hole {
    core::Cidr range;
    PlacedText text;
  };
  std::vector<Hole> read_except(Section& section) const;
  void add_holes(const std::vector<Hole>& holes, lists::Target& target) const;
  void read_zone_names(Section& section, const std::string& key, bool must_be_in_use,
                       std::vector<std::string>& out) const;
  lists::Target read_common(Section& section);
  void read_file(Section& section, const lists::Target& common);
  void read_lines(std::string_view text, std::uint32_t file, const lists::Target& common);
  void add(lists::Target target, Origin origin);
  void check_names();
  void check_count(std::uint64_t max_subjects);
  std::uint64_t count_subjects() const;

  const ZoneNames& zones_;
  Findings& findings_;
  std::vector<lists::Target> targets_;
  std::vector<Origin> origins_;  // of each
  std::vector<std::string> keys_;
};

}  // namespace rblwatch::conf
