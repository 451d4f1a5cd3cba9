// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "alerts/address_guard.hpp"
#include "alerts/curl_carrier_parts.hpp"
#include "alerts/redact.hpp"
#include "alerts/signature.hpp"
#include "core/handle.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace rblwatch::alerts {
namespace {

using Easy = core::Handle<CURL, curl_easy_cleanup>;
using List = core::Handle<curl_slist, curl_slist_free_all>;
using Url = core::Handle<CURLU, curl_url_cleanup>;

std::optional<core::IpAddress> address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    core::IpAddress::V4Bytes bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return core::IpAddress::v4(bytes);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    core::IpAddress::V6Bytes bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return core::IpAddress::v6(bytes);
  }
  return std::nullopt;
}

/// The host of a URL when it is an address, in whatever spelling.
std::optional<core::IpAddress> literal_host(const std::string& url) {
  const Url parsed(curl_url());
  char* host = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    return std::nullopt;
  }
  std::string_view text(host);
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
  }
  const auto address = core::IpAddress::parse(text.substr(0, text.find('%')));
  curl_free(host);
  return address ? std::optional(*address) : std::nullopt;
}

/// libcurl's own word is no help here: it calls a reply that isn't HTTP an unsupported protocol
/// too.
bool is_web_url(const std::string& url) {
  const Url parsed(curl_url());
  char* scheme = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
    return false;
  }
  const std::string_view text(scheme);  // in lower case
  const bool is_web = text == "http" || text == "https";
  curl_free(scheme);
  return is_web;
}

void add_header(List& headers, const std::string& line) {
  if (curl_slist* longer = curl_slist_append(headers.get(), line.c_str())) {
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
}

}  // namespace

struct HttpTransfer::State {
  Shipment shipment;
  core::Secret proxy;
  std::string body;
  Easy easy;
  List headers;
  std::size_t received = 0;
  std::string reply;
  std::string retry_after;
  bool is_web = true;  // the URL's scheme is one that is spoken here
  bool is_guarded_address = false;

  const HttpRequest& request() const { return std::get<HttpRequest>(shipment.parcel); }
  bool may_reach(const core::IpAddress& address) const {
    return shipment.channel.allow_private || !is_guarded(address);
  }
  /// False once more has come than is read.
  bool count(std::size_t bytes) {
    received += bytes;
    return received <= kLargestReply;
  }
};

namespace {

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& state = *static_cast<HttpTransfer::State*>(user);
  const std::size_t bytes = size * count;
  if (!state.count(bytes)) {
    return 0;  // ends the transfer; the status has been read
  }
  state.reply.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  constexpr std::string_view kName = "retry-after:";
  auto& state = *static_cast<HttpTransfer::State*>(user);
  const std::string_view line(data, size * count);
  if (!state.count(line.size())) {
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    state.retry_after.clear();  // an interim reply's headers don't count
  } else if (core::equals_ignoring_case(line.substr(0, kName.size()), kName)) {
    state.retry_after = core::trim(line.substr(kName.size()));
  }
  return line.size();
}

/// Looks at each address just before it is connected to: a name may point anywhere.
curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* to) {
  auto& state = *static_cast<HttpTransfer::State*>(user);
  const auto address = address_of(to->addr);
  if (state.proxy.is_empty() && address && !state.may_reach(*address)) {
    state.is_guarded_address = true;
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void add_headers(HttpTransfer::State& state) {
  const Shipment& shipment = state.shipment;
  add_header(state.headers, "Content-Type: " + state.request().content_type);
  add_header(state.headers, "Expect:");
  if (shipment.channel.type != ChannelType::webhook) {
    return;
  }
  const auto seconds = std::chrono::floor<core::Seconds>(shipment.now).time_since_epoch().count();
  add_header(state.headers, "webhook-id: " + shipment.delivery_id);
  add_header(state.headers, "webhook-timestamp: " + std::to_string(seconds));
  if (!shipment.channel.secret.is_empty()) {
    add_header(state.headers,
               "webhook-signature: " + sign_webhook(shipment.channel.secret, shipment.delivery_id,
                                                    seconds, state.request().body));
  }
}

bool set_limits(CURL* easy, const DeliveryOptions& options) {
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NETRC, long{CURL_NETRC_IGNORED}) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.reveal().c_str()) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         // A resolver that hangs would else be waited for at the end, and all channels with it.
         curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
         // A connection made for a channel that may reach any address is no other channel's.
         curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                          static_cast<long>(options.connect_timeout.count())) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                          static_cast<long>(options.request_timeout.count())) == CURLE_OK;
}

