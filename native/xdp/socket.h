// One AF_XDP socket: one queue of one interface, with its four rings over a UMEM.
#pragma once
#include <linux/if_xdp.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/fd.h"
#include "xdp/ring.h"
#include "xdp/umem.h"

namespace rp::xdp {

enum class Binding : uint8_t { kAny, kCopy, kZeroCopy };

struct SocketOptions {
  std::string interface;  // its name, in the network namespace of the caller
  uint32_t queue = 0;
  uint32_t ringEntries = 2048;  // each of the four; a power of two
  Binding binding = Binding::kAny;
  uint32_t busyPollMicroseconds = 0;  // 0: off (SO_PREFER_BUSY_POLL, Linux 5.11)
  uint32_t busyPollBudget = 64;
};

// What the kernel counted (XDP_STATISTICS).
struct SocketStatistics {
  uint64_t rxDropped = 0;  // no frame in the fill ring, or the packet does not fit into one
  uint64_t rxInvalid = 0;  // descriptors of ours that cannot be
  uint64_t txInvalid = 0;
  uint64_t rxRingFull = 0;
  uint64_t fillRingEmpty = 0;
  uint64_t txRingEmpty = 0;
};

// A packet in the UMEM: `address` is the offset of its first byte.
struct Frame {
  uint64_t address;
  uint32_t bytes;
};

class Socket {
 public:
  // Several sockets may have one UMEM if each has another queue or interface: `sibling` is one that has it already.
  // Throws ArgumentError, SystemError (naming interface and queue), UnsupportedError.
  Socket(std::shared_ptr<Umem> umem, const SocketOptions& options, const Socket* sibling = nullptr);

  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_.get(); }
  unsigned interfaceIndex() const { return index_; }
  // False once the interface is gone, of which the socket says nothing: it stays silent for ever.
  bool attached() const;
  uint32_t queue() const { return options_.queue; }
  bool zeroCopy() const { return zeroCopy_; }
  const Umem& umem() const { return *umem_; }
  const std::shared_ptr<Umem>& sharedUmem() const { return umem_; }
  bool busyPolling() const { return busyPolling_; }

  // Up to frames.size() packets that have arrived. They are the caller's until it gives each one back with release(),
  // or sends it. Refills the fill ring.
  size_t receive(std::span<Frame> frames);
  void release(std::span<const Frame> frames);
  // A frame to write a packet into; Umem::kNone if all are in use.
  uint64_t allocate() { return umem_->take(); }
  // Queues packets and tells the kernel; how many it took. Those are the kernel's, and come back by themselves; the
  // others stay the caller's.
  size_t send(std::span<const Frame> frames);
  // Takes back the frames of packets that have left. receive() and send() do it too.
  size_t reclaim();
  // Packets handed to the kernel that have not left yet.
  uint32_t inFlight() const { return inFlight_; }

  SocketStatistics statistics() const;

 private:
  void open(const Socket* sibling);
  void open(const Socket* sibling, uint16_t flags);
  void configure(const Socket* sibling);
  template <class RingType>
  RingType map(uint64_t page, const xdp_ring_offset& offsets, size_t entryBytes);
  void refill();
  void kick();
  std::string where() const;

  std::shared_ptr<Umem> umem_;
  SocketOptions options_;
  Fd fd_;
  unsigned index_ = 0;
  uint8_t number_ = 0;
  bool zeroCopy_ = false, busyPolling_ = false;
  uint32_t inFlight_ = 0;
  ProducerRing<uint64_t> fill_;
  ConsumerRing<uint64_t> completion_;
  ConsumerRing<xdp_desc> rx_;
  ProducerRing<xdp_desc> tx_;
};

}  // namespace rp::xdp
