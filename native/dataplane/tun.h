// The plain side: a TUN device whose packets carry a virtio header, so that the kernel hands over and takes
// super-packets of up to 64 KB (TSO, USO).
#pragma once
#include <cstdint>
#include <string>

#include "base/fd.h"

namespace rp::dataplane {

class Tun {
 public:
  // Creates the device, down and without addresses; it goes when the object does. Throws SystemError (EBUSY: the name
  // is taken, EPERM: CAP_NET_ADMIN is missing).
  // With `queues` it may have further ones.
  Tun(const std::string& name, uint32_t mtu, bool queues);
  // A further queue of the same device. A flow stays with its queue.
  Tun queue() const;
  // After somebody has deleted the device: another one, as this was when it was new. It gets no further queues if this
  // one had none. Throws SystemError.
  Tun again() const { return Tun(name_, mtu_, (flags_ & kQueues) != 0); }

  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }
  int index() const { return index_; }
  uint32_t mtu() const { return mtu_; }
  // UDP super-packets too (Linux 6.2).
  bool udpSegmentation() const { return udpSegmentation_; }
  void up();

 private:
  static constexpr int kQueues = 0x0100;  // IFF_MULTI_QUEUE

  Tun(const std::string& name, uint32_t mtu, int flags);

  Fd fd_;
  std::string name_;
  int index_ = 0;
  int flags_;
  uint32_t mtu_;
  bool udpSegmentation_ = false;
};

}  // namespace rp::dataplane
