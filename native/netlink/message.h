// Netlink messages as they arrive: bounded iteration over one datagram.
#pragma once
#include <optional>
#include <string>

#include "netlink/attribute.h"

namespace rp::netlink {

struct Message {
  nlmsghdr header{};
  Bytes payload;  // what follows nlmsghdr

  // The fixed struct of this message family, or nothing if the message is too short for it.
  template <class H>
  std::optional<H> fixed() const {
    return Attribute{0, payload}.as<H>();
  }
  // The attributes behind a fixed struct of type H.
  template <class H>
  Attributes attributes() const {
    constexpr size_t offset = NLMSG_ALIGN(sizeof(H));
    return Attributes(payload.size() < offset ? Bytes{} : payload.subspan(offset));
  }
};

// The next message of `datagram`, which is advanced past it; nothing at the end or at a message that does not fit.
std::optional<Message> nextMessage(Bytes& datagram);

// What NLMSG_ERROR or NLMSG_DONE said: errno (0 is success) and the extended acknowledgement, if there was one.
struct Acknowledgement {
  int error = 0;
  std::string extack;
  std::optional<uint32_t> attributeOffset;  // NLMSGERR_ATTR_OFFS: from the start of the request's nlmsghdr
  std::optional<uint32_t> missingType;      // NLMSGERR_ATTR_MISS_TYPE
};

// Nothing if `message` is neither NLMSG_ERROR nor NLMSG_DONE, or too short to be one.
std::optional<Acknowledgement> decodeAcknowledgement(const Message& message);

}  // namespace rp::netlink
