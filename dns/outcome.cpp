// SPDX-License-Identifier: Apache-2.0
#include "dns/outcome.hpp"

#include <string>

namespace rblwatch::dns {

std::string to_text(Rcode rcode) {
  switch (rcode) {
    case Rcode::noerror:
      return "NOERROR";
    case Rcode::formerr:
      return "FORMERR";
    case Rcode::servfail:
      return "SERVFAIL";
    case Rcode::nxdomain:
      return "NXDOMAIN";
    case Rcode::notimp:
      return "NOTIMP";
    case Rcode::refused:
      return "REFUSED";
  }
  return "RCODE" + std::to_string(static_cast<unsigned>(rcode));
}

void clear(Answer& answer) {
  answer.rcode = Rcode::noerror;
  answer.aa = answer.ra = answer.ad = answer.referral = false;
  answer.chain_closed = true;
  answer.a.clear();
  answer.aaaa.clear();
  answer.txt.clear();
  answer.mx.clear();
  answer.ns.clear();
  answer.ede.clear();
  answer.ttl.reset();
}

}  // namespace rblwatch::dns
