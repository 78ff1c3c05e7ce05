#include "dataplane/packet_port.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "dataplane/packet_steering.h"
#include "rtnl/route_netlink.h"

namespace rp::dataplane {
namespace {

constexpr uint32_t kFramesOfBlock = 32;
// What the kernel writes in front of the headroom: its own header, the address and 16 bytes for that of the link.
constexpr uint32_t kKernelBytes = TPACKET_ALIGN(TPACKET2_HDRLEN + 16);

uint32_t longest(uint32_t frameBytes) {
  return frameBytes - kKernelBytes - FramePort::kHeadroom - ReceiveBuffers::kTailroom;
}

uint32_t statusOf(uint8_t* frame) {
  auto* const header = reinterpret_cast<tpacket2_hdr*>(frame);
  return std::atomic_ref(header->tp_status).load(std::memory_order_acquire);
}

}  // namespace

PacketInterface::PacketInterface(const std::string& name, uint16_t natPort) : name_(name), natPort_(natPort) {
  const auto link = rtnl::RouteNetlink().link(0, name);
  if (!link) throw SystemError(ENODEV, "if_nametoindex", name);
  if (link->type != ARPHRD_ETHER) throw UnsupportedError("AF_PACKET on " + name + ", which is no Ethernet");
  if (link->mtu > longest(4096))
    throw UnsupportedError("AF_PACKET on " + name + ", whose MTU is " + std::to_string(link->mtu));
  frameBytes_ = link->mtu > longest(2048) ? 4096 : 2048;
  // By its number too: the interface may vanish and return while this is still there.
  table_ = std::make_unique<nft::Table>("routeplane-" + name + "-" + std::to_string(link->index),
                                        nft::Hook::ingress(name), std::vector<const char*>{});
}

void PacketInterface::setAddresses(std::span<const Address> addresses) {
  addresses_ = std::make_shared<const std::vector<Address>>(addresses.begin(), addresses.end());
  try {
    table_->replace(packetRules(addresses));
  } catch (const SystemError&) {
    // The interface is gone, and the kernel has taken the chain along.
  }
}

std::unique_ptr<FramePort> PacketInterface::port(uint32_t, uint32_t threads, uint32_t frames) {
  auto port = std::make_unique<PacketPort>(shared_from_this(), frames);
  if (threads > 1) group_ = port->join(group_, threads);
  return port;
}

PacketPort::PacketPort(std::shared_ptr<PacketInterface> interface, uint32_t frames)
    : interface_(std::move(interface)),
      frameBytes_(interface_->frameBytes()),
      // Without a protocol it gets nothing yet.
      fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      frames_(std::max(frames, kFramesOfBlock)) {
  if (!fd_) throw SystemError(errno, "socket", errno == EPERM ? "AF_PACKET (needs CAP_NET_RAW)" : "AF_PACKET");
  const auto link = rtnl::RouteNetlink().link(0, interface_->name());
  if (!link) throw SystemError(ENODEV, "if_nametoindex", interface_->name());
  index_ = link->index;
  const auto set = [&](int option, const auto& value, const char* name) {
    if (::setsockopt(fd_.get(), SOL_PACKET, option, &value, sizeof value) != 0)
      throw SystemError(errno, "setsockopt", name);
  };
  set(PACKET_VERSION, int{TPACKET_V2}, "PACKET_VERSION");
  set(PACKET_RESERVE, unsigned{kHeadroom}, "PACKET_RESERVE");
  set(PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS");
  const std::vector<sock_filter> filter = packetFilter();
  const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw SystemError(errno, "setsockopt", "SO_ATTACH_FILTER");
  const uint32_t block = kFramesOfBlock * frameBytes_, blocks = frames_ / kFramesOfBlock;
  set(PACKET_RX_RING, tpacket_req{block, blocks, frameBytes_, frames_}, "PACKET_RX_RING");
  const size_t bytes = size_t{block} * blocks;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_.get(), 0);
  if (memory == MAP_FAILED) throw SystemError(errno, "mmap", "the ring of AF_PACKET");
  ring_ = Mapping(memory, bytes);
  // Taps of all protocols stand in front of the interface's ingress chain, those of one protocol behind it.
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index_);
  if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw SystemError(errno, "bind", interface_->name());
  for (size_t i = 0; i < kPackets; ++i) {
    messages_[i].msg_hdr.msg_iov = vectors_[i].data();
    messages_[i].msg_hdr.msg_iovlen = vectors_[i].size();
  }
}

