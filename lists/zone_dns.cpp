// SPDX-License-Identifier: Apache-2.0
#include "lists/zone_dns.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::lists {
namespace {

using core::DnsName;
using core::Error;
using core::fail;
using core::Result;

constexpr std::string_view kKey = "{key}";
constexpr std::string_view kSubject = "{subject}";
constexpr std::string_view kShownKey = "<key>";
constexpr std::size_t kMaxLabel = 63;

/// Hands the pieces of the filled pattern to `add`, in order. Without subject labels the zone's own
/// name comes out. Pre: the pattern went through parse().
template <class Add>
void fill(std::string_view pattern, std::string_view labels, std::string_view key, Add&& add) {
  if (!labels.empty() && pattern.find(kSubject) == std::string_view::npos) {
    add(labels);
    add(".");
  }
  while (!pattern.empty()) {
    if (pattern.starts_with(kKey)) {
      add(key);
      pattern.remove_prefix(kKey.size());
    } else if (pattern.starts_with(kSubject)) {
      add(labels);
      // Never the last label, so a dot follows; it goes where the subject goes.
      pattern.remove_prefix(kSubject.size() + (labels.empty() ? 1 : 0));
    } else {
      const std::size_t length = std::min(pattern.find('{'), pattern.size());
      add(pattern.substr(0, length));
      pattern.remove_prefix(length);
    }
  }
}

/// Text in place: one lookup allocates nothing.
class Buffer {
 public:
  void operator()(std::string_view piece) {
    fits_ = fits_ && piece.size() <= text_.size() - size_;
    if (fits_) {
      std::copy(piece.begin(), piece.end(), text_.data() + size_);
      size_ += piece.size();
    }
  }
  bool fits() const { return fits_; }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, DnsName::kMaxText + 1> text_;  // NOLINT: what isn't written is never read
  std::size_t size_ = 0;
  bool fits_ = true;
};

tl::unexpected<Error> bad_pattern(std::string_view pattern, const std::string& why) {
  return fail(Error::Kind::invalid, "zone name " + core::quoted(pattern) + ": " + why);
}

}  // namespace

Result<ZoneDns> ZoneDns::parse(std::string_view pattern) {
  ZoneDns dns;
  dns.pattern_ =
      core::to_lower(pattern.ends_with('.') ? pattern.substr(0, pattern.size() - 1) : pattern);
  std::size_t keys = 0;
  std::size_t subjects = 0;
  bool is_last_plain = false;
  for (const std::string_view label : core::split(dns.pattern_, '.')) {
    keys += label == kKey ? 1U : 0U;
    subjects += label == kSubject ? 1U : 0U;
    is_last_plain = label.find_first_of("{}") == std::string_view::npos;
    if (!is_last_plain && label != kKey && label != kSubject) {
      return bad_pattern(
          pattern, core::quoted(label) + " is no label: expected {key} or {subject}, each alone");
    }
  }
  if (keys > 1 || subjects > 1) {
    return bad_pattern(pattern, "{key} and {subject} may stand in it once each");
  }
  if (!is_last_plain) {
    return bad_pattern(pattern, "it must end in the zone's own name");
  }
  std::string own;
  fill(dns.pattern_, {}, "k", [&own](std::string_view piece) { own += piece; });
  const Result<DnsName> name = DnsName::parse(own);
  if (!name) {
    return bad_pattern(pattern, name.error().text);
  }
  if (own.size() + 2 > DnsName::kMaxText) {
    return bad_pattern(pattern, "it leaves no room for a subject in front");
  }
  dns.fill_suffix();
  return dns;
}

void ZoneDns::fill_suffix() {
  suffix_.reset();
  if (pattern_.find(kSubject) != std::string::npos || (needs_key() && !has_key())) {
    return;
  }
  Buffer buffer;
  fill(pattern_, {}, key_.reveal(), buffer);
  DnsName suffix;
  if (buffer.fits() && DnsName::assign(buffer.text(), suffix)) {
    suffix_ = suffix;
  }
}

bool ZoneDns::needs_key() const {
  return pattern_.find(kKey) != std::string::npos;
}

Result<void> ZoneDns::set_key(core::Secret key) {
  if (!needs_key()) {
    return fail(Error::Kind::invalid, "zone " + shown() + " has no {key} in its DNS name");
  }
  const std::string& text = key.reveal();
  const bool is_label = !text.empty() && text.size() <= kMaxLabel &&
                        std::all_of(text.begin(), text.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '-';
                        });
  if (!is_label) {
    return fail(
        Error::Kind::invalid,
        "the key of zone " + shown() + " is no DNS label: expected 1 to 63 letters, digits or '-'");
  }
  key_ = std::move(key);
  fill_suffix();
  return {};
}

std::string ZoneDns::shown() const {
  return show({});
}

Result<DnsName> ZoneDns::ask(std::string_view subject_labels) const {
  if (needs_key() && !has_key()) {
    return fail(Error::Kind::invalid,
                "zone " + shown() + " can't be asked without its operator's key");
  }
  Buffer buffer;
  fill(pattern_, subject_labels, key_.reveal(), buffer);
  DnsName name;
  if (!buffer.fits() || !DnsName::assign(buffer.text(), name)) {
    return fail(Error::Kind::limit,
                "the name that asks " + shown() + " about " + core::quoted(subject_labels) +
                    " would be longer than DNS allows (255 octets, 63 a label)");
  }
  return name;
}

Result<DnsName> ZoneDns::ask(const DnsName& subject) const {
  const bool is_joined = suffix_ && !subject.is_root() && subject.fits_under(*suffix_);
  return is_joined ? subject.under(*suffix_)
                   : ask(std::string_view(subject.to_text()));  // whose errors say more
}

std::string ZoneDns::show(std::string_view subject_labels) const {
  std::string text;
  fill(pattern_, subject_labels, kShownKey, [&text](std::string_view piece) { text += piece; });
  return text;
}

std::string ZoneDns::hide_key(std::string_view text) const {
  if (!has_key()) {
    return std::string(text);
  }
  const std::string key = core::to_lower(key_.reveal());
  const std::string lower = core::to_lower(text);
  std::string hidden;
  std::size_t begin = 0;
  for (auto at = lower.find(key); at != std::string::npos; at = lower.find(key, begin)) {
    hidden.append(text.substr(begin, at - begin)).append(kShownKey);
    begin = at + key.size();
  }
  return hidden.append(text.substr(begin));
}

DnsName ZoneDns::apex() const {
  const std::size_t brace = pattern_.rfind('}');
  DnsName name;
  const std::string_view text = pattern_;
  RBL_CHECK(DnsName::assign(brace == std::string::npos ? text : text.substr(brace + 2), name));
  return name;
}

}  // namespace rblwatch::lists
