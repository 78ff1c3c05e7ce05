import { suiteCases } from './suites.ts';

suiteCases('kernel', 'routeplane');
suiteCases('kernel', 'strongswan');
