// So many PTP slaves as one program: Delay_Req from each in turn, a bounded number on their way, and a count of what is
// answered. Frames go through a packet socket, so that each slave has an address and a clockIdentity of its own.
//
//   ptp_slaves INTERFACE l2|ipv4 SLAVES SECONDS
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr int kBatch = 32;
/// Requests without an answer yet: fewer than a socket's buffer holds.
constexpr int kWindow = 128;
constexpr size_t kEthernet = 14;
constexpr size_t kIpUdp = 28;
/// IEEE 1588-2008 13.6, and the type of a Delay_Resp (table 19).
constexpr size_t kDelayReq = 44;
constexpr uint8_t kDelayResp = 9;
constexpr uint16_t kPtp = 0x88f7;

using Frame = std::array<uint8_t, 96>;

void put(uint8_t* at, uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; i--, value >>= 8) at[i] = static_cast<uint8_t>(value);
}

uint16_t checksum(const uint8_t* data, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i < size; i += 2) sum += static_cast<uint32_t>(data[i] << 8 | data[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

size_t build(Frame& frame, bool udp, uint32_t slave, uint16_t sequence) {
  static constexpr uint8_t kL2[] = {0x01, 0x1b, 0x19, 0, 0, 0};
  static constexpr uint8_t kGroup[] = {0x01, 0, 0x5e, 0, 0x01, 0x81};
  frame.fill(0);
  std::memcpy(frame.data(), udp ? kGroup : kL2, 6);
  frame[6] = 0x02;
  put(&frame[8], slave, 4);
  put(&frame[12], udp ? ETHERTYPE_IP : kPtp, 2);
  uint8_t* message = &frame[kEthernet];
  if (udp) {
    uint8_t* ip = message;
    ip[0] = 0x45;
    put(ip + 2, kIpUdp + kDelayReq, 2);
    ip[8] = 1;
    ip[9] = IPPROTO_UDP;
    put(ip + 12, 0x0a000100 + slave, 4);
    put(ip + 16, 0xe0000181, 4);
    put(ip + 10, checksum(ip, 20), 2);
    put(ip + 20, 319, 2);
    put(ip + 22, 319, 2);
    put(ip + 24, 8 + kDelayReq, 2);
    message += kIpUdp;
  }
  message[0] = 1;
  message[1] = 2;
  put(message + 2, kDelayReq, 2);
  put(message + 20, 0x0200'0000'0000'0000ULL + slave, 8);
  put(message + 28, 1, 2);
  put(message + 30, sequence, 2);
  message[32] = 1;
  message[33] = 0x7f;
  return kEthernet + (udp ? kIpUdp : 0) + kDelayReq;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const bool udp = std::string_view(argv[2]) == "ipv4";
  const auto slaves = static_cast<uint32_t>(std::atoi(argv[3]));
  const std::chrono::duration<double> length(std::atof(argv[4]));
  const int socket = ::socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(udp ? ETHERTYPE_IP : kPtp);
  address.sll_ifindex = static_cast<int>(if_nametoindex(argv[1]));
  if (socket < 0 || bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    std::perror("ptp_slaves");
    return 1;
  }
  std::vector<Frame> out(kBatch);
  std::vector<std::array<uint8_t, 256>> in(kBatch);
  std::array<iovec, kBatch> outVectors{};
  std::array<iovec, kBatch> inVectors{};
  std::array<mmsghdr, kBatch> outMessages{};
  std::array<mmsghdr, kBatch> inMessages{};
  for (size_t i = 0; i < kBatch; i++) {
    inVectors[i] = {in[i].data(), in[i].size()};
    inMessages[i].msg_hdr.msg_iov = &inVectors[i];
    inMessages[i].msg_hdr.msg_iovlen = 1;
    outMessages[i].msg_hdr.msg_iov = &outVectors[i];
    outMessages[i].msg_hdr.msg_iovlen = 1;
  }
  const size_t type = kEthernet + (udp ? kIpUdp : 0);
  uint64_t sent = 0;
  uint64_t answered = 0;
  uint64_t lost = 0;
  int underWay = 0;
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - began < length) {
    if (underWay + kBatch <= kWindow) {
      for (size_t i = 0; i < kBatch; i++) {
        const uint64_t n = sent + i;
        const auto round = static_cast<uint16_t>(n / slaves);
        outVectors[i] = {out[i].data(), build(out[i], udp, static_cast<uint32_t>(n % slaves), round)};
      }
      const int count = sendmmsg(socket, outMessages.data(), kBatch, 0);
      if (count > 0) {
        sent += static_cast<uint64_t>(count);
        underWay += count;
      }
    }
    const int count = recvmmsg(socket, inMessages.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; i++) {
      const auto at = static_cast<size_t>(i);
      if (inMessages[at].msg_len <= type || (in[at][type] & 0x0f) != kDelayResp) continue;
      answered++;
      if (underWay > 0) underWay--;
    }
    if (count > 0 || underWay + kBatch <= kWindow) continue;
    pollfd ready{socket, POLLIN, 0};
    if (poll(&ready, 1, 100) == 0) {
      lost += static_cast<uint64_t>(underWay);
      underWay = 0;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("{\"answered\":%llu,\"lost\":%llu,\"seconds\":%.3f}\n", static_cast<unsigned long long>(answered),
              static_cast<unsigned long long>(lost), took.count());
  return 0;
}
