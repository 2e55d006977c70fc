// How pages look: one column of readable width, light or dark as the reader's system is.
#pragma once

namespace gristmill {

inline constexpr const char* page_style = R"css(
:root { --paper: #fdfcfa; --ink: #1d1b18; --soft: #6b665e; --line: #e2ddd4; --card: #f5f2ec;
  --accent: #2f6f8f; --accent-2: #b4632d; --good: #3d7a4a; --warn: #9a5b00; --warn-paper: #fff4de; }
@media (prefers-color-scheme: dark) { :root { --paper: #171614; --ink: #ece8e1; --soft: #a39d93;
  --line: #37342f; --card: #211f1c; --accent: #7fb7d1; --accent-2: #e09a66; --good: #8cc79a;
  --warn: #f0bd6b; --warn-paper: #33290f; } }
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
body { margin: 0; background: var(--paper); color: var(--ink); }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; margin: 3rem 0 .5rem; border-top: 2px solid var(--ink); padding-top: .75rem; }
h3 { font-size: 1.05rem; margin: 2rem 0 .4rem; }
p { margin: .4rem 0; max-width: 46rem; }
.soft, figcaption { color: var(--soft); font-size: .9rem; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--card);
  border-radius: 3px; padding: .1em .3em; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
  margin: 1rem 0; }
.tile { background: var(--card); border-radius: 8px; padding: .75rem 1rem; }
.tile b { display: block; font-size: 1.3rem; line-height: 1.2; font-weight: 650;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tile span { color: var(--soft); font-size: .85rem; }
.warning { background: var(--warn-paper); border-left: 4px solid var(--warn); border-radius: 4px;
  padding: .5rem .9rem; margin: .6rem 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .92rem; min-width: 22rem; }
th, td { text-align: left; padding: .32rem .9rem .32rem 0; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
figure { margin: .5rem 0; min-width: 0; }
figcaption { margin-bottom: .15rem; }
svg { display: block; max-width: 100%; height: auto; color: var(--ink); font: 11px system-ui, sans-serif; }
svg text { fill: var(--soft); font-variant-numeric: tabular-nums; }
svg text.name { fill: var(--ink); }
svg .axis { stroke: var(--line); }
svg .mark { fill: var(--accent); } svg .stroke { stroke: var(--accent); fill: none; stroke-width: 2; }
svg .mark-2 { fill: var(--accent-2); } svg .soft-stroke { stroke: var(--soft); fill: none;
  stroke-dasharray: 3 3; }
svg .whisker { stroke: var(--ink); stroke-width: 1.25; }
td.heat { background: color-mix(in srgb, var(--accent) calc(var(--share) * 70%), transparent);
  padding-left: .9rem; }
a { color: var(--accent); }
@media print { main { max-width: none; padding: 0; } h2 { break-after: avoid; } figure { break-inside: avoid; } }
)css";

}  // namespace gristmill
