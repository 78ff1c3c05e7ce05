#include "netlink/socket.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

namespace rp::netlink {
namespace {

constexpr size_t kReceiveBytes = 65536;  // a dump skb is 32 KiB at most
constexpr size_t kBatchRequests = 64;    // their acknowledgements fit the default receive buffer
constexpr size_t kBatchBytes = 32768;

Fd openSocket(int protocol) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) throw SystemError(errno, "socket", "netlink protocol " + std::to_string(protocol));
  // The port number is left to the kernel: a process has many sockets, in many threads.
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&local), sizeof local) < 0)
    throw SystemError(errno, "bind", "netlink");
  return fd;
}

void setOption(const Fd& fd, int option, int value, const char* detail) {
  if (::setsockopt(fd.get(), SOL_NETLINK, option, &value, sizeof value) < 0) {
    throw SystemError(errno, "setsockopt", detail);
  }
}

// One datagram from the kernel, nothing if nothing is queued (non-blocking) or it came from another process.
std::optional<Bytes> receiveFrom(int fd, SecretBytes& buffer, int flags, const char* name) {
  sockaddr_nl sender{};
  iovec vector{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  ssize_t n;
  do {
    n = ::recvmsg(fd, &message, flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) throw SystemError(errno, "recvmsg", name);
  if ((message.msg_flags & MSG_TRUNC) != 0) throw SystemError(EMSGSIZE, "recvmsg", name);
  // Any process may send to a netlink port; only port 0 is the kernel.
  if (message.msg_namelen != sizeof sender || sender.nl_pid != 0) return std::nullopt;
  return Bytes(buffer.data(), static_cast<size_t>(n));
}

std::optional<NetlinkError> refusal(const Acknowledgement& ack, const Request& request, const char* name) {
  if (ack.error == 0) return std::nullopt;
  std::string attribute;
  int offset = -1;
  if (ack.attributeOffset) {
    offset = static_cast<int>(*ack.attributeOffset);
    attribute = request.attributeAt(*ack.attributeOffset);
  } else if (ack.missingType) {
    attribute = "missing attribute " + std::to_string(*ack.missingType);
  }
  return std::optional<NetlinkError>(std::in_place, ack.error, name, ack.extack, attribute, offset);
}

}  // namespace

Socket::Socket(int protocol) : fd_(openSocket(protocol)), buffer_(kReceiveBytes) {
  setOption(fd_, NETLINK_EXT_ACK, 1, "NETLINK_EXT_ACK");
  setOption(fd_, NETLINK_CAP_ACK, 1, "NETLINK_CAP_ACK");
  setOption(fd_, NETLINK_GET_STRICT_CHK, 1, "NETLINK_GET_STRICT_CHK");
  const timeval timeout{5, 0};
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0) {
    throw SystemError(errno, "setsockopt", "SO_RCVTIMEO");
  }
}

void Socket::send(Bytes bytes, const char* name) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t n;
  do {
    n = ::sendto(fd_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
  } while (n < 0 && errno == EINTR);
  if (n < 0) throw SystemError(errno, "sendto", name);
}

Bytes Socket::receive(const char* name) {
  for (;;) {
    if (const auto datagram = receiveFrom(fd_.get(), buffer_, 0, name)) return *datagram;
  }
}

void Socket::request(Request& request, const char* name, const Handler& reply) {
  request.prepare(++sequence_, NLM_F_ACK);
  send(request.bytes(), name);
  for (;;) {
    Bytes datagram = receive(name);
    while (const auto message = nextMessage(datagram)) {
      if (message->header.nlmsg_seq != request.sequence()) continue;
      if (const auto ack = decodeAcknowledgement(*message)) {
        if (const auto error = refusal(*ack, request, name)) throw NetlinkError(*error);
        return;
      }
      if (reply) reply(*message);
    }
  }
}

bool Socket::dumpOnce(Request& request, const char* name, const Handler& entry) {
  request.prepare(++sequence_, NLM_F_DUMP);
  send(request.bytes(), name);
  bool whole = true;
  for (;;) {
    Bytes datagram = receive(name);
    while (const auto message = nextMessage(datagram)) {
      if (message->header.nlmsg_seq != request.sequence()) continue;
      if ((message->header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) whole = false;
      if (const auto ack = decodeAcknowledgement(*message)) {
        if (const auto error = refusal(*ack, request, name)) throw NetlinkError(*error);
        return whole;
      }
      if (whole) entry(*message);
    }
  }
}

void Socket::dump(Request& request, const char* name, const Handler& entry, const std::function<void()>& restart) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    if (attempt > 0) restart();
    if (dumpOnce(request, name, entry)) return;
  }
  throw NetlinkError(EINTR, name, "the table kept changing during the dump");
}

