// SPDX-License-Identifier: Apache-2.0
#include "conf/secrets.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "conf/url.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"
#include "lists/zone_dns.hpp"

namespace rblwatch::conf {
namespace {

constexpr std::size_t kMaxBytes = 64 * std::size_t{1024};
constexpr std::string_view kEnvironment = "env:";
constexpr std::string_view kFileSuffix = "_file";

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// The members of group rblwatch may read secrets: the daemon and its command line do.
bool is_our_group(gid_t group) {
  std::vector<char> buffer(16 * std::size_t{1024});
  struct group entry {};
  struct group* found = nullptr;
  return ::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found) == 0 &&
         found != nullptr && std::string_view(found->gr_name) == "rblwatch";
}

void warn_when_open(const std::filesystem::path& file, const Place& place, const std::string& key,
                    Findings& findings) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return;
  }
  const bool by_others = (status.st_mode & S_IRWXO) != 0;
  const bool by_group = (status.st_mode & S_IRWXG) != 0 && !is_our_group(status.st_gid);
  if (by_others || by_group) {
    findings.warning(place, key,
                     "the secret's file " + core::for_terminal(core::Untrusted(file.native())) +
                         " is open to " + (by_others ? "everybody" : "its group"),
                     "chmod 600, or 640 with group rblwatch");
  }
}

class SecretReader {
 public:
  explicit SecretReader(Context& context) : context_(context) {}

  std::optional<Placed<core::Secret>> inline_value(const PlacedText& text) {
    if (!std::string_view(text.value).starts_with(kEnvironment)) {
      if (!text.value.empty() && !is_loopback_url(text.value)) {
        context_.files_with_secrets.insert(text.place.file);
      }
      return checked(text.value, text.place, text.key);
    }
    const std::string name = text.value.substr(kEnvironment.size());
    if (!is_variable_name(name)) {
      return refuse(text, "what follows env: is no name of a variable",
                    "expected letters, digits and _, as \"env:OPS_URL\"");
    }
    const std::optional<std::string> value = context_.environment(name);
    if (!value || value->empty()) {
      return refuse(text,
                    "the environment variable " + name + (value ? " is empty" : " is not set"),
                    "set it, or give the value in a file");
    }
    return checked(*value, text.place, text.key);
  }

  std::optional<Placed<core::Secret>> from_file(const PlacedText& text) {
    if (text.value.empty()) {
      return std::nullopt;
    }
    const bool is_secret = text.value.find("://") != std::string::npos ||
                           std::string_view(text.value).starts_with("whsec_");
    if (is_secret) {
      return refuse(text, "is no path, and so perhaps the secret itself",
                    "expected the path of a file that holds the secret");
    }
    const std::filesystem::path path = context_.findings.resolve(text.place, text.value);
    const core::Result<std::string> content = core::read_file(path, kMaxBytes);
    if (!content) {
      return refuse(text, content.error().text, "expected a file that holds the secret");
    }
    warn_when_open(path, text.place, text.key, context_.findings);
    const std::string_view value = core::trim(*content);
    if (value.empty()) {
      return refuse(text,
                    "the file " + core::for_terminal(core::Untrusted(path.native())) + " is empty",
                    "expected a file that holds the secret");
    }
    return checked(std::string(value), text.place, text.key);
  }

 private:
  std::optional<Placed<core::Secret>> refuse(const PlacedText& text, std::string why,
                                             std::string allowed) {
    context_.findings.error(text.place, text.key, std::move(why), std::move(allowed));
    return std::nullopt;
  }

  std::optional<Placed<core::Secret>> checked(std::string value, const Place& place,
                                              const std::string& key) {
    if (value.empty()) {
      return std::nullopt;
    }
    if (has_control(value)) {
      context_.findings.error(place, key, "holds a line break or another control character",
                              "expected the secret on one line");
      return std::nullopt;
    }
    return Placed<core::Secret>{core::Secret(std::move(value)), place, key};
  }

  Context& context_;
};

}  // namespace

std::optional<Placed<core::Secret>> read_secret(Section& section, const std::string& key) {
  const std::string file_key = key + std::string(kFileSuffix);
  SecretReader reader(section.context());
  if (section.has(key) && section.has(file_key)) {
    section.take(key);
    section.take(file_key);
    section.error(file_key, "is given beside " + key, "expected exactly one of them");
    return std::nullopt;
  }
  // Both, so that each is known to who misspells the other.
  PlacedText text;
  PlacedText file;
  const bool is_inline = section.placed_text(key, text);
  const bool is_in_file = section.placed_text(file_key, file);
  return is_inline ? reader.inline_value(text) : is_in_file ? reader.from_file(file) : std::nullopt;
}

bool check_label(const Placed<core::Secret>& key, Findings& findings) {
  core::Result<lists::ZoneDns> dns = lists::ZoneDns::parse("{key}.test");
  if (dns && dns->set_key(key.value)) {
    return true;
  }
  findings.error(key.place, key.key, "can't stand in a zone's DNS name",
                 "expected one label: 1 to 63 letters, digits or '-'");
  return false;
}

void warn_of_open_files(const Context& context) {
  for (const std::uint32_t file : context.files_with_secrets) {
    struct stat status {};
    const std::filesystem::path& path = context.findings.shown(file);
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
      context.findings.warning({file, 0, 0}, "", "holds secrets and can be read by everybody",
                               "chmod 640, or give them as K_file or \"env:NAME\"");
    }
  }
}

void SharedKeys::read(const Table& table, const Place& place, Context& context) {
  Section section(table, place, "keys", context);
  for (const Member& member : table) {
    std::string name = member.key;
    if (name.size() > kFileSuffix.size() && name.ends_with(kFileSuffix)) {
      name.erase(name.size() - kFileSuffix.size());
    }
    if (keys_.count(name) != 0) {
      continue;  // K beside K_file: told at the first
    }
    const std::uint64_t errors = context.findings.error_count();
    const std::optional<Placed<core::Secret>> key = read_secret(section, name);
    keys_[name];  // known, if perhaps without a value: zones that name it are not to be told of
    if (key && check_label(*key, context.findings)) {
      keys_[name].key = *key;
    } else if (!key && context.findings.error_count() == errors) {
      section.error(section.has(name) ? name : name + std::string(kFileSuffix), "is empty",
                    "give the key, or leave it out");
    }
  }
  section.finish();
}

const core::Secret* SharedKeys::use(const std::string& name) {
  const auto found = keys_.find(name);
  if (found == keys_.end()) {
    return nullptr;
  }
  found->second.is_used = true;
  return &found->second.key.value;
}

std::vector<std::string> SharedKeys::names() const {
  std::vector<std::string> names;
  for (const auto& [name, key] : keys_) {
    names.push_back(name);
  }
  return names;
}

void SharedKeys::warn_of_unused(Findings& findings, const std::vector<std::string>& known) const {
  for (const auto& [name, shared] : keys_) {
    if (!shared.is_used && !shared.key.value.is_empty()) {
      findings.warning(shared.key.place, shared.key.key, "no zone takes this key",
                       suggestion(name, known, "leave it out"));
    }
  }
}

}  // namespace rblwatch::conf
