/** The command line is wrong: answered with the usage and exit status 2. */
export class UsageError extends Error {}

export const defaultSocket = '/run/routeplane/control.sock';
