// SPDX-License-Identifier: Apache-2.0
#include "dns/packet.hpp"

#include <ldns/ldns.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/check.hpp"
#include "core/handle.hpp"

namespace rblwatch::dns {
namespace {

using Packet = core::Handle<ldns_pkt, ldns_pkt_free>;
using ResourceRecord = core::Handle<ldns_rr, ldns_rr_free>;
using Octets = core::Handle<std::uint8_t, std::free>;

ldns_rr* question_rr(const core::DnsName& name, QType type) {
  const Bytes wire = name.wire();
  ldns_rr* const rr = ldns_rr_new();
  ldns_rdf* const owner = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, wire.size(), wire.data());
  RBL_CHECK(rr != nullptr && owner != nullptr);
  ldns_rr_set_owner(rr, owner);
  ldns_rr_set_type(rr, static_cast<ldns_rr_type>(type));
  ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
  ldns_rr_set_question(rr, true);
  return rr;
}

Bytes rdf_bytes(const ldns_rdf* rdf) {
  return {ldns_rdf_data(rdf), ldns_rdf_size(rdf)};
}

// ldns hands out names uncompressed, so that our reader needs no budget to speak of.
core::DnsName to_name(const ldns_rdf* rdf) {
  NameBudget budget;
  std::size_t at = 0;
  return read_name(rdf_bytes(rdf), at, budget).value_or(core::DnsName{});
}

core::IpAddress to_address(const ldns_rdf* rdf) {
  const Bytes bytes = rdf_bytes(rdf);
  if (bytes.size() == 4) {
    core::IpAddress::V4Bytes v4;
    std::copy_n(bytes.begin(), v4.size(), v4.begin());
    return core::IpAddress::v4(v4);
  }
  core::IpAddress::V6Bytes v6{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), v6.size()), v6.begin());
  return core::IpAddress::v6(v6);
}

core::Seconds ttl_of(std::uint32_t ttl) {
  return core::Seconds{(ttl & 0x80000000U) != 0 ? 0U : ttl};
}

class Reader {
 public:
  Reader(const ldns_pkt* packet, const core::DnsName& question, QType type, const Walk& walked)
      : packet_(packet), walked_(walked), type_(static_cast<ldns_rr_type>(type)) {
    chain_.push_back(question);
  }

  std::optional<Answer> run() {
    answer_.rcode = static_cast<Rcode>(ldns_pkt_get_rcode(packet_) |
                                       (ldns_pkt_edns_extended_rcode(packet_) << 4U));
    answer_.aa = ldns_pkt_aa(packet_);
    answer_.ra = ldns_pkt_ra(packet_);
    answer_.ad = ldns_pkt_ad(packet_);
    // ldns 1.8.3 has no functions for Extended DNS Errors.
    const auto ede = walked_.edns.ede.begin();
    answer_.ede.assign(ede, ede + static_cast<std::ptrdiff_t>(walked_.edns.ede_count));
    if (type_ != LDNS_RR_TYPE_CNAME) follow_chain();
    bool has_data = false;
    for (const ldns_rr* rr : section(LDNS_SECTION_ANSWER)) {
      const bool is_wanted = ldns_rr_get_type(rr) == type_;
      if (!is_wanted && ldns_rr_get_type(rr) != LDNS_RR_TYPE_A) continue;
      if (std::find(chain_.begin(), chain_.end(), owner_of(rr)) == chain_.end())
        return std::nullopt;
      if (!is_wanted) continue;
      has_data = true;
      note_ttl(ttl_of(ldns_rr_ttl(rr)));
      take(rr);
    }
    if (!has_data) deny();
    return std::move(answer_);
  }

