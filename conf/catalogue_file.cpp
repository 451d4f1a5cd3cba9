// SPDX-License-Identifier: Apache-2.0
#include "conf/catalogue_file.hpp"

#include <algorithm>
#include <system_error>

#include "conf/reader.hpp"
#include "core/file.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::conf {
namespace {

namespace fs = std::filesystem;

/// Of the file's format: what a newer one means can't be known.
constexpr std::int64_t kSchema = 1;

enum class Confidence : std::uint8_t { medium, high };

}  // namespace
}  // namespace rblwatch::conf

template <>
struct rblwatch::core::EnumWords<rblwatch::conf::Confidence> {
  using C = rblwatch::conf::Confidence;
  static constexpr std::array<std::pair<C, std::string_view>, 2> table{
      {{C::medium, "medium"}, {C::high, "high"}}};
};

namespace rblwatch::conf {
namespace {

/// Whether this program stands where `cmake --install` put it.
bool is_installed(const fs::path& catalogue) {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  // PREFIX/share/rblwatch/zones.toml and PREFIX/bin/rblwatch
  const fs::path prefix = catalogue.parent_path().parent_path().parent_path();
  return !failed && program.parent_path().parent_path() == prefix;
}

class CatalogueReader {
 public:
  explicit CatalogueReader(Context& context) : context_(context) {}

  CatalogueFile read(const Table& root, const Place& place) {
    Section section(root, place, "", context_);
    read_head(section);
    read_probes(section);
    for_each(section, "zone", &CatalogueReader::read_entry);
    for_each(section, "dead", &CatalogueReader::read_dead);
    section.finish();
    return std::move(file_);
  }

 private:
  void read_head(Section& section) {
    std::string version;
    section.text("version", version);
    std::int64_t schema = kSchema;
    if (section.whole("schema", schema, {1, 1'000'000}) && schema > kSchema) {
      section.error("schema", "this catalogue was written for a newer rblwatch",
                    "expected " + std::to_string(kSchema));
    }
    PlacedText date;
    if (!section.has("date")) {
      section.missing("date", "the day it was made, as \"2026-11-23\"");
    }
    if (!section.placed_text("date", date)) {
      return;
    }
    const auto at = core::parse_rfc3339(date.value + "T00:00:00Z");
    if (at) {
      file_.date = *at;
      file_.date_place = date.place;
    } else {
      section.error("date", core::quoted(date.value) + " is no date",
                    "expected one like 2026-11-23");
    }
  }

  void read_probes(Section& root) {
    const Member* member = root.take("probes");
    const auto* table = member != nullptr ? std::get_if<Table>(&member->node.value) : nullptr;
    if (table == nullptr) {
      if (member != nullptr) {
        root.error("probes", "is " + type_name(member->node), "expected [probes]");
      }
      return;
    }
    Section section(*table, member->place, "probes", context_);
    names(section, "nxdomain", file_.probes.nxdomain);
    names(section, "whoami", file_.probes.whoami);
    name(section, "exists", file_.probes.exists);
    name(section, "bogus", file_.probes.bogus);
    section.finish();
  }

  std::optional<core::DnsName> name_of(const PlacedText& text) {
    const auto name = core::DnsName::parse(text.value);
    if (!name) {
      context_.findings.error(text.place, text.key, name.error().text,
                              "expected a DNS name, as example.com");
      return std::nullopt;
    }
    return *name;
  }

  void name(Section& section, const std::string& key, std::optional<core::DnsName>& out) {
    PlacedText text;
    if (section.placed_text(key, text) && !text.value.empty()) {
      out = name_of(text);
    }
  }

  void names(Section& section, const std::string& key, std::vector<core::DnsName>& out) {
    std::vector<PlacedText> texts;
    section.texts(key, texts);
    for (const PlacedText& text : texts) {
      if (const auto name = name_of(text)) {
        out.push_back(*name);
      }
    }
  }

  void for_each(Section& root, const std::string& key,
                void (CatalogueReader::*read_one)(Section&)) {
    const Member* member = root.take(key);
    const auto* array = member != nullptr ? std::get_if<Array>(&member->node.value) : nullptr;
    if (array == nullptr) {
      if (member != nullptr) {
        root.error(key, "is " + type_name(member->node), "expected [[" + key + "]] sections");
      }
      return;
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
      const std::string path = key + "[" + std::to_string(i) + "]";
      if (const auto* table = std::get_if<Table>(&(*array)[i].value)) {
        Section section(*table, (*array)[i].place, path, context_);
        (this->*read_one)(section);
        section.finish();
      } else {
        context_.findings.error((*array)[i].place, path, "is " + type_name((*array)[i]),
                                "expected a table");
      }
    }
  }

  void read_entry(Section& section) {
    CatalogueEntry entry;
    for (const char* key : {"id", "dns", "kinds"}) {
      if (!section.has(key)) {
        section.missing(key);
      }
    }
    read_zone(section, entry.draft);
    section.flag("default", entry.is_default);
    Confidence confidence = Confidence::medium;
    section.word("confidence", confidence);
    bool is_test_recorded = false;
    section.flag("test_recorded", is_test_recorded);
    section.text("policy", entry.draft.zone.policy);
    section.text("terms_url", entry.draft.zone.terms_url);
    section.text("note", entry.draft.zone.note);
    const std::string& id = entry.draft.id.value;
    const auto same =
        std::find_if(file_.zones.begin(), file_.zones.end(),
                     [&id](const CatalogueEntry& other) { return other.draft.id.value == id; });
    if (same != file_.zones.end()) {
      section.error("id",
                    core::quoted(id) + " is used twice; the other one is at " +
                        context_.findings.place_text(same->draft.id.place),
                    "an id for each zone");
    } else if (lists::is_group(id)) {
      section.error("id", core::quoted(id) + " is the name of a group", "another name");
    }
    file_.zones.push_back(std::move(entry));
  }

  void read_dead(Section& section) {
    lists::DeadZone zone;
    if (!section.has("dns")) {
      section.missing("dns");
    }
    section.text("dns", zone.dns);
    section.text("died", zone.died);
    section.flag("lists_world", zone.lists_world);
    section.text("note", zone.note);
    file_.dead.push_back(std::move(zone));
  }

  Context& context_;
  CatalogueFile file_;
};

fs::path catalogue_path(const PlacedText& setting, const Findings& findings) {
  if (!setting.value.empty()) {
    return findings.resolve(setting.place, setting.value);
  }
  const fs::path installed = RBL_CATALOGUE_INSTALLED;
  const fs::path of_tree = RBL_CATALOGUE_TREE;
  std::error_code ignored;
  const bool is_in_tree =
      !of_tree.empty() && !is_installed(installed) && fs::exists(of_tree, ignored);
  return is_in_tree ? of_tree : installed;
}

}  // namespace

std::optional<CatalogueFile> read_catalogue(const PlacedText& setting, Context& context) {
  const fs::path path = catalogue_path(setting, context.findings);
  const std::uint32_t number = context.findings.add_file(path);
  const core::Result<std::string> text = core::read_file(path, kMaxTomlBytes);
  if (!text) {
    const Place place = setting.value.empty() ? Place{number, 0, 0} : setting.place;
    context.findings.error(place, "catalogue.file", text.error().text,
                           "the zones.toml that comes with rblwatch");
    return std::nullopt;
  }
  const std::optional<Table> root = read_toml(*text, number, context.findings);
  return root ? std::optional(CatalogueReader(context).read(*root, {number, 1, 1})) : std::nullopt;
}

}  // namespace rblwatch::conf
