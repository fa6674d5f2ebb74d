"""How pages and notebooks look: on a telephone, on a screen by day and by night, and on paper.

No colour but the palette's is used, on the ground that is there: a page follows the reader's theme,
and a fragment the notebook's. Where a page has more beside what is seen, its edge is shaded, until
it is scrolled to its end: a telephone shows no bar.
"""

from __future__ import annotations

from pellucid.show.palette import BLUE, GREEN, GREY, PROBABILITY, PURPLE, VERMILION

PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 0 1rem 2rem; }
.pellucid { margin: 0 auto; }
main.pellucid .scroll { --edge: #7f7f7f80; background:
  linear-gradient(to right, Canvas 30%, transparent) left / 3rem 100% local,
  linear-gradient(to left, Canvas 30%, transparent) right / 3rem 100% local,
  linear-gradient(to right, var(--edge), transparent) left / 1rem 100%,
  linear-gradient(to left, var(--edge), transparent) right / 1rem 100%;
  background-repeat: no-repeat; }
@media print { main.pellucid .scroll { background: none; } }
"""

PAPER_STYLE = """
:root { color-scheme: light; }
body { background: #fff; color: #000; }
.paper.pellucid { font-size: .9375rem; line-height: 1.4; }
.paper.pellucid:lang(ko) { word-break: keep-all; }
.paper.pellucid .beside-parts { flex-wrap: nowrap; }
@media (max-width: 40rem) { .paper.pellucid .beside-parts { flex-wrap: wrap; } }
.paper.pellucid h2 { border-top: 1px solid #000; padding-top: .5rem; margin-top: 1.2rem; }
@page { margin: 14mm 15mm; @bottom-right { content: counter(page) "/" counter(pages); } }
@media print {
  :root { font-size: 12.5px; }
  body { padding: 0; }
  .paper.pellucid section { break-inside: avoid; }
  .paper.pellucid :is(.array, .question, p) { break-inside: avoid; }
}
"""
"""Of pages that are printed and written on: black on white in any theme, on A4 and on Letter."""

ARRAYS_STYLE = """
.pellucid .arrays { display: flex; flex-wrap: wrap; gap: .4rem .9rem; align-items: flex-end;
  margin: .5rem 0; }
.pellucid .array { display: flex; align-items: center; gap: .7rem; max-width: 100%; }
.pellucid .array .scroll { margin: 0; }
.pellucid .array .between { font-size: 1.3rem; padding-top: 1.2rem; }
.pellucid .array caption { text-align: left; font-size: .8125rem; padding-bottom: .15rem; }
.pellucid .array tbody td { border: 1px solid var(--line); padding: .25rem .45rem;
  min-width: 1.8rem; }
.pellucid .array thead td { border: 0; }
.pellucid .array :is(thead th, tbody th) { border: 0; font-size: .75rem; font-weight: normal;
  padding: .1rem .45rem; text-align: center; vertical-align: bottom; }
.pellucid .array :is(thead th.left, tbody td.left) { text-align: left; white-space: normal; }
.pellucid .array tbody td.blank { border: 2px solid currentColor; min-width: 4.4rem;
  height: 1.5rem; padding: .55rem .35rem .1rem; }
.pellucid .blank { position: relative; min-width: 4.2rem; height: 1.7rem; padding: .5rem .3rem 0;
  text-align: right; font-weight: 600; }
.pellucid span.blank { display: inline-block; border-bottom: 2px solid currentColor;
  vertical-align: bottom; min-width: 6rem; height: 1.3rem; padding-bottom: .1rem; }
.pellucid .blank small { position: absolute; left: .25rem; top: .1rem; font-size: .6875rem;
  font-weight: normal; }
.pellucid .question { display: inline-block; margin: .6rem 2rem .3rem 0; max-width: 100%; }
.pellucid .fields { display: flex; flex-wrap: wrap; gap: 1rem 1.2rem; margin: .8rem 0; }
.pellucid .fields span { flex: 1 1 9rem; border-bottom: 1px solid currentColor; height: 1.6rem; }
"""
"""Of small tables with blanks, which only documents that are made for paper have."""

NETWORK_STYLE = """
.network text { font: 11px system-ui, sans-serif; fill: currentColor; }
.network .title { font-size: 13px; }
.network .heading, .network .times, .network .tag { font-size: 13px; font-weight: 600; }
.network .frame { fill: none; stroke: currentColor; stroke-opacity: .45; }
.network .line { fill: none; stroke: currentColor; stroke-opacity: .7; }
.network .head { fill: currentColor; fill-opacity: .8; }
"""
"""Of networks that are drawn; letters have the sizes that ``show.network.pieces`` reckons with."""

_NEGATIVE_HATCH = "repeating-linear-gradient(45deg, #fff8 0 2px, #fff0 2px 6px)"

STYLE = f"""
.pellucid {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; --line: #7f7f7f80;
  font-variant-numeric: tabular-nums; }}
.pellucid :is(h1, h2, h3, h4, p, li, dd, summary) {{ overflow-wrap: anywhere; }}
.pellucid :is(h1, h2, h3, h4) {{ line-height: 1.25; text-align: left; }}
.pellucid h1 {{ font-size: 1.6rem; margin: 1.2rem 0 .4rem; }}
.pellucid h2 {{ font-size: 1.25rem; margin: 1.8rem 0 .4rem; }}
.pellucid h3 {{ font-size: 1.05rem; margin: 1.2rem 0 .2rem; }}
.pellucid h4 {{ font-size: 1rem; margin: 1rem 0 .2rem; }}
.pellucid p {{ margin: .3rem 0; }}
.pellucid .scroll {{ overflow-x: auto; margin: .5rem 0; }}
.pellucid table {{ border-collapse: collapse; }}
.pellucid :is(th, td) {{ border-bottom: 1px solid var(--line); padding: .2rem .7rem .2rem 0;
  text-align: right; white-space: nowrap; background: none; }}
.pellucid thead th {{ font-size: .8125rem; vertical-align: bottom; }}
.pellucid :is(th, td).left {{ text-align: left; max-width: 22rem; white-space: normal;
  overflow-wrap: break-word; }}
.pellucid tbody th {{ font-weight: normal; }}
.pellucid tr.total {{ font-weight: 600; }}
.pellucid tr:not(.total) + tr.total {{ border-top: 2px solid var(--line); }}
.pellucid dl {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
  gap: .8rem 1.2rem; margin: .6rem 0; }}
