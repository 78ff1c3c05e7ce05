import { modeCases } from './modes.ts';

modeCases('kernel');
