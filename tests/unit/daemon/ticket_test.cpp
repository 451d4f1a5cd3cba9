// SPDX-License-Identifier: Apache-2.0
#include "daemon/ticket.hpp"

#include <catch2/catch.hpp>

namespace rblwatch::daemon {
namespace {

TEST_CASE("a ticket comes back from its lookup id as it went in") {
  for (const Errand errand : {Errand::pair, Errand::test, Errand::reason, Errand::host}) {
    for (const std::uint32_t index : {0U, 1U, 0xFFFFFFFFU}) {
      const Ticket ticket{errand, 0xFE, 0xABCD, index};
      const Ticket back = Ticket::of(ticket.id());
      CHECK(back.errand == ticket.errand);
      CHECK(back.generation == ticket.generation);
      CHECK(back.part == ticket.part);
      CHECK(back.index == ticket.index);
    }
  }
}

}  // namespace
}  // namespace rblwatch::daemon
