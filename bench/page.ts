/**
 * Opens a report of `routeplane bench --html` in headless Chromium, as a phone and as a desktop have it:
 * `npm run bench -- page FILE.html`. Every control is tried. Exit status 1 if the page has an error, asks for something
 * outside of it, draws no bars, or is wider than the screen.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Seen {
  readonly errors: readonly string[];
  readonly requests: number;
  /** Of each way to draw the picture. */
  readonly bars: readonly number[];
  readonly tip: string;
  readonly pageWidth: number;
  readonly screenWidth: number;
}

/** Runs in the page, before its own script and when all is there; the title carries the result out. */
const before = '<script>window.failures = []; onerror = (message) => { failures.push(String(message)); };</script>';
const after = `<script>
onload = () => setTimeout(() => {
  const count = () => document.querySelectorAll('#chart rect:not(.hit)').length;
  const bars = [count()];
  for (const select of document.querySelectorAll('select'))
    for (const option of [...select.options].slice(0, 12)) {
      select.value = option.value;
      select.dispatchEvent(new Event('change'));
      bars.push(count());
    }
  document.querySelector('.bar').dispatchEvent(new MouseEvent('click', { bubbles: true }));
  document.title = JSON.stringify({
    errors: failures, bars, tip: document.getElementById('tip').innerText,
    requests: performance.getEntriesByType('resource').length,
    pageWidth: document.documentElement.scrollWidth, screenWidth: innerWidth,
  });
}, 200);
</script>`;

function look(file: string, width: number, height: number): Seen {
  const args = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--allow-file-access-from-files',
    '--virtual-time-budget=5000',
  ];
  const { stdout, stderr, error } = spawnSync(
    'chromium',
    [...args, `--window-size=${width},${height}`, '--dump-dom', `file://${file}`],
    { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 120_000 },
  );
  if (error !== undefined) throw error;
  const title = /<title>([^<]*)<\/title>/.exec(stdout)?.[1] ?? '';
  if (!title.startsWith('{')) throw new Error(`chromium did not run the page:\n${stderr.slice(-2000)}`);
  return JSON.parse(title.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>'));
}

const [page] = process.argv.slice(2);
if (page === undefined) throw new Error('npm run bench -- page FILE.html');
const folder = mkdtempSync(join(tmpdir(), 'routeplane-page-'));
try {
  const copy = join(folder, 'page.html');
  const html = readFileSync(page, 'utf8');
  writeFileSync(copy, html.replace('<head>', `<head>${before}`).replace('</body>', `${after}</body>`));
  // Headless Chromium has no window narrower than 500 pixels, so the phone is a frame.
  const phone = join(folder, 'phone.html');
  writeFileSync(
    phone,
    `<!DOCTYPE html><title></title><iframe src="page.html" style="width:390px;height:844px;border:0"></iframe><script>
     const poll = setInterval(() => {
       try { const { title } = frames[0].document; if (title[0] === '{') { document.title = title; clearInterval(poll); } } catch {}
     }, 100);</script>`,
  );
  for (const [name, seen] of [
    ['desktop', look(copy, 1280, 900)],
    ['phone', look(phone, 800, 900)],
  ] as const) {
    const { errors, requests, bars, tip, pageWidth, screenWidth } = seen;
    const good =
      errors.length === 0 && requests === 0 && bars.every((n) => n > 0) && tip !== '' && pageWidth <= screenWidth;
    console.log(
      `${good ? 'ok' : 'FAILED'}  ${name}, ${screenWidth} px: ${Math.min(...bars)} to ${Math.max(...bars)} bars in ` +
        `${bars.length} drawings, page ${pageWidth} px wide, ${requests} requests, errors: ${errors.join('; ') || 'none'}`,
    );
    if (!good) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
