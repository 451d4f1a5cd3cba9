// SPDX-License-Identifier: Apache-2.0
#include "dns/query_template.hpp"

#include <algorithm>
#include <cstring>

#include "core/check.hpp"

namespace rblwatch::dns {
namespace {

constexpr std::size_t kRootName = 1;
constexpr std::size_t kTypeAndClass = 4;
constexpr std::uint8_t kCookieOption = 10;

void write_u16(std::span<std::uint8_t> into, std::size_t at, std::size_t value) {
  into[at] = static_cast<std::uint8_t>(value >> 8U);
  into[at + 1] = static_cast<std::uint8_t>(value);
}

}  // namespace

QueryTemplate::QueryTemplate(QueryShape shape) : has_opt_(shape.has_edns) {
  const std::vector<std::uint8_t> whole = build_query(core::DnsName{}, shape);
  RBL_CHECK(whole.size() >= kHeaderSize + kRootName + kTypeAndClass);
  std::copy_n(whole.begin(), kHeaderSize, header_.begin());
  tail_.assign(whole.begin() + kHeaderSize + kRootName, whole.end());
}

QueryLayout QueryTemplate::write(std::uint16_t id, Bytes name, Bytes cookie,
                                 std::span<std::uint8_t> into) const {
  std::size_t at = kHeaderSize;
  std::memcpy(into.data(), header_.data(), kHeaderSize);
  write_u16(into, 0, id);
  std::memcpy(into.data() + at, name.data(), name.size());
  at += name.size();
  std::memcpy(into.data() + at, tail_.data(), tail_.size());
  const std::size_t question_end = at + kTypeAndClass;
  at += tail_.size();
  if (has_opt_ && !cookie.empty()) {
    write_u16(into, at - 2, 4 + cookie.size());  // RDLENGTH of the OPT, zero until now
    write_u16(into, at, kCookieOption);
    write_u16(into, at + 2, cookie.size());
    std::memcpy(into.data() + at + 4, cookie.data(), cookie.size());
    at += 4 + cookie.size();
  }
  return {static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(question_end)};
}

const QueryTemplate& QueryTemplates::get(QueryShape shape) {
  for (const auto& known : known_) {
    if (known->shape == shape) return known->query;
  }
  return known_.emplace_back(std::make_unique<Known>(Known{shape, QueryTemplate(shape)}))->query;
}

}  // namespace rblwatch::dns
