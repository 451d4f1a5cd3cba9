// SPDX-License-Identifier: Apache-2.0
#include "dns/decode.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rblwatch::dns {
namespace {

// Names here were checked by the walker; a name read again can't fail.
core::DnsName name_at(Bytes message, std::size_t at) {
  NameBudget budget;
  return read_name(message, at, budget).value_or(core::DnsName{});
}

// The commonest owner by far: a pointer to the question's name.
bool is_question_pointer(Bytes message, std::size_t owner) {
  return message[owner] == 0xC0 && message[owner + 1] == kHeaderSize;
}

/// A record's owner, read once: a chain or a list of servers is held against each of them.
struct Owned {
  const Record* record;
  core::DnsName owner;
};

class Decoder {
 public:
  Decoder(Bytes message, const Walk& walked, QType type, Answer& out)
      : message_(message),
        walked_(walked),
        type_(static_cast<std::uint16_t>(type)),
        out_(out),
        records_(walked.records.data(), walked.count) {}

  Flaw run() {
    read_header_fields();
    if (!walked_.has_cname || type_ == RecordType::cname) {
      question_ = question_name_unless_unneeded();
    } else {
      follow_chain();
    }
    for (const Record& record : records_) {
      if (record.section != Section::answer) break;
      if (record.type != type_ && record.type != RecordType::a) continue;
      if (!is_in_chain(record)) return Flaw::owner;
      if (record.type == type_) take(record);
    }
    if (!has_data_) deny();
    return Flaw::none;
  }

 private:
  void read_header_fields() {
    const Header& header = walked_.header;
    clear(out_);
    out_.rcode = static_cast<Rcode>(walked_.rcode());
    out_.aa = header.aa();
    out_.ra = header.ra();
    out_.ad = header.ad();
    out_.ede.assign(walked_.edns.ede.begin(), walked_.edns.ede.begin() + walked_.edns.ede_count);
  }

  // Expanding the question's name costs more than all else in a denial, whose SOA mostly points
  // into it.
  std::optional<core::DnsName> question_name_unless_unneeded() {
    const bool is_needed =
        std::any_of(records_.begin(), records_.end(), [this](const Record& record) {
          return record.section != Section::additional &&
                 !is_question_pointer(message_, record.owner) && !is_question_suffix(record.owner);
        });
    if (!is_needed) return std::nullopt;
    return name_at(message_, kHeaderSize);
  }

  // Whether the owner is a lone pointer to a label of the question's name.
  bool is_question_suffix(std::size_t owner) const {
    if ((message_[owner] & 0xC0U) != 0xC0U) return false;
    const std::size_t target = read_u16(message_, owner) & 0x3FFFU;
    std::size_t at = kHeaderSize;
    while (at < target && message_[at] != 0 && message_[at] < 64)
      at += std::size_t{message_[at]} + 1;
    return at == target && target < walked_.question_end - 4;
  }

  // The chain begins with the question's name; each CNAME found for its last name lengthens it.
  void follow_chain() {
    question_ = name_at(message_, kHeaderSize);
    const std::vector<Owned> aliases =
        owned(Section::answer, [](std::uint16_t type) { return type == RecordType::cname; });
    while (const Record* link = find(aliases, end_of_chain())) {
      note_ttl(link->ttl);
      const core::DnsName target = name_at(message_, link->rdata);
      if (links_.size() == kMaxChain || is_chained(target)) {
        is_endless_ = true;
        return;
      }
      links_.push_back(target);
    }
  }

  // Pre: the question's name is needed.
  const core::DnsName& end_of_chain() const { return links_.empty() ? *question_ : links_.back(); }

  bool is_chained(const core::DnsName& name) const {
    return name == question_ || std::find(links_.begin(), links_.end(), name) != links_.end();
  }

  template <class IsWanted>
  std::vector<Owned> owned(Section section, IsWanted is_wanted) const {
    std::vector<Owned> found;
    for (const Record& record : records_) {
      if (record.section != section || !is_wanted(record.type)) continue;
      found.push_back({&record, name_at(message_, record.owner)});
    }
    return found;
  }

  static const Record* find(const std::vector<Owned>& among, const core::DnsName& owner) {
    const auto found = std::find_if(among.begin(), among.end(),
                                    [&owner](const Owned& one) { return one.owner == owner; });
    return found == among.end() ? nullptr : found->record;
  }

  bool is_in_chain(const Record& record) const {
    return is_question_pointer(message_, record.owner) ||
           is_chained(name_at(message_, record.owner));
  }

  void note_ttl(std::uint32_t ttl) {
    const core::Seconds seconds{ttl};
    out_.ttl = out_.ttl ? std::min(*out_.ttl, seconds) : seconds;
  }

