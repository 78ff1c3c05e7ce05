// The cipher side as Ethernet frames of one interface, past the kernel's IP: AF_XDP, or AF_PACKET where that is not to
// be had. What such a port cannot send the sockets do.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "dataplane/cipher_frame.h"
#include "rtnl/next_hops.h"

namespace rp::dataplane {

// One queue of one interface, or one thread's share of it. Of one thread.
class FramePort {
 public:
  // What receive() brings at most, and what flush() sends at once.
  static constexpr size_t kPackets = 64;
  static constexpr uint32_t kHeadroom = ReceiveBuffers::kHeadroom;
  static constexpr uint32_t kEthernet = 14;

  virtual ~FramePort() = default;

  // Readable when something has arrived.
  virtual int fd() const = 0;
  virtual unsigned interfaceIndex() const = 0;
  // False once the interface is gone.
  virtual bool attached() const = 0;
  virtual uint16_t natPort() const = 0;
  // "AF_XDP native, copy", "AF_PACKET".
  virtual std::string mode() const = 0;

  // What has arrived, at most kPackets; valid until release(). Writable bytes are in front of and behind each.
  virtual std::span<const CipherFrame> receive() = 0;
  // Packets of the last batch that were not what the port asks for, or malformed.
  virtual size_t refused() const = 0;
  virtual void release() = 0;

  // Queues a whole IP packet, which stays where it is until flush(). False: no room, or it is too long.
  virtual bool send(std::span<const uint8_t> packet, const rtnl::NextHop& hop) = 0;
  // How many of those that were queued are lost, because the device is slower than we are.
  virtual size_t flush() = 0;
};

// What the ports of one interface share: which packets are theirs.
class FrameInterface {
 public:
  virtual ~FrameInterface() = default;

  virtual const std::string& name() const = 0;
  // The addresses of this host are these: what goes elsewhere is the kernel's.
  virtual void setAddresses(std::span<const Address> addresses) = 0;
  // Of how many ports: queues of the device, or one for each of so many threads.
  virtual uint32_t ports(uint32_t threads) const = 0;
  // Port `index`, with memory for so many frames. Throws SystemError, UnsupportedError.
  virtual std::unique_ptr<FramePort> port(uint32_t index, uint32_t threads, uint32_t frames) = 0;
};

}  // namespace rp::dataplane
