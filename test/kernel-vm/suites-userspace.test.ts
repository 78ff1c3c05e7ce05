import { suiteCases } from './suites.ts';

suiteCases('userspace', 'routeplane');
suiteCases('userspace', 'strongswan');
