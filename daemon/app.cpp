// SPDX-License-Identifier: Apache-2.0
#include "daemon/app.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "conf/config.hpp"
#include "conf/review.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "daemon/control_server.hpp"
#include "daemon/courier_thread.hpp"
#include "daemon/http_routes.hpp"
#include "daemon/http_server.hpp"
#include "daemon/loop_thread.hpp"
#include "daemon/systemd.hpp"
#include "daemon/writer.hpp"
#include "dns/resolv_conf.hpp"
#include "dns/udp_resolver.hpp"
#include "report/json.hpp"
#include "storage/reader.hpp"
#include "storage/store.hpp"

namespace rblwatch::daemon {

namespace {

constexpr int kExitConfig = 2;
constexpr int kExitFailed = 4;
constexpr core::Millis kHttpRetry{5'000};

MonitorSetup setup_of(const conf::Config& config) {
  MonitorSetup setup;
  setup.zones = config.zones;
  setup.targets = config.targets;
  setup.channels = config.channels;
  setup.resolver_servers =
      config.resolver_servers.empty() ? dns::system_servers() : config.resolver_servers;
  setup.resolver_qps = config.resolver.qps;
  setup.interval = config.schedule.interval;
  setup.jitter = config.schedule.jitter;
  setup.confirm = config.schedule.confirm;
  setup.health = config.schedule.health;
  setup.breaker = config.schedule.breaker;
  setup.boot_grace = config.daemon.boot_grace;
  setup.max_subjects = config.daemon.max_subjects;
  return setup;
}

/// What `config check` says, too.
void add_review(conf::Loaded& loaded) {
  if (!loaded.config) {
    return;
  }
  const auto reader = storage::Reader::open(loaded.config->daemon.database);
  const auto known = reader ? reader->addresses(loaded.config->targets)
                            : core::Result<report::TargetAddresses>(report::TargetAddresses());
  std::vector<conf::Diagnostic> more =
      conf::review(*loaded.config, known ? known->hosts : lists::HostBook());
  std::move(more.begin(), more.end(), std::back_inserter(loaded.warnings));
}

void print_diagnostics(const conf::Loaded& loaded) {
  for (const conf::Diagnostic& error : loaded.errors) {
    static_cast<void>(std::fprintf(stderr, "%s\n", conf::to_text(error).c_str()));
  }
  for (const conf::Diagnostic& warning : loaded.warnings) {
    static_cast<void>(std::fprintf(stderr, "warning: %s\n", conf::to_text(warning).c_str()));
  }
}

void log_diagnostics(const conf::Loaded& loaded) {
  for (const conf::Diagnostic& error : loaded.errors) {
    core::log_error("configuration", {{"error", conf::to_text(error)}});
  }
  for (const conf::Diagnostic& warning : loaded.warnings) {
    core::log_warn("configuration", {{"warning", conf::to_text(warning)}});
  }
}

/// What a reload can't change.
std::vector<std::string> fixed_keys_changed(const conf::Config& before, const conf::Config& after) {
  std::vector<std::string> changed;
  if (before.daemon.database != after.daemon.database) {
    changed.emplace_back("daemon.database");
  }
  if (before.daemon.http_address != after.daemon.http_address ||
      before.daemon.http_port != after.daemon.http_port) {
    changed.emplace_back("daemon.http");
  }
  if (!(before.daemon.token == after.daemon.token)) {
    changed.emplace_back("daemon.token");
  }
  if (!(before.delivery.proxy == after.delivery.proxy)) {
    changed.emplace_back("daemon.proxy");
  }
  if (before.resolver.in_flight != after.resolver.in_flight ||
      before.resolver.timeout != after.resolver.timeout ||
      before.resolver.attempts != after.resolver.attempts ||
      before.resolver.qps != after.resolver.qps ||
      before.resolver.mixed_case != after.resolver.mixed_case) {
    changed.emplace_back("resolver");
  }
  return changed;
}

/// So that each reload compares with what runs, and so do the figures that are reckoned from it.
void keep_fixed_keys(const conf::Config& running, conf::Config& next) {
  next.daemon.database = running.daemon.database;
  next.daemon.http_address = running.daemon.http_address;
  next.daemon.http_port = running.daemon.http_port;
  next.daemon.token = running.daemon.token;
  next.resolver = running.resolver;
  next.delivery = running.delivery;
}

sigset_t block_signals(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) {
    sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// How the configuration in force came to be, and whom it tells.
struct Reloads {
  bool is_good = true;  // the last one
  core::Timestamp started_at{};
  core::Timestamp at{};  // of the last good one, or the start
  std::vector<std::string> channels;
};

std::vector<std::string> channel_names(const conf::Config& config) {
  std::vector<std::string> names;
  for (const alerts::Channel& channel : config.channels) {
    names.push_back(channel.name);
  }
  return names;
}

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data())
                                                          : std::string();
}

/// Members die in reverse order: first HTTP and the socket, then the loop, the courier, the writer.
class App {
 public:
  explicit App(conf::Config config)
      : config_(std::make_shared<const conf::Config>(std::move(config))) {}

