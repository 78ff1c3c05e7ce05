/** The page's script: draws the rows in `#data` as bars, by cipher or by size. It runs in the reader's browser. */
export const chartScript = `
'use strict';
(() => {
  const { rows, inUse } = JSON.parse(document.getElementById('data').textContent);
  const chart = document.getElementById('chart');
  const tip = document.getElementById('tip');
  const unique = (name) => [...new Set(rows.map((row) => row[name]))];
  const metrics = {
    gbps: ['Gbit/s', true], mpps: ['Mpps', true], cyclesPerByte: ['cycles per byte', false],
    p50Ns: ['ns per packet', false],
  };
  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => '&#' + c.charCodeAt(0) + ';');
  const figure = (v) => v >= 1000 ? v.toFixed(0) : v >= 100 ? v.toFixed(1) : v >= 10 ? v.toFixed(2) : v.toFixed(3);
  const kind = (row) => row.implementation === inUse ? 'use'
    : row.implementation.startsWith('routeplane:') ? 'own' : 'peer';
  const short = (row) => row.implementation.replace('routeplane:', '');

  const control = (id, values, wanted) => {
    const select = document.getElementById(id);
    for (const [value, text] of values) select.add(new Option(text, value, false, value === wanted));
    select.addEventListener('change', draw);
    return () => select.value;
  };
  const same = (name) => unique(name).map((value) => [String(value), String(value)]);
  const sizes = unique('size').map(String);
  const view = control('view', [['suite', 'by cipher'], ['size', 'by size']], 'suite');
  const direction = control('direction', same('direction'), 'encrypt');
  const metric = control('metric', Object.entries(metrics).map(([name, [text]]) => [name, text]), 'gbps');
  const size = control('size', same('size').map(([v]) => [v, v === 'imix' ? 'IMIX' : v + ' B']),
    sizes.includes('1400') ? '1400' : sizes[sizes.length - 1]);
  const suite = control('suite', same('suite'), rows[0].suite);
  const tunnels = control('tunnels', same('tunnels'), '1');
  const scale = control('scale', [['linear', 'linear'], ['log', 'logarithmic']], 'linear');
  document.getElementById('tunnels').parentElement.hidden = unique('tunnels').length < 2;

  const rank = { use: 0, own: 1, peer: 2 };
  let shown = [];
  let drawnWidth = 0;
  function groups() {
    const bySuite = view() === 'suite';
    document.getElementById('size').parentElement.hidden = !bySuite;
    document.getElementById('suite').parentElement.hidden = bySuite;
    shown = rows.filter((row) => row.direction === direction() && String(row.tunnels) === tunnels()
      && (bySuite ? String(row.size) === size() : row.suite === suite()));
    const found = new Map();
    for (const row of shown) {
      const name = bySuite ? row.suite : row.size === 'imix' ? 'IMIX' : row.size + ' bytes';
      found.set(name, [...(found.get(name) || []), row]);
    }
    for (const list of found.values()) list.sort((a, b) => rank[kind(a)] - rank[kind(b)]);
    return found;
  }

  /* 1, 2 or 5 times a power of ten, at most about five of them. */
  function ticksOf(max, min, log) {
    if (log) {
      const ticks = [];
      for (let p = Math.floor(Math.log10(min)); p <= Math.ceil(Math.log10(max)); p++) ticks.push(10 ** p);
      return ticks;
    }
    const raw = max / 5;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * (raw / power > 5 ? 10 : raw / power > 2 ? 5 : raw / power > 1 ? 2 : 1);
    return Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => i * step);
  }

  function draw() {
    const found = groups();
    const name = metric();
    const [unit, more] = metrics[name];
    drawnWidth = chart.clientWidth;
    const width = Math.max(280, drawnWidth);
    const log = scale() === 'log';
    const values = shown.map((row) => row[name]);
    const max = Math.max(...values);
    const min = Math.min(...values);
    const left = 88, right = 52, bar = 18, head = 24, top = 22;
    const ticks = ticksOf(max, min, log);
    const base = log ? ticks[0] : 0;
    const room = width - left - right;
    const x = (v) => left + room * (log ? Math.log(v / base) / Math.log(max / base || 2) : v / max);
    let y = top;
    let body = '';
    for (const [group, list] of found) {
      body += '<text class="suite" x="0" y="' + (y + 16) + '">' + escape(group) + '</text>';
      y += head;
      for (const row of list) {
        const v = row[name];
        const label = row.suite + ', ' + row.size + ', ' + row.direction + ', ' + row.implementation + ': ' + figure(v) + ' ' + unit;
        body += '<g class="bar" tabindex="0" role="img" data-row="' + rows.indexOf(row) + '" aria-label="' + escape(label) + '">'
          + '<rect class="hit" x="0" y="' + y + '" width="' + width + '" height="' + bar + '"/>'
          + '<text class="name" x="' + (left - 6) + '" y="' + (y + 13) + '" text-anchor="end">' + escape(short(row)) + '</text>'
          + '<rect class="' + kind(row) + '" x="' + left + '" y="' + (y + 2) + '" width="' + Math.max(1, x(v) - left)
          + '" height="' + (bar - 4) + '" rx="2"/>'
          + '<text x="' + (Math.max(left + 1, x(v)) + 4) + '" y="' + (y + 13) + '">' + figure(v) + '</text></g>';
        y += bar;
      }
      y += 8;
    }
    const lines = ticks.filter((t) => t <= max * 1.001).map((t) => '<line x1="' + x(t) + '" x2="' + x(t) + '" y1="' + (top - 4) + '" y2="' + y
      + '"/><text class="tick" text-anchor="middle" x="' + x(t) + '" y="12">' + Number(t.toPrecision(3)) + '</text>').join('');
    hide();
    const old = chart.querySelector('svg');
    if (old) old.remove();
    chart.insertAdjacentHTML('afterbegin', '<svg height="' + (y + 4) + '" viewBox="0 0 ' + width + ' ' + (y + 4) + '">' + lines + body + '</svg>');
    document.getElementById('unit').textContent = unit + (more ? ', more is better' : ', less is better');
  }

  let on = null;
  function hide() {
    tip.hidden = true;
    if (on) on.classList.remove('on');
    on = null;
  }
  function show(g) {
    hide();
    const row = rows[Number(g.dataset.row)];
    const best = rows.find((r) => r.implementation === inUse && r.suite === row.suite && r.size === row.size
      && r.direction === row.direction && r.tunnels === row.tunnels);
    const lines = [['Gbit/s', figure(row.gbps)], ['Mpps', figure(row.mpps)], ['cycles per byte', figure(row.cyclesPerByte)],
      ['p50', figure(row.p50Ns) + ' ns'], ['p99', figure(row.p99Ns) + ' ns'], ['spread', row.spreadPercent.toFixed(1) + ' %']];
    if (best && best !== row) lines.push([inUse.replace('routeplane:', '') + ' is', (best.gbps / row.gbps).toFixed(2) + ' x as fast']);
    tip.innerHTML = '<b>' + escape(row.suite) + '</b>' + escape(row.implementation) + '<br>' + escape(row.direction) + ', '
      + (row.size === 'imix' ? 'IMIX' : row.size + ' bytes') + '<dl>'
      + lines.map(([a, b]) => '<dt>' + a + '</dt><dd>' + escape(b) + '</dd>').join('') + '</dl>';
    tip.hidden = false;
    on = g;
    g.classList.add('on');
    const box = g.getBoundingClientRect();
    const area = chart.getBoundingClientRect();
    tip.style.left = Math.max(0, area.width - tip.offsetWidth - 4) + 'px';
    const below = box.bottom - area.top + 4;
    const above = box.top - area.top - tip.offsetHeight - 4;
    tip.style.top = (box.bottom + tip.offsetHeight + 8 > innerHeight && above > -area.top ? above : below) + 'px';
  }
  const barOf = (event) => event.target instanceof Element ? event.target.closest('.bar') : null;
  chart.addEventListener('pointerover', (e) => { const g = barOf(e); if (g && e.pointerType === 'mouse') show(g); });
  chart.addEventListener('pointerleave', (e) => { if (e.pointerType === 'mouse') hide(); });
  chart.addEventListener('focusin', (e) => { const g = barOf(e); if (g) show(g); });
  chart.addEventListener('click', (e) => { const g = barOf(e); if (g) show(g); });
  document.addEventListener('click', (e) => { if (!barOf(e)) hide(); });
  document.addEventListener('keydown', (e) => { if (e.key === 'Escape') hide(); });
  draw();
  new ResizeObserver(() => {
    if (chart.clientWidth !== drawnWidth) draw();
  }).observe(chart);
})();
`;
