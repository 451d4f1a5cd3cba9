// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_resolver.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "core/text.hpp"
#include "dns/public_resolver.hpp"

namespace rblwatch::cli {
namespace {

using core::IpAddress;
using report::CheckState;
using report::CheckView;

constexpr const char* kOwnResolver =
    "use a recursive resolver of your own, as unbound on 127.0.0.1";
constexpr const char* kNameProbes =
    "use the catalogue that comes with rblwatch, or name it in the [probes] of your own";

core::DnsName random_name(core::Random& random, const core::DnsName& below) {
  constexpr std::size_t kLetters = 20;
  std::string label;
  for (std::size_t i = 0; i < kLetters; ++i) {
    label += static_cast<char>('a' + static_cast<char>(random.below(26)));
  }
  core::DnsName name;
  const bool fits = core::DnsName::assign(label + "." + below.to_text(), name);
  return fits ? name : below;
}

/// Not reachable from the Internet (RFC 1918, 6598, 3927, 4193, 4291).
bool is_inner(const IpAddress& address) {
  static const std::array<core::Cidr, 7> kInner{
      core::Cidr::parse("10.0.0.0/8").value(),     core::Cidr::parse("172.16.0.0/12").value(),
      core::Cidr::parse("192.168.0.0/16").value(), core::Cidr::parse("100.64.0.0/10").value(),
      core::Cidr::parse("169.254.0.0/16").value(), core::Cidr::parse("fc00::/7").value(),
      core::Cidr::parse("fe80::/10").value()};
  return address.is_loopback() ||
         std::any_of(kInner.begin(), kInner.end(),
                     [&address](const core::Cidr& net) { return net.contains(address); });
}

/// Loopback is what lists answer, and "::b" a piece of some sentence.
bool may_be_egress(const IpAddress& address) {
  static const core::Cidr kGlobal = core::Cidr::parse("2000::/3").value();
  return address.is_v4() ? !address.is_loopback() : kGlobal.contains(address);
}

std::string what_came(const dns::Outcome& outcome) {
  if (const auto* nothing = std::get_if<dns::NoAnswer>(&outcome)) {
    switch (nothing->why) {
      case dns::NoAnswer::Why::timeout:
        return "no answer in time";
      case dns::NoAnswer::Why::network:
        return nothing->detail.empty() ? "the question can't be sent" : nothing->detail;
      case dns::NoAnswer::Why::malformed:
        return "only broken replies";
    }
  }
  return dns::to_text(std::get<dns::Answer>(outcome).rcode);
}

bool has_address(const dns::Outcome& outcome) {
  const auto* answer = std::get_if<dns::Answer>(&outcome);
  return answer != nullptr && answer->rcode == dns::Rcode::noerror && !answer->a.empty();
}

std::string list_of(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const IpAddress& address : addresses) {
    texts.push_back(address.to_text());
  }
  return core::join(texts, ", ");
}

class Judge {
 public:
  explicit Judge(const ResolverFacts& facts)
      : facts_(facts), name_("resolver " + facts.server.to_text()) {}

  std::vector<CheckView> judge() {
    if (recursion()) {
      nxdomain();
      dnssec();
      egress();
      openness();
    }
    return std::move(checks_);
  }

 private:
  void add(const std::string& aspect, CheckState state, std::string text, std::string fix = "") {
    checks_.push_back(
        {aspect.empty() ? name_ : name_ + " " + aspect, state, std::move(text), std::move(fix)});
  }

  const dns::Outcome* outcome_of(ProbeRole role) const {
    const auto found =
        std::find_if(facts_.answers.begin(), facts_.answers.end(),
                     [role](const ProbeAnswer& answer) { return answer.asked.role == role; });
    return found != facts_.answers.end() ? &found->outcome : nullptr;
  }
  std::string name_of(ProbeRole role) const {
    const auto found =
        std::find_if(facts_.answers.begin(), facts_.answers.end(),
                     [role](const ProbeAnswer& answer) { return answer.asked.role == role; });
    return found != facts_.answers.end() ? found->asked.question.name.to_text() : "";
  }

