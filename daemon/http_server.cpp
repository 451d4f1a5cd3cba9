// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd, one thread over epoll: its connections are states, not threads, so that whoever
// sends a byte a minute costs a little memory and nothing else. (cpp-httplib gives each connection
// a thread of a pool for as long as it lasts: eight slow clients, and nobody else is answered.)
// What it refuses by itself, before we are asked (bytes that are no HTTP, headers beyond
// kPeerMemory), it answers with a page of its own that says nothing about us, and closes.
#include "daemon/http_server.hpp"

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <list>
#include <string_view>
#include <system_error>
#include <thread>

#include "core/handle.hpp"
#include "core/log.hpp"
#include "core/mailbox.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::daemon {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr unsigned kSilence = 10;  // seconds without a byte
constexpr std::chrono::seconds kHttpPatience{
    60};  // for a request and its answer, however they drip
constexpr std::chrono::seconds kTendEvery{5};
constexpr int kListenBacklog = 128;

/// One connection, while it lasts.
struct Peer {
  int fd = -1;
  SteadyClock::time_point since;  // when it began, or its last request was answered
  bool is_resting = false;        // its answer is being made
  bool is_going = false;
};

/// One request and its answer, which lives until it is sent.
struct Exchange {
  HttpRequest request;
  std::optional<HttpReply> reply;
  std::size_t counted = 0;  // of the bytes on their way
};

struct Job {
  MHD_Connection* connection = nullptr;
  Exchange* exchange = nullptr;
};

HttpReply busy_reply(const char* line) {
  HttpReply reply = plain_reply(503, line);
  reply.headers = {{"Retry-After", "1"}};
  return reply;
}

core::IpAddress address_of(const sockaddr_storage& bound) {
  if (bound.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(bound);
    core::IpAddress::V6Bytes bytes{};
    std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
    const core::IpAddress address = core::IpAddress::v6(bytes);
    return address.is_v4_mapped() ? address.unmapped() : address;
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(bound);
  core::IpAddress::V4Bytes bytes{};
  const auto* raw = reinterpret_cast<const std::uint8_t*>(&v4.sin_addr.s_addr);
  std::copy_n(raw, bytes.size(), bytes.begin());
  return core::IpAddress::v4(bytes);
}

core::IpAddress arrival_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (info != nullptr) {
    ::getsockname(info->connect_fd, reinterpret_cast<sockaddr*>(&bound), &length);
  }
  return address_of(bound);
}

MHD_Result take_parameter(void* into, MHD_ValueKind /*kind*/, const char* key, std::size_t key_size,
                          const char* value, std::size_t value_size) {
  auto& request = *static_cast<HttpRequest*>(into);
  request.parameters.emplace_back(std::string(key, key_size),
                                  value != nullptr ? std::string(value, value_size) : "");
  return MHD_YES;
}

MHD_Result take_header(void* into, MHD_ValueKind /*kind*/, const char* key, std::size_t key_size,
                       const char* value, std::size_t value_size) {
  auto& request = *static_cast<HttpRequest*>(into);
  const std::string_view name(key, key_size);
  const std::string text = value != nullptr ? std::string(value, value_size) : std::string();
  if (core::equals_ignoring_case(name, MHD_HTTP_HEADER_HOST)) {
    request.hosts.push_back(text);
  } else if (core::equals_ignoring_case(name, MHD_HTTP_HEADER_AUTHORIZATION)) {
    request.authorization = text;
  }
  return MHD_YES;
}

bool has_body(MHD_Connection* connection) {
  const char* length =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  const char* coding =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
  return coding != nullptr || (length != nullptr && core::parse_int(length) != 0);
}

MHD_Result send(MHD_Connection* connection, Exchange& exchange) {
  HttpReply& reply = *exchange.reply;
  // The body stays ours: the exchange outlives its sending.
  const core::Handle<MHD_Response, MHD_destroy_response> response(MHD_create_response_from_buffer(
      reply.body.size(), reply.body.data(), MHD_RESPMEM_PERSISTENT));
  if (!response) {
    return MHD_NO;
  }
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, reply.content_type.c_str());
  for (const auto& [name, value] : HttpServer::common_headers(reply)) {
    MHD_add_response_header(response.get(), name.c_str(), value.c_str());
  }
  for (const auto& [name, value] : reply.headers) {
    MHD_add_response_header(response.get(), name.c_str(), value.c_str());
  }
  return MHD_queue_response(connection, reply.status, response.get());
}

void log_complaint(void* /*nothing*/, const char* format, va_list arguments) {
  std::array<char, 256> text{};
  static_cast<void>(std::vsnprintf(text.data(), text.size(), format, arguments));
  core::log_debug("http",
                  {{"text", core::for_log(core::Untrusted(std::string(core::trim(text.data()))))}});
}

