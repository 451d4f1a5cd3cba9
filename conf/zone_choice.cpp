// SPDX-License-Identifier: Apache-2.0
#include "conf/zone_choice.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

using lists::Kind;
using lists::Zone;

/// A zone on its way into use.
struct Candidate {
  ZoneDraft draft;
  Zone zone;
  bool is_default = false;
  bool is_own = false;  // not of the catalogue
  bool is_in_use = false;
  Place used_at;        // where it was put to use
  std::string used_by;  // the key there
};

std::string since(const lists::DeadZone& dead) {
  return " is dead" + (dead.died.empty() ? "" : " since " + dead.died) +
         (dead.lists_world ? " and lists the whole world" : "") +
         (dead.note.empty() ? "" : ": " + dead.note);
}

std::string key_advice(const Candidate& candidate) {
  const std::string& shared = candidate.draft.shared_key.value;
  const std::string own = "key_file in a [[zone]] with id = \"" + candidate.zone.id + "\"";
  return shared.empty() ? "give " + own : "give " + shared + "_file under [keys], or " + own;
}

class ZoneChoice {
 public:
  ZoneChoice(ZoneInput input, Context& context)
      : input_(std::move(input)), context_(context), findings_(context.findings) {}

  ZoneNames choose(Config& config) {
    take_catalogue();
    read_sections();
    for (Candidate& candidate : candidates_) {
      candidate.zone = finish_zone(candidate.draft, findings_);
      set_key(candidate);
    }
    build_catalogue(config.catalogue);
    resolve_containers(config.catalogue);
    check_circles();
    use(config.catalogue);
    skip(config.catalogue);
    for (Candidate& candidate : candidates_) {
      if (candidate.is_in_use) {
        check_key(candidate);
        warn(candidate, config.catalogue);
        config.zones.push_back(candidate.zone);
        config.zone_spots.push_back(spot_of(candidate));
      }
    }
    warn_of_doubles();
    input_.keys->warn_of_unused(findings_, shared_key_names());
    return names();
  }

 private:
  void take_catalogue() {
    if (!input_.catalogue) {
      return;
    }
    warn_when_old();
    dead_.dead = input_.catalogue->dead;
    for (CatalogueEntry& entry : input_.catalogue->zones) {
      Candidate candidate;
      candidate.draft = std::move(entry.draft);
      candidate.is_default = entry.is_default;
      candidates_.push_back(std::move(candidate));
    }
  }

  void warn_when_old() {
    const core::Timestamp now = core::SystemClock().now();
    const bool has_date = input_.catalogue->date_place.line != 0;
    if (has_date && now - input_.catalogue->date > input_.settings.max_age) {
      findings_.warning(input_.catalogue->date_place, "catalogue.max_age",
                        "the catalogue of " +
                            core::to_rfc3339(input_.catalogue->date).substr(0, 10) +
                            " is older than " + core::to_duration_text(input_.settings.max_age),
                        "install a newer rblwatch, or name a newer zones.toml as catalogue.file");
    }
  }