std::vector<std::optional<NetlinkError>> Socket::batch(std::vector<Request>& requests, const char* name) {
  std::vector<std::optional<NetlinkError>> results(requests.size());
  SecretBytes bytes;
  for (size_t first = 0, last = 0; first < requests.size(); first = last) {
    bytes.clear();
    const uint32_t base = sequence_ + 1;
    while (last < requests.size() && last - first < kBatchRequests) {
      Request& next = requests[last];
      if (last > first && bytes.size() + next.bytes().size() > kBatchBytes) break;
      next.prepare(++sequence_, NLM_F_ACK);
      bytes.insert(bytes.end(), next.bytes().begin(), next.bytes().end());
      ++last;
    }
    send(bytes, name);
    for (size_t answered = first; answered < last;) {
      Bytes datagram = receive(name);
      while (const auto message = nextMessage(datagram)) {
        const uint32_t index = message->header.nlmsg_seq - base;
        const auto ack = decodeAcknowledgement(*message);
        if (!ack || index >= last - first) continue;
        if (auto error = refusal(*ack, requests[first + index], name)) results[first + index].emplace(*error);
        ++answered;
      }
    }
  }
  return results;
}

void Socket::transaction(std::vector<Request>& requests, const char* name) {
  SecretBytes bytes;
  const uint32_t base = sequence_ + 1;
  for (size_t i = 0; i < requests.size(); ++i) {
    // One acknowledgement is enough: what is refused is told all the same, and before that one.
    requests[i].prepare(++sequence_, i + 2 == requests.size() ? NLM_F_ACK : 0);
    bytes.insert(bytes.end(), requests[i].bytes().begin(), requests[i].bytes().end());
  }
  // The kernel takes a datagram up to the size of the socket's buffer; without CAP_NET_ADMIN the default has to do.
  const int room = static_cast<int>(bytes.size() + kReceiveBytes);
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  send(bytes, name);
  std::optional<NetlinkError> first;
  // A batch that the kernel cannot read is given up without a word.
  bool acknowledged = requests.size() < 2;
  // The answers are all there when send returns.
  for (;;) {
    std::optional<Bytes> datagram;
    try {
      datagram = receiveFrom(fd_.get(), buffer_, MSG_DONTWAIT, name);
    } catch (const SystemError& error) {
      if (error.err == EAGAIN || error.err == EWOULDBLOCK) break;
      throw;
    }
    while (datagram) {
      const auto message = nextMessage(*datagram);
      if (!message) break;
      const uint32_t index = message->header.nlmsg_seq - base;
      const auto ack = decodeAcknowledgement(*message);
      if (!ack || index >= requests.size()) continue;
      acknowledged = acknowledged || index + 2 == requests.size();
      if (first) continue;
      if (auto error = refusal(*ack, requests[index], name)) first.emplace(*error);
    }
  }
  if (first) throw NetlinkError(*first);
  if (!acknowledged) throw SystemError(ENODATA, "recvmsg", name);
}

Subscription::Subscription(int protocol, const std::vector<uint32_t>& groups)
    : fd_(openSocket(protocol)), buffer_(kReceiveBytes) {
  for (const uint32_t group : groups)
    setOption(fd_, NETLINK_ADD_MEMBERSHIP, static_cast<int>(group), "NETLINK_ADD_MEMBERSHIP");
}

bool Subscription::receive(const std::function<void(const Message&)>& handler) {
  for (int n = 0; n < kBurst; ++n) {
    try {
      auto datagram = receiveFrom(fd_.get(), buffer_, MSG_DONTWAIT, "monitor");
      while (datagram) {
        const auto message = nextMessage(*datagram);
        if (!message) break;
        handler(*message);
      }
    } catch (const SystemError& error) {
      if (error.err == EAGAIN || error.err == EWOULDBLOCK) return true;
      if (error.err == ENOBUFS) return false;
      throw;
    }
  }
  return true;
}

}  // namespace rp::netlink
