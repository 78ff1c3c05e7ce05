// ESP and AH of one interface over AF_PACKET, for interfaces without AF_XDP: received in a ring (TPACKET_V2) before the
// kernel's IP, and sent past its routing and queueing (PACKET_QDISC_BYPASS).
#pragma once
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/mapping.h"
#include "dataplane/frame_port.h"
#include "nft/table.h"

namespace rp::dataplane {

// A tap shows packets and leaves them to the kernel, which would hand them to the raw sockets once more: a table of
// nf_tables drops behind it just what it takes. ESP in UDP stays the socket's, where UDP_GRO is faster.
class PacketInterface final : public FrameInterface, public std::enable_shared_from_this<PacketInterface> {
 public:
  // Throws SystemError if there is no such interface, UnsupportedError if it is no Ethernet, its MTU is too long or the
  // kernel lacks nf_tables.
  PacketInterface(const std::string& name, uint16_t natPort);

  const std::string& name() const override { return name_; }
  uint16_t natPort() const { return natPort_; }
  uint32_t frameBytes() const { return frameBytes_; }
  std::shared_ptr<const std::vector<Address>> addresses() const { return addresses_; }
  void setAddresses(std::span<const Address> addresses) override;
  uint32_t ports(uint32_t threads) const override { return threads; }
  std::unique_ptr<FramePort> port(uint32_t index, uint32_t threads, uint32_t frames) override;

 private:
  std::string name_;
  uint16_t natPort_;
  uint32_t frameBytes_ = 0;
  std::unique_ptr<nft::Table> table_;
  // Replaced by the first thread while others look.
  std::atomic<std::shared_ptr<const std::vector<Address>>> addresses_ = std::make_shared<const std::vector<Address>>();
  std::optional<uint16_t> group_;  // PACKET_FANOUT, if there are several threads
};

class PacketPort final : public FramePort {
 public:
  // A ring of `frames` packets. Throws SystemError.
  PacketPort(std::shared_ptr<PacketInterface> interface, uint32_t frames);

  // Joins the others of its interface: packets of an SA are one thread's, by their SPI. Without `group` it makes a new
  // one; returns its number.
  uint16_t join(std::optional<uint16_t> group, uint32_t threads);

  int fd() const override { return fd_.get(); }
  unsigned interfaceIndex() const override { return index_; }
  bool attached() const override;
  uint16_t natPort() const override { return interface_->natPort(); }
  std::string mode() const override { return "AF_PACKET"; }
  std::span<const CipherFrame> receive() override;
  size_t refused() const override { return refused_; }
  void release() override;
  bool send(std::span<const uint8_t> packet, const rtnl::NextHop& hop) override;
  size_t flush() override;

 private:
  void transmit();
  uint8_t* frame(uint32_t index) const { return ring_.data() + size_t{index} * frameBytes_; }

  std::shared_ptr<PacketInterface> interface_;
  unsigned index_ = 0;
  uint32_t frameBytes_;
  Fd fd_;
  Mapping ring_;
  uint32_t frames_, next_ = 0, held_ = 0;
  size_t refused_ = 0, queue_ = 0, lost_ = 0;
  std::array<CipherFrame, kPackets> arrived_{};
  std::array<std::array<uint8_t, kEthernet>, kPackets> headers_{};
  std::array<std::array<iovec, 2>, kPackets> vectors_{};
  std::array<mmsghdr, kPackets> messages_{};
};

}  // namespace rp::dataplane