  void take(const Record& record) {
    has_data_ = true;
    note_ttl(record.ttl);
    switch (record.type) {
      case RecordType::a:
        out_.a.push_back(address(record));
        break;
      case RecordType::aaaa:
        out_.aaaa.push_back(address(record));
        break;
      case RecordType::txt:
        take_txt(record);
        break;
      case RecordType::mx:
        out_.mx.push_back({read_u16(message_, record.rdata), name_at(message_, record.rdata + 2U)});
        break;
      case RecordType::ns:
        take_ns(record);
        break;
      default:
        break;  // CNAME and SOA answers tell by being there
    }
  }

  core::IpAddress address(const Record& record) const {
    const auto from = message_.begin() + record.rdata;
    if (record.type == RecordType::a) {
      core::IpAddress::V4Bytes bytes;
      std::copy_n(from, bytes.size(), bytes.begin());
      return core::IpAddress::v4(bytes);
    }
    core::IpAddress::V6Bytes bytes;
    std::copy_n(from, bytes.size(), bytes.begin());
    return core::IpAddress::v6(bytes);
  }

  // The strings of one record are joined without a separator (RFC 7208 section 3.3 has the same
  // rule).
  void take_txt(const Record& record) {
    std::string text;
    std::size_t at = record.rdata;
    const std::size_t end = at + record.rdlength;
    while (at < end) {
      const auto from = message_.begin() + static_cast<std::ptrdiff_t>(at) + 1;
      text.append(from, from + message_[at]);
      at += std::size_t{message_[at]} + 1;
    }
    out_.txt.emplace_back(std::move(text));
  }

  void take_ns(const Record& record) {
    const core::DnsName server = name_at(message_, record.rdata);
    if (out_.ns.size() == kMaxNameServers) return;
    if (out_.ns.empty()) {
      glue_ = owned(Section::additional, [](std::uint16_t type) {
        return type == RecordType::a || type == RecordType::aaaa;
      });
    }
    NsRecord& ns = out_.ns.emplace_back(NsRecord{server, {}});
    for (const Owned& one : glue_) {
      if (one.owner == server) ns.glue.push_back(address(*one.record));
    }
  }

  // Nothing of the type asked for: a denial (RFC 2308), a referral, or a chain that ends elsewhere.
  void deny() {
    const bool is_nxdomain = out_.rcode == Rcode::nxdomain;
    if (!is_nxdomain && out_.rcode != Rcode::noerror) {
      out_.ttl.reset();
      return;
    }
    const Record* soa = find_authority(RecordType::soa);
    const bool is_chain = !links_.empty() || is_endless_;
    if (is_chain && (is_endless_ || (!is_nxdomain && soa == nullptr))) {
      out_.chain_closed = false;
      return;
    }
    out_.ttl.reset();
    if (soa != nullptr) {
      // Of the lower of the two (RFC 2308 section 5); MINIMUM is the last field.
      const std::uint32_t minimum = read_u32(message_, soa->rdata + soa->rdlength - 4U);
      note_ttl(soa->ttl);
      note_ttl((minimum & 0x80000000U) != 0 ? 0 : minimum);
    } else if (!is_nxdomain) {
      refer();
    }
  }

  // Name servers without a SOA point elsewhere (RFC 2308 section 2.2), even those of an unrelated
  // name.
  void refer() {
    for (const Record& record : records_) {
      if (record.section != Section::authority || record.type != RecordType::ns) continue;
      out_.referral = true;
      if (is_above_end(record)) take_ns(record);
    }
  }

  const Record* find_authority(std::uint16_t type) const {
    for (const Record& record : records_) {
      if (record.section == Section::authority && record.type == type && is_above_end(record)) {
        return &record;
      }
    }
    return nullptr;
  }

  // Only the name asked for and those above it can speak of its absence.
  bool is_above_end(const Record& record) const {
    if (links_.empty() && is_question_suffix(record.owner)) return true;
    return end_of_chain().is_within(name_at(message_, record.owner));
  }

  Bytes message_;
  const Walk& walked_;
  std::uint16_t type_;
  Answer& out_;
  std::span<const Record> records_;
  std::optional<core::DnsName> question_;  // nothing where no record needs it
  std::vector<core::DnsName> links_;       // what the CNAMEs lead to, in order
  std::vector<Owned> glue_;                // addresses beside name servers
  bool is_endless_ = false;
  bool has_data_ = false;
};

}  // namespace

Flaw decode(Bytes message, const Walk& walked, QType type, Answer& out) {
  return Decoder(message, walked, type, out).run();
}

}  // namespace rblwatch::dns
