/** The lab: network namespaces, links, captures and peers for the tests that cross a network. */
export { Capture, type DecodedLayers, decodePcap } from './capture.ts';
export { decryptionTableLine, type IkeKeys, loggedKeys } from './ike-keys.ts';
export { type Exit, LabProcess, run, type SpawnOptions } from './lab-process.ts';
export { missingKernelFeature, Namespace, type PingResult, removeStaleNamespaces } from './namespace.ts';
export { networkPackages, requirePackages, strongSwanPackages } from './packages.ts';
export { readPcap, type WireKind, type WirePacket } from './pcap.ts';
export { onProcessEnd } from './process-end.ts';
export { Routeplane, routeplaneCommand } from './routeplane.ts';
export type { Settings } from './settings.ts';
export { type SiteToSite, sites, siteToSite } from './site-to-site.ts';
export { StrongSwan, type StrongSwanChild, type StrongSwanOptions, type StrongSwanSa } from './strongswan.ts';
export { type End, type Impairment, Topology } from './topology.ts';
export { until } from './until.ts';
