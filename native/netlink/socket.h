// A netlink socket of one protocol in the network namespace of the thread that opens it.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/wipe.h"
#include "netlink/message.h"
#include "netlink/request.h"

namespace rp::netlink {

// Requests and their answers. The kernel handles a request inside the send call, so no call here waits on anything
// but the kernel; a receive timeout of 5 s turns a lost answer into EAGAIN instead of a hang.
class Socket {
 public:
  explicit Socket(int protocol);  // NETLINK_ROUTE, NETLINK_XFRM...

  using Handler = std::function<void(const Message&)>;

  // Sends, hands the replies to `reply`, returns after the acknowledgement. Throws NetlinkError on a refusal; its
  // syscall is `name`.
  void request(Request& request, const char* name, const Handler& reply = {});

  // Every message of a dump. A dump that the kernel marks NLM_F_DUMP_INTR (the table changed meanwhile) is repeated up
  // to `kDumpAttempts` times, `restart` being called before each repetition to drop what came; then NetlinkError EINTR.
  void dump(Request& request, const char* name, const Handler& entry, const std::function<void()>& restart);
  static constexpr int kDumpAttempts = 8;

  // Many requests in few sends. One element per request: the refusal, or nothing. A refusal does not stop the others.
  std::vector<std::optional<NetlinkError>> batch(std::vector<Request>& requests, const char* name);

  // All of them in one send, of which the kernel makes all or nothing (nfnetlink). Throws NetlinkError on the first
  // refusal.
  void transaction(std::vector<Request>& requests, const char* name);

  // Wipes what the last answers left in the receive buffer, after an answer with keys in it.
  void forget() { wipe(buffer_.data(), buffer_.size()); }

  int fd() const { return fd_.get(); }

 private:
  void send(Bytes bytes, const char* name);
  Bytes receive(const char* name);
  bool dumpOnce(Request& request, const char* name, const Handler& entry);

  Fd fd_;
  uint32_t sequence_ = 0;
  SecretBytes buffer_;
};

// Multicast notifications. `groups` are RTNLGRP_* numbers.
class Subscription {
 public:
  Subscription(int protocol, const std::vector<uint32_t>& groups);

  // Hands over what is queued, without waiting, at most `kBurst` datagrams; false if the kernel dropped notifications
  // because the socket buffer was full (ENOBUFS): the subscriber has to dump again.
  bool receive(const std::function<void(const Message&)>& handler);
  static constexpr int kBurst = 256;

  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
  SecretBytes buffer_;
};

}  // namespace rp::netlink
