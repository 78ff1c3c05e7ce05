export { SystemService, type SystemServiceOptions } from './service.ts';
