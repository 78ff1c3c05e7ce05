#include "dataplane/xdp_port.h"

#include <linux/if_ether.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "esp/ip_header.h"

namespace rp::dataplane {
namespace {

// In front of each packet stands what XDP keeps free.
constexpr uint32_t kFront = 256 + FramePort::kEthernet, kLongestIn2K = 2048 - kFront - ReceiveBuffers::kTailroom,
                   kLongestIn4K = 4096 - kFront - ReceiveBuffers::kTailroom;

uint32_t frameBytes(const std::string& interface) {
  const auto link = rtnl::RouteNetlink().link(0, interface);
  const uint32_t mtu = link ? link->mtu : 0;
  if (mtu > kLongestIn4K) throw UnsupportedError("AF_XDP on " + interface + ", whose MTU is " + std::to_string(mtu));
  return mtu > kLongestIn2K ? 4096 : 2048;
}

xdp::Steering steering(uint16_t natPort) {
  xdp::Steering s;
  s.protocols = {esp::kEsp, esp::kAh};
  s.espInUdpPorts = {natPort};
  return s;
}

}  // namespace

XdpInterface::XdpInterface(const std::string& name, uint16_t natPort)
    : name_(name), natPort_(natPort), program_(name, steering(natPort)) {}

XdpPort::XdpPort(std::shared_ptr<XdpInterface> interface, uint32_t queue, uint32_t frames)
    : interface_(std::move(interface)),
      umem_(std::make_shared<xdp::Umem>(
          xdp::UmemOptions{.frames = frames, .frameBytes = frameBytes(interface_->name())})) {
  xdp::SocketOptions options{.interface = interface_->name(), .queue = queue};
  options.ringEntries = frames / 2;
  socket_ = std::make_unique<xdp::Socket>(umem_, options);
  interface_->program().add(*socket_);
}

std::unique_ptr<FramePort> XdpInterface::port(uint32_t index, uint32_t, uint32_t frames) {
  return std::make_unique<XdpPort>(shared_from_this(), index, frames);
}

std::string XdpPort::mode() const {
  std::string text = std::string(interface_->program().native() ? "AF_XDP native" : "AF_XDP generic") +
                     (socket_->zeroCopy() ? ", zero-copy" : ", copy");
  if (const auto& why = interface_->program().fallback(); !why.empty()) text += " (" + why + ")";
  return text;
}

void XdpInterface::setAddresses(std::span<const Address> addresses) {
  const auto in = [](std::span<const Address> list, const Address& a) {
    return std::ranges::find(list, a) != list.end();
  };
  for (const Address& a : addresses)
    if (!in(addresses_, a)) program_.addAddress(a);
  for (const Address& a : addresses_)
    if (!in(addresses, a)) program_.removeAddress(a);
  addresses_.assign(addresses.begin(), addresses.end());
}

std::span<const CipherFrame> XdpPort::receive() {
  release();
  received_ = socket_->receive(frames_);
  size_t n = 0;
  for (size_t i = 0; i < received_; ++i) {
    const uint64_t end = (frames_[i].address | (umem_->frameBytes() - 1)) + 1;
    const bool room = frames_[i].address + frames_[i].bytes + ReceiveBuffers::kTailroom <= end;
    if (room && readFrame({umem_->data() + frames_[i].address, frames_[i].bytes}, interface_->natPort(), arrived_[n]))
      ++n;
  }
  refused_ = received_ - n;
  return {arrived_.data(), n};
}

void XdpPort::release() {
  socket_->release({frames_.data(), received_});
  received_ = 0;
}

bool XdpPort::send(std::span<const uint8_t> packet, const rtnl::NextHop& hop) {
  if (packet.size() > hop.mtu || packet.size() + kEthernet > umem_->frameBytes()) return false;
  if (queue_ == kPackets) transmit();
  uint64_t at = socket_->allocate();
  if (at == xdp::Umem::kNone && socket_->reclaim() > 0) at = socket_->allocate();
  if (at == xdp::Umem::kNone) return false;
  uint8_t* const frame = umem_->data() + at;
  std::memcpy(frame, hop.destination.data(), 6);
  std::memcpy(frame + 6, hop.source.data(), 6);
  storeBe16(frame + 12, packet[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
  std::memcpy(frame + kEthernet, packet.data(), packet.size());
  queued_[queue_++] = {at, static_cast<uint32_t>(packet.size() + kEthernet)};
  return true;
}

void XdpPort::transmit() {
  if (queue_ == 0) return;
  const size_t n = socket_->send({queued_.data(), queue_});
  // A ring that is full is a device that is slower than we are: as a full socket buffer would, it drops.
  lost_ += queue_ - n;
  socket_->release({queued_.data() + n, queue_ - n});
  queue_ = 0;
}

size_t XdpPort::flush() {
  transmit();
  return std::exchange(lost_, 0);
}

}  // namespace rp::dataplane
