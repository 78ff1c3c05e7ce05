#include "phc/unix_datagram.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace rp::phc {
namespace {

constexpr size_t kMostBytes = 2048;

struct Path {
  sockaddr_un address{};
  socklen_t bytes = 0;

  explicit Path(const std::string& path) {
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) throw ArgumentError("path: not of 1..107 octets");
    path.copy(address.sun_path, path.size());
    bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Fd datagramSocket() {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw SystemError(errno, "socket");
  return fd;
}

}  // namespace

UnixDatagramSocket::UnixDatagramSocket(const std::string& path, mode_t mode) : path_(path), fd_(datagramSocket()) {
  const Path local(path);
  const int on = 1;
  if (::setsockopt(fd(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
    throw SystemError(errno, "setsockopt", "SO_PASSCRED");
  if (::bind(fd(), local.get(), local.bytes) < 0) {
    // A socket file outlives its owner; only one that nobody listens at refuses.
    struct stat s{};
    const bool stale = errno == EADDRINUSE && ::lstat(path.c_str(), &s) == 0 && S_ISSOCK(s.st_mode) &&
                       ::connect(datagramSocket().get(), local.get(), local.bytes) < 0 && errno == ECONNREFUSED;
    if (!stale) throw SystemError(EADDRINUSE, "bind", path);
    ::unlink(path.c_str());
    if (::bind(fd(), local.get(), local.bytes) < 0) throw SystemError(errno, "bind", path);
  }
  if (::chmod(path.c_str(), mode) < 0) {
    const int error = errno;
    ::unlink(path.c_str());
    throw SystemError(error, "chmod", path);
  }
}

UnixDatagramSocket::~UnixDatagramSocket() { ::unlink(path_.c_str()); }

std::optional<UnixDatagram> UnixDatagramSocket::receive() {
  std::array<uint8_t, kMostBytes> buffer;
  alignas(cmsghdr) std::array<uint8_t, 128> control;
  sockaddr_un from{};
  iovec part{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_name = &from;
  header.msg_namelen = sizeof from;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t n = ::recvmsg(fd(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return std::nullopt;
    throw SystemError(errno, "recvmsg", path_);
  }
  UnixDatagram d;
  d.data.assign(buffer.data(), buffer.data() + n);
  constexpr size_t kHead = offsetof(sockaddr_un, sun_path);
  if (header.msg_namelen > kHead && from.sun_path[0] != '\0')
    d.from.assign(from.sun_path, ::strnlen(from.sun_path, header.msg_namelen - kHead));
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
      d.uid = credentials.uid;
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
      // Nobody asked for descriptors: they are closed, not leaked.
      const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int passed = -1;
        std::memcpy(&passed, CMSG_DATA(c) + i * sizeof passed, sizeof passed);
        ::close(passed);
      }
    }
  }
  return d;
}

int UnixDatagramSocket::send(std::span<const uint8_t> data, const std::string& to) {
  const Path remote(to);
  return ::sendto(fd(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL, remote.get(), remote.bytes) < 0 ? errno
                                                                                                               : 0;
}

}  // namespace rp::phc