  bool all_say(dns::Rcode rcode) const {
    return !facts_.answers.empty() &&
           std::all_of(facts_.answers.begin(), facts_.answers.end(),
                       [rcode](const ProbeAnswer& probe) {
                         const auto* answer = std::get_if<dns::Answer>(&probe.outcome);
                         return answer != nullptr && answer->rcode == rcode;
                       });
  }
  bool any_answer(bool with_ra) const {
    return std::any_of(facts_.answers.begin(), facts_.answers.end(),
                       [with_ra](const ProbeAnswer& probe) {
                         const auto* answer = std::get_if<dns::Answer>(&probe.outcome);
                         return answer != nullptr && (answer->ra || !with_ra);
                       });
  }

  /// False when there is nothing more to say of it.
  bool recursion() {
    if (facts_.answers_for_zones) {
      note_reach();
      return true;
    }
    if (facts_.answers.empty()) {
      add("", CheckState::warn,
          "whether it answers can't be said: no zone passes its test through it, and " +
              not_in_catalogue("name"),
          kNameProbes);
      return true;
    }
    if (!any_answer(false)) {
      add("", CheckState::fail,
          "does not answer (" + what_came(facts_.answers.front().outcome) + ")",
          "see that a resolver runs there and lets this machine ask, or name another one in "
          "resolver.servers");
      return false;
    }
    if (all_say(dns::Rcode::refused)) {
      add("", CheckState::fail, "refuses to answer this machine (REFUSED)",
          "let this machine ask there (unbound: access-control; BIND: allow-recursion), or name "
          "another resolver in resolver.servers");
      return false;
    }
    if (!any_answer(true)) {
      add("", CheckState::fail, "offers no recursion: it is no resolver, but some zone's server",
          "name a recursive resolver in resolver.servers; what serves a zone of your own belongs "
          "into that zone's servers");
      return false;
    }
    note_reach();
    return true;
  }

  void note_reach() {
    const dns::Outcome* control = outcome_of(ProbeRole::exists);
    if (control == nullptr || has_address(*control)) {
      add("", CheckState::ok, "answers, and offers recursion");
      return;
    }
    add("", CheckState::warn,
        "answers, but does not find " + name_of(ProbeRole::exists) + " (" + what_came(*control) +
            ")",
        "see that it reaches the Internet's name servers; ignore this where it shall not");
  }

  static std::string not_in_catalogue(const std::string& probe) {
    return "the catalogue's [probes] name no " + probe + " to ask for";
  }

  void unknown_nxdomain(const std::string& came) {
    const std::string unknown = "whether it rewrites NXDOMAIN can't be said: ";
    if (came.empty()) {
      add("NXDOMAIN", CheckState::warn, unknown + not_in_catalogue("nxdomain"), kNameProbes);
    } else {
      add("NXDOMAIN", CheckState::warn, unknown + name_of(ProbeRole::nxdomain) + " gets " + came,
          "see why it does not answer for names that do not exist");
    }
  }

  void nxdomain() {
    bool is_told = false;
    std::string other;
    for (const ProbeAnswer& probe : facts_.answers) {
      if (probe.asked.role != ProbeRole::nxdomain) {
        continue;
      }
      if (has_address(probe.outcome)) {
        const auto& answer = std::get<dns::Answer>(probe.outcome);
        add("NXDOMAIN", CheckState::fail,
            "rewrites NXDOMAIN: " + probe.asked.question.name.to_text() +
                ", which does not exist, gets the address " + list_of(answer.a),
            "turn that off (it may be called search help or error assistance), or " +
                std::string(kOwnResolver));
        return;
      }
      const auto* answer = std::get_if<dns::Answer>(&probe.outcome);
      const bool is_denial = answer != nullptr && (answer->rcode == dns::Rcode::nxdomain ||
                                                   answer->rcode == dns::Rcode::noerror);
      is_told = is_told || is_denial;
      other = is_denial ? other : what_came(probe.outcome);
    }
    if (is_told) {
      add("NXDOMAIN", CheckState::ok, "does not rewrite NXDOMAIN");
    } else {
      unknown_nxdomain(other);
    }
  }