.pellucid dt {{ font-size: .8125rem; }}
.pellucid dd {{ margin: 0; font-size: 1.3rem; }}
.pellucid dd.beside {{ font-size: .8125rem; }}
.pellucid .box {{ border-left: 3px solid var(--line); padding-left: .8rem; margin: .8rem 0; }}
.pellucid .box.warn {{ border-color: #c05a00; }} .pellucid .box.grave {{ border-color: #d32f2f; }}
.pellucid .sign.warn {{ color: #c05a00; }} .pellucid .sign.grave {{ color: #d32f2f; }}
.pellucid .beside-parts {{ display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: start; }}
.pellucid .beside-parts > * {{ max-width: 100%; }}
.pellucid svg {{ display: block; max-width: 100%; height: auto; margin: .5rem 0; }}
.pellucid svg.network {{ max-width: none; }}
.pellucid img {{ display: block; max-width: 100%; height: auto; image-rendering: pixelated;
  margin: 0; }}
.pellucid ul.pictures {{ display: flex; flex-wrap: wrap; gap: .8rem; list-style: none;
  padding: 0; margin: .5rem 0; }}
.pellucid ul.pictures li {{ width: max(8.5rem, var(--side, 0px)); max-width: 100%;
  font-size: .8125rem; line-height: 1.35; margin: 0; }}
.pellucid ul.pictures img {{ outline: 1px solid var(--line); margin-bottom: .2rem; }}
.pellucid code {{ font-size: .75rem; user-select: all; overflow-wrap: anywhere; background: none;
  color: inherit; padding: 0; }}
.pellucid pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8125rem; }}
.pellucid summary {{ cursor: pointer; margin: .8rem 0; }}
.pellucid table.bars td.bar {{ width: 18rem; min-width: 6rem; padding: .2rem .7rem .2rem 0; }}
.pellucid table.bars :is(th, td, td.bar) {{ border: 0; padding-top: 0; padding-bottom: 0; }}
.pellucid .bar div {{ position: relative; height: .85rem; }}
.pellucid .bar i {{ position: absolute; top: 0; bottom: 0; background: {PROBABILITY}; }}
.pellucid .bar i.plus {{ background: {VERMILION}; }}
.pellucid .bar i.minus {{ background: {_NEGATIVE_HATCH}, {BLUE}; }}
.pellucid .bar i.zero {{ width: 1px; background: {GREY}; }}
.pellucid .bar i.mark {{ width: 2px; margin-left: -1px; background: currentColor; }}
.pellucid .sheet {{ position: relative; display: inline-block; max-width: 100%; margin: .3rem 0;
  line-height: 1; }}
.pellucid .sheet span {{ position: absolute; font-size: .6875rem; white-space: nowrap; }}
.pellucid .scale {{ display: flex; gap: .5rem; align-items: center; flex-wrap: wrap;
  font-size: .8125rem; margin: .2rem 0 .6rem; }}
.pellucid .scale i {{ width: 8rem; height: .7rem; outline: 1px solid var(--line);
  background: linear-gradient(to right, {BLUE}, transparent, {VERMILION}); }}
.pellucid .scale i.weights {{
  background: linear-gradient(to right, {GREEN}, transparent, {PURPLE}); }}
.pellucid .grids {{ display: flex; flex-wrap: wrap; gap: .8rem 2rem; margin: .6rem 0; }}
.pellucid .grids caption {{ text-align: left; font-size: .8125rem; padding-bottom: .2rem; }}
.pellucid .grids td {{ border: 0; padding: 0 .35rem; }}
@media (max-width: 30rem) {{
  .pellucid td.words {{ white-space: normal; }}
  .pellucid table.bars th {{ min-width: 6.5rem; }}
  .pellucid table.bars td.bar {{ min-width: 4rem; }}
  .pellucid table.bars td:not(.left) {{ white-space: nowrap; }}
}}
@media print {{
  .pellucid {{ max-width: none; font-size: 10pt; }}
  .pellucid .scroll {{ overflow: visible; }}
  .pellucid :is(img, svg, li, tr, .box, dl div) {{ break-inside: avoid; }}
  .pellucid :is(h2, h3) {{ break-after: avoid; }}
  .pellucid details::details-content {{ content-visibility: visible; height: auto; }}
  .pellucid svg.network {{ max-width: 100%; }}
}}
{NETWORK_STYLE}"""
