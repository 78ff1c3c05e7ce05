/**
 * Mutated and random scripts against the console: whatever they are, they are taken or refused with a `ConfigError`, and the store stays
 * one that can be exported and read back. Run by itself: `node build/test/fuzz/routeros-script.js [RUNS [SEED]]`.
 */
import assert from 'node:assert/strict';
import { ConfigError, Configuration, Console, load } from '#lib/routeros/index.js';

const CORPUS: readonly string[] = [
  `# 2025-01-01 10:00:00 by RouterOS 7.18.2
/interface bridge
add name=loopback
/ip ipsec profile
set [ find default=yes ] dh-group=modp2048 enc-algorithm=aes-128
add dh-group=ecp256,modp2048 enc-algorithm=aes-256,aes-192 name="ike2 \\"x\\" \\C3\\A9" \\
    lifetime=1d dpd-interval=disable-dpd
/ip ipsec peer
add address=192.168.80.1/32 exchange-mode=ike2 name=site2 profile=\\
    "ike2 \\"x\\" \\C3\\A9"
/ip ipsec identity
add peer=site2 secret=thisisnotasecurepsk my-id=fqdn:a.example.org
/ip ipsec policy
add src-address=10.1.202.0/24 src-port=any dst-address=10.1.101.0/24 tunnel=yes peer=site2 place-before=0
move 1 0; set [find where peer~"^s" && !template] comment=("a" . "b")
`,
  `/ip address; add address=10.0.0.1/24 interface=ether1; print; print detail; print terse where address in 10.0.0.0/8
remove 0
/ip/route/add gateway=10.0.0.254 blackhole
/ip route print stats
:put [get [find] dst-address]
:log info "x $[/system identity get name] $(1 . 2)"
/export show-sensitive verbose
/ip ipsec peer add name=a; set a !comment port=1; comment a comment=x; disable a; unset a comment; reset a; remove a
`,
  '[admin@MikroTik] > /ip ipsec\n[admin@MikroTik] /ip ipsec> peer add name=x \\\n\\... address=10.0.0.1\nnoise\n[admin@MikroTik] ip ipsec> .. address print as-value where (address>1.1.1.1/32 or disabled)\n',
];

const PIECES = [
  ...' \t\n\r;#\\"\'[](){}$=!~<>.,:/*?&|_-0aZ',
  '\u0000',
  '\u00a0',
  '\ud800',
  '\ufeff',
  '[find ',
  '[ find where ',
  ' where ',
  '\\\n    ',
  'add ',
  'set 0 ',
  'print ',
  'name=',
  '/ip ipsec peer ',
  '/',
  '..',
  '$[',
  '$(',
  '"',
  '*FFFFFFFF',
  '99999999999999999999',
  '(((((((((((((((((((((((((((((((((((((((((',
  '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
  '!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!',
  '~"(a+)+$"',
  '__proto__',
  'constructor=',
  'toString',
];

/** xorshift32: the same seed, the same scripts. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

function mutate(script: string, random: (below: number) => number): string {
  let text = script;
  for (let count = random(6); count >= 0; count--) {
    const at = random(text.length + 1);
    const length = random(random(4) === 0 ? 200 : 6);
    switch (random(5)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = text.slice(0, at) + PIECES[random(PIECES.length)] + text.slice(at);
        break;
      case 2:
        text = text.slice(0, at) + PIECES[random(PIECES.length)] + text.slice(at + length);
        break;
      case 3: {
        const from = random(text.length + 1);
        text = text.slice(0, at) + text.slice(from, from + length) + text.slice(at);
        break;
      }
      default:
        text = text.slice(0, at);
    }
  }
  return text;
}

function noise(random: (below: number) => number): string {
  return Array.from({ length: random(60) }, () =>
    random(4) === 0 ? String.fromCharCode(random(0x3000)) : PIECES[random(PIECES.length)],
  ).join('');
}

/** Throws if anything but a `ConfigError` came of a script. */
export function runScript(script: string): 'taken' | 'refused' {
  const configuration = new Configuration();
  let result: 'taken' | 'refused' = 'taken';
  try {
    new Console(configuration).execute(script, { source: 'fuzz.rsc' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(error.line > 0 && error.column > 0, `no position: ${error.message}`);
    result = 'refused';
  }
  const text = new Console(configuration).execute('/export show-sensitive').output;
  const again = new Configuration();
  load(again, text, 'export.rsc');
  assert.equal(new Console(again).execute('/export show-sensitive').output, text);
  return result;
}

export function fuzzScripts(runs: number, seed: number): { taken: number; refused: number } {
  const random = generator(seed);
  const counts = { taken: 0, refused: 0 };
  for (let run = 0; run < runs; run++) {
    const script = random(5) === 0 ? noise(random) : mutate(CORPUS[random(CORPUS.length)]!, random);
    try {
      counts[runScript(script)]++;
    } catch (error) {
      throw new Error(`seed ${seed}, run ${run}: ${JSON.stringify(script)}`, { cause: error });
    }
  }
  return counts;
}

if (process.argv[1] === import.meta.filename) {
  const seed = Number(process.argv[3] ?? Date.now() & 0xffffffff);
  console.log({ seed, ...fuzzScripts(Number(process.argv[2] ?? 10_000), seed) });
}