  core::Result<void> start();
  void serve(const sigset_t& signals);
  void stop();

 private:
  core::Result<storage::Snapshot> open_store();
  core::Result<void> start_loop(const storage::Snapshot& snapshot);
  bool tell_trouble(const std::string& error);
  core::Result<std::string> answer(const std::vector<std::string>& words);
  core::Result<std::string> change_delivery(const std::string& verb, const std::string& id);
  void reload();
  void refuse_reload(const std::string& error);
  void tend_watchdog();
  bool wants_http() const { return !config_->daemon.http_address.empty() && !http_; }
  void open_http();
  report::Metrics own_metrics() const;

  ConfigPtr config_;  // never null
  core::SystemClock clock_;
  core::SystemRandom random_;  // the loop's
  core::Fd wake_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<WriterOutbox> outbox_;
  std::unique_ptr<CourierThread> courier_;
  std::unique_ptr<dns::Resolver> resolver_;
  std::unique_ptr<LoopThread> loop_;
  std::unique_ptr<ControlServer> control_;
  core::Latest<Reloads> reloads_;
  std::unique_ptr<HttpDesk> desk_;
  std::unique_ptr<HttpServer> http_;
  std::string http_trouble_;  // as it was logged
  std::uint64_t turns_seen_ = 0;
};

core::Result<storage::Snapshot> App::open_store() {
  auto store = storage::Store::open(
      config_->daemon.database,
      {std::string(core::kVersion), core::boot_id(), clock_.now(), clock_.tick()});
  if (!store) {
    return tl::make_unexpected(store.error());
  }
  auto snapshot = store->load();
  if (!snapshot) {
    return snapshot;
  }
  WriterOptions options;
  options.retention = config_->daemon.retention;
  options.on_committed = [this] {
    if (courier_) {
      courier_->nudge();
    }
  };
  options.on_trouble = [this](const std::string& error) { return tell_trouble(error); };
  writer_ = std::make_unique<Writer>(std::move(*store), clock_, std::move(options));
  outbox_ = std::make_unique<WriterOutbox>(*writer_);
  return snapshot;
}

// Rule 14: what can't be stored has not happened; the one thing told from memory is that very
// trouble.
bool App::tell_trouble(const std::string& error) {
  if (!courier_) {
    return false;
  }
  lists::Event event;
  event.type = lists::EventType::storage_failed;
  event.at = clock_.now();
  event.severity = lists::event_severity(event.type, lists::Severity::high);
  event.cause = error;
  event.since = event.at;
  return courier_->tell_unrecorded(std::move(event));
}

core::Result<void> App::start_loop(const storage::Snapshot& snapshot) {
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.is_open()) {
    return core::fail(core::Error::Kind::io, "eventfd failed");
  }
  dns::ResolverOptions options = config_->resolver;
  options.wake_fd = wake_.get();
  auto resolver = dns::make_udp_resolver(options, clock_, random_);
  if (!resolver) {
    return tl::make_unexpected(resolver.error());
  }
  resolver_ = std::move(*resolver);
  auto monitor =
      Monitor::make({*resolver_, *writer_, clock_, random_}, setup_of(*config_), snapshot);
  if (!monitor) {
    return tl::make_unexpected(monitor.error());
  }
  loop_ = std::make_unique<LoopThread>(std::move(*monitor), wake_);
  return {};
}

core::Result<void> App::start() {
  auto snapshot = open_store();
  if (!snapshot) {
    return tl::make_unexpected(snapshot.error());
  }
  auto carrier = alerts::make_curl_carrier(config_->delivery);
  if (!carrier) {
    return tl::make_unexpected(carrier.error());
  }
  courier_ =
      std::make_unique<CourierThread>(*outbox_, std::move(*carrier), clock_, config_->delivery,
                                      config_->channels, lists::watched_counts(config_->targets));
  if (auto started = start_loop(*snapshot); !started) {
    return started;
  }
  auto control =
      ControlServer::start(conf::socket_path(config_->daemon),
                           [this](const std::vector<std::string>& words) { return answer(words); });
  if (!control) {
    return tl::make_unexpected(control.error());
  }
  control_ = std::move(*control);
  reloads_.set({true, clock_.now(), clock_.now(), channel_names(*config_)});
  open_http();
  core::log_info("rblwatchd started",
                 {{"version", std::string(core::kVersion)},
                  {"zones", static_cast<std::uint64_t>(config_->zones.size())},
                  {"targets", static_cast<std::uint64_t>(config_->targets.size())},
                  {"database", config_->daemon.database.string()}});
  notify_ready("watching");
  return {};
}

report::Metrics App::own_metrics() const {
  const auto reloads = reloads_.get();
  report::Metrics metrics;
  metrics.version = std::string(core::kVersion);
  metrics.started_at = reloads->started_at;
  metrics.is_reload_good = reloads->is_good;
  metrics.reloaded_at = reloads->at;
  metrics.events = writer_->events();
  metrics.write_failures = writer_->failures();
  metrics.is_recording = writer_->trouble().empty();
  const auto delivered = outbox_->delivered();
  for (const std::string& name : reloads->channels) {
    const bool has_some = delivered && delivered->count(name) > 0;
    metrics.channels.push_back({.name = name, .delivered = has_some ? delivered->at(name) : 0});
  }
  return metrics;
}

// A port that another program holds must not end the watching, which is what the daemon is for: it
// says so once, goes on, and tries again until it has the port. (The socket is another thing: it is
// the daemon's own, and only a mistake in the configuration can keep it away.)
void App::open_http() {
  if (!wants_http()) {
    return;
  }
  dns::Server where;
  where.address = *core::IpAddress::parse(config_->daemon.http_address);
  where.port = config_->daemon.http_port;
  if (!desk_) {
    HttpSources sources{clock_, [this] { return loop_->figures(); },
                        [this] { return writer_->trouble(); }, [this] { return own_metrics(); }};
    desk_ = std::make_unique<HttpDesk>(
        HttpGate{where.address, where.port, config_->daemon.token, machine_name()},
        std::move(sources), config_);
  }
  auto server = HttpServer::start(
      where, {[this](const HttpRequest& request) { return desk_->at_once(request); },
              [this](const HttpRequest& request) { return desk_->later(request); },
              [this] { desk_->tend(); }});
  if (server) {
    http_ = std::move(*server);
    http_trouble_.clear();
    core::log_info("http", {{"url", "http://" + where.to_text() + "/"}});
  } else if (http_trouble_ != server.error().text) {
    http_trouble_ = server.error().text;
    core::log_error("HTTP is not served; all else goes on, and it is tried again",
                    {{"error", http_trouble_}});
  }
}

core::Result<std::string> App::answer(const std::vector<std::string>& words) {
  const std::string& verb = words.front();
  const std::string first = words.size() > 1 ? words[1] : std::string();
  const std::string second = words.size() > 2 ? words[2] : std::string();
  if (verb == "ping") {  // a loop that hangs doesn't answer
    return loop_->run<std::string>(
        [](Monitor&) -> core::Result<std::string> { return std::string("pong"); });
  }
  if (verb == "why") {
    return loop_->run<std::string>([&](Monitor& monitor) -> core::Result<std::string> {
      const auto document = monitor.why(first, second);
      if (!document) {
        return tl::make_unexpected(document.error());
      }
      return report::to_json(*document);
    });
  }
  if (verb == "release") {
    return loop_->run<std::string>([&](Monitor& monitor) -> core::Result<std::string> {
      const auto released = monitor.release(first);
      if (!released) {
        return tl::make_unexpected(released.error());
      }
      return std::string();
    });
  }
  if (verb == "resend" || verb == "drop") {
    return change_delivery(verb, first);
  }
  return core::fail(core::Error::Kind::invalid,
                    "the daemon doesn't know '" + verb + "'; are both programs of one version?");
}

core::Result<std::string> App::change_delivery(const std::string& verb, const std::string& id) {
  const core::Timestamp now = clock_.now();
  auto changed = writer_->run<void>([&](storage::Store& store) {
    return verb == "resend" ? store.resend(id, now) : store.drop(id, now);
  });
  if (!changed) {
    return tl::make_unexpected(changed.error());
  }
  courier_->reload_outbox();
  return std::string();
}

void App::refuse_reload(const std::string& error) {
  constexpr const char* kText = "the configuration was not reloaded; the one before stays in force";
  if (error.empty()) {
    core::log_error(kText);  // what is wrong was logged line by line
  } else {
    core::log_error(kText, {{"error", error}});
  }
  Reloads reloads = *reloads_.get();
  reloads.is_good = false;
  reloads_.set(std::move(reloads));
  notify_ready("watching; the last reload failed");
}

void App::reload() {
  notify_reloading();
  conf::Loaded loaded =
      conf::load(config_->file.empty() ? std::nullopt : std::optional(config_->file));
  add_review(loaded);
  log_diagnostics(loaded);
  if (!loaded.config) {
    refuse_reload({});
    return;
  }
  const auto fixed = fixed_keys_changed(*config_, *loaded.config);
  if (!fixed.empty()) {
    core::log_warn("changes that need a restart", {{"keys", core::join(fixed, " ")}});
  }
  keep_fixed_keys(*config_, *loaded.config);
  lists::WatchedCounts watched = lists::watched_counts(loaded.config->targets);
  courier_->expect_channels();
  const auto reloaded =
      loop_->run<void>([&](Monitor& monitor) { return monitor.reload(setup_of(*loaded.config)); });
  if (!reloaded) {
    courier_->keep_channels();
    refuse_reload(reloaded.error().text);
    return;
  }
  courier_->set_channels(loaded.config->channels, std::move(watched));
  config_ = std::make_shared<const conf::Config>(std::move(*loaded.config));
  reloads_.set({true, reloads_.get()->started_at, clock_.now(), channel_names(*config_)});
  if (desk_) {
    desk_->set_config(config_);
  }
  writer_->set_retention(config_->daemon.retention);
  core::set_up_log(config_->daemon.log_level, config_->daemon.log_format);
  core::log_info("configuration reloaded");
  notify_ready("watching");
}

void App::tend_watchdog() {
  const std::uint64_t turns = loop_->turns();
  if (turns != turns_seen_) {
    turns_seen_ = turns;
    notify_alive();
  }
}

void App::serve(const sigset_t& signals) {
  const core::Millis watchdog = watchdog_pause();
  for (;;) {
    core::Millis pause = watchdog.count() > 0 ? watchdog : core::Millis(3'600'000);
    pause = wants_http() ? std::min(pause, kHttpRetry) : pause;
    const timespec limit{pause.count() / 1000, (pause.count() % 1000) * 1'000'000};
    const int signal = ::sigtimedwait(&signals, nullptr, &limit);
    if (signal == SIGHUP) {
      reload();
    } else if (signal == SIGTERM || signal == SIGINT) {
      return;
    }
    if (watchdog.count() > 0) {  // after a signal too: they may come faster than the pause ends
      tend_watchdog();
    }
    open_http();
  }
}

void App::stop() {
  notify_stopping();
  http_.reset();
  control_.reset();
  if (loop_) {
    loop_->stop();
  }
  if (courier_) {
    courier_->stop();
  }
  if (writer_) {
    writer_->stop();
  }
}

}  // namespace

int run(const AppOptions& options) {
  if (!options.check_only) {
    // A reload that is asked for while this start reads the files comes after it. What ends the
    // daemon ends it at once until there is something to put in order.
    block_signals({SIGHUP});
  }
  conf::Loaded loaded = conf::load(options.config);
  add_review(loaded);
  if (options.check_only || !loaded.config) {
    print_diagnostics(loaded);
    if (loaded.config) {
      std::printf("configuration ok\n");
    }
    return loaded.config ? 0 : kExitConfig;
  }
  const sigset_t signals = block_signals({SIGTERM, SIGINT, SIGHUP});
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
  core::set_up_log(loaded.config->daemon.log_level, loaded.config->daemon.log_format);
  log_diagnostics(loaded);
  App app(std::move(*loaded.config));
  if (const auto started = app.start(); !started) {
    app.stop();
    core::log_error("can't start", {{"error", started.error().text}});
    return kExitFailed;
  }
  app.serve(signals);
  app.stop();
  core::log_info("rblwatchd stopped");
  return 0;
}

}  // namespace rblwatch::daemon
