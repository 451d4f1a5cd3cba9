// SPDX-License-Identifier: Apache-2.0
#include "conf/settings.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>

#include "conf/secrets.hpp"
#include "conf/url.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"
#include "dns/public_resolver.hpp"

namespace rblwatch::core {

template <>
struct EnumWords<LogLevel> {
  using L = LogLevel;
  static constexpr std::array<std::pair<L, std::string_view>, 5> table{{{L::trace, "trace"},
                                                                        {L::debug, "debug"},
                                                                        {L::info, "info"},
                                                                        {L::warn, "warn"},
                                                                        {L::error, "error"}}};
};
template <>
struct EnumWords<LogFormat> {
  static constexpr std::array<std::pair<LogFormat, std::string_view>, 2> table{
      {{LogFormat::text, "text"}, {LogFormat::json, "json"}}};
};

}  // namespace rblwatch::core

namespace rblwatch::conf {
namespace {

enum class ConfirmVia : std::uint8_t { resolver, authoritative };
enum class Every : std::uint8_t { day, week };

}  // namespace
}  // namespace rblwatch::conf

template <>
struct rblwatch::core::EnumWords<rblwatch::conf::ConfirmVia> {
  using V = rblwatch::conf::ConfirmVia;
  static constexpr std::array<std::pair<V, std::string_view>, 2> table{
      {{V::resolver, "resolver"}, {V::authoritative, "authoritative"}}};
};
template <>
struct rblwatch::core::EnumWords<rblwatch::conf::Every> {
  using E = rblwatch::conf::Every;
  static constexpr std::array<std::pair<E, std::string_view>, 2> table{
      {{E::day, "day"}, {E::week, "week"}}};
};

