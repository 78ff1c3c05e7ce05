// A datagram socket of the unix domain with a path, as pmc(8) talks to: Node has only stream sockets there.
#pragma once
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"

namespace rp::phc {

struct UnixDatagram {
  std::vector<uint8_t> data;
  std::string from;  // empty if the sender has no path to be answered at
  // Of the sender as the kernel vouches for it; -1 if it did not say.
  int64_t uid = -1;
};

class UnixDatagramSocket {
 public:
  // Takes over a path whose owner is gone; SystemError with EADDRINUSE if somebody listens there. `mode` is the file's.
  UnixDatagramSocket(const std::string& path, mode_t mode);
  ~UnixDatagramSocket();
  UnixDatagramSocket(const UnixDatagramSocket&) = delete;
  UnixDatagramSocket& operator=(const UnixDatagramSocket&) = delete;

  int fd() const { return fd_.get(); }
  // The next one, without waiting; longer ones than any management message are cut.
  std::optional<UnixDatagram> receive();
  // Returns 0 or errno: a client that does not read is not waited for.
  int send(std::span<const uint8_t> data, const std::string& to);

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace rp::phc
