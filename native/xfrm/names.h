// The words for XFRM numbers, as ip-xfrm(8) writes them.
#pragma once
#include <netinet/in.h>

#include "netlink/name.h"
#include "xfrm/uapi.h"

namespace rp::xfrm {

using netlink::Name;

inline constexpr Name kProtocols[] = {{IPPROTO_ESP, "esp"},
                                      {IPPROTO_AH, "ah"},
                                      {IPPROTO_COMP, "comp"},
                                      {IPPROTO_ROUTING, "route2"},
                                      {IPPROTO_DSTOPTS, "hao"},
                                      {0, "any"},
                                      {255, "any"}};
inline constexpr Name kModes[] = {
    {XFRM_MODE_TRANSPORT, "transport"},   {XFRM_MODE_TUNNEL, "tunnel"}, {XFRM_MODE_ROUTEOPTIMIZATION, "ro"},
    {XFRM_MODE_IN_TRIGGER, "in_trigger"}, {XFRM_MODE_BEET, "beet"},     {kModeIptfs, "iptfs"}};
inline constexpr Name kDirections[] = {{XFRM_POLICY_IN, "in"}, {XFRM_POLICY_OUT, "out"}, {XFRM_POLICY_FWD, "fwd"}};
inline constexpr Name kSaDirections[] = {{kSaDirectionIn, "in"}, {kSaDirectionOut, "out"}};
inline constexpr Name kActions[] = {{XFRM_POLICY_ALLOW, "allow"}, {XFRM_POLICY_BLOCK, "block"}};
inline constexpr Name kPolicyTypes[] = {{XFRM_POLICY_TYPE_MAIN, "main"}, {XFRM_POLICY_TYPE_SUB, "sub"}};
inline constexpr Name kShares[] = {
    {XFRM_SHARE_ANY, "any"}, {XFRM_SHARE_SESSION, "session"}, {XFRM_SHARE_USER, "user"}, {XFRM_SHARE_UNIQUE, "unique"}};
inline constexpr Name kEncapsulations[] = {{2, "espinudp"}, {1, "espinudp-nonike"}, {7, "espintcp"}};
inline constexpr Name kDefaults[] = {{XFRM_USERPOLICY_BLOCK, "block"}, {XFRM_USERPOLICY_ACCEPT, "accept"}};

}  // namespace rp::xfrm