  Candidate* find(std::string_view name) {
    const std::string wanted =
        core::to_lower(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
    const auto is_named = [&wanted](const Candidate& candidate) {
      return core::to_lower(candidate.draft.id.value) == wanted;
    };
    const auto has_dns = [&wanted](const Candidate& candidate) {
      const lists::ZoneDns& dns = candidate.draft.zone.dns;
      return !dns.pattern().empty() && (dns.pattern() == wanted || dns.shown() == wanted);
    };
    auto found = std::find_if(candidates_.begin(), candidates_.end(), is_named);
    if (found == candidates_.end()) {
      found = std::find_if(candidates_.begin(), candidates_.end(), has_dns);
    }
    return found != candidates_.end() && !wanted.empty() ? &*found : nullptr;
  }

  void read_sections() {
    for (std::size_t i = 0; input_.sections != nullptr && i < input_.sections->size(); ++i) {
      const Node& node = (*input_.sections)[i];
      const std::string path = "zone[" + std::to_string(i) + "]";
      if (const auto* table = std::get_if<Table>(&node.value)) {
        Section section(*table, node.place, path, context_);
        read_section(section);
        section.finish();
      } else {
        findings_.error(node.place, path, "is " + type_name(node), "expected a table");
      }
    }
  }

  void read_section(Section& section) {
    if (section.has("delist_time")) {
      findings_.later("zone.delist_time");
    }
    PlacedText id;
    ZoneDraft unnamed;
    if (!section.has("id")) {
      section.missing("id", "a name of its own, or the id of a catalogue zone");
    }
    if (!section.placed_text("id", id)) {
      read_zone(section, unnamed);
      return;
    }
    Candidate* base = find(id.value);
    const auto [known, is_new] = section_ids_.emplace(
        core::to_lower(base != nullptr ? base->draft.id.value : id.value), id.place);
    if (!is_new) {
      section.error("id",
                    core::quoted(id.value) + " is used twice; the other one is at " +
                        findings_.place_text(known->second),
                    "one [[zone]] for each zone");
      read_zone(section, unnamed);
    } else if (base != nullptr && !base->is_own) {
      const std::string kept = base->draft.id.value;
      read_zone(section, base->draft);
      base->draft.id.value = kept;  // it may have been named by its DNS name
    } else {
      read_own(section, id);
    }
  }

  void read_own(Section& section, const PlacedText& id) {
    Candidate own;
    own.is_own = true;
    own.is_in_use = true;
    read_zone(section, own.draft);
    own.used_at = section.place();
    own.used_by = section.path();
    if (lists::is_group(core::to_lower(id.value))) {  // zones are found in either case
      section.error("id", core::quoted(id.value) + " is the name of a group", "another name");
    } else if (own.draft.dns.value.empty() && !section.has("dns")) {
      unknown_own(section, id);
    } else if (!own.draft.has_kinds) {
      section.missing("kinds", "some of ipv4, ipv6 and domain, as [\"ipv4\"]");
    }
    candidates_.push_back(std::move(own));
  }

  void unknown_own(const Section& section, const PlacedText& id) {
    if (!input_.catalogue) {
      return;  // it may well be in the one that couldn't be read
    }
    if (const lists::DeadZone* dead = find_dead(id.value)) {
      section.error("id", core::quoted(id.value) + since(*dead), "leave it out");
      return;
    }
    const std::string near = did_you_mean(id.value, zone_names());
    section.error("id", core::quoted(id.value) + " is neither in the catalogue nor has it a dns",
                  "give dns and kinds for a zone of your own" + (near.empty() ? "" : "; " + near));
  }

  const lists::DeadZone* find_dead(std::string_view name) const { return dead_.find_dead(name); }

  std::vector<std::string> zone_names() const {
    std::vector<std::string> all;
    for (const Candidate& candidate : candidates_) {
      all.push_back(candidate.draft.id.value);
      all.push_back(candidate.draft.zone.dns.pattern());
    }
    return all;
  }

  std::vector<std::string> shared_key_names() const {
    std::set<std::string> all;
    for (const Candidate& candidate : candidates_) {
      if (!candidate.draft.shared_key.value.empty()) {
        all.insert(candidate.draft.shared_key.value);
      }
    }
    return {all.begin(), all.end()};
  }

  void set_key(Candidate& candidate) {
    const PlacedText& shared = candidate.draft.shared_key;
    const core::Secret* key = nullptr;
    if (candidate.draft.own_key) {
      key = &candidate.draft.own_key->value;
    } else if (!shared.value.empty()) {
      key = input_.keys->use(shared.value);
      candidate.draft.has_bad_key = key != nullptr && key->is_empty();
    }
    const bool is_users = shared.place.file == candidate.draft.place.file;
    if (key == nullptr && !shared.value.empty() && is_users && is_of_user(candidate)) {
      candidate.draft.has_bad_key = true;
      findings_.error(shared.place, shared.key, core::quoted(shared.value) + " is not under [keys]",
                      suggestion(shared.value, input_.keys->names(), "give it there"));
    }
    if (key == nullptr || key->is_empty() || candidate.zone.dns.pattern().empty()) {
      return;
    }
    if (const auto set = candidate.zone.dns.set_key(*key); !set) {
      const auto& own = candidate.draft.own_key;
      findings_.error(own ? own->place : shared.place, own ? own->key : shared.key,
                      "there is no {key} in the zone's dns",
                      "expected one like {key}." + candidate.zone.dns.pattern());
    }
  }

  bool is_of_user(const Candidate& candidate) const {
    return section_ids_.count(core::to_lower(candidate.draft.id.value)) != 0;
  }

  /// The user's own section where there is one: that is where it can be changed.
  Spot spot_of(const Candidate& candidate) const {
    const bool has_section = is_of_user(candidate);
    const Place& place = has_section ? candidate.draft.place : candidate.used_at;
    return {findings_.shown(place.file).native(), place.line, place.column,
            has_section ? candidate.draft.path : candidate.used_by};
  }

  void build_catalogue(lists::Catalogue& catalogue) const {
    if (!input_.catalogue) {
      return;
    }
    catalogue.date = input_.catalogue->date;
    catalogue.dead = input_.catalogue->dead;
    catalogue.probes = input_.catalogue->probes;
    for (const Candidate& candidate : candidates_) {
      if (!candidate.is_own) {
        catalogue.zones.push_back(
            {candidate.zone, candidate.is_default, candidate.draft.shared_key.value});
      }
    }
  }

  void resolve_containers(lists::Catalogue& catalogue) {
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      Candidate& candidate = candidates_[i];
      for (const PlacedText& name : candidate.draft.contained_in) {
        const Candidate* container = find(name.value);
        if (container == nullptr && input_.catalogue) {
          findings_.error(name.place, name.key, core::quoted(name.value) + " is no zone",
                          suggestion(name.value, zone_names(), "expected the id of a zone"));
        } else if (container == &candidate) {
          findings_.error(name.place, name.key, "a zone can't hold itself", "ids of other zones");
        } else if (container != nullptr) {
          candidate.zone.contained_in.push_back(container->draft.id.value);
        }
      }
      if (i < catalogue.zones.size()) {
        catalogue.zones[i].zone.contained_in = candidate.zone.contained_in;
      }
    }
  }

