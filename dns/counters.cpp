// SPDX-License-Identifier: Apache-2.0
#include "dns/counters.hpp"

#include <utility>

#include "core/enum_text.hpp"

template <>
struct rblwatch::core::EnumWords<rblwatch::dns::Junk> {
  using Junk = rblwatch::dns::Junk;
  static constexpr std::array<std::pair<Junk, std::string_view>, rblwatch::dns::kJunkReasons> table{
      {{Junk::too_short, "too_short"},
       {Junk::too_long, "too_long"},
       {Junk::not_a_reply, "not_a_reply"},
       {Junk::opcode, "opcode"},
       {Junk::unknown_id, "unknown_id"},
       {Junk::wrong_source, "wrong_source"},
       {Junk::wrong_question, "wrong_question"},
       {Junk::wrong_case, "wrong_case"},
       {Junk::wrong_cookie, "wrong_cookie"},
       {Junk::broken, "broken"}}};
};

namespace rblwatch::dns {

std::string_view to_text(Junk reason) {
  return core::enum_word(reason);
}

}  // namespace rblwatch::dns