core::Error cannot_listen(const dns::Server& where, int number) {
  std::string text =
      "no HTTP on " + where.to_text() + ": " + std::generic_category().message(number) + "; ";
  if (number == EADDRINUSE) {
    text += "another program listens there: end it, or give daemon.http another port or \"\"";
  } else if (number == EACCES) {
    text += "give daemon.http a port from 1024 on";
  } else {
    text += "give daemon.http an address of this machine";
  }
  return {core::Error::Kind::io, std::move(text)};
}

core::Result<core::Fd> listen_on(const dns::Server& where) {
  sockaddr_storage address{};
  socklen_t length = 0;
  const std::span<const std::uint8_t> bytes = where.address.bytes();
  if (where.address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(where.port);
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::uint8_t*>(&v4.sin_addr.s_addr));
    length = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(where.port);
    std::copy(bytes.begin(), bytes.end(), std::begin(v6.sin6_addr.s6_addr));
    length = sizeof v6;
  }
  core::Fd listener(
      ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  const int yes = 1;
  const bool is_listening =
      listener.is_open() &&
      ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
      ::listen(listener.get(), kListenBacklog) == 0;
  if (!is_listening) {
    return tl::make_unexpected(cannot_listen(where, errno));
  }
  return listener;
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpHandlers given) : handlers(std::move(given)), jobs(kMostWaiting) {}

  HttpHandlers handlers;
  core::Fd listener;
  MHD_Daemon* daemon = nullptr;
  std::list<Peer> peers;  // oldest first; the thread of the connections
  core::Mailbox<Job> jobs;
  std::atomic<std::size_t> on_their_way{0};
  std::thread reading;

  static void on_connection(void* self, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode code);
  static void on_completed(void* self, MHD_Connection* connection, void** context,
                           MHD_RequestTerminationCode code);

  MHD_Result take(MHD_Connection* connection, const char* url, const char* method, void** exchange);
  MHD_Result begin(MHD_Connection* connection, const char* url, const char* method, void** context);
  MHD_Result answer(MHD_Connection* connection, Exchange& exchange);
  void drop_slow_peers();
  void read();
  core::Result<void> start();
  void stop();
};

namespace {

Peer& peer_of(MHD_Connection* connection) {
  return *static_cast<Peer*>(
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
}

void let_go(Peer& peer) {
  peer.is_going = true;
  ::shutdown(peer.fd, SHUT_RDWR);  // its own turn closes it
}

}  // namespace

// Time-outs of the library count silence alone: a byte now and then keeps a connection for ever. So
// whoever comes in looks after those that were there before.
void HttpServer::Impl::drop_slow_peers() {
  const auto now = SteadyClock::now();
  std::size_t staying = 0;
  for (const Peer& peer : peers) {
    staying += peer.is_going ? 0 : 1;
  }
  std::vector<Peer*> slowest;
  for (Peer& peer : peers) {
    if (!peer.is_resting && !peer.is_going) {
      slowest.push_back(&peer);
    }
  }
  std::sort(slowest.begin(), slowest.end(),
            [](const Peer* a, const Peer* b) { return a->since < b->since; });
  for (Peer* peer : slowest) {
    if (now - peer->since <= kHttpPatience && staying < kCrowded) {
      return;
    }
    let_go(*peer);
    --staying;
  }
}

void HttpServer::Impl::on_connection(void* self, MHD_Connection* connection, void** context,
                                     MHD_ConnectionNotificationCode code) {
  Impl& server = *static_cast<Impl*>(self);
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    const auto* gone = static_cast<const Peer*>(*context);
    server.peers.remove_if([gone](const Peer& peer) { return &peer == gone; });
    return;
  }
  server.drop_slow_peers();
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  server.peers.push_back({.fd = info->connect_fd, .since = SteadyClock::now()});
  *context = &server.peers.back();
}

void HttpServer::Impl::on_completed(void* self, MHD_Connection* connection, void** context,
                                    MHD_RequestTerminationCode /*code*/) {
  Impl& server = *static_cast<Impl*>(self);
  const std::unique_ptr<Exchange> over(static_cast<Exchange*>(*context));
  *context = nullptr;
  if (over) {
    server.on_their_way -= over->counted;
  }
  peer_of(connection).since = SteadyClock::now();
}

MHD_Result HttpServer::Impl::take(MHD_Connection* connection, const char* url, const char* method,
                                  void** exchange) {
  return *exchange == nullptr ? begin(connection, url, method, exchange)
                              : answer(connection, *static_cast<Exchange*>(*exchange));
}

