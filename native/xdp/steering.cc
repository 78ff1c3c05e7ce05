#include "xdp/steering.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/error.h"
#include "xdp/assembler.h"

namespace rp::xdp {
namespace {

// struct xdp_md
constexpr int16_t kData = 0, kDataEnd = 4, kQueue = 16;
constexpr int16_t kEthernet = 14;

// Register use: r6 context, r7 first byte of the packet, r8 end of it, r9 transport header; r0-r5 are free.
class Writer {
 public:
  explicit Writer(const Steering& steering, int sockets, int addresses)
      : steering_(steering), sockets_(sockets), addresses_(addresses) {}

  std::vector<bpf_insn> write() {
    Assembler::Label v4, v6;
    a_.move(R6, R1);
    if (steering_.all) return finish();
    a_.load32(R7, R6, kData);
    a_.load32(R8, R6, kDataEnd);
    need(R7, kEthernet);
    a_.load16(R5, R7, 12);
    // A VLAN tag is none of these: tagged packets are those of other interfaces.
    for (const uint16_t type : steering_.etherTypes) a_.jumpIfEqual(R5, htons(type), redirect_);
    a_.jumpIfEqual(R5, htons(ETH_P_IP), v4);
    a_.jumpIfEqual(R5, htons(ETH_P_IPV6), v6);
    a_.jump(pass_);
    a_.bind(v4);
    ipv4();
    a_.bind(v6);
    ipv6();
    a_.bind(udp_);
    udp();
    return finish();
  }

 private:
  // The packet has `bytes` from `from` on, or passes.
  void need(Register from, int32_t bytes) {
    a_.move(R4, from);
    a_.add(R4, bytes);
    a_.jumpIfGreater(R4, R8, pass_);
  }

  void ipv4() {
    need(R7, kEthernet + 20);
    // Fragments are the kernel's to put together; it hands the whole to the socket of the protocol.
    a_.load16(R5, R7, kEthernet + 6);
    a_.jumpIfBitsSet(R5, htons(0x3fff), pass_);
    if (steering_.onlyAddresses) {
      a_.store32(R10, -16, 0);
      a_.store32(R10, -12, 0);
      a_.store32(R10, -8, static_cast<int32_t>(htonl(0xffff)));
      a_.load32(R5, R7, kEthernet + 16);
      a_.store32(R10, -4, R5);
      ours();
    }
    a_.load8(R0, R7, kEthernet);
    a_.bitAnd(R0, 0x0f);
    a_.jumpIfLess(R0, 5, pass_);
    a_.shiftLeft(R0, 2);
    a_.move(R9, R7);
    a_.add(R9, kEthernet);
    a_.add(R9, R0);
    a_.load8(R5, R7, kEthernet + 9);
    protocols();
  }

  // With extension headers it is the kernel's, which finds the protocol behind them.
  void ipv6() {
    need(R7, kEthernet + 40);
    if (steering_.onlyAddresses) {
      for (int16_t i = 0; i < 16; i += 4) {
        a_.load32(R5, R7, static_cast<int16_t>(kEthernet + 24 + i));
        a_.store32(R10, static_cast<int16_t>(i - 16), R5);
      }
      ours();
    }
    a_.move(R9, R7);
    a_.add(R9, kEthernet + 40);
    a_.load8(R5, R7, kEthernet + 6);
    protocols();
  }

  void ours() {
    a_.loadMap(R1, addresses_);
    a_.move(R2, R10);
    a_.add(R2, -16);
    a_.call(BPF_FUNC_map_lookup_elem);
    a_.jumpIfEqual(R0, 0, pass_);
  }

  void protocols() {
    for (const uint8_t protocol : steering_.protocols) a_.jumpIfEqual(R5, protocol, redirect_);
    if (!steering_.udpPorts.empty() || !steering_.espInUdpPorts.empty()) a_.jumpIfEqual(R5, IPPROTO_UDP, udp_);
    a_.jump(pass_);
  }

  void udp() {
    if (steering_.udpPorts.empty() && steering_.espInUdpPorts.empty()) return;
    Assembler::Label marked;
    need(R9, 8);
    a_.load16(R5, R9, 2);
    for (const uint16_t port : steering_.udpPorts) a_.jumpIfEqual(R5, htons(port), redirect_);
    for (const uint16_t port : steering_.espInUdpPorts) a_.jumpIfEqual(R5, htons(port), marked);
    a_.jump(pass_);
    a_.bind(marked);
    if (steering_.espInUdpPorts.empty()) return;
    need(R9, 12);
    a_.load32(R5, R9, 8);
    a_.jumpIfEqual(R5, 0, pass_);
  }

  std::vector<bpf_insn> finish() {
    a_.bind(redirect_);
    a_.loadMap(R1, sockets_);
    a_.load32(R2, R6, kQueue);
    // What becomes of it where no socket has the queue (Linux 5.3).
    a_.move(R3, XDP_PASS);
    a_.call(BPF_FUNC_redirect_map);
    a_.exit();
    // The verifier refuses what is never reached.
    if (steering_.all) return a_.code();
    a_.bind(pass_);
    a_.move(R0, XDP_PASS);
    a_.exit();
    return a_.code();
  }

  const Steering& steering_;
  const int sockets_, addresses_;
  Assembler a_;
  Assembler::Label pass_, redirect_, udp_;
};

}  // namespace

std::vector<bpf_insn> assemble(const Steering& steering, int sockets, int addresses) {
  constexpr size_t kMost = 64;
  if (steering.etherTypes.size() > kMost || steering.protocols.size() > kMost || steering.udpPorts.size() > kMost ||
      steering.espInUdpPorts.size() > kMost) {
    throw ArgumentError("steering: a list of more than 64");
  }
  const bool none = !steering.all && steering.etherTypes.empty() && steering.protocols.empty() &&
                    steering.udpPorts.empty() && steering.espInUdpPorts.empty();
  if (none) throw ArgumentError("steering: nothing is steered");
  return Writer(steering, sockets, addresses).write();
}

}  // namespace rp::xdp