uint16_t PacketPort::join(std::optional<uint16_t> group, uint32_t threads) {
  const uint32_t kind = PACKET_FANOUT_CBPF | (group ? 0 : PACKET_FANOUT_FLAG_UNIQUEID);
  uint32_t value = kind << 16 | group.value_or(0);
  socklen_t bytes = sizeof value;
  if (::setsockopt(fd_.get(), SOL_PACKET, PACKET_FANOUT, &value, bytes) != 0 ||
      ::getsockopt(fd_.get(), SOL_PACKET, PACKET_FANOUT, &value, &bytes) != 0)
    throw SystemError(errno, "setsockopt", "PACKET_FANOUT");
  const std::vector<sock_filter> filter = packetFanout(threads);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
  if (::setsockopt(fd_.get(), SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program) != 0)
    throw SystemError(errno, "setsockopt", "PACKET_FANOUT_DATA");
  return static_cast<uint16_t>(value);
}

bool PacketPort::attached() const {
  ifreq request{};
  interface_->name().copy(request.ifr_name, sizeof request.ifr_name - 1);
  return ::ioctl(fd_.get(), SIOCGIFINDEX, &request) == 0 && static_cast<uint32_t>(request.ifr_ifindex) == index_;
}

std::span<const CipherFrame> PacketPort::receive() {
  release();
  refused_ = 0;
  const auto addresses = interface_->addresses();
  size_t n = 0;
  for (; held_ < kPackets; ++held_) {
    uint8_t* const slot = frame((next_ + held_) % frames_);
    if ((statusOf(slot) & TP_STATUS_USER) == 0) break;
    const auto header = load<tpacket2_hdr>(slot);
    CipherFrame& out = arrived_[n];
    const bool whole = header.tp_snaplen == header.tp_len && header.tp_mac < frameBytes_ &&
                       header.tp_snaplen + ReceiveBuffers::kTailroom <= frameBytes_ - header.tp_mac;
    if (!whole || !readFrame({slot + header.tp_mac, header.tp_snaplen}, natPort(), out))
      ++refused_;
    else if (std::ranges::find(*addresses, out.received.local) != addresses->end())
      ++n;  // the others are the kernel's to forward
  }
  if (held_ == 0) {
    // An interface that is gone is an error of the socket, which would be told for ever.
    int error;
    socklen_t bytes = sizeof error;
    (void)::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes);
  }
  return {arrived_.data(), n};
}

void PacketPort::release() {
  for (; held_ > 0; --held_) {
    auto* const header = reinterpret_cast<tpacket2_hdr*>(frame(next_));
    std::atomic_ref(header->tp_status).store(TP_STATUS_KERNEL, std::memory_order_release);
    next_ = (next_ + 1) % frames_;
  }
}

bool PacketPort::send(std::span<const uint8_t> packet, const rtnl::NextHop& hop) {
  if (packet.size() > hop.mtu) return false;
  if (queue_ == kPackets) transmit();
  uint8_t* const header = headers_[queue_].data();
  std::memcpy(header, hop.destination.data(), 6);
  std::memcpy(header + 6, hop.source.data(), 6);
  storeBe16(header + 12, packet[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
  vectors_[queue_] = {iovec{header, kEthernet}, iovec{const_cast<uint8_t*>(packet.data()), packet.size()}};
  ++queue_;
  return true;
}

void PacketPort::transmit() {
  const size_t n = std::exchange(queue_, 0);
  for (size_t sent = 0; sent < n;) {
    const int some = ::sendmmsg(fd_.get(), &messages_[sent], static_cast<unsigned>(n - sent), MSG_DONTWAIT);
    if (some > 0) {
      sent += static_cast<size_t>(some);
    } else if (errno != EINTR) {
      lost_ += n - sent;
      return;
    }
  }
}

size_t PacketPort::flush() {
  transmit();
  return std::exchange(lost_, 0);
}

}  // namespace rp::dataplane
