"""How pages look: light and dark, on a phone, on a screen and on paper. Contrasts are tested in a browser."""

from __future__ import annotations

STYLESHEET = """
:root {
  color-scheme: light dark;
  --ground: #f4f5f8; --card: #ffffff; --line: #dfe3ea; --grid: #e6e9ef;
  --ink: #171c26; --soft: #556070; --data: #3f5fd0; --data-far: #8a5a00; --track: #e9ecf4; --mark: #b3261e;
  --shadow: 0 1px 2px rgb(20 28 48 / 6%), 0 4px 16px rgb(20 28 48 / 5%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1116; --card: #171b22; --line: #2b313c; --grid: #262c36;
    --ink: #e8ebf1; --soft: #a0aabb; --data: #8aa4ff; --data-far: #e0b050; --track: #262c38; --mark: #ff8f85;
    --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; padding-bottom: 1.5rem; }
h1 { margin: 0; font-size: clamp(1.5rem, 1.1rem + 2vw, 2.25rem); line-height: 1.2; letter-spacing: -0.015em; }
h2 { margin: 0; font-size: 1.125rem; line-height: 1.3; letter-spacing: -0.005em; }
p { margin: 0; }
.kicker { margin-bottom: 0.25rem; color: var(--soft); font-size: 0.875rem; }
.lead { margin-top: 0.5rem; color: var(--soft); }
.note { margin-top: 0.25rem; color: var(--soft); font-size: 0.875rem; }

.facts { display: flex; flex-wrap: wrap; gap: 1px; margin: 0 0 1.25rem; overflow: hidden; background: var(--line);
  border: 1px solid var(--line); border-radius: 0.75rem; box-shadow: var(--shadow); }
.facts div { flex: 1 0 9.5rem; padding: 0.875rem 1.125rem 1rem; background: var(--card); }
dt { color: var(--soft); font-size: 0.8125rem; }
dd { margin: 0; font-size: 1.375rem; font-weight: 600; line-height: 1.3; letter-spacing: -0.01em; white-space: nowrap; }
dd small { display: block; color: var(--soft); font-size: 0.8125rem; font-weight: 400; letter-spacing: 0;
  white-space: normal; }

.cards { columns: 2; column-gap: 1.25rem; }
.card { margin-bottom: 1.25rem; padding: 1.25rem 1.375rem 1.375rem; break-inside: avoid; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.75rem; box-shadow: var(--shadow); }
.beside { display: grid; grid-template-columns: minmax(0, 1fr) 14rem; gap: 0 2.25rem; align-items: start; }

table { width: 100%; margin-top: 0.25rem; border-collapse: collapse; font-size: 0.9375rem; }
caption { padding: 0 0 0.5rem; color: var(--soft); font-size: 0.875rem; text-align: left; }
th, td { padding: 0.4375rem 0 0.4375rem 1rem; border-top: 1px solid var(--line); text-align: left;
  vertical-align: baseline; }
th:first-child, td:first-child { padding-left: 0; }
th { font-weight: 400; }
thead th { padding-top: 0; border-top: 0; color: var(--soft); font-size: 0.8125rem; }
.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.share { display: inline-block; min-width: 4.25rem; }
.meter { width: 6.5rem; height: 0.5rem; background: var(--track); border-radius: 0.25rem;
  vertical-align: 0.0625rem; }
.meter rect { fill: var(--data); }

figure { margin: 0; }
.chart { display: block; width: 100%; padding: 0 0.75rem 0 2.75rem; overflow: visible; font-size: 12px; }
.chart text { fill: var(--soft); }
.chart .grid { stroke: var(--grid); }
.chart .axis { stroke: var(--soft); }
.chart .bar { fill: var(--data); }
.chart .far { fill: var(--data-far); }
.chart .bar:hover, .chart .far:hover { fill: var(--ink); }
.chart .mark line { stroke: var(--mark); stroke-dasharray: 4 3; }
.chart .mark text { fill: var(--mark); font-weight: 600; stroke: var(--card); stroke-width: 5px; paint-order: stroke; }

details { margin-top: 0.75rem; }
summary { width: fit-content; padding: 0.25rem 0; color: var(--soft); font-size: 0.875rem; cursor: pointer; }
summary:hover { color: var(--ink); }
:focus-visible { outline: 2px solid var(--data); outline-offset: 3px; border-radius: 0.25rem; }
footer { padding-top: 1.25rem; padding-bottom: 2.5rem; color: var(--soft); font-size: 0.875rem; }

@media (max-width: 60rem) {
  .cards { columns: auto; }
}
@media (max-width: 44rem) {
  header, main, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.5rem; padding-bottom: 1rem; }
  .facts div { flex-basis: 45%; padding: 0.75rem 0.875rem; }
  dd { font-size: 1.1875rem; }
  .card, .facts { margin-bottom: 1rem; }
  .card { padding: 1rem; }
  .beside { grid-template-columns: minmax(0, 1fr); row-gap: 1.25rem; }
  .chart { padding-left: 2.25rem; }
  .chart .spare { display: none; }
  .meter { display: none; }
  .share { min-width: 0; }
  table { font-size: 0.875rem; }
  th, td { padding-left: 0.5rem; }
}
@media print {
  body { background: none; }
  .card, .facts { box-shadow: none; break-inside: avoid; }
}
"""
