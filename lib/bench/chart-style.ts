/** The page's style sheet: light or dark as the reader's system is, one column on a phone. */
export const chartStyle = `
:root { color-scheme: light dark; --bg: #fbfbfc; --card: #fff; --text: #1b1f24; --dim: #5b6672; --line: #dfe3e8;
  --use: #0b62d6; --own: #7fb2f5; --peer: #a4abb4; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bg: #12151a; --card: #1a1f26; --text: #e8ebef; --dim: #9aa5b1;
  --line: #303842; --use: #5aa2ff; --own: #2f5f9e; --peer: #66707c; --bad: #ff8a80; } }
* { box-sizing: border-box; } [hidden] { display: none !important; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--bg); color: var(--text);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; } p { margin: .25rem 0; color: var(--dim); }
.noisy { color: var(--bad); font-weight: 600; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem; margin: .75rem 0; }
.controls { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; }
.controls label { display: flex; flex-direction: column; font-size: .75rem; color: var(--dim); min-width: 0; }
select { font: inherit; color: var(--text); background: var(--bg); border: 1px solid var(--line); border-radius: .4rem;
  padding: .35rem .4rem; min-height: 2.5rem; max-width: 100%; }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .8rem; color: var(--dim); margin: .6rem 0 .2rem; }
.key span::before { content: ""; display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em;
  background: var(--use); } .key .own::before { background: var(--own); } .key .peer::before { background: var(--peer); }
#chart { position: relative; } svg { display: block; width: 100%; } svg text { fill: var(--text); font-size: 12px; }
svg .suite { font-weight: 600; font-size: 13px; } svg .name, svg .tick { fill: var(--dim); font-size: 11px; }
svg line { stroke: var(--line); } svg .use { fill: var(--use); } svg .own { fill: var(--own); } svg .peer { fill: var(--peer); }
svg .bar { cursor: pointer; outline: none; } svg .hit { fill: transparent; }
svg .bar:hover .hit, svg .bar:focus .hit, svg .bar.on .hit { fill: var(--text); fill-opacity: .07; }
#tip { position: absolute; z-index: 2; width: 15rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; padding: .5rem .6rem; font-size: .8rem; box-shadow: 0 4px 16px #0004; pointer-events: none; }
#tip b { display: block; } #tip dl { display: grid; grid-template-columns: auto auto; gap: 0 .5rem; margin: .25rem 0 0; }
#tip dt { color: var(--dim); } #tip dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--dim); font-weight: 600; } .l { text-align: left; }
details { margin: .4rem 0; } summary { cursor: pointer; padding: .3rem 0; font-weight: 600; } details h3 { display: none; }
ul { margin: .25rem 0; padding-left: 1.1rem; font-size: .85rem; color: var(--dim); overflow-wrap: anywhere; }
`;
