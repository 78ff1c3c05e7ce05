/** Route netlink: links, addresses, routes, policy rules and neighbours of the calling thread's network namespace. */
export { NetlinkError } from '../errors.ts';
export type { AddressFilter, AddressSpec, InterfaceAddress } from './address.ts';
export { type Family, RT_TABLE, RTPROT, type Scope } from './constants.ts';
export type { Link, LinkChange, LinkFilter, LinkSpec, LinkStatistics, OperState, Tunnel } from './link.ts';
export { Monitor, type MonitorOptions, type NetworkChange } from './monitor.ts';
export type { Neighbour, NeighbourFilter, NeighbourSpec } from './neighbour.ts';
export type { Nexthop, Route, RouteFilter, RouteQuery, RouteSpec, RouteType } from './route.ts';
export { type Refusals, RouteNetlink } from './route-netlink.ts';
export type { Rule, RuleAction, RuleFilter, RulePorts, RuleSpec } from './rule.ts';
