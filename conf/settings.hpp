// SPDX-License-Identifier: Apache-2.0
//
// The sections of plain settings: [daemon], [resolver], [schedule], [catalogue] and [[digest]]. One
// load's thread.
#pragma once

#include <string>
#include <vector>

#include "conf/section.hpp"

namespace rblwatch::conf {

void read_daemon(Section& section, Config& config);
void read_resolver(Section& section, Config& config);
void read_schedule(Section& section, ScheduleSettings& schedule);

/// That lists refuse a resolver which everybody may use, and what to do.
std::string public_resolver_text(const core::IpAddress& address, std::string_view whose);
inline constexpr const char* kPublicResolverFix =
    "use a resolver of your own, as unbound on 127.0.0.1";

struct CatalogueSettings {
  PlacedText file;  // "" = the one that came with this program
  std::vector<PlacedText> use;
  std::vector<PlacedText> skip;
  core::Millis max_age{365LL * 24 * 3'600'000};
};
/// `use` keeps what it holds where it isn't given.
void read_catalogue_settings(Section& section, CatalogueSettings& settings);

/// Digests are later work: they are checked and kept nowhere. `channels` are the names there are.
void read_digest(Section& section, const std::vector<std::string>& channels);

/// A URL under a secret key, http or https; its host comes back. Its text is in no error.
struct HttpUrl {
  core::Secret text;
  std::string host;
  bool is_clear = false;  // http
  Place place;
};
std::optional<HttpUrl> read_http_url(Section& section, const std::string& key);
/// That what is sent over the URL can be read on its way, unless it stays on this machine.
void warn_when_clear(const Section& section, const HttpUrl& url, const std::string& key);

/// "22:00-07:00", perhaps with the name of a time zone after it.
bool is_span_of_day(std::string_view text);

}  // namespace rblwatch::conf
