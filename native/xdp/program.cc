#include "xdp/program.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace rp::xdp {
namespace {

constexpr uint32_t kQueues = 1024, kAddresses = 4096;
// The helpers that the program calls are open to every licence; the kernel only wants a name.
constexpr char kLicence[] = "MIT";

int bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

[[noreturn]] void fail(const std::string& what) {
  if (errno == ENOSYS) throw UnsupportedError("bpf(2)", "4.18");
  throw SystemError(errno, "bpf", what + (errno == EPERM ? " (needs CAP_BPF and CAP_NET_ADMIN)" : ""));
}

Fd createMap(bpf_map_type type, uint32_t keyBytes, uint32_t valueBytes, uint32_t entries, const char* name) {
  bpf_attr attributes{};
  attributes.map_type = type;
  attributes.key_size = keyBytes;
  attributes.value_size = valueBytes;
  attributes.max_entries = entries;
  std::strncpy(attributes.map_name, name, sizeof attributes.map_name - 1);
  Fd fd(bpf(BPF_MAP_CREATE, attributes));
  if (!fd) fail(std::string("BPF_MAP_CREATE ") + name);
  return fd;
}

Fd load(const std::vector<bpf_insn>& code) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insns = reinterpret_cast<uintptr_t>(code.data());
  attributes.insn_cnt = static_cast<uint32_t>(code.size());
  attributes.license = reinterpret_cast<uintptr_t>(kLicence);
  attributes.expected_attach_type = BPF_XDP;
  std::strncpy(attributes.prog_name, "routeplane", sizeof attributes.prog_name - 1);
  Fd fd(bpf(BPF_PROG_LOAD, attributes));
  if (fd) return fd;
  // The verifier says what it did not like only to who asks for it.
  const int refused = errno;
  std::array<char, 16384> log{};
  attributes.log_buf = reinterpret_cast<uintptr_t>(log.data());
  attributes.log_size = log.size();
  attributes.log_level = 1;
  fd = Fd(bpf(BPF_PROG_LOAD, attributes));
  errno = refused;
  fail(std::string("BPF_PROG_LOAD ") + log.data());
}

Fd attach(int program, unsigned index, uint32_t flags) {
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<uint32_t>(program);
  attributes.link_create.target_ifindex = index;
  attributes.link_create.attach_type = BPF_XDP;
  attributes.link_create.flags = flags;
  return Fd(bpf(BPF_LINK_CREATE, attributes));
}

std::array<uint8_t, 16> key(const Address& address) {
  std::array<uint8_t, 16> key{};
  if (address.version == 0) throw ArgumentError("address: none");
  if (address.version == 4) key[10] = key[11] = 0xff;
  std::memcpy(key.data() + (address.version == 4 ? 12 : 0), address.bytes, address.size());
  return key;
}

void element(bpf_cmd command, int map, const void* k, const void* value, const char* what) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(map);
  attributes.key = reinterpret_cast<uintptr_t>(k);
  attributes.value = reinterpret_cast<uintptr_t>(value);
  if (bpf(command, attributes) == 0 || (command == BPF_MAP_DELETE_ELEM && errno == ENOENT)) return;
  fail(what);
}

}  // namespace

Program::Program(const std::string& interface, const Steering& steering, Hook hook)
    : index_(::if_nametoindex(interface.c_str())) {
  if (index_ == 0) throw SystemError(ENODEV, "if_nametoindex", interface);
  sockets_ = createMap(BPF_MAP_TYPE_XSKMAP, 4, 4, kQueues, "rp_sockets");
  addresses_ = createMap(BPF_MAP_TYPE_HASH, 16, 1, kAddresses, "rp_addresses");
  program_ = load(assemble(steering, sockets_.get(), addresses_.get()));
  if (hook != Hook::kGeneric) {
    link_ = attach(program_.get(), index_, XDP_FLAGS_DRV_MODE);
    native_ = static_cast<bool>(link_);
    // The kernel's own words for a driver that cannot are many: EOPNOTSUPP, EINVAL for its MTU or features, ENOMEM.
    if (!link_ && (hook == Hook::kNative || errno == EBUSY || errno == EPERM)) fail("BPF_LINK_CREATE " + interface);
    if (!link_) fallback_ = std::string("no native XDP on ") + interface + ": " + std::strerror(errno);
  }
  if (!link_) {
    link_ = attach(program_.get(), index_, XDP_FLAGS_SKB_MODE);
    if (!link_ && errno == EINVAL) throw UnsupportedError("a bpf_link for XDP", "5.9");
    if (!link_) fail("BPF_LINK_CREATE " + interface);
  }
}

void Program::add(const Socket& socket) {
  if (socket.interfaceIndex() != index_) throw ArgumentError("socket: is of another interface");
  const uint32_t queue = socket.queue();
  const int fd = socket.fd();
  element(BPF_MAP_UPDATE_ELEM, sockets_.get(), &queue, &fd, "BPF_MAP_UPDATE_ELEM rp_sockets");
}

void Program::remove(const Socket& socket) {
  const uint32_t queue = socket.queue();
  element(BPF_MAP_DELETE_ELEM, sockets_.get(), &queue, nullptr, "BPF_MAP_DELETE_ELEM rp_sockets");
}

void Program::addAddress(const Address& address) {
  const auto k = key(address);
  const uint8_t value = 1;
  element(BPF_MAP_UPDATE_ELEM, addresses_.get(), k.data(), &value, "BPF_MAP_UPDATE_ELEM rp_addresses");
}

void Program::removeAddress(const Address& address) {
  const auto k = key(address);
  element(BPF_MAP_DELETE_ELEM, addresses_.get(), k.data(), nullptr, "BPF_MAP_DELETE_ELEM rp_addresses");
}

uint32_t queues(const std::string& interface) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (!fd || ::ioctl(fd.get(), SIOCETHTOOL, &request) != 0) return 1;
  return std::max(1u, channels.combined_count + channels.rx_count);
}

}  // namespace rp::xdp