namespace rblwatch::conf {
namespace {

using core::Millis;

constexpr std::int64_t kMaxSubjects = 4'294'967'294;

void read_http(Section& section, DaemonSettings& daemon) {
  PlacedText http;
  if (!section.placed_text("http", http)) {
    return;
  }
  if (http.value.empty()) {
    daemon.http_address.clear();
    return;
  }
  const core::Result<dns::Server> server = dns::Server::parse(http.value);
  const bool has_port = server && http.value.find(':') != std::string::npos &&
                        (server->address.is_v4() || http.value.find("]:") != std::string::npos);
  if (!has_port) {
    section.error("http", quoted_without_secret(http.value) + " is no address with a port",
                  "expected one like 127.0.0.1:8025 or [::1]:8025, or \"\" for none");
    return;
  }
  daemon.http_address = server->address.to_text();
  daemon.http_port = server->port;
}

void warn_without_token(const Section& section, const DaemonSettings& daemon) {
  const core::Result<core::IpAddress> address = core::IpAddress::parse(daemon.http_address);
  if (section.has("http") && address && !address->is_loopback() && daemon.token.is_empty()) {
    section.warning("http", "is open to other machines, and there is no token: nobody will get in",
                    "give daemon.token or daemon.token_file, or a loopback address");
  }
}

void read_database(Section& section, DaemonSettings& daemon) {
  PlacedText database;
  if (section.placed_text("database", database)) {
    if (database.value.empty() || database.value.ends_with('/')) {
      section.error("database", "names no file",
                    "expected a path, as /var/lib/rblwatch/rblwatch.db");
      return;
    }
    daemon.database = section.findings().resolve(database.place, database.value);
  }
  constexpr std::size_t kMostBytes = sizeof(sockaddr_un{}.sun_path) - 1;
  const std::size_t bytes = socket_path(daemon).native().size();
  if (bytes > kMostBytes) {
    section.error("database",
                  "is too long for the daemon's socket beside it: with .sock its path has " +
                      core::count_of(bytes, "byte", "bytes"),
                  "expected at most " + std::to_string(kMostBytes));
  }
}

}  // namespace

std::string public_resolver_text(const core::IpAddress& address, std::string_view whose) {
  return address.to_text() + " is a public resolver (" + std::string(whose) +
         "): Spamhaus and others refuse what comes through it";
}

std::optional<HttpUrl> read_http_url(Section& section, const std::string& key) {
  const std::optional<Placed<core::Secret>> secret = read_secret(section, key);
  if (!secret) {
    return std::nullopt;
  }
  const std::optional<Url> url = parse_url(secret->value.reveal());
  if (!url || (url->scheme != "https" && url->scheme != "http")) {
    section.findings().error(secret->place, secret->key, "is no http or https URL",
                             "expected one like https://hooks.example.com/x");
    return std::nullopt;
  }
  return HttpUrl{secret->value, url->host, url->scheme == "http", secret->place};
}

void warn_when_clear(const Section& section, const HttpUrl& url, const std::string& key) {
  if (url.is_clear && !is_loopback_host(url.host)) {
    section.findings().warning(url.place, section.key_path(key),
                               "http: what is sent can be read on its way", "use https");
  }
}

void read_daemon(Section& section, Config& config) {
  DaemonSettings& daemon = config.daemon;
  read_database(section, daemon);
  section.word("log_level", daemon.log_level);
  section.word("log_format", daemon.log_format);
  read_http(section, daemon);
  if (const auto token = read_secret(section, "token")) {
    daemon.token = token->value;
  }
  warn_without_token(section, daemon);
  section.duration("retention", daemon.retention, kFromOneSecond);
  section.whole("max_subjects", daemon.max_subjects, {1, kMaxSubjects});
  if (const auto url = read_http_url(section, "heartbeat_url")) {
    daemon.heartbeat_url = url->text;
    section.findings().later("daemon.heartbeat_url");
    warn_when_clear(section, *url, "heartbeat_url");
  }
  section.duration("boot_grace", daemon.boot_grace);
  if (const auto url = read_http_url(section, "proxy")) {
    config.delivery.proxy = url->text;
  }
  section.finish();
}

void read_resolver(Section& section, Config& config) {
  section.servers("servers", config.resolver_servers);
  for (const dns::Server& server : config.resolver_servers) {
    const std::string_view whose = dns::public_resolver_operator(server.address);
    if (!whose.empty()) {
      section.warning("servers", public_resolver_text(server.address, whose), kPublicResolverFix);
    }
  }
  dns::ResolverOptions& options = config.resolver;
  section.duration("timeout", options.timeout, {Millis(10), Millis(60'000)});
  section.whole("attempts", options.attempts, {1, 10});
  section.whole("in_flight", options.in_flight, {1, 65535});
  section.flag("mixed_case", options.mixed_case);
  section.number("qps", options.qps, kQps);
  section.finish();
}

void read_schedule(Section& section, ScheduleSettings& schedule) {
  constexpr Durations kHealth{Millis(10), kLongest};
  section.duration("interval", schedule.interval, kFromOneSecond);
  schedule.confirm.interval = schedule.interval;
  section.number("jitter", schedule.jitter, {0, 1});
  section.duration("health_interval", schedule.health.health_interval, kHealth);
  section.duration("health_retry", schedule.health.health_retry, kHealth);
  section.whole("confirmations", schedule.confirm.confirmations, {1, 10});
  section.duration("confirm_after", schedule.confirm.confirm_after);
  section.duration("confirm_within", schedule.confirm.confirm_within);
  ConfirmVia via = ConfirmVia::resolver;
  section.word("confirm_via", via);
  schedule.confirm.via_authoritative = via == ConfirmVia::authoritative;
  section.number("breaker_share", schedule.breaker.share, {0, 1});
  section.whole("breaker_min", schedule.breaker.min, {1, 4'294'967'295});
  section.duration("breaker_hold", schedule.breaker.hold);
  section.finish();
}

void read_catalogue_settings(Section& section, CatalogueSettings& settings) {
  section.placed_text("file", settings.file);
  section.texts("use", settings.use);
  section.texts("skip", settings.skip);
  section.duration("max_age", settings.max_age, kFromOneSecond);
  section.finish();
}

namespace {

bool is_time_of_day(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !is_digit(text[0]) || !is_digit(text[1]) ||
      !is_digit(text[3]) || !is_digit(text[4])) {
    return false;
  }
  return core::parse_int(text.substr(0, 2)) < 24 && text[3] < '6';
}

/// "Europe/Vienna": a name that the system's tables hold, as far as there are any.
bool is_time_zone(std::string_view text) {
  const std::filesystem::path tables = "/usr/share/zoneinfo";
  const bool is_name = !text.empty() && text.find("..") == std::string_view::npos &&
                       text.front() != '/' && std::all_of(text.begin(), text.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '+' ||
                                c == '-';
                       });
  std::error_code ignored;
  return is_name && (!std::filesystem::exists(tables / "UTC", ignored) ||
                     std::filesystem::is_regular_file(tables / text, ignored));
}

/// "Mon 08:00", "08:00", each perhaps with the name of a time zone after it.
bool is_moment(const std::string& text, Every every) {
  std::vector<std::string_view> words = core::split_blanks(text);
  if (every == Every::week && !words.empty()) {
    constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu",
                                                    "Fri", "Sat", "Sun"};
    if (std::find(kDays.begin(), kDays.end(), words.front()) == kDays.end()) {
      return false;
    }
    words.erase(words.begin());
  }
  return !words.empty() && words.size() <= 2 && is_time_of_day(words[0]) &&
         (words.size() == 1 || is_time_zone(words[1]));
}

}  // namespace

bool is_span_of_day(std::string_view text) {
  const std::vector<std::string_view> words = core::split_blanks(text);
  if (words.empty() || words.size() > 2) {
    return false;
  }
  const std::vector<std::string_view> times = core::split(words[0], '-');
  return times.size() == 2 && is_time_of_day(times[0]) && is_time_of_day(times[1]) &&
         times[0] != times[1] && (words.size() == 1 || is_time_zone(words[1]));
}

void read_digest(Section& section, const std::vector<std::string>& channels) {
  section.findings().later("digest");
  PlacedText channel;
  if (!section.has("channel")) {
    section.missing("channel", "the name of a channel");
  }
  if (section.placed_text("channel", channel) &&
      std::find(channels.begin(), channels.end(), channel.value) == channels.end()) {
    section.error("channel", core::quoted(channel.value) + " is no channel",
                  suggestion(channel.value, channels, "expected the name of a channel"));
  }
  Every every = Every::week;
  const bool is_every_right = section.word("every", every) || !section.has("every");
  std::string at;
  if (section.text("at", at) && is_every_right && !is_moment(at, every)) {
    section.error(
        "at", core::quoted(at) + " is no moment of a " + std::string(core::enum_word(every)),
        every == Every::week ? "expected one like \"Mon 08:00\" or \"Mon 08:00 Europe/Vienna\""
                             : "expected one like \"08:00\" or \"08:00 Europe/Vienna\"");
  }
  bool when_quiet = true;
  section.flag("when_quiet", when_quiet);
  section.finish();
}

}  // namespace rblwatch::conf
