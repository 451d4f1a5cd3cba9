// SPDX-License-Identifier: Apache-2.0
//
// What is told of a zone's blindness (rule 4), over its kinds: those that went blind together are
// one zone_blind event and, when all of them see again, one zone_seeing. A kind that goes blind
// later is news of its own, however long another has been blind. Values in, values out; the loop's
// thread.
#pragma once

#include "core/time.hpp"
#include "daemon/zone_desk.hpp"
#include "lists/words.hpp"

namespace rblwatch::daemon {

/// The kinds that one zone_blind is to be told of now: those that may be told, and with them every
/// other one that is blind and untold. Empty: nothing yet. While a kind that is not blind is being
/// tested, nothing: what is at fault may be the whole zone.
lists::KindSet blindness_to_tell(const ZoneDesk& desk, core::Tick now);

/// The kinds of one zone_blind that was told, all of which see again. Empty: none.
lists::KindSet sight_to_tell(const ZoneDesk& desk);

/// Since when the first of these kinds, which are not told yet, has been blind.
core::Timestamp blind_since(const ZoneDesk& desk, lists::KindSet kinds, core::Timestamp now);
/// What was told of these kinds, as told together.
core::Timestamp told_since(const ZoneDesk& desk, lists::KindSet kinds);

/// A kind went blind: whether the others are has to be known before anything is told.
void want_tests_of_siblings(ZoneDesk& desk, lists::Kind blind, core::Tick now);

}  // namespace rblwatch::daemon
