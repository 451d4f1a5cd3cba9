// SPDX-License-Identifier: Apache-2.0
// The stylesheet of the page. Colours keep a contrast of 4.5:1 at least in light and dark; none of
// them says anything that a word beside it doesn't.
#include "report/page.hpp"

namespace rblwatch::report {
namespace {

constexpr std::string_view kStyle = R"css(/* SPDX-License-Identifier: Apache-2.0 */
:root {
  color-scheme: light dark;
  --page: #f6f7f8;
  --card: #fff;
  --text: #1b1f24;
  --faint: #57606a;
  --line: #d9dee3;
  --link: #0b57a4;
  --bad: #a8201a;
  --bad-tint: #fdeceb;
  --doubtful: #7a4b00;
  --doubtful-tint: #fff4d9;
  --good: #176032;
  --good-tint: #e6f4ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111417;
    --card: #1a1e22;
    --text: #e4e7ea;
    --faint: #a3adb7;
    --line: #343b42;
    --link: #82b8f5;
    --bad: #ff938a;
    --bad-tint: #3a1c1b;
    --doubtful: #f2c05c;
    --doubtful-tint: #33280f;
    --good: #7fd698;
    --good-tint: #16301f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto;
  max-width: 72rem;
  padding: 0 1.25rem 2rem;
  background: var(--page);
  color: var(--text);
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--link);
  outline-offset: 2px;
  border-radius: 3px;
}
code, pre, .subject, .members { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.93em; }
pre { margin: 0.5rem 0; overflow-x: auto; }
time, .number, .tiles { font-variant-numeric: tabular-nums; }
h1, h2, h3, p, ul, ol, dl, dd { margin: 0; }
.bad { --ink: var(--bad); --tint: var(--bad-tint); }
.doubtful { --ink: var(--doubtful); --tint: var(--doubtful-tint); }
.good { --ink: var(--good); --tint: var(--good-tint); }
.plain { --ink: var(--text); --tint: var(--card); }
.faint { --ink: var(--faint); --tint: var(--card); }
span.doubtful, strong.bad, strong.doubtful { color: var(--ink); }

header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.125rem 1rem; padding: 0.875rem 0; }
.name { font-weight: 650; letter-spacing: 0.01em; }
.as-of, footer, .more, .coverage { color: var(--faint); font-size: 0.875rem; }

.answer {
  padding: 1.125rem 1.25rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-top: 4px solid var(--ink);
  border-radius: 6px;
}
h1 { font-size: 1.375rem; line-height: 1.3; font-weight: 650; text-wrap: balance; }
.bad > h1, .doubtful > h1, .good > h1 { color: var(--ink); }
.stopped {
  margin-bottom: 0.75rem;
  padding: 0.5rem 0.75rem;
  background: var(--bad-tint);
  color: var(--bad);
  border-left: 4px solid var(--bad);
  font-weight: 600;
}
footer .stopped { margin: 0; }
.tiles { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0.875rem 0; padding: 0; list-style: none; }
.tiles li {
  min-width: 8rem;
  padding: 0.375rem 0.875rem 0.5rem;
  background: var(--tint);
  color: var(--ink);
  border: 1px solid var(--line);
  border-radius: 5px;
  font-size: 0.875rem;
}
.tiles strong { display: block; font-size: 1.5rem; line-height: 1.25; font-weight: 650; }
.tiles .plain strong { font-weight: 500; }
.blind { color: var(--doubtful); font-weight: 600; }

section + section { margin-top: 1.75rem; }
h2 { margin-bottom: 0.5rem; font-size: 1.0625rem; font-weight: 650; }
h3 { font-size: 0.9375rem; font-weight: 600; }
article {
  padding: 0.625rem 0.875rem 0.6875rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-left: 4px solid var(--ink);
  border-radius: 5px;
}
article + article { margin-top: 0.5rem; }
h3 .subject { font-weight: 700; }
dl { display: grid; grid-template-columns: 5.25rem minmax(0, 1fr); gap: 0.125rem 0.75rem; margin-top: 0.375rem; }
dt { color: var(--faint); }
.reason { white-space: pre-line; }
.advice { grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); row-gap: 0.5rem; }
.advice dt { color: var(--doubtful); font-weight: 600; }
section > h3 { margin-top: 1rem; }
details { margin-top: 0.375rem; }
summary { width: fit-content; cursor: pointer; color: var(--link); }
details > p, details > ol { margin-top: 0.375rem; }
details > ol { padding-left: 1.5rem; }
.members { columns: 15rem; margin-top: 0.375rem; padding: 0; list-style: none; }
.badge {
  display: inline-block;
  padding: 0 0.4375rem;
  background: var(--tint);
  color: var(--ink);
  border: 1px solid currentColor;
  border-radius: 3px;
  font-size: 0.8125rem;
  font-weight: 600;
  white-space: nowrap;
}
.badge.plain, .badge.faint { color: var(--faint); border-color: var(--line); font-weight: 500; }
article .more, section > .more { margin-top: 0.375rem; }

.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 5px; }
.scroll + .scroll { margin-top: 0.75rem; }
table { width: 100%; border-collapse: collapse; overflow-wrap: normal; }
caption { padding: 0.4375rem 0.75rem; text-align: left; color: var(--faint); font-size: 0.875rem; }
th, td { padding: 0.3125rem 0.75rem; border-top: 1px solid var(--line); text-align: left; vertical-align: baseline; }
thead th { color: var(--faint); font-size: 0.8125rem; font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 600; }
td time { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
tbody tr:hover > * { background: var(--page); }

.events { padding: 0; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 5px; }
.events li { display: grid; grid-template-columns: max-content 9.25rem minmax(0, 1fr); gap: 0 0.75rem; align-items: baseline; padding: 0.3125rem 0.75rem; }
.events .badge { justify-self: start; }
.events li + li { border-top: 1px solid var(--line); }
.events time { color: var(--faint); }
footer { margin-top: 1.75rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }

@media (max-width: 40rem) {
  body { padding: 0 0.75rem 1.5rem; }
  .answer { padding: 0.875rem; }
  .tiles li { flex: 1 1 6.5rem; min-width: 0; }
  dl, .advice { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd + dt { margin-top: 0.25rem; }
  dt { font-size: 0.8125rem; }
  tbody th { min-width: 9rem; overflow-wrap: anywhere; }
  .events li { grid-template-columns: max-content 1fr; }
  .events li > span:last-child { grid-column: 1 / -1; }
}
@media print {
  body { max-width: none; background: #fff; }
  article { break-inside: avoid; }
}
)css";

}  // namespace

std::string_view page_style() {
  return kStyle;
}

}  // namespace rblwatch::report
