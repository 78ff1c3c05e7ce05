#include "dataplane/path_mtu.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "dataplane/endpoint.h"

namespace rp::dataplane {

uint32_t pathMtu(const Address& destination, uint32_t mark) {
  const bool v4 = destination.version == 4;
  // Connecting a datagram socket sends nothing; any port but 0 will do.
  const Fd fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) return 0;
  sockaddr_storage name{};
  const socklen_t size = Endpoint{destination, 4500}.to(name);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&name), size) != 0) return 0;
  int mtu = 0;
  socklen_t length = sizeof mtu;
  if (::getsockopt(fd.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &length) != 0) return 0;
  return mtu > 0 ? static_cast<uint32_t>(mtu) : 0;
}

uint32_t pathMtuOf(Sa& sa, uint32_t mark, uint64_t nowNs) {
  constexpr uint64_t kAgeNs = 5'000'000'000;
  if (sa.pathMtuAtNs != 0 && nowNs - sa.pathMtuAtNs <= kAgeNs) return sa.pathMtu;
  sa.pathMtu = pathMtu(sa.key().dst, mark);
  sa.pathMtuAtNs = nowNs;
  if (sa.padsToPath) sa.out().setPadTo(sa.pathMtu == 0 ? 0 : sa.out().maximumPayload(sa.pathMtu));
  return sa.pathMtu;
}

}  // namespace rp::dataplane
