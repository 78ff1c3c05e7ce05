import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError, ProtocolError } from '#lib/errors.js';
import type {
  ChildProposalConfig,
  DhGroupName,
  EncryptionName,
  IkeProposalConfig,
  IntegrityName,
  PrfName,
} from '#lib/ike/config.js';
import type { Proposal } from '#lib/ike/payloads/payload.js';
import {
  acceptChildProposal,
  acceptIkeProposal,
  childProposals,
  describeChildSuite,
  describeIkeSuite,
  describeProposal,
  describeProposals,
  ikeProposals,
  selectChildProposal,
  selectIkeProposal,
} from '#lib/ike/proposal.js';
import {
  dhGroups,
  encryptionAlgorithms,
  integrityAlgorithms,
  plainTransform,
  prfAlgorithms,
  TransformType,
} from '#lib/ike/transform.js';

const none = new Uint8Array(0);
const spi = Uint8Array.of(0xc0, 0xff, 0xee, 1);

const ike = (config: Partial<IkeProposalConfig> = {}): IkeProposalConfig => ({
  encryption: ['aes-128-cbc'],
  integrity: ['sha256-128'],
  prf: ['hmac-sha256'],
  dhGroups: ['modp2048'],
  ...config,
});
const child = (config: Partial<ChildProposalConfig> = {}): ChildProposalConfig => ({
  protocol: 'esp',
  encryption: ['aes-128-cbc'],
  integrity: ['sha256-128'],
  dhGroups: ['modp2048'],
  esn: ['no'],
  ...config,
});

test('AEADs and other ciphers are offered apart', () => {
  const mixed = ike({
    encryption: ['aes-256-gcm', 'aes-128-cbc', 'chacha20-poly1305'],
    dhGroups: ['ecp256', 'modp2048'],
  });
  const offer = ikeProposals([mixed, ike({ encryption: ['3des-cbc'] })], none);
  assert.equal(
    describeProposals(offer),
    'IKE:aes-256-gcm+chacha20-poly1305/none/hmac-sha256/ecp256+modp2048, ' +
      'IKE:aes-128-cbc/sha256-128/hmac-sha256/ecp256+modp2048, IKE:3des-cbc/sha256-128/hmac-sha256/modp2048',
  );
  assert.deepEqual(
    offer.map(({ number }) => number),
    [1, 2, 3],
  );
  assert.ok(offer[0]!.transforms.every(({ type }) => type !== TransformType.INTEG));
  const esp = childProposals([child({ encryption: ['aes-128-cbc', 'aes-128-gcm'], esn: ['yes', 'no'] })], spi, true);
  assert.equal(
    describeProposals(esp),
    'ESP:aes-128-cbc/sha256-128/modp2048/esn+no-esn, ESP:aes-128-gcm/none/modp2048/esn+no-esn',
  );
  assert.deepEqual(esp[1]!.spi, spi);
});

test('IKE_AUTH offers no Diffie-Hellman group, and neither does a CHILD_SA without PFS', () => {
  assert.equal(describeProposals(childProposals([child()], spi, false)), 'ESP:aes-128-cbc/sha256-128/none/no-esn');
  const without = childProposals([child({ dhGroups: ['none'] })], spi, true);
  assert.ok(without[0]!.transforms.every(({ type }) => type !== TransformType.DH));
  const optional = childProposals([child({ dhGroups: ['modp2048', 'none'] })], spi, true);
  assert.equal(describeProposals(optional), 'ESP:aes-128-cbc/sha256-128/modp2048+none/no-esn');
});

test('AH has neither cipher nor an empty integrity', () => {
  const offer = childProposals([child({ protocol: 'ah', encryption: [] })], spi, true);
  assert.equal(describeProposals(offer), 'AH:sha256-128/modp2048/no-esn');
  const choice = selectChildProposal([child({ protocol: 'ah', encryption: [] })], offer, true, 'local')!;
  assert.equal(describeChildSuite(choice.suite), 'AH:sha256-128/modp2048/no-esn');
  assert.equal(
    describeChildSuite(selectChildProposal([child({ protocol: 'ah' })], offer, true, 'peer')!.suite),
    'AH:sha256-128/modp2048/no-esn',
  );
  assert.equal(selectChildProposal([child()], offer, true, 'local'), undefined);
  assert.throws(() => childProposals([child({ protocol: 'ah', integrity: ['none'] })], spi, true), ConfigError);
});

