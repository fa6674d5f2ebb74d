"""How pages look: on a telephone, on a screen by day and by night, and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --line: #767676; --warn: #7a4b00; }
@media (prefers-color-scheme: dark) { :root { --line: #8c8c8c; --warn: #f2c078; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1, h2, h3, p, li, dd { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem; text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; }
td, th[scope="row"] { max-width: 14rem; white-space: normal; overflow-wrap: break-word; }
dl.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
  gap: .6rem; }
dl.numbers div { border: 1px solid var(--line); border-radius: .3rem; padding: .4rem .6rem; }
dt { font-size: .85rem; } dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
dl.numbers dd.beside { font-size: .8rem; }
.diagnosis { border-left: 3px solid var(--warn); padding-left: .8rem; margin: 1rem 0; }
.diagnosis p { margin: 0; } .diagnosis strong { color: var(--warn); }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
img { display: block; background: white; border: 1px solid var(--line); }
img.chart { max-width: 100%; height: auto; box-sizing: border-box; }
img.wide { min-width: 20rem; height: auto; }
img.pixels { image-rendering: pixelated; }
ul.pictures { display: flex; flex-wrap: wrap; gap: .8rem; list-style: none; padding: 0; }
ul.pictures li { width: 8.5rem; font-size: .85rem; overflow-wrap: anywhere; }
.name { font-size: .8rem; }
.command { display: block; font-size: .75rem; user-select: all; margin-top: .2rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
summary { cursor: pointer; margin: .8rem 0; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; }
  img, li, tr, .diagnosis, dl.numbers div { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  img.wide { max-width: 100%; }
  details::details-content { content-visibility: visible; height: auto; }
}
"""
