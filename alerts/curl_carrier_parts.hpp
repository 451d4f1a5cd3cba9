// SPDX-License-Identifier: Apache-2.0
//
// What the carrier over libcurl is made of, without libcurl's header: a transfer over HTTP, which
// the courier's thread drives with others, and a mail, which blocks and has a thread of its own.
// Internal to curl_carrier*.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "alerts/carrier.hpp"

namespace rblwatch::alerts {

/// Of a reply no more is read: over HTTP headers and body together, of a mail server's each one.
inline constexpr std::size_t kLargestReply = 65'536;

/// One POST. Neither moves nor is copied: libcurl holds its address.
class HttpTransfer {
 public:
  HttpTransfer(Shipment shipment, const DeliveryOptions& options);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;
  ~HttpTransfer();

  /// The easy handle, ready for a multi handle; null when there is nothing to send (see refusal()).
  void* handle() const;
  /// Why it can't be sent at all. Pre: handle() is null.
  Receipt refusal() const;
  /// Connects, and sends nothing. Blocks.
  Receipt connect();
  /// What came of it, by the status when there was one. `code` is a CURLcode.
  Receipt receipt(int code) const;
  const std::string& delivery_id() const;

  struct State;  // in curl_carrier_http.cpp

 private:
  std::unique_ptr<State> state_;
};

/// One mail, from connecting to QUIT. Blocks for at most about four times the request timeout, less
/// when `is_stopping` becomes true.
Receipt send_mail(const Shipment& shipment, const DeliveryOptions& options,
                  const std::atomic<bool>& is_stopping);

/// The same without a mail: connects, greets, starts TLS and logs in as it is configured.
Receipt connect_mail(const Channel& channel, const DeliveryOptions& options);

/// A CURLcode as a text that names neither host nor URL; `system_error` is an errno or 0.
std::string transfer_error(int code, long system_error);

}  // namespace rblwatch::alerts
