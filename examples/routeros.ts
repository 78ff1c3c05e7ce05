/**
 * RouterOS configuration without a router: read it, change it, print it, be told of changes.
 * Run: `npx tsc -b && node build/examples/routeros.js`.
 */
import { ConfigError, Configuration, Console, load, reload } from 'routeplane/routeros';

const file = `/ip ipsec peer
add address=192.168.80.1/32 exchange-mode=ike2 name=site2
/ip ipsec identity
add peer=site2 secret=thisisnotasecurepsk
/ip ipsec policy
add src-address=10.1.202.0/24 dst-address=10.1.101.0/24 tunnel=yes peer=site2
`;

const configuration = new Configuration();
configuration.onChange((changes) => {
  for (const { kind, menu, id } of changes) console.log(`changed: ${kind} ${menu} ${id}`);
});
configuration.onValidate((change) => {
  const mode = change.after?.values['exchange-mode'];
  if (mode !== undefined && mode !== 'ike2')
    throw new ConfigError(`exchange-mode=${mode} is not for this router`, change.menu, 'exchange-mode');
});

// All of the file or nothing of it.
load(configuration, file, 'site1.rsc');

// One operator at the console.
const operator = new Console(configuration);
console.log(operator.execute('/ip ipsec policy print').output);
console.log(operator.execute('/ip ipsec peer print where name~"^site"').output);

// A program at the same store.
configuration.transaction((draft) => {
  draft.add('/ip ipsec peer', { name: 'site3', address: '192.168.70.1', 'exchange-mode': 'ike2' });
  draft.add('/ip ipsec identity', { peer: 'site3', secret: '0x00112233' });
});
console.log(configuration.named('/ip ipsec peer', 'site3')?.values['address']);

// The file again, with a change: only that is told.
reload(configuration, file.replace('192.168.80.1', '192.168.80.2'), 'site1.rsc');
console.log(operator.execute('/export show-sensitive').output);

try {
  operator.execute('/ip ipsec peer set site2 adress=192.168.80.3', { source: 'console' });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.log(error.message);
}
