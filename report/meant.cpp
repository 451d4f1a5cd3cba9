// SPDX-License-Identifier: Apache-2.0
#include "report/meant.hpp"

namespace rblwatch::report {

namespace {

using lists::Subject;
using lists::SubjectIndex;

std::vector<lists::TargetIndex> targets_named(const lists::SubjectTable& subjects,
                                              const std::string& text) {
  const auto parsed = lists::parse_target_value(text);
  std::vector<lists::TargetIndex> named;
  const std::span<const lists::Target> targets = subjects.targets();
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    if (targets[i].name == text || targets[i].value == text ||
        (parsed && parsed->value == targets[i].value)) {
      named.push_back(lists::TargetIndex{i});
    }
  }
  return named;
}

std::vector<SubjectIndex> subjects_in(const lists::SubjectTable& subjects,
                                      const std::string& network) {
  std::vector<SubjectIndex> inside;
  const auto range = core::Cidr::parse(network);
  for (std::uint32_t i = 0; range && i < subjects.size(); ++i) {
    const Subject& subject = subjects.subject(SubjectIndex{i});
    if (!subject.is_domain() && range->contains(subject.address())) {
      inside.push_back(SubjectIndex{i});
    }
  }
  return inside;
}

}  // namespace

Meant find_meant(const lists::SubjectTable& subjects, const std::string& text) {
  Meant meant;
  meant.targets = targets_named(subjects, text);
  for (const lists::TargetIndex target : meant.targets) {
    const std::vector<SubjectIndex> own = subjects.subjects_of(target);
    meant.subjects.insert(meant.subjects.end(), own.begin(), own.end());
  }
  if (!meant.targets.empty()) {
    return meant;
  }
  const auto subject = Subject::parse(text);
  if (!subject) {
    meant.subjects = subjects_in(subjects, text);
  } else if (const auto index = subjects.find(*subject)) {
    meant.subjects = {*index};
  }
  return meant;
}

}  // namespace rblwatch::report