  void dnssec() {
    const dns::Outcome* bogus = outcome_of(ProbeRole::bogus);
    if (bogus == nullptr) {
      add("DNSSEC", CheckState::warn,
          "whether it validates can't be said: " + not_in_catalogue("bogus"), kNameProbes);
      return;
    }
    const dns::Outcome* control = outcome_of(ProbeRole::exists);
    const auto* answer = std::get_if<dns::Answer>(bogus);
    if (has_address(*bogus)) {
      add("DNSSEC", CheckState::warn,
          "does not validate: it answers for " + name_of(ProbeRole::bogus) +
              ", whose signature is broken on purpose",
          "turn DNSSEC validation on (unbound: auto-trust-anchor-file; BIND: dnssec-validation "
          "auto), so that no forged answer gets in");
    } else if (answer != nullptr && answer->rcode == dns::Rcode::servfail && control != nullptr &&
               has_address(*control)) {
      add("DNSSEC", CheckState::ok, "validates DNSSEC");
    } else {
      add("DNSSEC", CheckState::warn,
          "whether it validates can't be said: " + name_of(ProbeRole::bogus) + " gets " +
              what_came(*bogus),
          "ask again when it reaches the Internet's name servers");
    }
  }

  std::vector<IpAddress> seen_addresses() const {
    std::vector<IpAddress> seen;
    const auto take = [&seen](const core::Untrusted& text) {
      for (const IpAddress& address : addresses_in(text)) {
        if (std::find(seen.begin(), seen.end(), address) == seen.end()) {
          seen.push_back(address);
        }
      }
    };
    for (const ProbeAnswer& probe : facts_.answers) {
      const auto* answer = std::get_if<dns::Answer>(&probe.outcome);
      if (probe.asked.role == ProbeRole::whoami && answer != nullptr) {
        std::for_each(answer->txt.begin(), answer->txt.end(), take);
      }
    }
    std::for_each(facts_.refusals.begin(), facts_.refusals.end(), take);
    return seen;
  }

  bool is_local(const IpAddress& address) const {
    return std::find(facts_.local.begin(), facts_.local.end(), address) != facts_.local.end();
  }
  /// This machine has an address of its own on the Internet, so that nobody translates it.
  bool is_on_internet(bool of_v4) const {
    return std::any_of(facts_.local.begin(), facts_.local.end(), [of_v4](const IpAddress& address) {
      return address.is_v4() == of_v4 && !is_inner(address);
    });
  }

  void unknown_egress() {
    const std::string unknown =
        "the address that lists see isn't known, and so not whether it recurses or forwards: ";
    if (outcome_of(ProbeRole::whoami) != nullptr) {
      add("egress", CheckState::warn,
          unknown + "no name of the catalogue's [probes] whoami told it",
          "ask again when it reaches the Internet's name servers");
    } else {
      add("egress", CheckState::warn, unknown + not_in_catalogue("whoami"), kNameProbes);
    }
  }

  void egress() {
    const std::vector<IpAddress> seen = seen_addresses();
    const IpAddress& own = facts_.server.address;
    if (seen.empty()) {
      unknown_egress();
      return;
    }
    const std::string text = "lists see " + list_of(seen);
    const bool is_own = std::all_of(seen.begin(), seen.end(), [&](const IpAddress& address) {
      return address == own || is_local(address);
    });
    if (is_own) {
      add("egress", CheckState::ok, text + ", its own: it recurses by itself");
      return;
    }
    // A farm behind one address, or another machine than the one that was asked.
    const auto of_v4 = std::count_if(seen.begin(), seen.end(),
                                     [](const IpAddress& address) { return address.is_v4(); });
    const auto of_v6 = static_cast<std::ptrdiff_t>(seen.size()) - of_v4;
    const bool is_elsewhere =
        !is_inner(own) || (own.is_loopback() && is_on_internet(seen.front().is_v4()));
    if (of_v4 > 1 || of_v6 > 1 || is_elsewhere) {
      add("egress", CheckState::warn,
          text + ": it forwards to other resolvers, and lists judge those",
          "let it recurse by itself (unbound: no forward-zone; BIND: no forwarders); many lists "
          "refuse shared resolvers");
      return;
    }
    add("egress", CheckState::ok,
        text +
            ": it recurses behind address translation, or forwards there; from here that "
            "can't be told apart");
  }

