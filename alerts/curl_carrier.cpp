// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "alerts/curl_carrier_parts.hpp"
#include "core/check.hpp"
#include "core/handle.hpp"

namespace rblwatch::alerts {
namespace {

using Multi = core::Handle<CURLM, curl_multi_cleanup>;
using SteadyClock = std::chrono::steady_clock;

/// HTTP by one multi handle on the courier's thread. Mails have a thread each: at the end of a mail
/// libcurl waits for the server's reply to QUIT inside curl_multi_perform, and a server that gives
/// none would hold up every channel.
class CurlCarrier final : public Carrier {
 public:
  CurlCarrier(DeliveryOptions options, Multi multi)
      : options_(std::move(options)), multi_(std::move(multi)) {}
  ~CurlCarrier() override;

  void ship(Shipment shipment) override;
  std::vector<Arrival> wait(core::Millis at_most) override;
  void wake() override;

 private:
  void ship_http(Shipment shipment);
  void ship_mail(Shipment shipment);
  void collect_http();
  void collect_mails();

  DeliveryOptions options_;
  Multi multi_;
  std::map<void*, std::unique_ptr<HttpTransfer>> transfers_;  // by easy handle
  std::map<std::string, std::thread> mails_;                  // by delivery
  std::vector<Arrival> arrived_;
  std::atomic<bool> is_woken_{false};
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;
  std::vector<Arrival> mails_arrived_;  // under mutex_
};

CurlCarrier::~CurlCarrier() {
  is_stopping_ = true;
  for (auto& [id, thread] : mails_) {
    thread.join();  // within a second: libcurl looks at is_stopping_ that often
  }
  for (const auto& [easy, transfer] : transfers_) {
    curl_multi_remove_handle(multi_.get(), easy);
  }
}

void CurlCarrier::ship(Shipment shipment) {
  if (std::holds_alternative<MailMessage>(shipment.parcel)) {
    ship_mail(std::move(shipment));
  } else {
    ship_http(std::move(shipment));
  }
}

void CurlCarrier::ship_http(Shipment shipment) {
  auto transfer = std::make_unique<HttpTransfer>(std::move(shipment), options_);
  void* easy = transfer->handle();
  if (easy == nullptr || curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
    arrived_.push_back({transfer->delivery_id(), transfer->refusal()});
    return;
  }
  transfers_.emplace(easy, std::move(transfer));
}

void CurlCarrier::ship_mail(Shipment shipment) {
  const std::string id = shipment.delivery_id;
  try {
    mails_.try_emplace(id, [this, mail = std::move(shipment)] {
      Receipt receipt = send_mail(mail, options_, is_stopping_);
      {
        const std::lock_guard lock(mutex_);
        mails_arrived_.push_back({mail.delivery_id, std::move(receipt)});
      }
      curl_multi_wakeup(multi_.get());
    });
  } catch (const std::system_error& error) {
    arrived_.push_back({id, Retry{error.code().message(), std::nullopt, false}});
  }
}

void CurlCarrier::collect_http() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    const auto found = transfers_.find(message->easy_handle);
    if (message->msg != CURLMSG_DONE || found == transfers_.end()) {
      continue;
    }
    const CURLcode code = message->data.result;
    arrived_.push_back({found->second->delivery_id(), found->second->receipt(code)});
    curl_multi_remove_handle(multi_.get(), found->first);
    transfers_.erase(found);
  }
}

void CurlCarrier::collect_mails() {
  std::vector<Arrival> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(mails_arrived_);
  }
  for (Arrival& arrival : done) {
    const auto thread = mails_.find(arrival.delivery_id);
    if (thread != mails_.end()) {
      thread->second.join();
      mails_.erase(thread);
    }
    arrived_.push_back(std::move(arrival));
  }
}

std::vector<Arrival> CurlCarrier::wait(core::Millis at_most) {
  const auto deadline = SteadyClock::now() + at_most;
  while (true) {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    collect_http();
    collect_mails();
    const auto left = std::chrono::ceil<core::Millis>(deadline - SteadyClock::now());
    if (!arrived_.empty() || is_woken_.exchange(false) || left.count() <= 0) {
      return std::exchange(arrived_, {});
    }
    constexpr core::Millis kLongest{60'000};
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(std::min(left, kLongest).count()),
                    nullptr);
  }
}

void CurlCarrier::wake() {
  is_woken_ = true;
  curl_multi_wakeup(multi_.get());
}

}  // namespace

std::string transfer_error(int code, long system_error) {
  std::string text = curl_easy_strerror(static_cast<CURLcode>(code));
  if (system_error > 0) {
    text += ": " + std::system_category().message(static_cast<int>(system_error));
  }
  return text;
}

namespace {

core::Result<void> start_curl() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) {
    return core::fail(core::Error::Kind::io,
                      std::string("starting libcurl: ") + curl_easy_strerror(kStarted));
  }
  return {};
}

}  // namespace

Receipt try_channel(const Channel& channel, const DeliveryOptions& options) {
  if (const auto started = start_curl(); !started) {
    return Retry{started.error().text, std::nullopt, false};
  }
  switch (channel.type) {
    case ChannelType::webhook:
    case ChannelType::slack:
      return HttpTransfer({"", channel, HttpRequest{}, {}}, options).connect();
    case ChannelType::email:
      return connect_mail(channel, options);
  }
  RBL_CHECK(false);
}

core::Result<std::unique_ptr<Carrier>> make_curl_carrier(const DeliveryOptions& options) {
  if (auto started = start_curl(); !started) {
    return tl::make_unexpected(std::move(started.error()));
  }
  Multi multi(curl_multi_init());
  if (!multi) {
    return core::fail(core::Error::Kind::io, "starting libcurl: no memory");
  }
  return std::unique_ptr<Carrier>(std::make_unique<CurlCarrier>(options, std::move(multi)));
}

}  // namespace rblwatch::alerts
