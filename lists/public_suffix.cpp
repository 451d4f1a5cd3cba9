// SPDX-License-Identifier: Apache-2.0
#include "lists/public_suffix.hpp"

#include <libpsl.h>

#include <string>

#include "core/check.hpp"
#include "core/handle.hpp"

namespace rblwatch::lists {
namespace {

/// The newer of the system's list and the one inside libpsl; read once, then only looked at.
const psl_ctx_t* suffixes() {
  static const core::Handle<psl_ctx_t, ::psl_free> system(::psl_latest(nullptr));
  return system ? system.get() : ::psl_builtin();
}

}  // namespace

std::optional<core::DnsName> registrable_domain(const core::DnsName& name) {
  const std::string text = name.to_text();
  const char* domain = ::psl_registrable_domain(suffixes(), text.c_str());
  if (domain == nullptr) {
    return std::nullopt;
  }
  core::DnsName registrable;
  RBL_CHECK(core::DnsName::assign(domain, registrable));
  return registrable;
}

}  // namespace rblwatch::lists
