// Compiled, never run: what routeplane/routeros promises to who writes TypeScript against it.
import {
  type Change,
  type ConfigError,
  Configuration,
  Console,
  type Item,
  type MenuProvider,
  reload,
} from '#lib/routeros/index.js';

export function use(text: string): readonly Change[] {
  const provider: MenuProvider = {
    rows: (menu) => (menu === '/log' ? [{ id: '*1', values: { message: 'here' } }] : undefined),
    // @ts-expect-error values are text, as the menus write it
    state: () => ({ active: true }),
  };
  const configuration = new Configuration({ provider });
  const output: string = new Console(configuration).execute(text, { source: 'router.rsc', atomic: true }).output;
  const remove: () => void = configuration.onChange((changes) => changes.map(({ kind }) => kind));
  remove();
  const [item] = configuration.items('/ip ipsec peer');
  // @ts-expect-error a menu may be empty
  item.values;
  const first: Item | undefined = item;
  // @ts-expect-error an item never changes: a change makes a new one
  if (first !== undefined) first.values['name'] = output;
  configuration.transaction((draft) => {
    draft.add('/ip ipsec peer', { name: 'a', address: undefined });
    // @ts-expect-error a property has text
    draft.add('/ip ipsec peer', { port: 500 });
  });
  return reload(configuration, text);
}

export function where(error: ConfigError): string {
  // @ts-expect-error an error does not change where it was
  error.line = 1;
  return `${error.source}:${error.line}:${error.column} ${error.path} ${error.property} ${error.nearest}`;
}
