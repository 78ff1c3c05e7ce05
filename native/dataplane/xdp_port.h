// The cipher side over AF_XDP: ESP and AH as protocols, and in UDP, of one queue of one interface, past the kernel.
// What it cannot send the sockets do.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/frame_port.h"
#include "xdp/program.h"
#include "xdp/socket.h"

namespace rp::dataplane {

// The program of one interface, shared by the ports of its queues.
class XdpInterface final : public FrameInterface, public std::enable_shared_from_this<XdpInterface> {
 public:
  // Throws what xdp::Program does.
  XdpInterface(const std::string& name, uint16_t natPort);

  const std::string& name() const override { return name_; }
  uint16_t natPort() const { return natPort_; }
  xdp::Program& program() { return program_; }
  void setAddresses(std::span<const Address> addresses) override;
  uint32_t ports(uint32_t) const override { return xdp::queues(name_); }
  std::unique_ptr<FramePort> port(uint32_t index, uint32_t threads, uint32_t frames) override;

 private:
  std::string name_;
  uint16_t natPort_;
  xdp::Program program_;
  std::vector<Address> addresses_;
};

class XdpPort final : public FramePort {
 public:
  // `frames` of 2 KiB, half of them to receive into. Throws what xdp::Socket does.
  XdpPort(std::shared_ptr<XdpInterface> interface, uint32_t queue, uint32_t frames);

  int fd() const override { return socket_->fd(); }
  bool attached() const override { return socket_->attached(); }
  unsigned interfaceIndex() const override { return socket_->interfaceIndex(); }
  uint16_t natPort() const override { return interface_->natPort(); }
  // "AF_XDP native, zero-copy", "AF_XDP generic, copy (no native XDP on ...)".
  std::string mode() const override;

  std::span<const CipherFrame> receive() override;
  size_t refused() const override { return refused_; }
  void release() override;
  bool send(std::span<const uint8_t> packet, const rtnl::NextHop& hop) override;
  size_t flush() override;

 private:
  void transmit();

  std::shared_ptr<XdpInterface> interface_;
  std::shared_ptr<xdp::Umem> umem_;
  std::unique_ptr<xdp::Socket> socket_;
  std::array<xdp::Frame, kPackets> frames_{}, queued_{};
  size_t received_ = 0, refused_ = 0, queue_ = 0, lost_ = 0;
  std::array<CipherFrame, kPackets> arrived_{};
};

}  // namespace rp::dataplane
