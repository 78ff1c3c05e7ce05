/** Settings in strongSwan's file format: sections are objects, lists are joined with commas. */
export interface Settings {
  readonly [key: string]: string | number | boolean | readonly string[] | Settings;
}

/** strongswan.conf(5), swanctl.conf(5). Every value is quoted, so that secrets and DNs may hold any character but `"`. */
export function formatSettings(settings: Settings, indent = ''): string {
  return Object.entries(settings)
    .map(([key, value]) => {
      if (typeof value === 'object' && !Array.isArray(value)) {
        return `${indent}${key} {\n${formatSettings(value as Settings, `${indent}  `)}${indent}}\n`;
      }
      const text = Array.isArray(value)
        ? value.join(',')
        : value === true
          ? 'yes'
          : value === false
            ? 'no'
            : `${value}`;
      return `${indent}${key} = "${text}"\n`;
    })
    .join('');
}

/** A section of `swanctl --raw`. */
export interface RawSection {
  readonly [key: string]: string | readonly string[] | RawSection;
}

/** One line of `swanctl --raw`: `name event {key=value list=[a b] section {...}}`, as the value of `name event`. */
export function parseRaw(line: string): RawSection {
  const open = line.indexOf('{');
  let at = open + 1;
  const section = (): RawSection => {
    const result: Record<string, string | readonly string[] | RawSection> = {};
    for (;;) {
      while (line[at] === ' ') at++;
      if (at >= line.length || line[at] === '}') {
        at++;
        return result;
      }
      const key = /^[^ ={]+/.exec(line.slice(at))?.[0] ?? '';
      at += key.length;
      if (line.startsWith('=[', at)) {
        const end = line.indexOf(']', at);
        result[key] = line
          .slice(at + 2, end)
          .split(' ')
          .filter(Boolean);
        at = end + 1;
      } else if (line[at] === '=') {
        // A value may hold blanks: it ends before the next key, section or brace.
        const value = /^=(.*?)(?=}| [^ ={}]+(?:=| \{))/.exec(line.slice(at));
        if (!value) throw new Error(`swanctl printed what cannot be read: ${line.slice(at)}`);
        result[key] = value[1]!;
        at += value[0].length;
      } else {
        at = line.indexOf('{', at) + 1;
        result[key] = section();
      }
    }
  };
  return section();
}
