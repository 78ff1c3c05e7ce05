// A datagram of XFRM messages through every decoder; what was decoded can be written again.
#include <cstddef>
#include <cstdint>

#include "netlink/message.h"
#include "xfrm/database_info.h"
#include "xfrm/event.h"

namespace {

template <class Record>
void again(const Record& record, uint16_t type) {
  try {
    record.request(type);
  } catch (const rp::ArgumentError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rp::netlink::Bytes datagram(data, size);
  while (const auto message = rp::netlink::nextMessage(datagram)) {
    rp::netlink::decodeAcknowledgement(*message);
    rp::xfrm::SadInfo::decode(*message);
    rp::xfrm::SpdInfo::decode(*message);
    rp::xfrm::DefaultPolicy::decode(*message);
    if (const auto sa = rp::xfrm::Sa::decode(*message)) again(*sa, XFRM_MSG_NEWSA);
    const auto event = rp::xfrm::decodeEvent(*message);
    if (!event) continue;
    if (const auto* changed = std::get_if<rp::xfrm::SaChanged>(&*event)) {
      if (changed->sa.dst.toString().empty()) __builtin_trap();
      for (const auto& algorithm : {changed->sa.aead, changed->sa.encryption, changed->sa.integrity})
        if (algorithm && !algorithm->key.empty()) __builtin_trap();
    }
    if (const auto* policy = std::get_if<rp::xfrm::PolicyChanged>(&*event)) again(policy->policy, XFRM_MSG_NEWPOLICY);
    if (const auto* ae = std::get_if<rp::xfrm::AsyncEvent>(&*event)) again(*ae, XFRM_MSG_NEWAE);
  }
  return 0;
}
