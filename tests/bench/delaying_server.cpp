// SPDX-License-Identifier: Apache-2.0
//
// A blocklist far away: answers after a delay, loses some exchanges, and may fall silent for one of
// its zones. Fast enough not to be what is measured. UDP only, one thread.
//
// On standard input: "stats" prints a line of figures, "reset" sets them to zero, "list N" lists
// the addresses of 198/8 whose last octet is below N, the end of input ends the server. 127.0.0.2
// is listed, all else is denied; AA and RA are both set, so that it passes for a resolver as for a
// zone's own server. Every zone's name has three labels.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kLargest = 512;
constexpr std::size_t kRing = 1U << 17U;
constexpr std::size_t kHeader = 12;
constexpr std::size_t kZoneLabels = 3;
constexpr std::size_t kAddressLabels = 4;
constexpr std::size_t kSeen = 1U << 22U;
constexpr std::int64_t kAgainMs = 1000;  // no pair is due again so soon

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  Clock::duration delay{0};
  double loss = 0;
  std::string dead;  // wire form of the first label of the zone that falls silent
  std::uint64_t dead_after = 0;
  unsigned listed = 0;
  bool tells_repeated =
      false;  // whether answers to one lookup are told apart, which costs a look into memory
};

/// When a name was answered last.
struct Seen {
  std::uint32_t name = 0;
  std::uint32_t at_ms = 0;
};

struct Reply {
  Clock::time_point due;
  sockaddr_in to{};
  std::size_t size = 0;
  std::array<std::uint8_t, 320> octets{};
};

struct Figures {
  std::uint64_t questions = 0;
  std::uint64_t lost = 0;
  std::uint64_t repeated = 0;  // answers to names that had one within the last second
  std::uint64_t silent = 0;
  std::uint64_t overrun = 0;
  std::optional<Clock::time_point> first;
  Clock::time_point last;
  Clock::duration longest_gap{0};
};

std::uint8_t lower(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}

double seconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

/// A question's name: where its labels begin, and where it ends.
struct Name {
  std::array<std::uint16_t, 40> labels{};
  std::size_t count = 0;
  std::size_t end = 0;
};

std::optional<Name> read_name(std::span<const std::uint8_t> message) {
  Name name;
  std::size_t at = kHeader;
  while (at < message.size() && message[at] != 0) {
    if (name.count == name.labels.size() || message[at] > 63) return std::nullopt;
    name.labels[name.count++] = static_cast<std::uint16_t>(at);
    at += std::size_t{message[at]} + 1;
  }
  name.end = at + 1;
  const bool is_whole = name.end + 4 <= message.size() && name.count > kZoneLabels;
  return is_whole ? std::optional(name) : std::nullopt;
}

class Server {
 public:
  explicit Server(Options options) : options_(std::move(options)), ring_(kRing) {
    if (options_.tells_repeated) seen_.resize(kSeen);
    for (std::size_t i = 0; i < kBatch; ++i) {
      in_parts_[i] = {room_.data() + i * kLargest, kLargest};
      in_[i].msg_hdr.msg_iov = &in_parts_[i];
      in_[i].msg_hdr.msg_iovlen = 1;
      in_[i].msg_hdr.msg_name = &from_[i];
    }
  }

  bool open() {
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int room = 16 << 20;
    if (setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(options_.port);
    inet_pton(AF_INET, options_.address.c_str(), &at.sin_addr);
    return bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  }

  void run() {
    std::printf("ready\n");
    static_cast<void>(std::fflush(stdout));
    while (true) {
      const std::size_t got = receive();
      const std::size_t sent = send_due();
      if (++turns_ % 1024 != 0 && got + sent > 0) continue;
      if (!rest(got + sent > 0)) return;
    }
  }

 private:
  std::size_t receive() {
    for (mmsghdr& message : in_)
      message.msg_hdr.msg_namelen = sizeof(sockaddr_in);
    const int got = recvmmsg(fd_, in_.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (got <= 0) return 0;
    const Clock::time_point now = Clock::now();
    if (figures_.first) {
      figures_.longest_gap = std::max(figures_.longest_gap, now - figures_.last);
    } else {
      figures_.first = now;
    }
    figures_.last = now;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      take({room_.data() + i * kLargest, in_[i].msg_len}, from_[i], now);
    }
    return static_cast<std::size_t>(got);
  }

  void take(std::span<const std::uint8_t> message, const sockaddr_in& from, Clock::time_point now) {
    ++figures_.questions;
    const auto name = message.size() < kHeader ? std::nullopt : read_name(message);
    if (!name) return;
    if (is_silent(message, *name)) {
      ++figures_.silent;
    } else if (chance() < options_.loss) {
      ++figures_.lost;
    } else if (end_ - begin_ == kRing) {
      ++figures_.overrun;
    } else {
      Reply& next = reply(end_++);
      next.due = now + options_.delay;
      next.to = from;
      answer(message, *name, next);
      if (is_repeated(message, *name, now)) ++figures_.repeated;
    }
  }

  bool is_repeated(std::span<const std::uint8_t> message, const Name& name, Clock::time_point now) {
    if (seen_.empty()) return false;
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const std::uint8_t octet : message.subspan(kHeader, name.end - kHeader))
      hash = (hash ^ lower(octet)) * 0x100000001B3ULL;
    Seen& seen = seen_[hash % kSeen];
    const Seen before = seen;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    seen = {static_cast<std::uint32_t>(hash >> 32U), static_cast<std::uint32_t>(ms.count())};
    return before.name == seen.name && seen.at_ms - before.at_ms < kAgainMs;
  }

