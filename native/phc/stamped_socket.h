// A socket for PTP messages on one interface, with a timestamp for each that comes and for each event message that
// goes.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "phc/destination.h"
#include "phc/stamp_message.h"
#include "phc/transmit_stamps.h"

namespace rp::phc {

struct SocketSpec {
  std::string interface;
  Transport transport = Transport::ethernet;
  // UDP: kEventPort or kGeneralPort. An Ethernet socket carries both kinds.
  uint16_t port = kEventPort;
  Stamping stamping = Stamping::software;
  // Multicast addresses to join.
  std::vector<std::string> groups;
  // Multicast TTL and hop limit (IEEE 1588-2008 Annex D.3: 1 for peer delay; link-local by default for all).
  uint8_t ttl = 1;
  uint8_t dscp = 0;
  // SO_PRIORITY: the queue, and the PCP of a VLAN device by its egress map.
  uint8_t priority = 0;
  // A throw-away frame before each message that is to be stamped: where the kernel takes the stamps, the path is awake
  // then, and the stamps are closer to the wire.
  bool warmUp = false;
  // Ethernet: listens before a bridge that the interface is a port of takes the frame.
  bool beforeBridge = false;
  // Hardware stamps in the time of this virtual clock (/dev/ptpN), a child of the interface's; -1 is none. Linux 5.13.
  int32_t virtualClock = -1;
};

// What to do about the time at which a message leaves.
enum class TransmitStamp : uint8_t {
  none,
  wanted,   // comes back with its cookie
  oneStep,  // the hardware writes it into the message
};

struct StampedMessage {
  std::span<const uint8_t> data;  // the PTP message; valid until the handler returns
  std::optional<int64_t> stampNs;
  const sockaddr_storage* source;
};

class StampedSocket {
 public:
  static constexpr size_t kMessageBytes = 2048, kBatch = 32;

  explicit StampedSocket(const SocketSpec& spec);

  int fd() const { return fd_.get(); }
  Destination destination(const std::string& text) const;

  // Returns 0, or the errno of what was not sent; then no stamp comes. `deadlineNs` is CLOCK_MONOTONIC.
  int send(const Destination& to, std::span<const uint8_t> message, TransmitStamp stamp, uint32_t cookie,
           int64_t deadlineNs);

  // Those that wait, at most kBatch; returns how many. What is too long for a message is counted and dropped.
  // SystemError when the socket can receive no more (the interface is gone).
  template <class Handler>
  size_t receive(Handler&& handler) {
    const size_t count = fill();
    for (size_t i = 0; i < count; ++i) {
      if (const auto message = decode(i)) handler(*message);
    }
    return count;
  }

  struct Transmitted {
    uint32_t cookie;
    int64_t stampNs;
  };
  // Stamps that came, and cookies of those that were lost.
  std::vector<Transmitted> readStamps();
  std::vector<uint32_t> lostStamps(int64_t nowNs);
  std::optional<int64_t> nextDeadline() const { return stamps_.nextDeadline(); }

  uint64_t truncated() const { return truncated_; }

 private:
  void openEthernet(const SocketSpec& spec);
  void openUdp4(const SocketSpec& spec);
  void openUdp6(const SocketSpec& spec);
  void openWarmUp(const SocketSpec& spec);
  void setTimestamping(bool numbered);
  size_t fill();
  std::optional<StampedMessage> decode(size_t index);

  SocketSpec spec_;
  uint32_t index_ = 0;
  Fd fd_;
  Fd warmUp_;
  Destination warmUpTo_;
  TransmitStamps stamps_;
  std::vector<uint32_t> lost_;
  uint64_t truncated_ = 0;
  struct Slots;
  struct SlotsDeleter {
    void operator()(Slots* slots) const;
  };
  std::unique_ptr<Slots, SlotsDeleter> slots_;
};

}  // namespace rp::phc
