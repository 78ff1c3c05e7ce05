/** What was typed at a console, out of a text that shows prompts and answers too. */

const PROMPT = /^(\s*)\[[^\]\s@]+@[^\]]*\]( ?)([^>\n]{0,200})>/;
const CONTINUED = /^(\s*)(\\|\{)\.\.\. ?/;

/**
 * The commands of a transcript, each where it was: line and column stay. `[admin@MikroTik] /ip ipsec peer> print` becomes
 * `/ip ipsec peer; print`. Text that does not begin with a prompt is a script and stays as it is.
 */
export function readTranscript(text: string): string {
  const lines = text.split('\n');
  if (!PROMPT.test(lines.find((line) => line.trim() !== '') ?? '')) return text;
  let continued = false;
  return lines
    .map((line) => {
      const prompt = PROMPT.exec(line);
      let command = '';
      if (prompt) {
        const path = prompt[3]!.trim().replace(/^\//, '');
        // The slash takes the place of the bracket, so that the path keeps its column.
        const lead = prompt[0].length - 1 - prompt[3]!.length - (prompt[3]!.startsWith('/') ? 0 : 1);
        command = `${' '.repeat(Math.max(0, lead))}/${prompt[3]!.startsWith('/') ? prompt[3]!.slice(1) : prompt[3]};`;
        if (path === '') command = `${' '.repeat(Math.max(0, prompt[0].length - 2))}/;`;
        command += line.slice(prompt[0].length);
      } else if (CONTINUED.test(line)) {
        command = line.replace(CONTINUED, (all) => ' '.repeat(all.length));
      } else if (continued) command = line;
      continued = /\\\s*$/.test(command) && command !== '';
      return command;
    })
    .join('\n');
}