// A body is nothing we would read: whoever sends one is answered before it and let go.
MHD_Result HttpServer::Impl::begin(MHD_Connection* connection, const char* url, const char* method,
                                   void** context) {
  auto exchange = std::make_unique<Exchange>();
  HttpRequest& request = exchange->request;
  request.method = method;
  request.path = url;
  request.arrived_at = arrival_of(connection);
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, &take_parameter, &request);
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &take_header, &request);
  Exchange& kept = *exchange;
  *context = exchange.release();
  if (!has_body(connection) && (request.method == "GET" || request.method == "HEAD")) {
    return MHD_YES;
  }
  kept.reply = handlers.at_once(kept.request);
  if (!kept.reply || kept.reply->status < 400) {
    kept.reply = plain_reply(413, "a request with a body is not taken");
  }
  kept.reply->headers.emplace_back("Connection", "close");
  return send(connection, kept);
}

MHD_Result HttpServer::Impl::answer(MHD_Connection* connection, Exchange& exchange) {
  Peer& peer = peer_of(connection);
  if (std::exchange(peer.is_resting, false)) {
    peer.since = SteadyClock::now();  // what took its time was ours
  }
  if (!exchange.reply) {
    exchange.reply = handlers.at_once(exchange.request);
  }
  if (!exchange.reply && on_their_way > kMostOnTheirWay) {
    exchange.reply = busy_reply("too much is on its way to slow readers; try again");
  }
  if (exchange.reply) {
    return send(connection, exchange);
  }
  peer.is_resting = true;
  MHD_suspend_connection(connection);
  Job job{connection, &exchange};
  if (!jobs.try_send(job)) {
    exchange.reply = busy_reply("too many documents are asked for at once; try again");
    MHD_resume_connection(connection);
  }
  return MHD_YES;
}

void HttpServer::Impl::read() {
  auto next_tending = SteadyClock::now();
  for (;;) {
    if (SteadyClock::now() >= next_tending && !jobs.is_closed()) {
      handlers.tend();
      next_tending = SteadyClock::now() + kTendEvery;
    }
    const std::optional<Job> job = jobs.receive(kTendEvery);
    if (!job && jobs.is_closed()) {
      return;
    }
    if (job) {
      job->exchange->reply = jobs.is_closed() ? busy_reply("the daemon is stopping")
                                              : handlers.later(job->exchange->request);
      job->exchange->counted = job->exchange->reply->body.size();
      on_their_way += job->exchange->counted;
      MHD_resume_connection(job->connection);
    }
  }
}

// The library closes the socket it was given where it fails, and only there: it gets one of its
// own.
core::Result<void> HttpServer::Impl::start() {
  const int own = ::fcntl(listener.get(), F_DUPFD_CLOEXEC, 0);
  const MHD_AccessHandlerCallback on_request =
      [](void* self, MHD_Connection* connection, const char* url, const char* method,
         const char* /*version*/, const char* /*data*/, std::size_t* data_size, void** exchange) {
        *data_size = 0;
        return static_cast<Impl*>(self)->take(connection, url, method, exchange);
      };
  constexpr unsigned kFlags =
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  daemon = MHD_start_daemon(
      kFlags, 0, nullptr, nullptr, on_request, this, MHD_OPTION_EXTERNAL_LOGGER, &log_complaint,
      nullptr, MHD_OPTION_LISTEN_SOCKET, own, MHD_OPTION_CONNECTION_LIMIT, kMostPeers,
      MHD_OPTION_CONNECTION_TIMEOUT, kSilence, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kPeerMemory,
      MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this, MHD_OPTION_NOTIFY_COMPLETED,
      &on_completed, this, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
      MHD_OPTION_END);
  if (daemon == nullptr) {
    return core::fail(core::Error::Kind::io, "no HTTP: the system gives no thread or descriptor");
  }
  reading = std::thread([this] { read(); });
  return {};
}

// The library aborts when it is stopped while a connection rests: first nothing new comes in, then
// all that rest are answered, then it may end.
void HttpServer::Impl::stop() {
  if (daemon == nullptr) {
    return;
  }
  const core::Fd own(MHD_quiesce_daemon(daemon));
  listener.reset();
  jobs.close();
  reading.join();
  MHD_stop_daemon(daemon);
  daemon = nullptr;
}

core::Result<std::unique_ptr<HttpServer>> HttpServer::start(const dns::Server& where,
                                                            HttpHandlers handlers) {
  auto listener = listen_on(where);
  if (!listener) {
    return tl::make_unexpected(listener.error());
  }
  auto impl = std::make_unique<Impl>(std::move(handlers));
  impl->listener = std::move(*listener);
  if (auto started = impl->start(); !started) {
    return tl::make_unexpected(started.error());
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->stop();
}

std::vector<std::pair<std::string, std::string>> HttpServer::common_headers(
    const HttpReply& reply) {
  std::string policy =
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  if (!reply.style_source.empty()) {
    policy += "; style-src " + reply.style_source + "; img-src data:";  // its icon
  }
  return {{"Content-Security-Policy", std::move(policy)},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

}  // namespace rblwatch::daemon