test('configurations that cannot be', () => {
  assert.throws(() => ikeProposals([], none), ConfigError);
  assert.throws(() => ikeProposals([ike({ encryption: [] })], none), ConfigError);
  assert.throws(() => ikeProposals([ike({ encryption: ['null'] })], none), ConfigError);
  assert.throws(() => ikeProposals([ike({ integrity: ['none'] })], none), ConfigError);
  assert.throws(() => ikeProposals([ike({ prf: [] })], none), ConfigError);
  assert.throws(() => ikeProposals([ike({ dhGroups: ['none'] })], none), ConfigError);
  assert.throws(() => childProposals([child({ encryption: ['null'], integrity: ['none'] })], spi, true), ConfigError);
  assert.throws(() => childProposals([child(), child({ protocol: 'ah' })], spi, true), ConfigError);
});

test('whose order decides', () => {
  const ours = [ike({ encryption: ['aes-256-gcm', 'aes-128-cbc'], dhGroups: ['ecp256', 'modp2048'] })];
  const theirs = ikeProposals(
    [ike({ encryption: ['aes-128-cbc', 'aes-256-gcm'], dhGroups: ['modp2048', 'ecp256'] })],
    none,
  );
  const local = selectIkeProposal(ours, theirs, 'local')!;
  assert.equal(describeIkeSuite(local.suite), 'aes-256-gcm/none/hmac-sha256/ecp256');
  assert.equal(local.proposal.number, 2);
  const peer = selectIkeProposal(ours, theirs, 'peer')!;
  assert.equal(describeIkeSuite(peer.suite), 'aes-128-cbc/sha256-128/hmac-sha256/modp2048');
  assert.equal(peer.proposal.number, 1);
});

test('no proposal is chosen where one type has nothing in common', () => {
  const offer = ikeProposals([ike()], none);
  for (const config of [
    ike({ encryption: ['aes-256-cbc'] }),
    ike({ integrity: ['sha1-96'] }),
    ike({ prf: ['hmac-sha1'] }),
    ike({ dhGroups: ['ecp256'] }),
  ]) {
    for (const preference of ['local', 'peer'] as const)
      assert.equal(selectIkeProposal([config], offer, preference), undefined);
  }
  assert.equal(
    selectChildProposal([child({ esn: ['yes'] })], childProposals([child()], spi, true), true, 'local'),
    undefined,
  );
  const noPfs = childProposals([child({ dhGroups: ['none'] })], spi, true);
  assert.equal(selectChildProposal([child()], noPfs, true, 'local'), undefined, 'PFS is not given up');
  assert.ok(selectChildProposal([child()], noPfs, false, 'local'));
  assert.ok(selectChildProposal([child({ dhGroups: ['modp2048', 'none'] })], noPfs, true, 'local'));
});

const edit = (proposal: Proposal, change: Partial<Proposal>): Proposal => ({ ...proposal, ...change });
const add = (proposal: Proposal, type: number, id: number): Proposal =>
  edit(proposal, { transforms: [...proposal.transforms, plainTransform(type, id)] });

