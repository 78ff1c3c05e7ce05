/** A table before it has a form. */
export interface Grid {
  readonly title: string;
  /** Those whose name begins with `<` stand at the left, numbers at the right. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const nameOf = (column: string): string => column.replace(/^</, '');

export function gridText({ title, columns, rows }: Grid): string {
  const names = columns.map(nameOf);
  const widths = names.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]!.startsWith('<') ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [title, line(names), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line), ''].join('\n');
}

export function gridMarkdown({ title, columns, rows }: Grid): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = columns.map((column) => (column.startsWith('<') ? ':--' : '--:'));
  return [`### ${title}`, '', line(columns.map(nameOf)), line(rule), ...rows.map(line), ''].join('\n');
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export function gridHtml({ title, columns, rows }: Grid): string {
  const kind = columns.map((column) => (column.startsWith('<') ? ' class="l"' : ''));
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell, i) => `<${tag}${kind[i]}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const body = rows.map((row) => cells('td', row)).join('\n');
  return `<h3>${escapeHtml(title)}</h3>
<div class="scroll"><table><thead>${cells('th', columns.map(nameOf))}</thead><tbody>
${body}
</tbody></table></div>`;
}
