#include "dataplane/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "dataplane/sysctl.h"

namespace rp::dataplane {
namespace {

// linux/if_tun.h since 6.2; headers of 6.1 lack them.
constexpr unsigned kTunFUso4 = 0x20, kTunFUso6 = 0x40;

ifreq request(const std::string& name) {
  ifreq r{};
  std::memcpy(r.ifr_name, name.data(), name.size());
  return r;
}

const std::string& deviceName(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of(std::string("/%: \0", 5)) != std::string::npos)
    throw ArgumentError("device: not an interface name: " + name);
  return name;
}

void check(int result, const char* what, const std::string& name) {
  if (result < 0) throw SystemError(errno, "ioctl", std::string(what) + " " + name);
}

}  // namespace

static_assert(IFF_MULTI_QUEUE == 0x0100);

Tun::Tun(const std::string& name, uint32_t mtu, int flags) : name_(name), flags_(flags), mtu_(mtu) {
  fd_ = Fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd_) throw SystemError(errno, "open", "/dev/net/tun");
  ifreq r = request(name);
  r.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | flags);
  check(::ioctl(fd_.get(), TUNSETIFF, &r), "TUNSETIFF", name);
  index_ = static_cast<int>(::if_nametoindex(name.c_str()));
  const unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  udpSegmentation_ = ::ioctl(fd_.get(), TUNSETOFFLOAD, offloads | kTunFUso4 | kTunFUso6) == 0;
  if (!udpSegmentation_) check(::ioctl(fd_.get(), TUNSETOFFLOAD, offloads), "TUNSETOFFLOAD", name);
}

Tun Tun::queue() const { return Tun(name_, mtu_, IFF_MULTI_QUEUE); }

// TUN_EXCL refuses to join a persistent device that somebody else made.
Tun::Tun(const std::string& name, uint32_t mtu, bool queues)
    : Tun(deviceName(name), mtu, IFF_TUN_EXCL | (queues ? IFF_MULTI_QUEUE : 0)) {
  const Fd s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!s) throw SystemError(errno, "socket", "AF_INET");
  ifreq r = request(name);
  r.ifr_mtu = static_cast<int>(mtu);
  check(::ioctl(s.get(), SIOCSIFMTU, &r), "SIOCSIFMTU", name);
  // The reverse path of a decrypted packet is what the policies say, not what the routes say.
  writeSysctl("net/ipv4/conf/" + name + "/rp_filter", "0");
  // No link-local address: nobody speaks to this device, and its router solicitations would be noise.
  writeSysctl("net/ipv6/conf/" + name + "/addr_gen_mode", "1");
  writeSysctl("net/ipv6/conf/" + name + "/accept_ra", "0");
}

void Tun::up() {
  const Fd s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!s) throw SystemError(errno, "socket", "AF_INET");
  ifreq r = request(name_);
  check(::ioctl(s.get(), SIOCGIFFLAGS, &r), "SIOCGIFFLAGS", name_);
  r.ifr_flags |= IFF_UP;
  check(::ioctl(s.get(), SIOCSIFFLAGS, &r), "SIOCSIFFLAGS", name_);
}

}  // namespace rp::dataplane