 private:
  std::vector<const ldns_rr*> section(ldns_pkt_section which) const {
    const ldns_rr_list* list = which == LDNS_SECTION_ANSWER      ? ldns_pkt_answer(packet_)
                               : which == LDNS_SECTION_AUTHORITY ? ldns_pkt_authority(packet_)
                                                                 : ldns_pkt_additional(packet_);
    std::vector<const ldns_rr*> records;
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
      records.push_back(ldns_rr_list_rr(list, i));
    }
    return records;
  }

  static core::DnsName owner_of(const ldns_rr* rr) { return to_name(ldns_rr_owner(rr)); }

  void note_ttl(core::Seconds ttl) { answer_.ttl = std::min(answer_.ttl.value_or(ttl), ttl); }

  void follow_chain() {
    for (bool found = true; found;) {
      found = false;
      for (const ldns_rr* rr : section(LDNS_SECTION_ANSWER)) {
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_CNAME || owner_of(rr) != chain_.back()) continue;
        const core::DnsName target = to_name(ldns_rr_rdf(rr, 0));
        note_ttl(ttl_of(ldns_rr_ttl(rr)));
        is_endless_ = chain_.size() > kMaxChain ||
                      std::find(chain_.begin(), chain_.end(), target) != chain_.end();
        if (is_endless_) return;
        chain_.push_back(target);
        found = true;
        break;
      }
    }
  }

  void take(const ldns_rr* rr) {
    if (type_ == LDNS_RR_TYPE_A) answer_.a.push_back(to_address(ldns_rr_rdf(rr, 0)));
    if (type_ == LDNS_RR_TYPE_AAAA) answer_.aaaa.push_back(to_address(ldns_rr_rdf(rr, 0)));
    if (type_ == LDNS_RR_TYPE_TXT) take_txt(rr);
    if (type_ == LDNS_RR_TYPE_NS) take_ns(rr);
    if (type_ == LDNS_RR_TYPE_MX) {
      const Bytes preference = rdf_bytes(ldns_rr_rdf(rr, 0));
      answer_.mx.push_back({read_u16(preference, 0), to_name(ldns_rr_rdf(rr, 1))});
    }
  }

  void take_txt(const ldns_rr* rr) {
    std::string text;
    for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
      const Bytes string = rdf_bytes(ldns_rr_rdf(rr, i)).subspan(1);
      text.append(string.begin(), string.end());
    }
    answer_.txt.emplace_back(std::move(text));
  }

  void take_ns(const ldns_rr* rr) {
    const core::DnsName server = to_name(ldns_rr_rdf(rr, 0));
    if (answer_.ns.size() == kMaxNameServers) return;
    NsRecord ns{server, {}};
    for (const ldns_rr* extra : section(LDNS_SECTION_ADDITIONAL)) {
      const ldns_rr_type type = ldns_rr_get_type(extra);
      if ((type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA) && owner_of(extra) == server) {
        ns.glue.push_back(to_address(ldns_rr_rdf(extra, 0)));
      }
    }
    answer_.ns.push_back(std::move(ns));
  }

  bool is_above_end(const ldns_rr* rr) const { return chain_.back().is_within(owner_of(rr)); }

  void deny() {
    const bool is_nxdomain = answer_.rcode == Rcode::nxdomain;
    if (!is_nxdomain && answer_.rcode != Rcode::noerror) {
      answer_.ttl.reset();
      return;
    }
    const auto authority = section(LDNS_SECTION_AUTHORITY);
    const auto soa = std::find_if(authority.begin(), authority.end(), [this](const ldns_rr* rr) {
      return ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && is_above_end(rr);
    });
    const bool has_soa = soa != authority.end();
    if (is_endless_ || (chain_.size() > 1 && !is_nxdomain && !has_soa)) {
      answer_.chain_closed = false;
      return;
    }
    answer_.ttl.reset();
    if (has_soa) {
      note_ttl(ttl_of(ldns_rr_ttl(*soa)));
      note_ttl(ttl_of(ldns_rdf2native_int32(ldns_rr_rdf(*soa, 6))));
    } else if (!is_nxdomain) {
      for (const ldns_rr* rr : authority) {
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NS) continue;
        answer_.referral = true;
        if (is_above_end(rr)) take_ns(rr);
      }
    }
  }

  const ldns_pkt* packet_;
  const Walk& walked_;
  ldns_rr_type type_;
  std::vector<core::DnsName> chain_;
  bool is_endless_ = false;
  Answer answer_;
};

}  // namespace

std::vector<std::uint8_t> build_query(const core::DnsName& name, QueryShape shape) {
  const Packet packet(ldns_pkt_new());
  RBL_CHECK(packet != nullptr);
  RBL_CHECK(ldns_pkt_push_rr(packet.get(), LDNS_SECTION_QUESTION, question_rr(name, shape.type)));
  ldns_pkt_set_rd(packet.get(), shape.wants_recursion);
  if (shape.has_edns) ldns_pkt_set_edns_udp_size(packet.get(), kEdnsSize);
  std::uint8_t* raw = nullptr;
  std::size_t size = 0;
  RBL_CHECK(ldns_pkt2wire(&raw, packet.get(), &size) == LDNS_STATUS_OK);
  const Octets wire(raw);
  return {wire.get(), wire.get() + size};
}

std::optional<Answer> decode_by_ldns(Bytes message, const Walk& walked, QType type) {
  ldns_pkt* raw = nullptr;
  if (ldns_wire2pkt(&raw, message.data(), message.size()) != LDNS_STATUS_OK) return std::nullopt;
  const Packet packet(raw);
  const ldns_rr* question = ldns_rr_list_rr(ldns_pkt_question(packet.get()), 0);
  if (question == nullptr) return std::nullopt;
  return Reader(packet.get(), to_name(ldns_rr_owner(question)), type, walked).run();
}

std::optional<std::size_t> end_by_ldns(Bytes message, std::size_t at) {
  ldns_rr* raw = nullptr;
  const ldns_status status =
      ldns_wire2rr(&raw, message.data(), message.size(), &at, LDNS_SECTION_ANSWER);
  if (status != LDNS_STATUS_OK) return std::nullopt;
  const ResourceRecord record(raw);
  return at;
}

}  // namespace rblwatch::dns
