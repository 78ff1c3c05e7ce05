// The XDP program of one interface: loaded and attached without libbpf, gone with this object.
#pragma once
#include <string>

#include "base/address.h"
#include "base/fd.h"
#include "xdp/socket.h"
#include "xdp/steering.h"

namespace rp::xdp {

// Where the program runs: in the driver, before there is an sk_buff, or after it (any driver, several times slower).
enum class Hook : uint8_t { kAny, kNative, kGeneric };

class Program {
 public:
  // kAny tries the driver first. Throws SystemError (naming the interface, and EBUSY if it has a program already),
  // UnsupportedError, ArgumentError.
  Program(const std::string& interface, const Steering& steering, Hook hook = Hook::kAny);

  bool native() const { return native_; }
  // Why it is not native though it might be; empty otherwise.
  const std::string& fallback() const { return fallback_; }

  // The socket gets the packets of its queue from now on. Throws ArgumentError if it is of another interface.
  void add(const Socket& socket);
  void remove(const Socket& socket);
  // Packets to this address are ours (Steering::onlyAddresses).
  void addAddress(const Address& address);
  void removeAddress(const Address& address);

 private:
  unsigned index_;
  std::string fallback_;
  bool native_ = false;
  Fd sockets_, addresses_, program_, link_;
};

// Receive queues of an interface: what ethtool -l says, 1 if the driver does not know.
uint32_t queues(const std::string& interface);

}  // namespace rp::xdp
