"""How a report looks, beyond what all pages do: its pictures, its steps, its boxes that warn."""

from __future__ import annotations

REPORT_STYLESHEET = """
:root {
  --add: #1a7434; --change: #855700; --replace: #6639ba; --destroy: #b3261e; --adopt: #0a6577; --forget: #556070;
  --bad-ground: #fdeeec; --bad-ink: #8c1d18; --warn-ground: #fff5df; --warn-ink: #6b4700;
  --good-ground: #eaf7ee; --good-ink: #135c2a; --link: #2f4cb8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --add: #5fd376; --change: #e3b34d; --replace: #c9a8ff; --destroy: #ff8f85; --adopt: #62cbe0; --forget: #a0aabb;
    --bad-ground: #2e1a1b; --bad-ink: #ffa69e; --warn-ground: #2a2313; --warn-ink: #ecc870;
    --good-ground: #14271b; --good-ink: #86e0a3; --link: #9db2ff;
  }
}
html { scroll-padding-top: 1rem; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:hover { text-decoration-thickness: 2px; }
code { font: 0.9375em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
small, .soft { color: var(--soft); }
td small, th small { display: block; font-size: 0.8125rem; }
h1 { max-width: 44ch; text-wrap: balance; }
h3 { margin: 0; font-size: 1rem; line-height: 1.4; }
h4 { margin: 0; font-size: 0.9375rem; line-height: 1.4; }
main:focus { outline: none; }
.skip { position: absolute; left: 1rem; top: -5rem; z-index: 1; padding: 0.5rem 1rem; background: var(--card);
  border-radius: 0.5rem; }
.skip:focus { top: 0.75rem; }
.counts + .made { margin-left: 0.75em; }

nav { max-width: 68rem; margin: 0 auto 1.25rem; padding: 0 1.5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.375rem 1.25rem; margin: 0; padding: 0; list-style: none;
  font-size: 0.9375rem; }

.callout { margin-bottom: 1.25rem; padding: 1rem 1.375rem 1.125rem; border: 1px solid; border-left-width: 0.375rem;
  border-radius: 0.75rem; }
.callout h2 { font-size: 1.0625rem; }
.callout.bad { background: var(--bad-ground); border-color: var(--bad-ink); }
.callout.warn { background: var(--warn-ground); border-color: var(--warn-ink); }
.callout.good { background: var(--good-ground); border-color: var(--good-ink); }
h1.bad, .bad > h2, .refusal, text.bad { color: var(--bad-ink); fill: var(--bad-ink); }
.warn > h2, .alarms li { color: var(--warn-ink); }
.good > h2 { color: var(--good-ink); }
.callout summary, .callout .notes a { color: inherit; }
.mark-of { display: inline-block; min-width: 1.25em; font-weight: 700; }
.notes, .alarms, .reasons, .remarks, .sum, .kept { margin: 0.5rem 0 0; padding-left: 1.125rem; }
.notes li + li { margin-top: 0.75rem; }
.notes p { margin-top: 0.125rem; }
.remarks, .sum, .reasons, .kept { font-size: 0.9375rem; }
.remarks, .reasons, .sum { color: var(--soft); }
.alarms { font-weight: 600; }
.command { margin-top: 0.5rem; padding: 0.75rem 1rem; background: var(--ground); border: 1px solid var(--line);
  border-radius: 0.5rem; user-select: all;
  word-break: break-all; }
.day { white-space: nowrap; }

.card > figure { margin-top: 1rem; }
.scroll { overflow-x: auto; overscroll-behavior-x: contain; }
.scroll:focus-visible { outline-offset: 0; }
figure > .scroll { max-height: 44rem; overflow: auto; }
details table { margin-top: 0.5rem; }
.scroll td, .scroll th { min-width: 6.5rem; }
.step .scroll td, .step .scroll th { min-width: 0; }
thead .number { white-space: normal; }
.scroll td:last-child { padding-right: 0.125rem; }

.graph { display: block; font: 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.graph .heading { fill: var(--soft); font: 600 12px system-ui, sans-serif; }
.graph .way { fill: none; stroke: var(--soft); stroke-width: 1.5; }
.graph .validation { stroke-dasharray: 5 4; }
.graph .model { stroke-dasharray: 1 4; stroke-linecap: round; }
.graph .base_model { stroke-width: 2.5; }
.graph .head { fill: var(--soft); }
.box { --tone: var(--soft); text-decoration: none; }
.add { --tone: var(--add); }
.change, .wait { --tone: var(--change); }
.replace { --tone: var(--replace); }
.destroy, .refused { --tone: var(--destroy); }
.adopt { --tone: var(--adopt); }
.forget, .keep { --tone: var(--soft); }
.outline { fill: var(--card); stroke: var(--tone); stroke-width: 1.75; }
.keep .outline { stroke-dasharray: 3 3; stroke-width: 1.25; }
.refused .outline { stroke-width: 3; }
.box .rule { stroke: var(--line); }
.box .symbol { fill: var(--tone); font-weight: 700; font-size: 15px; text-anchor: middle; }
.box .name { fill: var(--ink); font-weight: 600; }
.box .said { fill: var(--soft); font: 12px system-ui, sans-serif; }
.box.refused .said { fill: var(--destroy); font-weight: 600; }
a.box:hover .name { text-decoration: underline; }
a.box:focus-visible { outline: none; }
a.box:focus-visible .outline { stroke: var(--data); stroke-width: 4; }

.rows { display: block; width: 100%; overflow: visible; font-size: 13px; }
.rows .name { fill: var(--ink); font: 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.rows .figure { fill: var(--ink); font-weight: 600; text-anchor: end; }
.rows .tick { fill: var(--soft); font-size: 12px; }
.rows .narrow { display: none; }
.rows .grid { stroke: var(--grid); }
.rows .track { stroke: var(--track); stroke-width: 12; }
.rows .sure, .rows .striped { stroke: var(--data); stroke-width: 12; }
.rows .striped { stroke-dasharray: 3 3; }
.rows .stop { stroke: var(--mark); stroke-width: 3; }
.rows text.bad { fill: var(--destroy); }

.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.5rem 0 0; padding: 0; list-style: none;
  color: var(--soft); font-size: 0.875rem; }
.chip { display: inline-block; min-width: 2.25em; padding: 0 0.375em; color: var(--tone); border: 1px solid var(--tone);
  border-radius: 0.375em; font: 700 0.875em/1.5 ui-monospace, Menlo, Consolas, monospace; text-align: center; }
.step { margin-top: 1.125rem; padding-top: 1.125rem; border-top: 1px solid var(--line); }
.step:target, .kept li:target { outline: 2px solid var(--data); outline-offset: 0.5rem; border-radius: 0.25rem; }
.step-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1.5rem;
  align-items: baseline; }
.price { font-weight: 600; white-space: nowrap; }
.verdict { margin-top: 0.125rem; }
.refusal { margin-top: 0.25rem; font-weight: 600; }
.step > table, .step > .scroll { margin-top: 0.625rem; }
.step > details { margin-top: 0.25rem; }

.row-texts { margin-top: 1rem; padding-top: 0.75rem; border-top: 1px dashed var(--line); }
.where { margin-top: 0.5rem; color: var(--soft); font-size: 0.875rem; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0.5rem 1rem; }
.side { color: var(--soft); font-size: 0.8125rem; }
.said { padding: 0.5rem 0.75rem; background: var(--ground); border-radius: 0.5rem; white-space: pre-wrap;
  font-size: 0.9375rem; }
del { background: var(--bad-ground); color: var(--bad-ink); text-decoration: line-through; }
ins { background: var(--good-ground); color: var(--good-ink); text-decoration: underline;
  text-decoration-thickness: 2px; }

@media (max-width: 44rem) {
  nav { padding: 0 1rem; }
  .callout { padding: 0.875rem 1rem; margin-bottom: 1rem; }
  .rows .wide { display: none; }
  .rows .narrow { display: inline; }
  .facts dd { white-space: normal; }
  .counts + .made { display: block; margin-left: 0; }
}
@media print {
  nav, .skip { display: none; }
  figure > .scroll { max-height: none; }
  details::details-content { content-visibility: visible; display: block; }
  .card { break-inside: auto; }
  .step, .row-texts, .callout { break-inside: avoid; }
}
"""
