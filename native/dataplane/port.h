// The cipher side: one socket, of one IP version, that ESP or IKE comes and goes through.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <span>
#include <vector>

#include "base/fd.h"
#include "dataplane/arena.h"
#include "dataplane/endpoint.h"

namespace rp::dataplane {

enum class PortKind : uint8_t {
  kIke,     // UDP 500
  kNat,     // UDP 4500: IKE behind a marker, and ESP (RFC 3948)
  kNatIke,  // the same port again, for IKE: its queues are not those that ESP fills
  kEsp,     // IP protocol 50
  kAh,      // IP protocol 51, to receive only
  kDirect,  // whole IP packets, to send only: what passes in the clear, transport mode
};

// A datagram, or several of equal length that the kernel joined (UDP_GRO).
struct Received {
  std::span<uint8_t> data;
  // Length of each but the last.
  uint32_t segmentBytes = 0;
  Endpoint remote;
  Address local;
  uint8_t tos = 0, ttl = 64;
  // IPv6 header directly in front of `data`, made again where the socket keeps it to itself.
  uint16_t headerBytes = 0;
  bool truncated = false;
};

// Where recvmmsg writes: shared by the ports of one thread, because each batch is finished before the next is read.
class ReceiveBuffers {
 public:
  static constexpr size_t kMessages = 16;  // at most
  // Writable bytes in front of every datagram.
  static constexpr uint32_t kHeadroom = 256;
  static constexpr size_t kBytes = 65536;
  // And behind.
  static constexpr uint32_t kTailroom = 64;

  explicit ReceiveBuffers(size_t messages = kMessages);

  size_t messages() const { return messages_.size(); }

 private:
  friend class Port;
  static constexpr size_t kStride = kHeadroom + kBytes + kTailroom;
  static constexpr size_t kControl = 512;
  Arena memory_;
  Arena control_;
  std::vector<mmsghdr> messages_;
  std::vector<iovec> vectors_;
  std::vector<sockaddr_storage> names_;
  std::vector<Received> received_;
};

class Port {
 public:
  // Whether others may be bound to the same port: the first of them takes it from everybody else, the further ones come
  // to it.
  enum class Share : uint8_t { alone, first, further };

  // Opens and binds. `version` is 4 or 6, `number` the UDP port (0 for the others), `socketBytes` the kernel's buffer
  // in each direction. Throws SystemError naming address and port, UnsupportedError for IPv6 that the kernel does not
  // have.
  Port(PortKind kind, int version, uint16_t number, uint32_t mark, int socketBytes = kSocketBytes,
       Share share = Share::alone);

  // Of all that share the port: the first one bound gets IKE, the `sockets` after it a share of the SPIs each.
  void steer(uint32_t sockets) const;

  PortKind kind() const { return kind_; }
  int version() const { return version_; }
  uint16_t number() const { return number_; }
  int fd() const { return fd_.get(); }

  // What has arrived, `most` datagrams of at most ReceiveBuffers::kMessages; valid until the buffers are used again.
  // Never waits.
  std::span<Received> receive(ReceiveBuffers& buffers, size_t most = ReceiveBuffers::kMessages) const;
  // One datagram, from any thread. False if the socket buffer is full. Throws SystemError on other failures.
  bool send(const Address& source, const Endpoint& destination, std::span<const iovec> parts) const;

 private:
  static constexpr int kSocketBytes = 4 << 20;

  void configure(uint32_t mark, int socketBytes);
  void set(int level, int option, int value, const char* name);

  Fd fd_;
  PortKind kind_;
  int version_;
  uint16_t number_;
};

}  // namespace rp::dataplane
