// SPDX-License-Identifier: Apache-2.0
//
// The costliest messages that we know, and how to damage them. All are about the question of a
// Message, whatever its type. For tests only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "dns/question.hpp"
#include "message_builder.hpp"

namespace rblwatch::dns::test {

/// The longest name there is, letters only.
inline Octets longest_name() {
  Octets wire;
  for (unsigned i = 0; i < 127; ++i)
    wire = wire + string(std::string(1, static_cast<char>('a' + i % 26)));
  return wire + Octets{0};
}

/// A chain told in the wrong order, among as many owners of the longest name as fit: a reader that
/// spells out all owners for each link spells 8 000 of them.
inline Octets knotted_chain() {
  constexpr unsigned kLinks = 33;
  Message knot;
  const Octets far = pointer(knot.first_record());
  knot.answers.push_back(record(longest_name(), 5, 60, kAsk));
  while (knot.answers.size() < 256 - kLinks)
    knot.answers.push_back(record(far, 5, 60, kAsk));
  for (unsigned i = kLinks; i-- > 0;) {
    const Octets owner = i == 0 ? kAsk : name("l" + std::to_string(i - 1));
    knot.answers.push_back(cname(owner, "l" + std::to_string(i)));
  }
  return knot.octets();
}

/// As many servers as are kept, each with as much glue as fits, all of the longest name.
inline Octets glued_servers() {
  Message servers;
  servers.qtype = 2;
  const Octets far = pointer(servers.first_record() + 12);
  servers.answers.push_back(record(kAsk, 2, 60, longest_name()));
  while (servers.answers.size() < 32)
    servers.answers.push_back(record(kAsk, 2, 60, far));
  while (servers.additional.size() < 224)
    servers.additional.push_back(a(far, {127, 0, 0, 1}));
  return servers.octets();
}

inline constexpr std::array kTypes{QType::a, QType::txt, QType::ns, QType::mx, QType::aaaa};

/// One of each way to be costly: long chains, many records, much text, deep names.
inline std::vector<Octets> costly() {
  std::vector<Octets> all;
  Message chain;
  for (unsigned i = 0; i < 200; ++i)
    chain.answers.push_back(cname(name("a" + std::to_string(i) + ".zone.test"),
                                  "a" + std::to_string(i + 1) + ".zone.test"));
  all.push_back(chain.octets());
  Message many;
  many.answers.assign(256, a(kAsk, {127, 0, 0, 2}));
  all.push_back(many.octets());
  Message text;
  Octets strings;
  for (unsigned i = 0; i < 250; ++i)
    strings = strings + string(std::string(255, 'x'));
  text.qtype = 16;
  text.answers = {record(kAsk, 16, 5, strings)};
  all.push_back(text.octets());
  Message servers;
  const Octets deep = name("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p");
  for (unsigned i = 0; i < 128; ++i) {
    servers.authority.push_back(record(kAsk, 2, 5, deep));
    servers.additional.push_back(record(deep, 1, 5, {127, 0, 0, 1}));
  }
  all.push_back(servers.octets());
  all.push_back(counted(1, 256, 0, 0, Octets(65000, 0)));
  all.push_back(knotted_chain());
  all.push_back(glued_servers());
  return all;
}

/// Some octets changed, or its end cut off.
inline Octets damaged(Octets message, core::Random& random) {
  for (std::uint64_t i = random.below(12); i-- > 0;)
    message[random.below(message.size())] = static_cast<std::uint8_t>(random.next());
  if (random.below(4) == 0) message.resize(1 + random.below(message.size()));
  return message;
}

}  // namespace rblwatch::dns::test
