// SPDX-License-Identifier: Apache-2.0
#include "plan_doctor_samples.hpp"

#include "samples.hpp"

namespace rblwatch::report::samples {

PlanDoc plan() {
  PlanDoc document;
  document.generated_at = kNow;
  document.zones = {
      {"spamhaus-zen", "Spamhaus", 368'784, 300'000, 1.22928, 500, 12.3},
      {"spamhaus-dbl", "Spamhaus", 192, 300'000, 0.00064, 500, 0.002},
      {"nordspam-bl", "NordSpam", 9'400, 10'000, 0.94, 500, 12.3},
      {"sem-black", "Spam Eating Monkey", 12'432, 100'000, 0.12432, 5, 51.2},
      {"spamcop-bl", "SpamCop", 12'432, 0, {}, 500, 12.3},
      {"corp", "", 12'432, 0, {}, {}, {}},
      {"slow", "", 1'296, 0, {}, 0.0125, 7200},
  };
  document.operators = {{"Spamhaus", 368'976, 300'000, 1.22992},
                        {"NordSpam", 9'400, 10'000, 0.94},
                        {"Spam Eating Monkey", 12'432, 100'000, 0.12432},
                        {"SpamCop", 12'432, 0, {}}};
  document.warnings = {
      "Spamhaus's zones (spamhaus-zen, spamhaus-dbl) are asked 368 976 questions a day, and "
      "Spamhaus allows 300 000 questions: 123 %; an interval of at least 37m",
      "a sweep of zone slow takes 2 h at 0.0125 questions a second, and its interval is 30 min"};
  return document;
}

DoctorDoc doctor() {
  DoctorDoc document;
  document.generated_at = kNow;
  document.checks = {
      {"configuration", CheckState::ok, "/etc/rblwatch/rblwatch.toml can be used", ""},
      {"resolver 127.0.0.1:53", CheckState::ok, "offers recursion; answers in 3 ms", ""},
      {"resolver 127.0.0.1:53 egress", CheckState::warn,
       "lists see 192.0.2.53 and 192.0.2.54, which are no addresses of this machine: it forwards "
       "to "
       "another resolver, or stands behind address translation",
       "let it recurse by itself: many lists refuse shared resolvers"},
      {"zone spamhaus-zen", CheckState::fail,
       "refuses 127.0.0.1:53 with 127.255.255.254: Error: open resolver; "
       "https://check.spamhaus.org/returnc/pub/192.0.2.53/",
       "Ask through a recursive resolver of your own, not a public or shared one."},
      {"disk", CheckState::ok, "12.3 GiB free on /var/lib/rblwatch", ""},
  };
  return document;
}

PlanDoc hostile_plan() {
  PlanDoc document;
  document.zones = {{kHostile, kHostile, 1, 1, 1, 1, 1}};
  document.operators = {{kHostile, 1, 1, 1}};
  document.warnings = {kHostile};
  return document;
}

DoctorDoc hostile_doctor() {
  DoctorDoc document;
  document.checks = {{kHostile, CheckState::warn, kHostile, kHostile}};
  return document;
}

}  // namespace rblwatch::report::samples