  /// Whether the zone lies in the other, be it by way of more of them.
  bool is_within(const Candidate& zone, const Candidate& other) {
    std::vector<const Candidate*> way{&zone};
    for (std::size_t i = 0; i < way.size(); ++i) {
      for (const PlacedText& name : way[i]->draft.contained_in) {
        const Candidate* container = find(name.value);
        if (container == &other) {
          return true;
        }
        if (container != nullptr && std::find(way.begin(), way.end(), container) == way.end()) {
          way.push_back(container);
        }
      }
    }
    return false;
  }

  /// A listing on a zone within another is told by that one (rule 9): in a circle, by none. The
  /// catalogue has none of its own; where the user's file closes one, that is where to mend it.
  void check_circles() {
    for (const Candidate& candidate : candidates_) {
      for (const PlacedText& name : candidate.draft.contained_in) {
        const Candidate* container = find(name.value);
        const bool is_users =
            is_of_user(candidate) && name.place.file == candidate.draft.place.file;
        if (is_users && container != nullptr && container != &candidate &&
            is_within(*container, candidate)) {
          findings_.error(name.place, name.key,
                          core::quoted(name.value) + " is itself contained in " +
                              candidate.draft.id.value +
                              ": each would leave the telling to the other",
                          "leave one of the two out");
        }
      }
    }
  }

  void put_to_use(Candidate& candidate, const PlacedText& name) {
    if (!candidate.is_in_use) {
      candidate.is_in_use = true;
      candidate.used_at = name.place;
      candidate.used_by = name.key;
    }
  }

  /// Each zone of the group gets `act`; that there is none is an error.
  template <class Act>
  void for_members(const lists::Catalogue& catalogue, const PlacedText& group, Act&& act) {
    bool has_members = false;
    for (std::size_t i = 0; i < catalogue.zones.size(); ++i) {
      if (lists::is_member(catalogue.zones[i], group.value)) {
        has_members = true;
        act(candidates_[i]);
      }
    }
    if (!has_members && input_.catalogue) {
      findings_.error(group.place, group.key,
                      "the group " + core::quoted(group.value) + " has no members in the catalogue",
                      "leave it out");
    }
  }

  void use(const lists::Catalogue& catalogue) {
    for (const PlacedText& name : input_.settings.use) {
      if (lists::is_group(name.value)) {
        for_members(catalogue, name, [&](Candidate& candidate) { put_to_use(candidate, name); });
      } else if (Candidate* candidate = find(name.value)) {
        put_to_use(*candidate, name);
      } else {
        unknown_name(name);
      }
    }
  }

  void skip(const lists::Catalogue& catalogue) {
    const auto leave_out = [](Candidate& candidate) { candidate.is_in_use = false; };
    for (const PlacedText& name : input_.settings.skip) {
      if (lists::is_group(name.value)) {
        for_members(catalogue, name, leave_out);
      } else if (Candidate* candidate = find(name.value)) {
        leave_out(*candidate);
      } else if (const lists::DeadZone* dead = find_dead(name.value)) {
        findings_.warning(name.place, name.key, core::quoted(name.value) + since(*dead),
                          "it is never asked: leave it out here");
      } else {
        unknown_name(name);
      }
    }
  }

  void unknown_name(const PlacedText& name) {
    if (!input_.catalogue) {
      return;  // it may well be in the one that couldn't be read
    }
    if (const lists::DeadZone* dead = find_dead(name.value)) {
      findings_.error(name.place, name.key, core::quoted(name.value) + since(*dead),
                      "leave it out");
      return;
    }
    std::vector<std::string> known(lists::group_names().begin(), lists::group_names().end());
    const std::string groups = either_of(known);
    const std::vector<std::string> zones = zone_names();
    known.insert(known.end(), zones.begin(), zones.end());
    const std::string near = did_you_mean(name.value, known);
    findings_.error(name.place, name.key, core::quoted(name.value) + " is no zone and no group",
                    near.empty() ? "expected the id of a zone, or a group: " + groups : near);
  }