test('what a stranger may offer', () => {
  const [offer] = ikeProposals([ike()], none) as [Proposal];
  assert.equal(selectIkeProposal([ike()], [add(offer, 6, 36)], 'local'), undefined, 'a transform type not understood');
  assert.ok(
    selectIkeProposal([ike()], [add(offer, TransformType.ENCR, 1025)], 'local'),
    'an unknown cipher is passed over',
  );
  const attributes = [{ type: 99, short: true, value: Uint8Array.of(0, 1) }];
  const odd = edit(offer, { transforms: offer.transforms.map((transform) => ({ ...transform, attributes })) });
  assert.equal(selectIkeProposal([ike()], [odd], 'local'), undefined, 'an attribute not understood');
  assert.equal(selectIkeProposal([ike()], [edit(offer, { protocol: 3 })], 'local'), undefined);
  assert.equal(selectIkeProposal([ike()], [edit(offer, { spi: Uint8Array.of(1) })], 'local'), undefined);
  // RFC 5282 8: an AEAD may come with NONE, and then so goes the answer.
  const [gcm] = ikeProposals([ike({ encryption: ['aes-128-gcm'] })], none) as [Proposal];
  const chosen = selectIkeProposal(
    [ike({ encryption: ['aes-128-gcm'] })],
    [add(gcm, TransformType.INTEG, 0)],
    'local',
  )!;
  assert.equal(chosen.proposal.transforms.filter(({ type }) => type === TransformType.INTEG).length, 1);
  const withMac = add(gcm, TransformType.INTEG, 12);
  assert.equal(selectIkeProposal([ike({ encryption: ['aes-128-gcm'] })], [withMac], 'local'), undefined);
  // A cipher of one key size comes without a Key Length, one of several with it.
  const [esp] = childProposals([child()], spi, true) as [Proposal];
  const bare = edit(esp, { transforms: esp.transforms.map(({ type, id }) => plainTransform(type, id)) });
  assert.equal(selectChildProposal([child()], [bare], true, 'local'), undefined);
  for (const reserved of [Uint8Array.of(0, 0, 0, 255), Uint8Array.of(0, 0, 0, 0), Uint8Array.of(1, 2, 3)]) {
    assert.equal(selectChildProposal([child()], [edit(esp, { spi: reserved })], true, 'local'), undefined);
  }
  const open = child({ encryption: ['null'], integrity: ['none'] });
  const bareNull = [
    edit(esp, { transforms: [plainTransform(TransformType.ENCR, 11), plainTransform(TransformType.ESN, 0)] }),
  ];
  assert.equal(selectChildProposal([open], bareNull, false, 'local'), undefined, 'neither encryption nor integrity');
});

test('the answer is one of what was offered', () => {
  const offer = ikeProposals(
    [ike({ encryption: ['aes-256-gcm', 'aes-128-cbc'], dhGroups: ['ecp256', 'modp2048'] })],
    none,
  );
  const { proposal } = selectIkeProposal([ike()], offer, 'local')!;
  assert.equal(
    describeIkeSuite(acceptIkeProposal(offer, [proposal]).suite),
    'aes-128-cbc/sha256-128/hmac-sha256/modp2048',
  );
  const wrong: [string, Proposal[]][] = [
    ['no proposal', []],
    ['two proposals', [proposal, proposal]],
    ['another number', [edit(proposal, { number: 3 })]],
    ['the number of another proposal', [edit(proposal, { number: 1 })]],
    ['another protocol', [edit(proposal, { protocol: 3 })]],
    ['an SPI', [edit(proposal, { spi: new Uint8Array(8) })]],
    ['a transform twice', [add(proposal, TransformType.DH, 14)]],
    ['two groups', [add(proposal, TransformType.DH, 19)]],
    [
      'a transform that was not offered',
      [add(edit(proposal, { transforms: proposal.transforms.slice(0, -1) }), TransformType.DH, 2)],
    ],
    [
      'another key length',
      [edit(proposal, { transforms: proposal.transforms.map((t) => (t.keyLength ? { ...t, keyLength: 256 } : t)) })],
    ],
    ['one more type', [add(proposal, TransformType.ESN, 0)]],
    ...proposal.transforms.map((left): [string, Proposal[]] => [
      `no transform of type ${left.type}`,
      [edit(proposal, { transforms: proposal.transforms.filter((transform) => transform !== left) })],
    ]),
  ];
  for (const [what, answer] of wrong) {
    assert.throws(
      () => acceptIkeProposal(offer, answer),
      (error) => error instanceof ProtocolError && error.notify === 'NO_PROPOSAL_CHOSEN',
      what,
    );
  }
  const esp = childProposals([child({ dhGroups: ['none'], encryption: ['aes-128-gcm'] })], spi, true);
  const chosen = {
    ...selectChildProposal([child({ dhGroups: ['none'], encryption: ['aes-128-gcm'] })], esp, true, 'local')!.proposal,
    spi,
  };
  assert.equal(
    describeChildSuite(acceptChildProposal(esp, [add(add(chosen, 3, 0), 4, 0)]).suite),
    'ESP:aes-128-gcm/none/none/no-esn',
  );
  assert.throws(() => acceptChildProposal(esp, [edit(chosen, { spi: Uint8Array.of(0, 0, 0, 9) })]), ProtocolError);
  assert.throws(() => acceptChildProposal(esp, [edit(chosen, { spi: none })]), ProtocolError);
});

