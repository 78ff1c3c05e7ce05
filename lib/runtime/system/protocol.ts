/**
 * Routes (RTA_PROTOCOL) and addresses (IFA_PROTO) of the configuration carry this number, so that they are known again
 * after a daemon that was killed. Free among the numbers of `/etc/iproute2/rt_protos`.
 */
export const configurationProtocol = 83;
