#include "netlink/message.h"

namespace rp::netlink {
namespace {

constexpr uint16_t kAttributeMissingType = 5;  // NLMSGERR_ATTR_MISS_TYPE, Linux 6.1

void decodeExtack(Bytes tlvs, Acknowledgement& acknowledgement) {
  for (const Attribute& a : Attributes(tlvs)) {
    if (a.type == NLMSGERR_ATTR_MSG) acknowledgement.extack = a.asString();
    if (a.type == NLMSGERR_ATTR_OFFS) acknowledgement.attributeOffset = a.as<uint32_t>();
    if (a.type == kAttributeMissingType) acknowledgement.missingType = a.as<uint32_t>();
  }
}

}  // namespace

std::optional<Message> nextMessage(Bytes& datagram) {
  Message message;
  if (datagram.size() < sizeof message.header) return std::nullopt;
  std::memcpy(&message.header, datagram.data(), sizeof message.header);
  const size_t length = message.header.nlmsg_len;
  if (length < NLMSG_HDRLEN || length > datagram.size()) return std::nullopt;
  message.payload = datagram.subspan(NLMSG_HDRLEN, length - NLMSG_HDRLEN);
  const size_t aligned = NLMSG_ALIGN(length);
  datagram = datagram.subspan(aligned < datagram.size() ? aligned : datagram.size());
  return message;
}

std::optional<Acknowledgement> decodeAcknowledgement(const Message& message) {
  const uint16_t type = message.header.nlmsg_type;
  if (type != NLMSG_ERROR && type != NLMSG_DONE) return std::nullopt;
  const auto error = message.fixed<int32_t>();
  if (!error && type == NLMSG_ERROR) return std::nullopt;
  Acknowledgement acknowledgement;
  // The kernel sends a negative errno; anything positive (a byte count after a dump) is success.
  if (error && *error < 0 && *error > INT32_MIN) acknowledgement.error = -*error;
  if ((message.header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return acknowledgement;

  size_t offset = NLMSG_ALIGN(sizeof(int32_t));
  if (type == NLMSG_ERROR) {
    const auto echoed = message.fixed<nlmsgerr>();
    if (!echoed) return acknowledgement;
    offset = sizeof(nlmsgerr);
    // Without NETLINK_CAP_ACK the request's payload is repeated between the header and the attributes.
    if ((message.header.nlmsg_flags & NLM_F_CAPPED) == 0 && echoed->msg.nlmsg_len > NLMSG_HDRLEN) {
      offset += NLMSG_ALIGN(static_cast<size_t>(echoed->msg.nlmsg_len) - NLMSG_HDRLEN);
    }
  }
  if (offset < message.payload.size()) decodeExtack(message.payload.subspan(offset), acknowledgement);
  return acknowledgement;
}

}  // namespace rp::netlink