bool set_request(HttpTransfer::State& state) {
  CURL* easy = state.easy.get();
  const HttpRequest& request = state.request();
  const std::string& ca_file = state.shipment.channel.ca_file.native();
  return curl_easy_setopt(easy, CURLOPT_URL, state.shipment.channel.url.reveal().c_str()) ==
             CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                          static_cast<curl_off_t>(request.body.size())) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str()) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HTTPHEADER, state.headers.get()) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_USERAGENT,
                          (std::string("rblwatch/") + core::kVersion).c_str()) == CURLE_OK &&
         (ca_file.empty() || curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str()) == CURLE_OK) &&
         curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_WRITEDATA, &state) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_HEADERDATA, &state) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &state) == CURLE_OK;
}

}  // namespace

HttpTransfer::HttpTransfer(Shipment shipment, const DeliveryOptions& options)
    : state_(std::make_unique<State>()) {
  state_->shipment = std::move(shipment);
  state_->proxy = options.proxy;
  const std::string& url = state_->shipment.channel.url.reveal();
  state_->is_web = is_web_url(url);
  if (!state_->is_web) {
    return;
  }
  const auto literal = literal_host(url);
  if (literal && !state_->may_reach(*literal)) {
    state_->is_guarded_address = true;
    return;
  }
  state_->easy.reset(curl_easy_init());
  add_headers(*state_);
  if (state_->easy && !(set_limits(state_->easy.get(), options) && set_request(*state_))) {
    state_->easy.reset();
  }
}

HttpTransfer::~HttpTransfer() = default;

void* HttpTransfer::handle() const {
  return state_->easy.get();
}

const std::string& HttpTransfer::delivery_id() const {
  return state_->shipment.delivery_id;
}

Receipt HttpTransfer::refusal() const {
  if (!state_->is_web) {
    return Rejected{"the URL is not one of http or https"};
  }
  if (state_->is_guarded_address) {
    return Rejected{
        "a link-local or metadata address (allow_private = true lets this channel reach it)"};
  }
  return Retry{"the request could not be set up", std::nullopt, false};
}

Receipt HttpTransfer::connect() {
  CURL* easy = state_->easy.get();
  if (easy == nullptr || curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK) {
    return refusal();
  }
  const CURLcode code = curl_easy_perform(easy);
  return code == CURLE_OK ? Receipt(Delivered{"connected"}) : receipt(code);
}

Receipt HttpTransfer::receipt(int code) const {
  long status = 0;
  curl_easy_getinfo(state_->easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200) {  // it has answered, however the rest of its reply went
    return http_receipt(static_cast<int>(status), state_->retry_after,
                        redact(state_->reply, state_->shipment.channel, state_->proxy),
                        state_->shipment.now);
  }
  if (state_->is_guarded_address && code == CURLE_COULDNT_CONNECT) {
    return refusal();
  }
  if (code == CURLE_URL_MALFORMAT) {
    return Rejected{"the URL can't be used"};
  }
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY) {
    return Retry{"what came is no reply of HTTP/1", std::nullopt, false};
  }
  long system_error = 0;
  curl_easy_getinfo(state_->easy.get(), CURLINFO_OS_ERRNO, &system_error);
  return Retry{transfer_error(code, code == CURLE_COULDNT_CONNECT ? system_error : 0), std::nullopt,
               false};
}

}  // namespace rblwatch::alerts
