// SPDX-License-Identifier: Apache-2.0
#include "dns/public_resolver.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace rblwatch::dns {
namespace {

struct Known {
  std::string_view address;
  std::string_view whose;
};

// As their operators' pages state them.
constexpr std::array kKnown{
    Known{"8.8.8.8", "Google"},
    Known{"8.8.4.4", "Google"},
    Known{"2001:4860:4860::8888", "Google"},
    Known{"2001:4860:4860::8844", "Google"},
    Known{"1.1.1.1", "Cloudflare"},
    Known{"1.0.0.1", "Cloudflare"},
    Known{"1.1.1.2", "Cloudflare"},
    Known{"1.0.0.2", "Cloudflare"},
    Known{"1.1.1.3", "Cloudflare"},
    Known{"1.0.0.3", "Cloudflare"},
    Known{"2606:4700:4700::1111", "Cloudflare"},
    Known{"2606:4700:4700::1001", "Cloudflare"},
    Known{"9.9.9.9", "Quad9"},
    Known{"149.112.112.112", "Quad9"},
    Known{"9.9.9.10", "Quad9"},
    Known{"9.9.9.11", "Quad9"},
    Known{"2620:fe::fe", "Quad9"},
    Known{"2620:fe::9", "Quad9"},
    Known{"208.67.222.222", "OpenDNS"},
    Known{"208.67.220.220", "OpenDNS"},
    Known{"2620:119:35::35", "OpenDNS"},
    Known{"2620:119:53::53", "OpenDNS"},
    Known{"4.2.2.1", "Level 3"},
    Known{"4.2.2.2", "Level 3"},
    Known{"4.2.2.3", "Level 3"},
    Known{"4.2.2.4", "Level 3"},
    Known{"4.2.2.5", "Level 3"},
    Known{"4.2.2.6", "Level 3"},
    Known{"64.6.64.6", "Vercara"},
    Known{"64.6.65.6", "Vercara"},
    Known{"156.154.70.1", "Vercara"},
    Known{"156.154.71.1", "Vercara"},
    Known{"94.140.14.14", "AdGuard"},
    Known{"94.140.15.15", "AdGuard"},
    Known{"77.88.8.8", "Yandex"},
    Known{"77.88.8.1", "Yandex"},
    Known{"8.26.56.26", "Comodo"},
    Known{"8.20.247.20", "Comodo"},
    Known{"185.228.168.9", "CleanBrowsing"},
    Known{"185.228.169.9", "CleanBrowsing"},
    Known{"76.76.2.0", "Control D"},
    Known{"76.76.10.0", "Control D"},
    Known{"114.114.114.114", "114DNS"},
    Known{"223.5.5.5", "AliDNS"},
    Known{"223.6.6.6", "AliDNS"},
    Known{"119.29.29.29", "DNSPod"},
};

}  // namespace

std::string_view public_resolver_operator(const core::IpAddress& address) {
  const std::string text = address.to_text();
  const auto* const found = std::find_if(
      kKnown.begin(), kKnown.end(), [&text](const Known& known) { return known.address == text; });
  return found != kKnown.end() ? found->whose : std::string_view();
}

}  // namespace rblwatch::dns