  bool is_silent(std::span<const std::uint8_t> message, const Name& name) {
    if (options_.dead.empty()) return false;
    const std::size_t zone = name.labels[name.count - kZoneLabels];
    if (message.size() - zone < options_.dead.size()) return false;
    const bool is_it = std::equal(
        options_.dead.begin(), options_.dead.end(),
        message.begin() + static_cast<std::ptrdiff_t>(zone),
        [](char ours, std::uint8_t theirs) { return ours == static_cast<char>(lower(theirs)); });
    return is_it && ++dead_asked_ > options_.dead_after;
  }

  double chance() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return static_cast<double>(state_ >> 11U) * 0x1p-53;
  }

  bool is_listed(const std::uint8_t* message, const Name& name) const {
    if (std::memcmp(message + kHeader, "\0012\0010\0010\003127", 10) == 0) return true;
    if (name.count != kAddressLabels + kZoneLabels) return false;
    if (std::memcmp(message + name.labels[3], "\003198", 4) != 0) return false;
    unsigned octet = 0;
    for (std::size_t i = 1; i <= message[kHeader]; ++i)
      octet = octet * 10 + (message[kHeader + i] - unsigned{'0'});
    return octet < options_.listed;
  }

  void answer(std::span<const std::uint8_t> message, const Name& name, Reply& reply) {
    std::uint8_t* to = reply.octets.data();
    std::memcpy(to, message.data(), std::min(name.end + 4, reply.octets.size() - 64));
    const bool is_positive = is_listed(message.data(), name);
    to[2] = static_cast<std::uint8_t>(0x84U | (message[2] & 1U));  // QR, AA, RD as asked
    to[3] = is_positive ? 0x80 : 0x83;                             // RA; NXDOMAIN
    const std::array<std::uint8_t, 8> counts{0, 1,
                                             0, static_cast<std::uint8_t>(is_positive ? 1 : 0),
                                             0, static_cast<std::uint8_t>(is_positive ? 0 : 1),
                                             0, 0};
    std::memcpy(to + 4, counts.data(), counts.size());
    std::size_t at = name.end + 4;
    const auto add = [&](std::initializer_list<unsigned> octets) {
      for (const unsigned octet : octets)
        to[at++] = static_cast<std::uint8_t>(octet);
    };
    if (is_positive) {
      add({0xC0, kHeader, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 2});
    } else {
      const unsigned zone = name.labels[name.count - kZoneLabels];
      add({0xC0U | (zone >> 8U), zone & 255U, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22, 0, 0});
      add({0, 0, 0, 1, 0, 0, 14, 16, 0, 0, 2, 88, 0, 1, 81, 128, 0, 0, 0, 60});
    }
    reply.size = at;
  }

  Reply& reply(std::size_t number) { return ring_[number % kRing]; }

  std::size_t send_due() {
    if (begin_ == end_) return 0;
    const Clock::time_point now = Clock::now();
    std::size_t count = 0;
    while (count < kBatch && begin_ + count < end_ && reply(begin_ + count).due <= now) {
      Reply& next = reply(begin_ + count);
      out_parts_[count++] = {next.octets.data(), next.size};
    }
    if (count == 0) return 0;
    const unsigned messages = join(count);
    const int sent = sendmmsg(fd_, out_.data(), messages, 0);
    std::size_t done = 0;
    for (int i = 0; i < std::max(sent, 1); ++i)  // a refusal is its end
      done += out_[static_cast<std::size_t>(i)].msg_hdr.msg_iovlen;
    begin_ += done;
    return done;
  }

  // Neighbours of one size to one port as one piece that the kernel cuts up. How many pieces.
  unsigned join(std::size_t count) {
    unsigned messages = 0;
    for (std::size_t at = 0; at < count; ++messages) {
      Reply& first = reply(begin_ + at);
      std::size_t end = at + 1;
      while (end < count && reply(begin_ + end).to.sin_port == first.to.sin_port &&
             reply(begin_ + end).to.sin_addr.s_addr == first.to.sin_addr.s_addr &&
             reply(begin_ + end).size == first.size) {
        ++end;
      }
      msghdr& message = out_[messages].msg_hdr;
      message.msg_name = &first.to;
      message.msg_namelen = sizeof first.to;
      message.msg_iov = &out_parts_[at];
      message.msg_iovlen = end - at;
      cut_at(message, messages, static_cast<std::uint16_t>(first.size));
      at = end;
    }
    return messages;
  }

  void cut_at(msghdr& message, std::size_t number, std::uint16_t size) {
    const bool is_one = message.msg_iovlen == 1;
    message.msg_control = is_one ? nullptr : controls_[number].octets.data();
    message.msg_controllen = is_one ? 0 : controls_[number].octets.size();
    if (is_one) return;
    cmsghdr* const item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = SOL_UDP;
    item->cmsg_type = UDP_SEGMENT;
    item->cmsg_len = CMSG_LEN(sizeof size);
    std::memcpy(CMSG_DATA(item), &size, sizeof size);
  }

  // Until a question, a reply that is due, or a word from whoever started us. False at the end.
  bool rest(bool is_busy) {
    Clock::duration pause = is_busy ? Clock::duration(0) : Clock::duration(std::chrono::hours(1));
    if (!is_busy && begin_ != end_) {
      pause = std::max(reply(begin_).due - Clock::now(), Clock::duration(0));
    }
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(pause);
    const timespec limit{whole.count(), (pause - whole).count()};
    std::array<pollfd, 2> wait{{{fd_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
    ppoll(wait.data(), wait.size(), &limit, nullptr);
    return wait[1].revents == 0 || obey();
  }

  bool obey() {
    std::array<char, 64> text{};
    const ssize_t got = read(STDIN_FILENO, text.data(), text.size());
    if (got <= 0) return false;
    const std::string_view words(text.data(), static_cast<std::size_t>(got));
    if (words.find("reset") != std::string_view::npos) figures_ = {};
    if (words.starts_with("list ")) options_.listed = static_cast<unsigned>(std::atoi(&text[5]));
    const double first = figures_.first ? seconds(figures_.first->time_since_epoch()) : 0;
    std::printf(
        R"({"questions": %llu, "lost": %llu, "repeated": %llu, "silent": %llu, "overrun": %llu, )"
        R"("first": %.6f, "last": %.6f, "longest_gap": %.6f})"
        "\n",
        static_cast<unsigned long long>(figures_.questions),
        static_cast<unsigned long long>(figures_.lost),
        static_cast<unsigned long long>(figures_.repeated),
        static_cast<unsigned long long>(figures_.silent),
        static_cast<unsigned long long>(figures_.overrun), first,
        seconds(figures_.last.time_since_epoch()), seconds(figures_.longest_gap));
    static_cast<void>(std::fflush(stdout));
    return true;
  }

  Options options_;
  int fd_ = -1;
  std::vector<Reply> ring_;
  std::vector<Seen> seen_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t turns_ = 0;
  std::uint64_t dead_asked_ = 0;
  std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
  Figures figures_;
  std::array<std::uint8_t, kBatch * kLargest> room_{};
  std::array<sockaddr_in, kBatch> from_{};
  std::array<mmsghdr, kBatch> in_{};
  std::array<mmsghdr, kBatch> out_{};
  std::array<iovec, kBatch> in_parts_{};
  std::array<iovec, kBatch> out_parts_{};
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> octets{};
  };
  std::array<Control, kBatch> controls_{};
};

Options read_options(std::span<char*> words) {
  Options options;
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    const std::string_view name = words[i];
    const std::string value = words[i + 1];
    if (name == "--address") options.address = value;
    if (name == "--port") options.port = static_cast<std::uint16_t>(std::atoi(value.c_str()));
    if (name == "--delay-ms") options.delay = std::chrono::milliseconds(std::atoi(value.c_str()));
    if (name == "--loss") options.loss = std::atof(value.c_str());
    if (name == "--dead") options.dead = static_cast<char>(value.size()) + value;
    if (name == "--listed") options.listed = static_cast<unsigned>(std::atoi(value.c_str()));
    if (name == "--tells-repeated") options.tells_repeated = value == "yes";
    if (name == "--dead-after") options.dead_after = std::strtoull(value.c_str(), nullptr, 10);
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  Server server(read_options({arguments, static_cast<std::size_t>(count)}));
  if (!server.open()) {
    std::perror("bind");
    return 1;
  }
  server.run();
}
