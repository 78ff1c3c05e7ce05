// The control messages that carry timestamps: SCM_TIMESTAMPING, and the error that numbers a transmitted packet.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <optional>

namespace rp::phc {

enum class Stamping : uint8_t { software, hardware };

// What one received message carries about time.
struct StampMessage {
  // CLOCK_REALTIME or the PTP hardware clock, by what was asked for; nothing if the message came without.
  std::optional<int64_t> stampNs;
  // On the error queue: the number of the packet that was sent (SOF_TIMESTAMPING_OPT_ID).
  std::optional<uint32_t> id;
};

// Pure: reads msg_control of `message`, which recvmsg filled. A control message of a wrong length is none.
StampMessage decodeStamp(const msghdr& message, Stamping stamping);

}  // namespace rp::phc
