/** Colours differ in lightness, too, so that neighbours can be told apart without seeing hues. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #ffffff; --card: #f5f6f8; --line: #d9dce3; --text: #1b1f28; --soft: #5b6475;
  --allow: #8cc9a8; --monitor: #3f9b8f; --step-up: #f0b429; --throttle: #8f6fd0; --deny: #c93a50;
  --unavailable: #7a8394; --other: #4a5060; --would: #e0782f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171d; --card: #1d222b; --line: #333a47; --text: #e8ebf1; --soft: #9aa4b6;
    --allow: #3f7d5e; --monitor: #5cb8ab; --step-up: #d9a021; --throttle: #a78be0; --deny: #e5667a;
    --unavailable: #8a93a5; --other: #b3bac8; --would: #ee8f4d;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 72rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
p { margin: .25rem 0 .75rem; } .soft { color: var(--soft); } .warn { color: var(--deny); }
code, .name { font-family: ui-monospace, monospace; font-size: .88em; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
.tile { background: var(--card); border-radius: .5rem; padding: .8rem 1rem; border-left: 4px solid var(--line); }
.tile b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; line-height: 1.25; }
.tile small { font-size: .95rem; font-weight: 400; color: var(--soft); white-space: nowrap; }
.tile span { color: var(--soft); font-size: .87rem; }
.tile.pass { border-color: var(--monitor); } .tile.no { border-color: var(--deny); } .tile.try { border-color: var(--would); }
svg { display: block; width: 100%; } .chart { background: var(--card); border-radius: .5rem; padding: .75rem .75rem .25rem; overflow-x: auto; }
.chart svg { min-width: 40rem; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; } .grid { stroke: var(--line); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: .5rem 0; font-size: .87rem; color: var(--soft); }
.legend i { display: inline-block; width: .75rem; height: .75rem; border-radius: 2px; margin-right: .4rem; vertical-align: -1px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.name { min-width: 11rem; }
td.bar { width: 45%; min-width: 6rem; vertical-align: middle; } td.bar svg { height: .9rem; }
details { border-bottom: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; }
details .warn { margin: 0; }
details dl { margin: .5rem 0 .75rem 1.1rem; padding-left: .9rem; border-left: 3px solid var(--line); }
dt { font-weight: 600; } dd { margin: 0 0 .25rem; }
${['allow', 'monitor', 'step-up', 'throttle', 'deny', 'unavailable', 'other', 'would']
  .map((name) => `.e-${name} { fill: var(--${name}); background: var(--${name}); }`)
  .join('\n')}
`
