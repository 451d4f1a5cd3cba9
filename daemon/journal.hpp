// SPDX-License-Identifier: Apache-2.0
//
// Port: where the monitor has its batches recorded. The writer's thread in the daemon (writer.hpp),
// the store itself in scenarios. Batches are recorded in the order given, each as one transaction;
// one that can't be is tried again until it can, and nothing behind it is recorded before (rule
// 14). The loop's thread.
#pragma once

#include "storage/batch.hpp"

namespace rblwatch::daemon {

class Journal {
 public:
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  virtual ~Journal() = default;
  /// False while the writer is behind: the monitor then asks nothing new, and the sweep gets later.
  virtual bool can_accept() const = 0;
  /// Pre: can_accept().
  virtual void submit(storage::Batch batch) = 0;
};

}  // namespace rblwatch::daemon