  void check_key(const Candidate& candidate) {
    const lists::ZoneDns& dns = candidate.zone.dns;
    if (dns.needs_key() && !dns.has_key() && !candidate.draft.has_bad_key) {
      findings_.error(
          candidate.used_at, candidate.used_by,
          "zone " + candidate.zone.id + " (" + dns.shown() + ") needs its operator's key",
          key_advice(candidate));
    }
  }

  void warn(const Candidate& candidate, const lists::Catalogue& catalogue) {
    const ZoneDraft& draft = candidate.draft;
    const bool is_dns_here = draft.dns.place.line != 0;
    if (const lists::DeadZone* dead = catalogue.find_dead(candidate.zone.dns.shown())) {
      findings_.warning(is_dns_here ? draft.dns.place : draft.place, draft.dns.key,
                        candidate.zone.dns.shown() + since(*dead), "leave it out");
    }
    warn_of_tests(candidate);
  }

  /// Of what the zone's tests can't show.
  void warn_of_tests(const Candidate& candidate) {
    const lists::Zone& zone = candidate.zone;
    const auto warn_for = [&](const char* key, auto is_waived, const std::string& before,
                              const std::string& after, const std::string& fix) {
      std::vector<std::string> kinds;
      for (const Kind kind : lists::kAllKinds) {
        if (zone.kinds.has(kind) && is_waived(zone.test_of(kind))) {
          kinds.emplace_back(core::enum_word(kind));
        }
      }
      if (!kinds.empty()) {
        findings_.warning(candidate.draft.place, candidate.draft.path + "." + key,
                          "zone " + zone.id + before + " (" + core::join(kinds, ", ") + ")" + after,
                          fix);
      }
    };
    warn_for(
        "test_listed", [](const lists::TestEntries& entries) { return !entries.listed; },
        " has no entry that must be listed",
        ": that a subject is clear there is believed only while another one is still seen listed, "
        "or after schedule.breaker_hold",
        "give test_listed an entry that the zone always lists, or leave the zone out");
    warn_for(
        "test_clear",
        [&zone](const lists::TestEntries& entries) { return !entries.clear && !zone.test_random; },
        " has neither an entry that must be clear nor a random name that must be",
        ": when it lists everything, that can't be noticed",
        "give test_clear an entry that the zone never lists, or test_random = true, or leave the "
        "zone out");
  }

  void warn_of_doubles() {
    for (auto it = candidates_.begin(); it != candidates_.end(); ++it) {
      const std::string dns = it->zone.dns.pattern();
      const auto same = std::find_if(candidates_.begin(), it, [&dns](const Candidate& other) {
        return other.is_in_use && other.zone.dns.pattern() == dns;
      });
      if (it->is_in_use && same != it && !dns.empty()) {
        findings_.warning(
            it->draft.dns.place, it->draft.dns.key,
            it->zone.dns.shown() + " is asked twice: zone " + same->zone.id + " has the same dns",
            "skip one of them");
      }
    }
  }

  ZoneNames names() const {
    ZoneNames names(input_.catalogue.has_value());
    for (const Candidate& candidate : candidates_) {
      names.add({candidate.zone.id, candidate.zone.dns.pattern(), candidate.zone.dns.shown(),
                 candidate.is_in_use});
    }
    return names;
  }

  ZoneInput input_;
  Context& context_;
  Findings& findings_;
  std::vector<Candidate> candidates_;         // those of the catalogue first, in its order
  std::map<std::string, Place> section_ids_;  // of the user's sections, in lower case
  lists::Catalogue dead_;                     // only the dead ones, from the start
};

}  // namespace

const ZoneNames::Known* ZoneNames::find(std::string_view name) const {
  name.remove_suffix(name.ends_with('.') ? 1 : 0);
  const auto by = [this, name](auto member) -> const Known* {
    const auto found = std::find_if(zones_.begin(), zones_.end(), [&](const Known& zone) {
      return core::equals_ignoring_case(zone.*member, name);
    });
    return found != zones_.end() ? &*found : nullptr;
  };
  const Known* zone = by(&Known::id);
  zone = zone != nullptr ? zone : by(&Known::dns);
  return zone != nullptr ? zone : by(&Known::shown);
}

std::vector<std::string> ZoneNames::all() const {
  std::vector<std::string> all;
  for (const Known& zone : zones_) {
    all.push_back(zone.id);
    all.push_back(zone.dns);
  }
  return all;
}

ZoneNames choose_zones(ZoneInput input, Context& context, Config& config) {
  return ZoneChoice(std::move(input), context).choose(config);
}

}  // namespace rblwatch::conf