  void openness() {
    const IpAddress& own = facts_.server.address;
    const std::string_view whose = dns::public_resolver_operator(own);
    if (!whose.empty()) {
      add("open", CheckState::warn,
          "is a public resolver (" + std::string(whose) +
              "), open to everybody: Spamhaus and others refuse what comes through it",
          kOwnResolver);
    } else if (is_inner(own)) {
      add("open", CheckState::ok,
          own.is_loopback() ? "not open by what can be seen from here: a loopback address"
                            : "not open by what can be seen from here: a private address");
    } else {
      add("open", CheckState::warn,
          "has an address on the Internet; whether it answers strangers can't be seen from this "
          "machine",
          "see that it answers your own networks only (unbound: access-control; BIND: "
          "allow-recursion): open resolvers are refused by lists");
    }
  }

  const ResolverFacts& facts_;
  std::string name_;
  std::vector<CheckView> checks_;
};

}  // namespace

std::vector<ProbeQuestion> probe_questions(const lists::Probes& probes, core::Random& random) {
  std::vector<ProbeQuestion> questions;
  if (probes.exists) {
    questions.push_back({ProbeRole::exists, {*probes.exists, dns::QType::a}});
  }
  for (const core::DnsName& below : probes.nxdomain) {
    questions.push_back({ProbeRole::nxdomain, {random_name(random, below), dns::QType::a}});
  }
  if (probes.bogus) {
    questions.push_back({ProbeRole::bogus, {*probes.bogus, dns::QType::a}});
  }
  for (const core::DnsName& name : probes.whoami) {
    questions.push_back({ProbeRole::whoami, {name, dns::QType::txt}});
  }
  return questions;
}

bool finds_names(const ResolverFacts& facts) {
  return std::any_of(facts.answers.begin(), facts.answers.end(), [](const ProbeAnswer& probe) {
    return probe.asked.role == ProbeRole::exists && has_address(probe.outcome);
  });
}

std::vector<CheckView> judge_resolver(const ResolverFacts& facts) {
  return Judge(facts).judge();
}

std::vector<IpAddress> addresses_in(const core::Untrusted& text) {
  constexpr std::string_view kLetters = "0123456789abcdefABCDEF.:";
  constexpr std::string_view kDigits = "0123456789";
  const std::string_view all = text.raw();
  std::vector<IpAddress> found;
  for (std::size_t begin = all.find_first_of(kLetters); begin != std::string_view::npos;) {
    const std::size_t end = std::min(all.find_first_not_of(kLetters, begin), all.size());
    std::string_view word = all.substr(begin, end - begin);
    while (!word.empty() && (word.back() == '.' || word.back() == ':')) {
      word.remove_suffix(1);  // the end of a sentence
    }
    while (word.starts_with(':')) {
      word.remove_prefix(1);
    }
    const bool is_network = end + 1 < all.size() && all[end] == '/' &&
                            kDigits.find(all[end + 1]) != std::string_view::npos;
    const auto address = IpAddress::parse(word);
    if (address && !is_network && may_be_egress(*address) &&
        std::find(found.begin(), found.end(), *address) == found.end()) {
      found.push_back(*address);
    }
    begin = all.find_first_of(kLetters, end);
  }
  return found;
}

}  // namespace rblwatch::cli
