// Joins decrypted packets of one flow into super-packets for the TUN device: one write, one trip through the stack.
#pragma once
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "dataplane/arena.h"
#include "dataplane/flow.h"
#include "dataplane/segmenter.h"

namespace rp::dataplane {

// Keeps pointers to the longer packets' payloads: flush() before their buffer is used again.
class Coalescer {
 public:
  // Called with the virtio header, the IP packet behind it in pieces, and how many packets it stands for.
  using Write = std::function<void(std::span<const iovec> parts, uint32_t packets, uint32_t bytes)>;

  Coalescer(Write write, bool joinUdp) : write_(std::move(write)), joinUdp_(joinUdp), joined_(kJoinedBytes) {}

  // `packet` is a whole IP packet of `flow`.
  void add(std::span<const uint8_t> packet, const Flow& flow);
  // Joins `packet` if it continues what is being joined: then it is of the same addresses, protocol and ports, and its
  // checksums are right. Its length by its own header, or 0 if it is another's.
  uint32_t extend(std::span<const uint8_t> packet);
  void flush();

 private:
  static constexpr size_t kMaxPackets = 128;
  static constexpr uint32_t kMaxBytes = 65000;
  static constexpr size_t kMaxHeaders = 40 + 60;
  // A payload up to this is copied behind the one before it: dearer for the kernel is another piece of memory.
  static constexpr uint32_t kCopied = 600;
  // Virtio header and headers end here, and copied payloads follow.
  static constexpr size_t kPayloadAt = 128;
  static constexpr size_t kJoinedBytes = kPayloadAt + 65536;

  // Transport header length of a packet that may be joined with others; 0 if it may not.
  uint32_t joinable(std::span<const uint8_t> packet, const Flow& flow) const;
  // Whether the checksums of IPv4 and of TCP or UDP are right: a super-packet gets one checksum for all, and a packet
  // whose own is wrong must not be laundered by it.
  bool intact(std::span<const uint8_t> packet, uint32_t network, uint8_t protocol) const;
  bool sameNetworkHeader(const uint8_t* packet) const;
  bool sameTcpHeader(const uint8_t* transport) const;
  void start(std::span<const uint8_t> packet, const Flow& flow, uint32_t headers);
  void append(const uint8_t* payload, uint32_t bytes);
  void writeAlone(std::span<const uint8_t> packet);

  Write write_;
  bool joinUdp_;
  // Virtio header, headers, copied payloads.
  Arena joined_;
  // The first is that of the headers.
  std::array<iovec, kMaxPackets + 1> parts_{};
  std::span<const uint8_t> first_;
  uint8_t* headers_ = nullptr;
  uint32_t count_ = 0, pieces_ = 0, headerBytes_ = 0, network_ = 0, segment_ = 0, payload_ = 0, copied_ = 0;
  uint32_t nextSequence_ = 0;
  bool tcp_ = false, closed_ = false;
};

}  // namespace rp::dataplane
