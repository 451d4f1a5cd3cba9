// SPDX-License-Identifier: Apache-2.0
//
// Port: carries parcels to servers, several at a time, without calling back. CurlCarrier in
// programs (curl_carrier.hpp), a scripted one in tests. One object belongs to one thread, the
// courier's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "alerts/channel.hpp"
#include "alerts/delivery.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace rblwatch::alerts {

struct Shipment {
  std::string delivery_id;
  Channel channel;  // with its secrets
  Parcel parcel;
  core::Timestamp now{};             // of this attempt: webhook-timestamp, signature
  std::vector<std::string> to = {};  // of the channel's mail recipients these alone; empty = all
};
struct Arrival {
  std::string delivery_id;
  Receipt receipt;
};

class Carrier {
 public:
  Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  virtual ~Carrier() = default;
  virtual void ship(Shipment shipment) = 0;
  /// Waits at most so long for arrivals, or until wake() is called from any thread.
  virtual std::vector<Arrival> wait(core::Millis at_most) = 0;
  virtual void wake() = 0;
};

/// Over libcurl: a fresh handle with fresh connection for each mail (CVE-2026-4873), protocols
/// limited to https, http and smtp(s), redirects not followed, no netrc, no proxy of the
/// environment, at most 64 KiB of a reply read, addresses of metadata services refused unless the
/// channel allows them.
core::Result<std::unique_ptr<Carrier>> make_curl_carrier(const DeliveryOptions& options);

/// Connects as a delivery over libcurl would, TLS and login included, and sends no message: no
/// request over HTTP; EHLO, STARTTLS, AUTH and QUIT over SMTP. Delivered: it could. Blocks for a
/// few times the time-outs at most; any thread.
Receipt try_channel(const Channel& channel, const DeliveryOptions& options);

}  // namespace rblwatch::alerts
