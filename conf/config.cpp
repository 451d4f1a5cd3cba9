// SPDX-License-Identifier: Apache-2.0
#include "conf/config.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "conf/catalogue_file.hpp"
#include "conf/channel_section.hpp"
#include "conf/secrets.hpp"
#include "conf/settings.hpp"
#include "conf/sources.hpp"
#include "conf/target_section.hpp"
#include "conf/zone_choice.hpp"

namespace rblwatch::conf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultFile = "/etc/rblwatch/rblwatch.toml";

/// Reads the merged root table, section by section, into a Config.
class Loader {
 public:
  Loader(const Table& root, Findings& findings, const Environment& environment)
      : findings_(findings), context_{findings, environment, {}}, top_(root, {}, "", context_) {}

  Config load() {
    Config config;
    one("daemon", [&](Section& section) { read_daemon(section, config); });
    if (const auto* keys = table("keys")) {
      keys_.read(*keys, top_.place_of("keys"), context_);
    }
    one("resolver", [&](Section& section) { read_resolver(section, config); });
    one("schedule", [&](Section& section) { read_schedule(section, config.schedule); });
    const ZoneNames zones = choose(config);
    TargetReader targets(zones, context_);
    each("target", [&](Section& section) { targets.read(section); });
    ChannelReader channels(context_);
    each("channel", [&](Section& section) { channels.read(section); });
    channels.check_references();
    const std::vector<std::string> names = channels.names();
    each("digest", [&](Section& section) { read_digest(section, names); });
    top_.take("include");  // sources.cpp has dealt with it
    top_.finish();
    config.channels = channels.take();
    config.targets = targets.finish(config.daemon.max_subjects);
    warn_of_unasked(config);
    warn_of_open_files(context_);
    return config;
  }

 private:
  ZoneNames choose(Config& config) {
    ZoneInput input;
    input.settings.use = {{"default", {}, "catalogue.use"}};
    one("catalogue", [&](Section& section) { read_catalogue_settings(section, input.settings); });
    input.catalogue = read_catalogue(input.settings.file, context_);
    input.sections = array("zone");
    input.keys = &keys_;
    return choose_zones(std::move(input), context_, config);
  }

  const Table* table(const std::string& key) {
    const Member* member = top_.take(key);
    if (member == nullptr) {
      return nullptr;
    }
    const auto* table = std::get_if<Table>(&member->node.value);
    if (table == nullptr) {
      findings_.error(member->place, key, "is " + type_name(member->node),
                      "expected [" + key + "]");
    }
    return table;
  }

  const Array* array(const std::string& key) {
    const Member* member = top_.take(key);
    if (member == nullptr) {
      return nullptr;
    }
    const auto* array = std::get_if<Array>(&member->node.value);
    if (array == nullptr) {
      findings_.error(member->place, key, "is " + type_name(member->node),
                      "expected [[" + key + "]], as often as wanted");
    }
    return array;
  }

  template <class Read>
  void one(const std::string& key, Read&& read) {
    if (const Table* members = table(key)) {
      Section section(*members, top_.place_of(key), key, context_);
      read(section);
    }
  }

  template <class Read>
  void each(const std::string& key, Read&& read) {
    const Array* items = array(key);
    for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
      const Node& node = (*items)[i];
      const std::string path = key + "[" + std::to_string(i) + "]";
      if (const auto* members = std::get_if<Table>(&node.value)) {
        Section section(*members, node.place, path, context_);
        read(section);
      } else {
        findings_.error(node.place, path, "is " + type_name(node), "expected a table");
      }
    }
  }

  /// Targets that no zone in use is asked about: a forgotten group, more often than not.
  void warn_of_unasked(const Config& config) {
    for (const lists::Kind kind : lists::kAllKinds) {
      const auto target = std::find_if(
          config.targets.begin(), config.targets.end(), [kind](const lists::Target& candidate) {
            const bool is_address = candidate.type == lists::TargetType::address ||
                                    candidate.type == lists::TargetType::range;
            if (kind == lists::Kind::domain) {
              return candidate.type == lists::TargetType::domain;
            }
            const bool is_v4 =
                candidate.range.network().is_v4() || candidate.range.network().is_v4_mapped();
            return is_address && is_v4 == (kind == lists::Kind::ipv4);
          });
      const bool is_asked =
          std::any_of(config.zones.begin(), config.zones.end(),
                      [kind](const lists::Zone& zone) { return zone.kinds.has(kind); });
      if (target != config.targets.end() && !is_asked) {
        const std::string word(core::enum_word(kind));
        findings_.warning(
            {}, "catalogue.use",
            "no zone in use is asked about targets of kind " + word + ", as " + target->name,
            "use a zone of this kind");
      }
    }
  }

  Findings& findings_;
  Context context_;
  Section top_;
  SharedKeys keys_;
};

Loaded load_table(const std::optional<Table>& root, const fs::path& file, Findings& findings,
                  const Environment& environment) {
  Loaded loaded;
  if (root) {
    Config config = Loader(*root, findings, environment).load();
    config.file = file;
    if (!findings.has_errors()) {
      loaded.config = std::move(config);
    }
  }
  findings.take(loaded);
  return loaded;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
}

Loaded load(const std::optional<fs::path>& file, const Environment& environment) {
  Findings findings;
  std::error_code ignored;
  if (!file && !fs::exists(kDefaultFile, ignored)) {
    findings.add_file("");
    return load_table(Table{}, "", findings, environment);
  }
  const fs::path path = file.value_or(kDefaultFile);
  return load_table(read_sources(path, findings), path, findings, environment);
}

Loaded load_text(std::string_view toml, const fs::path& file, const Environment& environment) {
  Findings findings;
  return load_table(read_sources(toml, file, findings), file, findings, environment);
}

fs::path socket_path(const DaemonSettings& settings) {
  fs::path path = settings.database;
  path += ".sock";
  return path;
}

}  // namespace rblwatch::conf
