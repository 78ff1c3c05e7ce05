// Writes docs/menus.md from the menus' schemas; with --check only says whether it is up to date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { allMenus, unsupportedMenus } from '../dist/routeros/index.js';

const file = resolve(import.meta.dirname, '../docs/menus.md');

const KINDS = {
  list: 'A list of items',
  settings: 'One set of properties',
  state: 'Read-only rows of the running router',
  counters: 'Read-only counters of the running router',
};
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text) => (text === '' ? '' : `\`${cell(text)}\``);
const words = (list) => list.map((word) => `\`${word}\``).join(', ');

function remarks(property) {
  const conditions = (when) =>
    Object.entries(when)
      .map(([name, value]) => `\`${name}=${value}\``)
      .join(' and ');
  return [
    property.required && !property.generate && 'Required.',
    property.requiredWhen && `Required with ${conditions(property.requiredWhen)}.`,
    property.generate && `If not given, \`${property.generate}1\` and so on.`,
    property.sensitive && 'Shown only with `show-sensitive`.',
    property.supported && `Only ${words(property.supported)} yet.`,
    property.extensionWords && `Not in RouterOS: ${words(property.extensionWords)}.`,
    property.bare && 'The name alone sets it.',
  ].filter(Boolean);
}

function table(menu) {
  const row = (p) =>
    `| \`${p.name}\` | ${cell(p.type.label)} | ${code(p.default ?? '')} | ${[cell(p.description), ...remarks(p)].join(' ')} |`;
  const writable = menu.properties.filter((p) => !p.readOnly);
  const readOnly = menu.properties.filter((p) => p.readOnly);
  const lines = [];
  if (writable.length > 0)
    lines.push('', '| property | value | default | |', '|---|---|---|---|', ...writable.map(row));
  if (readOnly.length > 0)
    lines.push(
      '',
      '| read-only | value | |',
      '|---|---|---|',
      ...readOnly.map(
        (p) => `| \`${p.name}\` | ${cell(p.type.label)} | ${[cell(p.description), ...remarks(p)].join(' ')} |`,
      ),
    );
  return lines;
}

function section(menu) {
  const lines = [
    '',
    `## ${menu.path}`,
    '',
    `${menu.description} ${KINDS[menu.kind]}${menu.ordered ? ', in order' : ''}.`,
  ];
  const flags = (menu.flags ?? []).flat();
  if (flags.length > 0) lines.push('', `Flags: ${flags.map((f) => `\`${f.letter}\` ${f.property}`).join(', ')}.`);
  for (const item of menu.defaults ?? []) {
    const values = Object.entries(item.values).map(([name, value]) => `${name}=${value}`);
    lines.push('', `Always there: \`${values.join(' ')}\`.`);
  }
  lines.push(...table(menu));
  const commands = menu.commands ?? [];
  if (commands.length > 0) lines.push('', 'Commands:', '');
  for (const { name, description, extension } of commands)
    lines.push(`- \`${name}\`: ${description}${extension ? ' Not in RouterOS.' : ''}`);
  const retired = Object.entries(menu.retired ?? {});
  if (retired.length > 0) lines.push('', 'Of older RouterOS, refused with what to write instead:', '');
  for (const [name, instead] of retired) lines.push(`- \`${name}\`: ${instead}`);
  if (menu.unsupported?.length > 0) lines.push('', `Not supported yet: ${words([...menu.unsupported].sort())}.`);
  return lines;
}

const text = [
  '# Menus',
  '',
  'Made by `scripts/menu-docs.mjs` from the schemas in `lib/routeros/menus`; do not edit.',
  '',
  ...allMenus.map((m) => `- [${m.path}](#${m.path.slice(1).replaceAll(' ', '-')})`),
  ...allMenus.flatMap(section),
  '',
  '## Known and not supported yet',
  '',
  'These menus of RouterOS are refused by name:',
  '',
  ...[...unsupportedMenus].sort().map((path) => `- ${path}`),
  '',
].join('\n');

if (process.argv.includes('--check')) {
  let there = '';
  try {
    there = readFileSync(file, 'utf8');
  } catch {
    // Not there is not up to date.
  }
  if (there !== text) {
    console.error('docs/menus.md is not up to date: run node scripts/menu-docs.mjs');
    process.exitCode = 1;
  }
} else {
  mkdirSync(resolve(file, '..'), { recursive: true });
  writeFileSync(file, text);
}
