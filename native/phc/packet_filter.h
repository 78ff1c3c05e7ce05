// The filter of a packet socket: PTP over Ethernet, without a VLAN tag (a tagged frame belongs to the VLAN's device).
#pragma once

namespace rp::phc {

void attachPtpFilter(int fd);

}  // namespace rp::phc