const some = <T extends string>(table: Readonly<Record<T, unknown>>, without: readonly T[]) =>
  fc.shuffledSubarray(
    (Object.keys(table) as T[]).filter((name) => !without.includes(name)),
    { minLength: 1, maxLength: 4 },
  );
const ikeConfig: fc.Arbitrary<IkeProposalConfig> = fc.record({
  encryption: some<EncryptionName>(encryptionAlgorithms, ['null']),
  integrity: some<IntegrityName>(integrityAlgorithms, ['none']),
  prf: some<PrfName>(prfAlgorithms, []),
  dhGroups: some<DhGroupName>(dhGroups, ['none']),
});
const childConfig: fc.Arbitrary<ChildProposalConfig> = fc.record({
  protocol: fc.constant('esp' as const),
  encryption: some<EncryptionName>(encryptionAlgorithms, []),
  integrity: some<IntegrityName>(integrityAlgorithms, ['none']),
  dhGroups: some<DhGroupName>(dhGroups, []),
  esn: fc.shuffledSubarray(['yes', 'no'] as const, { minLength: 1 }),
});

test('a choice is accepted by the one who offered, and is in both configurations', () => {
  const preference = fc.constantFrom('local' as const, 'peer' as const);
  fc.assert(
    fc.property(
      fc.array(ikeConfig, { minLength: 1, maxLength: 3 }),
      fc.array(ikeConfig, { minLength: 1, maxLength: 3 }),
      preference,
      (a, b, order) => {
        const offer = ikeProposals(a, none);
        const choice = selectIkeProposal(b, offer, order);
        const common = a.some((x) => b.some((y) => agree(x, y)));
        assert.equal(choice !== undefined, common);
        if (choice === undefined) return;
        assert.deepEqual(acceptIkeProposal(offer, [choice.proposal]).suite, choice.suite);
        for (const configs of [a, b]) {
          assert.ok(
            configs.some(
              (c) => c.encryption.includes(choice.suite.encryption) && c.dhGroups.includes(choice.suite.dhGroup),
            ),
          );
        }
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.array(childConfig, { minLength: 1, maxLength: 3 }),
      fc.array(childConfig, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      preference,
      (a, b, pfs, order) => {
        const offer = childProposals(a, spi, pfs);
        const choice = selectChildProposal(b, offer, pfs, order);
        if (choice === undefined) return;
        assert.deepEqual(acceptChildProposal(offer, [{ ...choice.proposal, spi }]).suite, choice.suite);
        assert.ok(pfs || choice.suite.dhGroup === 'none');
      },
    ),
  );
});

function agree(x: IkeProposalConfig, y: IkeProposalConfig): boolean {
  const common = <T>(p: readonly T[], q: readonly T[]) => p.filter((name) => q.includes(name));
  const encryption = common(x.encryption, y.encryption);
  const mac = common(x.integrity, y.integrity).length > 0;
  const cipher = encryption.some((name) => encryptionAlgorithms[name].aead || mac);
  return cipher && common(x.prf, y.prf).length > 0 && common(x.dhGroups, y.dhGroups).length > 0;
}

test('an offer in words, also of transforms that are not ours', () => {
  const transforms = [
    { type: 1, id: 27, keyLength: 256, attributes: [] },
    { type: 1, id: 12, keyLength: 160, attributes: [] },
    { type: 1, id: 1025, attributes: [] },
    { type: 3, id: 5, attributes: [{ type: 1, short: true, value: Uint8Array.of(0, 0) }] },
    { type: 4, id: 24, attributes: [] },
    { type: 5, id: 2, attributes: [] },
    { type: 6, id: 36, attributes: [] },
  ];
  assert.equal(
    describeProposal({ number: 1, protocol: 3, spi, transforms }),
    'ESP:camellia-ccm-256+aes-cbc-160+encr-1025/aes-xcbc-96-with-attributes/modp2048s256/esn-2/type-6-36',
  );
  assert.equal(describeProposals([]), 'nothing');
  assert.equal(describeProposal({ number: 1, protocol: 7, spi, transforms: [] }), 'protocol-7:none/none/none/none');
  const many = Array.from({ length: 255 }, (_, id) => plainTransform(1, 1000 + id));
  assert.ok(describeProposal({ number: 1, protocol: 3, spi, transforms: many }).length < 500);
});
