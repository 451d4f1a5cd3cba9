// SPDX-License-Identifier: Apache-2.0
#include "dns/wire_walk.hpp"

#include <utility>

#include "core/enum_text.hpp"

template <>
struct rblwatch::core::EnumWords<rblwatch::dns::Flaw> {
  using Flaw = rblwatch::dns::Flaw;
  static constexpr std::array<std::pair<Flaw, std::string_view>, 11> table{
      {{Flaw::none, "none"},
       {Flaw::too_short, "too_short"},
       {Flaw::question, "question"},
       {Flaw::counts, "counts"},
       {Flaw::name, "name"},
       {Flaw::record, "record"},
       {Flaw::rdata, "rdata"},
       {Flaw::opt, "opt"},
       {Flaw::tsig, "tsig"},
       {Flaw::owner, "owner"},
       {Flaw::trailing, "trailing"}}};
};

namespace rblwatch::dns {
namespace {

constexpr std::size_t kMinRecord = 11;    // root owner, type, class, TTL, RDLENGTH
constexpr std::size_t kFixedRecord = 10;  // the same without the owner
constexpr std::uint16_t kOptionCookie = 10;
constexpr std::uint16_t kOptionEde = 15;

// One or more names with fixed-size fields around them, ending exactly where RDATA ends.
struct NameLayout {
  std::size_t before = 0;
  unsigned names = 1;
  std::size_t after = 0;
};

bool has_layout(Bytes message, const Record& record, NameLayout layout, NameBudget& budget) {
  const std::size_t end = std::size_t{record.rdata} + record.rdlength;
  if (record.rdlength < layout.before + layout.names + layout.after) return false;
  std::size_t at = record.rdata + layout.before;
  // Reading from a message that ends with this RDATA keeps a name from running past it.
  const Bytes bounded = message.first(end);
  for (unsigned i = 0; i < layout.names; ++i) {
    if (!skip_name(bounded, at, budget)) return false;
  }
  return at + layout.after == end;
}

// At least one string, and the strings fill RDATA exactly.
bool holds_strings(Bytes rdata) {
  if (rdata.empty()) return false;
  std::size_t at = 0;
  while (at < rdata.size())
    at += std::size_t{rdata[at]} + 1;
  return at == rdata.size();
}

bool is_rdata_sound(Bytes message, const Record& record, NameBudget& budget) {
  switch (record.type) {
    case RecordType::a:
      return record.rdlength == 4;
    case RecordType::aaaa:
      return record.rdlength == 16;
    case RecordType::ns:
    case RecordType::cname:
    case RecordType::ptr:
      return has_layout(message, record, {}, budget);
    case RecordType::mx:
      return has_layout(message, record, {.before = 2}, budget);
    case RecordType::soa:
      return has_layout(message, record, {.names = 2, .after = 20}, budget);
    case RecordType::txt:
      return holds_strings(message.subspan(record.rdata, record.rdlength));
    default:
      return true;
  }
}

bool read_options(Bytes message, const Record& record, Edns& edns) {
  std::size_t at = record.rdata;
  const std::size_t end = at + record.rdlength;
  for (std::size_t seen = 0; at < end && seen < Edns::kMaxOptions; ++seen) {
    if (end - at < 4) return false;
    const std::uint16_t code = read_u16(message, at);
    const std::uint16_t length = read_u16(message, at + 2);
    at += 4;
    if (length > end - at) return false;
    if (code == kOptionEde) {
      if (length < 2) return false;
      edns.ede[edns.ede_count++] = read_u16(message, at);
    } else if (code == kOptionCookie && edns.cookie_length == 0) {
      edns.cookie = static_cast<std::uint16_t>(at);
      edns.cookie_length = length;
    }
    at += length;
  }
  return true;
}

Flaw read_opt(Bytes message, const Record& record, Edns& edns) {
  const bool is_root_owned = message[record.owner] == 0;
  if (edns.is_present || record.section != Section::additional || !is_root_owned) return Flaw::opt;
  edns.is_present = true;
  edns.extended_rcode = message[record.rdata - 6U];
  edns.version = message[record.rdata - 5U];
  return read_options(message, record, edns) ? Flaw::none : Flaw::opt;
}

// One record at `at`, which moves behind it.
Flaw walk_record(Bytes message, std::size_t& at, Record& record, NameBudget& budget) {
  record.owner = static_cast<std::uint16_t>(at);
  if (!skip_name(message, at, budget)) return Flaw::name;
  if (message.size() - at < kFixedRecord) return Flaw::record;
  record.type = read_u16(message, at);
  const std::uint16_t of_class = read_u16(message, at + 2);
  record.ttl = read_u32(message, at + 4);
  if ((record.ttl & 0x80000000U) != 0) record.ttl = 0;
  record.rdlength = read_u16(message, at + 8);
  at += kFixedRecord;
  record.rdata = static_cast<std::uint16_t>(at);
  if (record.rdlength > message.size() - at) return Flaw::record;
  at += record.rdlength;
  if (record.type == RecordType::opt) return Flaw::none;  // its class is a size
  if (record.type == RecordType::tsig) return Flaw::tsig;
  if (of_class != kClassIn) return Flaw::record;
  return is_rdata_sound(message, record, budget) ? Flaw::none : Flaw::rdata;
}

Flaw walk_section(Bytes message, std::size_t& at, Section section, std::size_t records, Walk& into,
                  NameBudget& budget) {
  for (std::size_t i = 0; i < records; ++i) {
    Record& record = into.records[into.count];
    record.section = section;
    Flaw flaw = walk_record(message, at, record, budget);
    if (flaw == Flaw::none && record.type == RecordType::opt) {
      flaw = read_opt(message, record, into.edns);
    }
    if (flaw != Flaw::none) return flaw;
    if (section == Section::answer && record.type == RecordType::cname) into.has_cname = true;
    ++into.count;
  }
  return Flaw::none;
}

void reset(Walk& walk) {
  walk.count = 0;
  walk.has_cname = false;
  walk.edns.is_present = false;
  walk.edns.extended_rcode = 0;
  walk.edns.version = 0;
  walk.edns.ede_count = 0;
  walk.edns.cookie = 0;  // an offset of the message before may lie beyond this one
  walk.edns.cookie_length = 0;
}

}  // namespace

std::string_view to_text(Flaw flaw) {
  return core::enum_word(flaw);
}

Flaw walk(Bytes message, Walk& into) {
  reset(into);
  // Offsets are kept in 16 bits; no transport carries more.
  if (message.size() < kHeaderSize || message.size() > 65535) return Flaw::too_short;
  const Header header = into.header = read_header(message);
  if (header.questions != 1) return Flaw::question;
  NameBudget budget;
  std::size_t at = kHeaderSize;
  if (!skip_name(message, at, budget) || message.size() - at < 4) return Flaw::question;
  at += 4;
  into.question_end = at;
  const std::size_t records = std::size_t{header.answers} + header.authorities + header.additionals;
  if (records > Walk::kMaxRecords || records > (message.size() - at) / kMinRecord) {
    return Flaw::counts;
  }
  const std::array<std::pair<Section, std::size_t>, 3> sections{
      {{Section::answer, header.answers},
       {Section::authority, header.authorities},
       {Section::additional, header.additionals}}};
  for (const auto& [section, count] : sections) {
    const Flaw flaw = walk_section(message, at, section, count, into, budget);
    if (flaw != Flaw::none) return flaw;
  }
  into.lowest_pointer = budget.lowest;
  return at == message.size() ? Flaw::none : Flaw::trailing;
}

}  // namespace rblwatch::dns
