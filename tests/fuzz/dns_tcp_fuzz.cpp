// SPDX-License-Identifier: Apache-2.0
// A TCP stream in pieces through the frame reader. The first octet seeds the sizes of the pieces,
// the rest is the stream; what comes out must be what a plain reading of the whole gives.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/check.hpp"
#include "core/random.hpp"
#include "dns/frame_reader.hpp"
#include "dns/wire_walk.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;

namespace {

using Messages = std::vector<std::vector<std::uint8_t>>;

Messages plainly(Bytes stream) {
  Messages messages;
  while (stream.size() >= 2) {
    const std::size_t size = read_u16(stream, 0);
    if (size == 0 || stream.size() < size + 2) break;
    messages.emplace_back(stream.begin() + 2,
                          stream.begin() + 2 + static_cast<std::ptrdiff_t>(size));
    stream = stream.subspan(size + 2);
  }
  return messages;
}

Messages in_pieces(Bytes stream, std::uint64_t seed) {
  core::SeededRandom random(seed);
  FrameReader reader;
  Messages messages;
  Walk walked;
  while (!stream.empty() && !reader.is_broken()) {
    const auto space = reader.space();
    RBL_CHECK(!space.empty());  // all whole messages were taken
    const std::size_t longest = 1 + random.below(seed % 2 == 0 ? 4 : 4096);
    const std::size_t size = std::min({stream.size(), space.size(), longest});
    std::copy_n(stream.begin(), size, space.begin());
    reader.fill(size);
    stream = stream.subspan(size);
    while (const auto message = reader.take()) {
      walk(*message, walked);
      messages.emplace_back(message->begin(), message->end());
    }
    RBL_CHECK(reader.memory() <= FrameReader::kMost);
  }
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes stream(data + 1, size - 1);
  RBL_CHECK(in_pieces(stream, data[0]) == plainly(stream));
  return 0;
}
